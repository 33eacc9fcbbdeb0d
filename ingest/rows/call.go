package rows

import (
	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/digest"
	"github.com/agenttrace/agenttrace/ingest/edits"
	"github.com/agenttrace/agenttrace/ingest/shell"
	"github.com/agenttrace/agenttrace/schema"
)

const (
	argsPreview   = 200
	resultPreview = 120
	errorPreview  = 400
)

// maxRest is how much of a command's text the rules look at.
const maxRest = 2000

// A Call is a tool call, held until its result is known.
type Call struct {
	Row schema.ToolCall
	// Untimed says that the instants bound the call and do not measure it, so that no duration is derived.
	Untimed bool

	run *Run

	put      bool
	ended    bool
	parts    []shell.Part
	verdicts []shell.Verdict
	changes  []Change
	reads    []schema.FileRead
	script   string

	args, result           string
	argsWhole, resultWhole bool
}

// A Change is what a call does to one file.
type Change struct {
	Path, Op, Basis string
	// Added and Removed are the lines; they count only where Exact says that they are all.
	Added, Removed [][]byte
	Exact          bool
	// AddedCount and RemovedCount are used instead, where the log gives numbers alone.
	AddedCount, RemovedCount schema.Int
}

// Call begins a tool call at the current record. native may be empty, where the log has no ids for
// calls; a call whose id the session already has is that one again.
func (r *Run) Call(name, native string, id schema.ID) (c *Call, fresh bool) {
	s := r.s
	if native != "" {
		if old := s.calls[native]; old != nil {
			return old, false
		}
	}
	l := s.log
	c = &Call{run: r, Row: schema.ToolCall{
		Where: l.Where(), ToolCallID: id, SessionID: s.Row.SessionID, RunID: r.Row.RunID, TurnID: r.TurnID(), ModelCallID: r.Response,
		Seq: l.Next(), ToolNameRaw: name, NativeCallID: native, RequestedAt: l.at, Status: "no_result",
	}}
	if name == "" {
		c.Row.ToolNameRaw = "unknown"
	}
	if native != "" {
		s.calls[native] = c
	}
	s.open = append(s.open, c)
	r.touch()
	r.Last = LastCall
	return c, true
}

// Find returns the call of an id, or nil.
func (s *Session) Find(native string) *Call { return s.calls[native] }

// Args takes the arguments, a JSON value, or any text where the agent has no JSON.
func (c *Call) Args(raw []byte) {
	c.Row.ArgsBytes = schema.Known(int64(len(raw)))
	if len(raw) == 0 {
		return
	}
	c.Row.ArgsHash, c.Row.ArgsNormHash = digest.Args(c.Row.ToolNameRaw, raw)
	c.args, c.argsWhole = Cut(raw, c.run.s.log.src.Content.Limit(argsPreview))
}

// Shell takes the command line of a shell call.
func (c *Call) Shell(script string) {
	c.parts = append(c.parts, shell.Split(script)...)
	c.Row.IsPolling = shell.IsPolling(c.parts)
	if c.script != "" {
		c.script += "\n"
	}
	c.script += script
}

// IsShell reports whether the call runs commands.
func (c *Call) IsShell() bool { return len(c.parts) > 0 }

// Target is the file that the call is about.
func (c *Call) Target(path string) {
	c.Row.TargetPath = Join(c.run.s.Dir, path)
	if path == "" {
		c.Row.TargetPath = ""
	}
}

// Read tells that the call reads a file, or some lines of it.
func (c *Call) Read(path string, from, to schema.Int) {
	if path == "" {
		return
	}
	c.reads = append(c.reads, schema.FileRead{Path: Join(c.run.s.Dir, path), RangeStart: from, RangeEnd: to, Basis: "tool_args"})
}

// Change tells that the call changes a file.
func (c *Call) Change(ch Change) {
	if ch.Path == "" {
		return
	}
	ch.Path = Join(c.run.s.Dir, ch.Path)
	c.changes = append(c.changes, ch)
}

// Patch tells the changes of a patch text and reports whether there are any.
func (c *Call) Patch(patch []byte) bool {
	list := edits.ParsePatch(patch)
	for _, p := range list {
		path, op := p.Path, p.Op
		if p.MovedTo != "" {
			path = p.MovedTo
		}
		c.Change(Change{Path: path, Op: op, Basis: "patch", Added: p.Added, Removed: p.Removed, Exact: op != "delete"})
	}
	if len(list) == 1 && c.Row.TargetPath == "" {
		c.Target(list[0].Path)
	}
	return len(list) > 0
}

// Changes reports whether changes of files are known.
func (c *Call) Changes() int { return len(c.changes) }

// Ended reports whether the call has its result.
func (c *Call) Ended() bool { return c.ended }

// End tells that the call ended, at the current record, and how.
func (c *Call) End(status, errorType string) {
	l := c.run.s.log
	c.ended = true
	c.Row.Status, c.Row.ErrorType = status, errorType
	c.Row.ResultLine = schema.Known(l.line)
	if c.Row.EndedAt == 0 {
		c.Row.EndedAt = l.at
	}
	c.run.touch()
	c.run.Last = LastResult
	if status == "interrupted" {
		c.run.Last = LastInterrupt
	}
}

// Output takes the result of a call whose status and exit code are known.
func (c *Call) Output(out []byte) {
	c.Row.ResultBytes = schema.Known(int64(len(out)))
	c.Row.ResultHash = digest.ResultBytes(out)
	if len(c.parts) > 0 {
		c.verdicts = shell.Judge(c.verdicts[:0], c.parts, out, c.Row.ExitCode)
	}
	limit := resultPreview
	if c.Row.Status == "error" || c.Row.Status == "denied" {
		limit = errorPreview
	}
	c.result, c.resultWhole = Cut(out, c.run.s.log.src.Content.Limit(limit))
}

// Put emits the call. What is never put is emitted at the end of the session.
func (c *Call) Put() {
	if c.put {
		return
	}
	c.emit()
	s := c.run.s
	if n := len(s.open); n > 0 && s.open[n-1] == c {
		s.open = s.open[:n-1]
	} else if n > 64 {
		// Calls end in the order in which they began, more or less.
		kept := s.open[:0]
		for _, o := range s.open {
			if !o.put {
				kept = append(kept, o)
			}
		}
		clear(s.open[len(kept):])
		s.open = kept
	}
}

func (c *Call) emit() {
	c.put = true
	row, l, s := &c.Row, c.run.s.log, c.run.s
	if start := max(row.RequestedAt, row.StartedAt); !c.Untimed && !row.DurationMS.Valid && start != 0 && row.EndedAt >= start {
		row.DurationMS, row.DurationBasis = schema.Known(int64(row.EndedAt-start)/1000), "derived"
	}
	if len(c.changes) == 1 && row.TargetPath == "" {
		row.TargetPath = c.changes[0].Path
	}
	l.Put(row)
	c.emitCommands()
	for i := range c.changes {
		c.emitChange(i)
	}
	if row.Status != "denied" && row.Status != "interrupted" {
		for _, r := range c.reads {
			c.emitRead(r)
		}
		for _, r := range shell.Reads(c.parts) {
			c.emitRead(schema.FileRead{Path: Join(s.Dir, r.Path), RangeStart: r.Start, RangeEnd: r.End, Basis: "shell_parse"})
		}
	}
	c.emitTexts()
	// Only what tells a copy of the call is needed from here on.
	c.parts, c.verdicts, c.changes, c.reads = nil, nil, nil, nil
	c.script, c.args, c.result = "", "", ""
}

func (c *Call) emitCommands() {
	row, l := &c.Row, c.run.s.log
	for i := range c.parts {
		p := &c.parts[i]
		cmd := &l.row.command
		*cmd = schema.Command{
			Where: row.Where, CommandID: row.ToolCallID.With(uint64(i)), ToolCallID: row.ToolCallID, SessionID: row.SessionID, RunID: row.RunID,
			Seq: row.Seq, PartNo: int32(i), Program: p.Program, Subcommand: p.Subcommand,
			CommandKey: schema.IDOf("command", p.Rest, p.Program), CommandHash: schema.IDOf("command", p.Rest, p.Program),
			IsPipedInto: p.PipedInto, WritesFile: p.WritesFile,
		}
		cmd.CommandNorm, _ = Cut([]byte(p.Rest[:min(len(p.Rest), maxRest+4)]), maxRest)
		if i < len(c.verdicts) {
			v := &c.verdicts[i]
			cmd.ExitCode, cmd.Summary, cmd.FailureSignature = v.ExitCode, v.Summary, v.Signature
			cmd.PassedTestCount, cmd.FailedTestCount = v.Passed, v.Failed
		}
		l.Put(cmd)
	}
}

func (c *Call) emitChange(i int) {
	row, l, s, ch := &c.Row, c.run.s.log, c.run.s, &c.changes[i]
	fc := &l.row.change
	*fc = schema.FileChange{
		Where: row.Where, FileChangeID: row.ToolCallID.With(partFile + uint64(i)), SessionID: row.SessionID, RunID: row.RunID, TurnID: row.TurnID,
		ToolCallID: row.ToolCallID, Seq: row.Seq, Path: ch.Path, Op: ch.Op, FileRole: edits.Role(ch.Path), Basis: ch.Basis,
		AddedLineCount: ch.AddedCount, RemovedLineCount: ch.RemovedCount,
	}
	switch row.Status {
	case "ok":
		fc.IsApplied = schema.Known(true)
	case "error", "denied", "interrupted":
		fc.IsApplied = schema.Known(false)
	}
	if s.Row.Workspace != "" {
		fc.IsInWorkspace = Within(s.Row.Workspace, ch.Path)
	}
	if ch.Exact {
		fc.AddedLineCount, fc.RemovedLineCount = schema.Known(int64(len(ch.Added))), schema.Known(int64(len(ch.Removed)))
	}
	if !fc.IsApplied.Valid || fc.IsApplied.V {
		if self := s.churn.Apply(ch.Path, ch.Added, ch.Removed); ch.Exact {
			fc.SelfRemovedLineCount = schema.Known(self)
		}
	}
	l.Put(fc)
}

func (c *Call) emitRead(r schema.FileRead) {
	row, l := &c.Row, c.run.s.log
	r.Where, r.SessionID, r.RunID, r.ToolCallID, r.Seq = row.Where, row.SessionID, row.RunID, row.ToolCallID, row.Seq
	l.row.read = r
	l.Put(&l.row.read)
}

func (c *Call) emitTexts() {
	row, l := &c.Row, c.run.s.log
	switch {
	case c.script != "":
		body, whole := Cut([]byte(c.script), l.src.Content.Limit(argsPreview))
		l.text("tool_call", row.ToolCallID, row.Line, "args", body, whole)
	case row.TargetPath == "" || l.src.Content == ingest.ContentFull:
		l.text("tool_call", row.ToolCallID, row.Line, "args", c.args, c.argsWhole)
	}
	line := row.Line
	if row.ResultLine.Valid {
		line = row.ResultLine.V
	}
	l.text("tool_call", row.ToolCallID, line, "result", c.result, c.resultWhole)
}
