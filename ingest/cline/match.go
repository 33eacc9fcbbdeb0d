package cline

import (
	"bytes"
	"strings"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/jscan"
)

// Match recognises the files of Cline.
func (Cline) Match(path string, head []byte) ingest.Match { return match(cline, path, head) }

// Match recognises the files of Roo Code.
func (Roo) Match(path string, head []byte) ingest.Match { return match(roo, path, head) }

// Match recognises the files of Kilo Code.
func (Kilo) Match(path string, head []byte) ingest.Match { return match(kilo, path, head) }

func match(f family, path string, head []byte) ingest.Match {
	path = strings.ReplaceAll(path, `\`, "/")
	head = bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))
	owner := familyOfPath(path)
	if why := sideFile(path, head); why != "" {
		if owner == none {
			owner = cline
		}
		if owner == f {
			return ingest.Match{Verdict: ingest.NotSession, Reason: why}
		}
		return ingest.Match{}
	}
	switch {
	case isEvents(head):
		if owner == none {
			owner = familyOfEvents(head)
		}
	case isSession(head):
		owner = cline
	default:
		return ingest.Match{}
	}
	if owner == f {
		return ingest.Match{Verdict: ingest.Sure}
	}
	return ingest.Match{}
}

// familyOfPath goes by the names of the extensions' folders.
func familyOfPath(path string) family {
	path = strings.ToLower(path)
	for f := cline; f <= kilo; f++ {
		for _, ext := range families[f].extensions {
			if strings.Contains(path, "/"+ext+"/") {
				return f
			}
		}
	}
	switch {
	case strings.Contains(path, "/.cline/"):
		return cline
	case strings.Contains(path, "/.kilocode/"):
		return kilo
	}
	return none
}

// familyOfEvents goes by what only one of them writes into its events.
func familyOfEvents(head []byte) family {
	has := func(s string) bool { return bytes.Contains(head, []byte(s)) }
	switch {
	case has(`inferenceProvider\"`), has(`usageMissing\"`):
		return kilo
	case has(`"modelInfo"`), has(`# Current Working Directory`), has(`"checkpoint_created"`), has(`"task_progress"`):
		return cline
	case has(`apiProtocol\"`), has(`# Current Workspace Directory`), has(`"checkpoint_saved"`), has(`<model>`):
		return roo
	}
	return cline
}

// sideFile says what a file beside the events is, or "" for others.
func sideFile(path string, head []byte) string {
	name := path[strings.LastIndexByte(path, '/')+1:]
	switch name {
	case "api_conversation_history.json":
		return "messages for the model; the session is in ui_messages.json"
	case "task_metadata.json", "history_item.json", "context_history.json":
		if bytes.HasPrefix(bytes.TrimSpace(head), []byte("{")) || name == "context_history.json" {
			return "facts of a task, read with ui_messages.json"
		}
	case "taskHistory.json":
		return "index of tasks, not a session"
	}
	if strings.HasSuffix(name, ".compaction.json") && isSession(head) {
		return "what a compaction left of a session; the session is in its messages file"
	}
	if isManifest(head) {
		return "facts of a session, read with its messages file"
	}
	return ""
}

// isEvents recognises an array of screen events by its first element.
func isEvents(head []byte) bool {
	var s jscan.Scanner
	s.Reset(head)
	if s.Kind() != jscan.Array || !s.Array() || !s.Elem() || s.Kind() != jscan.Object {
		return false
	}
	var ts, typ, what bool
	for s.Object(); s.Key(); {
		switch k := s.Kind(); string(s.Name) {
		case "ts":
			ts = k == jscan.Number
			s.Skip()
		case "type":
			v := s.View()
			typ = string(v) == "ask" || string(v) == "say"
		case "ask", "say":
			what = k == jscan.String
			s.Skip()
		default:
			s.Skip()
		}
		if ts && typ && what {
			return true
		}
	}
	return false
}

// isSession recognises a session of the newer core.
func isSession(head []byte) bool {
	var s jscan.Scanner
	s.Reset(head)
	if s.Kind() != jscan.Object {
		return false
	}
	var agent, session, updated, messages bool
	for s.Object(); s.Key(); {
		switch k := s.Kind(); string(s.Name) {
		case "agent":
			v := s.View()
			agent = string(v) == "lead" || string(v) == "subagent" || string(v) == "teammate"
		case "sessionId":
			session = k == jscan.String
			s.Skip()
		case "updated_at":
			updated = k == jscan.String
			s.Skip()
		case "messages":
			messages = k == jscan.Array
			if agent && session && updated && messages {
				return true
			}
			s.Skip()
		default:
			s.Skip()
		}
	}
	return agent && session && updated && messages
}

func isManifest(head []byte) bool {
	var s jscan.Scanner
	s.Reset(head)
	if s.Kind() != jscan.Object {
		return false
	}
	n := 0
	for s.Object(); s.Key(); s.Skip() {
		switch string(s.Name) {
		case "session_id", "started_at", "workspace_root", "enable_tools":
			n++
		}
	}
	return n == 4
}
