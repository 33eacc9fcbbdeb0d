package opencode

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/ingest/sqlitedb"
	"github.com/agenttrace/agenttrace/ingest/trace"
	"github.com/agenttrace/agenttrace/schema"
)

// Database reads OpenCode's databases. The zero value is ready for use.
type Database struct{}

// Kilo reads those of Kilo Code, which are built in the same way. The zero value is ready for use.
type Kilo struct{}

// Format describes the agent.
func (Database) Format() ingest.Format {
	return ingest.Format{Agent: Agent, Parser: "opencode-db", Title: "OpenCode", Version: 2, StoreKind: "sqlite", Roots: noRoots}
}

// noRoots: the databases lie in the folder of the JSON files, whose root finds them.
func noRoots(ingest.Env) []ingest.Root { return nil }

// Format describes the agent.
func (Kilo) Format() ingest.Format {
	return ingest.Format{Agent: "kilo", Parser: "kilo-db", Title: "Kilo Code", Version: 2, StoreKind: "sqlite", Roots: kiloRoots}
}

func kiloRoots(env ingest.Env) []ingest.Root {
	want := func(rel string) bool {
		return strings.HasPrefix(rel, "kilo") && strings.HasSuffix(rel, ".db") && !strings.Contains(rel, "/")
	}
	dir, why := env.Getenv("XDG_DATA_HOME"), "XDG_DATA_HOME"
	if dir == "" && env.Home != "" {
		dir, why = filepath.Join(env.Home, ".local", "share"), "default"
	}
	if !filepath.IsAbs(dir) {
		return nil
	}
	return []ingest.Root{{Path: filepath.Join(dir, "kilo"), Why: why, Want: want, Skip: func(string) bool { return true }}}
}

// Match takes no files: databases are told by their tables.
func (Database) Match(string, []byte) ingest.Match { return ingest.Match{} }
func (Kilo) Match(string, []byte) ingest.Match     { return ingest.Match{} }

// MatchDatabase knows the tables of both versions.
func (Database) MatchDatabase(path string, db *sqlitedb.DB) ingest.Match {
	return matchDatabase(path, db, false)
}

// MatchDatabase goes by the name: the tables are those of OpenCode.
func (Kilo) MatchDatabase(path string, db *sqlitedb.DB) ingest.Match {
	return matchDatabase(path, db, true)
}

func matchDatabase(path string, db *sqlitedb.DB, kilo bool) ingest.Match {
	path = strings.ReplaceAll(path, `\`, "/")
	isKilo := strings.HasPrefix(path[strings.LastIndexByte(path, '/')+1:], "kilo") || strings.Contains(path, "/kilo/")
	if isKilo == kilo && (hasV1(db) || hasV2(db)) {
		return ingest.Match{Verdict: ingest.Sure}
	}
	return ingest.Match{}
}

func hasV1(db *sqlitedb.DB) bool {
	return db.Has("session", "id") && db.Has("message", "id", "session_id", "data") && db.Has("part", "id", "message_id", "data")
}

func hasV2(db *sqlitedb.DB) bool {
	return db.Has("session_v2", "id") && db.Has("session_message", "session_id", "type", "seq", "data")
}

// Sessions lists the sessions of both versions.
func (Database) Sessions(ctx context.Context, db *sqlitedb.DB, list func(ingest.DatabaseSession) error) error {
	return sessions(ctx, db, list)
}

// Sessions lists the sessions of both versions.
func (Kilo) Sessions(ctx context.Context, db *sqlitedb.DB, list func(ingest.DatabaseSession) error) error {
	return sessions(ctx, db, list)
}

// sessions marks a session by when it was updated, how many messages it has and when they were, and the
// parts of the newest: older parts are rewritten only together with new ones.
func sessions(ctx context.Context, db *sqlitedb.DB, list func(ingest.DatabaseSession) error) error {
	seen := map[string]bool{}
	if hasV2(db) {
		sql := "SELECT id, " + db.Column("session_v2", "time_updated") + `,
			(SELECT count(*) || ' ' || max(seq) FROM session_message WHERE session_id = session_v2.id) AS n,
			(SELECT group_concat(t) FROM (SELECT ` + db.Column("session_message", "time_updated") + ` AS t FROM session_message
				WHERE session_id = session_v2.id ORDER BY seq DESC LIMIT 4))
			FROM session_v2 WHERE n IS NOT NULL`
		if err := each(ctx, db, sql, func(s ingest.DatabaseSession) error {
			seen[s.ID] = true
			return list(s)
		}); err != nil {
			return err
		}
	}
	if !hasV1(db) {
		return nil
	}
	sql := "SELECT id, " + db.Column("session", "time_updated") + `,
		(SELECT count(*) || ' ' || max(rowid) || ' ' || total(` + db.Column("message", "time_updated") + `) FROM message WHERE session_id = session.id),
		(SELECT count(*) || ' ' || max(rowid) || ' ' || total(` + db.Column("part", "time_updated") + `) FROM part
			WHERE message_id IN (SELECT id FROM message WHERE session_id = session.id ORDER BY rowid DESC LIMIT 2))
		FROM session`
	return each(ctx, db, sql, func(s ingest.DatabaseSession) error {
		if seen[s.ID] {
			return nil
		}
		return list(s)
	})
}

func each(ctx context.Context, db *sqlitedb.DB, sql string, list func(ingest.DatabaseSession) error) error {
	q := db.Query(ctx, sql)
	for q.Next() {
		s := ingest.DatabaseSession{ID: q.Str(0), Mark: q.Str(1) + "/" + q.Str(2) + "/" + q.Str(3)}
		if ms, ok := q.Int(1); ok {
			s.UpdatedAt = schema.UnixMillis(ms)
		}
		if err := list(s); err != nil {
			q.Close()
			return err
		}
	}
	return q.Close()
}

// Parse reads one session; the line of a row is the number of its message.
func (Database) Parse(ctx context.Context, src *ingest.Source, emit ingest.Emit) error {
	return parseDatabase(ctx, Agent, src, emit)
}

// Parse reads one session.
func (Kilo) Parse(ctx context.Context, src *ingest.Source, emit ingest.Emit) error {
	return parseDatabase(ctx, "kilo", src, emit)
}

// A dbThread is a thread read from a database.
type dbThread struct {
	thread
	ctx      context.Context
	db       *sqlitedb.DB
	sessions string // the table of sessions
}

func parseDatabase(ctx context.Context, agent string, src *ingest.Source, emit ingest.Emit) error {
	t := &dbThread{thread: thread{agent: agent, src: src, log: rows.New(agent, src, emit)}, ctx: ctx, db: src.DB, sessions: "session"}
	t.calls = trace.NewCalls(t.log)
	t.parent = t.parentRow
	read := t.version1
	if hasV2(t.db) {
		n, err := t.text("SELECT count(*) FROM session_message JOIN session_v2 ON session_v2.id = session_id WHERE session_id = ?", src.Session)
		if err != nil {
			return err
		}
		if n != "0" {
			read, t.sessions = t.version2, "session_v2"
		}
	}
	if err := t.beginRow(); err != nil {
		return err
	}
	if err := read(); err != nil {
		return err
	}
	return t.close()
}

// text is the first value of a query.
func (t *dbThread) text(sql, arg string) (string, error) {
	q := t.db.Query(t.ctx, sql, arg)
	var s string
	if q.Next() {
		s = q.Str(0)
	}
	return s, q.Close()
}

func (t *dbThread) parentRow(id string) string {
	up, _ := t.text("SELECT "+t.db.Column(t.sessions, "parent_id")+" FROM "+t.sessions+" WHERE id = ?", id)
	return up
}

// beginRow takes the session's row in the form of its file.
func (t *dbThread) beginRow() error {
	c := func(column string) string { return t.db.Column(t.sessions, column) }
	q := t.db.Query(t.ctx, fmt.Sprintf(`SELECT json_object('id', id, 'version', %s, 'parentID', %s, 'directory', %s, 'title', %s,
		'revert', CASE WHEN json_valid(%s) THEN json(%s) END), %s, %s FROM %s WHERE id = ?`,
		c("version"), c("parent_id"), c("directory"), c("title"), c("revert"), c("revert"), c("fork_session_id"), c("project_id"), t.sessions), t.src.Session)
	var info []byte
	var fork, project string
	if q.Next() {
		info, fork, project = q.Text(0), q.Str(1), q.Str(2)
	}
	if err := q.Close(); err != nil {
		return err
	}
	t.begin(trace.ObjectOf(info))
	r := &t.s.Row
	if fork != "" {
		r.Relation, r.ParentSessionID = "fork", schema.IDOf(t.agent, fork)
	}
	if r.Workspace == "" && project != "" && t.db.Has("project", "id", "worktree") {
		tree, err := t.text("SELECT worktree FROM project WHERE id = ?", project)
		if err != nil {
			return err
		}
		if tree != "" && tree != "/" {
			t.s.Dir, t.worktree = tree, tree
		}
	}
	return nil
}

// object takes a row apart whose id stands in a column of its own.
func object(id string, data []byte) trace.Object {
	if len(data) < 2 || data[0] != '{' {
		return trace.Object{}
	}
	named := append(make([]byte, 0, len(data)+len(id)+16), `{"id":"`...)
	named = append(named, strings.Map(plain, id)...)
	named = append(named, '"')
	if rest := strings.TrimLeft(string(data[1:min(len(data), 64)]), " \t\r\n"); rest != "" && rest[0] != '}' {
		named = append(named, ',')
	}
	return trace.ObjectOf(append(named, data[1:]...))
}

// plain leaves out what would need an escape; ids hold nothing of the kind.
func plain(r rune) rune {
	if r < ' ' || r == '"' || r == '\\' {
		return -1
	}
	return r
}

// version1 reads messages and their parts.
func (t *dbThread) version1() error {
	order := "rowid"
	if t.db.Has("message", "time_created") {
		order = "time_created, id"
	}
	q := t.db.Query(t.ctx, "SELECT id FROM message WHERE session_id = ? ORDER BY "+order, t.src.Session)
	var ids []string
	for q.Next() {
		ids = append(ids, q.Str(0))
	}
	if err := q.Close(); err != nil {
		return err
	}
	for _, id := range ids {
		found, err := t.objects("SELECT id, "+t.db.Cell("message", "data")+" FROM message WHERE id = ?", "message", id)
		if err != nil {
			return err
		}
		parts, err := t.objects("SELECT id, "+t.db.Cell("part", "data")+" FROM part WHERE message_id = ? ORDER BY id", "part", id)
		if err != nil {
			return err
		}
		if len(found) == 1 {
			t.message(found[0], parts)
		}
		if t.log.Err() != nil {
			return t.log.Err()
		}
	}
	return nil
}

// objects are the rows of a query for an id and its JSON.
func (t *dbThread) objects(sql, what, arg string) ([]trace.Object, error) {
	q := t.db.Query(t.ctx, sql, arg)
	var out []trace.Object
	for q.Next() {
		id := q.Str(0)
		if q.Oversized(1) {
			t.log.Problem(schema.ProblemOversized, what, "")
			continue
		}
		o := object(id, q.Text(1))
		if o.Cut || o.Len() == 0 {
			t.log.Problem(schema.ProblemBadJSON, what, "")
			continue
		}
		out = append(out, o)
	}
	if q.Replaced > 0 {
		t.log.Problem(schema.ProblemBadEncoding, "", "")
	}
	return out, q.Close()
}
