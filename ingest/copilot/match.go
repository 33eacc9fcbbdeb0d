package copilot

import (
	"bytes"
	"strings"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/jscan"
)

// Match recognises Copilot's sessions by their content; the name of a file says little, for transcripts
// are exported as .json as well.
func (Parser) Match(path string, head []byte) ingest.Match {
	if p := strings.ReplaceAll(path, `\`, "/"); strings.HasSuffix(p, "/workspace.yaml") && strings.Contains(p, "/session-state/") {
		return ingest.Match{Verdict: ingest.NotSession, Reason: "where a session works, read with its events"}
	}
	head = bytes.TrimSpace(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")))
	if len(head) == 0 || head[0] != '{' {
		return ingest.Match{}
	}
	line, _, _ := bytes.Cut(head, []byte{'\n'})
	if m := matchEvent(line); m != ingest.Foreign {
		return ingest.Match{Verdict: m}
	}
	switch kindOf(head) {
	case kindOperations, kindLegacy:
		return ingest.Match{Verdict: ingest.Sure}
	case kindChat:
		return ingest.Match{Verdict: ingest.Sure}
	case kindReplay:
		if bytes.Contains(head, []byte(`"request"`)) {
			return ingest.Match{Verdict: ingest.Sure}
		}
		return ingest.Match{Verdict: ingest.NotSession, Reason: "an export of the debug log without a request"}
	}
	return ingest.Match{}
}

// matchEvent judges a line of the event log.
func matchEvent(line []byte) ingest.Verdict {
	var typ []byte
	var id, stamp, parent, data, producer bool
	var s jscan.Scanner
	s.Reset(line)
	for s.Object(); s.Key(); {
		switch k := s.Kind(); string(s.Name) {
		case "type":
			typ = s.View()
		case "id":
			id = k == jscan.String
			s.Skip()
		case "timestamp":
			stamp = k == jscan.String
			s.Skip()
		case "parentId":
			parent = k == jscan.String || k == jscan.Null
			s.Skip()
		case "data":
			if data = k == jscan.Object; !data {
				s.Skip()
				continue
			}
			for s.Object(); s.Key(); {
				switch string(s.Name) {
				case "producer":
					producer = string(s.View()) == "copilot-agent"
				case "copilotVersion":
					producer = true
					s.Skip()
				default:
					s.Skip()
				}
			}
		default:
			s.Skip()
		}
	}
	switch {
	case string(typ) == "session.start" && producer:
		return ingest.Sure
	case knownFamily(string(typ)) && data && id && stamp && parent:
		return ingest.Sure
	}
	return ingest.Foreign
}

func knownFamily(typ string) bool {
	family, _, _ := strings.Cut(typ, ".")
	switch family {
	case "session", "user", "assistant", "tool", "subagent", "hook", "system", "skill", "permission", "abort":
		return true
	}
	return false
}

// A kind of file.
type kind int

const (
	kindForeign    kind = iota
	kindEvents          // JSON Lines of the command line or of the extension
	kindOperations      // a chat session of VS Code as a log of operations
	kindChat            // a chat session of VS Code as one document
	kindLegacy          // the first documents of the command line
	kindReplay          // an export of the debug log of VS Code
)

// kindOf tells documents apart by their top keys, as far as they are in head.
func kindOf(head []byte) kind {
	var s jscan.Scanner
	s.Reset(head)
	if s.Kind() != jscan.Object {
		return kindForeign
	}
	var number, path, requests, version, session, responder, location, timeline, chat, start, exported, prompts, prompt, count, logs bool
	for s.Object(); s.Key(); {
		k := s.Kind()
		switch string(s.Name) {
		case "kind":
			number = k == jscan.Number
		case "v":
			if number && k == jscan.Object {
				raw := s.Raw()
				if raw == nil || bytes.Contains(raw, []byte(`"requests"`)) {
					return kindOperations
				}
				continue
			}
		case "k":
			path = k == jscan.Array
		case "requests":
			requests = k == jscan.Array
		case "version":
			version = k == jscan.Number
		case "sessionId":
			session = k == jscan.String
		case "responderUsername":
			responder = k == jscan.String
		case "initialLocation":
			location = k == jscan.String
		case "timeline":
			timeline = k == jscan.Array
		case "chatMessages":
			chat = k == jscan.Array
		case "startTime":
			start = k == jscan.String
		case "exportedAt":
			exported = k == jscan.String
		case "prompts", "totalPrompts":
			prompts = true
		case "prompt":
			prompt = k == jscan.String
		case "logCount":
			count = k == jscan.Number
		case "logs":
			logs = k == jscan.Array
		}
		if requests && (version && (session || responder) || responder && location) {
			return kindChat
		}
		s.Skip()
	}
	switch {
	case number && path:
		return kindOperations
	case requests && (responder || version && session):
		return kindChat
	case session && (timeline || chat) && start:
		return kindLegacy
	case exported && prompts, prompt && count && logs:
		return kindReplay
	}
	return kindForeign
}
