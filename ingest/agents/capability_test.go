package agents

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/agenttrace/agenttrace/ingest"
)

// updating says that generated files are to be written: by the flag that package ingesttest defines.
func updating() bool { return flag.Lookup("update").Value.String() == "true" }

// folders are those with the golden rows of an agent, where there are several, or they are not named by its word.
var folders = map[string][]string{"claude-code": {"claude", "claude-stream"}, "copilot": {"copilot", "copilot-traces"}, "cursor": {"cursor", "cursor-exports"}}

// family names the folders of agents whose logs the same code reads: what it tells of one need not be
// shown again for the other.
var family = map[string][]string{"kilo": {"cline", "opencode"}, "omp": {"pi"}, "openclaw": {"pi"}, "roo": {"cline"}}

// row is one golden row.
type row map[string]any

func (r row) has(columns ...string) bool {
	for _, c := range columns {
		if _, ok := r[c]; ok {
			return true
		}
	}
	return false
}

func (r row) is(column string, values ...string) bool {
	s, _ := r[column].(string)
	return slices.Contains(values, s)
}

// tells says for each field when a row of a table tells it.
var tells = map[string]func(table string, r row) bool{
	"model": func(t string, r row) bool { return t == "model_calls" && r.has("response_model", "request_model") },
	"usage": func(t string, r row) bool {
		return t == "model_calls" && r.has("uncached_input_tokens", "output_tokens")
	},
	"cache_read": func(t string, r row) bool { return t == "model_calls" && r.has("cache_read_input_tokens") },
	"cache_write": func(t string, r row) bool {
		return t == "model_calls" && r.has("cache_creation_5m_input_tokens", "cache_creation_1h_input_tokens")
	},
	"reasoning":      func(t string, r row) bool { return t == "model_calls" && r.has("reasoning_output_tokens") },
	"cost":           func(t string, r row) bool { return r.has("reported_cost_usd") && r["reported_cost_usd"] != 0.0 },
	"times":          func(t string, r row) bool { return r.has("occurred_at", "started_at", "requested_at") },
	"tool_calls":     func(t string, r row) bool { return t == "tool_calls" },
	"tool_status":    func(t string, r row) bool { return t == "tool_calls" && r.is("status", "ok", "error", "denied") },
	"tool_args":      func(t string, r row) bool { return t == "tool_calls" && r.has("args_hash") },
	"tool_durations": func(t string, r row) bool { return t == "tool_calls" && r.has("duration_ms") },
	"texts":          func(t string, r row) bool { return t == "texts" && r.is("owner_kind", "message") },
	"thinking":       func(t string, r row) bool { return t == "messages" && r.is("kind", "reasoning") },
	"workspace":      func(t string, r row) bool { return t == "sessions" && r.has("workspace") },
	"git_branch":     func(t string, r row) bool { return t == "sessions" && r.has("git_branch") },
	"sub_agents": func(t string, r row) bool {
		return t == "runs" && (r.has("parent_run_id") || r.has("depth") && r["depth"] != 0.0)
	},
	"compactions": func(t string, r row) bool {
		return t == "events" && r.is("event", "compaction", "compaction_start", "compaction_end")
	},
	"api_errors": func(t string, r row) bool { return t == "errors" && r.is("source", "api") },
	"approvals": func(t string, r row) bool {
		return t == "tool_calls" && (r.has("approval") || r.is("status", "denied")) || t == "events" && r.is("event", "approval_requested", "approval_resolved")
	},
	"agent_version": func(t string, r row) bool { return t == "sessions" && r.has("agent_version") },
	"finish_reason": func(t string, r row) bool { return t == "model_calls" && r.has("finish_reason") },
}

// told finds for each field the first golden row below the folders that tells it.
func told(t *testing.T, folders []string) map[string]string {
	found := map[string]string{}
	for _, folder := range folders {
		err := filepath.WalkDir(filepath.Join("..", "..", "testdata", folder), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.Name() != "want.ndjson" {
				return err
			}
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			lines := bufio.NewScanner(bytes.NewReader(data))
			lines.Buffer(nil, 16<<20)
			for lines.Scan() {
				var tables map[string]any
				if err := json.Unmarshal(lines.Bytes(), &tables); err != nil {
					return err
				}
				for table, v := range tables {
					columns, ok := v.(map[string]any)
					if !ok {
						continue
					}
					for field, is := range tells {
						if found[field] == "" && is(table, columns) {
							found[field] = path + ": " + lines.Text()
						}
					}
				}
			}
			return lines.Err()
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return found
}

// TestCapabilities holds the declarations against the golden rows: what an agent's logs cannot tell is in
// no row, and what they tell is in at least one.
func TestCapabilities(t *testing.T) {
	words := map[string]bool{}
	for _, p := range All() {
		words[p.Format().Agent] = true
	}
	for _, d := range Capabilities() {
		if !words[d.Agent] {
			t.Errorf("no parser, or two declarations, of %s", d.Agent)
		}
		delete(words, d.Agent)
		dirs := folders[d.Agent]
		if dirs == nil {
			dirs = []string{d.Agent}
		}
		found, shown := told(t, dirs), told(t, append(dirs, family[d.Agent]...))
		var fields []string
		for _, c := range d.Capabilities {
			fields = append(fields, c.Field)
			switch {
			case c.Available == ingest.No && found[c.Field] != "":
				t.Errorf("%s declares that it cannot tell %s, but %s", d.Agent, c.Field, found[c.Field])
			case c.Available == ingest.Yes && shown[c.Field] == "":
				t.Errorf("%s declares that it tells %s, but no golden row has it", d.Agent, c.Field)
			case c.Available != ingest.No && c.Available != ingest.Yes && c.Available != ingest.Partial:
				t.Errorf("%s: %s is available %q", d.Agent, c.Field, c.Available)
			}
		}
		if !slices.Equal(fields, ingest.CapabilityFields) {
			t.Errorf("%s declares %v\nwant %v", d.Agent, fields, ingest.CapabilityFields)
		}
	}
	for agent := range words {
		t.Errorf("%s declares nothing", agent)
	}
}

// TestCapabilitiesTable holds the table that the views read against the declarations.
func TestCapabilitiesTable(t *testing.T) {
	var want bytes.Buffer
	w := csv.NewWriter(&want)
	w.Write([]string{"agent", "field", "available", "note"})
	for _, d := range Capabilities() {
		for _, c := range d.Capabilities {
			w.Write([]string{d.Agent, c.Field, c.Available, c.Note})
		}
	}
	w.Flush()
	generated(t, filepath.Join("..", "..", "sql", "data", "agent-capabilities.csv"), func(string) string { return want.String() })
}

// generated holds a file against what it should be, or writes it.
func generated(t *testing.T, path string, want func(old string) string) {
	t.Helper()
	old, err := os.ReadFile(path)
	if err != nil && !updating() {
		t.Fatal(err)
	}
	text := want(string(old))
	if text == string(old) {
		return
	}
	if !updating() {
		t.Errorf("%s differs from the declarations: run go test ./ingest/agents -update", strings.TrimPrefix(path, "../../"))
		return
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
