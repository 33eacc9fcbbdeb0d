package pi

import (
	"context"
	"strings"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

// A parser holds the state of one file.
type parser struct {
	agent string
	log   *rows.Log
	src   *ingest.Source
	place place

	ses *rows.Session
	run *rows.Run

	entry  entry
	msg    message
	parts  []jscan.Text
	joined []byte // a prompt of several texts
	out    []byte // a result of several texts
	names  map[string]string

	provider, model string // by the last change, or the last response
	tier            string
	calls           int // responses
	lastKey         schema.ID
	repeats         uint64
	tree            tree
	slot            string // the title before the header
}

func parse(ctx context.Context, agent string, src *ingest.Source, emit ingest.Emit) error {
	p := &parser{agent: agent, src: src, log: rows.New(agent, src, emit), names: map[string]string{}, tree: tree{talked: -1}}
	p.place = placeOf(agent, src.Path)
	z, err := decompress(src)
	if err != nil {
		return err
	}
	whole, err := p.log.Lines(ctx, p.line)
	if z != nil {
		if z.damaged != nil {
			p.log.Problem(schema.ProblemTruncated, "", "")
			whole = false
		}
		src.ParsedOffset = z.src.n
		z.d.Close()
	}
	if p.ses != nil {
		p.finish(whole)
	}
	if closed := p.log.Close(); closed != nil {
		return closed
	}
	return err
}

// A place is what the path of a file tells.
type place struct {
	stem    string // the session's id where the log has none
	session string // of the main run, for the files of sub-agents
	run     string
}

func placeOf(agent, path string) place {
	dirs := strings.Split(strings.ToValidUTF8(strings.ReplaceAll(path, `\`, "/"), "\uFFFD"), "/")
	base := dirs[len(dirs)-1]
	if i := strings.Index(base, ".jsonl"); i > 0 {
		base = base[:i]
	}
	pl := place{stem: idInName(base)}
	if agent != agentOMP {
		return pl
	}
	// The sub-agents of a session lie in a folder of its name, and theirs in folders below.
	for i := len(dirs) - 2; i >= 0; i-- {
		if id := idInName(dirs[i]); id != dirs[i] {
			pl.session = id
			pl.run = strings.Join(append(append([]string(nil), dirs[i+1:len(dirs)-1]...), base), "/")
		}
	}
	return pl
}

// idInName takes the session's id out of <start time>_<id>; other names come back as they are.
func idInName(name string) string {
	if len(name) > 25 && name[4] == '-' && name[10] == 'T' && name[23] == 'Z' && name[24] == '_' {
		return name[25:]
	}
	return name
}

// open begins the session; id is that of its header, if there is one.
func (p *parser) open(id string) {
	if id == "" {
		id = p.place.stem
	}
	if id == "" {
		id = "unnamed"
	}
	if p.place.session == "" {
		p.ses = p.log.Session(id)
		p.run = p.ses.Main
	} else {
		p.ses = p.log.Session(p.place.session)
		p.ses.Row.IsMain = false
		p.run = p.ses.Run(p.place.run)
		p.run.Row.OwnSessionID = schema.IDOf(p.agent, id)
		if i := strings.LastIndexByte(p.place.run, '/'); i > 0 {
			p.run.Row.ParentRunID = p.log.ID("run", p.place.session, p.place.run[:i])
		}
		p.run.Row.Depth = schema.Known(int64(1 + strings.Count(p.place.run, "/")))
	}
	s := &p.ses.Row
	s.SessionKind = "user"
	s.HasToolStatus, s.HasToolArgs, s.HasCompactions, s.HasAPIErrors = true, true, true, true
	if p.agent == agentClaw {
		p.kindOfClaw(id)
	}
}

// line takes one line.
func (p *parser) line(line []byte, no int64, hash schema.ID) bool {
	e := &p.entry
	if !e.scan(line, &p.msg) {
		return false
	}
	at := schema.ParseInstant(e.timestamp.Raw)
	p.log.Begin(no, at, p.keyOf(e, hash))
	if p.ses == nil {
		if e.typ.is("title") {
			// The slot before the header, which is written over again and again.
			p.slot = p.text(e.title)
			return true
		}
		id := ""
		if e.typ.is("session") {
			id = p.text(e.id)
		}
		p.open(id)
		p.titled(p.slot)
	}
	switch {
	case at != 0:
		p.ses.Row.HasTimes = true
	case len(e.timestamp.Raw) > 0:
		p.log.Problem(schema.ProblemBadTime, p.word(e.typ.Text), "timestamp")
	}
	p.tree.add(p, e)
	p.take(e)
	return true
}

// keyOf is the same for every copy of an entry.
func (p *parser) keyOf(e *entry, hash schema.ID) schema.ID {
	var key schema.ID
	if len(e.id.Raw) > 0 && len(e.timestamp.Raw) > 0 && !e.typ.is("session") {
		key = schema.IDOf(p.agent, "entry", str(e.timestamp.Raw), str(e.id.Raw))
	} else {
		key = schema.IDOf(p.agent, "entry", "line").With(uint64(hash))
	}
	if key != p.lastKey {
		p.lastKey, p.repeats = key, 0
		return key
	}
	p.repeats++
	return key.With(p.repeats)
}

// take handles one entry. Entries beside the conversation do not lengthen a turn.
func (p *parser) take(e *entry) {
	switch string(e.typ.Raw) {
	case "message":
		p.message(e)
		p.run.Record()
		return
	case "custom_message":
		p.injected("user", blocksOf(e.content))
	case "compaction":
		p.compaction(e)
	case "branch_summary":
		p.summary(e.summary)
		p.helper(e, "side_question")
	case "model_usage":
		p.helper(e, "side_question")
	case "session":
		p.header(e)
	case "session_info", "title_change":
		p.titled(p.text(e.title))
	case "title":
		p.titled(p.text(e.title))
	case "model_change":
		p.modelChange(e)
	case "mode_change":
		p.run.Setting(schema.Event{Event: "mode_changed", Detail: p.word(e.mode)})
	case "service_tier_change":
		p.tier = p.word(e.tier)
	case "session_init":
		if p.run != p.ses.Main {
			p.run.Row.AgentType = p.word(e.agent)
		}
	case "custom":
		p.custom(e)
	case "thinking_level_change", "label", "ttsr_injection", "credential_pin", "archive", "reset_boundary":
		// Known, and no row tells of them.
	default:
		p.log.Unknown(p.word(e.typ.Text))
	}
	p.run.Aside()
}

func (p *parser) header(e *entry) {
	s := &p.ses.Row
	if s.Workspace != "" || p.log.Line() != s.Line && p.calls > 0 {
		return // a second header is that of something that was pasted in
	}
	s.Workspace = p.text(e.cwd)
	p.ses.Dir = s.Workspace
	p.titled(p.text(e.title))
	p.provider, p.model = p.word(e.provider), p.word(e.modelID)
	if parent := parentID(p.text(e.parentSession)); parent != "" && p.run == p.ses.Main && p.agent != agentClaw {
		// OpenClaw names keys of its store here, which are no ids of sessions.
		if id := schema.IDOf(p.agent, parent); id != s.SessionID {
			s.Relation, s.ParentSessionID = "fork", id
			s.IsMarkedCopy = true // what it shares with its parent is the parent's
		}
	}
}

// parentID reads the id of a session out of what names it: the id, or the path of its file.
func parentID(name string) string {
	path := strings.ReplaceAll(name, `\`, "/")
	if !strings.Contains(path, "/") && !strings.HasSuffix(path, ".jsonl") {
		return path
	}
	base := strings.TrimSuffix(path[strings.LastIndexByte(path, '/')+1:], ".jsonl")
	if _, id, ok := strings.Cut(base, "_"); ok {
		return id
	}
	return base
}

func (p *parser) titled(title string) {
	if title != "" && p.src.Content != ingest.ContentNone && p.run == p.ses.Main {
		p.ses.Row.Title = title
	}
}

func (p *parser) modelChange(e *entry) {
	provider, model := p.word(e.provider), p.word(e.modelID)
	if model == "" {
		var ok bool
		if provider, model, ok = strings.Cut(p.word(e.model), "/"); !ok {
			provider, model = "", p.word(e.model)
		}
	}
	p.changed(provider, model)
}

// changed notes which model the following responses come from.
func (p *parser) changed(provider, model string) {
	if model == "" {
		return
	}
	if p.model != "" && p.model != model {
		p.run.Setting(schema.Event{Event: "model_changed", Detail: model})
	}
	p.provider, p.model = provider, model
}

func (p *parser) compaction(e *entry) {
	ev := schema.Event{Event: "compaction", Detail: p.word(e.method)}
	ev.TokensBefore, ev.TokensAfter = count(e.tokensBefore), count(e.tokensAfter)
	p.run.Event(ev)
	p.summary(e.summary)
	p.helper(e, "compaction")
}

func (p *parser) summary(t jscan.Text) {
	if len(t.Raw) > 0 {
		p.run.Message("user", "summary", p.log.Bytes(t))
	}
}

// custom takes what the agent and its extensions keep for themselves.
func (p *parser) custom(e *entry) {
	switch string(e.customType.Raw) {
	case "model-snapshot":
		var provider, model string
		var s jscan.Scanner
		s.Reset(e.data)
		for in := s.ObjectOrSkip(); in && s.Key(); {
			switch string(s.Name) {
			case "provider":
				provider = p.word(s.Text())
			case "modelId":
				model = p.word(s.Text())
			default:
				s.Skip()
			}
		}
		p.changed(provider, model)
	case "tool_execution_start":
		var id jscan.Text
		var at schema.Instant
		var s jscan.Scanner
		s.Reset(e.data)
		for in := s.ObjectOrSkip(); in && s.Key(); {
			switch string(s.Name) {
			case "toolCallId":
				id = s.Text()
			case "startedAt":
				at = p.log.Time(s.Raw(), "tool_execution_start")
			default:
				s.Skip()
			}
		}
		if c := p.ses.Find(p.text(id)); c != nil {
			c.Row.StartedAt = at
		}
	}
}

// finish tells what only the end of the file shows.
func (p *parser) finish(whole bool) {
	s := &p.ses.Row
	s.IsComplete = schema.Known(whole)
	if p.calls == 0 {
		s.HasUsage, s.HasCache = true, true // none was made: nothing is missing
	}
	p.tree.end(p.log)
}

// word is a text that repeats, kept once.
func (p *parser) word(t jscan.Text) string {
	if len(t.Raw) == 0 {
		return ""
	}
	if v, ok := p.names[string(t.Raw)]; ok && !t.Escaped {
		return v
	}
	v := t.String()
	if len(v) < 1<<10 && !t.Escaped {
		p.names[v] = v
	}
	return v
}

func (p *parser) text(t jscan.Text) string {
	if len(t.Raw) == 0 {
		return ""
	}
	return t.String()
}
