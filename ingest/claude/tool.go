package claude

import (
	"bytes"
	"strings"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/digest"
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/shell"
	"github.com/agenttrace/agenttrace/schema"
)

// A tool is one call that waits for its result, or for the end of the file.
type tool struct {
	row         schema.ToolCall
	ses         *session
	run         *run
	act         act
	parts       []shell.Part // of a shell call
	verdicts    []shell.Verdict
	input       []byte // arguments of an edit, kept until the result tells what came of it
	change      *applied
	resolved    bool
	interrupted bool
	index       int // in reader.open
}

// act says what a tool does as far as this package must know.
type act uint8

const (
	actOther act = iota
	actShell
	actRead
	actEdit
	actMultiEdit
	actWrite
	actNotebook
	actDelegate
)

func actOf(name string) act {
	switch name {
	case "Bash":
		return actShell
	case "Read", "NotebookRead":
		return actRead
	case "Edit":
		return actEdit
	case "MultiEdit":
		return actMultiEdit
	case "Write":
		return actWrite
	case "NotebookEdit":
		return actNotebook
	case "Task", "Agent":
		return actDelegate
	}
	return actOther
}

// settled stands in the table of calls for one that was emitted.
var settled = &tool{}

// toolUse takes a call. The same call again, in a copied line, is passed over.
func (r *reader) toolUse(i int, b *block, callID schema.ID) {
	key := id("tool", b.id)
	if key == 0 {
		key = r.key.With(uint64(i)) // a call without an id can have no result
	}
	if _, ok := r.tools[key]; ok {
		return
	}
	name := r.name(b.name)
	if name == "" {
		r.problem(schema.ProblemUnknownField, "assistant", "tool_use.name")
		return
	}
	t := r.newTool()
	t.ses, t.run, t.act = r.ses, r.run, actOf(name)
	t.row = schema.ToolCall{
		Where: r.where(), ToolCallID: key, SessionID: r.ses.row.SessionID, RunID: r.run.row.RunID, TurnID: r.run.turnID(),
		ModelCallID: callID, Seq: r.next(), ToolNameRaw: name, NativeCallID: r.valid(b.id.String()), RequestedAt: r.at,
	}
	c := &t.row
	if len(b.server.Raw) > 0 {
		c.MCPServer = r.name(b.server)
	} else if rest, ok := strings.CutPrefix(name, "mcp__"); ok {
		if server, _, ok := strings.Cut(rest, "__"); ok {
			c.MCPServer = server
		}
	}
	args := r.arguments(t, b.input)
	if b.input != nil {
		c.ArgsHash, c.ArgsNormHash = digest.Args(name, b.input)
		c.ArgsBytes = schema.Known(int64(len(b.input)))
	}
	switch {
	case r.src.Content == ingest.ContentFull:
		r.preview("tool_call", key, "args", jscan.Text{Raw: b.input, Present: true}, 0, r.line)
	case t.act == actShell && args.Present:
		r.preview("tool_call", key, "args", args, 200, r.line)
	case c.TargetPath == "" || t.act == actOther:
		r.preview("tool_call", key, "args", jscan.Text{Raw: b.input, Present: true}, 200, r.line)
	}
	switch t.act {
	case actEdit, actMultiEdit, actWrite, actNotebook:
		t.input = append(t.input[:0], b.input...)
	}
	switch name {
	case "BashOutput", "TaskOutput", "AgentOutputTool":
		c.IsPolling = true
	}
	r.tools[key] = t
	t.index = len(r.open)
	r.open = append(r.open, t)
	r.run.pending++
}

func (r *reader) newTool() *tool {
	if n := len(r.free); n > 0 {
		t := r.free[n-1]
		r.free = r.free[:n-1]
		*t = tool{input: t.input[:0], verdicts: t.verdicts[:0]}
		return t
	}
	return &tool{}
}

// arguments reads what the call says of files and commands; it returns the shell line.
func (r *reader) arguments(t *tool, input []byte) (command jscan.Text) {
	if len(input) == 0 || input[0] != '{' {
		return command
	}
	var path jscan.Text
	var offset, limit schema.Int
	s := &r.inner
	s.Reset(input)
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "file_path", "notebook_path":
			path = s.Text()
		case "path":
			if p := s.Text(); path.Raw == nil {
				path = p
			}
		case "offset":
			offset = optInt(s)
		case "limit":
			limit = optInt(s)
		case "command":
			command = s.Text()
		default:
			s.Skip()
		}
	}
	c := &t.row
	c.TargetPath = r.name(path)
	if offset.Valid || limit.Valid {
		if c.RangeStart = offset; !offset.Valid || offset.V == 0 {
			c.RangeStart = schema.Known(int64(1))
		}
		if limit.Valid && limit.V > 0 && limit.V < 1<<40 && c.RangeStart.V < 1<<40 {
			c.RangeEnd = schema.Known(c.RangeStart.V + limit.V - 1)
		}
	}
	if t.act == actShell && len(command.Raw) > 0 {
		t.parts = shell.Split(r.valid(command.String()))
		c.IsPolling = shell.IsPolling(t.parts)
	}
	return command
}

// toolResult takes the result of a call. alone says that the record has no other, so that what stands
// beside the message belongs to it.
func (r *reader) toolResult(b *block, alone bool) {
	rec := &r.rec
	r.run.last, r.run.done = lastResult, false
	t, ok := r.tools[id("tool", b.toolUse)]
	if !ok {
		r.problem(schema.ProblemOrphanResult, "user", "")
		return
	}
	if t == settled || t.resolved {
		return
	}
	none := result{}
	res := &none
	if alone {
		res = &rec.result
	}
	r.resolve(t)
	c := &t.row
	content := rec.parts[b.partFrom:b.partTo]
	first := r.measure(t, content, b.hasContent, res)

	switch {
	case len(rec.denial.Raw) > 0 && alone:
		c.Status = "denied"
		if bytes.Contains(rec.denial.Raw, []byte("interrupt")) || bytes.Contains(rec.denial.Raw, []byte("cancel")) {
			c.Status = "interrupted"
		}
	case b.isError:
		f := failed(r.decoded(cut(first, 4<<10)))
		if string(res.text.Raw) == "User rejected tool use" {
			f = failure{status: "denied"}
		}
		c.Status, c.ErrorType, c.ExitCode = f.status, f.class, f.exit
	case res.interrupted:
		c.Status = "interrupted"
	default:
		c.Status = "ok"
		// A command that fails ends with is_error, unless its code is one that the agent knows to be no
		// error; so all others ended with 0.
		if t.act == actShell && len(res.code.Raw) == 0 && !res.background {
			c.ExitCode = schema.Known(int64(0))
		}
	}
	if c.Status == "denied" {
		c.Approval = "denied"
	}
	switch {
	case res.durationMS.Valid:
		c.DurationMS, c.DurationBasis = res.durationMS, "reported"
	case res.totalMS.Valid:
		c.DurationMS, c.DurationBasis = res.totalMS, "reported"
	case res.durationS.Valid && res.durationS.V >= 0 && res.durationS.V < 1e9:
		c.DurationMS, c.DurationBasis = schema.Known(int64(res.durationS.V*1000)), "reported"
	}
	if t.act == actDelegate && len(res.agent.Raw) > 0 {
		r.spawned(t, r.name(res.agent))
		if u := t.ses.byAgent[r.name(res.agent)]; u != nil && (res.async || string(res.status.Raw) == "async_launched") {
			u.row.IsBackground = schema.Known(true)
		}
	}
	keep := 400
	if c.Status == "ok" {
		keep = 120
	}
	if r.src.Content == ingest.ContentFull && len(content) > 1 {
		first = joined(content)
	}
	r.preview("tool_call", c.ToolCallID, "result", first, keep, r.line)
	if len(t.parts) > 0 {
		t.verdicts = shell.Judge(t.verdicts[:0], t.parts, r.output(content), c.ExitCode)
	}
	if len(t.input) > 0 {
		t.change = r.applied(t, res, first)
	}
	if t.act != actDelegate || c.ChildRunID != 0 {
		r.close(t)
	}
}

// resolve notes that the call's result stands in the current record.
func (r *reader) resolve(t *tool) {
	t.resolved = true
	t.run.pending--
	c := &t.row
	c.ResultLine = schema.Known(r.line)
	c.EndedAt = r.at
	if r.at != 0 && c.RequestedAt != 0 && r.at >= c.RequestedAt {
		c.DurationMS, c.DurationBasis = schema.Known(int64(r.at-c.RequestedAt)/1000), "derived"
	}
}

// measure takes size and hash of a result and returns its first text.
func (r *reader) measure(t *tool, content []part, known bool, res *result) (first jscan.Text) {
	c := &t.row
	size, stub := int64(0), false
	for i := range content {
		p := &content[i]
		if p.image {
			size += int64(len(p.text.Raw))
			c.ResultHash = combine(c.ResultHash, schema.HashBytes(p.text.Raw))
			continue
		}
		if !p.text.Present {
			continue
		}
		size += int64(p.text.Len())
		if !first.Present {
			first = p.text
			stub = bytes.HasPrefix(first.Raw, []byte("<persisted-output>"))
		}
		if !stub {
			c.ResultHash = combine(c.ResultHash, digest.Result(p.text))
		}
	}
	switch {
	case res.persistedSize.Valid:
		c.ResultBytes, c.IsResultTruncated = res.persistedSize, schema.Known(true)
	case stub || res.persisted:
		c.IsResultTruncated = schema.Known(true) // and its size is nowhere
	case known:
		c.ResultBytes, c.IsResultTruncated = schema.Known(size), schema.Known(false)
	}
	if c.IsResultTruncated.V {
		c.ResultHash = 0 // of a stub, which names a file, it would compare nothing
	}
	return first
}

// combine makes one hash out of those of several parts, and keeps that of a single one.
func combine(all, one schema.ID) schema.ID {
	if all == 0 {
		return one
	}
	return all.With(uint64(one))
}

// joined is the text of all parts of a result.
func joined(content []part) jscan.Text {
	var all []byte
	for i := range content {
		if p := &content[i]; !p.image && p.text.Present {
			if all != nil {
				all = append(all, '\n')
			}
			all = jscan.Unquote(all, p.text.Raw)
		}
	}
	return jscan.Text{Raw: all, Present: all != nil}
}

// judged is how much of either end of an output is read for what it says.
const judged = 32 << 10

// output decodes what the outcome of commands may be read from: both ends of the text. It is valid
// until the next call.
func (r *reader) output(content []part) []byte {
	out := r.second[:0]
	for i := range content {
		p := &content[i]
		if p.image || !p.text.Present {
			continue
		}
		if len(out) > 0 {
			out = append(out, '\n')
		}
		raw := p.text.Raw
		if len(raw) > 2*judged+2<<10 {
			out = append(jscan.Unquote(out, cut(p.text, judged).Raw), '\n')
			raw = tail(p.text, judged).Raw
		}
		out = jscan.Unquote(out, raw)
		if len(out) > 4*judged {
			break
		}
	}
	r.second = out
	return out
}

// cut returns at most the first n raw bytes of a text, without splitting an escape.
func cut(t jscan.Text, n int) jscan.Text {
	if len(t.Raw) <= n {
		return t
	}
	t.Raw = t.Raw[:border(t, n)]
	return t
}

// tail returns about the last n raw bytes of a text.
func tail(t jscan.Text, n int) jscan.Text {
	if len(t.Raw) > n {
		t.Raw = t.Raw[border(t, len(t.Raw)-n):]
	}
	return t
}

// border moves i back to where neither a rune nor an escape is split.
func border(t jscan.Text, i int) int {
	for i > 0 && i < len(t.Raw) && t.Raw[i]&0xc0 == 0x80 {
		i--
	}
	if !t.Escaped {
		return i
	}
	for k := i - 1; k >= 0 && k > i-6; k-- {
		if t.Raw[k] != '\\' {
			continue
		}
		e := k
		for e > 0 && t.Raw[e-1] == '\\' {
			e--
		}
		if (k-e)&1 == 0 && (k == i-1 || t.Raw[k+1] == 'u') {
			return k
		}
		break
	}
	return i
}

// spawned notes which run the call started.
func (r *reader) spawned(t *tool, agent string) {
	t.row.ChildRunID = runID(t.ses.native, agent)
}

// serverResult takes the result of a tool that the provider ran, which stands in the response itself.
func (r *reader) serverResult(b *block) {
	t, ok := r.tools[id("tool", b.toolUse)]
	if !ok {
		r.problem(schema.ProblemOrphanResult, "assistant", "")
		return
	}
	if t == settled || t.resolved {
		return
	}
	r.resolve(t)
	c := &t.row
	c.DurationMS, c.DurationBasis = schema.Int{}, "" // the record is of the whole response
	c.Status = "ok"
	if b.isError || bytes.HasPrefix(b.raw, []byte("{")) && bytes.Contains(b.raw[:min(len(b.raw), 512)], []byte(`"error_code"`)) {
		c.Status, c.ErrorType = "error", "tool_error"
	}
	if b.hasContent && b.raw != nil {
		c.ResultBytes = schema.Known(int64(len(b.raw)))
		c.ResultHash = digest.Result(jscan.Text{Raw: b.raw, Present: true})
	}
	r.close(t)
}

// close emits a call and all that hangs on it.
func (r *reader) close(t *tool) {
	c := &t.row
	if !t.resolved {
		c.Status = "no_result"
		if t.interrupted {
			c.Status = "interrupted"
		}
		if len(t.input) > 0 {
			t.change = r.applied(t, nil, jscan.Text{})
		}
	}
	r.put(c)
	ran := c.Status == "ok" || c.Status == "error" && t.act == actShell
	for i := range t.parts {
		r.command(t, i)
	}
	if t.change != nil {
		r.putChange(t, t.change)
	}
	if ran && t.act == actRead && c.TargetPath != "" {
		r.fileRead(t, c.TargetPath, c.RangeStart, c.RangeEnd, "tool_args")
	}
	if ran && t.act == actShell {
		for _, f := range shell.Reads(t.parts) {
			r.fileRead(t, f.Path, f.Start, f.End, "shell_parse")
		}
	}
	if t.resolved || r.tools[c.ToolCallID] == t {
		r.tools[c.ToolCallID] = settled
	}
	if t.index < len(r.open) && r.open[t.index] == t && t.resolved {
		end := len(r.open) - 1
		r.open[t.index] = r.open[end]
		r.open[t.index].index = t.index
		r.open = r.open[:end]
		r.free = append(r.free, t)
	}
}

func (r *reader) command(t *tool, i int) {
	c, p := &t.row, &t.parts[i]
	// The program comes last, because what has no rest still is a command.
	key := schema.IDOf("command", p.Rest, p.Program)
	norm := p.Rest
	if len(norm) > 2000 {
		norm, _ = jscan.Text{Raw: []byte(norm), Present: true}.Prefix(2000)
	}
	r.row.command = schema.Command{
		Where: c.Where, CommandID: c.ToolCallID.With(uint64(i)), ToolCallID: c.ToolCallID, SessionID: c.SessionID, RunID: c.RunID,
		Seq: c.Seq, PartNo: int32(i), Program: p.Program, Subcommand: p.Subcommand,
		CommandKey: key, CommandHash: key,
		IsPipedInto: p.PipedInto, WritesFile: p.WritesFile, CommandNorm: norm,
	}
	if i < len(t.verdicts) {
		v, row := &t.verdicts[i], &r.row.command
		row.ExitCode, row.Summary, row.FailureSignature = v.ExitCode, v.Summary, v.Signature
		row.PassedTestCount, row.FailedTestCount = v.Passed, v.Failed
	}
	r.put(&r.row.command)
}

func (r *reader) fileRead(t *tool, path string, start, end schema.Int, basis string) {
	c := &t.row
	r.row.read = schema.FileRead{
		Where: c.Where, SessionID: c.SessionID, RunID: c.RunID, ToolCallID: c.ToolCallID, Seq: c.Seq,
		Path: path, RangeStart: start, RangeEnd: end, Basis: basis,
	}
	r.put(&r.row.read)
}
