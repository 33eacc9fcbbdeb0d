package sweagent

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/ingesttest"
	"github.com/agenttrace/agenttrace/schema"
)

const (
	testdata     = "../../testdata/swe-agent"
	miniTestdata = "../../testdata/mini-swe-agent"
)

func TestGolden(t *testing.T) { ingesttest.Golden(t, Parser{}, testdata) }

func TestGoldenMini(t *testing.T) { ingesttest.Golden(t, Mini{}, miniTestdata) }

func FuzzParse(f *testing.F) { ingesttest.Fuzz(f, Parser{}, testdata) }

func FuzzMini(f *testing.F) { ingesttest.Fuzz(f, Mini{}, miniTestdata) }

func TestConform(t *testing.T) {
	for _, c := range []struct {
		p         ingest.Parser
		root, rel string
	}{
		{Parser{}, filepath.Join(testdata, "steps"), "trajectories/ana/gpt4__demo__default__t-0.00__p-0.95__c-3.00/shop-1.traj"},
		{Mini{}, filepath.Join(miniTestdata, "v2"), "runs/shop-2/shop-2.traj.json"},
	} {
		data, err := os.ReadFile(filepath.Join(c.root, c.rel))
		if err != nil {
			t.Fatal(err)
		}
		ingesttest.Conform(t, c.p, "/home/ana/"+c.rel, c.root, data)
	}
}

func TestCorpus(t *testing.T) {
	sum := ingesttest.Corpus(t, "swe-agent", Parser{}, Mini{})
	if sum.Taken != 22 || sum.Rows["sessions"] != 22 || sum.Unknown != 0 {
		t.Errorf("%d files taken, %d sessions, %d unknown records", sum.Taken, sum.Rows["sessions"], sum.Unknown)
	}
}

// TestRetries reads a run of several attempts: the best one stands at the top again and counts once.
func TestRetries(t *testing.T) {
	const step = `{"action":"ls","observation":"a","response":"Look.\nls","thought":"Look.","state":{"working_dir":"/r"}}`
	const one = `{"trajectory":[` + step + `],"history":[{"role":"user","content":"fix"}],"info":{"exit_status":"submitted"}}`
	data := []byte(`{"trajectory":[` + step + `],"history":[{"role":"user","content":"fix"}],"attempts":[` + one + `,` + one +
		`],"info":{"exit_status":"submitted","best_attempt_idx":1,"model_stats":{"instance_cost":0.5,"tokens_sent":100,"tokens_received":7,"api_calls":2}}}`)
	count := map[string]int{}
	src := ingesttest.NewSource("/home/ana/x/a.traj", "/nonexistent", data)
	if err := (Parser{}).Parse(context.Background(), src, func(r schema.Row) error {
		count[r.TableName()]++
		return ingesttest.Check(r)
	}); err != nil {
		t.Fatal(err)
	}
	if count["runs"] != 2 || count["tool_calls"] != 2 || count["model_calls"] != 3 || count["sessions"] != 1 {
		t.Errorf("got %v, want 2 runs, 2 tool calls, 2 responses and 1 total", count)
	}
}

// TestOpen: what is opened is read, by its own command or by a function.
func TestOpen(t *testing.T) {
	step := func(action, call string) string {
		return `{"role":"assistant","content":"Look.","thought":"Look.","action":"` + action + `","agent":"main","message_type":"action","tool_calls":[` + call + `]}`
	}
	const trajectory = `{"action":"open src/a.py 12","observation":"a","response":"Look.","thought":"Look.","state":{"working_dir":"/r"}}`
	for name, call := range map[string]string{
		"command":  "",
		"function": `{"function":{"name":"open","arguments":"{\"path\":\"src/a.py\",\"line_number\":12}"},"id":"c1","type":"function"}`,
	} {
		var paths []string
		data := []byte(`{"trajectory":[` + trajectory + `],"history":[{"role":"user","content":"fix"},` + step("open src/a.py 12", call) + `],"info":{}}`)
		src := ingesttest.NewSource("/home/ana/x/a.traj", "/nonexistent", data)
		if err := (Parser{}).Parse(context.Background(), src, func(r schema.Row) error {
			if read, ok := r.(*schema.FileRead); ok {
				paths = append(paths, read.Path)
			}
			return ingesttest.Check(r)
		}); err != nil {
			t.Fatal(err)
		}
		if len(paths) != 1 || !strings.HasSuffix(paths[0], "src/a.py") {
			t.Errorf("%s: read %q, want src/a.py", name, paths)
		}
	}
}
