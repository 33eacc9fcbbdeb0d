package qwen

import (
	"bytes"
	"strings"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

// spawned ties a new sub-agent to the call that waits for one of its kind, if there is only one.
func (r *reader) spawned(s *session, row *rows.Run, kind string) {
	var found *rows.Call
	for _, c := range s.runOf(s.s.Main).open {
		if name := c.Row.ToolNameRaw; name != "agent" && name != "task" || c.Row.ChildRunID != 0 {
			continue
		}
		var a jscan.Scanner
		a.Reset(s.runOf(s.s.Main).args[c])
		if a.Kind() != jscan.Object || member(&a, "subagent_type").String() != kind {
			continue
		}
		if found != nil {
			return
		}
		found = c
	}
	if found != nil {
		found.Row.ChildRunID = row.Row.RunID
		row.Row.SpawnToolCallID = found.Row.ToolCallID
	}
}

// An agentFile says what is known of a sub-agent's own log.
type agentFile struct{ exists, usage bool }

// file looks for the log of a sub-agent, which tells all that telemetry would tell of it, and more.
func (r *reader) file(agent string) agentFile {
	key := r.ses.s.Row.NativeSessionID + "/" + agent
	if f, ok := r.agents[key]; ok {
		return f
	}
	var f agentFile
	if r.src.ReadBeside != nil && !strings.ContainsAny(agent, `/\`) && !strings.Contains(key, "..") {
		if data, err := r.src.ReadBeside(r.up + "/subagents/" + r.ses.s.Row.NativeSessionID + "/agent-" + agent + ".jsonl"); err == nil {
			f.exists = true
			f.usage = bytes.Contains(data, []byte(`"usageMetadata"`)) || len(data) >= 1<<20
		}
	}
	r.agents[key] = f
	return f
}

// A sidecar is the small file that describes a sub-agent's log.
type sidecar struct {
	agentType, toolUse, parentAgent, model string
	depth                                  schema.Int
	background                             schema.Bool
}

func (m *sidecar) load(src *ingest.Source, stem string) {
	if src.ReadBeside == nil {
		return
	}
	data, err := src.ReadBeside(stem + ".meta.json")
	if err != nil {
		return
	}
	var s jscan.Scanner
	s.Reset(bytes.ToValidUTF8(data, []byte("\uFFFD")))
	if s.Kind() != jscan.Object {
		return
	}
	flagged := ""
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "agentType":
			m.agentType = s.Str()
		case "toolUseId":
			m.toolUse = s.Str()
		case "parentAgentId":
			m.parentAgent = s.Str()
		case "model":
			m.model = s.Str()
		case "persistedCliFlags":
			flagged = member(&s, "model").String()
		case "depth":
			m.depth = rows.Count(&s)
		case "isBackgrounded":
			if b, ok := s.Bool(); ok {
				m.background = schema.Known(b)
			}
		default:
			s.Skip()
		}
	}
	if m.model == "" {
		m.model = flagged
	}
	if s.End() != nil {
		*m = sidecar{}
	}
}

func (m *sidecar) apply(r *reader, s *rows.Session, u *rows.Run) {
	if m.agentType != "" {
		u.Row.AgentType = m.agentType
	}
	if m.toolUse != "" {
		u.Row.SpawnToolCallID = r.l.ID("tool", s.Row.NativeSessionID, m.toolUse)
	}
	if m.parentAgent != "" {
		u.Row.ParentRunID = r.l.ID("run", s.Row.NativeSessionID, m.parentAgent)
		u.Row.Depth = schema.Int{}
	}
	if m.depth.Valid && m.depth.V > 0 {
		u.Row.Depth = m.depth
	}
	u.Row.IsBackground = m.background
}
