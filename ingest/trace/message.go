package trace

import (
	"github.com/agenttrace/agenttrace/ingest/jscan"
)

// A Message is one message of a conversation in any of the shapes in which providers and libraries
// write them.
type Message struct {
	Role      string // user, assistant, system or tool; other words as they are
	ID        string
	Text      []byte // all its texts, or nil
	HasText   bool
	Reasoning [][]byte
	Hidden    int // reasoning that is there and cannot be read
	Calls     []ToolUse
	Results   []ToolResult
	Blocks    bool // the content was written as blocks of the kind that tell calls and results
}

// A ToolUse is a call that a message asks for.
type ToolUse struct {
	ID, Name, Server string
	Args             []byte
}

// A ToolResult is what came of a call. Failed is unknown where the message does not say.
type ToolResult struct {
	ID, Name string
	Text     []byte
	HasText  bool
	Failed   bool
	Stated   bool // Failed is said, one way or the other
	Exit     []byte
}

// roles brings the words for roles to four.
var roles = map[string]string{
	"user": "user", "human": "user", "prompter": "user", "customer": "user",
	"assistant": "assistant", "ai": "assistant", "gpt": "assistant", "chatgpt": "assistant", "model": "assistant", "agent": "assistant",
	"bot": "assistant", "bard": "assistant", "bing": "assistant", "claude": "assistant", "llm": "assistant", "functioncall": "assistant",
	"system": "system", "developer": "system", "instructions": "system",
	"tool": "tool", "function": "tool", "observation": "tool", "environment": "tool", "toolresponse": "tool", "toolresult": "tool", "ipython": "tool",
}

// RoleOf brings a word for a role to user, assistant, system or tool; it is empty for no such word.
func RoleOf(word string) string { return roles[Fold(word)] }

// MessageOf reads a message. ok is false where the object is none: it has no role, or nothing that a
// role could say.
func MessageOf(o Object) (m Message, ok bool) {
	if kwargs := o.Object("kwargs"); kwargs.Len() > 0 && o.Has("lc") {
		o = kwargs // as LangChain serialises it
	}
	if item, is := itemOf(o); is {
		return item, true
	}
	word := roleWord(o)
	if word == "" {
		return m, false
	}
	if m.Role = RoleOf(word); m.Role == "" {
		m.Role = word
	}
	m.ID = Str(o.First("id", "uuid", "message_id"))
	m.reasoningOf(o)
	content := contentOf(o)
	m.content(content)
	for _, name := range [...]string{"tool_calls", "toolCalls"} {
		for e, whole := range Elems(o.Raw(name)) {
			if use, is := useOf(ObjectOf(e)); is && whole && !m.has(use.ID) {
				m.Calls = append(m.Calls, use)
			}
		}
	}
	if f := o.Object("function_call"); f.Has("name") {
		m.Calls = append(m.Calls, ToolUse{Name: f.Str("name"), Args: f.Raw("arguments")})
	}
	switch {
	case m.Role == "tool" && len(m.Results) == 0:
		r := ToolResult{ID: Str(o.First("tool_call_id", "toolCallId", "tool_use_id", "call_id")), Name: o.Str("name"), Text: m.Text, HasText: m.HasText}
		r.state(o)
		m.Results = append(m.Results, r)
		m.Text, m.HasText = nil, false
	case m.Role == "user" && len(m.Results) > 0 && IsBlank(m.Text):
		m.Role = "tool"
	}
	return m, true
}

// has reports whether a call of an id is there: some libraries write it in the content and beside it.
func (m *Message) has(id string) bool {
	for _, c := range m.Calls {
		if id != "" && c.ID == id {
			return true
		}
	}
	return false
}

// roleWord finds the word for the role.
func roleWord(o Object) string {
	for _, name := range [...]string{"role", "from", "speaker", "sender"} {
		if w := o.Str(name); w != "" {
			return w
		}
	}
	if w := Str(o.Object("author").Raw("role")); w != "" {
		return w
	}
	for _, name := range [...]string{"source", "type"} {
		if w := o.Str(name); RoleOf(w) != "" {
			return w
		}
	}
	return ""
}

// contentOf finds what a message says.
func contentOf(o Object) []byte {
	if c := o.First("content", "parts", "text", "value"); c != nil {
		return c
	}
	if m := o.Raw("message"); Kind(m) == jscan.String || Kind(m) == jscan.Array {
		return m
	}
	return o.First("body", "output_text")
}

// reasoningOf takes what stands beside the content.
func (m *Message) reasoningOf(o Object) {
	for _, name := range [...]string{"reasoning_content", "reasoning", "thinking", "thought"} {
		if text, ok := Content(o.Raw(name)); ok && !IsBlank(text) {
			m.Reasoning = append(m.Reasoning, text)
			return
		}
	}
	for _, name := range [...]string{"thinking_blocks", "reasoning_details"} {
		for e := range Elems(o.Raw(name)) {
			m.thought(ObjectOf(e))
		}
	}
}

// thought takes a block of reasoning.
func (m *Message) thought(b Object) {
	for _, name := range [...]string{"thinking", "reasoning", "text", "content", "summary"} {
		if text, ok := Content(b.Raw(name)); ok && !IsBlank(text) {
			m.Reasoning = append(m.Reasoning, text)
			return
		}
	}
	m.Hidden++
}

// add takes a text. The first is kept as it is, which most often is the only one.
func (m *Message) add(text []byte) {
	if m.HasText {
		m.Text = append(append(m.Text, '\n'), text...)
		return
	}
	m.Text, m.HasText = text[:len(text):len(text)], true
}

// content takes a content: a text, a part, or a list of parts.
func (m *Message) content(raw []byte) {
	switch Kind(raw) {
	case jscan.String:
		m.add(Text(raw).Bytes(nil))
	case jscan.Object:
		m.part(ObjectOf(raw))
	case jscan.Array:
		for e, whole := range Elems(raw) {
			if t := Text(e); t.Present {
				m.add(t.Bytes(nil))
			} else if whole {
				m.part(ObjectOf(e))
			}
		}
	}
}

// part takes one part of a content.
func (m *Message) part(b Object) {
	switch b.Str("type") {
	case "tool_use", "server_tool_use", "mcp_tool_use", "tool_call", "tool-call", "function_call", "toolCall":
		m.Blocks = true
		if use, ok := useOf(b); ok {
			m.Calls = append(m.Calls, use)
		}
		return
	case "tool_result", "tool_call_response", "tool-result", "tool_response", "mcp_tool_result", "web_search_tool_result", "toolResult":
		m.Blocks = true
		m.Results = append(m.Results, resultOf(b))
		return
	case "thinking", "reasoning":
		m.Blocks = true
		m.thought(b)
		return
	case "redacted_thinking":
		m.Blocks = true
		m.Hidden++
		return
	}
	switch {
	case b.Has("functionCall"): // Gemini
		f := b.Object("functionCall")
		m.Calls = append(m.Calls, ToolUse{ID: f.Str("id"), Name: f.Str("name"), Args: f.Raw("args")})
	case b.Has("functionResponse"):
		f := b.Object("functionResponse")
		r := ToolResult{ID: f.Str("id"), Name: f.Str("name"), Text: f.Raw("response"), HasText: f.Has("response")}
		m.Results = append(m.Results, r)
	case b.Has("toolUse"): // Bedrock
		f := b.Object("toolUse")
		m.Calls = append(m.Calls, ToolUse{ID: f.Str("toolUseId"), Name: f.Str("name"), Args: f.Raw("input")})
	case b.Has("toolResult"):
		f := b.Object("toolResult")
		r := ToolResult{ID: f.Str("toolUseId")}
		r.Text, r.HasText = Content(f.Raw("content"))
		r.Failed, r.Stated = f.Str("status") == "error", f.Has("status")
		m.Results = append(m.Results, r)
	case b.Has("reasoningContent"):
		m.thought(b.Object("reasoningContent").Object("reasoningText"))
	case IsTrue(b.Raw("thought")):
		m.thought(b)
	case b.Has("toolCallId") && b.Has("state"): // the parts of Vercel's UI messages
		m.Calls = append(m.Calls, ToolUse{ID: b.Str("toolCallId"), Name: vercelName(b), Args: b.First("input", "args")})
		switch b.Str("state") {
		case "output-available", "result":
			r := resultOf(b)
			r.Stated = r.Stated || b.Str("state") == "output-available"
			m.Results = append(m.Results, r)
		case "output-error":
			r := ToolResult{ID: b.Str("toolCallId"), Failed: true, Stated: true}
			r.Text, r.HasText = Content(b.Raw("errorText"))
			m.Results = append(m.Results, r)
		}
	default:
		for _, name := range [...]string{"text", "content", "refusal", "value"} {
			if t := b.Text(name); t.Present {
				m.add(t.Bytes(nil))
				return
			}
		}
	}
}

// vercelName is the tool in the type of a part, tool-<name>.
func vercelName(b Object) string {
	if name := b.Str("toolName"); name != "" {
		return name
	}
	if typ := b.Str("type"); len(typ) > 5 && typ[:5] == "tool-" {
		return typ[5:]
	}
	return ""
}

// useOf reads a call.
func useOf(b Object) (use ToolUse, ok bool) {
	f := b.Object("function")
	if f.Len() == 0 {
		f = b.Object("custom")
	}
	use.ID = Str(b.First("id", "tool_call_id", "toolCallId", "call_id", "tool_use_id"))
	use.Server = b.Str("server_name")
	if f.Len() > 0 {
		use.Name, use.Args = f.Str("name"), f.First("arguments", "input")
	} else {
		use.Name = Str(b.First("name", "toolName", "tool_name", "function_name", "function", "tool"))
		use.Args = b.First("input", "args", "arguments", "parameters", "params")
	}
	return use, use.Name != ""
}

// resultOf reads a result.
func resultOf(b Object) ToolResult {
	r := ToolResult{ID: Str(b.First("tool_use_id", "toolCallId", "tool_call_id", "call_id", "id")), Name: Str(b.First("toolName", "name"))}
	raw := b.First("content", "result", "output", "response")
	if r.Text, r.HasText = Content(raw); !r.HasText && raw != nil {
		r.Text, r.HasText = raw, true
	}
	// In Anthropic's protocol a result without the flag is a good one.
	r.Stated = b.Str("type") == "tool_result" && b.Has("tool_use_id")
	r.state(b)
	return r
}

// state takes what is said of success.
func (r *ToolResult) state(o Object) {
	for _, name := range [...]string{"is_error", "isError"} {
		if v := Bool(o.Raw(name)); v.Valid {
			r.Failed, r.Stated = v.V, true
		}
	}
	switch v := o.First("success", "ok"); Kind(v) {
	case jscan.True, jscan.False:
		r.Failed, r.Stated = Kind(v) == jscan.False, true
	}
	switch o.Str("status") {
	case "error", "failed", "failure":
		r.Failed, r.Stated = true, true
	case "success":
		r.Stated = true
	}
	r.Exit = o.First("exit_code", "exitCode", "returncode", "return_code")
}

// itemOf reads an item of OpenAI's Responses, which has a type in the place of a role.
func itemOf(o Object) (m Message, ok bool) {
	switch o.Str("type") {
	case "function_call", "custom_tool_call":
		m.Role = "assistant"
		m.Calls = []ToolUse{{ID: o.Str("call_id"), Name: o.Str("name"), Args: o.First("arguments", "input")}}
		return m, o.Has("name") && o.Has("call_id")
	case "function_call_output", "custom_tool_call_output", "local_shell_call_output", "computer_call_output":
		r := ToolResult{ID: o.Str("call_id")}
		if r.Text, r.HasText = Content(o.Raw("output")); !r.HasText && o.Has("output") {
			r.Text, r.HasText = o.Raw("output"), true
		}
		m.Role = "tool"
		m.Results = []ToolResult{r}
		return m, o.Has("call_id")
	case "reasoning":
		if !o.Has("summary") && !o.Has("encrypted_content") {
			return m, false
		}
		m.Role = "assistant"
		if text, has := Content(o.First("content", "summary")); has && !IsBlank(text) {
			m.Reasoning = [][]byte{text}
		} else {
			m.Hidden = 1
		}
		return m, true
	case "mcp_call":
		m.Role = "assistant"
		id := o.Str("id")
		m.Calls = []ToolUse{{ID: id, Name: o.Str("name"), Server: o.Str("server_label"), Args: o.Raw("arguments")}}
		r := ToolResult{ID: id, Failed: o.Has("error"), Stated: true}
		r.Text, r.HasText = Content(o.First("error", "output"))
		m.Results = []ToolResult{r}
		return m, o.Has("name")
	case "web_search_call", "file_search_call", "code_interpreter_call", "computer_call", "local_shell_call", "image_generation_call":
		m.Role = "assistant"
		id := Str(o.First("call_id", "id"))
		m.Calls = []ToolUse{{ID: id, Name: o.Str("type"), Args: o.First("action", "queries", "code")}}
		if status := o.Str("status"); o.Str("type") != "local_shell_call" && o.Str("type") != "computer_call" && status != "" {
			m.Results = []ToolResult{{ID: id, Failed: status == "failed", Stated: true}}
		}
		return m, true
	}
	return m, false
}
