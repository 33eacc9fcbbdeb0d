// Package pi reads the session logs of one family of agents: pi, its fork Oh My Pi, and the transcripts of
// OpenClaw, in files and in the database of newer versions.
//
// A session is a tree of entries in one file. Forks copy entries into new files with their ids and
// instants, so an entry is known by both; that of the first version, which has no id, by its bytes.
// Nothing in the log names a version of the agent or a branch of git.
package pi

import (
	"context"
	"path/filepath"
	"strings"

	"github.com/agenttrace/agenttrace/ingest"
)

// version is raised when the same file would yield other rows.
const version = 2

// The agents of the family.
const (
	agentPi   = "pi"
	agentOMP  = "omp"
	agentClaw = "openclaw"
)

// Parser reads the logs of pi.
type Parser struct{}

// OMP reads the logs of Oh My Pi.
type OMP struct{}

// OpenClaw reads the transcripts of OpenClaw that are files. Newer versions keep them in a database: OpenClawDatabase.
type OpenClaw struct{}

var (
	_ ingest.Parser = Parser{}
	_ ingest.Parser = OMP{}
	_ ingest.Parser = OpenClaw{}
)

// Format describes pi.
func (Parser) Format() ingest.Format {
	return ingest.Format{Agent: agentPi, Title: "pi", Version: version, StoreKind: "jsonl", Roots: piRoots}
}

// Format describes Oh My Pi.
func (OMP) Format() ingest.Format {
	return ingest.Format{Agent: agentOMP, Title: "Oh My Pi", Version: version, StoreKind: "jsonl", Roots: ompRoots}
}

// Format describes OpenClaw.
func (OpenClaw) Format() ingest.Format {
	return ingest.Format{
		Agent: agentClaw, Title: "OpenClaw", Version: version, StoreKind: "jsonl", Roots: clawRoots, RetentionDays: 30,
	}
}

// Parse reads one session of pi.
func (Parser) Parse(ctx context.Context, src *ingest.Source, emit ingest.Emit) error {
	return parse(ctx, agentPi, src, emit)
}

// Parse reads one session of Oh My Pi, or one of its sub-agents.
func (OMP) Parse(ctx context.Context, src *ingest.Source, emit ingest.Emit) error {
	return parse(ctx, agentOMP, src, emit)
}

// Parse reads one transcript of OpenClaw.
func (OpenClaw) Parse(ctx context.Context, src *ingest.Source, emit ingest.Emit) error {
	return parse(ctx, agentClaw, src, emit)
}

// placesOf collects roots without repeating one.
type placesOf struct {
	env  ingest.Env
	list []ingest.Root
}

func (p *placesOf) add(path, why string, want func(string) bool) {
	if path = filepath.Clean(path); !filepath.IsAbs(path) {
		return
	}
	for _, r := range p.list {
		if r.Path == path {
			return
		}
	}
	p.list = append(p.list, ingest.Root{Path: path, Why: why, Want: want, Skip: skipped})
}

// home adds a folder below the user's home.
func (p *placesOf) home(want func(string) bool, parts ...string) {
	if p.env.Home != "" {
		p.add(filepath.Join(append([]string{p.env.Home}, parts...)...), "default", want)
	}
}

// variable adds a folder below the one that an environment variable names.
func (p *placesOf) variable(name string, want func(string) bool, parts ...string) {
	dir := p.env.Getenv(name)
	if rest, ok := strings.CutPrefix(dir, "~"); ok && p.env.Home != "" {
		dir = filepath.Join(p.env.Home, rest)
	}
	if dir != "" {
		p.add(filepath.Join(append([]string{dir}, parts...)...), name, want)
	}
}

func piRoots(env ingest.Env) []ingest.Root {
	p := placesOf{env: env}
	p.variable("PI_CODING_AGENT_DIR", wantAgent)
	p.home(wantAgent, ".pi", "agent")
	p.home(wanted, ".prime", "agent", "sessions")
	return p.list
}

func ompRoots(env ingest.Env) []ingest.Root {
	p := placesOf{env: env}
	p.variable("OMP_CODING_AGENT_DIR", wantAgent)
	p.variable("PI_CODING_AGENT_DIR", wantAgent)
	config := ".omp"
	if name := env.Getenv("PI_CONFIG_DIR"); name != "" {
		config = name
	}
	p.home(wantAgent, config, "agent")
	p.home(wantProfile, config, "profiles")
	p.variable("XDG_DATA_HOME", wanted, "omp", "sessions")
	p.variable("XDG_DATA_HOME", wantProfile, "omp", "profiles")
	return p.list
}

func clawRoots(env ingest.Env) []ingest.Root {
	p := placesOf{env: env}
	p.variable("OPENCLAW_STATE_DIR", wantClaw, "agents")
	for _, dir := range []string{".openclaw", ".clawdbot", ".moltbot", ".moldbot", ".kimi_openclaw", ".qclaw"} {
		p.home(wantClaw, dir, "agents")
	}
	return p.list
}

func wanted(rel string) bool { return strings.HasSuffix(rel, ".jsonl") }

// wantAgent picks sessions in the folder of an agent; the first versions put them into it directly.
func wantAgent(rel string) bool {
	return wanted(rel) && (strings.HasPrefix(rel, "sessions/") || !strings.Contains(rel, "/"))
}

func wantProfile(rel string) bool { return wanted(rel) && strings.Contains(rel, "/sessions/") }

// wantClaw picks transcripts and their archives: x.jsonl, x.jsonl.reset.<time>, x.jsonl.deleted.<time>,
// x.jsonl.imported-<ms>, each perhaps compressed; and the databases of agents.
func wantClaw(rel string) bool {
	base := rel[strings.LastIndexByte(rel, '/')+1:]
	if base == "openclaw-agent.sqlite" {
		return strings.HasSuffix(rel, "/agent/"+base)
	}
	name := strings.TrimSuffix(base, ".zst")
	i := strings.Index(name, ".jsonl")
	if i < 0 || strings.HasSuffix(name[:i], ".trajectory") {
		return false
	}
	rest := name[i+len(".jsonl"):]
	inSessions := strings.Contains("/"+rel, "/sessions/") && !strings.Contains("/"+rel, "/agent/")
	switch {
	case strings.HasPrefix(rest, ".imported-"):
		return true
	case rest == "", strings.HasPrefix(rest, ".reset."), strings.HasPrefix(rest, ".deleted."), strings.HasPrefix(rest, ".bak."), rest == ".full.bak":
		return inSessions
	}
	return false
}

// skipped leaves out folders whose files are no sessions: externalised images, pointers, and what other
// agents keep below OpenClaw's.
func skipped(rel string) bool {
	switch rel[strings.LastIndexByte(rel, '/')+1:] {
	case "blobs", "terminal-sessions", "codex-home", "cli-auth", "extensions", "node_modules":
		return true
	}
	return false
}
