package aider

import (
	"bytes"
	"strings"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/jscan"
)

// Match recognises a chat history by its header lines. The other files of Aider describe the same
// conversations and are refused with what they are.
func (Parser) Match(path string, head []byte) ingest.Match {
	head = bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))
	if v := matchChat(head); v != ingest.Foreign {
		return ingest.Match{Verdict: v}
	}
	name := path[strings.LastIndexAny(path, `/\`)+1:]
	notSession := func(why string) ingest.Match { return ingest.Match{Verdict: ingest.NotSession, Reason: why} }
	switch line := firstLine(head); {
	case name == chatName:
		return notSession("a chat history without a header line")
	case strings.HasPrefix(name, ".aider") && inputEntry(line):
		return notSession("prompts as typed, read with the chat history beside it")
	case isRequestLog(line, head):
		return notSession("log of requests that the chat history tells too, without tokens")
	case isAnalytics(line):
		return notSession("counters of calls that chat histories tell too; nothing links the two")
	}
	return ingest.Match{}
}

func firstLine(head []byte) []byte {
	line, _, _ := bytes.Cut(bytes.TrimLeft(head, "\r\n"), []byte{'\n'})
	return bytes.TrimRight(line, "\r")
}

// matchChat looks for a header, and for the program's name below it. A text that only quotes a history
// has neither at its start.
func matchChat(head []byte) ingest.Verdict {
	verdict, since := ingest.Foreign, -1
	first := true
	for rest := head; len(rest) > 0; {
		line, after, _ := bytes.Cut(rest, []byte{'\n'})
		rest = after
		line = bytes.TrimRight(line, " \r")
		if len(line) == 0 {
			continue
		}
		if _, ok := headerTime(line); ok {
			if first {
				verdict = ingest.Sure
				break
			}
			verdict, since = ingest.Weak, 0
		}
		first = false
		if since >= 0 {
			if since++; since <= 10 && isVersion(line) {
				return ingest.Sure
			}
		}
	}
	return verdict
}

func isVersion(line []byte) bool {
	rest, ok := bytes.CutPrefix(line, []byte("> Aider v"))
	return ok && len(rest) > 0 && rest[0] >= '0' && rest[0] <= '9'
}

// headerTime returns the time in a header line: "# aider chat started at 2026-05-22 10:15:00".
func headerTime(line []byte) (string, bool) {
	rest, ok := bytes.CutPrefix(line, []byte("# aider chat started at "))
	if rest = bytes.TrimRight(rest, " "); !ok || !isTime(rest, "0000-00-00 00:00:00") {
		return "", false
	}
	return string(rest), true
}

func isTime(b []byte, shape string) bool {
	if len(b) != len(shape) {
		return false
	}
	for i, c := range b {
		if digit := c >= '0' && c <= '9'; digit != (shape[i] == '0') || !digit && c != shape[i] {
			return false
		}
	}
	return true
}

// inputEntry tells a header of prompt_toolkit's history: "# 2026-05-22 10:15:03.123456".
func inputEntry(line []byte) bool {
	rest, ok := bytes.CutPrefix(line, []byte("# "))
	return ok && (isTime(rest, "0000-00-00 00:00:00.000000") || isTime(rest, "0000-00-00 00:00:00"))
}

func isRequestLog(line, head []byte) bool {
	for _, p := range []string{"TO LLM ", "LLM RESPONSE "} {
		if rest, ok := bytes.CutPrefix(line, []byte(p)); ok && isTime(rest, "0000-00-00T00:00:00") {
			return bytes.Contains(head, []byte("\n-------")) || bytes.Contains(head, []byte("\nASSISTANT "))
		}
	}
	return false
}

func isAnalytics(line []byte) bool {
	if len(line) == 0 || line[0] != '{' {
		return false
	}
	var s jscan.Scanner
	s.Reset(line)
	n, seen := 0, 0
	for s.Object(); s.Key(); n++ {
		switch k := s.Kind(); string(s.Name) {
		case "event", "user_id":
			if k == jscan.String {
				seen++
			}
		case "properties":
			if k == jscan.Object {
				seen++
			}
		case "time":
			if k == jscan.Number {
				seen++
			}
		}
		s.Skip()
	}
	return n == 4 && seen == 4
}
