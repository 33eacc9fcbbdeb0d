package codex

import (
	"bytes"
	"sort"
	"strings"

	"github.com/agenttrace/agenttrace/ingest/digest"
	"github.com/agenttrace/agenttrace/ingest/edits"
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/shell"
	"github.com/agenttrace/agenttrace/schema"
)

const (
	argsPreview   = 200
	resultPreview = 120
	errorPreview  = 400
)

// A call is a tool call whose result is awaited. Calls are used again once emitted.
type call struct {
	row     schema.ToolCall
	done    bool
	aborted bool

	parts    []shell.Part
	verdicts []shell.Verdict
	dir      string // where relative paths begin
	inside   string // the workspace at the time
	patch    []byte
	basis    string // of the patch
	changes  []change
	reported bool // changes come from the record of their application
	applied  schema.Bool
	exact    bool // duration and status come from a record of their own, better than the text
	read     schema.FileRead

	args, result           string
	argsWhole, resultWhole bool
}

// A change is one file of an applied patch.
type change struct {
	path, moved, op string
	added, removed  [][]byte
	linesUnknown    bool // only which file, not which lines
}

func (c *call) clear() {
	*c = call{patch: c.patch[:0], parts: c.parts[:0], verdicts: c.verdicts[:0], changes: c.changes[:0]}
}

func sortCalls(calls []*call) {
	sort.Slice(calls, func(i, j int) bool { return calls[i].row.Seq < calls[j].row.Seq })
}

// begin makes a call for the current record.
func (p *parser) begin(name string, id string) *call {
	g := &p.group
	c := g.newCall()
	c.dir, c.inside = p.ctx.cwd, p.ctx.cwd
	c.row = schema.ToolCall{
		Where:        p.here(),
		ToolCallID:   p.callID(id),
		SessionID:    p.thread.session,
		RunID:        p.thread.run,
		TurnID:       p.turnID(),
		Seq:          p.next(),
		ToolNameRaw:  name,
		NativeCallID: id,
		RequestedAt:  p.at,
		Status:       "unknown",
	}
	if name == "" {
		c.row.ToolNameRaw = "unknown"
	}
	g.calls = append(g.calls, c)
	if id != "" {
		if old := g.byID[id]; old != nil && !old.done {
			// A provider that counts its calls from zero: the older one never got its result.
			old.done = true
			old.row.Status = "no_result"
			g.done = append(g.done, old)
		}
		g.byID[id] = c
	}
	p.facts.endState = "pending_tool"
	return c
}

// callID names a call. The model's provider makes ids that are unique; some others count from one in
// every conversation, or in every response.
func (p *parser) callID(id string) schema.ID {
	switch {
	case id == "":
		return p.key.With(3000)
	case len(id) >= 16:
		return schema.IDOf(agent, "tool", id)
	}
	own := schema.IDOf(agent, "tool", p.thread.id, id)
	n := p.usage.nth[own]
	p.usage.nth[own] = n + 1
	if n > 0 {
		own = own.With(n)
	}
	return own
}

// functionCall handles function_call: arguments are a JSON text inside a string.
func (p *parser) functionCall() {
	v := &p.rec.v
	name := p.wordOf(v[fName])
	c := p.begin(name, v[fCallID].str())
	c.row.MCPServer = server(name, p.wordOf(v[fNamespace]))
	args := v[fArguments]
	switch args.kind {
	case jscan.String:
		p.arguments(c, p.plain(args.text()))
	case jscan.Object:
		p.arguments(c, args.raw)
	}
}

// arguments reads the arguments of a function: a JSON object, as the model wrote it.
func (p *parser) arguments(c *call, raw []byte) {
	name := c.row.ToolNameRaw
	c.row.ArgsBytes = schema.Known(int64(len(raw)))
	if len(raw) == 0 {
		return
	}
	c.row.ArgsHash, c.row.ArgsNormHash = digest.Args(name, raw)
	isShell := shellTool(name)
	var a arguments
	whole := a.scan(raw, isShell)
	if a.workdir != "" {
		c.dir = join(p.ctx.cwd, a.workdir)
	}
	switch {
	case isShell && whole && a.hasScript:
		p.script(c, a.script)
		return
	case name == "write_stdin":
		// Without text it only asks whether there is more output.
		c.row.IsPolling = whole && a.chars == 0
	case a.path != "" && (name == "view_image" || name == "read_file" || name == "list_dir"):
		c.row.TargetPath = join(p.ctx.cwd, a.path)
		c.row.RangeStart = a.offset
		if a.offset.Valid && a.limit.Valid && a.limit.V > 0 {
			c.row.RangeEnd = schema.Known(a.offset.V + a.limit.V - 1)
		}
		if name != "list_dir" {
			c.read = schema.FileRead{Path: c.row.TargetPath, RangeStart: c.row.RangeStart, RangeEnd: c.row.RangeEnd, Basis: "tool_args"}
		}
		return
	case name == "apply_patch" && len(a.input) > 0:
		p.patched(c, a.input, "patch")
		return
	}
	c.args, c.argsWhole = cut(raw, p.src.Content.Limit(argsPreview))
}

// arguments are what the known functions take.
type arguments struct {
	script    string
	hasScript bool
	workdir   string
	path      string
	offset    schema.Int
	limit     schema.Int
	input     []byte
	chars     int
}

func (a *arguments) scan(raw []byte, isShell bool) bool {
	var s jscan.Scanner
	s.Reset(raw)
	if s.Kind() != jscan.Object {
		return false
	}
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "command", "cmd":
			if !isShell {
				s.Skip()
				continue
			}
			switch s.Kind() {
			case jscan.String:
				a.script, a.hasScript = s.Str(), true
			case jscan.Array:
				var argv []string
				for s.Array(); s.Elem(); {
					argv = append(argv, s.Str())
				}
				a.script, a.hasScript = shell.Script(argv), true
			default:
				s.Skip()
			}
		case "workdir":
			a.workdir = s.Str()
		case "path", "file_path", "dir_path":
			a.path = s.Str()
		case "offset":
			if n, ok := s.Int(); ok && n >= 0 {
				a.offset = schema.Known(n)
			}
		case "limit":
			if n, ok := s.Int(); ok && n >= 0 {
				a.limit = schema.Known(n)
			}
		case "input", "patch":
			a.input = s.View()
		case "chars":
			a.chars = len(s.Text().Raw)
		default:
			s.Skip()
		}
	}
	return s.End() == nil
}

func shellTool(name string) bool {
	switch name {
	case "shell", "shell_command", "exec_command", "container.exec", "local_shell", "unified_exec", "bash", "command_execution":
		return true
	}
	return false
}

// script takes a shell line apart.
func (p *parser) script(c *call, script string) {
	c.parts = append(c.parts[:0], shell.Split(script)...)
	c.row.IsPolling = shell.IsPolling(c.parts)
	n := p.src.Content.Limit(argsPreview)
	c.args, c.argsWhole = script, true
	if len(script) > n {
		c.args, c.argsWhole = cut([]byte(script[:min(len(script), n+4)]), n)
		c.argsWhole = false
	}
	if at := strings.Index(script, "*** Begin Patch"); at >= 0 {
		c.patch = append(c.patch[:0], script[at:]...)
		if end := bytes.LastIndex(c.patch, []byte("*** End Patch")); end >= 0 {
			c.patch = c.patch[:end+len("*** End Patch")]
		}
		c.basis = "shell"
	}
}

// patched keeps the text of a patch until its result is known.
func (p *parser) patched(c *call, patch []byte, basis string) {
	c.patch = append(c.patch[:0], patch...)
	c.basis = basis
}

// customCall handles custom_tool_call: the input is plain text.
func (p *parser) customCall() {
	v := &p.rec.v
	name := p.wordOf(v[fName])
	c := p.begin(name, v[fCallID].str())
	c.row.MCPServer = server(name, p.wordOf(v[fNamespace]))
	in := v[fInput]
	if in.kind != jscan.String {
		return
	}
	raw := p.plain(in.text())
	if shellTool(name) && len(raw) > 0 && raw[0] == '{' {
		p.arguments(c, raw)
		return
	}
	c.row.ArgsBytes = schema.Known(int64(len(raw)))
	if len(raw) > 0 {
		// Arguments are hashed as JSON: the text as it stands in the log, within its quotes again.
		p.buf2 = append(append(append(p.buf2[:0], '"'), in.raw...), '"')
		c.row.ArgsHash, c.row.ArgsNormHash = digest.Args(name, p.buf2)
	}
	if name == "apply_patch" || bytes.HasPrefix(raw, []byte("*** Begin Patch")) {
		p.patched(c, raw, "patch")
		return
	}
	c.args, c.argsWhole = cut(raw, p.src.Content.Limit(argsPreview))
}

// localShell handles local_shell_call, whose action holds an argument vector.
func (p *parser) localShell() {
	v := &p.rec.v
	id := v[fCallID].str()
	if id == "" {
		id = v[fID].str()
	}
	c := p.begin("local_shell", id)
	action := v[fAction]
	if action.kind != jscan.Object {
		return
	}
	c.row.ArgsBytes = schema.Known(int64(len(action.raw)))
	c.row.ArgsHash, c.row.ArgsNormHash = digest.Args("local_shell", action.raw)
	var s jscan.Scanner
	s.Reset(action.raw)
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "command":
			var argv []string
			for in := s.ArrayOrSkip(); in && s.Elem(); {
				argv = append(argv, s.Str())
			}
			p.script(c, shell.Script(argv))
		case "working_directory":
			if dir := s.Str(); dir != "" {
				c.dir = join(p.ctx.cwd, dir)
			}
		default:
			s.Skip()
		}
	}
}

// hostedCall handles calls that the provider runs itself: their result is not in the log.
func (p *parser) hostedCall(name string, args value) {
	v := &p.rec.v
	id := v[fCallID].str()
	if id == "" {
		id = v[fID].str()
	}
	c := p.begin(name, id)
	if args.kind == jscan.Object {
		c.row.ArgsBytes = schema.Known(int64(len(args.raw)))
		c.row.ArgsHash, c.row.ArgsNormHash = digest.Args(name, args.raw)
		c.args, c.argsWhole = cut(args.raw, p.src.Content.Limit(argsPreview))
	}
	c.row.Status = hostedStatus(v[fStatus])
	p.complete(c)
}

func hostedStatus(v value) string {
	switch {
	case v.is("completed"):
		return "ok"
	case v.is("failed"):
		return "error"
	}
	return "unknown"
}

// searchCall handles tool_search_call, whose arguments are an object.
func (p *parser) searchCall() {
	v := &p.rec.v
	id := v[fCallID].str()
	if id == "" {
		p.hostedCall("tool_search", v[fArguments])
		return
	}
	c := p.begin("tool_search", id)
	if a := v[fArguments]; a.kind == jscan.Object {
		p.arguments(c, a.raw)
	}
}

// complete moves a call to those that are emitted with their response.
func (p *parser) complete(c *call) {
	c.done = true
	p.group.done = append(p.group.done, c)
	p.facts.endState = "stopped_after_tool"
}

// result handles the output of a call.
func (p *parser) result(typ []byte) {
	v := &p.rec.v
	c := p.lookUp(v[fCallID])
	if c == nil || c.done {
		p.problem(schema.ProblemOrphanResult, p.word(typ), "")
		p.facts.endState = "stopped_after_tool"
		return
	}
	row := &c.row
	row.ResultLine = schema.Known(p.line)
	row.EndedAt = p.at
	if string(typ) == "tool_search_output" {
		row.Status = hostedStatus(v[fStatus])
		if t := v[fTools]; t.kind == jscan.Array {
			row.ResultBytes = schema.Known(int64(len(t.raw)))
			row.ResultHash = digest.ResultBytes(t.raw)
		}
	} else {
		p.output(c, v[fOutput])
	}
	if !row.DurationMS.Valid && row.EndedAt != 0 && row.RequestedAt != 0 && row.EndedAt >= row.RequestedAt {
		row.DurationMS = schema.Known(int64(row.EndedAt-row.RequestedAt) / 1000)
		row.DurationBasis = "derived"
	}
	p.complete(c)
}

// lookUp finds the call that an id names, complete or not, until it is emitted.
func (p *parser) lookUp(id value) *call {
	if id.kind != jscan.String {
		return nil
	}
	if id.escaped {
		return p.group.byID[id.str()]
	}
	return p.group.byID[string(id.raw)]
}

// emitCall writes a call and what belongs to it.
func (p *parser) emitCall(c *call) {
	row := &c.row
	p.fileChanges(c)
	p.emit(row)
	where := row.Where
	for i := range c.parts {
		part := &c.parts[i]
		cmd, key := &p.row.command, schema.IDOf("command", part.Rest, part.Program)
		*cmd = schema.Command{
			Where:       where,
			CommandID:   row.ToolCallID.With(uint64(i)),
			ToolCallID:  row.ToolCallID,
			SessionID:   row.SessionID,
			RunID:       row.RunID,
			Seq:         row.Seq,
			PartNo:      int32(i),
			Program:     part.Program,
			Subcommand:  part.Subcommand,
			CommandKey:  key,
			CommandHash: key,
			IsPipedInto: part.PipedInto,
			WritesFile:  part.WritesFile,
			CommandNorm: part.Rest,
		}
		if len(cmd.CommandNorm) > 2000 {
			cmd.CommandNorm, _ = cut([]byte(part.Rest[:2004]), 2000)
		}
		if i < len(c.verdicts) {
			v := &c.verdicts[i]
			cmd.ExitCode, cmd.Summary, cmd.FailureSignature = v.ExitCode, v.Summary, v.Signature
			cmd.PassedTestCount, cmd.FailedTestCount = v.Passed, v.Failed
		}
		p.emit(cmd)
	}
	if row.Status != "denied" && row.Status != "interrupted" {
		if c.read.Path != "" {
			p.fileRead(c, c.read)
		}
		for _, r := range shell.Reads(c.parts) {
			p.fileRead(c, schema.FileRead{Path: join(c.dir, r.Path), RangeStart: r.Start, RangeEnd: r.End, Basis: "shell_parse"})
		}
	}
	p.emitText("tool_call", row.ToolCallID, row.Line, "args", c.args, c.argsWhole)
	line := row.Line
	if row.ResultLine.Valid {
		line = row.ResultLine.V
	}
	p.emitText("tool_call", row.ToolCallID, line, "result", c.result, c.resultWhole)
}

func (p *parser) fileRead(c *call, r schema.FileRead) {
	row := &p.row.read
	*row = r
	row.Where = c.row.Where
	row.SessionID, row.RunID, row.ToolCallID, row.Seq = c.row.SessionID, c.row.RunID, c.row.ToolCallID, c.row.Seq
	p.emit(row)
}

// fileChanges writes the files that a patch changes.
func (p *parser) fileChanges(c *call) {
	row := &c.row
	if len(c.patch) > 0 && !c.reported {
		c.changes = c.changes[:0]
		for _, ch := range edits.ParsePatch(c.patch) {
			c.changes = append(c.changes, change{
				path: ch.Path, moved: ch.MovedTo, op: ch.Op, added: ch.Added, removed: ch.Removed,
				linesUnknown: ch.Op == "delete", // the patch names the file alone
			})
		}
	}
	if len(c.changes) == 0 {
		return
	}
	applied := c.applied
	if !applied.Valid {
		switch row.Status {
		case "ok":
			applied = schema.Known(true)
		case "error", "denied", "interrupted":
			applied = schema.Known(false)
		}
	}
	for i := range c.changes {
		ch := &c.changes[i]
		path := join(c.dir, ch.path)
		if path == "" {
			continue
		}
		fc := &p.row.change
		*fc = schema.FileChange{
			Where:        row.Where,
			FileChangeID: row.ToolCallID.With(1000 + uint64(i)),
			SessionID:    row.SessionID,
			RunID:        row.RunID,
			TurnID:       row.TurnID,
			ToolCallID:   row.ToolCallID,
			Seq:          row.Seq,
			Path:         path,
			Op:           ch.op,
			IsApplied:    applied,
			FileRole:     edits.Role(path),
			Basis:        c.basis,
		}
		if !ch.linesUnknown {
			fc.AddedLineCount = schema.Known(int64(len(ch.added)))
			fc.RemovedLineCount = schema.Known(int64(len(ch.removed)))
		}
		if ch.moved != "" {
			fc.Path = join(c.dir, ch.moved)
		}
		if c.inside != "" {
			fc.IsInWorkspace = schema.Known(isBelow(c.inside, fc.Path))
		}
		if !ch.linesUnknown && (!applied.Valid || applied.V) {
			fc.SelfRemovedLineCount = schema.Known(p.churn.Apply(fc.Path, ch.added, ch.removed))
		}
		if fc.Basis == "" {
			fc.Basis = "patch"
		}
		p.emit(fc)
	}
	if len(c.changes) == 1 && c.basis != "shell" && row.TargetPath == "" {
		row.TargetPath = join(c.dir, c.changes[0].path)
	}
}

// server returns the MCP server that a function belongs to.
func server(name, namespace string) string {
	if rest, ok := strings.CutPrefix(name, "mcp__"); ok {
		s, _, _ := strings.Cut(rest, "__")
		return s
	}
	if namespace != "" {
		if !ownTool(name) {
			s := strings.TrimSuffix(strings.TrimPrefix(namespace, "mcp__"), "__")
			if s != "functions" {
				return s
			}
		}
		return ""
	}
	if s, tool, ok := strings.Cut(name, "__"); ok && s != "" && tool != "" {
		return s
	}
	return ""
}

// ownTool names the tools of Codex itself, which newer versions put into groups as well.
func ownTool(name string) bool {
	switch name {
	case "apply_patch", "update_plan", "view_image", "write_stdin", "exec", "wait", "wait_agent", "spawn_agent", "send_input",
		"close_agent", "resume_agent", "send_message", "followup_task", "list_agents", "interrupt_agent", "assign_task",
		"request_user_input", "read_file", "list_dir", "grep_files", "web_search", "tool_search", "js_repl":
		return true
	}
	return shellTool(name)
}

// join makes a path absolute below dir.
func join(dir, path string) string {
	if path == "" {
		return dir
	}
	if isAbs(path) || dir == "" {
		return clean(path)
	}
	sep := "/"
	if strings.IndexByte(dir, '/') < 0 && strings.IndexByte(dir, '\\') >= 0 {
		sep = `\`
	}
	return clean(strings.TrimRight(dir, `/\`) + sep + path)
}

func isAbs(path string) bool {
	return path[0] == '/' || path[0] == '\\' || path[0] == '~' || len(path) > 2 && path[1] == ':' && (path[2] == '\\' || path[2] == '/')
}

// clean takes out "." and ".." elements, leaving the separators as they are.
func clean(path string) string {
	if !strings.Contains(path, "./") && !strings.Contains(path, `.\`) && !strings.Contains(path, "//") && !strings.HasSuffix(path, "/..") && !strings.HasSuffix(path, "/.") {
		return path
	}
	sep := "/"
	if strings.IndexByte(path, '/') < 0 {
		sep = `\`
	}
	var out []string
	for i, part := range strings.Split(path, sep) {
		switch {
		case part == "" && i > 0, part == ".":
		case part == ".." && len(out) > 0 && out[len(out)-1] != "" && out[len(out)-1] != "..":
			out = out[:len(out)-1]
		default:
			out = append(out, part)
		}
	}
	return strings.Join(out, sep)
}

func isBelow(dir, path string) bool {
	dir = strings.TrimRight(dir, `/\`)
	rest, ok := strings.CutPrefix(path, dir)
	return ok && (rest == "" || rest[0] == '/' || rest[0] == '\\')
}
