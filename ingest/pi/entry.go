package pi

import (
	"bytes"

	"github.com/agenttrace/agenttrace/ingest/jscan"
)

// word is a text that is compared with known words.
type word struct{ jscan.Text }

func (t word) is(s string) bool { return string(t.Raw) == s }

// An entry is one line. Members that only some types have share fields where their meaning is near.
type entry struct {
	typ           word
	id, parent    jscan.Text
	rootParent    bool // the parent is null
	timestamp     jscan.Text
	version       jscan.Text // of the format; its digits
	cwd           jscan.Text
	parentSession jscan.Text
	provider      jscan.Text
	model         jscan.Text // omp: provider/model
	modelID       jscan.Text
	title         jscan.Text // title, or name
	titleSource   bool
	pad           bool
	summary       jscan.Text
	tokensBefore  []byte
	tokensAfter   []byte
	method        jscan.Text
	usage         []byte
	customType    jscan.Text
	content       []byte
	data          []byte
	agent         jscan.Text
	mode          jscan.Text
	tier          jscan.Text
	stop          jscan.Text
	errorMessage  jscan.Text
}

// scan reads a line and reports whether it is one JSON object. Its message goes to m: most lines are little
// else, and are walked once.
func (e *entry) scan(line []byte, m *message) bool {
	*e = entry{}
	m.reset()
	var s jscan.Scanner
	s.Reset(line)
	if s.Kind() != jscan.Object {
		return false
	}
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "type":
			e.typ.Text = s.Text()
		case "id":
			e.id = s.Text()
		case "parentId":
			e.rootParent = s.Kind() == jscan.Null
			e.parent = s.Text()
		case "timestamp":
			if s.Kind() == jscan.Number {
				e.timestamp = jscan.Text{Raw: s.Raw(), Present: true}
			} else {
				e.timestamp = s.Text()
			}
		case "message":
			m.scan(&s)
		case "version":
			if s.Kind() == jscan.Number {
				e.version = jscan.Text{Raw: s.Raw(), Present: true}
			} else {
				e.version = s.Text()
			}
		case "cwd":
			e.cwd = s.Text()
		case "parentSession", "branchedFrom":
			e.parentSession = s.Text()
		case "provider":
			e.provider = s.Text()
		case "model":
			e.model = s.Text()
		case "modelId":
			e.modelID = s.Text()
		case "title", "name":
			e.title = s.Text()
		case "titleSource":
			e.titleSource = true
			s.Skip()
		case "pad":
			e.pad = true
			s.Skip()
		case "summary":
			e.summary = s.Text()
		case "tokensBefore":
			e.tokensBefore = s.Raw()
		case "tokensAfter":
			e.tokensAfter = s.Raw()
		case "method":
			e.method = s.Text()
		case "usage":
			e.usage = object(&s)
		case "customType":
			e.customType = s.Text()
		case "content":
			e.content = s.Raw()
		case "data":
			e.data = object(&s)
		case "agent":
			e.agent = s.Text()
		case "mode":
			e.mode = s.Text()
		case "serviceTier":
			e.tier = s.Text()
		case "stopReason":
			e.stop = s.Text()
		case "errorMessage":
			e.errorMessage = s.Text()
		default:
			s.Skip()
		}
	}
	return s.End() == nil
}

// object takes a value and returns its bytes if it is an object.
func object(s *jscan.Scanner) []byte {
	if s.Kind() != jscan.Object {
		s.Skip()
		return nil
	}
	return s.Raw()
}

// A message is an item of the conversation.
type message struct {
	role                      word
	blocks                    []block // of the content; its memory serves the next message
	timestamp                 []byte
	provider, model, api      jscan.Text
	upProvider, answeredBy    jscan.Text // behind a router
	responseID                jscan.Text
	usage                     []byte
	stop                      word
	errorMessage              jscan.Text
	errorStatus               []byte
	attempt                   []byte
	duration, ttft, completed []byte
	toolCallID, toolName      jscan.Text
	isError, pruned           bool
	synthetic, steering       bool
	details                   []byte
	command, output, code     jscan.Text
	files                     []byte
}

func (m *message) reset() { *m = message{blocks: m.blocks[:0]} }

func (m *message) scan(s *jscan.Scanner) {
	m.reset() // of two messages the last counts
	for in := s.ObjectOrSkip(); in && s.Key(); {
		switch string(s.Name) {
		case "role":
			m.role.Text = s.Text()
		case "content":
			m.blocks = appendBlocks(m.blocks[:0], s)
		case "timestamp":
			m.timestamp = s.Raw()
		case "provider":
			m.provider = s.Text()
		case "model":
			m.model = s.Text()
		case "api":
			m.api = s.Text()
		case "upstreamProvider":
			m.upProvider = s.Text()
		case "upstreamModel", "responseModel":
			m.answeredBy = s.Text()
		case "responseId":
			m.responseID = s.Text()
		case "usage":
			m.usage = object(s)
		case "stopReason":
			m.stop.Text = s.Text()
		case "errorMessage":
			m.errorMessage = s.Text()
		case "errorStatus":
			m.errorStatus = s.Raw()
		case "retryRecovery":
			for in := s.ObjectOrSkip(); in && s.Key(); {
				if string(s.Name) == "attempt" {
					m.attempt = s.Raw()
				} else {
					s.Skip()
				}
			}
		case "duration":
			m.duration = s.Raw()
		case "ttft":
			m.ttft = s.Raw()
		case "completedAt":
			m.completed = s.Raw()
		case "toolCallId":
			m.toolCallID = s.Text()
		case "toolName":
			m.toolName = s.Text()
		case "isError":
			m.isError, _ = s.Bool()
		case "prunedAt":
			m.pruned = s.Kind() != jscan.Null
			s.Skip()
		case "synthetic":
			m.synthetic, _ = s.Bool()
		case "steering":
			m.steering, _ = s.Bool()
		case "details":
			m.details = object(s)
		case "command":
			m.command = s.Text()
		case "code":
			m.code = s.Text()
		case "output":
			m.output = s.Text()
		case "files":
			m.files = s.Raw()
		default:
			s.Skip()
		}
	}
}

// A block is a part of a message's content.
type block struct {
	typ        word
	text       jscan.Text // text or thinking
	id, name   jscan.Text
	args       []byte
	toolCallID jscan.Text // of a result inside the content
	isError    bool
	redacted   bool
	inner      []byte // content of a result in the form of another agent
}

func (b *block) scan(s *jscan.Scanner) {
	*b = block{}
	if s.Kind() == jscan.String {
		b.typ.Text, b.text = jscan.Text{Raw: []byte("text"), Present: true}, s.Text()
		return
	}
	for in := s.ObjectOrSkip(); in && s.Key(); {
		switch string(s.Name) {
		case "type":
			b.typ.Text = s.Text()
		case "text", "thinking":
			b.text = s.Text()
		case "id":
			b.id = s.Text()
		case "name":
			b.name = s.Text()
		case "arguments":
			b.args = s.Raw()
		case "input":
			if raw := s.Raw(); b.args == nil {
				b.args = raw
			}
		case "toolCallId", "tool_use_id":
			b.toolCallID = s.Text()
		case "isError", "is_error":
			b.isError, _ = s.Bool()
		case "redacted":
			b.redacted, _ = s.Bool()
		case "content":
			b.inner = s.Raw()
		default:
			s.Skip()
		}
	}
	if bytes.Equal(b.args, []byte("null")) {
		b.args = nil
	}
}

// appendBlocks reads a content, which may be a single text.
func appendBlocks(blocks []block, s *jscan.Scanner) []block {
	switch s.Kind() {
	case jscan.String:
		blocks = append(blocks, block{})
		blocks[len(blocks)-1].scan(s)
	case jscan.Array:
		for s.Array(); s.Elem(); {
			blocks = append(blocks, block{})
			blocks[len(blocks)-1].scan(s)
		}
	default:
		s.Skip()
	}
	return blocks
}

// blocksOf is appendBlocks of a content that was passed over first, and may be missing.
func blocksOf(content []byte) []block {
	if content == nil {
		return nil
	}
	var s jscan.Scanner
	s.Reset(content)
	return appendBlocks(nil, &s)
}
