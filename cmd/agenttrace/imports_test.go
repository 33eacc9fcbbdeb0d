package main

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
)

const module = "github.com/agenttrace/agenttrace/"

// homes says which package alone may import what from outside, by prefix of the import path.
var homes = map[string]string{
	"github.com/duckdb/":           "schema/store",
	"github.com/marcboeker/":       "nowhere: the driver moved",
	"github.com/spf13/":            "cmd/agenttrace",
	"github.com/jedib0t/go-pretty": "queries/render",
	"github.com/guptarohit/":       "queries/render",
	"github.com/cespare/xxhash":    "schema ingest/digest ingest/shell ingest/edits",
	"github.com/klauspost/":        "ingest/codex ingest/inspect ingest/pi ingest/zed",
	"github.com/ncruces/":          "ingest/sqlitedb ingest/sqlitedb/dbtest",
	"golang.org/x/term":            "cmd/agenttrace",
	"golang.org/x/net/html":        "queries/render/pagetest",
	"github.com/reeflective/":      "cmd/agenttrace",
}

// inside says which of our packages a package may import, by the first matching prefix. What is not
// listed may import everything.
var inside = []struct{ pkg, allowed string }{
	{"schema/store", "schema sql queries"},
	{"schema", ""},
	{"sql", ""},
	{"ingest/jscan", ""},
	{"ingest/jsonl", ""},
	{"ingest/digest", "schema ingest/jscan ingest/literal"},
	{"ingest/shell", "schema sql ingest/digest ingest/literal"},
	{"ingest/edits", "schema"},
	{"ingest/pushback", ""},
	{"ingest/rows", "ingest schema ingest/jscan ingest/digest ingest/shell ingest/edits ingest/pushback"},
	{"ingest/trace", "schema ingest/jscan ingest/shell ingest/edits ingest/rows"},
	{"ingest/agents", "ingest ingest/*"},
	{"ingest/ingesttest", "ingest schema ingest/sqlitedb ingest/sqlitedb/dbtest"},
	{"ingest/sqlitedb", ""},
	{"ingest/", "ingest schema ingest/jscan ingest/jsonl ingest/digest ingest/shell ingest/edits ingest/pushback ingest/rows ingest/recording ingest/trace ingest/sqlitedb"},
	{"ingest", "schema ingest/jsonl ingest/sqlitedb"},
	{"queries/render/page", ""},
	{"queries/render/pagetest", ""},
	{"queries/render", "queries queries/render/page"},
	{"queries/redact", ""},
	{"queries/report", "queries queries/render"},
	{"queries/packs", "queries"},
	{"queries", ""},
}

// TestImports holds the architecture: each outside dependency has one home, parsers know neither the
// database nor each other, and nothing points back along the path of the data.
func TestImports(t *testing.T) {
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", module+"...").Output()
	if err != nil {
		t.Fatal(err)
	}
	dec := json.NewDecoder(strings.NewReader(string(out)))
	seen := 0
	for {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		seen++
		pkg := strings.TrimPrefix(p.ImportPath, module)
		for _, imp := range p.Imports {
			if ours, ok := strings.CutPrefix(imp, module); ok {
				checkInside(t, pkg, ours)
				continue
			}
			if first, _, _ := strings.Cut(imp, "/"); !strings.Contains(first, ".") {
				continue // standard library
			}
			checkOutside(t, pkg, imp)
		}
	}
	if seen < 10 {
		t.Fatalf("only %d packages listed", seen)
	}
}

func checkOutside(t *testing.T, pkg, imp string) {
	for prefix, home := range homes {
		if strings.HasPrefix(imp, prefix) {
			if !contains(strings.Fields(home), pkg) {
				t.Errorf("%s imports %s, whose home is %s", pkg, imp, home)
			}
			return
		}
	}
	t.Errorf("%s imports %s, which has no home yet: add it to the list and to the README", pkg, imp)
}

func checkInside(t *testing.T, pkg, ours string) {
	for _, rule := range inside {
		if pkg != rule.pkg && !(strings.HasSuffix(rule.pkg, "/") && strings.HasPrefix(pkg, rule.pkg)) {
			continue
		}
		for _, a := range strings.Fields(rule.allowed) {
			if a == ours || a == "ingest/*" && strings.HasPrefix(ours, "ingest/") {
				return
			}
		}
		t.Errorf("%s imports %s: allowed are: %s", pkg, ours, rule.allowed)
		return
	}
}
