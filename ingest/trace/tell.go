package trace

import (
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

// A Teller turns messages into rows of one run of a session.
type Teller struct {
	Log   *rows.Log
	Run   *rows.Run
	Tools *Tools
	// Stated says whether some result said how its call ended.
	Stated bool
	// Timed says that the instants of records are those of the messages, so that calls have durations.
	Timed bool
}

// Tell emits a message at the current record. A prompt begins a turn.
func (t *Teller) Tell(m Message) {
	switch m.Role {
	case "system":
		if m.HasText && !IsBlank(m.Text) {
			t.Run.Message("system", "injected", m.Text)
		}
	case "user":
		t.results(m)
		if m.HasText && !IsBlank(m.Text) {
			t.Run.Response = 0
			t.Run.Prompt("user", m.Text)
		}
	case "assistant":
		t.Answer(m)
	case "tool":
		t.results(m)
	default:
		if m.HasText && !IsBlank(m.Text) {
			t.Run.Message(m.Role, "injected", m.Text)
		}
	}
}

// Answer emits what a model said: thoughts, texts and calls.
func (t *Teller) Answer(m Message) {
	for _, text := range m.Reasoning {
		t.Run.Message("assistant", "reasoning", text)
	}
	for range m.Hidden {
		t.Run.Hidden()
	}
	say := func() {
		if m.HasText && !IsBlank(m.Text) {
			t.Run.Message("assistant", "text", m.Text)
		}
	}
	if len(m.Results) == 0 {
		say()
	}
	for _, use := range m.Calls {
		c := t.Use(use)
		c.Untimed = c.Untimed || len(m.Results) > 0
	}
	if len(m.Results) > 0 {
		// Calls and results of one message have one instant, and what is said follows from them.
		t.results(m)
		say()
	}
}

// Use begins a call.
func (t *Teller) Use(use ToolUse) *rows.Call {
	c := t.Tools.Begin(t.Run, use.Name, use.ID)
	c.Untimed = !t.Timed
	Arguments(c, use.Args)
	if use.Server != "" {
		c.Row.MCPServer = use.Server
	}
	return c
}

func (t *Teller) results(m Message) {
	for _, r := range m.Results {
		t.Result(r)
	}
}

// Result takes what came of a call: by its id, else of the first that waits. A result that says nothing
// of success leaves it unknown; what a text says is never read as a failure.
func (t *Teller) Result(r ToolResult) {
	c := t.Tools.Open(r.ID)
	if c == nil {
		t.Log.Problem(schema.ProblemOrphanResult, "message", "")
		return
	}
	status, class := "unknown", ""
	exit := Signed(r.Exit)
	switch {
	case r.Failed:
		status, class = "error", rows.Failure(r.Text)
		if exit.Valid && exit.V > 0 {
			class = "nonzero_exit"
		}
	case exit.Valid && exit.V > 0:
		status, class = "error", "nonzero_exit"
	case r.Stated, exit.Valid && exit.V == 0:
		status = "ok"
	}
	if exit.V < 0 {
		exit = schema.Int{}
	}
	t.Stated = t.Stated || status != "unknown"
	Finish(c, status, class, exit, r.Text, r.HasText)
}
