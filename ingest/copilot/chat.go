package copilot

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

// A chat is a chat session of VS Code being read.
type chat struct {
	log    *rows.Log
	src    *ingest.Source
	s      *rows.Session
	native string
	model  string
}

func readChat(log *rows.Log, src *ingest.Source) error {
	data, err := log.Document()
	if err != nil {
		return err
	}
	return chatSession(log, src, data, false)
}

// chatSession reads the state of a session. partial says that not all of it is there.
func chatSession(log *rows.Log, src *ingest.Source, data []byte, partial bool) error {
	var id, title, location, responder string
	var requests []byte
	var s jscan.Scanner
	s.Reset(data)
	for ok := s.ObjectOrSkip(); ok && s.Key(); {
		switch string(s.Name) {
		case "sessionId":
			id = s.Str()
		case "customTitle":
			title = s.Str()
		case "initialLocation":
			location = s.Str()
		case "responderUsername":
			responder = s.Str()
		case "requests":
			start := s.Pos()
			if requests = s.Raw(); requests == nil {
				requests = data[min(start, len(data)):]
			}
		default:
			s.Skip()
		}
	}
	cut := s.End() != nil
	if cut {
		log.Problem(schema.ProblemTruncated, "", "")
	}
	if requests == nil {
		if cut {
			log.Begin(1, 0, 0)
			log.Bad(schema.ProblemBadJSON)
		}
		return nil
	}
	if responder != "" && !strings.Contains(strings.ToLower(responder), "copilot") {
		log.Problem(schema.ProblemUnknownField, "session", "responderUsername")
	}
	c := &chat{log: log, src: src, native: id}
	if c.native == "" {
		c.native = sessionOf(requests)
	}
	if c.native == "" {
		c.native = stem(src.Path)
	}
	log.Begin(1, 0, 0)
	src.Records--
	c.s = log.Session(c.native)
	row := &c.s.Row
	row.Entrypoint = "vscode"
	if location != "" {
		row.Entrypoint = "vscode-" + location
	}
	row.IsComplete = schema.Known(!cut && !partial)
	row.HasTimes, row.HasToolArgs, row.HasToolStatus, row.HasAPIErrors, row.HasCompactions = true, true, true, true, true
	if partial || cut {
		row.Fidelity = "partial"
	}
	if src.Content != ingest.ContentNone {
		row.Title = title
	}
	if folder := workspaceBeside(src, "../workspace.json"); folder != "" {
		row.Workspace, c.s.Dir = folder, folder
	}
	s.Reset(requests)
	no := int64(0)
	for ok := s.ArrayOrSkip(); ok && s.Elem(); {
		raw := s.Raw()
		if raw == nil {
			break
		}
		no++
		c.request(raw, no)
	}
	if no > 0 {
		ledger(log, c.s, rankChat)
	}
	return nil
}

// sessionOf finds the session's id in the first request, for exports leave it out above.
func sessionOf(requests []byte) string {
	const mark = `"sessionId":`
	i := bytes.Index(requests, []byte(mark))
	if i < 0 {
		return ""
	}
	rest := bytes.TrimLeft(requests[i+len(mark):], " \n\r\t")
	if len(rest) < 3 || rest[0] != '"' {
		return ""
	}
	end := bytes.IndexByte(rest[1:], '"')
	if end <= 0 || end > 64 || bytes.IndexByte(rest[1:1+end], '\\') >= 0 {
		return ""
	}
	return string(rest[1 : 1+end])
}

// workspaceBeside reads the folder that a store of VS Code belongs to.
func workspaceBeside(src *ingest.Source, rel string) string {
	if src.ReadBeside == nil {
		return ""
	}
	data, err := src.ReadBeside(rel)
	if err != nil {
		return ""
	}
	var folder string
	var s jscan.Scanner
	s.Reset(bytes.ToValidUTF8(data, []byte("\uFFFD")))
	for ok := s.ObjectOrSkip(); ok && s.Key(); {
		if string(s.Name) == "folder" {
			folder = s.Str()
		} else {
			s.Skip()
		}
	}
	if !strings.HasPrefix(folder, "file://") {
		return ""
	}
	return rows.PathOfURI(folder)
}

// A turn is one request of a chat session and all that came of it.
type turn struct {
	id, model, resolved string
	at, done            schema.Instant
	text                jscan.Text
	response            []byte
	rounds              []byte
	results             []byte
	summaries           []byte
	state               schema.Int
	first, total        schema.Int
	cancelled           bool
	failed              bool
	errorText           jscan.Text
	errorCode           string
	prompt, output      schema.Int
}

func (t *turn) scan(raw []byte) bool {
	var s jscan.Scanner
	s.Reset(raw)
	if s.Kind() != jscan.Object {
		return false
	}
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "requestId":
			t.id = s.Str()
		case "timestamp":
			t.at = millis(&s)
		case "message":
			if s.Kind() == jscan.String {
				t.text = s.Text()
				continue
			}
			for ok := s.ObjectOrSkip(); ok && s.Key(); {
				if string(s.Name) == "text" {
					t.text = s.Text()
				} else {
					s.Skip()
				}
			}
		case "modelId":
			t.model = s.Str()
		case "isCanceled":
			t.cancelled, _ = s.Bool()
		case "response":
			t.response = s.Raw()
		case "modelState":
			for ok := s.ObjectOrSkip(); ok && s.Key(); {
				switch string(s.Name) {
				case "value":
					t.state = rows.Count(&s)
				case "completedAt":
					t.done = millis(&s)
				default:
					s.Skip()
				}
			}
		case "result":
			t.result(&s)
		default:
			s.Skip()
		}
	}
	return s.End() == nil
}

func (t *turn) result(s *jscan.Scanner) {
	for ok := s.ObjectOrSkip(); ok && s.Key(); {
		switch string(s.Name) {
		case "timings":
			for ok := s.ObjectOrSkip(); ok && s.Key(); {
				switch string(s.Name) {
				case "firstProgress":
					t.first = rows.Count(s)
				case "totalElapsed":
					t.total = rows.Count(s)
				default:
					s.Skip()
				}
			}
		case "errorDetails":
			for ok := s.ObjectOrSkip(); ok && s.Key(); {
				switch string(s.Name) {
				case "message":
					t.failed = true
					t.errorText = s.Text()
				case "code":
					t.errorCode = s.Str()
				default:
					s.Skip()
				}
			}
		case "metadata":
			for ok := s.ObjectOrSkip(); ok && s.Key(); {
				switch string(s.Name) {
				case "promptTokens":
					t.prompt = rows.Count(s)
				case "outputTokens":
					t.output = rows.Count(s)
				case "resolvedModel":
					t.resolved = s.Str()
				case "toolCallRounds":
					t.rounds = s.Raw()
				case "toolCallResults":
					t.results = s.Raw()
				case "summaries":
					t.summaries = s.Raw()
				default:
					s.Skip()
				}
			}
		default:
			s.Skip()
		}
	}
}

func millis(s *jscan.Scanner) schema.Instant {
	v, ok := s.Float()
	if !ok || !(v > 0 && v < 1e16) {
		return 0
	}
	return schema.UnixMillis(int64(v))
}

// request tells one request of the user with all its rounds.
func (c *chat) request(raw []byte, no int64) {
	var t turn
	if !t.scan(raw) {
		c.log.Begin(no, 0, 0)
		c.log.Unknown("")
		return
	}
	name := t.id
	if name == "" {
		name = strconv.FormatInt(no, 10)
	}
	key := c.log.ID("request", c.native, name)
	if len(t.id) >= 12 {
		key = c.log.ID("request", t.id) // sessions are copied to other folders
	}
	r := c.s.Main
	c.log.Begin(no, t.at, key)
	r.Record()
	tr := r.Prompt("user", c.log.Bytes(t.text))
	tr.DurationReportedMS, tr.TimeToFirstTokenMS = t.total, t.first
	model := strings.TrimPrefix(t.model, "copilot/")
	if model == "auto" {
		model = ""
	}
	if c.model != "" && model != "" && model != c.model {
		r.Event(schema.Event{Event: "model_changed", Detail: model})
	}
	if model != "" {
		c.model = model
	}
	w := &work{chat: c, turn: &t, run: r, key: key, model: model}
	w.tell()
	cancelled := t.cancelled || t.state.V == 2 || t.errorCode == "canceled"
	switch {
	case cancelled:
		r.Event(schema.Event{Event: "interrupt"})
		r.Last = rows.LastInterrupt
	case t.failed || t.state.V == 3:
		text := c.log.Bytes(t.errorText)
		r.Error(schema.Error{Source: "api", ErrorType: errorType(t.errorCode, text), MessageHash: schema.HashBytes(text), IsFinal: schema.Known(true)})
		r.Last = rows.LastError
	case t.state.Valid && t.state.V == 4:
		r.Last = rows.LastApproval
	case t.state.Valid && t.state.V == 1:
		r.Last = rows.LastDone
	}
	// The parts of a turn have no instants of their own, so its end is told or unknown.
	tr.EndedAt = t.done
	if t.done == 0 && t.at != 0 && t.total.Valid && t.total.V < 1e10 {
		tr.EndedAt = t.at + schema.Instant(t.total.V*1000)
	}
}

func errorType(code string, text []byte) string {
	switch code {
	case "rateLimited", "quotaExceeded":
		return "rate_limit"
	case "offTopic", "filtered", "responsibleAI":
		return "invalid_request"
	}
	return rows.ErrorType(schema.Int{}, text)
}
