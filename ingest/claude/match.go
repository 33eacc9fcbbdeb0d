package claude

import (
	"bytes"
	"strings"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/jscan"
)

// maxMatchLines bounds how far Match looks for a line of conversation behind metadata.
const maxMatchLines = 200

// Match says whether a file is a transcript of Claude Code.
func (Parser) Match(path string, head []byte) ingest.Match {
	path = strings.ReplaceAll(path, `\`, "/")
	if why := sideFile(path); why != "" && looksLikeJSON(head) {
		return ingest.Match{Verdict: ingest.NotSession, Reason: why}
	}
	if strings.HasSuffix(path, ".json") {
		return matchDocument(head)
	}
	home := strings.Contains(path, "/.claude/") || strings.Contains(path, "/projects/")
	if len(bytes.TrimSpace(head)) == 0 {
		if home && strings.HasSuffix(path, ".jsonl") {
			return ingest.Match{Verdict: ingest.NotSession, Reason: "the file is empty"}
		}
		return ingest.Match{}
	}

	best := lineForeign
	rest := bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))
	for n := 0; n < maxMatchLines && len(rest) > 0; n++ {
		line := rest
		if i := bytes.IndexByte(rest, '\n'); i >= 0 {
			line, rest = rest[:i], rest[i+1:]
		} else {
			rest = nil
		}
		switch kind := lineKind(line); kind {
		case lineOther:
			// One line that only another agent writes settles it.
			return ingest.Match{}
		case lineSure:
			return ingest.Match{Verdict: ingest.Sure}
		case lineHistory:
			if best == lineForeign {
				return ingest.Match{Verdict: ingest.NotSession, Reason: "prompt history, not a session"}
			}
		case lineJournal:
			if best == lineForeign {
				return ingest.Match{Verdict: ingest.NotSession, Reason: "workflow journal, not a session"}
			}
		default:
			best = max(best, kind)
		}
	}
	switch {
	case best == lineMeta && home:
		return ingest.Match{Verdict: ingest.Sure}
	case best >= lineMeta:
		return ingest.Match{Verdict: ingest.Weak}
	}
	return ingest.Match{}
}

// sideFile names the files beside transcripts by their path; "" for all others.
func sideFile(path string) string {
	base := path[strings.LastIndexByte(path, '/')+1:]
	switch {
	case base == "sessions-index.json":
		return "index of sessions, not a session"
	case base == "custom-title.json":
		return "title of a session, not a session"
	case strings.HasPrefix(base, "agent-") && strings.HasSuffix(base, ".meta.json"):
		return "side file of a sub-agent, read with its transcript"
	case base == "parent-transcript.jsonl":
		return "copy of another session's transcript"
	case strings.HasPrefix(base, "wf_") && strings.HasSuffix(base, ".json") && strings.Contains(path, "/workflows/"):
		return "summary of a workflow, not a session"
	case strings.Contains(path, "/.claude/") && (strings.Contains(path, "/tool-results/") || strings.Contains(path, "/memory/")):
		return "text kept beside a session, not a session"
	}
	return ""
}

func looksLikeJSON(head []byte) bool {
	head = bytes.TrimSpace(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")))
	return len(head) > 0 && (head[0] == '{' || head[0] == '[')
}

// matchDocument knows the web export, one document with the records of a session in loglines.
func matchDocument(head []byte) ingest.Match {
	var s jscan.Scanner
	s.Reset(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")))
	if s.Kind() != jscan.Object {
		return ingest.Match{}
	}
	for s.Object(); s.Key(); {
		if string(s.Name) == "loglines" && s.Kind() == jscan.Array {
			return ingest.Match{Verdict: ingest.Sure}
		}
		s.Skip()
	}
	return ingest.Match{}
}

// Kinds of line, in rising order of evidence.
const (
	lineForeign = iota
	lineHistory
	lineJournal
	lineMeta // bookkeeping that only this agent writes
	lineWeak // a conversation without the envelope
	lineSure
	lineOther // only another agent writes this
)

// lineKind judges one line, which may be cut: the keys before the cut count.
func lineKind(line []byte) int {
	var s jscan.Scanner
	s.Reset(bytes.TrimRight(bytes.TrimLeft(line, "\x00"), "\r"))
	if s.Kind() != jscan.Object {
		return lineForeign
	}
	var typ, subtype, session, id []byte
	var uuid, parent, underscore, message, attachment, payload, parts, stamp, sidechain, user, key, agent bool
	var display, project, leaf, messageID, snapshot bool
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "type":
			typ = s.View()
		case "subtype":
			subtype = s.View()
		case "sessionId":
			session = s.View()
		case "session_id":
			underscore = true
			s.Skip()
		case "uuid":
			uuid = s.Kind() == jscan.String
			s.Skip()
		case "parentUuid":
			k := s.Kind()
			parent = k == jscan.String || k == jscan.Null
			s.Skip()
		case "isSidechain":
			sidechain = true
			s.Skip()
		case "userType":
			user = true
			s.Skip()
		case "timestamp":
			stamp = true
			s.Skip()
		case "attachment":
			attachment = s.Kind() == jscan.Object
			s.Skip()
		case "payload", "systemPayload", "toolCallResult", "usageMetadata":
			payload = true
			s.Skip()
		case "display":
			display = true
			s.Skip()
		case "project":
			project = true
			s.Skip()
		case "key":
			key = true
			s.Skip()
		case "agentId":
			agent = true
			s.Skip()
		case "leafUuid":
			leaf = true
			s.Skip()
		case "messageId":
			messageID = true
			s.Skip()
		case "snapshot":
			snapshot = true
			s.Skip()
		case "message":
			if s.Kind() != jscan.Object {
				s.Skip()
				continue
			}
			message = true
			for s.Object(); s.Key(); {
				switch string(s.Name) {
				case "id":
					id = s.View()
				case "parts":
					parts = true
					s.Skip()
				default:
					s.Skip()
				}
			}
		default:
			s.Skip()
		}
	}
	conversation := false
	switch string(typ) {
	case "user", "assistant", "system", "attachment":
		conversation = true
	}
	switch {
	case payload, parts, string(typ) == "session",
		bytes.HasPrefix(session, []byte("session-")), bytes.HasPrefix(id, []byte("response-")),
		underscore && session == nil && (conversation || string(typ) == "result"):
		return lineOther
	case conversation && session != nil && parent && (uuid || sidechain && user) && (message || subtype != nil || attachment || s.Bad()):
		return lineSure
	case conversation && session != nil && uuid && (message || subtype != nil):
		return lineWeak
	case (string(typ) == "user" || string(typ) == "assistant") && message && (stamp || uuid):
		return lineWeak
	case typ == nil && display && project:
		return lineHistory
	case key && agent && (string(typ) == "launched" || string(typ) == "started" || string(typ) == "result"):
		return lineJournal
	case string(typ) == "summary":
		if leaf {
			return lineMeta
		}
	case string(typ) == "file-history-snapshot":
		if messageID && snapshot {
			return lineMeta
		}
	case string(typ) == "progress":
		if session != nil && parent {
			return lineMeta
		}
	case session != nil && metadata(typ):
		return lineMeta
	}
	return lineForeign
}

// metadata tells the bookkeeping records, which carry no conversation.
func metadata(typ []byte) bool {
	switch string(typ) {
	case "mode", "permission-mode", "file-history-snapshot", "file-history-delta", "ai-title", "custom-title", "last-prompt",
		"queue-operation", "agent-name", "fork-context-ref", "tag", "pr-link", "frame-link", "relocated", "continued-in",
		"worktree-state", "content-replacement", "attribution-snapshot", "bridge-session", "cost-state", "summary", "progress":
		return true
	}
	return false
}
