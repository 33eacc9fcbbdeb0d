package qwen

import (
	"bytes"
	"strings"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/recording"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

// partAgain keeps the rows of a record apart that comes again with more in it.
const partAgain = 1 << 40

// A reader holds what one log has said so far.
type reader struct {
	l       *rows.Log
	src     *ingest.Source
	scanner jscan.Scanner
	inner   jscan.Scanner
	rec     record
	buf     []byte

	stem, up  string // the file's name; the way to the project's folder
	fileAgent string // the sub-agent whose log this is
	parent    string // and its session, by the folder
	meta      sidecar

	sessions map[string]*session
	ses      *session
	run      *run

	seen    map[schema.ID]seen
	calls   []*call
	callOf  map[schema.ID]*call
	timings []timing
	auth    string
	agents  map[string]agentFile

	telemetry, turnResults bool
}

// seen is what is remembered of a record: where it stood and how often it came.
type seen struct {
	line  int64
	times uint64
	hash  schema.ID
}

// A session is what the log says of one session.
type session struct {
	s     *rows.Session
	runs  map[*rows.Run]*run
	title string
	mode  string
	times bool
	usage, cache, thinking, calls,
	tools bool
}

// A run is one agent in a session.
type run struct {
	r                           *rows.Run
	ses                         *session
	last                        schema.ID // its last record
	lastTalk                    int64     // line of the last one that is no bookkeeping
	round                       schema.Int
	prompts                     int
	model, cwd, branch, version string
	args                        map[*rows.Call][]byte // of calls that change or read files
	open                        []*rows.Call
}

func newReader(src *ingest.Source, emit ingest.Emit) *reader {
	r := &reader{
		l: rows.New(Agent, src, emit), src: src, sessions: map[string]*session{}, seen: map[schema.ID]seen{},
		callOf: map[schema.ID]*call{}, agents: map[string]agentFile{},
	}
	dirs := strings.Split(strings.ToValidUTF8(strings.ReplaceAll(src.Path, `\`, "/"), "\uFFFD"), "/")
	n := len(dirs)
	r.stem = strings.TrimSuffix(dirs[n-1], ".jsonl")
	r.up = ".."
	if n >= 2 && dirs[n-2] == "archive" {
		r.up = "../.."
	}
	if n >= 3 && dirs[n-3] == "subagents" {
		if agent, ok := strings.CutPrefix(r.stem, "agent-"); ok && agent != "" {
			r.fileAgent, r.parent = agent, dirs[n-2]
			r.meta.load(src, r.stem)
		}
	}
	return r
}

// take reads one line. Writers that got into each other's way leave several objects on it.
func (r *reader) take(line []byte, no int64, hash schema.ID) bool {
	if r.rec.scan(&r.scanner, line) {
		r.record(no, hash)
		return true
	}
	took := false
	for rest := line; len(rest) > 0; {
		r.inner.Reset(rest)
		r.inner.Skip()
		end := r.inner.Pos()
		if r.inner.Bad() || end >= len(rest) && !took {
			break
		}
		one := rest[:end]
		rest = bytes.TrimSpace(rest[end:])
		if !r.rec.scan(&r.scanner, one) {
			break
		}
		took = true
		r.record(no, schema.HashBytes(one))
		if len(rest) == 0 {
			return true
		}
	}
	if took {
		r.src.Records++
		r.l.Bad(schema.ProblemBadJSON)
	}
	return took
}

// record takes the object in r.rec.
func (r *reader) record(no int64, hash schema.ID) {
	rec := &r.rec
	at := schema.ParseInstant(rec.stamp.Raw)
	key := schema.IDOf(Agent, "uuid", rec.uuid.String())
	if key == 0 {
		key = schema.IDOf(Agent, "line", r.stem).With(uint64(no)).With(uint64(hash))
	}
	before, again := r.seen[key]
	rowKey := key
	if again {
		rowKey = key.With(partAgain + before.times)
	}
	if v := rec.version.Raw; len(v) > 0 && string(v) != r.l.Version && string(v) != "unknown" {
		r.l.Version = rec.version.String()
	}
	r.l.Begin(no, at, rowKey)
	if at == 0 && len(rec.stamp.Raw) > 0 {
		r.l.Problem(schema.ProblemBadTime, word(rec.typ), "timestamp")
	}
	switch string(rec.typ.Raw) {
	case "user", "assistant", "tool_result", "system":
	default:
		r.l.Unknown(word(rec.typ))
		return
	}
	if rec.managed || bytes.HasPrefix(rec.subtype.Raw, []byte("managed_session_")) {
		r.l.Unknown("managed session")
		return
	}
	if again && before.hash == hash {
		return // the same once more
	}
	r.enter()
	r.seen[key] = seen{line: no, times: before.times + 1, hash: hash}
	switch string(rec.typ.Raw) {
	case "assistant":
		r.mark(again)
		r.facts()
		r.assistant()
	case "user":
		r.mark(again)
		r.facts()
		r.user(key)
	case "tool_result":
		r.mark(again)
		r.facts()
		r.results()
	case "system":
		r.system(again, key)
	}
	r.run.last = key
	if string(rec.typ.Raw) != "system" {
		r.run.lastTalk = no
	}
}

// mark makes the record comparable with copies of it, once.
func (r *reader) mark(again bool) {
	if !again {
		r.run.r.Record()
	}
}

func word(t jscan.Text) string {
	w, _ := t.Prefix(64)
	return w
}

// enter finds session and run of the record.
func (r *reader) enter() {
	rec := &r.rec
	native := rec.session.String()
	if native == "" {
		native = r.parent
	}
	if native == "" {
		native = r.stem
	}
	if native == "" {
		native = "session"
	}
	s := r.sessions[native]
	if s == nil {
		s = &session{s: r.l.Session(native), runs: map[*rows.Run]*run{}}
		s.s.Row.SessionKind = "user"
		s.s.Row.IsMain = r.fileAgent == ""
		r.sessions[native] = s
	}
	r.ses = s
	agent := rec.agentID.String()
	if agent == "" {
		agent = r.fileAgent
	}
	if agent == "" || r.fileAgent == "" && !rec.sidechain {
		r.run = s.runOf(s.s.Main)
		return
	}
	r.run = r.subRun(s, agent, rec.agentName.String())
	if agent == r.fileAgent {
		r.meta.apply(r, s.s, r.run.r)
	}
}

func (s *session) runOf(row *rows.Run) *run {
	u := s.runs[row]
	if u == nil {
		u = &run{r: row, ses: s, args: map[*rows.Call][]byte{}}
		s.runs[row] = u
	}
	return u
}

func (r *reader) subRun(s *session, agent, kind string) *run {
	row := s.s.Run(agent)
	if s.runs[row] == nil && r.fileAgent == "" {
		r.spawned(s, row, kind)
	}
	if row.Row.AgentType == "" {
		row.Row.AgentType = kind
	}
	return s.runOf(row)
}

// facts takes what the envelope says, and its changes.
func (r *reader) facts() {
	rec, s, u := &r.rec, r.ses, r.run
	row := &s.s.Row
	s.times = s.times || r.l.At() != 0
	if cwd := u.news(u.cwd, rec.cwd); cwd != "" {
		if row.Workspace == "" {
			row.Workspace = cwd
		}
		s.s.Dir = cwd
		u.changed(&u.cwd, cwd, "workspace_changed")
	}
	if branch := u.news(u.branch, rec.branch); branch != "" && branch != "HEAD" {
		if row.GitBranch == "" {
			row.GitBranch = branch
		}
		u.changed(&u.branch, branch, "branch_changed")
	}
	if v := u.news(u.version, rec.version); v != "" && v != "unknown" {
		if row.AgentVersion == "" {
			row.AgentVersion = v
		}
		u.changed(&u.version, v, "version_changed")
	}
	if rec.hasForked {
		row.IsMarkedCopy = true
		if from := rec.forkedFrom.String(); from != "" && from != row.NativeSessionID {
			row.Relation, row.ParentSessionID = "fork", schema.IDOf(Agent, from)
		}
	}
}

// news is a text that is not what it was on the line before.
func (u *run) news(have string, t jscan.Text) string {
	if !t.Escaped && string(t.Raw) == have {
		return ""
	}
	return t.String()
}

func (u *run) changed(have *string, now, event string) {
	if *have != "" && *have != now {
		u.r.Event(schema.Event{Event: event, Detail: now})
	}
	*have = now
}

// rewound notes that the conversation goes on from an earlier record: what lies between is a dead branch.
func (r *reader) rewound(target schema.ID) {
	from, ok := r.seen[target]
	if !ok || from.line >= r.l.Line()-1 {
		return
	}
	r.l.Dead(from.line+1, r.l.Line()-1)
}

// finish emits what was open until the end.
func (r *reader) finish(whole bool) error {
	for _, c := range r.calls {
		c.count(r.auth)
		if c.usage.any() {
			r.l.Observe(c.row.ModelCallID, c.row.Line, c.row.OccurredAt, c.row.Usage, "")
		}
		r.l.Put(&c.row)
	}
	if len(r.sessions) == 0 && r.src.Records > r.src.Unknown {
		r.enter()
	}
	for _, s := range r.sessions {
		row := &s.s.Row
		row.IsComplete = schema.Known(whole)
		row.HasTimes = s.times
		row.HasToolStatus, row.HasToolArgs, row.HasCompactions = true, true, true
		row.HasUsage, row.HasCache, row.HasReasoning = !s.calls || s.usage, !s.calls || s.cache, !s.calls || s.thinking
		row.HasAPIErrors, row.HasApprovals = r.telemetry || r.turnResults, r.telemetry
		if r.src.Content != ingest.ContentNone {
			row.Title = s.title
		}
	}
	return r.l.Close()
}

// keepArgs remembers the arguments of calls whose result says what came of them.
func (u *run) keepArgs(c *rows.Call, args []byte) {
	switch c.Row.ToolNameRaw {
	case "edit", "replace", "write_file", "read_file", "agent", "task":
		u.args[c] = append([]byte(nil), args...)
	}
}

// effects tells what a call did to files.
func (u *run) effects(c *rows.Call, d *recording.Diff, text []byte) {
	recording.Effects(c, u.args[c], d, text)
	delete(u.args, c)
}
