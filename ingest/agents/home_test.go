package agents

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/ingesttest"
	"github.com/agenttrace/agenttrace/schema"
)

// homes says for each parser whose logs lie in a user's home which golden case lies there as the agent lays
// it out. What stands behind a file's name is written into it first, with $HOME for the home.
var homes = map[string]struct {
	dir   string
	files map[string]string
}{
	"aider":          {dir: "aider/session/shop"},
	"amp":            {dir: "amp/thread"},
	"claude-code":    {dir: "claude/usage"},
	"cline":          {dir: "cline/task"},
	"codebuff":       {dir: "codebuff/chat"},
	"codex":          {dir: "codex/session"},
	"continue":       {dir: "continue/ide"},
	"copilot":        {dir: "copilot/cli"},
	"copilot-spans":  {dir: "copilot/traces"},
	"copilot-store":  {dir: "copilot/store"},
	"copilot-traces": {dir: "copilot-traces/cli"},
	"crush": {dir: "crush/project", files: map[string]string{
		".local/share/crush/projects.json": `{"projects":[{"path":"$HOME/shop","data_dir":".crush"}]}`}},
	"cursor":         {dir: "cursor/transcript"},
	"cursor-editor":  {dir: "cursor/editor"},
	"cursor-store":   {dir: "cursor/store"},
	"droid":          {dir: "droid/store"},
	"gemini":         {dir: "gemini/lines"},
	"goose":          {dir: "goose/lines"},
	"goose-db":       {dir: "goose/database"},
	"grok":           {dir: "grok/session"},
	"hermes":         {dir: "hermes/lines"},
	"hermes-db":      {dir: "hermes/database"},
	"iflow":          {dir: "iflow/session"},
	"kilo":           {dir: "kilo/task"},
	"kilo-db":        {dir: "kilo/database"},
	"kimi":           {dir: "kimi/cli"},
	"mini-swe-agent": {dir: "mini-swe-agent/v1"},
	"omp":            {dir: "omp/session"},
	"openclaw":       {dir: "openclaw/session"},
	"openclaw-db":    {dir: "openclaw/database"},
	"opencode":       {dir: "opencode/tree"},
	"opencode-db":    {dir: "opencode/database-1"},
	"openhands":      {dir: "openhands/conversation"},
	"pi":             {dir: "pi/session"},
	"qwen":           {dir: "qwen/session"},
	"roo":            {dir: "roo/subtask"},
	"zed":            {dir: "zed/threads"},
}

// TestHomes lays a sample of each agent out in a fresh home and looks for logs there: it must be found, and
// read by the parser whose sample it is, with a session.
func TestHomes(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range All() {
		f := p.Format()
		name := f.Name()
		home := t.TempDir()
		if err := os.MkdirAll(filepath.Join(home, ".local", "share", "crush"), 0o700); err != nil {
			t.Fatal(err)
		}
		env := ingest.Env{Home: home, Getenv: func(string) string { return "" }}
		sample, ok := homes[name]
		for file, text := range sample.files {
			ingesttest.Put(t, filepath.Join(home, filepath.FromSlash(file)), []byte(strings.ReplaceAll(text, "$HOME", filepath.ToSlash(home))))
		}
		if len(f.Roots(env)) == 0 && !ok {
			continue // its logs lie where the user put them; what others look for may be its own as well
		}
		seen[name] = true
		if !ok {
			t.Errorf("%s has no sample that lies in a home", name)
			continue
		}
		t.Run(name, func(t *testing.T) {
			ingesttest.LayOut(t, filepath.Join("..", "..", "testdata", filepath.FromSlash(sample.dir)), home)
			store := &collector{sessions: map[int64]int{}}
			if _, err := ingest.Run(context.Background(), store, ingest.Options{Parsers: All(), Env: env, Roots: true, Workers: 1, Record: true}); err != nil {
				t.Fatal(err)
			}
			sessions := 0
			for _, s := range store.saved {
				if s.Parser == name && s.Agent == f.Agent && s.State == schema.SourcePresent {
					sessions += store.sessions[s.SourceID]
				}
			}
			if sessions == 0 {
				for _, s := range store.saved {
					t.Logf("%s: %s by %q, %s %s", s.Path, s.Agent, s.Parser, s.State, s.StateReason)
				}
				t.Errorf("no session in %s was read as one of %s", sample.dir, name)
			}
		})
	}
	for name := range homes {
		if !seen[name] {
			t.Errorf("%s is no parser", name)
		}
	}
}

// A collector is a store that remembers which sources were saved, and how many sessions each told.
type collector struct {
	mu       sync.Mutex
	saved    []schema.Source
	sessions map[int64]int
	source   int64
}

func (c *collector) Sources(context.Context) ([]schema.Source, error)        { return nil, nil }
func (c *collector) Unsettled(context.Context) ([]int64, error)              { return nil, nil }
func (c *collector) MachineID(context.Context) (string, error)               { return "m", nil }
func (c *collector) Writer(context.Context) (ingest.Writer, error)           { return c, nil }
func (c *collector) EndImport(context.Context, *schema.Import) error         { return nil }
func (c *collector) Finish(context.Context, []int64, bool) error             { return nil }
func (c *collector) Discard(context.Context) error                           { return nil }
func (c *collector) Commit(context.Context) error                            { return nil }
func (c *collector) Close() error                                            { return nil }
func (c *collector) MoveSource(context.Context, int64, string, string) error { return nil }
func (c *collector) Forgotten(context.Context) (map[schema.ID]struct{}, error) {
	return nil, nil
}
func (c *collector) BeginImport(context.Context, time.Time, string) (int64, error) {
	return 1, nil
}

func (c *collector) SetSourceState(context.Context, []int64, string, string) error { return nil }

func (c *collector) Begin(_ context.Context, source int64, _ bool) error {
	c.source = source
	return nil
}

func (c *collector) Write(r schema.Row) error {
	if _, ok := r.(*schema.Session); ok {
		c.sessions[c.source]++
	}
	return nil
}

func (c *collector) SaveSource(_ context.Context, s *schema.Source, _ bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.saved = append(c.saved, *s)
	return nil
}
