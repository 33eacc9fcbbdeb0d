package aider

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

// A session is what follows one header.
type session struct {
	p    *parser
	s    *rows.Session
	r    *rows.Run
	time string
	id   schema.ID
	at   schema.Instant // of the header
	next schema.Instant // of the next header: no prompt of this session is later
	recs uint64
	nth  int // calls of the model and tools so far, for their ids

	prompt   block // lines of a prompt
	answer   block // lines of the model
	thinking bool  // inside a reasoning tag
	call     usage // the usage line, until its cost may have come
	failure  failure
	doubled  []byte // a prompt that the program logs again
	answered []byte // the last answer: in architect mode it comes back as a prompt
	command  string // the slash command before, if no prompt followed
	confirm  bool   // a shell command was offered since the last prompt
	open     bool   // the model was asked, and its usage has not come
	reported bool   // the usage of the last answer came: what follows is another
	notices  int    // lines of the program so far
	model    string
	editor   string // model that carries out the plans of the architect
	editing  bool   // it is at work
	created  map[string]bool
	edits    []editBlock
	typed    int // index of the next entry of the input history
}

// A block is consecutive lines of one kind.
type block struct {
	buf  []byte
	line int64
	held bool
}

func (b *block) add(line []byte, no int64, blank bool) {
	if !b.held {
		b.held, b.line = true, no
		b.buf = b.buf[:0]
	} else {
		b.buf = append(b.buf, '\n')
		if blank {
			b.buf = append(b.buf, '\n')
		}
	}
	b.buf = append(b.buf, line...)
}

func (b *block) take() []byte {
	b.held = false
	return b.buf
}

func (p *parser) newSession(native, time string, line int64, at schema.Instant) *session {
	p.log.Begin(line, at, schema.IDOf(agent, "header", native))
	s := &session{p: p, time: time, at: at}
	s.prompt.buf, s.answer.buf, s.answered = p.spare.prompt, p.spare.answer, p.spare.answered[:0]
	s.s = p.log.Session(native)
	s.r = s.s.Main
	s.id = s.s.Row.SessionID
	s.s.Row.Workspace, s.s.Dir = p.dir, p.dir
	s.s.Row.Fidelity = "partial"
	s.s.Row.HasAPIErrors = true
	s.r.Record()
	return s
}

func (s *session) empty() bool {
	return s.recs == 0 && s.notices == 0 && !s.prompt.held && !s.answer.held
}

// begin starts the next record of the session, at a line.
func (s *session) begin(line int64, at schema.Instant) {
	s.recs++
	s.p.log.Begin(line, at, s.id.With(s.recs))
	s.r.Record()
}

func (s *session) close() {
	s.settle()
	s.flushCall()
	s.flushFailure()
	s.s.Close()
	s.p.spare.prompt, s.p.spare.answer, s.p.spare.answered = s.prompt.buf, s.answer.buf, s.answered
}

// settle ends the block of lines that is open.
func (s *session) settle() {
	s.flushPrompt()
	s.flushAnswer()
}

// promptLine takes a line of what the user typed. Prompts are apart by blank lines.
func (s *session) promptLine(text []byte, no int64, gap bool) {
	s.flushCall()
	s.flushFailure()
	s.flushAnswer()
	if gap {
		s.flushPrompt()
	}
	s.prompt.add(text, no, false)
}

func (s *session) flushPrompt() {
	if !s.prompt.held {
		return
	}
	line := s.prompt.line
	text := bytes.TrimSpace(s.prompt.take())
	if len(text) == 0 {
		return
	}
	s.edits = s.edits[:0]
	if s.doubled != nil && bytes.Equal(text, s.doubled) {
		s.doubled = nil
		return
	}
	s.doubled = nil
	at := s.typedAt(text)
	if cmd, rest := slash(text); cmd != "" {
		switch cmd {
		case "ask", "code", "architect":
			if len(rest) > 0 {
				s.doubled = append([]byte{}, rest...)
				text = rest
				break
			}
			fallthrough
		default:
			s.command = cmd
			s.begin(line, at)
			s.r.Message("user", "command", text)
			return
		}
	} else if len(s.answered) > 0 && sameText(text, s.answered) {
		// The plan of the architect, handed to the editor.
		s.begin(line, at)
		s.r.Message("user", "injected", text)
		s.open, s.editing = true, true
		return
	}
	s.command, s.confirm, s.open, s.editing = "", false, true, false
	s.begin(line, at)
	s.r.Prompt("user", text)
}

// slash returns the command that a prompt is; "!" runs a shell line. A path is none.
func slash(text []byte) (cmd string, rest []byte) {
	switch text[0] {
	case '!':
		return "run", text[1:]
	case '/':
	default:
		return "", nil
	}
	n := 1
	for n < len(text) && (text[n] >= 'a' && text[n] <= 'z' || text[n] == '-' || text[n] == '_') {
		n++
	}
	if n == 1 || n < len(text) && text[n] != ' ' && text[n] != '\n' {
		return "", nil
	}
	return string(text[1:n]), bytes.TrimSpace(text[n:])
}

// sameText compares two texts without their white space.
func sameText(a, b []byte) bool {
	for {
		a, b = bytes.TrimLeft(a, " \t\r\n"), bytes.TrimLeft(b, " \t\r\n")
		if len(a) == 0 || len(b) == 0 {
			return len(a) == len(b)
		}
		if a[0] != b[0] {
			return false
		}
		a, b = a[1:], b[1:]
	}
}

// text takes a line of the model's answer.
func (s *session) text(line []byte, no int64, gap bool) {
	s.flushPrompt()
	s.flushCall()
	s.flushFailure()
	if tag := bytes.IndexByte(line, '<'); tag >= 0 && len(bytes.TrimSpace(line[:tag])) == 0 {
		switch tag := line[tag:]; {
		case bytes.HasPrefix(tag, []byte("<thinking-content-")):
			s.flushAnswer()
			s.thinking = true
			return
		case s.thinking && (bytes.HasPrefix(tag, []byte("</think")) || bytes.HasPrefix(tag, []byte("</reason"))):
			s.flushAnswer()
			s.thinking = false
			return
		}
	}
	s.answer.add(line, no, gap)
}

func (s *session) flushAnswer() {
	if !s.answer.held {
		return
	}
	line := s.answer.line
	text := bytes.TrimSpace(s.answer.take())
	if len(text) == 0 {
		return
	}
	s.begin(line, 0)
	if s.command != "" && !s.open {
		// What a command of the user printed: only the first line of it is marked as the program's.
		s.r.Message("system", "injected", text)
		return
	}
	kind := "text"
	if s.thinking {
		kind = "reasoning"
	} else {
		s.answered = append(s.answered[:0], text...)
		if s.reported {
			s.reported, s.edits = false, s.edits[:0]
		}
		s.edits = findEdits(s.edits, text)
	}
	last := s.r.Last
	s.r.Message("assistant", kind, text)
	if !s.open && last != rows.LastNone {
		s.r.Last = last // output of a command or of the program, rather than an answer
	}
}

// notice takes a line of the program.
func (s *session) notice(text []byte, no int64) {
	s.flushPrompt()
	if isUsage(text) {
		s.flushCall()
		s.usageLine(text, no)
		return
	}
	s.flushAnswer()
	if s.call.held && bytes.HasPrefix(text, []byte("Cost: $")) {
		s.cost(text)
		return
	}
	s.flushCall()
	s.notices++
	if s.notices > 1 && !tells(text) {
		return
	}
	line := string(text)
	if s.opening(line) || s.failed(line, no) {
		return
	}
	switch {
	case line == "^C again to exit" || strings.HasPrefix(line, "^C KeyboardInterrupt"):
		// At an idle prompt it only leaves the program.
		if s.open {
			s.open = false
			s.begin(no, 0)
			s.r.Event(schema.Event{Event: "interrupt"})
			s.r.Last = rows.LastInterrupt
		}
	case strings.HasPrefix(line, "Run shell command"):
		s.confirm = true
	case strings.HasPrefix(line, "Creating empty file "):
		if s.created == nil {
			s.created = map[string]bool{}
		}
		s.created[strings.TrimPrefix(line, "Creating empty file ")] = true
	default:
		s.toolNotice(line, no)
	}
}

// told are the beginnings of the notices that are understood. Most are not among them.
var told = [...]string{
	"^C", "Aider v", "Applied edit to ", "Creating empty file ", "Did not apply edit to ", "Editor model: ", "Git working dir: ", "Main model: ",
	"Model", "Only ", "Retrying in ", "Run shell command", "Running ", "Skipping edits to ", "The LLM did not", "Unexpected error: ", "litellm.",
}

// tells reports whether a notice may be one that is understood.
func tells(text []byte) bool {
	for _, t := range told {
		if len(text) >= len(t) && string(text[:len(t)]) == t {
			return true
		}
	}
	return false
}

// opening takes the lines with which a start, or a switch of the model, introduces itself.
func (s *session) opening(line string) bool {
	row := &s.s.Row
	switch {
	case s.notices == 1 && !strings.HasPrefix(line, "Aider v"):
		args := " " + line + " "
		row.IsHeadless = schema.Known(strings.Contains(args, " --message ") || strings.Contains(args, " --message=") ||
			strings.Contains(args, " -m ") || strings.Contains(args, " --message-file") || strings.Contains(args, " -f "))
		return false
	case strings.HasPrefix(line, "Aider v"):
		v, _, _ := strings.Cut(strings.TrimPrefix(line, "Aider v"), " ")
		if row.AgentVersion == "" {
			row.AgentVersion = v
			s.p.log.Version = v
		}
	case strings.HasPrefix(line, "Main model: "), strings.HasPrefix(line, "Model: "), strings.HasPrefix(line, "Models: "):
		_, name, _ := strings.Cut(line, ": ")
		name, _, _ = strings.Cut(name, " with ")
		s.setModel(name)
	case strings.HasPrefix(line, "Editor model: "):
		s.editor, _, _ = strings.Cut(strings.TrimPrefix(line, "Editor model: "), " with ")
	case strings.HasPrefix(line, "Git working dir: "):
		row.Workspace = strings.TrimPrefix(line, "Git working dir: ")
		s.s.Dir = row.Workspace
	default:
		return false
	}
	return true
}

func (s *session) setModel(name string) {
	if name == s.model {
		return
	}
	if s.model != "" {
		s.begin(s.p.last, 0)
		s.r.Setting(schema.Event{Event: "model_changed", Detail: name})
	}
	s.model = name
}

// newID names a call by its place in the session: there is nothing better.
func (s *session) newID(kind string) schema.ID {
	s.nth++
	return s.p.log.ID(kind, s.s.Row.NativeSessionID, strconv.Itoa(s.nth))
}
