package cursor

import (
	"path/filepath"
	"testing"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/ingesttest"
	"github.com/agenttrace/agenttrace/ingest/sqlitedb"
	"github.com/agenttrace/agenttrace/ingest/sqlitedb/dbtest"
)

const databases = "../../testdata/cursor"

func TestGoldenDatabase(t *testing.T) {
	ingesttest.GoldenDatabase(t, Editor{}, databases, "editor", "sub-composers")
	ingesttest.GoldenDatabase(t, Store{}, databases, "store")
}

// TestExport reads the same conversation out of an export and out of the database.
func TestExport(t *testing.T) { ingesttest.Golden(t, Export{}, "../../testdata/cursor-exports") }

func FuzzExport(f *testing.F) { ingesttest.Fuzz(f, Export{}, "../../testdata/cursor-exports") }

func TestMarks(t *testing.T) {
	const id = "aaaa1111-0000-4000-8000-000000000001"
	ingesttest.Marks(t, Editor{}, filepath.Join(databases, "editor"), id, "inline",
		"INSERT OR REPLACE INTO cursorDiskKV SELECT key, replace(value, 'It retries', 'It always retries') FROM cursorDiskKV WHERE key LIKE 'bubbleId:%:b5'",
		"INSERT INTO cursorDiskKV VALUES('bubbleId:"+id+":b9', '{}')",
		"DELETE FROM cursorDiskKV WHERE key='bubbleId:"+id+":b1'",
		"UPDATE cursorDiskKV SET value=value||' ' WHERE key='composerData:"+id+"'")
	ingesttest.Marks(t, Store{}, filepath.Join(databases, "store"), "bbbb2222-0000-4000-8000-000000000002", "",
		"UPDATE meta SET value=replace(value, hex('gpt-5.2'), hex('gpt-5.3')), value=lower(replace(upper(value), hex('gpt-5.2'), hex('gpt-5.3')))")
}

// TestSettingsOfAnotherEditor: the tables are those of every editor of the family.
func TestSettingsOfAnotherEditor(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.vscdb")
	dbtest.Build(t, path, "CREATE TABLE ItemTable(key TEXT UNIQUE ON CONFLICT REPLACE, value BLOB); INSERT INTO ItemTable VALUES('workbench.panel.x','{}')", "")
	db, err := sqlitedb.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if m := (Editor{}).MatchDatabase(path, db); m.Verdict != ingest.NotSession || m.Reason == "" {
		t.Errorf("%+v", m)
	}
}

func TestCorpusEditor(t *testing.T) {
	sum := ingesttest.CorpusDatabase(t, Editor{}, "cursor/slevin48+cursor-history/state.vscdb")
	// 26 conversations of 82 messages, and 5 chats of 49 with 5 empty lines for the next prompt.
	if sum.Rows["sessions"] != 31 || sum.Records != 82+49-5 || sum.Unknown != 0 {
		t.Errorf("%d records, %d unknown, %v", sum.Records, sum.Unknown, sum.Rows)
	}
}

func TestCorpusStore(t *testing.T) {
	sum := ingesttest.CorpusDatabase(t, Store{}, "cursor/jazzyalex+agent-sessions/AgentSessionsTests/Fixtures/Cursor/test-store.db")
	if sum.Rows["sessions"] != 0 { // it has a description and no messages
		t.Errorf("%v", sum.Rows)
	}
}

func TestEditorRoots(t *testing.T) {
	for rel, keep := range map[string]bool{
		"globalStorage/state.vscdb": true, "workspaceStorage/0a/state.vscdb": true, "globalStorage/state.vscdb-wal": false, "globalStorage/state.vscdb.backup": false,
	} {
		if wantEditor(rel) != keep {
			t.Errorf("wantEditor(%q) = %v", rel, !keep)
		}
	}
	for rel, skip := range map[string]bool{
		"globalStorage": false, "globalStorage/x": true, "workspaceStorage/0a": false, "workspaceStorage/0a/x": true, "History": true,
	} {
		if skipEditor(rel) != skip {
			t.Errorf("skipEditor(%q) = %v", rel, !skip)
		}
	}
}
