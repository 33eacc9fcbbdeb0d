package cursor

import (
	"bytes"
	"context"
	"encoding/hex"
	"path/filepath"
	"strings"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/ingest/sqlitedb"
	"github.com/agenttrace/agenttrace/ingest/trace"
	"github.com/agenttrace/agenttrace/schema"
)

// Store reads the databases of Cursor's command line, one for each session: messages named by their hash,
// and nodes that list them. Its zero value is ready for use.
type Store struct{}

// Format describes the store.
func (Store) Format() ingest.Format {
	return ingest.Format{Agent: agent, Parser: "cursor-store", Title: "Cursor", Version: 3, StoreKind: "sqlite", Roots: storeRoots}
}

func storeRoots(env ingest.Env) []ingest.Root {
	if env.Home == "" {
		return nil
	}
	var out []ingest.Root
	for _, folder := range []string{"chats", "acp-sessions"} {
		out = append(out, ingest.Root{Path: filepath.Join(env.Home, ".cursor", folder), Why: "default",
			Want: func(rel string) bool { return strings.HasSuffix(rel, "/store.db") }})
	}
	return out
}

// Match takes no files: databases are told by their tables.
func (Store) Match(string, []byte) ingest.Match { return ingest.Match{} }

// MatchDatabase knows the tables and the session that they hold.
func (Store) MatchDatabase(_ string, db *sqlitedb.DB) ingest.Match {
	if !db.Has("blobs", "id", "data") || !db.Has("meta", "key", "value") {
		return ingest.Match{}
	}
	if o, err := about(context.Background(), db); err != nil || !o.Has("agentId") {
		return ingest.Match{}
	}
	return ingest.Match{Verdict: ingest.Sure}
}

// about is the description of the session, which is written as the hexadecimal digits of a JSON object.
func about(ctx context.Context, db *sqlitedb.DB) (trace.Object, error) {
	q := db.Query(ctx, "SELECT value FROM meta WHERE key = '0'")
	var text []byte
	if q.Next() {
		text = q.Text(0)
	}
	if err := q.Close(); err != nil {
		return trace.Object{}, err
	}
	if len(text) > 0 && text[0] == '{' {
		return trace.ObjectOf(text), nil
	}
	plain := make([]byte, hex.DecodedLen(len(text)))
	if _, err := hex.Decode(plain, text); err != nil {
		return trace.Object{}, nil
	}
	return trace.ObjectOf(plain), nil
}

// Sessions lists the one session, marked by the root of its messages.
func (Store) Sessions(ctx context.Context, db *sqlitedb.DB, list func(ingest.DatabaseSession) error) error {
	o, err := about(ctx, db)
	if err != nil || !o.Has("latestRootBlobId") {
		return err
	}
	if data, err := blob(ctx, db, o.Str("latestRootBlobId")); err != nil || data == nil {
		return err // nothing was said yet
	}
	return list(ingest.DatabaseSession{ID: o.Str("agentId"), Mark: string(o.Source())})
}

func blob(ctx context.Context, db *sqlitedb.DB, id string) ([]byte, error) {
	q := db.Query(ctx, "SELECT "+db.Cell("blobs", "data")+" FROM blobs WHERE id = ?", id)
	var data []byte
	if q.Next() && !q.Oversized(0) {
		data = bytes.Clone(q.Bytes(0))
	}
	return data, q.Close()
}

// maxBlobs bounds how many messages and nodes are followed.
const maxBlobs = 1 << 20

// Parse reads the session; the line of a row is the number of its message.
func (Store) Parse(ctx context.Context, src *ingest.Source, emit ingest.Emit) error {
	o, err := about(ctx, src.DB)
	if err != nil {
		return err
	}
	log := rows.New(agent, src, emit)
	s := log.Session(src.Session)
	r := &s.Row
	r.Fidelity = "partial" // no instants, no usage
	r.HasToolArgs = true
	if src.Content != ingest.ContentNone {
		r.Title = o.Str("name")
	}
	began := trace.Instant(o.Raw("createdAt"))
	var updated schema.Instant
	if src.ReadBeside != nil {
		if data, err := src.ReadBeside("meta.json"); err == nil {
			meta := trace.ObjectOf(data)
			r.Workspace = meta.Str("cwd")
			updated = trace.Instant(meta.Raw("updatedAtMs"))
		}
	}
	s.Dir = r.Workspace
	var order []string
	seen := map[string]bool{}
	if err := walk(ctx, src.DB, o.Str("latestRootBlobId"), seen, &order); err != nil {
		return err
	}
	t := &trace.Teller{Log: log, Run: s.Main, Tools: trace.NewTools(log, src.Session)}
	calls := trace.NewCalls(log)
	var last *schema.ModelCall
	for i, id := range order {
		data, err := blob(ctx, src.DB, id)
		if err != nil {
			return err
		}
		var at schema.Instant
		switch {
		case i == 0:
			at = began
		case i == len(order)-1:
			at = updated
		}
		log.Begin(int64(i+1), at, log.ID("message", src.Session, id))
		r.HasTimes = r.HasTimes || at != 0
		m, ok := trace.MessageOf(trace.ObjectOf(bytes.ToValidUTF8(data, []byte("\uFFFD"))))
		if !ok {
			log.Bad(schema.ProblemBadJSON)
			continue
		}
		s.Main.Record()
		if c := tell(t, calls, m); c != nil {
			last = c
		}
		if log.Err() != nil {
			return log.Err()
		}
	}
	if last != nil {
		last.RequestModel = modelName(o.Str("lastUsedModel")) // which model gave the others is not kept
	}
	r.HasToolStatus = t.Stated
	calls.Close(s)
	if len(order) > 0 {
		tellsAll(log, s.Main, rankStore)
		accounts(log, s, accountStore)
	}
	return log.Close()
}

// tell emits a message and returns the call of one that a model gave. What a person typed stands in a frame,
// among what the agent adds.
func tell(t *trace.Teller, calls *trace.Calls, m trace.Message) (c *schema.ModelCall) {
	switch m.Role {
	case "user":
		typed, framed := query(m.Text)
		switch {
		case framed:
			m.Text = typed
		case bytes.HasPrefix(bytes.TrimSpace(m.Text), []byte("<user_info>")):
			t.Run.Message("user", "injected", m.Text)
			return nil
		}
	case "assistant":
		c = calls.Take(t.Run, t.Log.Key().With(1<<33), "position")
		t.Run.Response = c.ModelCallID
	}
	t.Tell(m)
	return c
}

// query takes the prompt out of its frame.
func query(text []byte) (typed []byte, framed bool) {
	_, rest, ok := bytes.Cut(text, []byte("<user_query>"))
	if !ok {
		return text, false
	}
	typed, _, _ = bytes.Cut(rest, []byte("</user_query>"))
	return bytes.TrimSpace(typed), true
}

// walk lists the messages below a node in their order. Nodes are protocol buffers: field 1 names a message,
// field 2 another node.
func walk(ctx context.Context, db *sqlitedb.DB, id string, seen map[string]bool, order *[]string) error {
	if seen[id] || len(seen) >= maxBlobs {
		return nil
	}
	seen[id] = true
	data, err := blob(ctx, db, id)
	if err != nil || data == nil {
		return err
	}
	if data[0] == '{' {
		*order = append(*order, id)
		return nil
	}
	for len(data) > 0 {
		tag, n := varint(data)
		if n == 0 {
			return nil
		}
		data = data[n:]
		switch tag & 7 {
		case 0:
			_, n := varint(data)
			if n == 0 {
				return nil
			}
			data = data[n:]
		case 1, 5:
			size := 8
			if tag&7 == 5 {
				size = 4
			}
			if len(data) < size {
				return nil
			}
			data = data[size:]
		case 2:
			size, n := varint(data)
			if n == 0 || size > uint64(len(data)-n) {
				return nil
			}
			field := data[n : n+int(size)]
			data = data[n+int(size):]
			if size == 32 && (tag>>3 == 1 || tag>>3 == 2) {
				if err := walk(ctx, db, hex.EncodeToString(field), seen, order); err != nil {
					return err
				}
			}
		default:
			return nil
		}
	}
	return nil
}

func varint(b []byte) (v uint64, n int) {
	for i, c := range b[:min(len(b), 10)] {
		v |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			return v, i + 1
		}
	}
	return 0, 0
}
