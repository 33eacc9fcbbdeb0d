package claudestream

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/ingesttest"
)

const testdata = "../../testdata/claude-stream"

func TestGolden(t *testing.T) { ingesttest.Golden(t, Parser{}, testdata) }

func FuzzParse(f *testing.F) { ingesttest.Fuzz(f, Parser{}, testdata) }

func TestConform(t *testing.T) {
	for _, rel := range []string{"stream/out/run.jsonl", "array/out/all.json"} {
		data, err := os.ReadFile(filepath.Join(testdata, rel))
		if err != nil {
			t.Fatal(err)
		}
		ingesttest.Conform(t, Parser{}, "/home/ana/"+rel, testdata, data)
	}
}

// TestLookalikes gives streams of other agents, which imitate this one.
func TestLookalikes(t *testing.T) {
	for name, line := range map[string]string{
		"cursor": `{"type":"system","subtype":"init","apiKeySource":"login","cwd":"/x","session_id":"c","model":"Claude","permissionMode":"default"}`,
		"qwen":   `{"type":"system","subtype":"init","session_id":"q","tools":[],"mcp_servers":[],"permissionMode":"default","uuid":"u","qwen_code_version":"0.1"}`,
		"grok":   `{"type":"result","session_id":"g","total_cost_usd":1,"total_cost_usd_ticks":2,"num_turns":1,"duration_ms":1,"duration_api_ms":1}`,
		"amp":    `{"type":"system","subtype":"init","session_id":"T-1","cwd":"/x","tools":[],"mcp_servers":[],"permissionMode":"x","uuid":"u"}`,
		"droid":  `{"type":"message","session_id":"d","role":"user","text":"hi"}`,
		"log":    `{"type":"user","sessionId":"s","session_id":"s","uuid":"u","parentUuid":null,"message":{"role":"user"},"parent_tool_use_id":null}`,
	} {
		if m := (Parser{}).Match("/x/run.jsonl", []byte(line+"\n")); m.Verdict != ingest.Foreign {
			t.Errorf("%s: taken with %d", name, m.Verdict)
		}
	}
}
