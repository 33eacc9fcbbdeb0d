package agents

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/agenttrace/agenttrace/ingest"
)

// TestOneParserWins feeds every sample of every agent to every parser: the surest verdict must be that
// of one parser alone, and of the agent whose sample it is.
func TestOneParserWins(t *testing.T) {
	root := filepath.Join("..", "..", "testdata")
	known := map[string]bool{}
	for _, p := range All() {
		known[p.Format().Agent] = true
	}
	samples := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == "want.ndjson" {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		agent, inCase := firstPart(filepath.ToSlash(rel))
		for word, dirs := range folders {
			if slices.Contains(dirs, agent) {
				agent = word
			}
		}
		name, rest := firstPart(inCase)
		if !known[agent] || rest == "" {
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		head := data[:min(len(data), ingest.HeadSize)]
		best, verdict := []string(nil), ingest.Foreign
		for _, p := range All() {
			m := p.Match("/home/ana/"+rest, head)
			if p.Format().Fallback && p.Format().Agent != agent {
				continue // it takes what no other knows
			}
			if m.Verdict > verdict {
				best, verdict = nil, m.Verdict
			}
			if m.Verdict == verdict && verdict > ingest.Foreign {
				best = append(best, p.Format().Agent)
			}
			if m.Verdict == ingest.NotSession && m.Reason == "" {
				t.Errorf("%s: %s refuses it without a reason", rel, p.Format().Agent)
			}
		}
		if verdict < ingest.Weak {
			return nil // the golden rows of its agent say why it is refused
		}
		samples++
		if name == "refused" { // what is not this agent's
			if len(best) != 1 || best[0] == agent {
				t.Errorf("%s: taken by %v, though it is refused by its agent, or by several", rel, best)
			}
			return nil
		}
		if len(best) != 1 || best[0] != agent {
			t.Errorf("%s: taken by %v (verdict %d)", rel, best, verdict)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if samples < 20 {
		t.Errorf("only %d samples", samples)
	}
	t.Logf("%d samples, %d parsers", samples, len(All()))
}

func firstPart(path string) (first, rest string) {
	for i := range path {
		if path[i] == '/' {
			return path[:i], path[i+1:]
		}
	}
	return path, ""
}

// TestNamesAreUnique: versions of parsers are kept by name.
func TestNamesAreUnique(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range All() {
		name := p.Format().Name()
		if seen[name] {
			t.Errorf("two parsers are named %s", name)
		}
		seen[name] = true
	}
}
