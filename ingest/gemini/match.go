package gemini

import (
	"bytes"
	"strings"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/recording"
)

// Match says whether a file is a recording of Gemini CLI, or one of the files around them.
func (Parser) Match(path string, head []byte) ingest.Match {
	path = strings.ReplaceAll(path, `\`, "/")
	if strings.Contains(path, "/.qwen/") {
		return ingest.Match{}
	}
	base := path[strings.LastIndexByte(path, '/')+1:]
	if strings.Contains(base, ".jsonl.unreadable-") || strings.Contains(base, ".jsonl.tmp-") {
		return ingest.Match{Verdict: ingest.NotSession, Reason: "backup of a recording, or one being written"}
	}
	head = bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))
	f := recording.Look(head)
	switch f.Kind {
	case recording.KindSession:
		if f.Model != "" && f.Model != "gemini" {
			return ingest.Match{}
		}
		if f.Header && (f.Model == "gemini" || strings.Contains(path, "/.gemini/") || f.Lines) {
			return ingest.Match{Verdict: ingest.Sure}
		}
		return ingest.Match{Verdict: ingest.Weak}
	case recording.KindPrompts:
		return notSession("log of typed prompts, not a session")
	case recording.KindCheckpoint:
		return notSession("checkpoint: a copy of a conversation, without ids and counters")
	case recording.KindStream:
		return notSession("output of a run without a terminal, not a recording")
	case recording.KindSteps:
		return notSession("log of Antigravity, which keeps no counters and is not read")
	}
	return ingest.Match{}
}

func notSession(why string) ingest.Match {
	return ingest.Match{Verdict: ingest.NotSession, Reason: why}
}
