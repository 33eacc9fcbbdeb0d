package qwen

import (
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

// A call is one response, kept until the end: only then it is known how its provider counts.
type call struct {
	row     schema.ModelCall
	usage   usage
	auth    string // how the request was signed in, where its telemetry says it
	matched bool   // with its telemetry
}

// near is how far the two records of one response may lie apart.
const near = schema.Instant(10_000_000)

// count brings the counters to the five disjoint ones. What came from the cache is inside the prompt.
// Whether thoughts are inside the output differs by provider: the total shows it, else the kind of
// account does, else they are taken to be inside, as with most, and the figure is an estimate.
func (c *call) count(auth string) {
	u, m := c.usage, &c.row
	if c.auth != "" {
		auth = c.auth
	}
	m.CacheRead, m.Output, m.Reasoning = u.cached, u.output, u.thoughts
	m.UncachedInput, _ = rows.Minus(u.prompt, u.cached)
	if !m.UncachedInput.Valid && !m.Output.Valid {
		m.UsageQuality = "missing"
		return
	}
	m.UsageQuality = "final"
	separate := false
	if u.thoughts.V > 0 && u.output.Valid {
		switch sum := u.prompt.V + u.output.V; {
		case u.total.Valid && (u.total.V == sum || u.total.V == sum+u.tool.V):
		case u.total.Valid && (u.total.V == sum+u.thoughts.V || u.total.V == sum+u.thoughts.V+u.tool.V):
			separate = true
		case auth == "":
			m.UsageQuality = "estimated"
		case auth != "openai" && auth != "qwen-oauth":
			separate = true
		}
		if separate {
			m.Output.V += u.thoughts.V
		}
	}
	if m.Output.Valid {
		m.Output.V += u.tool.V
	}
	if m.Reasoning.Valid && m.Output.Valid && m.Reasoning.V > m.Output.V {
		m.Reasoning.V = m.Output.V
	}
}

// A timing is what telemetry tells of a response.
type timing struct {
	at         schema.Instant
	model      string
	response   string
	auth       string
	prompt     schema.Int
	output     schema.Int
	durationMS schema.Int
	firstMS    schema.Int
}

// fits reports whether telemetry and response are of one request.
func (t *timing) fits(c *call) bool {
	d := t.at - c.row.OccurredAt
	return !c.matched && t.model == c.row.ResponseModel && t.prompt == c.usage.prompt && t.output == c.usage.output &&
		t.at != 0 && c.row.OccurredAt != 0 && d > -near && d < near
}

// apply gives the response its instants: telemetry is written when a response has come.
func (t *timing) apply(c *call) {
	c.matched, c.auth = true, t.auth
	m := &c.row
	m.ResponseID = t.response
	m.EndedAt = t.at
	if t.durationMS.Valid && t.durationMS.V < 1<<40 {
		m.StartedAt = t.at - schema.Instant(t.durationMS.V*1000)
		m.OccurredAt = m.StartedAt
		if t.firstMS.Valid && t.firstMS.V <= t.durationMS.V {
			m.FirstTokenAt = m.StartedAt + schema.Instant(t.firstMS.V*1000)
		}
	}
}

// An event is a row of telemetry.
type event struct {
	name, stamp, model, response, prompt, auth   jscan.Text
	agentID, agentName, agentType                jscan.Text
	function, status, decision, errorType, error jscan.Text
	message, server                              jscan.Text
	args                                         []byte
	code, durationMS, firstMS                    schema.Int
	added, removed                               schema.Int
	usage                                        usage
}

func (e *event) scan(s *jscan.Scanner) {
	if !s.ObjectOrSkip() {
		return
	}
	for s.Key() {
		switch string(s.Name) {
		case "event.name":
			e.name = s.Text()
		case "event.timestamp":
			e.stamp = s.Text()
		case "model":
			e.model = s.Text()
		case "response_id":
			e.response = s.Text()
		case "prompt_id":
			e.prompt = s.Text()
		case "auth_type":
			e.auth = s.Text()
		case "subagent_id":
			e.agentID = s.Text()
		case "subagent_name", "subagent_task_name":
			e.agentName = s.Text()
		case "subagent_type":
			e.agentType = s.Text()
		case "function_name":
			e.function = s.Text()
		case "function_args":
			e.args = s.Raw()
		case "status":
			e.status = s.Text()
		case "decision":
			e.decision = s.Text()
		case "error_type":
			e.errorType = s.Text()
		case "error":
			e.error = s.Text()
		case "error_message":
			e.message = s.Text()
		case "mcp_server_name":
			e.server = s.Text()
		case "status_code":
			e.code = rows.Count(s)
		case "duration_ms":
			e.durationMS = millis(s)
		case "ttft_ms":
			e.firstMS = millis(s)
		case "input_token_count":
			e.usage.prompt = rows.Count(s)
		case "output_token_count":
			e.usage.output = rows.Count(s)
		case "cached_content_token_count":
			e.usage.cached = rows.Count(s)
		case "thoughts_token_count":
			e.usage.thoughts = rows.Count(s)
		case "tool_token_count":
			e.usage.tool = rows.Count(s)
		case "total_token_count":
			e.usage.total = rows.Count(s)
		case "metadata":
			if !s.ObjectOrSkip() {
				continue
			}
			for s.Key() {
				switch string(s.Name) {
				case "model_added_lines":
					e.added = rows.Count(s)
				case "model_removed_lines":
					e.removed = rows.Count(s)
				default:
					s.Skip()
				}
			}
		default:
			s.Skip()
		}
	}
}

// millis takes a duration, which may have a fraction.
func millis(s *jscan.Scanner) schema.Int {
	v, ok := s.Float()
	if !ok || !(v >= 0 && v < 1e15) {
		return schema.Int{}
	}
	return schema.Known(int64(v))
}
