package droid

import (
	"bytes"
	"strings"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/jscan"
)

// Match recognises a session of the store by its first line, and the output of exec by two kinds of
// record that only it has in this form.
func (Parser) Match(path string, head []byte) ingest.Match {
	path = strings.ReplaceAll(path, `\`, "/")
	if why := sideFile(path, head); why != "" {
		return ingest.Match{Verdict: ingest.NotSession, Reason: why}
	}
	var r line
	rest := bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))
	session, said, called, ended := false, false, false, false
	for n := 0; n < 200 && len(rest) > 0; n++ {
		var raw []byte
		raw, rest, _ = bytes.Cut(rest, []byte{'\n'})
		if raw = bytes.TrimSpace(raw); len(raw) == 0 {
			n--
			continue
		}
		r.scan(raw)
		if n == 0 && is(r.typ, "session_start") && len(r.id.Raw) > 0 && (r.cwd.Present || r.hasVersion || r.title.Present) {
			return ingest.Match{Verdict: ingest.Sure}
		}
		session = session || len(r.session.Raw) > 0
		switch string(r.typ.Raw) {
		case "message":
			said = said || r.message == nil && r.role.Present && r.text.Present
		case "tool_call":
			called = called || r.toolName.Present
		case "completion":
			ended = ended || r.finalText.Present
		}
		if session && (said && called || said && ended || called && ended) {
			return ingest.Match{Verdict: ingest.Sure}
		}
	}
	return ingest.Match{}
}

// sideFile names the files around sessions.
func sideFile(path string, head []byte) string {
	base := path[strings.LastIndexByte(path, '/')+1:]
	switch {
	case strings.HasSuffix(base, ".settings.json"), strings.HasSuffix(base, ".settings.json.bak"):
		if hasKeys(head, "tokenUsage", "providerLock", "assistantActiveTimeMs", "autonomyLevel", "autonomyMode") {
			return "settings and usage of a session, read with it"
		}
	case !strings.Contains(path, "/.factory/"):
	case base == "sessions-index.json":
		return "index of sessions, not a session"
	case base == "history.json":
		return "typed commands, not a session"
	case base == "task-invocations.json":
		return "index of sub-agents, not a session"
	}
	return ""
}

// hasKeys reports whether a document has one of the keys at its top.
func hasKeys(doc []byte, keys ...string) bool {
	var s jscan.Scanner
	s.Reset(doc)
	if s.Kind() != jscan.Object {
		return false
	}
	for s.Object(); s.Key(); {
		for _, k := range keys {
			if string(s.Name) == k {
				return true
			}
		}
		s.Skip()
	}
	return false
}
