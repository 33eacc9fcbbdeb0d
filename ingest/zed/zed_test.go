package zed

import (
	"bytes"
	"path/filepath"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/ingesttest"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

const testdata = "../../testdata/zed"

func TestGolden(t *testing.T) { ingesttest.GoldenDatabase(t, Parser{}, testdata, "threads") }

func TestMarks(t *testing.T) {
	ingesttest.Marks(t, Parser{}, filepath.Join(testdata, "threads"), "t-old", "t-new",
		"UPDATE threads SET data=data||' ' WHERE id='t-old'",
		"UPDATE threads SET updated_at='2026-05-02T10:11:13Z' WHERE id='t-old'")
}

func TestDocument(t *testing.T) {
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	small := w.EncodeAll([]byte(`{"messages":[]}`), nil)
	huge := w.EncodeAll(make([]byte, rows.MaxDocument+1), nil)
	for _, c := range []struct {
		name    string
		data    []byte
		want    string
		problem string
	}{
		{"compressed", small, `{"messages":[]}`, ""},
		{"plain", []byte(`{}`), `{}`, ""},
		{"cut", small[:len(small)-3], "", schema.ProblemTruncated},
		{"too large", huge, "", schema.ProblemOversized},
	} {
		if doc, problem := document(c.data); string(doc) != c.want || problem != c.problem {
			t.Errorf("%s: %.20q, %q", c.name, doc, problem)
		}
	}
	if bytes.Equal(small, huge) {
		t.Fatal("not compressed")
	}
}

func TestFirst(t *testing.T) {
	for _, c := range []struct{ folders, order, want string }{
		{"", "", ""}, {"/a", "", "/a"}, {"/a\n/b", "0,1", "/a"}, {"/a\n/b\n/c", "2,0,1", "/b"}, {"/a", "7", "/a"},
	} {
		if got := first(c.folders, c.order); got != c.want {
			t.Errorf("%q by %q: %q", c.folders, c.order, got)
		}
	}
}

func TestRoots(t *testing.T) {
	got := roots(ingest.Env{Home: "/home/ana", Getenv: func(string) string { return "" }})
	if len(got) != 3 || got[0].Path != filepath.FromSlash("/home/ana/.local/share/zed/threads/threads.db") {
		t.Errorf("%+v", got)
	}
}
