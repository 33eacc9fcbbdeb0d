package copilot

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/ingesttest"
)

const testdata = "../../testdata/copilot"

func TestGolden(t *testing.T) { ingesttest.Golden(t, Parser{}, testdata) }

func TestStore(t *testing.T) {
	ingesttest.GoldenDatabase(t, Store{}, testdata, "store")
	const gone = "0d6a0000-0000-4000-8000-000000000008"
	ingesttest.Marks(t, Store{}, testdata+"/store", gone, "0d6a0000-0000-4000-8000-000000000007",
		"INSERT INTO assistant_usage_events(session_id,model) VALUES ('"+gone+"','m')",
		"UPDATE assistant_usage_events SET output_tokens=8 WHERE session_id='"+gone+"' AND output_tokens=7",
		"DELETE FROM assistant_usage_events WHERE rowid=5",
		"UPDATE sessions SET cwd='/home/dev/moved' WHERE id='"+gone+"'")
}

func FuzzParse(f *testing.F) { ingesttest.Fuzz(f, Parser{}, testdata) }

func TestConform(t *testing.T) {
	for _, rel := range []string{
		"cli/.copilot/session-state/0d6a0000-0000-4000-8000-000000000001/events.jsonl",
		"chat/.config/Code/User/workspaceStorage/h2/chatSessions/v-1.jsonl",
		"export/notes/chat.json",
		"legacy/.copilot/history-session-state/session_old_1.json",
		"replay/x/all.chatreplay.json",
	} {
		data, err := os.ReadFile(filepath.Join(testdata, rel))
		if err != nil {
			t.Fatal(err)
		}
		ingesttest.Conform(t, Parser{}, "/home/ana/"+rel, testdata, data)
	}
}

func TestCorpus(t *testing.T) {
	t.Run("cli", func(t *testing.T) {
		sum := ingesttest.Corpus(t, "copilot-cli", Parser{})
		if sum.Rows["sessions"] != 5 || sum.Rows["model_calls"] != 72 || sum.Rows["tool_calls"] != 65 || sum.Unknown != 0 {
			t.Errorf("%d sessions, %d model calls, %d tool calls, %d unknown records",
				sum.Rows["sessions"], sum.Rows["model_calls"], sum.Rows["tool_calls"], sum.Unknown)
		}
	})
	t.Run("vscode", func(t *testing.T) {
		sum := ingesttest.Corpus(t, "copilot-vscode", Parser{})
		if sum.Rows["sessions"] != 13 || sum.Rows["model_calls"] != 349+13+4 || sum.Rows["tool_calls"] != 409+37+2 || sum.Unknown != 0 {
			t.Errorf("%d sessions, %d model calls, %d tool calls, %d unknown records",
				sum.Rows["sessions"], sum.Rows["model_calls"], sum.Rows["tool_calls"], sum.Unknown)
		}
	})
}

// TestTotals gives what several ends of one session state, and the sum of them.
func TestTotals(t *testing.T) {
	for name, c := range map[string]struct {
		ends []int64
		want int64
	}{
		"one end":            {[]int64{100}, 100},
		"cumulative":         {[]int64{100, 100, 250}, 250},
		"each leg by itself": {[]int64{100, 40}, 140},
		"reset once":         {[]int64{100, 250, 30, 90}, 340},
	} {
		var sum totals
		for i, n := range c.ends {
			one := &counters{}
			for _, p := range one.all() {
				p.V, p.Valid = n, true
			}
			sum.add(map[string]*counters{"m": one}, int64(i+1), 0)
		}
		if got := sum.sums()["m"].out.V; got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

// TestReplay applies operations to a state and compares what is left.
func TestReplay(t *testing.T) {
	for ops, want := range map[string]string{
		`{"kind":1,"k":["a"],"v":2}`:                        `{"a":2,"l":[1,2]}`,
		`{"kind":1,"k":["n","x"],"v":2}`:                    `{"a":1,"l":[1,2]}`,
		`{"kind":2,"k":["l"],"v":[3]}`:                      `{"a":1,"l":[1,2,3]}`,
		`{"kind":2,"k":["l"],"i":1,"v":[{"b":"\u00e9\""}]}`: `{"a":1,"l":[1,{"b":"\u00e9\""}]}`,
		`{"kind":2,"k":["new"],"v":[7]}`:                    `{"a":1,"l":[1,2],"new":[7]}`,
		`{"kind":2,"k":["l"],"i":0}`:                        `{"a":1,"l":[]}`,
		`{"kind":3,"k":["a"]}`:                              `{"l":[1,2]}`,
		`{"kind":1,"k":["l",1],"v":null}`:                   `{"a":1,"l":[1,null]}`,
		`{"kind":1,"k":["l",9],"v":5}`:                      `{"a":1,"l":[1,2]}`,
		`{"kind":1,"k":["w\"q"],"v":5}`:                     `{"a":1,"l":[1,2],"w\"q":5}`,
	} {
		root := nodeOf([]byte(`{"a":1,"l":[1,2]}`))
		op, path, length, value, ok := operation([]byte(ops))
		if !ok {
			t.Fatalf("%s is not read", ops)
		}
		switch op {
		case 1:
			root.set(path, value)
		case 2:
			var list []*node
			if value != nil {
				value.take()
				list = value.list
			}
			root.push(path, length, list)
		case 3:
			root.set(path, &node{absent: true})
		}
		if got := string(root.append(nil)); got != want {
			t.Errorf("%s\n got %s\nwant %s", ops, got, want)
		}
	}
}

func TestRoots(t *testing.T) {
	env := ingest.Env{Home: "/home/ana", Getenv: func(name string) string {
		return map[string]string{"COPILOT_HOME": "/data/copilot"}[name]
	}}
	var cli, chat *ingest.Root
	for _, r := range (Parser{}).Format().Roots(env) {
		switch filepath.ToSlash(r.Path) {
		case "/data/copilot/session-state":
			cli = &r
		case "/home/ana/.config/Code/User/workspaceStorage":
			chat = &r
		}
	}
	if cli == nil || chat == nil {
		t.Fatal("a root is missing")
	}
	for rel, want := range map[string]bool{"x/events.jsonl": true, "x.jsonl": true, "x/plan.md": false, "x/files/a.jsonl": false} {
		if cli.Want(rel) != want {
			t.Errorf("session-state: %s wanted: %v", rel, !want)
		}
	}
	for rel, want := range map[string]bool{
		"h/chatSessions/a.json": true, "h/GitHub.copilot-chat/transcripts/a.jsonl": true, "h/state.vscdb": false, "h/other/a.json": false,
	} {
		if chat.Want(rel) != want {
			t.Errorf("workspaceStorage: %s wanted: %v", rel, !want)
		}
	}
}
