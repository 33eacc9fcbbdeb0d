package pi

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/agenttrace/agenttrace/ingest/ingesttest"
)

const claw = "../../testdata/openclaw"

func TestGoldenDatabase(t *testing.T) {
	ingesttest.GoldenDatabase(t, OpenClawDatabase{}, claw, "database")
}

// TestDatabaseIsTheFile: the rows of a session are those of the file that it would be.
func TestDatabaseIsTheFile(t *testing.T) {
	rows := func(name string) []string {
		data, err := os.ReadFile(filepath.Join(claw, name, "want.ndjson"))
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, line := range strings.Split(string(data), "\n") {
			if strings.Contains(line, `":{"line"`) {
				out = append(out, line)
			}
		}
		slices.Sort(out)
		return out
	}
	file, database := rows("session"), rows("database")
	if !slices.Equal(file, database) {
		t.Errorf("%d rows of files, %d of the database", len(file), len(database))
		for _, row := range database {
			if !slices.Contains(file, row) {
				t.Logf("only in the database: %s", row)
			}
		}
	}
}

func TestMarks(t *testing.T) {
	const id = "5b1d0000-1111-4222-8333-444444444444"
	ingesttest.Marks(t, OpenClawDatabase{}, filepath.Join(claw, "database"), id, "5b1d0000-1111-4222-8333-555555555555",
		"UPDATE transcript_events SET event_json=event_json||' ' WHERE session_id='"+id+"' AND seq=8",
		"UPDATE session_transcript_generations SET generation=2 WHERE session_id='"+id+"'",
		"DELETE FROM transcript_events WHERE session_id='"+id+"' AND seq=2")
}
