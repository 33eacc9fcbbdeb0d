// Package codex reads the rollout logs of Codex CLI and of forks that keep its layout: the enveloped
// lines written since September 2025, the bare lines and the single documents before them, and what
// "codex exec --json" prints. Compressed rollouts are read as they are.
package codex

import (
	"path/filepath"
	"strings"

	"github.com/agenttrace/agenttrace/ingest"
)

// agent is the word in the column agent and in every id.
const agent = "codex"

// version is raised when the same file would yield other rows.
const version = 1

// Parser reads Codex rollouts. Its zero value is ready for use.
type Parser struct{}

var _ ingest.Parser = Parser{}

// Format describes Codex CLI.
func (Parser) Format() ingest.Format {
	return ingest.Format{
		Agent:     agent,
		Title:     "Codex CLI",
		Version:   version,
		StoreKind: "jsonl",
		Roots:     roots,
	}
}

// roots are the homes of Codex and of the fork that keeps its layout elsewhere. Beside the rollouts a
// home holds credentials, settings and databases: nothing but the two folders of rollouts is entered.
func roots(env ingest.Env) []ingest.Root {
	home, why := filepath.Join(env.Home, ".codex"), "default"
	if dir := env.Getenv("CODEX_HOME"); dir != "" {
		if rest, ok := strings.CutPrefix(dir, "~/"); ok {
			dir = filepath.Join(env.Home, rest)
		}
		if filepath.IsAbs(dir) {
			home, why = filepath.Clean(dir), "CODEX_HOME"
		}
	}
	return []ingest.Root{
		{Path: home, Why: why, Want: wanted, Skip: skipped},
		{Path: filepath.Join(env.Home, ".openinterpreter"), Why: "default", Want: wanted, Skip: skipped},
	}
}

func wanted(rel string) bool {
	if !below(rel) {
		return false
	}
	return strings.HasSuffix(rel, ".jsonl") || strings.HasSuffix(rel, ".jsonl.zst") || strings.HasSuffix(rel, ".json")
}

func skipped(rel string) bool {
	return !below(rel)
}

// below reports whether rel is one of the folders that hold rollouts, or inside one.
func below(rel string) bool {
	top, _, _ := strings.Cut(rel, "/")
	return top == "sessions" || top == "archived_sessions"
}

// stem is the name of a rollout file without its endings.
func stem(path string) string {
	name := path[strings.LastIndexAny(path, `/\`)+1:]
	name = strings.TrimSuffix(name, ".zst")
	if s, ok := strings.CutSuffix(name, ".jsonl"); ok {
		return s
	}
	return strings.TrimSuffix(name, ".json")
}

// threadInName returns the thread id that a rollout's file name carries: its last 36 characters, or
// those before the underscore that a rollout id follows.
func threadInName(path string) string {
	s := stem(path)
	if !strings.HasPrefix(s, "rollout-") {
		return ""
	}
	if before, after, ok := strings.Cut(s, "_"); ok && isUUID(after) {
		s = before
	}
	if len(s) < 36 || !isUUID(s[len(s)-36:]) {
		return ""
	}
	return s[len(s)-36:]
}

func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if c != '-' {
				return false
			}
		case c >= '0' && c <= '9', c >= 'a' && c <= 'f', c >= 'A' && c <= 'F':
		default:
			return false
		}
	}
	return true
}
