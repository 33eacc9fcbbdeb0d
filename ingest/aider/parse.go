package aider

import (
	"bytes"
	"context"
	"io"
	"path/filepath"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/jsonl"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

// A parser reads one history.
type parser struct {
	log   *rows.Log
	src   *ingest.Source
	zone  *time.Location
	input []entry          // prompts as typed, with their times
	times []schema.Instant // of all headers, where there is an input history to look into
	path  string
	dir   string

	header struct { // a header line whose next line decides whether it is one
		held   bool
		line   int64
		time   string
		sample []byte
	}
	session *session
	seen    map[string]int                            // sessions by header time
	spare   struct{ prompt, answer, answered []byte } // memory of the session before
	fence   int                                       // backquotes of the fence that the answer has open, 0 = none
	last    int64                                     // number of the last line that was not blank
	badHead bool
}

// Parse reads one chat history.
func (ps Parser) Parse(ctx context.Context, src *ingest.Source, emit ingest.Emit) error {
	p := &parser{log: rows.New(agent, src, emit), src: src, zone: ps.Zone, path: src.Path, seen: map[string]int{}}
	if p.zone == nil {
		p.zone = time.Local
	}
	if filepath.Base(strings.ReplaceAll(src.Path, `\`, "/")) == chatName {
		p.dir = strings.TrimSuffix(src.Path, chatName)
		if len(p.dir) > 1 {
			p.dir = strings.TrimRight(p.dir, `/\`)
		}
		if src.ReadBeside != nil {
			if data, err := src.ReadBeside(inputName); err == nil {
				p.input = readInput(data, p.zone)
			}
		}
	}
	if len(p.input) > 0 {
		// Which prompts are a session's depends on when the next one began.
		if err := p.headerTimes(); err != nil {
			return err
		}
	}
	lines := src.Lines()
	defer src.Done(lines)
	for p.log.Err() == nil {
		ln, err := lines.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if ln.No&1023 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		p.line(ln)
		src.ParsedOffset = ln.Offset + ln.Size
	}
	if p.header.held {
		p.begin()
	}
	p.end()
	return p.log.Close()
}

func (p *parser) line(ln jsonl.Line) {
	if ln.Oversized {
		p.log.Begin(ln.No, 0, 0)
		p.log.Bad(schema.ProblemOversized)
		return
	}
	line := ln.Bytes
	if !utf8.Valid(line) {
		p.log.Problem(schema.ProblemBadEncoding, "", "")
		line = bytes.ToValidUTF8(line, []byte("\uFFFD"))
	}
	gap := ln.No-p.last > 1 || p.last == 0
	p.last = ln.No
	if t, ok := headerTime(line); ok && gap {
		if p.header.held {
			p.begin()
		}
		p.header.held, p.header.line, p.header.time = true, ln.No, t
		p.header.sample = append(p.header.sample[:0], line...)
		return
	}
	if p.header.held {
		// Inside a fence a header may be a quotation: there what the program says must follow.
		if p.fence == 0 || bytes.HasPrefix(line, []byte("> ")) {
			p.begin()
		} else {
			p.header.held = false
			p.session.text(p.header.sample, p.header.line, true)
		}
	}
	if p.session == nil {
		if !p.badHead {
			p.badHead = true
			p.log.Begin(ln.No, 0, 0)
			p.log.Unknown("text before the first header")
		}
		return
	}
	p.classify(line, ln.No, gap)
}

// begin starts the session of the header that is held.
func (p *parser) begin() {
	p.header.held = false
	if p.session != nil && p.session.empty() && p.session.time == p.header.time {
		// The program opened its files twice in the same second: one start.
		return
	}
	p.end()
	p.fence = 0
	at := p.instant(p.header.time)
	p.seen[p.header.time]++
	native := p.path + "#" + strings.Replace(p.header.time, " ", "T", 1)
	if n := p.seen[p.header.time]; n > 1 {
		native += "#" + strconv.Itoa(n)
	}
	p.log.Version = ""
	p.session = p.newSession(native, p.header.time, p.header.line, at)
	for len(p.times) > 0 && p.times[0] != at {
		p.times = p.times[1:]
	}
	for _, t := range p.times {
		if t > at { // an earlier one is a quotation, or a clock that was set
			p.session.next = t
			break
		}
	}
	if at == 0 {
		p.log.Problem(schema.ProblemBadTime, "header", "")
	}
}

func (p *parser) end() {
	if p.session != nil {
		p.session.close()
		p.session = nil
	}
}

// instant reads a local time of the history.
func (p *parser) instant(text string) schema.Instant {
	t, err := time.ParseInLocation("2006-01-02 15:04:05", text, p.zone)
	if err != nil {
		return 0
	}
	return schema.InstantOf(t)
}

// headerTimes reads the times of all headers ahead. Where the source can be read only once, that takes it
// into memory.
func (p *parser) headerTimes() error {
	var ahead io.Reader
	if p.src.At != nil {
		ahead = io.NewSectionReader(p.src.At, 0, p.src.Size)
	} else {
		data, err := p.log.Document()
		if err != nil {
			return err
		}
		ahead, p.src.Reader = bytes.NewReader(data), bytes.NewReader(data)
	}
	lines := jsonl.NewReader(ahead, nil)
	for {
		ln, err := lines.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if t, ok := headerTime(ln.Bytes); ok {
			p.times = append(p.times, p.instant(t))
		}
	}
}

// classify tells prompts, notices and answers apart.
func (p *parser) classify(line []byte, no int64, gap bool) {
	s := p.session
	// What the program writes ends with two blanks. Inside a fence of the answer only that tells it from
	// quoted text.
	own := p.fence == 0 || bytes.HasSuffix(line, []byte("  "))
	switch {
	case own && bytes.HasPrefix(line, []byte("####")) && (len(line) == 4 || line[4] == ' '):
		p.fence = 0
		s.promptLine(bytes.TrimRight(bytes.TrimPrefix(line[4:], []byte(" ")), " "), no, gap)
	case own && line[0] == '>' && (len(line) == 1 || line[1] == ' '):
		p.fence = 0
		s.notice(bytes.TrimRight(bytes.TrimPrefix(line[1:], []byte(" ")), " "), no)
	case s.call.held && bytes.HasPrefix(line, []byte("Cost: $")):
		s.cost(line)
	default:
		p.trackFence(line)
		s.text(line, no, gap)
	}
}

func (p *parser) trackFence(line []byte) {
	n := 0
	for n < len(line) && line[n] == '`' {
		n++
	}
	switch {
	case n < 3:
	case p.fence == 0:
		p.fence = n
	case n >= p.fence && len(bytes.TrimSpace(line[n:])) == 0:
		p.fence = 0
	}
}
