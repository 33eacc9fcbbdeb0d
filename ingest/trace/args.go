package trace

import (
	"bytes"
	"strings"

	"github.com/agenttrace/agenttrace/ingest/edits"
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/ingest/shell"
	"github.com/agenttrace/agenttrace/schema"
)

// An Act is what a tool does, as far as its name tells.
type Act int

// The kinds of tool that are understood; all others are Other.
const (
	Other Act = iota
	Shell
	Read
	Edit
	Write
	Delete
	Patch
	Editor // one tool with sub-commands view, create, str_replace, insert
)

// acts knows tools by their folded names.
var acts = map[string]Act{
	"bash": Shell, "sh": Shell, "shell": Shell, "cmd": Shell, "terminal": Shell, "executebash": Shell, "run": Shell, "runcommand": Shell,
	"runshellcommand": Shell, "shellcommand": Shell, "executecommand": Shell, "execcommand": Shell, "exec": Shell, "localshell": Shell,
	"localshellcall": Shell, "containerexec": Shell, "runterminalcmd": Shell, "runterminalcommand": Shell, "runinterminal": Shell,
	"bashsession": Shell, "powershell": Shell, "developershell": Shell, "shelltool": Shell, "bashtool": Shell, "terminaltool": Shell,
	"read": Read, "readfile": Read, "view": Read, "viewfile": Read, "openfile": Read, "catfile": Read, "fileread": Read,
	"edit": Edit, "editfile": Edit, "multiedit": Edit, "replace": Edit, "strreplace": Edit, "searchreplace": Edit, "replaceinfile": Edit,
	"write": Write, "writefile": Write, "createfile": Write, "create": Write, "newfile": Write, "savefile": Write, "writetofile": Write,
	"deletefile": Delete, "removefile": Delete,
	"applypatch": Patch, "patch": Patch, "applydiff": Patch,
	"strreplaceeditor": Editor, "strreplacebasededittool": Editor, "texteditor": Editor, "fileeditor": Editor, "fileedittool": Editor,
}

// ActOf tells what a tool does by its name; decoration in front ("functions.", "developer__") does not
// count.
func ActOf(name string) Act {
	if i := strings.LastIndex(name, "__"); i >= 0 && !strings.HasPrefix(name, "mcp") {
		name = name[i+2:]
	}
	return acts[Fold(strings.TrimPrefix(name, "functions."))]
}

// Arguments takes the arguments of a call, a JSON value or a string that holds one, and what they say
// of commands and files. raw must stay as it is until the call is emitted.
func Arguments(c *rows.Call, raw []byte) {
	raw = bytes.TrimSpace(raw)
	if IsNull(raw) {
		return
	}
	args := Unwrap(raw)
	act := ActOf(c.Row.ToolNameRaw)
	if server, ok := MCPServer(c.Row.ToolNameRaw); ok {
		c.Row.MCPServer, act = server, Other
	}
	if t := Text(args); t.Present {
		// Plain text: of a shell the command, of a patch tool the patch.
		text := t.Bytes(nil)
		c.Args(args)
		switch act {
		case Shell:
			c.Shell(string(text))
		case Patch:
			c.Patch(text)
		}
		return
	}
	c.Args(args)
	o := ObjectOf(args)
	if o.Len() == 0 {
		return
	}
	path := Str(o.Find("filepath", "path", "filename", "file", "targetfile", "notebookpath", "absolutepath"))
	switch act {
	case Shell:
		c.Shell(script(o.Find("command", "cmd", "script", "code", "commands")))
	case Read:
		c.Target(path)
		read(c, o, path)
	case Write:
		c.Target(path)
		c.Change(whole(path, o.Find("content", "filetext", "text", "contents", "code")))
	case Edit:
		if o.Has("command") && path != "" && !o.Has("old_string") {
			editor(c, o, path)
			return
		}
		c.Target(path)
		c.Change(replaced(path, o))
	case Editor:
		editor(c, o, path)
	case Delete:
		c.Target(path)
		c.Change(rows.Change{Path: path, Op: "delete", Basis: "tool_args"})
	case Patch:
		c.Target(path)
		text, _ := Content(o.Find("patch", "input", "patchtext", "diff", "content"))
		c.Patch(text)
	default:
		if path != "" {
			c.Target(path)
		}
	}
}

// MCPServer returns the server in the name of a tool, mcp__server__tool.
func MCPServer(name string) (string, bool) {
	rest, ok := strings.CutPrefix(name, "mcp__")
	if !ok {
		return "", false
	}
	server, _, ok := strings.Cut(rest, "__")
	return server, ok && server != ""
}

// script is the shell line of a call, given as text or as an argument vector.
func script(raw []byte) string {
	switch Kind(raw) {
	case jscan.String:
		return Str(raw)
	case jscan.Array:
		var argv []string
		for e := range Elems(raw) {
			argv = append(argv, Str(e))
		}
		return shell.Script(argv)
	}
	return ""
}

// read takes the lines that are asked for.
func read(c *rows.Call, o Object, path string) {
	from := Int(o.Find("startline", "linestart", "offset"))
	to := Int(o.Find("endline", "lineend"))
	if limit := Int(o.Find("limit")); limit.Valid && !to.Valid && limit.V > 0 && limit.V < 1<<40 {
		from.V = max(from.V, 1)
		from.Valid = true
		if from.V < 1<<40 {
			to = schema.Known(from.V + limit.V - 1)
		}
	}
	if view := o.Find("viewrange"); Kind(view) == jscan.Array {
		n := 0
		for e := range Elems(view) {
			switch n++; n {
			case 1:
				from = Int(e)
			case 2:
				to = Int(e) // -1 is the end of the file, which is not known
			}
		}
	}
	c.Row.RangeStart, c.Row.RangeEnd = from, to
	c.Read(path, from, to)
}

// whole is a file that is written as a whole; what it held before is not in the arguments.
func whole(path string, raw []byte) rows.Change {
	ch := rows.Change{Path: path, Op: "create", Basis: "tool_args"}
	if text, ok := Content(raw); ok {
		ch.Added = edits.Lines(text)
		ch.AddedCount = schema.Known(int64(len(ch.Added)))
	}
	return ch
}

// replaced is a text put in the place of another, once or several times.
func replaced(path string, o Object) rows.Change {
	ch := rows.Change{Path: path, Op: "modify", Basis: "tool_args", Exact: true}
	add := func(e Object) {
		before, hasOld := Content(e.Find("oldstring", "oldstr", "oldtext", "old", "search"))
		after, hasNew := Content(e.Find("newstring", "newstr", "newtext", "new", "replace", "replacement"))
		if !hasOld && !hasNew || IsTrue(e.Find("replaceall")) {
			ch.Exact = false // how often, or what, is not known
			return
		}
		added, removed := edits.Replace(before, after)
		ch.Added, ch.Removed = append(ch.Added, added...), append(ch.Removed, removed...)
	}
	if list := o.Find("edits"); Kind(list) == jscan.Array {
		for e := range Elems(list) {
			add(ObjectOf(e))
		}
		return ch
	}
	add(o)
	return ch
}

// editor takes a call of the editor tool with sub-commands.
func editor(c *rows.Call, o Object, path string) {
	c.Target(path)
	switch o.Str("command") {
	case "view":
		read(c, o, path)
	case "create", "write":
		c.Change(whole(path, o.Find("filetext", "content")))
	case "str_replace":
		c.Change(replaced(path, o))
	case "insert":
		text, ok := Content(o.Find("newstr", "inserttext"))
		c.Change(rows.Change{Path: path, Op: "modify", Basis: "tool_args", Added: edits.Lines(text), Exact: ok})
	case "undo_edit":
		c.Change(rows.Change{Path: path, Op: "modify", Basis: "tool_args"})
	}
}

// Replacement is the change of a file whose text before and after is known.
func Replacement(path string, before, after []byte, existed bool) rows.Change {
	ch := rows.Change{Path: path, Op: "modify", Basis: "snapshot", Exact: true}
	if !existed {
		ch.Op = "create"
	}
	ch.Added, ch.Removed = edits.Replace(before, after)
	return ch
}
