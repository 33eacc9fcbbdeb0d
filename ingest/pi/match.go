package pi

import (
	"bytes"
	"slices"
	"strings"

	"github.com/agenttrace/agenttrace/ingest"
)

// Match recognises sessions of pi: those of the family that nothing marks as another's.
func (Parser) Match(path string, head []byte) ingest.Match {
	return verdict(agentPi, path, head)
}

// Match recognises sessions of Oh My Pi.
func (OMP) Match(path string, head []byte) ingest.Match {
	return verdict(agentOMP, path, head)
}

// Match recognises transcripts of OpenClaw.
func (OpenClaw) Match(path string, head []byte) ingest.Match {
	if isZstd(head) {
		if plain := plainHead(head); plain != nil {
			head = plain
		}
	}
	path = strings.ReplaceAll(path, `\`, "/")
	if strings.Contains(path, ".trajectory.jsonl") {
		return ingest.Match{Verdict: ingest.NotSession, Reason: "diagnostics of a run, not a transcript"}
	}
	if strings.HasSuffix(path, "/sessions/sessions.json") && strings.Contains(path, "/agents/") && bytes.Contains(head, []byte(`"sessionId"`)) {
		return ingest.Match{Verdict: ingest.NotSession, Reason: "index of sessions, not a session"}
	}
	return verdict(agentClaw, path, head)
}

func verdict(agent, path string, head []byte) ingest.Match {
	whose, reason := agentOf(path, head)
	switch {
	case whose != agent:
		return ingest.Match{}
	case reason != "":
		return ingest.Match{Verdict: ingest.NotSession, Reason: reason}
	}
	return ingest.Match{Verdict: ingest.Sure}
}

// sampleLines is how many lines of a head are looked at for signs of one member of the family.
const sampleLines = 200

// agentOf says whose a file is, "" if it is none of the family's, and why it is no session.
func agentOf(path string, head []byte) (agent, reason string) {
	path = strings.ReplaceAll(path, `\`, "/")
	rest := bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))
	var e entry
	var m message
	header := false
	for n := 0; n < sampleLines && len(rest) > 0; n++ {
		var line []byte
		line, rest, _ = bytes.Cut(rest, []byte{'\n'})
		if line = bytes.TrimSpace(line); len(line) == 0 {
			n--
			continue
		}
		whole := e.scan(line, &m)
		if !header {
			switch {
			case e.typ.is("title") && e.version.Raw == nil && n == 0 && whole && e.pad:
				agent = agentOMP
				if len(bytes.TrimSpace(rest)) == 0 {
					return agentOMP, "a title without a session"
				}
				continue
			case e.typ.is("session") && len(e.id.Raw) > 0 && len(e.timestamp.Raw) > 0 && (e.cwd.Present || len(e.version.Raw) > 0):
				header = true
				if agent == "" {
					agent = byPath(path)
				}
				if agent == "" && (len(e.title.Raw) > 0 || e.titleSource) {
					agent = agentOMP
				}
			default:
				return "", ""
			}
			continue
		}
		if agent != "" {
			break
		}
		agent = byEntry(&e, &m)
	}
	if header && agent == "" {
		agent = agentPi
	}
	return agent, ""
}

// byPath knows the folders of the agents.
func byPath(path string) string {
	switch {
	case strings.Contains(path, "/.omp/") || strings.Contains(path, "/omp/sessions/") || strings.Contains(path, "/omp/profiles/"):
		return agentOMP
	case strings.Contains(path, "/.pi/") || strings.Contains(path, "/.prime/"):
		return agentPi
	case strings.Contains(path, "/openclaw/"):
		return agentClaw
	}
	i := strings.Index(path, "/agents/")
	if i < 0 {
		return ""
	}
	parts := strings.Split(path[i+len("/agents/"):], "/")
	if len(parts) >= 3 && (parts[1] == "sessions" || parts[1] == "session-sqlite-import-archive") {
		return agentClaw
	}
	for _, dir := range []string{"openclaw", "clawdbot", "moltbot", "moldbot", "qclaw"} {
		if strings.Contains(path[:i+1], "/."+dir+"/") || strings.Contains(path[:i+1], "/.kimi_openclaw/") {
			return agentClaw
		}
	}
	return ""
}

// byEntry knows the entries that one agent alone writes.
func byEntry(e *entry, m *message) string {
	switch string(e.typ.Raw) {
	case "session_init", "mode_change", "ttsr_injection", "title_change", "credential_pin", "model_usage", "service_tier_change", "reset_boundary", "archive":
		return agentOMP
	case "model_change":
		if len(e.model.Raw) > 0 && len(e.modelID.Raw) == 0 {
			return agentOMP
		}
	case "custom":
		if string(e.customType.Raw) == "model-snapshot" || bytes.HasPrefix(e.customType.Raw, []byte("openclaw")) {
			return agentClaw
		}
		if string(e.customType.Raw) == "tool_execution_start" || string(e.customType.Raw) == "session_exit" {
			return agentOMP
		}
	case "message":
		if string(m.provider.Raw) == "openclaw" || string(m.model.Raw) == "delivery-mirror" || m.role.is("assistant") && clawContent(m.blocks) {
			return agentClaw
		}
		if m.role.is("user") && clawPrompt(m.blocks) {
			return agentClaw
		}
	}
	if len(e.id.Raw) > 0 && len(e.timestamp.Raw) > 0 && !hexID(e.id.Raw) {
		if len(e.id.Raw) == 8 {
			return agentOMP // eight characters of a larger alphabet
		}
	}
	return ""
}

// hexID reports whether an id is of pi's kind: eight digits in lower case.
func hexID(id []byte) bool {
	if len(id) != 8 {
		return false
	}
	for _, c := range id {
		if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'f') {
			return false
		}
	}
	return true
}

// clawContent reports blocks of the form in which only OpenClaw bridges other agents' turns.
func clawContent(blocks []block) bool {
	return slices.ContainsFunc(blocks, func(b block) bool { return b.typ.is("tool_use") })
}

// clawPrompt reports a prompt that begins with the envelope of a channel.
func clawPrompt(blocks []block) bool {
	for i := range blocks {
		if blocks[i].typ.is("text") {
			text := blocks[i].text.Bytes(nil)
			return len(channelText(text)) != len(text)
		}
	}
	return false
}
