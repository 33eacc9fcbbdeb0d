package codex

import (
	"bytes"
	"strings"

	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/schema"
)

// A thread is what a file says of itself: every rollout holds one thread.
type thread struct {
	fallback string // the id to take where the file does not begin with its own
	headMeta []byte // the line in the head that states it
	settled  bool
	meta     bool // its session_meta was read

	id      string
	hash    schema.ID
	session schema.ID
	run     schema.ID
	native  string // the id of the session: the root thread's for sub-agents

	line        int64
	root        string
	parent      string
	forkedFrom  string
	historyBase bool
	secondMeta  bool // the parent's own head follows: its history is copied
	kind        string
	sessionKind string
	role        string
	depth       schema.Int

	version    string
	originator string
	source     string
	provider   string
	cwd        string
	branch     string
	commit     string
	remote     string
	title      string
}

// isChild reports whether the thread is a run of another thread's session.
func (t *thread) isChild() bool { return t.native != t.id }

// lookForThread finds the id for a file that does not begin with its own: the one in its name, else
// the first that its head states, else its name. meta is the line that states it, if any.
func lookForThread(path string, head []byte) (id string, meta []byte) {
	id = threadInName(path)
	var rec record
	for n := 0; len(head) > 0 && n < 4*sampleLines; n++ {
		var line []byte
		line, head, _ = bytes.Cut(head, []byte{'\n'})
		if !bytes.Contains(line, []byte(`"session_meta"`)) && !bytes.Contains(line, []byte(`"thread.started"`)) {
			continue
		}
		rec.scan(line)
		switch {
		case rec.typ.is("session_meta"):
			if own := rec.v[fID].str(); own != "" && (id == "" || own == id) {
				return strings.ToValidUTF8(own, "\uFFFD"), line
			}
		case rec.typ.is("thread.started"):
			if own := rec.v[fThreadID].str(); own != "" && id == "" {
				return strings.ToValidUTF8(own, "\uFFFD"), nil
			}
		}
	}
	if id == "" {
		id = strings.ToValidUTF8(stem(path), "\uFFFD")
	}
	if id == "" {
		id = "unnamed"
	}
	return id, nil
}

// identify settles who the thread is, at the first record at the latest.
func (p *parser) identify(isMeta bool) {
	t := &p.thread
	if t.settled {
		return
	}
	t.settled = true
	switch {
	case isMeta:
		t.id = p.rec.v[fID].str()
		t.lineage(&p.rec)
	case p.rec.typ.is("thread.started"):
		t.id = p.rec.v[fThreadID].str()
	case t.headMeta != nil:
		p.sub.scan(bytes.ToValidUTF8(t.headMeta, []byte("\uFFFD")))
		t.lineage(&p.sub)
	}
	t.headMeta = nil
	if t.id == "" {
		t.id = t.fallback
	}
	t.native = t.id
	if t.kind == "" {
		t.kind = "main"
	}
	if t.parent != "" && t.parent != t.id {
		t.native = t.parent
		if t.root != "" && t.root != t.id {
			t.native = t.root
		}
		if t.kind == "main" {
			t.kind = "subagent"
		}
	}
	if t.isChild() || t.sessionKind == "" {
		t.sessionKind = "user"
	}
	t.hash = schema.IDOf(agent, "line", t.id)
	t.session = schema.IDOf(agent, t.native)
	t.run = schema.IDOf(agent, "run", t.id)
	t.line = max(p.line, 1)
}

// lineage reads who started the thread and why.
func (t *thread) lineage(r *record) {
	v := &r.v
	t.root = v[fSessionID].str()
	t.forkedFrom = v[fForkedFrom].str()
	t.parent = v[fParentThread].str()
	t.role = v[fAgentRole].str()
	t.historyBase = v[fHistoryBase].kind == jscan.Object
	src := v[fSource]
	switch src.kind {
	case jscan.String:
		t.source = src.str()
	case jscan.Object:
		t.fromSource(src.raw)
	}
	switch v[fThreadSource].str() {
	case "memory_consolidation":
		t.sessionKind = "memory"
	case "guardian_review", "guardian":
		t.kind, t.sessionKind = "guardian", "background"
	}
	if t.parent == t.id {
		t.parent = ""
	}
	if t.forkedFrom == t.id {
		t.forkedFrom = ""
	}
}

// fromSource reads a source that is no plain word: {"subagent": …}, {"internal": …} or {"custom": …}.
func (t *thread) fromSource(raw []byte) {
	var s jscan.Scanner
	s.Reset(raw)
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "subagent":
			if s.Kind() == jscan.String {
				t.internal(s.Str())
				continue
			}
			for in := s.ObjectOrSkip(); in && s.Key(); {
				switch string(s.Name) {
				case "thread_spawn":
					t.kind = "subagent"
					for in := s.ObjectOrSkip(); in && s.Key(); {
						switch string(s.Name) {
						case "parent_thread_id":
							if id := s.Str(); t.parent == "" {
								t.parent = id
							}
						case "depth":
							if d, ok := s.Int(); ok && d >= 0 {
								t.depth = schema.Known(d)
							}
						case "agent_role":
							if r := s.Str(); t.role == "" {
								t.role = r
							}
						default:
							s.Skip()
						}
					}
				case "other":
					t.internal(s.Str())
				default:
					t.internal(string(s.Name))
					s.Skip()
				}
			}
		case "internal":
			if s.Kind() == jscan.String {
				t.internal(s.Str())
				continue
			}
			for in := s.ObjectOrSkip(); in && s.Key(); {
				t.internal(string(s.Name))
				s.Skip()
			}
			if t.sessionKind == "" {
				t.sessionKind = "background"
			}
		case "custom":
			t.source = s.Str()
		default:
			s.Skip()
		}
	}
}

// internal classes the threads that Codex starts for itself.
func (t *thread) internal(what string) {
	switch {
	case what == "review":
		t.kind, t.sessionKind = "review", "review"
	case what == "compact":
		t.kind, t.sessionKind = "compaction", "background"
	case strings.HasPrefix(what, "memory"):
		t.kind, t.sessionKind = "subagent", "memory"
	case strings.HasPrefix(what, "guardian"):
		t.kind, t.sessionKind = "guardian", "background"
	default:
		t.kind, t.sessionKind = "subagent", "background"
	}
}

// meta handles session_meta and the first line of a bare file. The first is the file's own; a later one
// is the head of a copied history.
func (p *parser) meta(bare bool) {
	t, v := &p.thread, &p.rec.v
	if t.meta || v[fID].str() != t.id && v[fID].present() {
		id := v[fID].str()
		if id != "" && id != t.id && (id == t.parent || id == t.forkedFrom) {
			t.secondMeta = true
		}
		if id == t.id {
			if ver := v[fCLIVersion].str(); ver != "" && ver != t.version {
				t.version = ver
				p.note("version_changed", p.word([]byte(ver)))
			}
		}
		return
	}
	t.meta = true
	t.line = p.line
	t.version = v[fCLIVersion].str()
	t.originator = v[fOriginator].str()
	t.provider = v[fProvider].str()
	t.cwd = v[fCwd].str()
	if t.cwd != "" {
		p.ctx.cwd = t.cwd
	}
	if bare {
		// The only instant of the file: when the session began.
		p.record()
	} else if ts := v[fTimestamp]; ts.kind == jscan.String {
		if schema.ParseInstant(ts.raw) == 0 {
			p.problem(schema.ProblemBadTime, "session_meta", "payload.timestamp")
		}
	}
	if g := v[fGit]; g.kind == jscan.Object {
		var s jscan.Scanner
		s.Reset(g.raw)
		for s.Object(); s.Key(); {
			switch string(s.Name) {
			case "branch":
				if t.branch = s.Str(); t.branch == "HEAD" {
					t.branch = ""
				}
			case "commit_hash":
				t.commit = s.Str()
			case "repository_url":
				t.remote = remote(s.Str())
			default:
				s.Skip()
			}
		}
	}
}

// remote brings the address of a repository to host/owner/name in lower case, without credentials.
// What names no host (a path, a bundle) gives "".
func remote(url string) string {
	s := strings.TrimSpace(url)
	if scheme, rest, ok := strings.Cut(s, "://"); ok {
		if strings.EqualFold(scheme, "file") {
			return ""
		}
		authority, path, _ := strings.Cut(rest, "/")
		authority = authority[strings.LastIndexByte(authority, '@')+1:]
		if host, port, ok := strings.Cut(authority, ":"); ok && digits(port) {
			authority = host
		}
		s = authority + "/" + path
	} else {
		// The form of ssh, [user@]host:path; a drive letter is no host.
		host, path, ok := strings.Cut(s, ":")
		if !ok || len(host) < 2 || strings.ContainsAny(host, `/\`) {
			return ""
		}
		s = host[strings.LastIndexByte(host, '@')+1:] + "/" + path
	}
	if i := strings.IndexAny(s, "?#"); i >= 0 {
		s = s[:i]
	}
	s = strings.TrimSuffix(strings.TrimRight(s, "/"), ".git")
	host, path, _ := strings.Cut(s, "/")
	path = strings.Trim(path, "/")
	if host == "" || path == "" {
		return ""
	}
	return strings.ToLower(host + "/" + path)
}

func digits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// modelContext is what the latest turn_context says.
type modelContext struct {
	seen     bool
	model    string
	cwd      string
	approval string
	window   schema.Int
}

func (p *parser) turnContext() {
	v := &p.rec.v
	p.nativeTurn(v[fTurnID])
	c := &p.ctx
	model, cwd, approval := p.wordOf(v[fModel]), p.full(v[fCwd]), p.wordOf(v[fApproval])
	if model != "" {
		if c.model != "" && c.model != model {
			p.note("model_changed", model)
		}
		c.model = model
	}
	if cwd != "" {
		if c.cwd != "" && c.cwd != cwd {
			p.note("workspace_changed", "")
		}
		c.cwd = cwd
	}
	if approval != "" {
		if c.approval != "" && c.approval != approval {
			p.note("mode_changed", approval)
		}
		c.approval = approval
	}
	c.seen = true
}

func (p *parser) emitRun() {
	t := &p.thread
	row := schema.Run{
		Where:        schema.Where{Line: t.line},
		RunID:        t.run,
		SessionID:    t.session,
		OwnSessionID: schema.IDOf(agent, t.id),
		RunKind:      t.kind,
		AgentType:    t.role,
		NativeRunID:  t.id,
		Depth:        t.depth,
		EndState:     p.facts.endState,
		LastLine:     max(p.line, 1),
	}
	if t.parent != "" {
		row.ParentRunID = schema.IDOf(agent, "run", t.parent)
	} else if t.kind == "main" {
		row.Depth = schema.Known(int64(0))
	}
	if row.EndState == "" {
		row.EndState = "unknown"
	}
	p.emit(&row)
}

func (p *parser) emitSession() {
	t, f := &p.thread, &p.facts
	row := schema.Session{
		Where:           schema.Where{Line: t.line},
		SessionID:       t.session,
		Agent:           agent,
		NativeSessionID: t.native,
		IsMain:          !t.isChild(),
		AgentVersion:    t.version,
		Workspace:       t.cwd,
		GitBranch:       t.branch,
		GitCommit:       t.commit,
		GitRemote:       t.remote,
		Entrypoint:      t.source,
		SessionKind:     t.sessionKind,
		IsComplete:      schema.Known(!f.incomplete),
		Fidelity:        "full",
		HasUsage:        f.usage,
		HasCache:        f.cache,
		HasToolStatus:   true,
		HasToolArgs:     true,
		HasTimes:        f.times,
		HasCompactions:  true,
		HasAPIErrors:    f.apiErrors,
		HasReasoning:    f.reasoning,
		ReplayUntilLine: p.replay.until(t),
	}
	if row.Workspace == "" {
		row.Workspace = p.ctx.cwd
	}
	if row.Entrypoint == "" || row.Entrypoint == "unknown" {
		row.Entrypoint = t.originator
	}
	if row.Entrypoint == "" && f.execStream {
		row.Entrypoint = "exec"
	}
	switch {
	case t.originator == "codex_exec" || t.source == "exec" || f.execStream && !f.enveloped:
		row.IsHeadless = schema.Known(true)
	case t.source == "cli", t.source == "vscode", t.originator == "codex_cli_rs", t.originator == "codex-tui", t.originator == "codex_vscode":
		row.IsHeadless = schema.Known(false)
	}
	if t.parent != "" {
		row.ParentSessionID = schema.IDOf(agent, t.parent)
	} else if t.forkedFrom != "" {
		row.ParentSessionID = schema.IDOf(agent, t.forkedFrom)
	}
	if t.forkedFrom != "" && !t.isChild() {
		row.Relation = "fork"
	}
	// Bare files lack times and tokens, saved streams prompts and times; a file with event texts alone
	// has lost its items.
	if !f.enveloped || f.eventTexts && !f.items {
		row.Fidelity = "partial"
	}
	if p.src.Content.Limit(1) > 0 {
		row.Title = t.title
	}
	p.emit(&row)
}

// note emits an event of the current record.
func (p *parser) note(event, detail string) {
	p.row.event = schema.Event{
		Where:      p.here(),
		EventID:    p.eventID(),
		SessionID:  p.thread.session,
		RunID:      p.thread.run,
		TurnID:     p.turnID(),
		Seq:        p.next(),
		OccurredAt: p.at,
		Event:      event,
		Detail:     detail,
	}
	p.emit(&p.row.event)
}

// eventID names the next event or error of the current record.
func (p *parser) eventID() schema.ID {
	p.evNo++
	return p.key.With(1999 + p.evNo)
}
