package openhands

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/trace"
)

// Match recognises the shapes by their keys; the name only tells which event of a folder stands for it.
func (Parser) Match(path string, head []byte) ingest.Match {
	head = bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n")
	if len(head) == 0 {
		return ingest.Match{}
	}
	if head[0] == '[' {
		for e := range trace.Elems(head) {
			if kindOf(trace.ObjectOf(e)) != notEvent {
				return ingest.Match{Verdict: ingest.Sure}
			}
			break
		}
		return ingest.Match{}
	}
	o := trace.ObjectOf(head)
	switch {
	case isRun(o), isState(o):
		return ingest.Match{Verdict: ingest.Sure}
	case kindOf(o) == notEvent:
		return ingest.Match{}
	}
	_, base := split(path)
	if n, ok := eventNumber(base); ok && n > 0 {
		return ingest.Match{Verdict: ingest.NotSession, Reason: "one event of a conversation, which is read with base_state.json or its first event"}
	}
	return ingest.Match{Verdict: ingest.Sure}
}

// eventNumber reads the number in the name of an event's file: event-00012-<id>.json, or 12.json.
func eventNumber(base string) (int, bool) {
	stem, ok := strings.CutSuffix(base, ".json")
	if !ok {
		return 0, false
	}
	if rest, ok := strings.CutPrefix(stem, "event-"); ok {
		stem, _, _ = strings.Cut(rest, "-")
	}
	n, err := strconv.Atoi(stem)
	return n, err == nil && n >= 0
}

// Generations of events.
type generation int

const (
	notEvent generation = iota
	v0
	sdk
)

// kindOf tells an event by its keys.
func kindOf(o trace.Object) generation {
	source := o.Str("source")
	known := source == "agent" || source == "user" || source == "environment" || source == "hook"
	if kind := o.Str("kind"); kind != "" && known && o.Has("timestamp") && o.Has("id") {
		if strings.HasSuffix(kind, "Event") || strings.HasPrefix(kind, "Condensation") || strings.HasSuffix(kind, "Observation") {
			return sdk
		}
		return notEvent
	}
	action, observation := trace.Kind(o.Raw("action")) == jscan.String, trace.Kind(o.Raw("observation")) == jscan.String
	if action == observation {
		return notEvent
	}
	if known && (o.Has("args") || o.Has("extras") || o.Has("timestamp")) {
		return v0
	}
	return notEvent
}

// isRun tells a line of output.jsonl: what became of one task, with its history.
func isRun(o trace.Object) bool {
	return (o.Has("instance_id") || o.Has("issue")) && trace.Kind(o.Raw("history")) == jscan.Array && o.Has("instruction") &&
		(o.Has("metadata") || o.Has("git_patch") || o.Has("test_result"))
}

// isState tells base_state.json.
func isState(o trace.Object) bool {
	return o.Has("id") && trace.Kind(o.Raw("agent")) == jscan.Object && (o.Has("execution_status") || o.Has("agent_status")) &&
		(o.Has("stats") || o.Has("workspace") || o.Has("persistence_dir"))
}
