package otel

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/ingesttest"
)

const testdata = "../../testdata/otel"

func TestGolden(t *testing.T) { ingesttest.Golden(t, Parser{}, testdata) }

func FuzzParse(f *testing.F) { ingesttest.Fuzz(f, Parser{}, testdata) }

func TestConform(t *testing.T) {
	for _, rel := range []string{"semconv/out/traces.jsonl", "dialects/out/phoenix.json"} {
		data, err := os.ReadFile(filepath.Join(testdata, rel))
		if err != nil {
			t.Fatal(err)
		}
		ingesttest.Conform(t, Parser{}, "/home/ana/"+rel, testdata, data)
	}
}

func TestCorpus(t *testing.T) {
	sum := ingesttest.Corpus(t, "otlp", Parser{})
	if sum.Files != 1 || sum.Refused != 1 {
		t.Errorf("%d files, %d refused: the one there holds no call of a model", sum.Files, sum.Refused)
	}
}

func TestMatch(t *testing.T) {
	for head, want := range map[string]ingest.Verdict{
		`{"resourceSpans":[{"scopeSpans":[{"spans":[{"attributes":[{"key":"gen_ai.operation.name"}]}]}]}]}`: ingest.Sure,
		`{"resourceSpans":[{"scopeSpans":[{"spans":[{"attributes":[{"key":"http.method"}]}]}]}]}`:           ingest.NotSession,
		`{"resourceMetrics":[]}`: ingest.NotSession,
		`{"name":"x","context":{"trace_id":"0x1","span_id":"0x2"},"attributes":{"http.method":"GET"}}`:      ingest.Foreign,
		`{"name":"x","context":{"trace_id":"0x1","span_id":"0x2"},"attributes":{"gen_ai.system":"openai"}}`: ingest.Sure,
		`{"messages":[{"role":"user","content":"gen_ai."}]}`:                                                ingest.Foreign,
		`[]`: ingest.Foreign,
		``:   ingest.Foreign,
	} {
		if m := (Parser{}).Match("/x/traces.json", []byte(head)); m.Verdict != want {
			t.Errorf("%s: verdict %d, want %d", head, m.Verdict, want)
		}
	}
}
