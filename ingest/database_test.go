package ingest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/agenttrace/agenttrace/ingest/sqlitedb"
	"github.com/agenttrace/agenttrace/ingest/sqlitedb/dbtest"
	"github.com/agenttrace/agenttrace/schema"
)

// notes is a parser of a database of notes.
type notes struct{ version int }

func (n notes) Format() Format {
	return Format{Agent: "notes", Title: "Notes", Version: n.version, StoreKind: "sqlite"}
}
func (notes) Match(string, []byte) Match { return Match{} }

func (notes) MatchDatabase(_ string, db *sqlitedb.DB) Match {
	switch {
	case db.Has("note", "session", "x"):
		return Match{Verdict: Sure}
	case db.Has("other"):
		return Match{Verdict: NotSession, Reason: "other things"}
	}
	return Match{}
}

func (notes) Sessions(ctx context.Context, db *sqlitedb.DB, list func(DatabaseSession) error) error {
	rows := db.Query(ctx, "SELECT session, count(*)||' '||max(changed) FROM note GROUP BY session")
	for rows.Next() {
		if err := list(DatabaseSession{ID: rows.Str(0), Mark: rows.Str(1)}); err != nil {
			return err
		}
	}
	return rows.Close()
}

func (notes) Parse(ctx context.Context, src *Source, emit Emit) error {
	rows := src.DB.Query(ctx, "SELECT x FROM note WHERE session = ? ORDER BY rowid", src.Session)
	for rows.Next() {
		src.Records++
		if rows.Str(0) == "unreadable" {
			rows.Close()
			return errors.New("it cannot be read")
		}
		if err := emit(&schema.Record{Where: schema.Where{Line: src.Records}, RecordKey: schema.HashString(rows.Str(0))}); err != nil {
			return err
		}
	}
	return rows.Close()
}

// memory is a store that keeps sources, and how many rows each has.
type memory struct {
	sources map[int64]schema.Source
	rows    map[int64]int
	begun   []int64
	at      int64
	fresh   int  // rows since Begin
	replace bool // those of an earlier reading give way when the source is saved
}

func newMemory() *memory { return &memory{sources: map[int64]schema.Source{}, rows: map[int64]int{}} }

func (m *memory) Sources(context.Context) (out []schema.Source, err error) {
	for _, s := range m.sources {
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b schema.Source) int { return int(a.SourceID - b.SourceID) })
	return out, nil
}
func (m *memory) Unsettled(context.Context) ([]int64, error)                    { return nil, nil }
func (m *memory) MachineID(context.Context) (string, error)                     { return "m", nil }
func (m *memory) BeginImport(context.Context, time.Time, string) (int64, error) { return 1, nil }
func (m *memory) EndImport(context.Context, *schema.Import) error               { return nil }
func (m *memory) SetSourceState(_ context.Context, ids []int64, state, reason string) error {
	for _, id := range ids {
		s := m.sources[id]
		s.State, s.StateReason = state, reason
		m.sources[id] = s
	}
	return nil
}
func (m *memory) MoveSource(_ context.Context, id int64, path, fileID string) error {
	s := m.sources[id]
	s.Path, s.FileID = path, fileID
	m.sources[id] = s
	return nil
}
func (m *memory) Writer(context.Context) (Writer, error)                    { return m, nil }
func (m *memory) Forgotten(context.Context) (map[schema.ID]struct{}, error) { return nil, nil }
func (m *memory) Finish(context.Context, []int64, bool) error               { return nil }
func (m *memory) Commit(context.Context) error                              { return nil }
func (m *memory) Close() error                                              { return nil }
func (m *memory) Write(schema.Row) error                                    { m.fresh++; return nil }
func (m *memory) Discard(context.Context) error                             { m.fresh, m.replace = 0, false; return nil }
func (m *memory) SaveSource(_ context.Context, s *schema.Source, _ bool) error {
	if m.replace {
		delete(m.rows, m.at)
	}
	m.rows[m.at] += m.fresh
	m.fresh, m.replace = 0, false
	m.sources[s.SourceID] = *s
	return nil
}
func (m *memory) Begin(_ context.Context, id int64, replace bool) error {
	m.at, m.fresh, m.replace = id, 0, replace
	if len(m.begun) == 0 || m.begun[len(m.begun)-1] != id { // again after a failure
		m.begun = append(m.begun, id)
	}
	return nil
}

// ingest runs over a folder and says which sources were read, and how the others stand.
func (m *memory) ingest(t *testing.T, dir string, version int) (read, state string) {
	t.Helper()
	m.begun = nil
	sum, err := Run(context.Background(), m, Options{Parsers: []Parser{notes{version}}, Paths: []string{dir}, Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	if sum.Skipped < 0 {
		t.Errorf("%d skipped", sum.Skipped)
	}
	name := func(path string) string { return strings.TrimPrefix(path, dir+string(filepath.Separator)) }
	var reads, states []string
	for _, id := range m.begun {
		reads = append(reads, name(m.sources[id].Path))
	}
	for id, s := range m.sources {
		states = append(states, fmt.Sprintf("%s %s %d", name(s.Path), s.State, m.rows[id]))
	}
	sort.Strings(reads)
	sort.Strings(states)
	return strings.Join(reads, ", "), strings.Join(states, ", ")
}

const noteTable = "CREATE TABLE note(session, x, changed); INSERT INTO note VALUES('s1','a',1),('s1','b',2),('s#2','c',3);"

func TestSessionsOfADatabase(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "n.db")
	dbtest.Build(t, path, noteTable, "")
	m := newMemory()
	step := func(name, wantRead, wantState string) {
		t.Helper()
		read, state := m.ingest(t, dir, 1)
		if read != wantRead || state != wantState {
			t.Errorf("%s:\n read %s\n want %s\nholds %s\n want %s", name, read, wantRead, state, wantState)
		}
	}
	step("first", "n.db, n.db#s#2, n.db#s1", "n.db present 0, n.db#s#2 present 1, n.db#s1 present 2")
	step("nothing new", "", "n.db present 0, n.db#s#2 present 1, n.db#s1 present 2")

	agent := dbtest.Hold(t, path)
	agent.Exec("PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; CREATE TABLE IF NOT EXISTS u(x)")
	step("a log, and no session changed", "n.db", "n.db present 0, n.db#s#2 present 1, n.db#s1 present 2")
	agent.Exec("UPDATE note SET x='B', changed=4 WHERE x='b'")
	step("a row rewritten in the log", "n.db, n.db#s1", "n.db present 0, n.db#s#2 present 1, n.db#s1 present 2")
	agent.Exec("DELETE FROM note WHERE session='s#2'; INSERT INTO note VALUES('s3','d',5)")
	agent.Exec("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode=DELETE")
	agent.Close()
	step("one gone, one new", "n.db, n.db#s3", "n.db present 0, n.db#s#2 missing 1, n.db#s1 present 2, n.db#s3 present 1")

	moved := filepath.Join(dir, "sub", "m.db")
	if err := os.Mkdir(filepath.Dir(moved), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path, moved); err != nil {
		t.Fatal(err)
	}
	_, state := m.ingest(t, dir, 1)
	if want := filepath.FromSlash("n.db#s#2 missing 1, sub/m.db present 0, sub/m.db#s1 present 2, sub/m.db#s3 present 1"); state != want {
		t.Errorf("moved:\nholds %s\n want %s", state, want)
	}
	if read, _ := m.ingest(t, dir, 2); strings.Count(read, "#") != 2 {
		t.Errorf("a new version of the parser read %s", read)
	}
	if err := os.Remove(moved); err != nil {
		t.Fatal(err)
	}
	_, state = m.ingest(t, dir, 2)
	if want := filepath.FromSlash("n.db#s#2 missing 1, sub/m.db missing 0, sub/m.db#s1 missing 2, sub/m.db#s3 missing 1"); state != want {
		t.Errorf("removed:\nholds %s\n want %s", state, want)
	}
}

// TestArchive: what was read of a session stays when it cannot be read any more, and the database is looked
// at again until it can.
func TestArchive(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "n.db")
	dbtest.Build(t, path, noteTable, "")
	m := newMemory()
	m.ingest(t, dir, 1)
	dbtest.Exec(t, path, "UPDATE note SET x='unreadable', changed=9 WHERE x='b'")
	for range 2 {
		read, state := m.ingest(t, dir, 1)
		if read != "n.db, n.db#s1" || state != "n.db present 0, n.db#s#2 present 1, n.db#s1 unreadable 2" {
			t.Errorf("read %s, holds %s", read, state)
		}
	}
	dbtest.Exec(t, path, "UPDATE note SET x='c', changed=10 WHERE x='unreadable'")
	if read, state := m.ingest(t, dir, 1); read != "n.db, n.db#s1" || state != "n.db present 0, n.db#s#2 present 1, n.db#s1 present 2" {
		t.Errorf("read %s, holds %s", read, state)
	}
}

func TestDatabasesThatAreNotRead(t *testing.T) {
	dir := t.TempDir()
	write := func(name, data string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	dbtest.Build(t, filepath.Join(dir, "foreign.db"), "CREATE TABLE t(x)", "")
	dbtest.Build(t, filepath.Join(dir, "other.db"), "CREATE TABLE other(x)", "")
	dbtest.Build(t, filepath.Join(dir, "odd.bin"), noteTable, "")
	dbtest.Build(t, filepath.Join(dir, "damaged.db"), noteTable, "")
	data, err := os.ReadFile(filepath.Join(dir, "damaged.db"))
	if err != nil {
		t.Fatal(err)
	}
	write("damaged.db", string(data[:1024])+strings.Repeat("\xff", len(data)-1024))
	write("empty.db", "")
	write("crypt.db", strings.Repeat("\x93\x00\x17", 2000))
	m := newMemory()
	m.ingest(t, dir, 1)
	got := map[string]string{}
	for _, s := range m.sources {
		got[filepath.Base(s.Path)] = s.State + ": " + s.StateReason
	}
	for name, want := range map[string]string{
		"foreign.db": "refused: a SQLite database without the tables of a known agent",
		"other.db":   "refused: other things",
		"odd.bin":    "refused: no session log of a known agent: a SQLite database under a name that no agent gives to one",
		"damaged.db": "unreadable: the database is damaged",
		"empty.db":   "refused: empty file",
		"crypt.db":   "refused: no session log of a known agent: binary data",
	} {
		if got[name] != want {
			t.Errorf("%s is %s, want %s", name, got[name], want)
		}
	}
	// What was judged is not opened again, but a database that could not be read is.
	if read, _ := m.ingest(t, dir, 1); read != "damaged.db" {
		t.Errorf("read %s again", read)
	}
	// Named by the user, a database may have any name.
	sum, err := Run(context.Background(), newMemory(), Options{Parsers: []Parser{notes{1}}, Paths: []string{filepath.Join(dir, "odd.bin")}, Workers: 1})
	if err != nil || sum.Read != 3 {
		t.Errorf("%v, %+v", err, sum)
	}
	// Of an agent that was not asked for nothing is noted.
	m = newMemory()
	if _, err := Run(context.Background(), m, Options{Parsers: []Parser{notes{1}}, Agents: []string{"x"}, Paths: []string{filepath.Join(dir, "odd.bin")}}); err != nil || len(m.sources) != 0 {
		t.Errorf("%v, %d sources", err, len(m.sources))
	}
}
