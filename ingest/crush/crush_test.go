package crush

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/ingesttest"
)

const testdata = "../../testdata/"

func TestGolden(t *testing.T) {
	ingesttest.GoldenDatabase(t, Parser{}, testdata+"crush", "project")
	ingesttest.GoldenDatabase(t, OpenCode{}, testdata+"opencode", "database-go")
}

func TestMarks(t *testing.T) {
	const id = "5b1e0000-0000-4000-8000-000000000001"
	ingesttest.Marks(t, Parser{}, testdata+"crush/project", id, "m2$$tool_1_agent",
		"UPDATE messages SET parts=parts||' ' WHERE id='ma'", // within the second
		"UPDATE messages SET updated_at=updated_at+1 WHERE id='m1'",
		"DELETE FROM messages WHERE id='m2'",
		"UPDATE sessions SET cost=cost+0.01 WHERE id='"+id+"'")
}

func TestCorpus(t *testing.T) {
	const name = "crush/chad-russell+chex-mix-timer/.crush/crush.db"
	sum := ingesttest.CorpusDatabase(t, Parser{}, name)
	if sum.Unknown != 0 || sum.Rows["sessions"] != 1 || sum.Records != 158 || sum.Rows["model_calls"] != 79 || sum.Rows["tool_calls"] != 324 {
		t.Errorf("%d unknown records of %d, %v", sum.Unknown, sum.Records, sum.Rows)
	}
	if sum.Usage[3] != 1192 {
		t.Errorf("%d tokens of output, want 1192", sum.Usage[3])
	}
	// What the log has is missing without it.
	alone := filepath.Join(t.TempDir(), "crush.db")
	in, err := os.Open(filepath.Join("..", "..", "..", "shared", "corpus", filepath.FromSlash(name)))
	if err != nil {
		t.Skip("needs ../shared/corpus")
	}
	defer in.Close()
	out, err := os.Create(alone)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
	if sum := ingesttest.ReadDatabase(t, Parser{}, alone); sum.Usage[3] != 39 {
		t.Errorf("without its log: %d tokens of output, want 39", sum.Usage[3])
	}
}

func TestRoots(t *testing.T) {
	dir := t.TempDir()
	shop, other := filepath.Join(dir, "shop"), filepath.Join(dir, "other", "data")
	list := `{"projects":[{"path":"` + shop + `","data_dir":".crush"},{"path":"/x","data_dir":"` + other + `"},{"path":"` + shop + `"}]}`
	if err := os.WriteFile(filepath.Join(dir, "projects.json"), []byte(strings.ReplaceAll(list, `\`, `\\`)), 0o600); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range roots(ingest.Env{Home: dir, Getenv: func(name string) string {
		return map[string]string{"CRUSH_GLOBAL_DATA": dir}[name]
	}}) {
		got = append(got, r.Path)
	}
	if want := filepath.Join(shop, ".crush", "crush.db") + " " + filepath.Join(other, "crush.db"); strings.Join(got, " ") != want {
		t.Errorf("%v, want %s", got, want)
	}
	if got := projects([]byte(`{"projects":{"1":{"path":"/a"}}}`)); len(got) != 1 || got[0] != filepath.FromSlash("/a/.crush") {
		t.Errorf("%v", got)
	}
}
