package qwen

import (
	"bytes"
	"strings"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/recording"
)

// looked is how many lines of a head are looked at: a log may begin with bookkeeping.
const looked = 200

// Match says whether a file is a log of Qwen Code, or one of the files around it.
func (Parser) Match(path string, head []byte) ingest.Match {
	path = strings.ReplaceAll(path, `\`, "/")
	head = bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))
	own := strings.Contains(path, "/.qwen/")
	if own {
		if why := sideFile(path); why != "" {
			return notSession(why)
		}
		if len(bytes.TrimSpace(head)) == 0 && strings.HasSuffix(path, ".jsonl") {
			return notSession("the file is empty")
		}
	}
	f := recording.Look(head)
	switch f.Kind {
	case recording.KindSession:
		if f.Model == "qwen" || f.Model == "" && own {
			return ingest.Match{Verdict: ingest.Sure}
		}
		return ingest.Match{}
	case recording.KindPrompts:
		if own {
			return notSession("log of typed prompts, not a session")
		}
		return ingest.Match{}
	case recording.KindCheckpoint:
		if own {
			return notSession("checkpoint: a copy of a conversation, without ids and counters")
		}
		return ingest.Match{}
	}
	for n := 0; n < looked && len(head) > 0; n++ {
		line, rest, _ := bytes.Cut(head, []byte{'\n'})
		head = rest
		switch lineKind(bytes.TrimSpace(line)) {
		case lineSure:
			return ingest.Match{Verdict: ingest.Sure}
		case lineManaged:
			return notSession("session of the managed engine, whose records are not read")
		case lineLedger:
			return notSession("ledger of requests: a copy of what the sessions tell")
		case lineOther:
			return ingest.Match{}
		}
	}
	return ingest.Match{}
}

func notSession(why string) ingest.Match {
	return ingest.Match{Verdict: ingest.NotSession, Reason: why}
}

// sideFile names the files beside logs by their path; "" for all others.
func sideFile(path string) string {
	base := path[strings.LastIndexByte(path, '/')+1:]
	switch {
	case strings.HasSuffix(base, ".runtime.json"), strings.HasSuffix(base, ".worktree.json"), strings.HasSuffix(base, ".ledger.jsonl"):
		return "side file of a session"
	case strings.HasSuffix(base, ".jsonl.stream"):
		return "text of a sub-agent that is being written"
	case strings.HasPrefix(base, "agent-") && strings.HasSuffix(base, ".meta.json"):
		return "side file of a sub-agent, read with its log"
	}
	return ""
}

// Kinds of line.
const (
	lineForeign = iota
	lineSure
	lineManaged
	lineLedger
	lineOther // only another agent writes this
)

// lineKind judges one line, which may be cut or hold more than one object.
func lineKind(line []byte) int {
	var s jscan.Scanner
	s.Reset(line)
	if s.Kind() != jscan.Object {
		return lineForeign
	}
	var typ, subtype []byte
	var uuid, parent, session, stamp, parts, other, own, schema, local bool
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "type":
			typ = s.View()
			continue
		case "subtype":
			subtype = s.View()
			continue
		case "uuid":
			uuid = s.Kind() == jscan.String
		case "parentUuid":
			parent = s.Kind() == jscan.String || s.Kind() == jscan.Null
		case "sessionId":
			session = s.Kind() == jscan.String
		case "timestamp":
			stamp = true
		case "userType", "requestId", "payload":
			other = true
		case "usageMetadata", "systemPayload", "toolCallResult":
			own = true
		case "schemaVersion":
			schema = true
		case "localMonth":
			local = true
		case "message":
			if s.Kind() != jscan.Object {
				break
			}
			for s.Object(); s.Key(); {
				parts = parts || string(s.Name) == "parts" && s.Kind() == jscan.Array
				s.Skip()
			}
			continue
		}
		s.Skip()
	}
	switch {
	case schema && local && session:
		return lineLedger
	case other || !uuid && typ != nil:
		return lineOther
	case !uuid || !session || !stamp || !parent:
		return lineForeign
	case bytes.HasPrefix(subtype, []byte("managed_session_")):
		return lineManaged
	}
	switch string(typ) {
	case "user", "assistant", "system", "tool_result":
		if parts || own || string(typ) == "tool_result" {
			return lineSure
		}
	}
	return lineForeign
}
