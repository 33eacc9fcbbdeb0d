package hermes

import (
	"path/filepath"
	"testing"

	"github.com/agenttrace/agenttrace/ingest/ingesttest"
)

const cases = "../../testdata/hermes"

func TestGoldenDatabase(t *testing.T) { ingesttest.GoldenDatabase(t, Database{}, cases, "database") }

func TestMarks(t *testing.T) {
	const id = "20260903_101500_a1b2c3d4"
	ingesttest.Marks(t, Database{}, filepath.Join(cases, "database"), id, "20260903_101800_cont",
		"INSERT INTO messages(session_id,role,content,timestamp) VALUES('"+id+"','user','x',1)",
		"DELETE FROM messages WHERE session_id='"+id+"' AND role='tool'",
		"UPDATE session_model_usage SET output_tokens=output_tokens+1 WHERE session_id='"+id+"'",
		"UPDATE sessions SET rewind_count=1 WHERE id='"+id+"'",
		"UPDATE sessions SET title='other' WHERE id='"+id+"'")
}

func TestWantedDatabases(t *testing.T) {
	for rel, keep := range map[string]bool{
		"state.db": true, "profiles/work/state.db": true, "state.db-wal": false, "x/state.db": false, "mystate.db": false,
	} {
		if wanted(rel) != keep {
			t.Errorf("wanted(%q) = %v", rel, !keep)
		}
	}
}
