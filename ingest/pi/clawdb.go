package pi

import (
	"context"
	"io"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/sqlitedb"
)

// OpenClawDatabase reads the databases in which newer versions of OpenClaw keep transcripts: the lines of
// the files, one in each row. What the agent has archived as files is read from those.
type OpenClawDatabase struct{}

var _ ingest.DatabaseParser = OpenClawDatabase{}

// Format describes OpenClaw. The databases lie in the folders of agents, whose root finds them.
func (OpenClawDatabase) Format() ingest.Format {
	return ingest.Format{Agent: agentClaw, Parser: "openclaw-db", Title: "OpenClaw", Version: 1, StoreKind: "sqlite",
		Roots: func(ingest.Env) []ingest.Root { return nil }}
}

// Match takes no files: databases are told by their tables.
func (OpenClawDatabase) Match(string, []byte) ingest.Match { return ingest.Match{} }

// MatchDatabase knows the table of transcripts. Versions before had the database for other things.
func (OpenClawDatabase) MatchDatabase(path string, db *sqlitedb.DB) ingest.Match {
	switch {
	case db.Has("transcript_events", "session_id", "seq", "event_json"):
		return ingest.Match{Verdict: ingest.Sure}
	case strings.HasSuffix(path, "openclaw-agent.sqlite"):
		return ingest.Match{Verdict: ingest.NotSession, Reason: "a database of the agent without transcripts"}
	}
	return ingest.Match{}
}

// Sessions marks a session by the number of its rows, the newest of them with its size, and how often it was
// rewritten.
func (OpenClawDatabase) Sessions(ctx context.Context, db *sqlitedb.DB, list func(ingest.DatabaseSession) error) error {
	generation := "NULL"
	if db.Has("session_transcript_generations", "session_id", "generation") {
		generation = "(SELECT max(generation) FROM session_transcript_generations AS g WHERE g.session_id = e.session_id)"
	}
	q := db.Query(ctx, `SELECT e.session_id, count(*) || ' ' || max(e.seq), `+generation+`,
		(SELECT octet_length(event_json) FROM transcript_events AS l WHERE l.session_id = e.session_id ORDER BY seq DESC LIMIT 1)
		FROM transcript_events AS e GROUP BY e.session_id`)
	for q.Next() {
		if err := list(ingest.DatabaseSession{ID: q.Str(0), Mark: q.Str(1) + "/" + q.Str(2) + "/" + q.Str(3)}); err != nil {
			q.Close()
			return err
		}
	}
	return q.Close()
}

// Parse reads one session as the file that it would be: the line of a row is its place among the rows.
func (OpenClawDatabase) Parse(ctx context.Context, src *ingest.Source, emit ingest.Emit) error {
	db := src.DB
	q := db.Query(ctx, "SELECT "+db.Cell("transcript_events", "event_json")+" FROM transcript_events WHERE session_id = ? ORDER BY seq", src.Session)
	lines := &eventLines{rows: q}
	file := *src
	file.Path = filepath.Join(filepath.Dir(filepath.Dir(src.Path)), "sessions", src.Session+".jsonl")
	file.Reader = lines
	key, err := sessionKey(ctx, db, src.Session)
	if err != nil {
		q.Close()
		return err
	}
	file.ReadBeside = func(rel string) ([]byte, error) {
		if rel != "sessions.json" {
			return nil, io.ErrUnexpectedEOF
		}
		return []byte("{" + strconv.Quote(key) + `:{"sessionId":` + strconv.Quote(src.Session) + "}}"), nil
	}
	err = parse(ctx, agentClaw, &file, emit)
	if closed := q.Close(); err == nil {
		err = closed
	}
	src.Records, src.Unknown, src.Buf = file.Records, file.Unknown, file.Buf
	return err
}

// sessionKey is the name under which the gateway knows a session: it tells what began it.
func sessionKey(ctx context.Context, db *sqlitedb.DB, id string) (string, error) {
	for _, table := range []string{"session_windows", "sessions"} {
		if !db.Has(table, "session_id", "session_key") {
			continue
		}
		q := db.Query(ctx, "SELECT session_key FROM "+table+" WHERE session_id = ?", id)
		key := ""
		if q.Next() {
			key = q.Str(0)
		}
		if err := q.Close(); err != nil || key != "" {
			return key, err
		}
	}
	return "", nil
}

// eventLines reads rows as lines.
type eventLines struct {
	rows *sqlitedb.Rows
	line []byte
	left []byte
}

func (l *eventLines) Read(b []byte) (int, error) {
	for len(l.left) == 0 {
		if !l.rows.Next() {
			if err := l.rows.Close(); err != nil {
				return 0, err
			}
			return 0, io.EOF
		}
		l.line = append(l.line[:0], l.rows.Bytes(0)...)
		for i, c := range l.line {
			if c == '\n' || c == '\r' {
				l.line[i] = ' '
			}
		}
		l.line = append(l.line, '\n')
		l.left = l.line
	}
	n := copy(b, l.left)
	l.left = l.left[n:]
	return n, nil
}
