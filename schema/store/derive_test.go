package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"

	sqlfiles "github.com/agenttrace/agenttrace/sql"
)

// fillRaw makes sessions with everything that definitions look at: prompts, calls with tokens, tool calls
// that repeat and fail, edits that are taken back, the same files read again, errors, interrupts, sub-agents.
func fillRaw(t testing.TB, conn *sql.Conn, sessions int) {
	t.Helper()
	at := func(expr string) string {
		return fmt.Sprintf("make_timestamptz(1767600000000000 + (%s)::BIGINT)", expr)
	}
	_, err := conn.ExecContext(context.Background(), fmt.Sprintf(`
		INSERT INTO raw.sources (source_id, machine_id, agent, store_kind, path, size_bytes, parser, parser_version)
		SELECT range, 'm', 'claude-code', 'jsonl', '/log/' || range, 1, 'p', 1 FROM range(1, %[1]d + 1);

		INSERT INTO raw.sessions (source_id, line, session_id, agent, native_session_id, workspace, is_complete, is_main, is_marked_copy, has_usage, has_cache_counters,
			has_tool_status, has_tool_args, has_times, has_compactions, has_api_errors, has_approvals, has_reasoning, replay_until_line)
		SELECT range, 1, hash(range), 'claude-code', 's' || range, '/w/' || range %% 3, range %% 2 = 0, true, false, true, true, true, true, true, true, true, true, true, 0
		FROM range(1, %[1]d + 1);

		INSERT INTO raw.runs (source_id, line, run_id, session_id, run_kind, depth, last_line, end_state)
		SELECT range, 1, hash(range * 100), hash(range), 'main', 0, 99, CASE WHEN range %% 3 = 0 THEN 'pending_tool' ELSE 'completed' END FROM range(1, %[1]d + 1)
		UNION ALL
		SELECT range, 50, hash(range * 100 + 1), hash(range), 'subagent', 1, 99, 'completed' FROM range(1, %[1]d + 1);

		CREATE OR REPLACE TEMP TABLE steps AS
		SELECT s.range AS s, i.range AS i, hash(s.range) AS session_id, hash(s.range * 100 + (i.range %% 7 = 6)::INT) AS run_id,
			hash(s.range * 1000 + i.range // 10) AS turn_id, i.range * 10 AS seq, i.range * 20000000 + (i.range %% 13 = 0)::INT * 900000000 + s.range AS us
		FROM range(1, %[1]d + 1) AS s, range(1, 40) AS i;

		INSERT INTO raw.records (source_id, line, record_key, session_id, run_id, occurred_at)
		SELECT s, i + 1, hash(s * 1000 + i), session_id, run_id, %[2]s FROM steps;

		INSERT INTO raw.turns (source_id, line, turn_id, session_id, run_id, seq, trigger, started_at, is_pushback)
		SELECT s, i + 1, turn_id, session_id, run_id, seq, 'user', %[2]s, i = 20 FROM steps WHERE i %% 10 = 0;

		INSERT INTO raw.messages (source_id, line, message_id, session_id, run_id, turn_id, seq, role, kind, occurred_at, char_count, is_redacted, model_call_id)
		SELECT s, i + 1, hash(s * 1000 + i + 500), session_id, run_id, turn_id, seq, CASE WHEN i %% 10 = 0 THEN 'user' ELSE 'assistant' END,
			CASE WHEN i %% 10 = 0 THEN 'prompt' WHEN i %% 4 = 1 THEN 'reasoning' ELSE 'text' END, %[2]s, 100 * (i %% 5), false, hash(s * 10000 + i)
		FROM steps;

		INSERT INTO raw.model_calls (source_id, line, model_call_id, session_id, run_id, turn_id, seq, is_sidechain, response_model, occurred_at,
			uncached_input_tokens, cache_read_input_tokens, cache_creation_5m_input_tokens, cache_creation_1h_input_tokens, output_tokens, status,
			usage_grain, usage_quality, observation_count, context_window)
		SELECT s, i + 1, hash(s * 10000 + i), session_id, run_id, turn_id, seq, false, CASE WHEN i %% 11 = 5 THEN 'house-model' ELSE 'claude-opus-4-5-20251101' END, %[2]s,
			1000 + i, CASE WHEN i %% 6 = 0 THEN 0 ELSE 9000 * i END, 500, 0, 200 + i, CASE WHEN i %% 17 = 16 THEN 'error' ELSE 'ok' END, 'call', 'final', 1, 200000
		FROM steps WHERE i %% 10 <> 0;

		INSERT INTO raw.tool_calls (source_id, line, tool_call_id, session_id, run_id, turn_id, model_call_id, seq, tool_name_raw, args_hash, args_norm_hash,
			requested_at, ended_at, duration_ms, duration_basis, status, result_hash, result_bytes, is_polling)
		SELECT s, i + 1, hash(s * 10000 + i + 5000), session_id, run_id, turn_id, hash(s * 10000 + i), seq + 1,
			CASE WHEN i %% 10 = 6 THEN 'Edit' WHEN i %% 10 IN (7, 8) THEN 'Read' ELSE 'Bash' END,
			hash(i // 3), hash(i // 3), %[2]s, %[3]s, 3000, 'derived', CASE WHEN i %% 9 IN (2, 3, 4) THEN 'error' ELSE 'ok' END, hash(i // 3), 1000 * (i %% 10), false
		FROM steps WHERE i %% 10 <> 0;

		INSERT INTO raw.commands (source_id, line, command_id, tool_call_id, session_id, run_id, seq, part_no, program, command_key, command_hash, is_piped_into, writes_file)
		SELECT s, i + 1, hash(s * 10000 + i + 7000), hash(s * 10000 + i + 5000), session_id, run_id, seq + 1, 0, 'go', 77, 77, false, false
		FROM steps WHERE i %% 10 NOT IN (0, 7, 8) AND i %% 5 <> 1 AND i NOT BETWEEN 32 AND 35 AND i <> 39;
		INSERT INTO raw.command_texts SELECT 77, 'go', 'test ./...' WHERE NOT EXISTS (FROM raw.command_texts);

		INSERT INTO raw.file_changes (source_id, line, file_change_id, session_id, run_id, turn_id, tool_call_id, seq, path, op, is_applied, file_role, added_line_count,
			removed_line_count, self_removed_line_count, before_hash, after_hash, basis)
		SELECT s, i + 1, hash(s * 10000 + i + 8000), session_id, run_id, turn_id, hash(s * 10000 + i + 5000), seq + 1, '/w/a.go', 'modify', true, 'code', 3, 2, 1,
			hash(i // 5 %% 3), hash((i // 5 + 1) %% 3), 'tool_args'
		FROM steps WHERE i %% 5 = 1;

		INSERT INTO raw.events (source_id, line, event_id, session_id, run_id, turn_id, seq, occurred_at, event)
		SELECT s, i + 1, hash(s * 10000 + i + 9000), session_id, run_id, turn_id, seq + 2, %[3]s, 'interrupt' FROM steps WHERE i = 19;

		INSERT INTO raw.errors (source_id, line, error_id, session_id, run_id, seq, occurred_at, source, error_type, is_final)
		SELECT s, i + 1, hash(s * 10000 + i + 9500), session_id, run_id, seq + 2, %[3]s, 'api', 'overloaded', false FROM steps WHERE i = 23;
		DROP TABLE steps`, sessions, at("us"), at("us + 3000000")))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []func(context.Context, *sql.Conn) error{ResolveModels, FoldTools, ClassifyCommands} {
		if err := f(context.Background(), conn); err != nil {
			t.Fatal(err)
		}
	}
}

// keptState reads all kept results, table by table, as one checksum each and its number of rows.
func keptState(t testing.TB, conn *sql.Conn) map[string]string {
	t.Helper()
	set, err := sqlfiles.Views()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, d := range set.Definitions {
		if d.Kept == "" {
			continue
		}
		var s string
		q := fmt.Sprintf("SELECT count(*) || ' rows, ' || coalesce(bit_xor(hash(t)), 0) FROM kept.%s AS t", d.Name)
		if err := conn.QueryRowContext(context.Background(), q).Scan(&s); err != nil {
			t.Fatal(err)
		}
		out[d.Name] = s
	}
	return out
}

func deriveAll(t testing.TB, conn *sql.Conn, want int) {
	t.Helper()
	for _, level := range []string{sqlfiles.KeptFacts, sqlfiles.KeptFindings, sqlfiles.KeptTogether} {
		n, err := Derive(context.Background(), conn, level)
		if err != nil {
			t.Fatal(err)
		}
		if n != want {
			t.Errorf("%s of %d sessions were derived, want %d", level, n, want)
		}
	}
}

func markStale(t testing.TB, conn *sql.Conn, where string) {
	t.Helper()
	_, err := conn.ExecContext(context.Background(), `INSERT INTO raw.stale_sessions
		SELECT DISTINCT session_id, level FROM raw.sessions, (VALUES ('facts'), ('findings')) AS v (level) WHERE `+where)
	if err != nil {
		t.Fatal(err)
	}
}

// TestDerive: in one go, in small batches, one by one, and again, the results are the same.
func TestDerive(t *testing.T) {
	s, conn := openTest(t, Memory)
	fillRaw(t, conn, 6)
	markStale(t, conn, "true")
	deriveAll(t, conn, 6)
	want := keptState(t, conn)
	for name, state := range want {
		if strings.HasPrefix(state, "0 rows") {
			t.Errorf("%s is empty: the test shows nothing", name)
		}
	}
	same := func(how string) {
		t.Helper()
		for name, state := range keptState(t, conn) {
			if state != want[name] {
				t.Errorf("%s: %s is %s, want %s", how, name, state, want[name])
			}
		}
	}
	deriveAll(t, conn, 0)
	same("nothing waits")
	markStale(t, conn, "source_id IN (3, 4)")
	deriveAll(t, conn, 2)
	same("two again")

	defer func(n, m int) { deriveBatch, deriveSplit = n, m }(deriveBatch, deriveSplit)
	deriveBatch = 300
	markStale(t, conn, "true")
	deriveAll(t, conn, 6)
	same("in batches")

	// Cut off between batches, what was not done is still waiting.
	markStale(t, conn, "true")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Derive(ctx, conn, sqlfiles.KeptFindings); err == nil {
		t.Error("derived although cancelled")
	}
	deriveAll(t, conn, 6)
	same("after a break")

	// On several connections at once.
	deriveBatch, deriveSplit = 1000, 100
	markStale(t, conn, "true")
	for _, level := range []string{sqlfiles.KeptFacts, sqlfiles.KeptFindings, sqlfiles.KeptTogether} {
		if n, err := s.Derive(context.Background(), level); n != 6 || err != nil {
			t.Errorf("%d sessions: %v", n, err)
		}
	}
	same("side by side")

	for i := 1; i <= 6; i += 5 {
		markStale(t, conn, fmt.Sprintf("source_id = %d", i))
		deriveAll(t, conn, 1)
	}
	same("single ones")

	var schema string
	if err := conn.QueryRowContext(context.Background(), "SELECT current_schema() || ' ' || (SELECT count(*) FROM duckdb_tables() WHERE database_name = 'temp') || ' ' || (SELECT count(*) FROM duckdb_views() WHERE database_name = 'temp' AND NOT internal)").Scan(&schema); err != nil || schema != "main 0 0" {
		t.Errorf("the connection is left with %s: %v", schema, err)
	}
}

// TestDeriveChanged: the results of a session follow its rows, and those of others stay.
func TestDeriveChanged(t *testing.T) {
	_, conn := openTest(t, Memory)
	fillRaw(t, conn, 3)
	markStale(t, conn, "true")
	deriveAll(t, conn, 3)
	count := func(q string) (n int) {
		t.Helper()
		if err := conn.QueryRowContext(context.Background(), q).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := count("SELECT tool_call_count FROM core.session_metrics_v1 WHERE session_id = hash(2)"); n != 36 {
		t.Errorf("%d tool calls, want 36", n)
	}
	if _, err := conn.ExecContext(context.Background(), "DELETE FROM raw.tool_calls WHERE source_id = 2 AND line > 20; DELETE FROM raw.model_calls WHERE source_id IN (2, 3)"); err != nil {
		t.Fatal(err)
	}
	markStale(t, conn, "source_id = 2")
	deriveAll(t, conn, 1)
	if n := count("SELECT tool_call_count FROM core.session_metrics_v1 WHERE session_id = hash(2)"); n != 18 {
		t.Errorf("%d tool calls, want 18", n)
	}
	if n := count("SELECT count(*) FROM kept.call_costs_v1 WHERE session_id = hash(2)"); n != 0 {
		t.Errorf("costs of %d calls that are gone", n)
	}
	if n := count("SELECT count(*) FROM kept.call_costs_v1 WHERE session_id = hash(3)"); n != 36 {
		t.Errorf("costs of %d calls, want 36: the session was not to be derived", n)
	}
	// A session that is gone altogether leaves nothing.
	if _, err := conn.ExecContext(context.Background(), "INSERT INTO raw.stale_sessions VALUES (hash(1), 'facts'), (hash(1), 'findings')"); err != nil {
		t.Fatal(err)
	}
	for _, table := range []string{"sessions", "runs", "records", "turns", "messages", "model_calls", "tool_calls", "commands", "file_changes", "events", "errors"} {
		if _, err := conn.ExecContext(context.Background(), "DELETE FROM raw."+table+" WHERE source_id = 1"); err != nil {
			t.Fatal(err)
		}
	}
	deriveAll(t, conn, 1)
	set, _ := sqlfiles.Views()
	for _, d := range set.Definitions {
		if d.Kept != "" {
			if n := count("SELECT count(*) FROM kept." + d.Name + " WHERE session_id = hash(1)"); n != 0 {
				t.Errorf("%s: %d rows of a session that is gone", d.Name, n)
			}
		}
	}
}

// TestLiveSessionEnds: what was derived while a session went on is derived anew once it is taken to have
// ended, though nothing was written to its log.
func TestLiveSessionEnds(t *testing.T) {
	ctx := context.Background()
	s, conn := openTest(t, Memory)
	fillRaw(t, conn, 3)
	// Of session 3, which stopped within a call, the last line is 40 minutes old.
	if _, err := conn.ExecContext(ctx, "UPDATE raw.records SET occurred_at = now() - INTERVAL 40 MINUTE WHERE source_id = 3 AND line = 40"); err != nil {
		t.Fatal(err)
	}
	markStale(t, conn, "true")
	if _, err := s.Derive(ctx, sqlfiles.KeptFacts); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, derivedAt string
		want            bool
	}{
		{"nothing was derived yet", "", true},
		{"derived after it had ended", "now() - INTERVAL 5 MINUTE", false},
		{"derived while it went on", "now() - INTERVAL 30 MINUTE", true},
		{"derived now", "", false},
	} {
		if c.derivedAt != "" {
			if _, err := conn.ExecContext(ctx, "UPDATE raw.store_info SET value = ("+c.derivedAt+")::VARCHAR WHERE key = 'findings_at'"); err != nil {
				t.Fatal(err)
			}
		}
		reason, findings, err := s.Waiting(ctx)
		if err != nil || findings != c.want || (reason != "") != c.want {
			t.Errorf("%s: waiting %t, %q, want %t: %v", c.name, findings, reason, c.want, err)
		}
		if c.want {
			if err := s.DeriveFindings(ctx); err != nil {
				t.Fatal(err)
			}
		}
	}
}
