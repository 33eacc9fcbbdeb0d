package qwen

import (
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

// A record is one object of a log, taken apart as far as every type needs.
type record struct {
	uuid, parent, session, stamp, typ, subtype jscan.Text
	cwd, version, branch, model, provenance    jscan.Text
	agentID, agentName, external               jscan.Text
	forkedFrom                                 jscan.Text
	round                                      schema.Int
	sidechain                                  bool

	message      bool
	parts        []part
	usage        usage
	payload      []byte
	result       toolResult
	managed      bool
	hasForked    bool
	contextLimit schema.Int
}

// A part is one piece of a message.
type part struct {
	text     jscan.Text
	thought  bool
	call     function
	response function
}

// A function is a call, or the response to one.
type function struct {
	present  bool
	id, name jscan.Text
	args     []byte
	response []byte
}

// usage are the counters of one request under either set of names.
type usage struct{ prompt, cached, output, thoughts, tool, total schema.Int }

func (u usage) any() bool {
	return u.prompt.Valid || u.output.Valid || u.total.Valid || u.cached.Valid || u.thoughts.Valid
}

// A toolResult is what stands beside the message of a result.
type toolResult struct {
	present                   bool
	callID, status, errorType jscan.Text
	display                   []byte
	durationMS                schema.Int
}

// scan takes an object apart and reports whether it is one.
func (rec *record) scan(s *jscan.Scanner, raw []byte) bool {
	*rec = record{parts: rec.parts[:0]}
	s.Reset(raw)
	if s.Kind() != jscan.Object {
		return false
	}
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "uuid":
			rec.uuid = s.Text()
		case "parentUuid":
			rec.parent = s.Text()
		case "sessionId":
			rec.session = s.Text()
		case "timestamp":
			rec.stamp = s.Text()
		case "type":
			rec.typ = s.Text()
		case "subtype":
			rec.subtype = s.Text()
		case "cwd":
			rec.cwd = s.Text()
		case "version":
			rec.version = s.Text()
		case "gitBranch":
			rec.branch = s.Text()
		case "model":
			rec.model = s.Text()
		case "provenance":
			rec.provenance = s.Text()
		case "agentId":
			rec.agentID = s.Text()
		case "agentName":
			rec.agentName = s.Text()
		case "externalInputKind":
			rec.external = s.Text()
		case "agentRound":
			rec.round = rows.Count(s)
		case "isSidechain":
			b, ok := s.Bool()
			rec.sidechain = b && ok
		case "contextWindowSize":
			rec.contextLimit = rows.Count(s)
		case "managedSession":
			rec.managed = true
			s.Skip()
		case "forkedFrom":
			rec.hasForked = s.Kind() == jscan.Object
			rec.forkedFrom = member(s, "sessionId")
		case "systemPayload":
			rec.payload = object(s)
		case "usageMetadata":
			rec.usage.scan(s)
		case "toolCallResult":
			rec.result.scan(s)
		case "message":
			rec.scanMessage(s)
		default:
			s.Skip()
		}
	}
	return s.End() == nil
}

// member takes one text of an object.
func member(s *jscan.Scanner, name string) (t jscan.Text) {
	if !s.ObjectOrSkip() {
		return t
	}
	for s.Key() {
		if string(s.Name) == name {
			t = s.Text()
		} else {
			s.Skip()
		}
	}
	return t
}

func object(s *jscan.Scanner) []byte {
	if s.Kind() == jscan.Object {
		return s.Raw()
	}
	s.Skip()
	return nil
}

func (rec *record) scanMessage(s *jscan.Scanner) {
	if !s.ObjectOrSkip() {
		return
	}
	rec.message = true
	for s.Key() {
		if string(s.Name) != "parts" || s.Kind() != jscan.Array {
			s.Skip()
			continue
		}
		for s.Array(); s.Elem(); {
			if s.ObjectOrSkip() {
				rec.parts = append(rec.parts, part{})
				rec.parts[len(rec.parts)-1].scan(s)
			}
		}
	}
}

func (p *part) scan(s *jscan.Scanner) {
	for s.Key() {
		switch string(s.Name) {
		case "text":
			p.text = s.Text()
		case "thought":
			b, ok := s.Bool()
			p.thought = b && ok
		case "functionCall":
			p.call.scan(s)
		case "functionResponse":
			p.response.scan(s)
		default:
			s.Skip()
		}
	}
}

func (f *function) scan(s *jscan.Scanner) {
	if !s.ObjectOrSkip() {
		return
	}
	f.present = true
	for s.Key() {
		switch string(s.Name) {
		case "id":
			f.id = s.Text()
		case "name":
			f.name = s.Text()
		case "args":
			f.args = s.Raw()
		case "response":
			f.response = object(s)
		default:
			s.Skip()
		}
	}
}

func (u *usage) scan(s *jscan.Scanner) {
	if !s.ObjectOrSkip() {
		return
	}
	for s.Key() {
		switch string(s.Name) {
		case "promptTokenCount", "input":
			u.prompt = rows.Count(s)
		case "cachedContentTokenCount", "cached":
			u.cached = rows.Count(s)
		case "candidatesTokenCount", "output":
			u.output = rows.Count(s)
		case "thoughtsTokenCount", "thoughts":
			u.thoughts = rows.Count(s)
		case "toolUsePromptTokenCount", "tool":
			u.tool = rows.Count(s)
		case "totalTokenCount", "total":
			u.total = rows.Count(s)
		default:
			s.Skip()
		}
	}
}

func (t *toolResult) scan(s *jscan.Scanner) {
	if !s.ObjectOrSkip() {
		return
	}
	t.present = true
	for s.Key() {
		switch string(s.Name) {
		case "callId":
			t.callID = s.Text()
		case "status":
			t.status = s.Text()
		case "errorType":
			t.errorType = s.Text()
		case "durationMs":
			t.durationMS = rows.Count(s)
		case "resultDisplay":
			t.display = object(s)
		default:
			s.Skip()
		}
	}
}
