package generic

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/ingesttest"
)

const testdata = "../../testdata/generic"

func TestGolden(t *testing.T) { ingesttest.Golden(t, Parser{}, testdata) }

func FuzzParse(f *testing.F) { ingesttest.Fuzz(f, Parser{}, testdata) }

// asDocument reads what it gets under the name of a document.
type asDocument struct{ Parser }

func (d asDocument) Parse(ctx context.Context, src *ingest.Source, emit ingest.Emit) error {
	src.Path = "/home/ana/x/fuzz.json"
	return d.Parser.Parse(ctx, src, emit)
}

func FuzzDocument(f *testing.F) { ingesttest.Fuzz(f, asDocument{}, testdata) }

func TestConform(t *testing.T) {
	for _, rel := range []string{"openai/out/dataset.jsonl", "atif/out/trajectory.json", "anthropic/out/messages.jsonl"} {
		data, err := os.ReadFile(filepath.Join(testdata, rel))
		if err != nil {
			t.Fatal(err)
		}
		ingesttest.Conform(t, Parser{}, "/home/ana/"+rel, testdata, data)
	}
}

func TestSpecstory(t *testing.T) {
	sum := ingesttest.Corpus(t, "specstory", Parser{})
	if sum.Files != 6 || sum.Refused != 6 {
		t.Errorf("%d files, %d refused", sum.Files, sum.Refused)
	}
}

// TestMatch tells conversations from other JSON.
func TestMatch(t *testing.T) {
	for head, want := range map[string]ingest.Verdict{
		`{"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":"yo"}]}`: ingest.Weak,
		`[{"role":"user","content":"hi"}]`:                                                  ingest.Weak,
		`{"a":{"messages":[{"role":"user","content":"too deep a name"}]}}`:                  ingest.Foreign,
		`{"result":{"messages":[{"role":"user","content":"hi"}]}}`:                          ingest.Weak,
		`{"schema_version":"ATIF-v1.4","steps":[]}`:                                         ingest.Sure,
		`{"name":"pkg","version":"1.0.0","scripts":{}}`:                                     ingest.Foreign,
		`[{"type":"function","function":{"name":"f","parameters":{}}}]`:                     ingest.Foreign,
		`[{"type":"model","value":"x"},{"type":"environment","value":"y"}]`:                 ingest.Foreign,
		`[{"source":"user","text":"a"},{"source":"agent","text":"b"}]`:                      ingest.Weak,
		`[{"source":"main.go","text":"a"},{"source":"util.go","text":"b"}]`:                 ingest.Foreign,
		`{"role":"user"}`: ingest.Foreign,
		"{\"role\":\"user\",\"content\":\"a\"}\n{\"x\":1}\n{\"x\":2}\n":                             ingest.Foreign,
		"{\"role\":\"user\",\"content\":\"a\"}\n{\"role\":\"assistant\",\"content\":\"b\"}\n":       ingest.Weak,
		"{\"type\":\"user\",\"message\":{\"role\":\"user\",\"content\":\"a\"},\"timestamp\":\"x\"}": ingest.Foreign,
		"{\"level\":\"info\",\"msg\":\"x\"}\n{\"level\":\"info\",\"msg\":\"y\"}\n":                  ingest.Foreign,
		`[1,2,3]`: ingest.Foreign,
		`{}`:      ingest.Foreign,
		`text`:    ingest.Foreign,
		``:        ingest.Foreign,
	} {
		if m := (Parser{}).Match("/x/a.json", []byte(head)); m.Verdict != want {
			t.Errorf("%s: verdict %d, want %d", head, m.Verdict, want)
		}
	}
}
