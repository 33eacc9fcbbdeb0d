package copilot

import (
	"bytes"

	"github.com/agenttrace/agenttrace/ingest/edits"
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

// screen reads the parts of a response: tools into w.parts, and the files that were edited. tell says
// that its texts are the only ones.
func (w *work) screen(tell bool) (edited []string) {
	if w.turn.response == nil {
		return nil
	}
	var answer []byte
	asked := false
	var s jscan.Scanner
	s.Reset(w.turn.response)
	for ok := s.ArrayOrSkip(); ok && s.Elem(); {
		raw := s.Raw()
		if raw == nil {
			break
		}
		var kind string
		var value jscan.Text
		var uri []byte
		var t jscan.Scanner
		t.Reset(raw)
		if t.Kind() != jscan.Object {
			continue
		}
		for t.Object(); t.Key(); {
			switch string(t.Name) {
			case "kind":
				kind = t.Str()
			case "value":
				value = w.value(&t)
			case "text":
				if v := w.value(&t); !value.Present {
					value = v
				}
			case "uri":
				uri = t.Raw()
			default:
				t.Skip()
			}
		}
		switch kind {
		case "":
			if value.Present {
				answer = append(answer, value.Bytes(nil)...)
			}
		case "thinking":
			if tell && len(value.Raw) > 0 {
				w.only(&asked)
				w.run.Message("assistant", "reasoning", value.Bytes(nil))
			}
		case "toolInvocationSerialized", "toolInvocation":
			var p part
			p.scan(raw)
			w.parts = append(w.parts, p)
		case "textEditGroup", "notebookEditGroup":
			if path := pathIn(uri); path != "" {
				edited = append(edited, path)
			}
		case "prepareToolInvocation", "codeblockUri", "inlineReference", "undoStop", "confirmation", "elicitation", "elicitation2", "elicitationSerialized",
			"questionCarousel", "progressMessage", "progressTask", "progressTaskSerialized", "warning", "mcpServersStarting", "mcpServersStartingSlow",
			"multiDiffData", "hook", "workspaceEdit", "pullRequest", "command", "treeData", "extensions", "reference", "codeCitation", "references", "usedContext",
			"markdownContent", "markdownVuln", "clearToPreviousToolInvocation", "planReview", "externalEdit", "disabledClaudeHooks", "agentMention", "move", "cellEdit":
		default:
			w.log.Problem(schema.ProblemUnknownField, "response", kind)
		}
	}
	if tell && len(bytes.TrimSpace(answer)) > 0 {
		w.only(&asked)
		w.run.Message("assistant", "text", answer)
	}
	if tell && !asked && len(w.parts) > 0 {
		w.only(&asked)
	}
	return edited
}

// only tells the one request that is known of a turn without rounds: that there was one.
func (w *work) only(asked *bool) {
	if *asked {
		return
	}
	*asked = true
	row := w.modelCall(1, "")
	w.status(row)
	w.log.Put(row)
}

// value takes a text, or a text inside an object, or one in pieces.
func (w *work) value(s *jscan.Scanner) jscan.Text {
	if s.Kind() != jscan.Object {
		return joined(s)
	}
	var t jscan.Text
	for s.Object(); s.Key(); {
		if string(s.Name) == "value" {
			t = s.Text()
		} else {
			s.Skip()
		}
	}
	return t
}

func (p *part) scan(raw []byte) {
	var s jscan.Scanner
	s.Reset(raw)
	for ok := s.ObjectOrSkip(); ok && s.Key(); {
		switch string(s.Name) {
		case "toolId":
			p.tool = s.Str()
		case "toolCallId":
			p.id = s.Str()
		case "subAgentInvocationId":
			p.sub = s.Str()
		case "isConfirmed":
			p.confirm(&s)
		case "resultDetails":
			if s.Kind() != jscan.Object {
				s.Skip()
				continue
			}
			for s.Object(); s.Key(); {
				if string(s.Name) != "isError" {
					s.Skip()
				} else if v, ok := s.Bool(); ok {
					p.failed = schema.Known(v)
				}
			}
		case "toolSpecificData":
			p.specific(&s)
		default:
			s.Skip()
		}
	}
}

// confirm reads how a tool was allowed: yes or no, or a kind.
func (p *part) confirm(s *jscan.Scanner) {
	switch s.Kind() {
	case jscan.True:
		p.confirmed = schema.Known(int64(4))
		s.Skip()
	case jscan.False:
		p.confirmed = schema.Known(int64(0))
		s.Skip()
	case jscan.Object:
		for s.Object(); s.Key(); {
			if string(s.Name) == "type" {
				p.confirmed = rows.Count(s)
			} else {
				s.Skip()
			}
		}
	default:
		s.Skip()
	}
}

func (p *part) specific(s *jscan.Scanner) {
	for ok := s.ObjectOrSkip(); ok && s.Key(); {
		switch string(s.Name) {
		case "command":
			p.command = s.Text()
		case "commandLine":
			for ok := s.ObjectOrSkip(); ok && s.Key(); {
				if string(s.Name) == "original" {
					p.command = s.Text()
				} else {
					s.Skip()
				}
			}
		case "terminalCommandState":
			for ok := s.ObjectOrSkip(); ok && s.Key(); {
				if string(s.Name) != "exitCode" {
					s.Skip()
				} else if v, ok := s.Int(); ok {
					p.exit = schema.Known(v)
				}
			}
		default:
			s.Skip()
		}
	}
}

// pathIn reads the path of a URI, which is written as an object.
func pathIn(raw []byte) string {
	if raw == nil {
		return ""
	}
	var full, path, scheme string
	var s jscan.Scanner
	s.Reset(raw)
	if s.Kind() == jscan.String {
		return rows.PathOfURI(s.Str())
	}
	for ok := s.ObjectOrSkip(); ok && s.Key(); {
		switch string(s.Name) {
		case "fsPath":
			full = s.Str()
		case "path":
			path = s.Str()
		case "scheme":
			scheme = s.Str()
		default:
			s.Skip()
		}
	}
	switch {
	case scheme != "" && scheme != "file" && scheme != "vscode-remote":
		return ""
	case full != "":
		return full
	case len(path) > 2 && path[0] == '/' && path[2] == ':':
		return path[1:]
	}
	return path
}

// edited tells that a file was edited, unless a call has told it already: in the modes without tools
// this is the only trace.
func (w *work) edited(path string) {
	if w.told == nil {
		w.told = map[string]bool{}
	}
	if w.told[path] || len(w.calls) > 0 {
		return
	}
	w.told[path] = true
	row := schema.FileChange{
		Where: w.log.Where(), FileChangeID: w.key.With(8000 + uint64(len(w.told))), SessionID: w.s.Row.SessionID, RunID: w.run.Row.RunID,
		TurnID: w.run.TurnID(), Seq: w.log.Next(), Path: path, Op: "modify", FileRole: edits.Role(path), Basis: "snapshot",
	}
	if w.s.Row.Workspace != "" {
		row.IsInWorkspace = rows.Within(w.s.Row.Workspace, path)
	}
	w.log.Put(&row)
}
