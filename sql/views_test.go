package sqlfiles_test

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/agenttrace/agenttrace/schema/store"
	sqlfiles "github.com/agenttrace/agenttrace/sql"
	"github.com/agenttrace/agenttrace/sql/cases"
)

var update = flag.Bool("update", false, "write README.md and columns.txt anew")

// openStore opens an empty store in memory with everything installed, once for all tests.
var openStore = sync.OnceValues(func() (*sql.DB, error) {
	ctx := context.Background()
	s, err := store.Open(ctx, store.Options{Path: store.Memory})
	if err != nil {
		return nil, err
	}
	steps, err := store.Migrations(sqlfiles.Migrations())
	if err != nil {
		return nil, err
	}
	if err := s.Migrate(ctx, steps); err != nil {
		return nil, err
	}
	conn, err := s.DB().Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	return s.DB(), store.InstallViews(ctx, conn)
})

func connect(t *testing.T) *sql.Conn {
	t.Helper()
	db, err := openStore()
	if err != nil {
		t.Fatal(err)
	}
	conn, err := db.Conn(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func definitions(t *testing.T) *sqlfiles.Set {
	t.Helper()
	set, err := sqlfiles.Views()
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// TestViews runs every case of every definition: rows in, rows out.
func TestViews(t *testing.T) {
	set := definitions(t)
	for _, d := range set.Definitions {
		t.Run(d.Name, func(t *testing.T) {
			file := filepath.Join("views", strings.TrimSuffix(d.Path, ".sql")+".txtar")
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatalf("every definition has a test: %v", err)
			}
			all, err := cases.Read(text)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range all {
				t.Run(c.Name, func(t *testing.T) {
					if err := cases.RunView(context.Background(), connect(t), set, d, c); err != nil {
						t.Error(err)
					}
				})
			}
		})
	}
}

// A fixture lays rows out for tests that are no cases.
type fixture struct {
	t *testing.T
	*cases.Fixture
}

func newFixture(t *testing.T) *fixture {
	return &fixture{t, cases.NewFixture(context.Background(), connect(t), definitions(t))}
}

func (f *fixture) try(g func()) {
	f.t.Helper()
	if err := cases.Try(g); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) exec(q string)          { f.t.Helper(); f.try(func() { f.Exec(q) }) }
func (f *fixture) fill(name, text string) { f.t.Helper(); f.try(func() { f.Fill(name, text) }) }
func (f *fixture) provide(name string, d *sqlfiles.Definition) {
	f.t.Helper()
	f.try(func() { f.Provide(name, d) })
}
func (f *fixture) query(q string) (columns []string, r [][]string) {
	f.t.Helper()
	f.try(func() { columns, r = f.Query(q) })
	return
}

// nulls are arguments for a macro of which only the columns matter.
func nulls(d *sqlfiles.Definition) string {
	return strings.TrimSuffix(strings.Repeat("NULL, ", len(d.Params)), ", ")
}

// TestColumns: the documented columns are the columns, in order, and columns.txt has their types.
func TestColumns(t *testing.T) {
	f := newFixture(t)
	var types strings.Builder
	for _, d := range definitions(t).Definitions {
		body := d.SQL(func(name string) string {
			if strings.HasPrefix(name, "own_") {
				return "raw." + name
			}
			return "core." + name
		})
		if d.Params != nil {
			body = fmt.Sprintf("SELECT * FROM core.%s(%s)", d.Name, nulls(d))
		}
		_, rows := f.query("SELECT column_name, column_type FROM (DESCRIBE " + body + ")")
		var got, want []string
		for _, r := range rows {
			got = append(got, r[0])
			fmt.Fprintf(&types, "%s.%s %s\n", d.Name, r[0], r[1])
		}
		for _, c := range d.Columns {
			want = append(want, c.Name)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s:\n has       %v\n documents %v", d.Path, got, want)
		}
	}
	if *update {
		if err := os.WriteFile("columns.txt", []byte(types.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if had, err := os.ReadFile("columns.txt"); err != nil || string(had) != types.String() {
		t.Errorf("columns.txt is not what the engine says: go test ./sql -run TestColumns -update (%v)", err)
	}
}
