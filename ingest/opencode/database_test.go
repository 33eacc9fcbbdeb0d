package opencode

import (
	"path/filepath"
	"testing"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/ingesttest"
)

func TestGoldenDatabase(t *testing.T) {
	ingesttest.GoldenDatabase(t, Database{}, testdata, "database-1", "database-2", "database-fork")
	ingesttest.GoldenDatabase(t, Kilo{}, "../../testdata/kilo", "database")
}

func TestMarks(t *testing.T) {
	ingesttest.Marks(t, Database{}, filepath.Join(testdata, "database-1"), "ses_7a01", "ses_7a02",
		"UPDATE part SET data='{}', time_updated=time_updated+1 WHERE id='prt_08'",
		"UPDATE message SET time_updated=time_updated+1 WHERE id='msg_01'",
		"INSERT INTO part VALUES('prt_99','msg_04','ses_7a01',1,1,'{}')",
		"DELETE FROM part WHERE id='prt_99'",
		"DELETE FROM message WHERE id='msg_04'",
		"UPDATE session SET time_updated=time_updated+1 WHERE id='ses_7a01'")
	ingesttest.Marks(t, Database{}, filepath.Join(testdata, "database-2"), "ses_new", "ses_fork",
		"UPDATE session_message SET data='{}', time_updated=time_updated+1 WHERE id='msg_n9'",
		"DELETE FROM session_message WHERE id='msg_n2'",
		"UPDATE session_v2 SET time_updated=time_updated+1 WHERE id='ses_new'")
	if mark := ingesttest.Mark(t, Database{}, build(t, "database-2"), "ses_empty"); mark != "" {
		t.Error("a session without messages is listed")
	}
}

func build(t *testing.T, name string) string {
	_, built := ingesttest.Databases(t, filepath.Join(testdata, name))
	return built[0]
}

func TestRoots(t *testing.T) {
	env := func(vars map[string]string) ingest.Env {
		return ingest.Env{Home: "/home/ana", Getenv: func(name string) string { return vars[name] }}
	}
	var got []string
	for _, root := range roots(env(map[string]string{"OPENCODE_DB": "work.db"})) {
		got = append(got, root.Path)
	}
	for _, root := range kiloRoots(env(map[string]string{"XDG_DATA_HOME": "/data"})) {
		got = append(got, root.Path)
		if !root.Want("kilo-beta.db") || root.Want("kilo.db-wal") {
			t.Error("wrong databases are wanted")
		}
	}
	paths := []string{"/home/ana/.local/share/opencode", "/home/ana/.local/share/opencode/work.db", "/data/kilo"}
	for i := range paths {
		if i >= len(got) || got[i] != filepath.FromSlash(paths[i]) {
			t.Fatalf("%v, want %v", got, paths)
		}
	}
	for rel, keep := range map[string]bool{"opencode.db": true, "opencode-dev.db": true, "opencode.db-wal": false, "auth.db": false} {
		if want(rel) != keep {
			t.Errorf("want(%q) = %v", rel, !keep)
		}
	}
}
