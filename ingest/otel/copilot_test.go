package otel

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/ingesttest"
)

const traces = "../../testdata/copilot-traces"

func TestCopilot(t *testing.T) { ingesttest.Golden(t, Copilot{}, traces) }

func FuzzCopilot(f *testing.F) { ingesttest.Fuzz(f, Copilot{}, traces) }

func TestCopilotConform(t *testing.T) {
	for _, rel := range []string{"extension/tmp/copilot-otel.jsonl", "studio/VSGitHubCopilotLogs/traces/1_VSGitHubCopilot_traces.jsonl"} {
		data, err := os.ReadFile(filepath.Join(traces, rel))
		if err != nil {
			t.Fatal(err)
		}
		ingesttest.Conform(t, Copilot{}, "/home/ana/"+rel, traces, data)
	}
}

func TestCopilotDatabase(t *testing.T) {
	ingesttest.GoldenDatabase(t, CopilotDatabase{}, "../../testdata/copilot", "traces")
	ingesttest.Marks(t, CopilotDatabase{}, "../../testdata/copilot/traces", "v-traced", "v-gone",
		"UPDATE spans SET end_time_ms=end_time_ms+1 WHERE span_id='s2'",
		"UPDATE spans SET output_tokens=6 WHERE span_id='s4'", // of its sub-agent
		"DELETE FROM spans WHERE span_id='s3'",
		"INSERT INTO spans(span_id,trace_id,start_time_ms,chat_session_id) VALUES ('s9','t9',1787216500000,'v-traced')")
}

// TestCopilotMatch: what Copilot wrote is not taken for anybody's traces, nor the other way round.
func TestCopilotMatch(t *testing.T) {
	for head, want := range map[string]ingest.Verdict{
		`{"type":"span","traceId":"t1","spanId":"s1","name":"chat m","startTime":[1787216405,1],"attributes":{"gen_ai.operation.name":"chat"}}`:  ingest.Sure,
		`{"traceId":"t1","spanId":"s1","name":"chat m","startTime":[1787216405,1],"attributes":{"gen_ai.operation.name":"chat"}}`:                ingest.Foreign,
		`{"traceId":"t1","spanId":"s1","name":"chat m","startTime":[1787216405,1],"attributes":{"gen_ai.a":"chat","github.copilot.cost":1}}`:     ingest.Sure,
		`{"_spanContext":{"traceId":"t1"},"startTime":[1787216405,1],"attributes":{"gen_ai.operation.name":"chat","copilot_chat.mode":"agent"}}`: ingest.Sure,
		`{"resourceSpans":[{"scopeSpans":[{"spans":[{"attributes":[{"key":"gen_ai.operation.name"},{"key":"copilot_chat.mode"}]}]}]}]}`:          ingest.Sure,
		`{"resourceSpans":[{"scopeSpans":[{"spans":[{"attributes":[{"key":"gen_ai.operation.name"}]}]}]}]}`:                                      ingest.Foreign,
		`{"type":"metric","name":"github.copilot.x"}`: ingest.NotSession,
		`{"type":"log","message":"hello"}`:            ingest.Foreign,
		``:                                            ingest.Foreign,
	} {
		if m := (Copilot{}).Match("/x/traces.jsonl", []byte(head)); m.Verdict != want {
			t.Errorf("%s: verdict %d, want %d", head, m.Verdict, want)
		}
		if m := (Parser{}).Match("/x/traces.jsonl", []byte(head)); want != ingest.Foreign && m.Verdict != ingest.Foreign {
			t.Errorf("%s: taken for anybody's", head)
		}
	}
}
