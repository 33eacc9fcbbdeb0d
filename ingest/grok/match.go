package grok

import (
	"bytes"
	"strings"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/jscan"
)

// Match recognises a stream of updates or a chat history by its lines; other files of a session's
// folder are named.
func (Parser) Match(path string, head []byte) ingest.Match {
	path = strings.ReplaceAll(path, `\`, "/")
	home := strings.Contains(path, "/.grok/")
	if why := sideFile(path, head, home); why != "" {
		return ingest.Match{Verdict: ingest.NotSession, Reason: why}
	}
	rest := bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))
	best := ingest.Foreign
	for n := 0; n < 200 && len(rest) > 0 && best < ingest.Sure; n++ {
		var line []byte
		line, rest, _ = bytes.Cut(rest, []byte{'\n'})
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		v := lineVerdict(line, home || updates(path), history(path))
		if n == 0 && v == ingest.Foreign {
			return ingest.Match{}
		}
		best = max(best, v)
	}
	return ingest.Match{Verdict: best}
}

// lineVerdict judges one line, which may be cut: the keys before the cut count.
func lineVerdict(line []byte, named, chat bool) ingest.Verdict {
	var typ, role, method jscan.Text
	var update, foreign, content, own, stamp bool
	var s jscan.Scanner
	s.Reset(line)
	if s.Kind() != jscan.Object {
		return ingest.Foreign
	}
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "type":
			typ = s.Text()
		case "role":
			role = s.Text()
		case "method":
			method = s.Text()
		case "timestamp":
			stamp = true
			s.Skip()
		case "params":
			for in := s.ObjectOrSkip(); in && s.Key(); {
				if string(s.Name) == "update" {
					update = isUpdate(&s, &own)
				} else {
					s.Skip()
				}
			}
		case "update":
			update = isUpdate(&s, &own)
		case "content", "summary", "kind":
			content = true
			s.Skip()
		case "model_fingerprint", "synthetic_reason", "prompt_index", "prior_turn_interrupt":
			own = true
			s.Skip()
		case "uuid", "session_id", "message", "payload":
			foreign = true
			s.Skip()
		default:
			s.Skip()
		}
	}
	switch {
	case update && (string(method.Raw) == "_x.ai/session/update" || own || named):
		return ingest.Sure
	case update:
		return ingest.Weak
	case foreign || stamp || !content:
		return ingest.Foreign
	}
	switch string(typ.Raw) {
	case "system", "user", "assistant", "tool_result", "reasoning", "backend_tool_call":
		if own || chat {
			return ingest.Sure
		}
		return ingest.Weak
	}
	if chat && typ.Raw == nil && role.Present {
		return ingest.Weak // the first version
	}
	return ingest.Foreign
}

// isUpdate takes an update and reports whether it is one; own is set where only this agent writes it so.
func isUpdate(s *jscan.Scanner, own *bool) (found bool) {
	for in := s.ObjectOrSkip(); in && s.Key(); {
		switch string(s.Name) {
		case "sessionUpdate":
			found = s.Kind() == jscan.String
			s.Skip()
		case "_meta":
			for in := s.ObjectOrSkip(); in && s.Key(); {
				if string(s.Name) == "x.ai/tool" {
					*own = true
				}
				s.Skip()
			}
		default:
			s.Skip()
		}
	}
	return found
}

// sideFile names the files of a session's folder that are no session by themselves.
func sideFile(path string, head []byte, home bool) string {
	name := base(path)
	switch name {
	case "summary.json":
		if isSummary(head) {
			return "index of a session, read with it"
		}
	case "events.jsonl":
		if home || bytes.Contains(head[:min(len(head), 4<<10)], []byte(`"turn_started"`)) && bytes.Contains(head[:min(len(head), 4<<10)], []byte(`"schema_version"`)) {
			return "events of a session, read with its updates"
		}
	case "grok.db":
		if bytes.HasPrefix(head, []byte("SQLite format 3\x00")) {
			return "database of another program of that name, which is not read yet"
		}
	}
	if !home {
		return ""
	}
	switch name {
	case "signals.json":
		return "counters of a session, not a session"
	case "prompt_context.json", "plan.json", "plan_mode.json", "tool_state.json", "announcement_state.json", "meta.json":
		return "state of a session, not a session"
	case "rewind_points.jsonl", "feedback.jsonl", "btw_history.jsonl", "hunk_records.jsonl", "payment_log.jsonl":
		return "side data of a session, not a session"
	}
	return ""
}

func isSummary(head []byte) bool {
	var s jscan.Scanner
	s.Reset(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")))
	if s.Kind() != jscan.Object {
		return false
	}
	info, mark := false, false
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "info":
			info = s.Kind() == jscan.Object
		case "chat_format_version", "current_model_id", "num_chat_messages":
			mark = true
		}
		s.Skip()
	}
	return info && mark
}
