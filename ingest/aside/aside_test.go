package aside

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/sqlitedb"
	"github.com/agenttrace/agenttrace/ingest/sqlitedb/dbtest"
)

func TestRefused(t *testing.T) {
	for _, c := range []struct{ sql, agent string }{
		{"CREATE TABLE sessions(session_id, messages_path, is_subagent, status)", "cline"},
		{"CREATE TABLE tokens_generated(id, model, provider, tokens_generated, tokens_prompt, timestamp)", "continue"},
		{"CREATE TABLE scored_commits(x); CREATE TABLE conversation_summaries(x)", "cursor"},
		{"CREATE TABLE sessions(id); CREATE TABLE spans(x)", ""},
	} {
		path := filepath.Join(t.TempDir(), "a.db")
		dbtest.Build(t, path, c.sql, "")
		db, err := sqlitedb.Open(context.Background(), path)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, p := range All() {
			m := p.(ingest.DatabaseParser).MatchDatabase(path, db)
			if m.Verdict > ingest.NotSession || m.Verdict == ingest.NotSession && (m.Reason == "" || got != "") {
				t.Errorf("%s: %+v", c.sql, m)
			}
			if m.Verdict == ingest.NotSession {
				got = p.Format().Agent
			}
		}
		db.Close()
		if got != c.agent {
			t.Errorf("%s: refused as of %q", c.sql, got)
		}
	}
}
