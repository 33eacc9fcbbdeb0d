// Package sweagent reads trajectories of SWE-agent (.traj) and of mini-swe-agent (.traj.json).
//
// A trajectory of SWE-agent has no instants and no counters of single requests: its tokens and its cost
// are totals of the whole run. One of mini-swe-agent carries the provider's responses.
package sweagent

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/ingest/trace"
	"github.com/agenttrace/agenttrace/schema"
)

// The words in the column agent.
const (
	Agent     = "swe-agent"
	MiniAgent = "mini-swe-agent"
)

// Parser reads SWE-agent's trajectories. The zero value is ready for use.
type Parser struct{}

// Mini reads mini-swe-agent's trajectories. The zero value is ready for use.
type Mini struct{}

// Format describes the agent. Trajectories lie where the user's experiments do, so there are no roots.
func (Parser) Format() ingest.Format {
	return ingest.Format{Agent: Agent, Title: "SWE-agent", Version: 2, StoreKind: "json", Roots: func(ingest.Env) []ingest.Root { return nil }}
}

// Format describes the agent.
func (Mini) Format() ingest.Format {
	return ingest.Format{Agent: MiniAgent, Title: "mini-swe-agent", Version: 1, StoreKind: "json", Roots: miniRoots}
}

// miniRoots are the configuration folders, where the last run is kept.
func miniRoots(env ingest.Env) []ingest.Root {
	var out []ingest.Root
	add := func(dir, why string) {
		if filepath.IsAbs(dir) {
			out = append(out, ingest.Root{Path: filepath.Join(dir, "last_mini_run.traj.json"), Why: why})
		}
	}
	if dir := env.Getenv("MSWEA_GLOBAL_CONFIG_DIR"); dir != "" {
		add(dir, "MSWEA_GLOBAL_CONFIG_DIR")
		return out
	}
	if dir := env.Getenv("XDG_CONFIG_HOME"); dir != "" {
		add(filepath.Join(dir, "mini-swe-agent"), "XDG_CONFIG_HOME")
	} else if env.Home != "" {
		add(filepath.Join(env.Home, ".config", "mini-swe-agent"), "default")
	}
	if env.Home != "" {
		add(filepath.Join(env.Home, "Library", "Application Support", "mini-swe-agent"), "default")
	}
	if dir := env.Getenv("LOCALAPPDATA"); dir != "" {
		add(filepath.Join(dir, "mini-swe-agent"), "LOCALAPPDATA")
	}
	return out
}

// Match knows a trajectory by its steps. Files that the replay tool keeps hold a history alone.
func (Parser) Match(path string, head []byte) ingest.Match {
	o := trace.ObjectOf(head)
	switch {
	case o.Len() == 0, strings.HasPrefix(o.Str("trajectory_format"), "mini-swe-agent-"):
	case isTrajectory(o) && (o.Cut || o.Has("history") || o.Has("info") || o.Has("environment")):
		return ingest.Match{Verdict: ingest.Sure}
	case strings.HasSuffix(path, ".traj") && trace.Kind(o.Raw("history")) == jscan.Array:
		return ingest.Match{Verdict: ingest.Sure}
	case strings.HasSuffix(path, ".traj"):
		return ingest.Match{Verdict: ingest.NotSession, Reason: "a trajectory without steps and without a history"}
	}
	return ingest.Match{}
}

// isTrajectory reports whether there is a list of steps with action and observation.
func isTrajectory(o trace.Object) bool {
	raw := o.Raw("trajectory")
	if trace.Kind(raw) != jscan.Array {
		return false
	}
	for e := range trace.Elems(raw) {
		step := trace.ObjectOf(e)
		return step.Raw("action") != nil && (step.Raw("observation") != nil || step.Cut)
	}
	return o.Has("history") && o.Has("info") // no step was made
}

// Match knows a trajectory by the name of its format, which stands at the end of the file; where the
// head does not reach so far, by what stands before.
func (Mini) Match(path string, head []byte) ingest.Match {
	o := trace.ObjectOf(head)
	switch {
	case strings.HasPrefix(o.Str("trajectory_format"), "mini-swe-agent-"):
		return ingest.Match{Verdict: ingest.Sure}
	case o.Cut && trace.Kind(o.Raw("messages")) == jscan.Array && o.Object("info").Has("mini_version"):
		return ingest.Match{Verdict: ingest.Sure}
	}
	return ingest.Match{}
}

// Parse reads one trajectory; the line of a row is the number of the step or message.
func (Parser) Parse(ctx context.Context, src *ingest.Source, emit ingest.Emit) error {
	return parse(Agent, src, emit, func(p *parser, o trace.Object, hash schema.ID) { p.trajectory(o, hash) })
}

// Parse reads one trajectory; the line of a row is the number of the message.
func (Mini) Parse(ctx context.Context, src *ingest.Source, emit ingest.Emit) error {
	return parse(MiniAgent, src, emit, func(p *parser, o trace.Object, hash schema.ID) { p.mini(o) })
}

// A parser reads one trajectory.
type parser struct {
	src    *ingest.Source
	log    *rows.Log
	calls  *trace.Calls
	tools  *trace.Tools
	s      *rows.Session
	native string
	model  string
	n      int64
}

func parse(agent string, src *ingest.Source, emit ingest.Emit, read func(*parser, trace.Object, schema.ID)) error {
	p := &parser{src: src, log: rows.New(agent, src, emit)}
	p.calls = trace.NewCalls(p.log)
	data, err := p.log.Document()
	if err != nil {
		return err
	}
	data = trace.Plain(data)
	o := trace.ObjectOf(data)
	if o.Len() == 0 {
		p.log.Problem(schema.ProblemBadJSON, "", "")
		return p.log.Close()
	}
	read(p, o, schema.HashBytes(data))
	if o.Cut {
		p.log.Problem(schema.ProblemTruncated, "", "")
		p.s.Row.IsComplete = schema.Known(false)
	}
	p.calls.Close(p.s)
	return p.log.Close()
}

// begin starts the record of a step or message.
func (p *parser) begin(at schema.Instant, run *rows.Run) {
	p.n++
	p.log.Begin(p.n, at, p.log.ID("record", p.native).With(uint64(p.n)))
	run.Record()
}

// stem is the name of a file without its endings.
func stem(path string) string {
	base := path[strings.LastIndexAny(path, `/\`)+1:]
	for _, end := range [...]string{".traj.json", ".traj", ".json"} {
		if s, ok := strings.CutSuffix(base, end); ok {
			return s
		}
	}
	return base
}

// copyID tells runs of one task apart, where nothing in them says when they were.
func copyID(name string, hash schema.ID) string { return fmt.Sprintf("%s@%08x", name, uint32(hash)) }

// Capabilities says what SWE-agent's trajectories can tell.
func Capabilities() []ingest.Capability {
	return []ingest.Capability{
		{Field: "model", Available: "partial", Note: "from the configuration or the folder"},
		{Field: "usage", Available: "partial", Note: "total of the run, counted by the agent's own tokenizer"},
		{Field: "cache_read", Available: "no"}, {Field: "cache_write", Available: "no"}, {Field: "reasoning", Available: "no"},
		{Field: "cost", Available: "yes", Note: "total of the run"},
		{Field: "times", Available: "no"},
		{Field: "tool_calls", Available: "yes"}, {Field: "tool_status", Available: "no"}, {Field: "tool_args", Available: "yes"},
		{Field: "tool_durations", Available: "partial", Note: "from version 1.0"},
		{Field: "texts", Available: "yes"}, {Field: "thinking", Available: "partial"}, {Field: "workspace", Available: "yes"},
		{Field: "git_branch", Available: "no"}, {Field: "sub_agents", Available: "partial", Note: "attempts are runs"},
		{Field: "compactions", Available: "no"}, {Field: "api_errors", Available: "no"}, {Field: "approvals", Available: "no"},
		{Field: "agent_version", Available: "partial"}, {Field: "finish_reason", Available: "no"},
	}
}

// MiniCapabilities says what mini-swe-agent's trajectories can tell.
func MiniCapabilities() []ingest.Capability {
	return []ingest.Capability{
		{Field: "model", Available: "yes"},
		{Field: "usage", Available: "partial", Note: "where the provider's response is kept"},
		{Field: "cache_read", Available: "partial"}, {Field: "cache_write", Available: "partial"}, {Field: "reasoning", Available: "partial"},
		{Field: "cost", Available: "yes", Note: "per call and total"},
		{Field: "times", Available: "yes", Note: "from version 2"},
		{Field: "tool_calls", Available: "yes"}, {Field: "tool_status", Available: "yes"}, {Field: "tool_args", Available: "yes"},
		{Field: "tool_durations", Available: "yes", Note: "from request to result"},
		{Field: "texts", Available: "yes"}, {Field: "thinking", Available: "partial"}, {Field: "workspace", Available: "partial"},
		{Field: "git_branch", Available: "no"}, {Field: "sub_agents", Available: "no"}, {Field: "compactions", Available: "no"},
		{Field: "api_errors", Available: "partial", Note: "the exception that ended the run"}, {Field: "approvals", Available: "no"},
		{Field: "agent_version", Available: "yes"}, {Field: "finish_reason", Available: "partial"},
	}
}
