package ingesttest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/sqlitedb"
	"github.com/agenttrace/agenttrace/ingest/sqlitedb/dbtest"
	"github.com/agenttrace/agenttrace/schema"
)

// Databases builds the databases of a case, a folder with files named as the database and .sql behind
// it; what <database>.wal.sql says is in the write-ahead log only. It returns the paths below the case
// with those of the databases built.
func Databases(t testing.TB, root string) (rel, built []string) {
	t.Helper()
	dir := t.TempDir()
	for _, path := range files(t, root) {
		name, ok := strings.CutSuffix(path, ".sql")
		if !ok || strings.HasSuffix(name, ".wal") {
			continue
		}
		name, err := filepath.Rel(root, name)
		if err != nil {
			t.Fatal(err)
		}
		sql, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		log, err := os.ReadFile(strings.TrimSuffix(path, ".sql") + ".wal.sql")
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		full := filepath.Join(dir, name)
		dbtest.Build(t, full, string(sql), string(log))
		rel, built = append(rel, filepath.ToSlash(name)), append(built, full)
	}
	return rel, built
}

// isDatabaseCase reports whether a case is one of databases.
func isDatabaseCase(t testing.TB, root string) bool {
	for _, path := range files(t, root) {
		if strings.HasSuffix(path, ".sql") {
			return true
		}
	}
	return false
}

// GoldenDatabase is Golden for the cases below dir that are databases, each named, as an agent may have
// several kinds.
func GoldenDatabase(t *testing.T, p ingest.DatabaseParser, dir string, cases ...string) {
	t.Helper()
	for _, name := range cases {
		t.Run(name, func(t *testing.T) {
			root := filepath.Join(dir, name)
			rels, built := Databases(t, root)
			if len(rels) == 0 {
				t.Fatalf("no database in %s", root)
			}
			var got bytes.Buffer
			for i, rel := range rels {
				fmt.Fprintf(&got, "{\"file\":%q}\n", rel)
				goldenDatabase(t, p, "/home/ana/"+rel, root, built[i], &got)
			}
			compare(t, filepath.Join(root, "want.ndjson"), got.Bytes())
		})
	}
}

func goldenDatabase(t *testing.T, p ingest.DatabaseParser, path, root, built string, out *bytes.Buffer) {
	t.Helper()
	ctx := context.Background()
	db, err := sqlitedb.Open(ctx, built)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if m := p.MatchDatabase(path, db); m.Verdict < ingest.Weak {
		fmt.Fprintf(out, "{\"refused\":%q}\n", m.Reason)
		return
	}
	var list []ingest.DatabaseSession
	if err := p.Sessions(ctx, db, func(s ingest.DatabaseSession) error { list = append(list, s); return nil }); err != nil {
		t.Fatal(err)
	}
	stop := errors.New("stop")
	for _, s := range list {
		fmt.Fprintf(out, "{\"session\":%q}\n", s.ID)
		read := func() (string, *ingest.Source) {
			var rows strings.Builder
			src := NewSource(path, root, nil)
			src.Reader, src.At, src.DB, src.Session = nil, nil, db, s.ID
			if err := p.Parse(ctx, src, func(r schema.Row) error {
				rows.WriteString(JSON(r))
				rows.WriteByte('\n')
				return Check(r)
			}); err != nil {
				t.Errorf("%s: %v", s.ID, err)
			}
			return rows.String(), src
		}
		rows, src := read()
		if again, _ := read(); again != rows {
			t.Errorf("%s: two readings differ", s.ID)
		}
		out.WriteString(rows)
		fmt.Fprintf(out, "{\"records\":%d,\"unknown\":%d}\n", src.Records, src.Unknown)
		n := 0
		src = NewSource(path, root, nil)
		src.DB, src.Session = db, s.ID
		if err := p.Parse(ctx, src, func(schema.Row) error {
			if n++; n == 2 {
				return stop
			}
			return nil
		}); strings.Count(rows, "\n") > 1 && (err != stop || n != 2) {
			t.Errorf("%s: emit failed at its second row, but Parse returned %v after %d", s.ID, err, n)
		}
	}
	f := p.Format()
	if f.Agent == "" || f.Title == "" || f.Version < 1 || f.StoreKind != "sqlite" || f.Roots == nil {
		t.Errorf("incomplete format %+v", f)
	}
}

// Mark is the mark of a session in a database; "" where it is not listed.
func Mark(t *testing.T, p ingest.DatabaseParser, path, id string) (mark string) {
	t.Helper()
	db, err := sqlitedb.Open(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := p.Sessions(context.Background(), db, func(s ingest.DatabaseSession) error {
		if s.ID == id {
			mark = s.Mark
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return mark
}

// Marks checks that each statement, run on the first database of a case, changes the mark of a session
// and of no other.
func Marks(t *testing.T, p ingest.DatabaseParser, root, id, other string, statements ...string) {
	t.Helper()
	_, built := Databases(t, root)
	if len(built) == 0 {
		t.Fatalf("no database in %s", root)
	}
	for _, sql := range statements {
		before, beside := Mark(t, p, built[0], id), ""
		if other != "" {
			beside = Mark(t, p, built[0], other)
		}
		if before == "" {
			t.Fatalf("%s is not listed", id)
		}
		dbtest.Exec(t, built[0], sql)
		if Mark(t, p, built[0], id) == before {
			t.Errorf("not noticed: %s", sql)
		}
		if other != "" && Mark(t, p, built[0], other) != beside {
			t.Errorf("another session seems changed: %s", sql)
		}
	}
}

// CorpusDatabase reads a real database, as Corpus does. It skips the test where there is none.
func CorpusDatabase(t *testing.T, p ingest.DatabaseParser, name string) Totals {
	t.Helper()
	path := filepath.Join(repository(t), "..", "shared", "corpus", filepath.FromSlash(name))
	if _, err := os.Stat(path); err != nil {
		t.Skip("needs ../shared/corpus")
	}
	return ReadDatabase(t, p, path)
}

// ReadDatabase reads all sessions of a database.
func ReadDatabase(t *testing.T, p ingest.DatabaseParser, path string) Totals {
	t.Helper()
	ctx := context.Background()
	sum := Totals{Files: 1, Rows: map[string]int{}, ToolStatus: map[string]int{}, Problems: map[string]int64{}}
	db, err := sqlitedb.Open(ctx, path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if m := p.MatchDatabase(path, db); m.Verdict < ingest.Weak {
		t.Fatalf("%s is refused: %s", filepath.Base(path), m.Reason)
	}
	sum.Taken = 1
	var list []string
	if err := p.Sessions(ctx, db, func(s ingest.DatabaseSession) error { list = append(list, s.ID); return nil }); err != nil {
		t.Fatal(err)
	}
	for _, id := range list {
		src := &ingest.Source{Path: path, DB: db, Session: id, ReadBeside: func(name string) ([]byte, error) {
			return os.ReadFile(filepath.Join(filepath.Dir(path), filepath.FromSlash(name)))
		}}
		if err := p.Parse(ctx, src, func(r schema.Row) error {
			sum.add(r)
			return Check(r)
		}); err != nil {
			t.Error(err)
		}
		sum.Records, sum.Unknown = sum.Records+src.Records, sum.Unknown+src.Unknown
	}
	sum.log(t)
	return sum
}
