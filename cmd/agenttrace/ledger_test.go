package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/agenttrace/agenttrace/ingest/ingesttest"
)

// TestOneLedger: of the accounts that an agent keeps of one session, one counts, whichever is read first
// and whichever comes later.
func TestOneLedger(t *testing.T) {
	const sums = `SELECT count(*), sum(uncached_input_tokens), sum(cache_read_input_tokens), sum(cache_creation_5m_input_tokens), sum(output_tokens),
		count(turn_id), min(usage_grain) FROM model_calls WHERE session_id = (SELECT session_id FROM sessions WHERE native_session_id = '%')`
	const tools = `SELECT count(*), count(DISTINCT turn_id) FROM tool_calls WHERE run_id = (SELECT run_id FROM runs JOIN sessions USING (session_id)
		WHERE native_session_id = '%' AND run_kind = 'main')`
	// Messages and tool calls without the call they came of, and those with a call that is not counted.
	const joins = `SELECT count(*), count(x.model_call_id), count(m.model_call_id) FROM (
			SELECT session_id, model_call_id FROM messages WHERE role = 'assistant' UNION ALL SELECT session_id, model_call_id FROM tool_calls) AS x
		LEFT JOIN model_calls AS m USING (model_call_id)
		WHERE x.session_id = (SELECT session_id FROM sessions WHERE native_session_id = '%')`
	for _, c := range []struct {
		query, name, dir, session, first string
		alone, want                      string
	}{
		// Without the rule the log's own calls and its totals come on top: 10 calls, 286 tokens of output.
		{sums, "the database before the log", "copilot/store", "0d6a0000-0000-4000-8000-000000000007", ".copilot/session-state",
			"6,1300,42400,3300,143,3,call", "4,1300,42400,3300,143,3,call"},
		// What the log tells of its own requests does not point at them where those of the database count.
		{joins, "what the log tells", "copilot/store", "0d6a0000-0000-4000-8000-000000000007", ".copilot/session-state",
			"4,4,4", "4,0,0"},
		// The log alone ends without totals and states some of the output.
		{sums, "traces of a session that was killed", "copilot-traces/cli", "0d6a0000-0000-4000-8000-000000000011", ".copilot/session-state",
			"1,,,,60,1,call", "1,200,12000,3000,64,1,call"},
		{sums, "traces before the log", "copilot-traces/cli", "0d6a0000-0000-4000-8000-000000000011", ".copilot/otel",
			"1,200,12000,3000,64,1,call", "1,200,12000,3000,64,1,call"},
		// The chat session knows the requests, and no counters.
		{sums, "spans of a chat session", "copilot/traces", "v-traced", ".config/Code/User/workspaceStorage",
			"2,,,,,2,call", "2,540,8000,60,100,1,call"},
		// A fork repeats the messages of the other session under new ids: 3 calls and 450 tokens without the rule.
		{`SELECT count(*), sum(output_tokens), (SELECT count(*) FROM turns), (SELECT count(*) FROM tool_calls),
			(SELECT string_agg(native_session_id || ' ' || coalesce(relation, '-'), ' ' ORDER BY native_session_id) FROM sessions) FROM model_calls WHERE '%' <> ''`,
			"fork", "opencode/database-fork", "x", ".local", "2,240,4,1,ses_a - ses_b resume", "2,240,4,1,ses_a - ses_b resume"},
		// The same conversation in the editor's database and in a transcript, without common ids: 8 calls without the rule.
		{tools, "transcript before the database", "cursor/editor cursor/transcript", "aaaa1111-0000-4000-8000-000000000001", ".cursor", "4,2", "4,2"},
		{tools, "database before the transcript", "cursor/editor cursor/transcript", "aaaa1111-0000-4000-8000-000000000001", ".config", "4,2", "4,2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			query := strings.Replace(c.query, "%", c.session, 1)
			home, all, db := t.TempDir(), t.TempDir(), filepath.Join(t.TempDir(), "store.db")
			for _, dir := range strings.Fields(c.dir) {
				ingesttest.LayOut(t, filepath.Join("..", "..", "testdata", filepath.FromSlash(dir)), all)
			}
			take := func(rel, want string) {
				t.Helper()
				if err := os.MkdirAll(filepath.Dir(filepath.Join(home, rel)), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.CopyFS(filepath.Join(home, rel), os.DirFS(filepath.Join(all, rel))); err != nil {
					t.Fatal(err)
				}
				if _, errs, code := agenttrace(t, home, "ingest", "--db", db); code != 0 {
					t.Fatal(errs)
				}
				if got := ask(t, db, query); len(got) != 1 || got[0] != want {
					t.Errorf("after %s: %q, want %q", rel, got, want)
				}
			}
			take(c.first, c.alone)
			os.RemoveAll(filepath.Join(home, filepath.FromSlash(c.first)))
			take(".", c.want)
		})
	}
}

// TestCapturedOutput: the output that Cursor's command line printed states what each run used, and the store of
// the same conversation tells it whole. Neither counts twice: without the rule there are 3 calls, 2 prompts and 2 tool calls.
func TestCapturedOutput(t *testing.T) {
	t.Parallel()
	const query = `SELECT (SELECT count(*) || ',' || sum(output_tokens) || ',' || count(turn_id) FROM model_calls),
		(SELECT count(*) FROM turns), (SELECT count(*) FROM tool_calls), (SELECT count(*) FROM messages WHERE kind IN ('prompt', 'text')), (SELECT count(*) FROM sessions)`
	captured := filepath.Join("..", "..", "testdata", "cursor", "captured", "out.jsonl")
	for _, streamFirst := range []bool{true, false} {
		home, db := t.TempDir(), filepath.Join(t.TempDir(), "store.db")
		take := func(args ...string) {
			t.Helper()
			if _, errs, code := agenttrace(t, home, append([]string{"ingest", "--db", db}, args...)...); code != 0 {
				t.Fatal(errs)
			}
		}
		if streamFirst {
			take(captured)
			if got := ask(t, db, query); len(got) != 1 || got[0] != `"1,120,1",1,1,2,1` {
				t.Errorf("captured output alone: %q", got)
			}
		}
		ingesttest.LayOut(t, filepath.Join("..", "..", "testdata", "cursor", "store"), home)
		take()
		if !streamFirst {
			take(captured)
		}
		if got := ask(t, db, query); len(got) != 1 || got[0] != `"1,120,0",1,1,2,1` {
			t.Errorf("stream first %v: %q", streamFirst, got)
		}
	}
}
