// Package claude reads the session logs of Claude Code: JSON Lines below projects/ in its config
// homes, one file per session and one per sub-agent, and the web export of a session.
//
// Two things in the format decide how the package is built. A response is written as several records,
// one per content block, each repeating the usage of the response so far: so calls are collected until
// the end of the file and each counter is the largest seen. And a file may hold records of several
// runs (sub-agents inline) and of several sessions (old resumes): so everything a record adds to is
// looked up by the record's own session and agent id, never by the file's name.
package claude

import (
	"path/filepath"
	"strings"

	"github.com/agenttrace/agenttrace/ingest"
)

// Agent is this format's word in the column agent.
const Agent = "claude-code"

// version is raised when the same file would yield other rows.
const version = 1

// Parser reads Claude Code's logs. The zero value is ready for use.
type Parser struct{}

// New returns the parser.
func New() ingest.Parser { return Parser{} }

// Format describes the agent.
func (Parser) Format() ingest.Format {
	return ingest.Format{
		Agent:         Agent,
		Title:         "Claude Code",
		Version:       version,
		StoreKind:     "jsonl",
		Roots:         roots,
		RetentionDays: 30,
	}
}

func roots(env ingest.Env) []ingest.Root {
	var out []ingest.Root
	seen := map[string]bool{}
	add := func(path, why string, want func(string) bool) {
		if path = filepath.Clean(path); filepath.IsAbs(path) && !seen[path] {
			seen[path] = true
			out = append(out, ingest.Root{Path: path, Why: why, Want: want, Skip: skip})
		}
	}
	home := func(dir, why string) { add(filepath.Join(dir, "projects"), why, want) }

	if list := env.Getenv("CLAUDE_CONFIG_DIR"); strings.Trim(list, ", ") != "" {
		for _, dir := range strings.Split(list, ",") {
			dir = strings.TrimSpace(dir)
			if rest, ok := strings.CutPrefix(dir, "~"); ok && env.Home != "" {
				dir = filepath.Join(env.Home, rest)
			}
			switch {
			case dir == "":
			case filepath.Base(dir) == "projects":
				add(dir, "CLAUDE_CONFIG_DIR", want)
			default:
				home(dir, "CLAUDE_CONFIG_DIR")
			}
		}
	} else if env.Home != "" {
		home(filepath.Join(env.Home, ".claude"), "default")
	}
	if dir := env.Getenv("XDG_CONFIG_HOME"); dir != "" {
		home(filepath.Join(dir, "claude"), "XDG_CONFIG_HOME")
	} else if env.Home != "" {
		home(filepath.Join(env.Home, ".config", "claude"), "default")
	}

	// The desktop app gives each local session a config home of its own, deep below its data folder.
	const local = "local-agent-mode-sessions"
	if env.Home != "" {
		add(filepath.Join(env.Home, "Library", "Application Support", "Claude", local), "default", wantLocal)
		add(filepath.Join(env.Home, ".config", "Claude", local), "default", wantLocal)
	}
	if dir := env.Getenv("APPDATA"); dir != "" {
		add(filepath.Join(dir, "Claude", local), "APPDATA", wantLocal)
	}
	return out
}

func want(rel string) bool {
	base := rel[strings.LastIndexByte(rel, '/')+1:]
	switch base {
	case "journal.jsonl", "history.jsonl", "parent-transcript.jsonl":
		return false
	}
	return strings.HasSuffix(base, ".jsonl")
}

func wantLocal(rel string) bool {
	return strings.Contains("/"+rel, "/.claude/projects/") && want(rel)
}

// skip leaves out folders whose files are not transcripts: texts of tools, memories, copies.
func skip(rel string) bool {
	switch rel[strings.LastIndexByte(rel, '/')+1:] {
	case "tool-results", "memory", "jobs", "file-history", "dump-prompts":
		return true
	}
	return false
}
