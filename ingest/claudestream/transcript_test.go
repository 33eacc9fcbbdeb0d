package claudestream_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/claude"
	"github.com/agenttrace/agenttrace/ingest/claudestream"
	"github.com/agenttrace/agenttrace/ingest/ingesttest"
	"github.com/agenttrace/agenttrace/schema"
)

// ids collects the ids of a source's rows by kind and native name.
func ids(t *testing.T, p ingest.Parser, path, file string) map[string]schema.ID {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if m := p.Match(path, data); m.Verdict != ingest.Sure {
		t.Fatalf("%s is not taken: %+v", file, m)
	}
	out := map[string]schema.ID{}
	err = p.Parse(context.Background(), ingesttest.NewSource(path, "/nonexistent", data), func(r schema.Row) error {
		switch x := r.(type) {
		case *schema.Session:
			out["session "+x.NativeSessionID] = x.SessionID
		case *schema.Run:
			out["run "+x.NativeRunID] = x.RunID
		case *schema.ModelCall:
			out["response "+x.ResponseID] = x.ModelCallID
		case *schema.ToolCall:
			out["tool "+x.NativeCallID] = x.ToolCallID
			if x.ChildRunID != 0 {
				out["child of "+x.NativeCallID] = x.ChildRunID
			}
		case *schema.Message:
			out[fmt.Sprintf("%s %s %016x", x.Role, x.Kind, uint64(x.TextHash))] = x.MessageID
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestSameIDs holds the promise that a stream and the transcript of one session name things alike.
func TestSameIDs(t *testing.T) {
	const path = "/home/ana/.claude/projects/-home-ana-shop/11111111-aaaa-4bbb-8ccc-000000000009.jsonl"
	log := ids(t, claude.Parser{}, path, "testdata/transcript.jsonl")
	stream := ids(t, claudestream.Parser{}, "/home/ana/run.jsonl", "../../testdata/claude-stream/stream/out/run.jsonl")
	same := 0
	for name, id := range log {
		if have, ok := stream[name]; ok {
			same++
			if have != id {
				t.Errorf("%s is %016x in the transcript and %016x in the stream", name, uint64(id), uint64(have))
			}
		}
	}
	for _, name := range []string{"session 11111111-aaaa-4bbb-8ccc-000000000009", "run ", "response msg_1", "response msg_5", "tool toolu_1", "tool toolu_5", "child of toolu_3"} {
		if log[name] == 0 || stream[name] == 0 {
			t.Errorf("%q is missing: %016x in the transcript, %016x in the stream", name, uint64(log[name]), uint64(stream[name]))
		}
	}
	if same < 14 {
		t.Errorf("only %d things in common", same)
	}
	if a, b := (claude.Parser{}).Format(), (claudestream.Parser{}).Format(); a.Agent != b.Agent || a.Name() == b.Name() {
		t.Errorf("%s %s and %s %s: one agent, two parsers", a.Agent, a.Name(), b.Agent, b.Name())
	}
	// Neither takes what is the other's.
	for _, c := range []struct {
		p    ingest.Parser
		file string
	}{{claude.Parser{}, "../../testdata/claude-stream/stream/out/run.jsonl"}, {claudestream.Parser{}, "testdata/transcript.jsonl"}} {
		data, err := os.ReadFile(c.file)
		if err != nil {
			t.Fatal(err)
		}
		if m := c.p.Match(path, data); m.Verdict != ingest.Foreign {
			t.Errorf("%s: %+v", c.file, m)
		}
	}
}
