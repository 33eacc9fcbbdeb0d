package codebuff

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/ingesttest"
	"github.com/agenttrace/agenttrace/schema"
)

const testdata = "../../testdata/codebuff"

// zone stands for the machine that wrote the chats.
var zone = time.FixedZone("", 2*60*60)

func TestGolden(t *testing.T) { ingesttest.Golden(t, Parser{Zone: zone}, testdata) }

func FuzzParse(f *testing.F) { ingesttest.Fuzz(f, Parser{Zone: zone}, testdata) }

func TestConform(t *testing.T) {
	for _, rel := range []string{
		"chat/.config/manicode/projects/shop/chats/2026-07-16T21-58-00.236Z/chat-messages.json",
		"legacy/.config/manicode/projects/shop/chats/2025-09-06T10-00-00.000Z/messages.json",
	} {
		data, err := os.ReadFile(filepath.Join(testdata, rel))
		if err != nil {
			t.Fatal(err)
		}
		ingesttest.Conform(t, Parser{Zone: zone}, "/home/ana/"+rel, testdata, data)
	}
}

func TestTimeOfDay(t *testing.T) {
	for text, want := range map[string]int{"03:04 PM": 15*60 + 4, "12:00 AM": 0, "12:30 PM": 12*60 + 30, "9:05 am": 9*60 + 5, "15:04": 15*60 + 4, "07:08:09": 7*60 + 8} {
		if got, ok := timeOfDay(text); !ok || got != want {
			t.Errorf("%q: %d %v, want %d", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "soon", "25:00", "13:00 PM", "0:10 AM", "10:60"} {
		if got, ok := timeOfDay(text); ok {
			t.Errorf("%q: %d", text, got)
		}
	}
}

func TestTook(t *testing.T) {
	for text, want := range map[string]int64{"12s": 12000, "1m 5s": 65000, "1.5s": 1500, "2h": 7200000, "250ms": 250} {
		if got := took(text); got != schema.Known(want) {
			t.Errorf("%q: %v, want %d", text, got, want)
		}
	}
	for _, text := range []string{"", "12", "a while", "s"} {
		if got := took(text); got.Valid {
			t.Errorf("%q: %d", text, got.V)
		}
	}
}

func TestRoots(t *testing.T) {
	env := ingest.Env{Home: "/home/ana", Getenv: func(name string) string {
		return map[string]string{"CODEBUFF_DATA_DIR": "/a, /b"}[name]
	}}
	got := map[string]bool{}
	for _, r := range (Parser{}).Format().Roots(env) {
		got[filepath.ToSlash(r.Path)] = true
		if !r.Want("shop/chats/2026/chat-messages.json") || r.Want("shop/chats/2026/run-state.json") || r.Want("shop/messages.json") {
			t.Error("the wrong files are wanted")
		}
	}
	for _, want := range []string{"/home/ana/.config/manicode/projects", "/a/projects", "/b/projects"} {
		if !got[want] {
			t.Errorf("does not look into %s", want)
		}
	}
}
