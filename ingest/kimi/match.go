package kimi

import (
	"bytes"
	"strings"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/jscan"
)

// looked is how many lines of a head are looked at.
const looked = 50

// Match says whether a file is a log of Kimi CLI or Kimi Code, or one of the files around it.
func (Parser) Match(path string, head []byte) ingest.Match {
	path = strings.ReplaceAll(path, `\`, "/")
	base := path[strings.LastIndexByte(path, '/')+1:]
	own := strings.Contains(path, "/.kimi/") || strings.Contains(path, "/.kimi-code/")
	if own {
		switch {
		case base == "state.json", base == "metadata.json", base == "meta.json", base == "kimi.json":
			return notSession("side file of sessions, read with their logs")
		case base == "session_index.jsonl":
			return notSession("index of sessions, not a session")
		case strings.HasPrefix(base, "context_sub_"):
			return notSession("context of a sub-agent, whose events are in the log of its session")
		case strings.HasPrefix(base, "context_"):
			return notSession("context that was set aside, a part of what the session's log tells")
		case len(bytes.TrimSpace(head)) == 0 && strings.HasSuffix(base, ".jsonl"):
			return notSession("the file is empty")
		}
	}
	head = bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))
	roles, header := 0, false
	for n := 0; n < looked && len(head) > 0; n++ {
		line, rest, _ := bytes.Cut(head, []byte{'\n'})
		head = rest
		switch lineKind(bytes.TrimSpace(line)) {
		case lineWire, lineCode:
			return ingest.Match{Verdict: ingest.Sure}
		case lineHeader:
			header = true
		case lineMarker:
			if base == "context.jsonl" || own {
				return ingest.Match{Verdict: ingest.Sure}
			}
		case lineRole:
			roles++
		case lineOther:
			return ingest.Match{}
		}
	}
	switch {
	case header:
		return ingest.Match{Verdict: ingest.Sure}
	case roles > 0 && own:
		return ingest.Match{Verdict: ingest.Weak}
	}
	return ingest.Match{}
}

func notSession(why string) ingest.Match {
	return ingest.Match{Verdict: ingest.NotSession, Reason: why}
}

// Kinds of line.
const (
	lineForeign = iota
	lineHeader  // the protocol's version
	lineWire    // an event of Kimi CLI
	lineCode    // a record of Kimi Code
	lineRole    // a message of a model's context, as many programs write it
	lineMarker  // what only the contexts of Kimi CLI have between them
	lineOther
)

// lineKind judges one line, which may be cut.
func lineKind(line []byte) int {
	var s jscan.Scanner
	s.Reset(line)
	if s.Kind() != jscan.Object {
		return lineForeign
	}
	var typ, inner, role string
	var stamp, payload, protocol, time, content, uuid bool
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "type":
			typ = s.Str()
			continue
		case "role":
			role = s.Str()
			continue
		case "timestamp":
			stamp = s.Kind() == jscan.Number
		case "time":
			time = s.Kind() == jscan.Number
		case "protocol_version":
			protocol = s.Kind() == jscan.String
		case "content", "tool_calls", "token_count":
			content = true
		case "uuid", "sessionId", "payload":
			uuid = true
		case "message":
			if s.Kind() != jscan.Object {
				break
			}
			for s.Object(); s.Key(); {
				switch string(s.Name) {
				case "type":
					inner = s.Str()
				case "payload":
					payload = s.Kind() == jscan.Object
					s.Skip()
				default:
					s.Skip()
				}
			}
			continue
		}
		s.Skip()
	}
	switch {
	case uuid:
		return lineOther
	case typ == "metadata" && protocol:
		return lineHeader
	case typ == "" && stamp && payload && inner != "" && inner[0] >= 'A' && inner[0] <= 'Z':
		return lineWire
	case codeType(typ) && (time || stamp || s.Bad() || typ == "context.append_message"):
		return lineCode
	case typ == "" && (role == "_checkpoint" || role == "_usage" || role == "_system_prompt"):
		return lineMarker
	case typ == "" && content && (role == "user" || role == "assistant" || role == "tool"):
		return lineRole
	}
	return lineForeign
}

// codeType knows the records of Kimi Code that a log without a header is told by.
func codeType(typ string) bool {
	switch typ {
	case "turn.prompt", "context.append_loop_event", "context.append_message", "usage.record", "config.update", "profile.bind", "llm.request":
		return true
	}
	return false
}
