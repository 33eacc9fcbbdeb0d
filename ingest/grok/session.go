package grok

import (
	"bytes"
	"io"
	"strings"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

// A parser holds the state of one log.
type parser struct {
	src      *ingest.Source
	log      *rows.Log
	about    about
	outcomes outcomes
	ses      *rows.Session
	run      *rows.Run
	id       string // of the session that the log is of, also where it is a run of another
	names    map[string]string

	model  string
	copied bool // a history whose stream of updates is there: nothing but its session is told

	// Pieces of one text come in lines of their own.
	pieces  []byte
	speaker string
	askedAt schema.Instant // of the first piece of a prompt

	usage    map[string]*turnUsage // by prompt
	order    []string
	prompts  []promptStart
	dead     []schema.DeadBranch
	out      []byte
	args     []byte
	turns    int
	lastLine int64        // of a history
	tasks    []*rows.Call // that started a sub-agent and have no result
}

// looksLikeHistory reads ahead, for a file under another name.
func (p *parser) looksLikeHistory() bool {
	head := make([]byte, 8<<10)
	n, _ := io.ReadFull(p.src.Reader, head)
	head = head[:n]
	p.src.Reader = io.MultiReader(bytes.NewReader(head), p.src.Reader)
	line, _, _ := bytes.Cut(head, []byte{'\n'})
	var s jscan.Scanner
	s.Reset(line)
	for in := s.Kind() == jscan.Object && s.Object(); in && s.Key(); {
		switch string(s.Name) {
		case "params", "update", "method":
			return false
		}
		s.Skip()
	}
	return true
}

// open begins the session at the current record. id is what the log calls it.
func (p *parser) open(id string) {
	if p.about.id != "" {
		id = p.about.id
	}
	if id == "" {
		dirs := strings.Split(strings.ToValidUTF8(strings.ReplaceAll(p.src.Path, `\`, "/"), "\uFFFD"), "/")
		if len(dirs) > 1 {
			id = dirs[len(dirs)-2]
		}
		if id == "" {
			id = "unnamed"
		}
	}
	p.id = id
	a := &p.about
	if a.isSubagent() && a.parent != id {
		p.ses = p.log.Session(a.parent)
		p.ses.Row.IsMain = false
		p.run = p.ses.Run(id)
		r := &p.run.Row
		// A sub-agent has an id of its own under which its own sub-agents name it.
		r.RunID, r.OwnSessionID, r.AgentType = p.log.ID("run", id), schema.IDOf(agent, id), a.name
		r.Depth = schema.Int{}
	} else {
		p.ses = p.log.Session(id)
		p.run = p.ses.Main
		if a.parent != "" && a.parent != id {
			p.ses.Row.Relation, p.ses.Row.ParentSessionID = "fork", schema.IDOf(agent, a.parent)
			p.ses.Row.IsMarkedCopy = true // what it shares with its parent is the parent's
		}
		if p.src.Content != ingest.ContentNone {
			p.ses.Row.Title = a.title
		}
	}
	row := &p.ses.Row
	row.SessionKind, row.IsHeadless = "user", a.headless
	row.Workspace, row.GitBranch, row.GitCommit, row.GitRemote = a.cwd, a.branch, a.commit, a.remote
	p.ses.Dir = a.cwd
	row.HasToolArgs = true
}

func (p *parser) finish(whole bool) {
	if p.ses == nil {
		return
	}
	p.speak("")
	p.ses.Row.IsComplete = schema.Known(whole)
	if p.lastLine > 0 && p.about.ended != nil {
		p.bound(p.lastLine, p.log.Time(p.about.ended, "summary"), "end")
	}
	p.putUsage()
	for i := range p.dead {
		p.log.Put(&p.dead[i])
	}
	if p.turns == 0 && len(p.usage) == 0 && !p.copied {
		p.ses.Row.HasUsage, p.ses.Row.HasCache = true, true // nothing was asked: nothing is missing
	}
}

// speak takes another speaker's turn to talk: what the one before said in pieces is one text.
func (p *parser) speak(speaker string) {
	if p.speaker == speaker {
		return
	}
	text := p.pieces
	switch p.speaker {
	case "user":
		p.asked(text)
	case "agent":
		if len(text) > 0 {
			p.run.Message("assistant", "text", text)
		}
	case "thought":
		if len(text) > 0 {
			p.run.Message("assistant", "reasoning", text)
		}
	}
	p.pieces, p.speaker = p.pieces[:0], speaker
}

// asked takes what was said in the user's role.
func (p *parser) asked(text []byte) {
	before, own := userQuery(text)
	if len(before) > 0 {
		p.run.Message("user", "injected", before)
	}
	if len(bytes.TrimSpace(own)) == 0 {
		return
	}
	trigger := "user"
	if p.run != p.ses.Main {
		trigger = "parent"
	}
	p.turns++
	turn := p.run.Prompt(trigger, own)
	if p.askedAt != 0 && p.speaker == "user" {
		turn.StartedAt = p.askedAt
	}
}

// userQuery separates what the user wrote from what the agent put around it.
func userQuery(text []byte) (before, own []byte) {
	const open, end = "<user_query>", "</user_query>"
	if i := bytes.Index(text, []byte(open)); i >= 0 {
		inner := text[i+len(open):]
		if j := bytes.LastIndex(inner, []byte(end)); j >= 0 {
			inner = inner[:j]
		}
		return bytes.TrimSpace(text[:i]), bytes.TrimSpace(inner)
	}
	trimmed := bytes.TrimLeft(text, " \t\r\n")
	for _, tag := range []string{"<user_info>", "<git_status>", "<system-reminder>", "<system_reminder>", "<project_layout>"} {
		if bytes.HasPrefix(trimmed, []byte(tag)) {
			return text, nil
		}
	}
	return nil, text
}

// word is a text that repeats, kept once.
func (p *parser) word(t jscan.Text) string {
	if len(t.Raw) == 0 {
		return ""
	}
	if t.Escaped || len(t.Raw) > 256 {
		return t.String()
	}
	if v, ok := p.names[string(t.Raw)]; ok {
		return v
	}
	v := string(t.Raw)
	p.names[v] = v
	return v
}

func (p *parser) changedModel(name string) {
	if name == "" {
		return
	}
	if p.model != "" && p.model != name {
		p.run.Setting(schema.Event{Event: "model_changed", Detail: name})
	}
	p.model = name
}
