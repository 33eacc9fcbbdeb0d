// Package aside knows databases that agents keep beside their logs and that are not read: each is refused
// with the reason, so that nobody takes it for a log that was overlooked.
package aside

import (
	"context"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/sqlitedb"
)

// A Database is one kind of them.
type Database struct {
	agent, parser, title string
	tables               map[string][]string
	reason               string
}

// All lists them.
func All() []ingest.Parser {
	return []ingest.Parser{
		Database{"cline", "cline-index", "Cline", map[string][]string{"sessions": {"session_id", "messages_path", "is_subagent"}},
			"a list of sessions, whose messages lie in files of their own"},
		Database{"continue", "continue-devdata", "Continue", map[string][]string{"tokens_generated": {"model", "tokens_generated", "tokens_prompt"}},
			"estimates of tokens that belong to no session"},
		Database{"cursor", "cursor-commits", "Cursor", map[string][]string{"scored_commits": nil, "conversation_summaries": nil},
			"shares of lines by commit, and no session"},
	}
}

// Format describes the kind. Nothing is looked for: these databases are met in folders that the user named.
func (d Database) Format() ingest.Format {
	return ingest.Format{Agent: d.agent, Parser: d.parser, Title: d.title, Version: 1, StoreKind: "sqlite",
		Roots: func(ingest.Env) []ingest.Root { return nil }}
}

// Match takes no files.
func (Database) Match(string, []byte) ingest.Match { return ingest.Match{} }

// MatchDatabase refuses what has the tables.
func (d Database) MatchDatabase(_ string, db *sqlitedb.DB) ingest.Match {
	for table, columns := range d.tables {
		if !db.Has(table, columns...) {
			return ingest.Match{}
		}
	}
	return ingest.Match{Verdict: ingest.NotSession, Reason: d.reason}
}

// Sessions lists nothing.
func (Database) Sessions(context.Context, *sqlitedb.DB, func(ingest.DatabaseSession) error) error {
	return nil
}

// Parse reads nothing.
func (Database) Parse(context.Context, *ingest.Source, ingest.Emit) error { return nil }
