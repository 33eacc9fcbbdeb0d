// Package kimi reads the session logs of Kimi CLI and of its successor Kimi Code. Both call their log
// wire.jsonl; the lines differ, and only they tell which of the two wrote it.
package kimi

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"io"
	"path/filepath"
	"strings"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/rows"
)

// Agent is this format's word in the column agent.
const Agent = "kimi"

// version is raised when the same file would yield other rows.
const version = 1

// Parser reads the logs of both products. The zero value is ready for use.
type Parser struct{}

var _ ingest.Parser = Parser{}

// Format describes the agent.
func (Parser) Format() ingest.Format {
	return ingest.Format{Agent: Agent, Title: "Kimi CLI, Kimi Code", Version: version, StoreKind: "jsonl", Roots: roots}
}

// Parse reads one log.
func (Parser) Parse(ctx context.Context, src *ingest.Source, emit ingest.Emit) error {
	p := placeOf(src.Path)
	if p.base == "context.jsonl" && p.wired(src) {
		// The log beside tells the same conversation, and more of it.
		n, err := io.Copy(io.Discard, src.Reader)
		src.ParsedOffset = n
		return err
	}
	if p.code && p.twin(src) {
		// It was taken over from Kimi CLI, whose log is still there.
		n, err := io.Copy(io.Discard, src.Reader)
		src.ParsedOffset = n
		return err
	}
	r := &reader{l: rows.New(Agent, src, emit), src: src, place: p, agents: map[*rows.Run]*agent{}}
	whole, err := r.l.Lines(ctx, r.take)
	if err != nil {
		return err
	}
	return r.finish(whole)
}

func roots(env ingest.Env) []ingest.Root {
	home := func(variable, folder string) (string, string) {
		dir := env.Getenv(variable)
		if rest, ok := strings.CutPrefix(dir, "~/"); ok {
			dir = filepath.Join(env.Home, rest)
		}
		if filepath.IsAbs(dir) {
			return filepath.Clean(dir), variable
		}
		return filepath.Join(env.Home, folder), "default"
	}
	cli, why := home("KIMI_SHARE_DIR", ".kimi")
	code, codeWhy := home("KIMI_CODE_HOME", ".kimi-code")
	return []ingest.Root{
		{Path: filepath.Join(cli, "sessions"), Why: why, Want: want, Skip: skip},
		{Path: filepath.Join(code, "sessions"), Why: codeWhy, Want: want, Skip: skip},
	}
}

func want(rel string) bool {
	base := rel[strings.LastIndexByte(rel, '/')+1:]
	switch {
	case base == "wire.jsonl", base == "context.jsonl":
		return true
	case strings.HasPrefix(base, "context_"):
		return false
	}
	// The first versions had one file for each session.
	return strings.HasSuffix(base, ".jsonl") && strings.Count(rel, "/") == 1
}

func skip(rel string) bool {
	switch rel[strings.LastIndexByte(rel, '/')+1:] {
	case "blobs", "plans", "tasks", "cron", "logs":
		return true
	}
	return false
}

// A place is what the path of a log tells.
type place struct {
	base    string
	session string // the folder of the session, or the file's name
	run     string // the sub-agent
	up      string // the way from the file to the folder of the session
	project string // the folder that stands for the working directory
	code    bool   // as Kimi Code lays it out
}

func placeOf(path string) place {
	dirs := strings.Split(strings.ToValidUTF8(strings.ReplaceAll(path, `\`, "/"), "\uFFFD"), "/")
	n := len(dirs)
	p := place{base: dirs[n-1], up: "."}
	at := func(i int) string {
		if n-i < 0 || i > n {
			return ""
		}
		return dirs[n-i]
	}
	switch {
	case p.base != "wire.jsonl" && p.base != "context.jsonl":
		p.session = strings.TrimSuffix(p.base, ".jsonl")
		p.project = at(2)
	case at(3) == "agents":
		p.session, p.run, p.up, p.project, p.code = at(4), at(2), "../..", at(5), true
		if p.run == "main" {
			p.run = ""
		}
	case at(3) == "subagents":
		p.session, p.run, p.up, p.project = at(4), at(2), "../..", at(5)
	default:
		p.session, p.project = at(2), at(3)
	}
	if p.session == "" {
		p.session = "session"
	}
	return p
}

// wired reports whether a log lies beside the context of a session.
func (p place) wired(src *ingest.Source) bool {
	if src.ReadBeside == nil {
		return false
	}
	data, err := src.ReadBeside("wire.jsonl")
	return err == nil && strings.Contains(string(data), `"message"`)
}

// twin reports whether the session is a copy of one of Kimi CLI that is there as well, in the home of the
// same user.
func (p place) twin(src *ingest.Source) bool {
	var st state
	st.load(src, p.up)
	if st.importedFrom == "" || st.dir == "" || strings.ContainsAny(st.importedFrom, `/\.`) {
		return false
	}
	sum := md5.Sum([]byte(st.dir))
	folder := "../../../../../../.kimi/sessions/" + hex.EncodeToString(sum[:]) + "/" + st.importedFrom
	for _, name := range []string{"/wire.jsonl", "/context.jsonl", ".jsonl"} {
		if _, err := src.ReadBeside(folder + name); err == nil {
			return true
		}
	}
	return false
}

// Capabilities says what the logs can tell.
func Capabilities() []ingest.Capability {
	return []ingest.Capability{
		{Field: "model", Available: "partial", Note: "Kimi CLI: of sub-agents only; Kimi Code: yes"},
		{Field: "usage", Available: "yes", Note: "Kimi CLI does not log compactions"},
		{Field: "cache_read", Available: "yes"},
		{Field: "cache_write", Available: "yes"},
		{Field: "reasoning", Available: "no", Note: "inside the output, not told apart"},
		{Field: "cost", Available: "no"},
		{Field: "times", Available: "yes", Note: "not in imported sessions"},
		{Field: "tool_calls", Available: "yes"},
		{Field: "tool_status", Available: "yes", Note: "exit codes from the text"},
		{Field: "tool_args", Available: "yes"},
		{Field: "tool_durations", Available: "yes", Note: "derived"},
		{Field: "texts", Available: "yes"},
		{Field: "thinking", Available: "yes"},
		{Field: "workspace", Available: "yes", Note: "Kimi CLI: by a list beside"},
		{Field: "git_branch", Available: "no"},
		{Field: "sub_agents", Available: "yes"},
		{Field: "compactions", Available: "yes"},
		{Field: "api_errors", Available: "partial", Note: "retries"},
		{Field: "approvals", Available: "yes"},
		{Field: "agent_version", Available: "no"},
		{Field: "finish_reason", Available: "partial", Note: "Kimi Code"},
	}
}
