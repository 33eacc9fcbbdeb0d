package aider

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/ingesttest"
	"github.com/agenttrace/agenttrace/schema"
)

const testdata = "../../testdata/aider"

// zone stands for the machine that wrote the histories.
var zone = time.FixedZone("", 2*60*60)

func TestGolden(t *testing.T) { ingesttest.Golden(t, Parser{Zone: zone}, testdata) }

func FuzzParse(f *testing.F) { ingesttest.Fuzz(f, Parser{Zone: zone}, testdata) }

func TestConform(t *testing.T) {
	for _, rel := range []string{"session/shop/.aider.chat.history.md", "old-forms/shop/chat.md"} {
		data, err := os.ReadFile(filepath.Join(testdata, rel))
		if err != nil {
			t.Fatal(err)
		}
		ingesttest.Conform(t, Parser{Zone: zone}, "/home/ana/"+rel, testdata, data)
	}
}

func TestCorpus(t *testing.T) {
	sum := ingesttest.Corpus(t, "aider", Parser{})
	if sum.Rows["sessions"] != 1133+4 {
		t.Errorf("%d sessions, want 1137", sum.Rows["sessions"])
	}
	if sum.Rows["model_calls"] != 888 || sum.Usage[3] != 363346 {
		t.Errorf("%d calls with %d tokens of output, want 888 with 363346", sum.Rows["model_calls"], sum.Usage[3])
	}
}

func TestAmount(t *testing.T) {
	for text, want := range map[string]int64{"12": 12, "1,234": 1234, "4.2k": 4200, "1235k": 1235000, "1.5M": 1500000, "900 sent": 900, "12, ": 12, "7.": 7} {
		if got, _ := amount([]byte(text)); got != schema.Known(want) {
			t.Errorf("%q: %v, want %d", text, got, want)
		}
	}
	for _, text := range []string{"", "k", "{n} sent", "about 12"} {
		if got, _ := amount([]byte(text)); got.Valid {
			t.Errorf("%q: %d", text, got.V)
		}
	}
}

func TestSlash(t *testing.T) {
	for text, want := range map[string]string{
		"/add a.go": "add", "/ask": "ask", "!ls": "run", "/home/ana is full": "", "/Users/ana": "", "use /add": "", "/chat-mode ask": "chat-mode",
	} {
		if got, _ := slash([]byte(text)); got != want {
			t.Errorf("slash(%q) = %q", text, got)
		}
	}
}

func TestRoots(t *testing.T) {
	env := ingest.Env{Home: "/home/ana", Getenv: func(name string) string {
		return map[string]string{"AIDER_CHAT_HISTORY_FILE": "~/all.md", "PWD": "/src/shop"}[name]
	}}
	want := []string{"/home/ana/all.md", "/src/shop/.aider.chat.history.md", "/home/ana/.aider.chat.history.md"}
	got := Parser{}.Format().Roots(env)
	if len(got) != len(want) {
		t.Fatalf("%d roots", len(got))
	}
	for i := range want {
		if filepath.ToSlash(got[i].Path) != want[i] {
			t.Errorf("root %d is %s", i, got[i].Path)
		}
	}
}
