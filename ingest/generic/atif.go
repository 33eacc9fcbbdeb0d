package generic

import (
	"strconv"

	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/ingest/trace"
	"github.com/agenttrace/agenttrace/schema"
)

// trajectory reads a trajectory of the exchange format ATIF.
func (p *parser) trajectory(o trace.Object) {
	native := trace.Str(o.First("session_id", "trajectory_id"))
	if native == "" {
		native = p.named("", schema.HashBytes(o.Source()))
	}
	t := p.thread(native)
	t.s.Row.AgentVersion = o.Object("agent").Str("version")
	t.s.Main.Row.AgentType = o.Object("agent").Str("name")
	t.steps(t.s.Main, o, "")
	// The stated cost holds that of sub-agents.
	final := o.Object("final_metrics")
	t.s.Row.ReportedCostUSD = rows.Dollars(final.Float("total_cost_usd").V)
	if c := trace.CountsOf(final); t.counts == 0 {
		c.Input, c.Output, c.CacheRead = final.Int("total_prompt_tokens"), final.Int("total_completion_tokens"), final.Int("total_cached_tokens")
		if c.Any() && !c.IsZero() {
			t.Log.Again(max(p.n, 1), 0, 0)
			m := t.models.Take(t.s.Main, t.Log.ID("total", native), "position")
			m.UsageGrain, m.RequestModel = "session", o.Object("agent").Str("model_name")
			t.models.Observe(m, c.Usage(trace.WithCache))
		}
	}
	if o.Cut {
		t.s.Row.IsComplete = schema.Known(false)
	}
	p.done(t)
}

// steps reads the steps of a trajectory into a run, and those of its sub-agents into runs of their own.
func (t *thread) steps(run *rows.Run, o trace.Object, prefix string) {
	t.Run = run
	model := o.Object("agent").Str("model_name")
	for e, whole := range trace.Elems(o.Raw("steps")) {
		if !whole {
			break
		}
		step := trace.ObjectOf(e)
		if trace.IsTrue(step.Raw("is_copied_context")) {
			continue // it is told where it was first said
		}
		t.step(step, model, prefix)
	}
	for e := range trace.Elems(o.Raw("subagent_trajectories")) {
		sub := trace.ObjectOf(e)
		id := trace.Str(sub.First("trajectory_id", "session_id"))
		if id == "" || len(prefix) > 256 {
			continue
		}
		child := t.s.Run(id)
		child.Row.AgentType = sub.Object("agent").Str("name")
		child.Row.Line = max(child.Row.Line, 1)
		child.Row.ParentRunID = run.Row.RunID
		t.steps(child, sub, prefix+id+"/")
	}
	t.Run = run
}

// step reads one step: what somebody said, and of an agent its calls and their results.
func (t *thread) step(step trace.Object, model, prefix string) {
	id := prefix + trace.Label(step.Raw("step_id"))
	t.p.n++
	t.n++
	if id == prefix || t.seen[id] {
		id = prefix + "#" + strconv.Itoa(t.n)
	}
	t.seen[id] = true
	at := trace.Instant(step.Raw("timestamp"))
	t.Log.Begin(t.p.n, at, t.Log.ID("record", t.native, id))
	t.s.Row.HasTimes = t.s.Row.HasTimes || at != 0
	t.Run.Record()
	t.events = false
	text, ok := trace.Content(step.Raw("message"))
	m := trace.Message{Text: text, HasText: ok}
	switch source := step.Str("source"); source {
	case "user":
		m.Role = "user"
		if t.Run != t.s.Main {
			t.Run.Prompt("parent", text)
			return
		}
	case "system":
		m.Role = "system"
	case "agent":
		m.Role = "assistant"
		t.stepCall(step, model, id)
		if thought, has := trace.Content(step.Raw("reasoning_content")); has && !trace.IsBlank(thought) {
			m.Reasoning = append(m.Reasoning, thought)
		}
		for e := range trace.Elems(step.Raw("tool_calls")) {
			c := trace.ObjectOf(e)
			m.Calls = append(m.Calls, trace.ToolUse{ID: c.Str("tool_call_id"), Name: c.Str("function_name"), Args: c.Raw("arguments")})
		}
	default:
		t.Log.Unknown("step " + source)
		return
	}
	t.Tell(m)
	for e := range trace.Elems(step.Object("observation").Raw("results")) {
		t.observed(trace.ObjectOf(e))
	}
}

// stepCall emits the model call of an agent's step.
func (t *thread) stepCall(step trace.Object, model, id string) {
	t.Run.Response = 0
	metrics := step.Object("metrics")
	n := step.Int("llm_call_count")
	if metrics.Len() == 0 || n.Valid && n.V == 0 {
		return
	}
	m := t.models.Take(t.Run, t.Log.ID("response", t.native, id), "position")
	t.Run.Response = m.ModelCallID
	if m.RequestModel = step.Str("model_name"); m.RequestModel == "" {
		m.RequestModel = model
	}
	if n.V > 1 {
		m.UsageGrain = "turn"
	}
	m.ReportedCostUSD = rows.Dollars(metrics.Float("cost_usd").V)
	c := trace.CountsOf(metrics)
	extra := metrics.Object("extra")
	if v := extra.Int("cache_creation_input_tokens"); v.Valid {
		c.CacheWrite = v
	}
	if v := extra.Int("reasoning_tokens"); v.Valid {
		c.Reasoning = v
	}
	t.observe(m, c, trace.WithCache)
}

// observed takes a result. Whether the call succeeded is said, if at all, beside it.
func (t *thread) observed(o trace.Object) {
	extra := o.Object("extra")
	r := trace.ToolResult{ID: o.Str("source_call_id"), Exit: extra.First("exit_code", "returncode")}
	r.Text, r.HasText = trace.Content(o.Raw("content"))
	for _, name := range [...]string{"is_error", "error"} {
		if v := extra.Bool(name); v.Valid {
			r.Failed, r.Stated = v.V, true
		}
	}
	if extra.Str("status") == "error" {
		r.Failed, r.Stated = true, true
	}
	c := t.Tools.Open(r.ID)
	if c == nil {
		if r.ID != "" {
			t.Log.Problem(schema.ProblemOrphanResult, "observation", "")
		} else if r.HasText && !trace.IsBlank(r.Text) {
			t.Run.Message("tool", "injected", r.Text) // what the environment said without being called
		}
		return
	}
	for e := range trace.Elems(o.Raw("subagent_trajectory_ref")) {
		ref := trace.ObjectOf(e)
		if id := trace.Str(ref.First("trajectory_id", "session_id")); id != "" {
			c.Row.ChildRunID = t.Log.ID("run", t.native, id)
		}
	}
	if at := extra.Object("invocation"); at.Len() > 0 {
		c.Row.StartedAt, c.Row.EndedAt = trace.Instant(at.Raw("start_timestamp")), trace.Instant(at.Raw("end_timestamp"))
	} else {
		c.Untimed = true // the step has one instant for both
	}
	t.Result(r)
}
