package sqlfiles_test

import (
	"context"
	"database/sql"
	"encoding/csv"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/agenttrace/agenttrace/schema"
	"github.com/agenttrace/agenttrace/schema/store"
	sqlfiles "github.com/agenttrace/agenttrace/sql"
)

// freshStore opens a store of its own for a test that writes.
func freshStore(t *testing.T) *sql.Conn {
	t.Helper()
	ctx := context.Background()
	s, err := store.Open(ctx, store.Options{Path: store.Memory})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	steps, err := store.Migrations(sqlfiles.Migrations())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Migrate(ctx, steps); err != nil {
		t.Fatal(err)
	}
	conn, err := s.DB().Conn(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := store.InstallViews(ctx, conn); err != nil {
		t.Fatal(err)
	}
	return conn
}

// readCSV reads a table of the folder testdata; each row is a map by column.
func readCSV(t *testing.T, name string) []map[string]string {
	t.Helper()
	f, err := os.Open("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	records, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []map[string]string
	for _, r := range records[1:] {
		row := map[string]string{}
		for i, v := range r {
			row[records[0][i]] = v
		}
		out = append(out, row)
	}
	return out
}

// TestCostVectors computes the calls of cost-vectors.csv from raw rows to the last digit: through the
// resolution of names, the choice of the price and the derivation.
func TestCostVectors(t *testing.T) {
	ctx := context.Background()
	conn := freshStore(t)
	exec := func(q string) {
		t.Helper()
		if _, err := conn.ExecContext(ctx, q); err != nil {
			t.Fatalf("%v\nin %s", err, q)
		}
	}
	exec(`INSERT INTO raw.sources (source_id, machine_id, agent, store_kind, path, size_bytes, parser, parser_version)
		VALUES (1, 'm', 'generic', 'jsonl', '/log', 1, 'generic', 1);
		INSERT INTO raw.sessions (source_id, line, session_id, agent, native_session_id, is_main, is_marked_copy, has_usage, has_cache_counters,
			has_tool_status, has_tool_args, has_times, has_compactions, has_api_errors, has_approvals, has_reasoning, replay_until_line)
		VALUES (1, 1, 7, 'generic', 's', true, false, true, true, true, true, true, true, true, true, true, 0);
		INSERT INTO raw.runs (source_id, line, run_id, session_id, run_kind, last_line) VALUES (1, 1, 8, 7, 'main', 1);
		INSERT INTO raw.stale_sessions VALUES (7, 'facts'), (7, 'findings')`)
	vectors := readCSV(t, "cost-vectors.csv")
	if len(vectors) != 28 {
		t.Fatalf("%d vectors, want 28", len(vectors))
	}
	text := func(s string) string {
		if s == "" {
			return "NULL"
		}
		return store.Quote(s)
	}
	for i, v := range vectors {
		exec(fmt.Sprintf(`INSERT INTO raw.model_calls (source_id, line, model_call_id, session_id, run_id, seq, is_sidechain, response_model, provider_name,
				occurred_at, uncached_input_tokens, cache_read_input_tokens, cache_creation_5m_input_tokens, cache_creation_1h_input_tokens,
				output_tokens, reasoning_output_tokens, service_tier, region, is_batch, status, usage_grain, usage_quality, observation_count)
			VALUES (1, %d, %d, 7, 8, %d, false, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %t, 'ok', 'call', 'final', 1)`,
			i+1, schema.IDOf(v["id"]), i, text(v["response_model"]), text(v["provider_hint"]), text(v["timestamp"]),
			v["uncached_input_tokens"], v["cache_read_input_tokens"], v["cache_creation_5m_input_tokens"], v["cache_creation_1h_input_tokens"],
			v["output_tokens"], v["reasoning_output_tokens"], text(v["service_tier"]), text(v["region"]), v["batch"] == "1"))
	}
	if err := store.ResolveModels(ctx, conn); err != nil {
		t.Fatal(err)
	}
	for _, level := range []string{sqlfiles.KeptFacts, sqlfiles.KeptFindings, sqlfiles.KeptTogether} {
		if n, err := store.Derive(ctx, conn, level); err != nil || n != 1 {
			t.Fatalf("derived %d sessions at %s: %v", n, level, err)
		}
	}
	for _, v := range vectors {
		t.Run(v["id"]+" "+v["response_model"], func(t *testing.T) {
			got := make([]sql.NullString, 10)
			var into []any
			for i := range got {
				into = append(into, &got[i])
			}
			err := conn.QueryRowContext(ctx, fmt.Sprintf(`SELECT price_provider, price_model, is_long::VARCHAR, mult::VARCHAR, uncached_input_cost_usd::VARCHAR,
					cache_read_cost_usd::VARCHAR, cache_creation_5m_cost_usd::VARCHAR, cache_creation_1h_cost_usd::VARCHAR, output_cost_usd::VARCHAR, cost_usd::VARCHAR
				FROM core.model_call_costs_v1 WHERE model_call_id = %d`, schema.IDOf(v["id"]))).Scan(into...)
			if strings.Contains(v["raw_usage"]+v["why"], "no model call") {
				// A placeholder that agents write for what they say themselves: parsers emit no call, and the name has no price.
				var effects string
				if err := conn.QueryRowContext(ctx, `SELECT price_effects FROM raw.model_names WHERE raw_model = ?`, v["response_model"]).Scan(&effects); err != nil || effects != "unpriced:no_model_call" {
					t.Errorf("effects %q, %v", effects, err)
				}
				if err == nil && got[9].Valid {
					t.Errorf("it costs %s", got[9].String)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			for i, name := range []string{"resolved_provider", "resolved_model", "long_context", "multiplier", "uncached_input_cost_usd", "cache_read_cost_usd",
				"cache_creation_5m_cost_usd", "cache_creation_1h_cost_usd", "output_cost_usd", "cost_usd"} {
				have := got[i].String
				if i > 2 && have != "" {
					have = trimZeros(have)
				}
				if have != v[name] {
					t.Errorf("%s is %q, want %q", name, have, v[name])
				}
			}
		})
	}
}

// TestHealthVectors computes the predecessor's score for the sessions of health-vectors.csv from what its
// rules look at.
func TestHealthVectors(t *testing.T) {
	set := definitions(t)
	d := set.Get("session_health_v1")
	f := newFixture(t)
	f.exec("BEGIN; USE agenttrace.core")
	defer f.exec("ROLLBACK; USE agenttrace")
	vectors := readCSV(t, "health-vectors.csv")
	sessions := "session_id\n"
	signals := "session_id,gap_count,max_gap_s,p95_gap_s,known_result_count,failed_result_count,mean_reasoning_chars,redacted_reasoning_count,readable_reasoning_count,tool_call_count,assistant_turn_count\n"
	for _, v := range vectors {
		redacted, readable, gaps := "0", "0", "0"
		if v["v1_redacted"] == "true" {
			redacted = "1"
		}
		if v["v1_avg_reasoning_chars"] != "" {
			readable = "1"
		}
		if v["v1_max_gap_s"] != "" {
			gaps = "1"
		}
		sessions += v["id"] + "\n"
		signals += strings.Join([]string{v["id"], gaps, v["v1_max_gap_s"], v["v1_p95_gap_s"], v["v1_tool_known"], v["v1_tool_failed"],
			v["v1_avg_reasoning_chars"], redacted, readable, v["v1_tool_calls"], v["v1_assistant_turns"]}, ",") + "\n"
	}
	f.fill("sessions_v1", sessions)
	f.fill("legacy_signals_v1", signals)
	for _, name := range d.Reads {
		f.provide(name, d)
	}
	for _, v := range vectors {
		_, rows := f.query(fmt.Sprintf(`SELECT score, band, (SELECT string_agg(split_part(anomaly, '.', 2) || ':' || severity, '|' ORDER BY anomaly)
			FROM legacy_anomalies_v1 AS a WHERE a.session_id = h.session_id) FROM (%s) AS h WHERE h.session_id = %s`, d.Body, f.IDs[v["id"]]))
		want := []string{v["v1_score"], v["v1_band"], v["v1_findings"]}
		if want[2] == "" {
			want[2] = "NULL"
		} else {
			parts := strings.Split(want[2], "|")
			slices.Sort(parts)
			want[2] = strings.Join(parts, "|")
		}
		if len(rows) != 1 || !slices.Equal(rows[0], want) {
			t.Errorf("%s: got %v, want %v", v["id"], rows, want)
		}
	}
}

// trimZeros writes a decimal without zeros at the end.
func trimZeros(v string) string { return strings.TrimSuffix(strings.TrimRight(v, "0"), ".") }
