package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/agenttrace/agenttrace/schema/store"
)

// Within scripts the test binary stands for the program: the same run, with the system's environment.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"agenttrace": main})
}

// TestScript runs testdata/script, the specification of the command line. A script finds the sample logs
// in its home and a store that is up to date with them in its data folder; it may spoil the store, never
// the home.
func TestScript(t *testing.T) {
	home, db := sampleStore(t)
	before := tree(t, home)
	t.Cleanup(func() {
		// The scripts run side by side: what one left in the home, another may have met.
		if after := tree(t, home); !slices.Equal(before, after) {
			t.Errorf("a script changed the home: before %q, after %q", before, after)
		}
	})
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("..", "..", "testdata", "script"),
		RequireExplicitExec: true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("HOME", home)
			e.Setenv("TZ", "UTC")
			e.Setenv("XDG_DATA_HOME", filepath.Join(e.WorkDir, "data"))
			e.Setenv("XDG_CONFIG_HOME", filepath.Join(e.WorkDir, "config"))
			dir := filepath.Join(e.WorkDir, "data", "agenttrace")
			if err := os.MkdirAll(dir, 0o700); err != nil {
				return err
			}
			e.Setenv("STORE", filepath.Join(dir, "agenttrace.duckdb"))
			return copyFile(db, filepath.Join(dir, "agenttrace.duckdb"), 0o600)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"code": code, "mode": mode, "cut": cut, "hold": hold, "secret": secret, "alter": alter,
		},
		Condition: func(cond string) (bool, error) {
			if cond == "root" {
				return os.Geteuid() == 0, nil
			}
			return false, fmt.Errorf("unknown condition %q", cond)
		},
	})
}

// sampleStore unpacks the sample logs and loads them.
func sampleStore(t *testing.T) (home, db string) {
	t.Helper()
	dir := t.TempDir()
	if err := unpackDemo(dir); err != nil {
		t.Fatal(err)
	}
	home, db = filepath.Join(dir, "demo"), filepath.Join(dir, "sample.duckdb")
	// The overview derives the findings too.
	if _, errs, code := agenttrace(t, home, "overview", "--db", db, "--home", home); code != 0 {
		t.Fatal(errs)
	}
	return home, db
}

// tree lists what lies below a folder: paths, sizes and times of change.
func tree(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := os.Lstat(path)
		if err != nil {
			return err
		}
		out = append(out, fmt.Sprint(path, " ", info.Size(), " ", info.ModTime().UnixNano()))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func copyFile(from, to string, perm fs.FileMode) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, data, perm)
}

// code runs a program that must end with an exit code: code 2 agenttrace sql 'selec 1'.
func code(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code N program [args...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("%s ended with %d, want %d", strings.Join(args[1:], " "), got, want)
	}
	if errs := ts.ReadFile("stderr"); strings.Contains(errs, "panic:") || strings.Contains(errs, "goroutine ") {
		ts.Fatalf("%s panicked", strings.Join(args[1:], " "))
	}
}

// mode checks the permissions of files: mode 600 file...
func mode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: mode OCTAL file...")
	}
	for _, name := range args[1:] {
		info, err := os.Stat(ts.MkAbs(name))
		ts.Check(err)
		if got := fmt.Sprintf("%o", info.Mode().Perm()); got != args[0] {
			ts.Fatalf("%s has mode %s, want %s", name, got, args[0])
		}
	}
}

// cut shortens a file to a number of bytes, or overwrites its middle with noise: cut 1000 file, cut noise file.
func cut(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: cut BYTES|noise file")
	}
	path := ts.MkAbs(args[1])
	data, err := os.ReadFile(path)
	ts.Check(err)
	if args[0] == "noise" {
		for i := range data {
			data[i] ^= byte(i*7 + i>>8)
		}
		ts.Check(os.WriteFile(path, data, 0o600))
		return
	}
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	ts.Check(os.WriteFile(path, data[:min(n, len(data))], 0o600))
}

// hold opens a store until the script ends, so that another process finds it taken.
func hold(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 || args[0] != "write" && args[0] != "read" {
		ts.Fatalf("usage: hold write|read file")
	}
	s, err := store.Open(context.Background(), store.Options{Path: ts.MkAbs(args[1]), ReadOnly: args[0] == "read", LockTimeout: time.Second})
	ts.Check(err)
	ts.Defer(func() { s.Close() })
}

// secret writes a file in which each @TOKEN@ is a made-up token: no token stands in the repository.
func secret(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: secret file")
	}
	path := ts.MkAbs(args[0])
	data, err := os.ReadFile(path)
	ts.Check(err)
	token := "ghp_" + strings.Repeat("aB3dE5gH7", 4)
	ts.Setenv("TOKEN", token)
	ts.Check(os.WriteFile(path, bytes.ReplaceAll(data, []byte("@TOKEN@"), []byte(token)), 0o600))
}

// alter runs SQL in a DuckDB file, which it makes if need be.
func alter(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: alter file SQL")
	}
	s, err := store.Open(context.Background(), store.Options{Path: ts.MkAbs(args[0])})
	ts.Check(err)
	_, err = s.DB().Exec(args[1])
	ts.Check(errors.Join(err, s.Close()))
}
