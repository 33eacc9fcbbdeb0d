// Package cline reads the logs of Cline and of the extensions that grew out of it, Roo Code and Kilo
// Code: the folders of tasks that all of them write or wrote, and the sessions of Cline's newer core.
//
// A task is told twice, once as events for the screen and once as messages for the model. The events
// are read, for only they count tokens; how tools ended stands in the text of the next request.
package cline

import (
	"path/filepath"
	"strings"

	"github.com/agenttrace/agenttrace/ingest"
)

// version is raised when the same file would yield other rows.
const version = 1

// A family is one of the three extensions.
type family int

const (
	none family = iota
	cline
	roo
	kilo
)

var families = [...]struct {
	agent, title string
	extensions   []string // lower case, as their folders are called
}{
	cline: {"cline", "Cline", []string{"saoudrizwan.claude-dev"}},
	roo:   {"roo", "Roo Code", []string{"rooveterinaryinc.roo-cline", "zoocodeorganization.zoo-code"}},
	kilo:  {"kilo", "Kilo Code", []string{"kilocode.kilo-code"}},
}

// Cline, Roo and Kilo are the parsers. Their zero values are ready for use.
type (
	Cline struct{}
	Roo   struct{}
	Kilo  struct{}
)

var (
	_ ingest.Parser = Cline{}
	_ ingest.Parser = Roo{}
	_ ingest.Parser = Kilo{}
)

// Format describes Cline.
func (Cline) Format() ingest.Format { return format(cline) }

// Format describes Roo Code.
func (Roo) Format() ingest.Format { return format(roo) }

// Format describes Kilo Code.
func (Kilo) Format() ingest.Format { return format(kilo) }

func format(f family) ingest.Format {
	return ingest.Format{
		Agent: families[f].agent, Title: families[f].title, Version: version, StoreKind: "json",
		Roots: func(env ingest.Env) []ingest.Root { return roots(f, env) },
	}
}

// editors are the programs that such extensions run in, by the names of their folders.
var editors = []string{"Code", "Code - Insiders", "VSCodium", "Cursor", "Windsurf", "Positron", "Antigravity", "Trae"}

func roots(f family, env ingest.Env) []ingest.Root {
	var out []ingest.Root
	add := func(path, why string, want func(string) bool) {
		if filepath.IsAbs(path) {
			out = append(out, ingest.Root{Path: filepath.Clean(path), Why: why, Want: want})
		}
	}
	home := func(parts ...string) string {
		if env.Home == "" {
			return ""
		}
		return filepath.Join(append([]string{env.Home}, parts...)...)
	}
	var stores []string // folders with the data of an editor
	for _, e := range editors {
		stores = append(stores, home(".config", e), home("Library", "Application Support", e))
		if dir := env.Getenv("APPDATA"); dir != "" {
			stores = append(stores, filepath.Join(dir, e))
		}
	}
	stores = append(stores, home(".vscode-server", "data"), home(".vscode-server-insiders", "data"))
	for _, store := range stores {
		for _, ext := range families[f].extensions {
			add(filepath.Join(store, "User", "globalStorage", ext, "tasks"), "default", isTask)
		}
	}
	switch f {
	case cline:
		data, why := home(".cline", "data"), "default"
		if dir := env.Getenv("CLINE_DATA_DIR"); dir != "" {
			data, why = dir, "CLINE_DATA_DIR"
		} else if dir := env.Getenv("CLINE_DIR"); dir != "" {
			data, why = filepath.Join(dir, "data"), "CLINE_DIR"
		}
		add(filepath.Join(data, "tasks"), why, isTask)
		if dir := env.Getenv("CLINE_SESSION_DATA_DIR"); dir != "" {
			add(dir, "CLINE_SESSION_DATA_DIR", isMessages)
		} else {
			add(filepath.Join(data, "sessions"), why, isMessages)
		}
	case roo:
		add(home(".vscode-mock"), "default", isTask)
	case kilo:
		add(home(".kilocode", "cli", "global", "tasks"), "default", isTask)
	}
	return out
}

func isTask(rel string) bool {
	name := rel[strings.LastIndexByte(rel, '/')+1:]
	return name == "ui_messages.json" || name == "claude_messages.json"
}

func isMessages(rel string) bool { return strings.HasSuffix(rel, ".messages.json") }

// Capabilities lists what the logs of Cline can tell.
func (Cline) Capabilities() []ingest.Capability {
	return capabilities("yes", "by event, or by task", "partial", "before version 4 from the text of the next request", "partial", "not in version 4")
}

// Capabilities lists what the logs of Roo Code can tell.
func (Roo) Capabilities() []ingest.Capability {
	return capabilities("partial", "from the messages beside", "partial", "while the events hold the requests", "no", "")
}

// Capabilities lists what the logs of Kilo Code can tell: task folders, and databases of newer versions.
func (Kilo) Capabilities() []ingest.Capability {
	list := capabilities("partial", "databases, else from the messages beside", "partial", "task folders: while the events hold the requests", "partial", "databases")
	for i := range list {
		c := &list[i]
		switch c.Field {
		case "reasoning", "finish_reason":
			c.Available, c.Note = ingest.Partial, "databases"
		case "tool_args":
			c.Available, c.Note = ingest.Partial, "databases; task folders: as shown on the screen"
		case "tool_durations":
			c.Available, c.Note = ingest.Partial, "databases; task folders: derived, for commands"
		}
	}
	return list
}

func capabilities(model, modelNote, status, statusNote, agentVersion, versionNote string) []ingest.Capability {
	return []ingest.Capability{
		{Field: "model", Available: model, Note: modelNote},
		{Field: "usage", Available: "yes"},
		{Field: "cache_read", Available: "yes"},
		{Field: "cache_write", Available: "yes"},
		{Field: "reasoning", Available: "no"},
		{Field: "cost", Available: "yes"},
		{Field: "times", Available: "yes"},
		{Field: "tool_calls", Available: "yes"},
		{Field: "tool_status", Available: status, Note: statusNote},
		{Field: "tool_args", Available: "partial", Note: "as shown on the screen"},
		{Field: "tool_durations", Available: "partial", Note: "derived, for commands"},
		{Field: "texts", Available: "yes"},
		{Field: "thinking", Available: "yes"},
		{Field: "workspace", Available: "yes"},
		{Field: "git_branch", Available: "no"},
		{Field: "sub_agents", Available: "partial"},
		{Field: "compactions", Available: "yes"},
		{Field: "api_errors", Available: "yes"},
		{Field: "approvals", Available: "partial", Note: "automatic ones"},
		{Field: "agent_version", Available: agentVersion, Note: versionNote},
		{Field: "finish_reason", Available: "no"},
	}
}
