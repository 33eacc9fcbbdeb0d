package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/agenttrace/agenttrace/schema"
	sqlfiles "github.com/agenttrace/agenttrace/sql"
)

// Forgotten lists the sessions that were removed for good.
func (s *Store) Forgotten(ctx context.Context) (map[schema.ID]struct{}, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT session_id FROM raw.forgotten_sessions`)
	if err != nil {
		return nil, s.classify(err)
	}
	defer rows.Close()
	out := map[schema.ID]struct{}{}
	for rows.Next() {
		var id uint64
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		out[schema.ID(id)] = struct{}{}
	}
	return out, rows.Err()
}

// Forget removes sessions from the store of the options for good, and remembers their ids, so that they do
// not come back with the next ingest. hidden names a source by its path where that must not be kept.
//
// The engine only marks the space of deleted rows as free. So the file is made anew with what stays, and takes
// the place of the old one in one step: killed before that, nothing has happened.
func Forget(ctx context.Context, o Options, sessions []schema.ID, hidden func(path string) string) error {
	return rewrite(ctx, o, func(r *rewriter) error {
		f := forgetting{r}
		if err := r.refuseOther(); err != nil {
			return err
		}
		if err := f.mark(sessions, hidden); err != nil {
			return err
		}
		if err := r.copyTables(f.where); err != nil {
			return err
		}
		if err := f.remember(); err != nil {
			return err
		}
		if err := r.copyForeign(); err != nil {
			return err
		}
		touched, err := r.int64s(`SELECT source_id FROM temp.gone_kin INTERSECT SELECT source_id FROM raw.sources WHERE source_state <> 'forgotten'`)
		if err != nil {
			return err
		}
		if err := r.new.Finish(ctx, touched, false); err != nil {
			return err
		}
		return r.new.DeriveFindings(ctx)
	})
}

// A forgetting says which rows of the old store go.
type forgetting struct{ *rewriter }

// mark makes temporary tables of what goes: sessions, the messages and calls in them, and the sources that
// hold nothing else; and of the sources whose copies are to be told apart anew.
func (f forgetting) mark(sessions []schema.ID, hidden func(string) string) error {
	var ids strings.Builder
	for i, id := range sessions {
		if i > 0 {
			ids.WriteString(", ")
		}
		fmt.Fprintf(&ids, "(%d::UBIGINT)", uint64(id))
	}
	var holders, kin []string
	for _, table := range sessionTables {
		holders = append(holders, fmt.Sprintf("SELECT source_id, session_id FROM old.raw.%s", table))
	}
	for table, key := range map[string]string{"records": "record_key", "model_calls": "model_call_id", "tool_calls": "tool_call_id", "ledgers": "session_id"} {
		kin = append(kin, fmt.Sprintf("SELECT source_id FROM old.raw.%[1]s WHERE %[2]s IN (SELECT %[2]s FROM old.raw.%[1]s WHERE session_id IN (FROM gone_sessions))", table, key))
	}
	kin = append(kin, "SELECT source_id FROM old.raw.sessions WHERE parent_session_id IN (FROM gone_ids)", "SELECT source_id FROM old.raw.runs WHERE session_id IN (FROM gone_sessions)")
	err := f.exec(fmt.Sprintf(`
		CREATE TEMP TABLE gone_sessions AS SELECT * FROM (VALUES %s) AS v (session_id);
		CREATE TEMP TABLE gone_ids AS
		FROM gone_sessions
		UNION SELECT own_session_id FROM old.raw.runs
		WHERE session_id IN (FROM gone_sessions) AND own_session_id NOT IN (SELECT session_id FROM old.raw.sessions WHERE session_id NOT IN (FROM gone_sessions));
		CREATE TEMP TABLE gone_sources AS
		SELECT source_id FROM (SELECT DISTINCT source_id, session_id IN (FROM gone_sessions) AS is_gone FROM (%s))
		GROUP BY source_id HAVING bool_and(coalesce(is_gone, false));
		CREATE TEMP TABLE gone_owners AS
		SELECT source_id, message_id AS owner_id FROM old.raw.messages WHERE session_id IN (FROM gone_sessions)
		UNION SELECT source_id, tool_call_id FROM old.raw.tool_calls WHERE session_id IN (FROM gone_sessions)
		UNION SELECT source_id, model_call_id FROM old.raw.model_calls WHERE session_id IN (FROM gone_sessions);
		CREATE TEMP TABLE gone_kin AS %s;`, ids.String(), strings.Join(holders, "\nUNION ALL "), strings.Join(kin, "\nUNION ")))
	if err != nil {
		return err
	}
	return f.hide(hidden)
}

// hide makes the names under which emptied sources are known from now on. Sources whose log is gone are not
// needed any more.
func (f forgetting) hide(hidden func(string) string) error {
	if err := f.exec("CREATE TEMP TABLE hidden_sources (source_id BIGINT, path VARCHAR)"); err != nil {
		return err
	}
	rows, err := f.conn.QueryContext(f.ctx, "SELECT source_id, path FROM old.raw.sources WHERE source_id IN (FROM gone_sources) AND source_state NOT IN ('missing', 'replaced')")
	if err != nil {
		return err
	}
	defer rows.Close()
	var values []string
	for rows.Next() {
		var id int64
		var path string
		if err := rows.Scan(&id, &path); err != nil {
			return err
		}
		values = append(values, fmt.Sprintf("(%d, %s)", id, Quote(hidden(path))))
	}
	if err := rows.Err(); err != nil || len(values) == 0 {
		return err
	}
	return f.exec("INSERT INTO hidden_sources VALUES " + strings.Join(values, ", "))
}

// sessionTables are the raw tables whose rows belong to a session.
var sessionTables = func() (out []string) {
	for _, row := range schema.Rows() {
		if _, ok := schema.SessionOf(row); ok {
			out = append(out, row.TableName())
		}
	}
	return out
}()

// where is the condition on the rows of a table that stay.
func (f forgetting) where(schemaName, table string, columns []string) string {
	has := func(name string) bool {
		for _, c := range columns {
			if c == name {
				return true
			}
		}
		return false
	}
	var out []string
	add := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	if table == "sources" {
		return "source_id NOT IN (FROM gone_sources)"
	}
	if has("session_id") {
		add("(session_id IS NULL OR session_id NOT IN (FROM gone_sessions))")
	}
	if has("parent_session_id") && table == "lineage" {
		add("parent_session_id NOT IN (FROM gone_sessions) AND root_session_id NOT IN (FROM gone_sessions)")
	}
	if schemaName == "raw" && has("source_id") {
		add("source_id NOT IN (FROM gone_sources)")
	}
	switch table {
	case "texts":
		add("(source_id, owner_id) NOT IN (SELECT (source_id, owner_id) FROM gone_owners)")
	case "usage_records":
		add("(model_call_id IS NULL OR (source_id, model_call_id) NOT IN (SELECT (source_id, owner_id) FROM gone_owners))")
	case "command_texts", "command_classes":
		add("command_key IN (SELECT command_key FROM old.raw.commands WHERE session_id NOT IN (FROM gone_sessions))")
	case "tool_names":
		add("tool_name_raw IN (SELECT tool_name_raw FROM old.raw.tool_calls WHERE session_id NOT IN (FROM gone_sessions))")
	case "model_names":
		add("raw_model IN (SELECT unnest([request_model, response_model]) FROM old.raw.model_calls WHERE session_id NOT IN (FROM gone_sessions))")
	}
	return strings.Join(out, " AND ")
}

// remember notes what was forgotten: ids, and the sources that would be read again.
func (f forgetting) remember() error {
	return f.exec(fmt.Sprintf(`
		INSERT INTO raw.forgotten_sessions SELECT session_id, now() FROM gone_ids WHERE session_id IS NOT NULL AND session_id NOT IN (SELECT session_id FROM raw.forgotten_sessions);
		INSERT INTO raw.sources BY NAME
		SELECT s.* REPLACE (h.path AS path, NULL AS file_id, 'forgotten' AS source_state, NULL AS state_reason)
		FROM old.raw.sources AS s JOIN hidden_sources AS h USING (source_id);
		-- What stays is judged beside what went.
		INSERT INTO raw.stale_sessions SELECT session_id, %s FROM raw.sessions WHERE session_id IS NOT NULL LIMIT 1`, Quote(sqlfiles.KeptTogether)))
}

// int64s runs a query for numbers.
func (r *rewriter) int64s(query string) ([]int64, error) {
	rows, err := r.conn.QueryContext(r.ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []int64
	for rows.Next() {
		var n sql.NullInt64
		if err := rows.Scan(&n); err != nil {
			return nil, err
		}
		out = append(out, n.Int64)
	}
	return out, rows.Err()
}
