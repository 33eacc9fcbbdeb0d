package codex

import (
	"bytes"
	"strings"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/jscan"
)

// sampleLines is how many lines of a head are looked at. A partial copy may begin anywhere, so one odd
// first line proves nothing.
const sampleLines = 64

// Match recognises a rollout by its content; the name alone decides only where there is none to see.
func (Parser) Match(path string, head []byte) ingest.Match {
	name := path[strings.LastIndexAny(path, `/\`)+1:]
	switch name {
	case "auth.json", "config.toml":
		return ingest.Match{}
	}
	rollout := strings.HasPrefix(name, "rollout-")
	if isZstd(head) {
		if !strings.HasSuffix(name, ".jsonl.zst") {
			return ingest.Match{}
		}
		m := matchText(rollout, plainHead(head))
		if m.Verdict == ingest.Foreign && rollout {
			return ingest.Match{Verdict: ingest.Weak}
		}
		return m
	}
	return matchText(rollout, head)
}

func matchText(rollout bool, head []byte) ingest.Match {
	head = bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))
	var best ingest.Match
	var rec record
	n := 0
	for rest := head; len(rest) > 0 && n < sampleLines; {
		line, after, ended := bytes.Cut(rest, []byte{'\n'})
		rest = after
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			continue
		}
		n++
		// A last line that the head cuts has lost its end only: what came before counts.
		if !rec.scan(line) && ended {
			if n == 1 {
				if m := matchDocument(rollout, head); m.Verdict != ingest.Foreign {
					return m
				}
			}
			continue
		}
		m := matchLine(rollout, &rec)
		if n == 1 && m.Verdict == ingest.NotSession {
			return m
		}
		if m.Verdict > best.Verdict {
			best = m
		}
		if best.Verdict == ingest.Sure {
			return best
		}
	}
	if best.Verdict == ingest.Foreign && rollout {
		if n == 0 {
			return ingest.Match{Verdict: ingest.NotSession, Reason: "a rollout without a record"}
		}
		return ingest.Match{Verdict: ingest.NotSession, Reason: "named like a rollout, but no record of one is in its head"}
	}
	return best
}

func matchLine(rollout bool, rec *record) ingest.Match {
	sure, weak := ingest.Match{Verdict: ingest.Sure}, ingest.Match{Verdict: ingest.Weak}
	if rec.typ.kind != jscan.String {
		return matchUntyped(rollout, rec)
	}
	typ := rec.typ.raw
	if rec.payload {
		switch string(typ) {
		case "session_meta", "turn_context", "response_item", "event_msg", "token_usage_record":
			return sure
		case "compacted", "world_state", "retained_context", "security_risk_score", "realtime_item":
			return weak
		}
		return ingest.Match{}
	}
	switch string(typ) {
	case "session_meta":
		// Without payload: the keys stand at the top.
		if rec.v[fID].present() || rec.v[fCLIVersion].present() {
			return sure
		}
	case "turn_context":
		if rec.v[fModel].present() || rec.v[fTurnID].present() {
			return sure
		}
	case "thread.started":
		if rec.v[fThreadID].present() {
			return sure
		}
	case "turn.completed":
		if rec.v[fUsage].present() {
			return weak
		}
	case "item.completed", "item.started":
		if rec.v[fItem].kind == jscan.Object {
			return weak
		}
	case "message", "reasoning", "function_call", "function_call_output":
		// Bare items look like those of the model's API: the name of the file must speak for them.
		if rollout && (rec.v[fRole].present() || rec.v[fCallID].present() || rec.v[fSummary].present()) {
			return weak
		}
	}
	return ingest.Match{}
}

func matchUntyped(rollout bool, rec *record) ingest.Match {
	v := &rec.v
	switch {
	case v[fSession].kind == jscan.Object && (v[fItems].kind == jscan.Array || rollout):
		return documentMatch(rollout, v[fSession].raw)
	case v[fSessionID].kind == jscan.String && v[fText].present() && rec.ts.Raw == nil && !v[fRole].present():
		return ingest.Match{Verdict: ingest.NotSession, Reason: "history of typed prompts, not a session"}
	case v[fID].kind == jscan.String && v[fThreadName].present():
		return ingest.Match{Verdict: ingest.NotSession, Reason: "index of thread titles, not a session"}
	case v[fID].kind == jscan.String && rec.ts.Present && v[fInstructions].kind != 0:
		if rollout {
			return ingest.Match{Verdict: ingest.Sure}
		}
		return ingest.Match{Verdict: ingest.Weak}
	case v[fRecordType].is("state"):
		return ingest.Match{Verdict: ingest.Weak}
	}
	return ingest.Match{}
}

// matchDocument recognises the single document of the TypeScript CLI, pretty-printed and cut.
func matchDocument(rollout bool, head []byte) ingest.Match {
	var rec record
	rec.scan(head)
	if rec.v[fSession].kind == jscan.Object {
		return documentMatch(rollout, rec.v[fSession].raw)
	}
	return ingest.Match{}
}

func documentMatch(rollout bool, session []byte) ingest.Match {
	var rec record
	if !rec.scanObject(session) || rec.v[fID].kind != jscan.String || !rec.v[fTimestamp].present() {
		return ingest.Match{}
	}
	if rollout {
		return ingest.Match{Verdict: ingest.Sure}
	}
	return ingest.Match{Verdict: ingest.Weak}
}
