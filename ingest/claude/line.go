package claude

import (
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/schema"
)

// A record is one line taken apart. Its texts point into the line and live as long as it does.
//
// The fields of all record types stand side by side, because the type may come after the content in a
// line and a line is read only once.
type record struct {
	line                             []byte
	typ, subtype                     jscan.Text
	uuid, parent, session, agent     jscan.Text
	stamp                            jscan.Text
	stampNumber                      schema.Int // an instant written as a number
	hasStamp                         bool
	cwd, branch, version, entrypoint jscan.Text
	prompt, source, kind, request    jscan.Text // promptId, promptSource, sessionKind, requestId
	origin, denial, mode             jscan.Text
	sidechain, meta, compactSummary  bool
	apiError, aborted                bool
	apiStatus                        schema.Int
	cost                             schema.Float
	err                              jscan.Text // error as a text
	errObject, causeObject           []byte     // error and cause as objects
	attachment, data, compact        []byte
	hookInfos, hookErrors            []byte
	content                          jscan.Text // of system and queue records
	duration, retryIn, attempt       schema.Int
	title, aiTitle, summary, leaf    jscan.Text
	totalCost                        schema.Float
	fallbackModel, parentTool        jscan.Text
	hasMessage                       bool
	id, role, model, stop            jscan.Text
	usage                            usage
	blocks                           []block
	parts                            []part // of tool results; blocks hold their range
	result                           result
}

// A block is one element of message.content; a content that is a text is one block of type text.
type block struct {
	typ, text, id, name, server, toolUse jscan.Text
	input                                []byte
	isError                              bool
	hasContent                           bool
	partFrom, partTo                     int
	raw                                  []byte // content of a server tool's result
}

// A part is one piece of the content of a tool result.
type part struct {
	typ, text jscan.Text
	image     bool
}

type usage struct {
	present                                          bool
	input, creation, read, output, five, hour, think schema.Int
	tier, speed, geo                                 jscan.Text
}

// A result is toolUseResult, whichever tool it is of.
type result struct {
	present                              bool
	text                                 jscan.Text // errors and denials are a plain text
	interrupted, background, userChanged bool
	code                                 jscan.Text // returnCodeInterpretation
	persistedSize                        schema.Int
	persisted                            bool
	agent, status, op, path              jscan.Text
	original                             jscan.Text
	noOriginal                           bool // originalFile is null: there was no file
	patch                                []byte
	durationMS, totalMS                  schema.Int
	durationS                            schema.Float
	async                                bool
}

func optInt(s *jscan.Scanner) schema.Int {
	v, ok := s.Int()
	return schema.Int{V: v, Valid: ok && v >= 0}
}

func optFloat(s *jscan.Scanner) schema.Float {
	v, ok := s.Float()
	return schema.Float{V: v, Valid: ok}
}

func isTrue(s *jscan.Scanner) bool {
	v, ok := s.Bool()
	return v && ok
}

// scan takes one line apart; it reports whether the line is a JSON object.
func (rec *record) scan(s *jscan.Scanner, line []byte) bool {
	*rec = record{line: line, blocks: rec.blocks[:0], parts: rec.parts[:0]}
	s.Reset(line)
	if s.Kind() != jscan.Object {
		return false
	}
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "type":
			rec.typ = s.Text()
		case "subtype":
			rec.subtype = s.Text()
		case "uuid":
			rec.uuid = s.Text()
		case "parentUuid":
			rec.parent = s.Text()
		case "sessionId":
			rec.session = s.Text()
		case "agentId":
			rec.agent = s.Text()
		case "timestamp":
			switch s.Kind() {
			case jscan.String:
				rec.stamp = s.Text()
				rec.hasStamp = true
			case jscan.Number:
				rec.stampNumber = optInt(s)
				rec.hasStamp = true
			default:
				s.Skip()
			}
		case "cwd":
			rec.cwd = s.Text()
		case "gitBranch":
			rec.branch = s.Text()
		case "version":
			rec.version = s.Text()
		case "entrypoint":
			rec.entrypoint = s.Text()
		case "promptId":
			rec.prompt = s.Text()
		case "promptSource":
			rec.source = s.Text()
		case "sessionKind":
			rec.kind = s.Text()
		case "requestId":
			rec.request = s.Text()
		case "origin":
			rec.origin = textOf(s, "kind")
		case "toolDenialKind":
			rec.denial = s.Text()
		case "permissionMode":
			rec.mode = s.Text()
		case "isSidechain":
			rec.sidechain = isTrue(s)
		case "isMeta":
			rec.meta = isTrue(s)
		case "isCompactSummary":
			rec.compactSummary = isTrue(s)
		case "isApiErrorMessage":
			rec.apiError = isTrue(s)
		case "isAbortedMidStream":
			rec.aborted = isTrue(s)
		case "apiErrorStatus":
			rec.apiStatus = optInt(s)
		case "costUSD":
			rec.cost = optFloat(s)
		case "error":
			if s.Kind() == jscan.Object {
				rec.errObject = s.Raw()
			} else {
				rec.err = s.Text()
			}
		case "cause":
			if s.Kind() == jscan.Object {
				rec.causeObject = s.Raw()
			} else {
				s.Skip()
			}
		case "attachment":
			rec.attachment = object(s)
		case "data":
			rec.data = object(s)
		case "compactMetadata", "microcompactMetadata":
			rec.compact = object(s)
		case "hookInfos":
			rec.hookInfos = array(s)
		case "hookErrors":
			rec.hookErrors = array(s)
		case "content":
			rec.content = s.Text()
		case "durationMs":
			rec.duration = optInt(s)
		case "retryInMs":
			if v, ok := s.Float(); ok && v >= 0 && v < 1e15 {
				rec.retryIn = schema.Known(int64(v))
			}
		case "retryAttempt":
			rec.attempt = optInt(s)
		case "customTitle":
			rec.title = s.Text()
		case "aiTitle":
			rec.aiTitle = s.Text()
		case "summary":
			rec.summary = s.Text()
		case "leafUuid":
			rec.leaf = s.Text()
		case "totalCostUSD":
			rec.totalCost = optFloat(s)
		case "fallbackModel":
			rec.fallbackModel = s.Text()
		case "parentToolUseID":
			rec.parentTool = s.Text()
		case "message":
			rec.scanMessage(s)
		case "toolUseResult":
			rec.scanResult(s)
		default:
			s.Skip()
		}
	}
	return s.End() == nil
}

func object(s *jscan.Scanner) []byte {
	if s.Kind() == jscan.Object {
		return s.Raw()
	}
	s.Skip()
	return nil
}

func array(s *jscan.Scanner) []byte {
	if s.Kind() == jscan.Array {
		return s.Raw()
	}
	s.Skip()
	return nil
}

// textOf takes an object and returns one text of it.
func textOf(s *jscan.Scanner, key string) (t jscan.Text) {
	if !s.ObjectOrSkip() {
		return t
	}
	for s.Key() {
		if string(s.Name) == key {
			t = s.Text()
		} else {
			s.Skip()
		}
	}
	return t
}

func (rec *record) scanMessage(s *jscan.Scanner) {
	rec.blocks, rec.parts = rec.blocks[:0], rec.parts[:0]
	if !s.ObjectOrSkip() {
		return
	}
	rec.hasMessage = true
	for s.Key() {
		switch string(s.Name) {
		case "id":
			rec.id = s.Text()
		case "role":
			rec.role = s.Text()
		case "model":
			rec.model = s.Text()
		case "stop_reason":
			rec.stop = s.Text()
		case "usage":
			rec.usage.scan(s)
		case "content":
			rec.blocks, rec.parts = rec.blocks[:0], rec.parts[:0]
			switch s.Kind() {
			case jscan.String:
				rec.blocks = append(rec.blocks, block{typ: jscan.Text{Raw: []byte("text"), Present: true}, text: s.Text()})
			case jscan.Array:
				for s.Array(); s.Elem(); {
					rec.scanBlock(s)
				}
			default:
				s.Skip()
			}
		default:
			s.Skip()
		}
	}
}

func (rec *record) scanBlock(s *jscan.Scanner) {
	rec.blocks = append(rec.blocks, block{})
	b := &rec.blocks[len(rec.blocks)-1]
	if s.Kind() == jscan.String {
		b.typ, b.text = jscan.Text{Raw: []byte("text"), Present: true}, s.Text()
		return
	}
	if !s.ObjectOrSkip() {
		return
	}
	for s.Key() {
		switch string(s.Name) {
		case "type":
			b.typ = s.Text()
		case "text", "thinking":
			b.text = s.Text()
		case "id":
			b.id = s.Text()
		case "name":
			b.name = s.Text()
		case "server_name":
			b.server = s.Text()
		case "tool_use_id":
			b.toolUse = s.Text()
		case "input":
			b.input = s.Raw()
		case "is_error":
			b.isError = isTrue(s)
		case "content":
			rec.scanParts(s, b)
		default:
			s.Skip()
		}
	}
}

func (rec *record) scanParts(s *jscan.Scanner, b *block) {
	b.partFrom = len(rec.parts)
	switch s.Kind() {
	case jscan.String:
		b.hasContent = true
		rec.parts = append(rec.parts, part{typ: jscan.Text{Raw: []byte("text"), Present: true}, text: s.Text()})
	case jscan.Array:
		b.hasContent = true
		start := s.Pos()
		for s.Array(); s.Elem(); {
			rec.parts = append(rec.parts, part{})
			p := &rec.parts[len(rec.parts)-1]
			if s.Kind() == jscan.String {
				p.typ, p.text = jscan.Text{Raw: []byte("text"), Present: true}, s.Text()
				continue
			}
			if !s.ObjectOrSkip() {
				continue
			}
			for s.Key() {
				switch string(s.Name) {
				case "type":
					p.typ = s.Text()
				case "text":
					p.text = s.Text()
				case "source":
					if data := textOf(s, "data"); data.Present {
						p.text, p.image = data, true
					}
				default:
					s.Skip()
				}
			}
		}
		b.raw = rec.line[start:s.Pos()]
	case jscan.Object:
		b.hasContent = true
		b.raw = s.Raw()
	default:
		s.Skip()
	}
	b.partTo = len(rec.parts)
}

func (u *usage) scan(s *jscan.Scanner) {
	*u = usage{}
	if !s.ObjectOrSkip() {
		return
	}
	u.present = true
	for s.Key() {
		switch string(s.Name) {
		case "input_tokens":
			u.input = optInt(s)
		case "cache_creation_input_tokens":
			u.creation = optInt(s)
		case "cache_read_input_tokens":
			u.read = optInt(s)
		case "output_tokens":
			u.output = optInt(s)
		case "service_tier":
			u.tier = s.Text()
		case "speed":
			u.speed = s.Text()
		case "inference_geo":
			u.geo = s.Text()
		case "cache_creation":
			if !s.ObjectOrSkip() {
				continue
			}
			for s.Key() {
				switch string(s.Name) {
				case "ephemeral_5m_input_tokens":
					u.five = optInt(s)
				case "ephemeral_1h_input_tokens":
					u.hour = optInt(s)
				default:
					s.Skip()
				}
			}
		case "output_tokens_details":
			if !s.ObjectOrSkip() {
				continue
			}
			for s.Key() {
				if string(s.Name) == "thinking_tokens" {
					u.think = optInt(s)
				} else {
					s.Skip()
				}
			}
		default:
			s.Skip()
		}
	}
}

func (res *result) scan(s *jscan.Scanner) {
	*res = result{}
	switch s.Kind() {
	case jscan.String:
		res.present, res.text = true, s.Text()
		return
	case jscan.Object:
	default:
		s.Skip()
		return
	}
	res.present = true
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "interrupted":
			res.interrupted = isTrue(s)
		case "backgroundTaskId":
			res.background = s.Kind() == jscan.String
			s.Skip()
		case "returnCodeInterpretation":
			res.code = s.Text()
		case "persistedOutputSize":
			res.persistedSize = optInt(s)
		case "persistedOutputPath":
			res.persisted = s.Kind() == jscan.String
			s.Skip()
		case "agentId":
			res.agent = s.Text()
		case "status":
			res.status = s.Text()
		case "type":
			res.op = s.Text()
		case "filePath":
			res.path = s.Text()
		case "originalFile":
			res.noOriginal = s.Kind() == jscan.Null
			res.original = s.Text()
		case "structuredPatch":
			res.patch = array(s)
		case "userModified":
			res.userChanged = isTrue(s)
		case "durationMs":
			res.durationMS = millis(s)
		case "totalDurationMs":
			res.totalMS = millis(s)
		case "durationSeconds":
			res.durationS = optFloat(s)
		case "isAsync":
			res.async = isTrue(s)
		default:
			s.Skip()
		}
	}
}

// millis takes a duration, which some tools write with a fraction.
func millis(s *jscan.Scanner) schema.Int {
	v, ok := s.Float()
	if !ok || !(v >= 0 && v < 1e15) {
		return schema.Int{}
	}
	return schema.Known(int64(v))
}

func (rec *record) scanResult(s *jscan.Scanner) { rec.result.scan(s) }
