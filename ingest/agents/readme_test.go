package agents

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/agenttrace/agenttrace/ingest"
)

// shown are the columns of the README's table: fields under the names that people use.
var shown = []struct{ field, name string }{
	{"model", "model"}, {"usage", "tokens"}, {"cache_read", "cache"}, {"reasoning", "reasoning"}, {"cost", "own cost"}, {"times", "times"},
	{"tool_status", "tool results"}, {"tool_args", "arguments"}, {"tool_durations", "tool times"}, {"workspace", "folder"}, {"git_branch", "branch"},
	{"sub_agents", "sub-agents"}, {"compactions", "compactions"}, {"api_errors", "API errors"}, {"approvals", "approvals"},
}

// readmeTable is the table of agents.
func readmeTable() string {
	titles := map[string]string{}
	for _, p := range All() {
		if f := p.Format(); titles[f.Agent] == "" || f.Parser == "" {
			titles[f.Agent] = f.Title
		}
	}
	marks := map[string]string{ingest.Yes: "●", ingest.Partial: "◐", ingest.No: "–"}
	var b strings.Builder
	b.WriteString("| agent |")
	for _, s := range shown {
		fmt.Fprintf(&b, " %s |", s.name)
	}
	b.WriteString("\n| --- |" + strings.Repeat(" :-: |", len(shown)) + "\n")
	for _, d := range Capabilities() {
		fmt.Fprintf(&b, "| %s |", titles[d.Agent])
		for _, s := range shown {
			for _, c := range d.Capabilities {
				if c.Field == s.field {
					fmt.Fprintf(&b, " %s |", marks[c.Available])
				}
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// TestReadmeTable holds the README's table of agents against the declarations.
func TestReadmeTable(t *testing.T) {
	const begin, end = "<!-- agents: written by go test ./ingest/agents -update -->\n", "<!-- end of agents -->"
	generated(t, filepath.Join("..", "..", "README.md"), func(old string) string {
		head, rest, ok := strings.Cut(old, begin)
		_, tail, closed := strings.Cut(rest, end)
		if !ok || !closed {
			t.Fatal("the README lacks the marks of the table")
		}
		return head + begin + readmeTable() + end + tail
	})
}

// TestContributorsPage: the files and packages that the page names are there.
func TestContributorsPage(t *testing.T) {
	root := filepath.Join("..", "..")
	page, err := os.ReadFile(filepath.Join(root, "ingest", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	named := 0
	for _, path := range regexp.MustCompile("`((?:ingest|sql|testdata)/[a-z0-9/._-]+)`").FindAllStringSubmatch(string(page), -1) {
		named++
		if _, err := os.Stat(filepath.Join(root, path[1])); err != nil {
			t.Errorf("the page names %s: %v", path[1], err)
		}
	}
	if named < 12 {
		t.Errorf("the page names only %d files", named)
	}
}
