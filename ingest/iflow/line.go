package iflow

import (
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/recording"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

// A record is one line.
type record struct {
	typ, uuid, session, stamp, cwd, branch, version jscan.Text
	agent, id, model, stop                          jscan.Text
	meta, compact, sidechain, message               bool
	input, output                                   schema.Int
	blocks                                          []block
	status                                          jscan.Text // of the tool
	ended                                           schema.Int // epoch milliseconds
}

// A block is one piece of a message.
type block struct {
	typ, text, id, name, toolUse jscan.Text
	args                         []byte
	isError                      bool
	result                       result
}

// A result is what stands in the block of a tool's result: an envelope around a function's response, or
// the text alone.
type result struct {
	present bool
	text    jscan.Text
	raw     []byte
	isError bool
	diff    recording.Diff
}

func (rec *record) scan(s *jscan.Scanner, raw []byte) bool {
	*rec = record{blocks: rec.blocks[:0]}
	s.Reset(raw)
	if s.Kind() != jscan.Object {
		return false
	}
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "type":
			rec.typ = s.Text()
		case "uuid":
			rec.uuid = s.Text()
		case "sessionId":
			rec.session = s.Text()
		case "timestamp":
			rec.stamp = s.Text()
		case "cwd":
			rec.cwd = s.Text()
		case "gitBranch":
			rec.branch = s.Text()
		case "version":
			rec.version = s.Text()
		case "agentId":
			rec.agent = s.Text()
		case "isMeta":
			rec.meta = isTrue(s)
		case "isCompactSummary":
			rec.compact = isTrue(s)
		case "isSidechain":
			rec.sidechain = isTrue(s)
		case "message":
			rec.scanMessage(s)
		case "toolUseResult":
			if !s.ObjectOrSkip() {
				continue
			}
			for s.Key() {
				switch string(s.Name) {
				case "status":
					rec.status = s.Text()
				case "timestamp":
					rec.ended = rows.Count(s)
				default:
					s.Skip()
				}
			}
		default:
			s.Skip()
		}
	}
	return s.End() == nil
}

func isTrue(s *jscan.Scanner) bool {
	b, ok := s.Bool()
	return b && ok
}

func (rec *record) scanMessage(s *jscan.Scanner) {
	if !s.ObjectOrSkip() {
		return
	}
	rec.message = true
	for s.Key() {
		switch string(s.Name) {
		case "id":
			rec.id = s.Text()
		case "model":
			rec.model = s.Text()
		case "stop_reason":
			rec.stop = s.Text()
		case "usage":
			if !s.ObjectOrSkip() {
				continue
			}
			for s.Key() {
				switch string(s.Name) {
				case "input_tokens":
					rec.input = rows.Count(s)
				case "output_tokens":
					rec.output = rows.Count(s)
				default:
					s.Skip()
				}
			}
		case "content":
			switch s.Kind() {
			case jscan.String:
				rec.blocks = append(rec.blocks, block{typ: jscan.Text{Raw: []byte("text"), Present: true}, text: s.Text()})
			case jscan.Array:
				for s.Array(); s.Elem(); {
					rec.blocks = append(rec.blocks, block{})
					rec.blocks[len(rec.blocks)-1].scan(s)
				}
			default:
				s.Skip()
			}
		default:
			s.Skip()
		}
	}
}

func (b *block) scan(s *jscan.Scanner) {
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
		case "tool_use_id":
			b.toolUse = s.Text()
		case "input":
			b.args = s.Raw()
		case "is_error":
			b.isError = isTrue(s)
		case "content":
			b.result.scan(s)
		default:
			s.Skip()
		}
	}
}

func (res *result) scan(s *jscan.Scanner) {
	res.present = s.Kind() != jscan.Null
	switch s.Kind() {
	case jscan.String:
		res.text = s.Text()
	case jscan.Object:
		for s.Object(); s.Key(); {
			switch string(s.Name) {
			case "functionResponse":
				res.response(s)
			case "responseParts":
				switch s.Kind() {
				case jscan.Object:
					res.part(s)
				case jscan.Array:
					for s.Array(); s.Elem(); {
						if s.Kind() == jscan.Object {
							res.part(s)
						} else {
							s.Skip()
						}
					}
				default:
					s.Skip()
				}
			case "resultDisplay":
				if s.Kind() == jscan.Object {
					res.diff.Scan(s)
				} else if t := s.Text(); !res.text.Present && res.raw == nil {
					res.text = t
				}
			default:
				s.Skip()
			}
		}
	case jscan.Array:
		for s.Array(); s.Elem(); {
			if s.Kind() == jscan.Object {
				res.part(s)
			} else {
				s.Skip()
			}
		}
	default:
		s.Skip()
	}
}

func (res *result) part(s *jscan.Scanner) {
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "functionResponse":
			res.response(s)
		case "text":
			if t := s.Text(); !res.text.Present {
				res.text = t
			}
		default:
			s.Skip()
		}
	}
}

func (res *result) response(s *jscan.Scanner) {
	if !s.ObjectOrSkip() {
		return
	}
	for s.Key() {
		if string(s.Name) != "response" || s.Kind() != jscan.Object {
			s.Skip()
			continue
		}
		raw := s.Raw()
		if text, isError := recording.ResponseText(raw); text.Present {
			res.text, res.isError = text, isError
		} else {
			res.raw = raw
		}
	}
}
