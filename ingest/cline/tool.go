package cline

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/agenttrace/agenttrace/ingest/edits"
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

// A tool is a call shown on the screen. How it ended stands, if anywhere, in the text of the request
// that follows, under the name that the model calls it by.
type tool struct {
	c     *rows.Call
	names []string // that the model may have called it by
	about string   // path or command, as the result names it
	out   []byte   // output on the screen
	shown bool
}

// modelNames are the tools of the model behind those of the screen.
func modelNames(shown string) []string {
	switch shown {
	case "editedExistingFile", "newFileCreated":
		return []string{"replace_in_file", "write_to_file", "apply_diff", "apply_patch", "insert_content", "search_and_replace", "edit_file"}
	case "appliedDiff":
		return []string{"apply_diff", "replace_in_file"}
	case "fileDeleted":
		return []string{"apply_patch", "delete_file"}
	case "insertContent":
		return []string{"insert_content"}
	case "searchAndReplace":
		return []string{"search_and_replace"}
	case "readFile":
		return []string{"read_file"}
	case "searchFiles":
		return []string{"search_files"}
	case "listFilesTopLevel", "listFilesRecursive":
		return []string{"list_files"}
	case "listCodeDefinitionNames":
		return []string{"list_code_definition_names"}
	case "codebaseSearch":
		return []string{"codebase_search"}
	case "webFetch":
		return []string{"web_fetch"}
	case "webSearch":
		return []string{"web_search"}
	}
	return nil
}

// newTool begins a call. What was only told ran by itself; what was asked may have been refused.
func (t *task) newTool(name string, e *element, names ...string) *tool {
	id := t.log.ID("tool", t.id, e.what, strconv.FormatInt(e.ts, 10))
	c, _ := t.r.Call(name, "", id)
	c.Row.Status = "unknown"
	if !e.ask {
		c.Row.Approval = "auto"
	}
	t.call.answered = true
	tl := &tool{c: c, names: names}
	t.tools = append(t.tools, tl)
	t.lastTool = tl
	return tl
}

// tool handles a call of a tool for files, whose text is JSON.
func (t *task) tool(e *element) {
	var name, path, pattern string
	var content, diff []byte
	var added, removed schema.Int
	raw := append([]byte{}, t.log.Bytes(e.text)...)
	var s jscan.Scanner
	s.Reset(raw)
	for ok := s.ObjectOrSkip(); ok && s.Key(); {
		switch string(s.Name) {
		case "tool":
			name = s.Str()
		case "path":
			path = s.Str()
		case "content":
			content = s.View()
		case "diff":
			diff = s.View()
		case "regex", "query":
			pattern = s.Str()
		case "diffStats":
			for ok := s.ObjectOrSkip(); ok && s.Key(); {
				switch string(s.Name) {
				case "added":
					added = rows.Count(&s)
				case "removed":
					removed = rows.Count(&s)
				default:
					s.Skip()
				}
			}
		default:
			s.Skip()
		}
	}
	if s.End() != nil || name == "" {
		t.log.Problem(schema.ProblemUnknownField, "tool", "text")
		return
	}
	if name == "summarizeTask" || name == "condenseContext" {
		t.compaction(&element{what: name, ts: e.ts})
		return
	}
	tl := t.newTool(name, e, modelNames(name)...)
	tl.about = first(pattern, path)
	c := tl.c
	c.Args(raw)
	if path != "" {
		c.Target(path)
	}
	switch name {
	case "readFile":
		c.Read(path, schema.Int{}, schema.Int{})
	case "editedExistingFile", "newFileCreated", "appliedDiff", "insertContent", "searchAndReplace":
		c.Change(change(name, path, content, diff, added, removed))
	case "fileDeleted":
		c.Change(rows.Change{Path: path, Op: "delete", Basis: "tool_args"})
	}
}

// change reads the lines of a change from what the screen shows of it.
func change(name, path string, content, diff []byte, added, removed schema.Int) rows.Change {
	ch := rows.Change{Path: path, Op: "modify", Basis: "tool_args"}
	if name == "newFileCreated" {
		ch.Op = "create"
	}
	if diff == nil {
		diff = content
	}
	if a, r, ok := blocks(diff); ok {
		ch.Added, ch.Removed, ch.Exact = a, r, true
	} else if list := edits.ParsePatch(diff); len(list) == 1 && list[0].Op != "delete" {
		ch.Added, ch.Removed, ch.Exact, ch.Basis = list[0].Added, list[0].Removed, true, "patch"
	} else if a, r, ok := hunks(diff); ok {
		ch.Added, ch.Removed, ch.Exact, ch.Basis = a, r, true, "patch"
	} else if name == "newFileCreated" && content != nil {
		ch.Added, ch.Exact = edits.Lines(content), true
	}
	if added.Valid && removed.Valid {
		// The log's own count is of what was really written.
		ch.Exact, ch.AddedCount, ch.RemovedCount = false, added, removed
	}
	return ch
}

// blocks reads replacements: a line of dashes or brackets with SEARCH, the old lines, a line of equal
// signs, the new lines, a line with REPLACE.
func blocks(text []byte) (added, removed [][]byte, ok bool) {
	if !bytes.Contains(text, []byte(" SEARCH")) {
		return nil, nil, false
	}
	var old, new []byte
	state := 0
	for rest := text; len(rest) > 0; {
		line, after, _ := bytes.Cut(rest, []byte{'\n'})
		rest = after
		bare := bytes.TrimRight(line, " \r")
		switch {
		case state == 0 && (bytes.HasPrefix(bare, []byte("-----")) || bytes.HasPrefix(bare, []byte("<<<<<"))) && bytes.HasSuffix(bare, []byte(" SEARCH")):
			state, old, new = 1, old[:0], new[:0]
		case state == 1 && len(bare) >= 5 && len(bytes.Trim(bare, "=")) == 0:
			state = 2
		case state == 1 && (bytes.HasPrefix(bare, []byte(":start_line:")) || len(old) == 0 && len(bare) >= 5 && len(bytes.Trim(bare, "-")) == 0):
			// where it begins, in the blocks of Roo Code
		case state == 2 && (bytes.HasPrefix(bare, []byte("+++++")) || bytes.HasPrefix(bare, []byte(">>>>>"))) && bytes.HasSuffix(bare, []byte(" REPLACE")):
			a, r := edits.Replace(append([]byte{}, old...), append([]byte{}, new...))
			added, removed, ok = append(added, a...), append(removed, r...), true
			state = 0
		case state == 1:
			old = append(append(old, line...), '\n')
		case state == 2:
			new = append(append(new, line...), '\n')
		}
	}
	return added, removed, ok
}

// hunks reads a unified diff without the names of files.
func hunks(text []byte) (added, removed [][]byte, ok bool) {
	for rest := text; len(rest) > 0; {
		line, after, _ := bytes.Cut(rest, []byte{'\n'})
		rest = after
		switch {
		case bytes.HasPrefix(line, []byte("@@ ")):
			ok = true
		case !ok || len(line) == 0:
		case line[0] == '+':
			added = append(added, line[1:])
		case line[0] == '-':
			removed = append(removed, line[1:])
		}
	}
	return added, removed, ok
}

// command handles a shell line.
func (t *task) command(e *element) {
	script := strings.TrimSuffix(string(t.log.Bytes(e.text)), "REQ_APP") // Cline's mark of those that need approval
	script = strings.TrimSpace(script)
	if script == "" {
		return
	}
	tl := t.newTool("execute_command", e, "execute_command")
	tl.about = script
	tl.c.Args(jsonString(script))
	tl.c.Shell(script)
}

// jsonString makes a JSON value of a text, for the hash of arguments.
func jsonString(text string) []byte {
	return strconv.AppendQuote(nil, text)
}

func (t *task) commandOutput(e *element) {
	tl := t.lastTool
	if tl == nil || !tl.c.IsShell() {
		return
	}
	if len(e.text.Raw) == 0 {
		return
	}
	if tl.out != nil {
		tl.out = append(tl.out, '\n')
	}
	tl.out = append(tl.out, t.log.Bytes(e.text)...)
	if e.ask && tl.c.Row.Approval == "" {
		tl.c.Row.Approval = "user" // it runs
	}
	tl.c.Row.EndedAt = t.log.At()
	tl.c.Row.ResultLine = schema.Known(e.line)
	tl.shown = true
}

// mcp handles a call of a server's tool.
func (t *task) mcp(e *element) {
	var server, name, uri string
	var args []byte
	raw := append([]byte{}, t.log.Bytes(e.text)...)
	var s jscan.Scanner
	s.Reset(raw)
	for ok := s.ObjectOrSkip(); ok && s.Key(); {
		switch string(s.Name) {
		case "serverName":
			server = s.Str()
		case "toolName":
			name = s.Str()
		case "uri":
			uri = s.Str()
		case "arguments":
			if s.Kind() == jscan.String {
				args = s.View()
			} else {
				args = s.Raw()
			}
		default:
			s.Skip()
		}
	}
	if name == "" {
		name = "access_mcp_resource"
	}
	tl := t.newTool(name, e, "use_mcp_tool", "access_mcp_resource")
	tl.c.Row.MCPServer = server
	tl.about = uri
	tl.c.Args(args)
}

func (t *task) browser(e *element) {
	if e.what == "browser_action_launch" && t.lastTool != nil && t.lastTool.c.Row.ToolNameRaw == "browser_action" && !t.lastTool.c.Ended() {
		return // asked and told
	}
	tl := t.newTool("browser_action", e, "browser_action")
	tl.c.Args(append([]byte{}, t.log.Bytes(e.text)...))
}
