package cursor

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"strings"

	"github.com/agenttrace/agenttrace/ingest/rows"
)

// plain reads the text form: headings "user:" and "assistant:", and among what follows an assistant's
// heading lines in brackets for thinking, calls and results, each with indented lines below.
func (p *parser) plain(ctx context.Context) error {
	if p.superseded() {
		p.begin(1)
		p.run.Record()
		p.ses.Row.IsMarkedCopy = true
		return p.skip()
	}
	t := &text{p: p}
	lines := p.src.Lines()
	defer p.src.Done(lines)
	for {
		line, err := lines.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		t.line(bytes.ToValidUTF8(line.Bytes, []byte("\uFFFD")), line.No)
		p.src.ParsedOffset = line.Offset + line.Size
		if p.log.Err() != nil {
			return nil
		}
	}
	t.flush()
	p.src.ParsedOffset = lines.Offset()
	return nil
}

// superseded reports whether the same transcript is there as lines of JSON, which say more.
func (p *parser) superseded() bool {
	if p.src.ReadBeside == nil {
		return false
	}
	path := strings.ReplaceAll(p.src.Path, `\`, "/")
	stem := strings.TrimSuffix(path[strings.LastIndexByte(path, '/')+1:], ".txt")
	for _, name := range []string{stem + ".jsonl", stem + "/" + stem + ".jsonl"} {
		if _, err := p.src.ReadBeside(name); err == nil || !errors.Is(err, fs.ErrNotExist) {
			return true
		}
	}
	return false
}

func (p *parser) skip() error {
	n, err := io.Copy(io.Discard, p.src.Reader)
	p.src.ParsedOffset = n
	return err
}

// A text collects the lines of one part until the next begins.
type text struct {
	p     *parser
	role  string // user, assistant
	part  string // text, thinking, call, result
	name  string // of the tool
	first int64
	body  []byte
}

func (t *text) line(line []byte, no int64) {
	trimmed := bytes.TrimRight(line, " \r\t")
	role := ""
	switch string(trimmed) {
	case "user:":
		role = "user"
	case "assistant:", "A:":
		role = "assistant"
	}
	if role != "" {
		t.flush()
		t.role, t.part = role, "text"
		if role == "assistant" {
			t.p.begin(no)
			t.p.settle()
			t.p.response()
			t.p.run.Record()
		}
		return
	}
	if t.role == "assistant" && bytes.HasPrefix(trimmed, []byte("[")) {
		for _, mark := range [...]struct{ word, part string }{{"[Thinking]", "thinking"}, {"[Tool call]", "call"}, {"[Tool result]", "result"}} {
			if rest, ok := bytes.CutPrefix(trimmed, []byte(mark.word)); ok {
				t.flush()
				t.part, t.first = mark.part, no
				rest = bytes.TrimSpace(rest)
				if mark.part == "thinking" {
					t.body = append(t.body, rest...)
				} else {
					t.name = string(rest)
				}
				return
			}
		}
	}
	// What a call is told is indented; a line that is not is the assistant's again.
	if t.part == "call" && len(trimmed) > 0 && line[0] != ' ' && line[0] != '\t' && line[0] != '{' {
		t.flush()
		t.part, t.first = "text", no
	}
	if t.first == 0 {
		t.first = no
	}
	if len(t.body) > 0 {
		t.body = append(t.body, '\n')
	}
	t.body = append(t.body, trimmed...)
}

// flush tells the part that ends here.
func (t *text) flush() {
	p, body := t.p, bytes.TrimSpace(t.body)
	if t.role != "" && (len(body) > 0 || t.part == "call") {
		p.begin(t.first)
		switch {
		case t.role == "user":
			p.ask(p.asked(nil, body))
		case t.part == "thinking":
			p.run.Message("assistant", "reasoning", body)
		case t.part == "call":
			c := p.run.Request(t.name, "")
			c.Row.Status = "unknown"
			t.arguments(c, body)
			p.open = append(p.open, c)
		case t.part == "result":
			for _, c := range p.open {
				if !c.Ended() && c.Row.ToolNameRaw == t.name {
					c.End("unknown", "")
					c.Output(body)
					break
				}
			}
		default:
			p.said(body)
		}
		p.run.Record()
	}
	t.body, t.name, t.first = t.body[:0], "", 0
	t.part = "text"
}

// arguments reads what stands below a call: an object, or lines of key: value or key=value.
func (t *text) arguments(c *rows.Call, body []byte) {
	if len(body) == 0 {
		return
	}
	if body[0] != '{' {
		body = asObject(body)
	}
	c.Arguments(actOf(c.Row.ToolNameRaw), body)
}

// asObject writes lines of key and value as a JSON object; a line without a key continues a value.
func asObject(body []byte) []byte {
	out := []byte{'{'}
	open := false
	for _, line := range bytes.Split(body, []byte{'\n'}) {
		line = bytes.TrimSpace(line)
		i := bytes.IndexAny(line, ":=")
		if i <= 0 || bytes.ContainsAny(line[:i], " \t\"'/\\") {
			if open {
				out = append(quote(append(out[:len(out)-1], `\n`...), line), '"')
			}
			continue
		}
		if open {
			out = append(out, ',')
		}
		out = append(quote(append(out, '"'), line[:i]), `":"`...)
		out = append(quote(out, bytes.TrimSpace(line[i+1:])), '"')
		open = true
	}
	return append(out, '}')
}

// quote appends text as it stands between the quotes of a JSON string.
func quote(dst, text []byte) []byte {
	const hex = "0123456789abcdef"
	for _, c := range text {
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c < ' ':
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			dst = append(dst, c)
		}
	}
	return dst
}
