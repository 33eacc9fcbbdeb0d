package store

import (
	"context"
	"database/sql"
	"testing"
	"time"

	sqlfiles "github.com/agenttrace/agenttrace/sql"
)

// openTest opens a store with tables, parameters and views, and a connection to it.
func openTest(t testing.TB, path string) (*Store, *sql.Conn) {
	t.Helper()
	ctx := context.Background()
	s, err := Open(ctx, Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	steps, err := Migrations(sqlfiles.Migrations())
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
	for name, install := range map[string]func(context.Context, *sql.Conn) error{"parameters": LoadParameters, "views": InstallViews} {
		begin := time.Now()
		if err := install(ctx, conn); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		t.Logf("%s: %v", name, time.Since(begin))
	}
	return s, conn
}

func TestInstall(t *testing.T) {
	openTest(t, Memory)
}
