package inspect

import (
	"bytes"

	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/ingest/trace"
)

// arguments takes the arguments of a call, long ones of which stand among the attachments.
func (t *thread) arguments(c *rows.Call, raw []byte) {
	if bytes.Contains(raw, reference) {
		raw = t.restore(raw)
	}
	trace.Arguments(c, raw)
}

// reference begins a text that stands for an attachment.
var reference = []byte("attachment://")

// restore puts attachments back into a JSON value.
func (t *thread) restore(raw []byte) []byte {
	out := make([]byte, 0, len(raw))
	quoted := append([]byte{'"'}, reference...)
	for {
		i := bytes.Index(raw, quoted)
		if i < 0 {
			return append(out, raw...)
		}
		out, raw = append(out, raw[:i]...), raw[i:]
		end := bytes.IndexByte(raw[1:], '"')
		if end < 0 {
			return append(out, raw...)
		}
		whole := raw[:end+2]
		value := t.attachments.Raw(string(whole[len(quoted) : len(whole)-1]))
		if value == nil || len(out)+len(value) > maxMember {
			value = whole
		}
		out, raw = append(out, value...), raw[end+2:]
	}
}

// text is the text of a value, attachments put back.
func (t *thread) text(raw []byte) []byte {
	if trace.Kind(raw) == jscan.Array {
		var out []byte
		first := true
		for e := range trace.Elems(raw) {
			o := trace.ObjectOf(e)
			if typ := o.Str("type"); typ != "text" && typ != "" {
				continue
			}
			if !first {
				out = append(out, '\n')
			}
			first = false
			if o.Len() == 0 {
				out = append(out, t.text(e)...)
			} else {
				out = append(out, t.text(o.Raw("text"))...)
			}
		}
		return out
	}
	text, ok := trace.Content(raw)
	if ok && bytes.HasPrefix(text, reference) {
		if value, found := trace.Content(t.attachments.Raw(string(text[len(reference):]))); found {
			return value
		}
	}
	if !ok {
		return []byte(trace.Label(raw))
	}
	return text
}
