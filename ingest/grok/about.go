package grok

import (
	"bytes"
	"strings"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

// about is what the files beside a log say of the session.
type about struct {
	known          bool
	id, cwd        string
	title          string
	model          string
	kind, parent   string
	name           string // of the kind of agent
	branch, commit string
	remote         string
	created, ended []byte
	headless       schema.Bool
}

func (a *about) read(src *ingest.Source) {
	if src.ReadBeside == nil {
		return
	}
	doc, err := src.ReadBeside("summary.json")
	if err != nil {
		return
	}
	var summary, generated string
	var s jscan.Scanner
	s.Reset(doc)
	if s.Kind() != jscan.Object {
		return
	}
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "info":
			for in := s.ObjectOrSkip(); in && s.Key(); {
				switch string(s.Name) {
				case "id":
					a.id = s.Str()
				case "cwd":
					a.cwd = s.Str()
				default:
					s.Skip()
				}
			}
		case "created_at", "createdAt":
			a.created = s.Raw()
		case "last_active_at", "lastActiveAt":
			a.ended = s.Raw()
		case "session_summary", "sessionSummary":
			summary = s.Str()
		case "generated_title", "generatedTitle":
			generated = s.Str()
		case "current_model_id", "modelId":
			a.model = s.Str()
		case "session_kind":
			a.kind = s.Str()
		case "parent_session_id":
			a.parent = s.Str()
		case "agent_name":
			a.name = s.Str()
		case "head_branch":
			a.branch = s.Str()
		case "head_commit":
			a.commit = s.Str()
		case "git_remotes":
			for in := s.ArrayOrSkip(); in && s.Elem(); {
				if r := remote(s.Str()); a.remote == "" {
					a.remote = r
				}
			}
		default:
			s.Skip()
		}
	}
	if s.End() != nil {
		*a = about{}
		return
	}
	a.known = true
	if a.title = generated; a.title == "" {
		a.title = summary
	}
	if a.branch == "HEAD" {
		a.branch = ""
	}
	if doc, err := src.ReadBeside("prompt_context.json"); err == nil {
		s.Reset(doc)
		for in := s.ObjectOrSkip(); in && s.Key(); {
			if string(s.Name) != "is_non_interactive" {
				s.Skip()
				continue
			}
			if v, ok := s.Bool(); ok {
				a.headless = schema.Known(v)
			}
		}
	}
}

func (a *about) isSubagent() bool { return strings.HasPrefix(a.kind, "subagent") && a.parent != "" }

// remote brings the address of a repository to host/owner/name in lower case, without credentials.
func remote(address string) string {
	s := strings.TrimSpace(address)
	if _, rest, ok := strings.Cut(s, "://"); ok {
		s = rest
	} else if host, path, ok := strings.Cut(s, ":"); ok && len(host) > 1 && !strings.ContainsAny(host, `/\`) {
		s = host + "/" + path
	}
	host, path, ok := strings.Cut(s, "/")
	host = host[strings.LastIndexByte(host, '@')+1:]
	if i := strings.IndexByte(host, ':'); i >= 0 {
		host = host[:i]
	}
	if i := strings.IndexAny(path, "?#"); i >= 0 {
		path = path[:i]
	}
	path = strings.Trim(strings.TrimSuffix(strings.TrimRight(path, "/"), ".git"), "/")
	if !ok || host == "" || host[0] == '.' || path == "" || !strings.Contains(host, ".") && host != "localhost" {
		return ""
	}
	return strings.ToLower(host + "/" + path)
}

// outcomes are how calls ended by the file of events, which knows how long they took.
type outcomes map[string]outcome

type outcome struct {
	how      string
	duration schema.Int
}

func (o *outcomes) read(src *ingest.Source) {
	if src.ReadBeside == nil {
		return
	}
	data, err := src.ReadBeside("events.jsonl")
	if err != nil {
		return
	}
	*o = outcomes{}
	for len(data) > 0 {
		var line []byte
		if i := bytes.IndexByte(data, '\n'); i >= 0 {
			line, data = data[:i], data[i+1:]
		} else {
			line, data = data, nil
		}
		var typ, id, how, source jscan.Text
		var duration schema.Int
		var s jscan.Scanner
		s.Reset(line)
		for in := s.Kind() == jscan.Object && s.Object(); in && s.Key(); {
			switch string(s.Name) {
			case "type":
				typ = s.Text()
			case "tool_call_id":
				id = s.Text()
			case "outcome":
				how = s.Text()
			case "duration_ms":
				duration = rows.Count(&s)
			case "source":
				source = s.Text()
			default:
				s.Skip()
			}
		}
		// A proxy times its hop for the same call.
		if string(typ.Raw) == "tool_completed" && len(id.Raw) > 0 && string(source.Raw) != "workspace" {
			(*o)[id.String()] = outcome{how: how.String(), duration: duration}
		}
	}
}

// apply lets the event of a call say how it ended, which it knows better than the update.
func (o outcome) apply(c *rows.Call) {
	if o.duration.Valid {
		c.Row.DurationMS, c.Row.DurationBasis = o.duration, "reported"
	}
	switch o.how {
	case "permission_rejected", "followup", "hook_denied":
		c.End("denied", "permission")
		c.Row.Approval = "denied"
		if o.how == "hook_denied" {
			c.Row.Approval = "rule"
		}
	case "permission_cancelled", "cancelled":
		c.End("interrupted", "")
	case "invalid_tool":
		c.End("error", "unknown_tool")
	case "error":
		if c.Row.Status != "error" {
			c.End("error", "tool_error")
		}
	}
}
