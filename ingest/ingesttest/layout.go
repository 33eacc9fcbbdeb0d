package ingesttest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// LayOut copies a golden case into a home, its databases built.
func LayOut(t testing.TB, dir, home string) {
	t.Helper()
	rels, built := Databases(t, dir)
	for i, rel := range rels {
		for _, tail := range []string{"", "-wal"} {
			if data, err := os.ReadFile(built[i] + tail); err == nil {
				Put(t, filepath.Join(home, filepath.FromSlash(rel)+tail), data)
			}
		}
	}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == "want.ndjson" || strings.HasSuffix(path, ".sql") {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		data, err := os.ReadFile(path)
		if err == nil {
			Put(t, filepath.Join(home, rel), data)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Put writes a file and the folders that lead to it.
func Put(t testing.TB, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}
