// Package cursor reads what Cursor leaves: the databases of its editor and of its command line, the
// transcripts of its agent (JSON Lines, and the older text form), and the captured output of
// "cursor-agent --output-format stream-json".
//
// Transcripts have no instants, no model, no usage and no results of tools. What they do not say stays
// unknown; the order of lines is all there is.
package cursor

import (
	"context"
	"path/filepath"
	"strings"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

// agent is the word in the column agent and in every id.
const agent = "cursor"

// version is raised when the same file would yield other rows.
const version = 3

// Parser reads Cursor's plain files. Its zero value is ready for use.
type Parser struct{}

var _ ingest.Parser = Parser{}

// Format describes Cursor.
func (Parser) Format() ingest.Format {
	return ingest.Format{Agent: agent, Title: "Cursor", Version: version, StoreKind: "jsonl", Roots: roots}
}

func roots(env ingest.Env) []ingest.Root {
	if env.Home == "" {
		return nil
	}
	return []ingest.Root{{Path: filepath.Join(env.Home, ".cursor", "projects"), Why: "default", Want: func(rel string) bool {
		return strings.Contains(rel, "/agent-transcripts/") && (strings.HasSuffix(rel, ".jsonl") || strings.HasSuffix(rel, ".txt"))
	}}}
}

// Capabilities says what databases, transcripts and captured output can tell.
func Capabilities() []ingest.Capability {
	return []ingest.Capability{
		{Field: "model", Available: "partial", Note: "databases, captured output; not where the editor chose"},
		{Field: "usage", Available: "partial", Note: "captured output of newer versions, per run; nearly never in databases"},
		{Field: "cache_read", Available: "partial", Note: "as usage"},
		{Field: "cache_write", Available: "partial", Note: "as usage"},
		{Field: "reasoning", Available: "no"},
		{Field: "cost", Available: "partial", Note: "old databases of the editor"},
		{Field: "times", Available: "partial", Note: "the editor's database and exports of it, captured output of some versions"},
		{Field: "tool_calls", Available: "yes"},
		{Field: "tool_status", Available: "partial", Note: "the editor's database, captured output"},
		{Field: "tool_args", Available: "yes"},
		{Field: "tool_durations", Available: "partial", Note: "captured output of newer versions"},
		{Field: "texts", Available: "yes"},
		{Field: "thinking", Available: "partial"},
		{Field: "workspace", Available: "partial", Note: "databases, captured output"},
		{Field: "git_branch", Available: "no"},
		{Field: "sub_agents", Available: "partial", Note: "transcripts, in files of their own; the editor's database"},
		{Field: "compactions", Available: "no"},
		{Field: "api_errors", Available: "partial"},
		{Field: "approvals", Available: "partial", Note: "the editor's database; refusals in captured output"},
		{Field: "agent_version", Available: "no"},
		{Field: "finish_reason", Available: "no"},
	}
}

func actOf(name string) rows.Act {
	switch strings.TrimSuffix(name, "ToolCall") {
	case "Shell", "Bash", "shell", "run_terminal_cmd", "run_terminal_command_v2":
		return rows.ShellAct
	case "Read", "read", "read_file", "read_file_v2":
		return rows.ReadAct
	case "StrReplace", "MultiEdit", "edit", "edit_file", "edit_file_v2", "search_replace", "apply_patch", "ApplyPatch":
		return rows.EditAct
	case "Write", "write":
		return rows.WriteAct
	case "Delete", "delete", "delete_file":
		return rows.DeleteAct
	case "Task", "task":
		return rows.TaskAct
	case "Await", "await":
		return rows.PollAct
	}
	return rows.OtherAct
}

// A parser holds the state of one file.
type parser struct {
	src *ingest.Source
	log *rows.Log
	ses *rows.Session
	run *rows.Run

	open []*rows.Call // of a transcript, whose calls have no ids

	streams map[string]*stream
	order   []*stream
	cur     *stream
	out     []byte
}

// Parse reads one transcript, or captured output.
func (Parser) Parse(ctx context.Context, src *ingest.Source, emit ingest.Emit) error {
	p := &parser{src: src, log: rows.New(agent, src, emit), streams: map[string]*stream{}}
	var err error
	whole := true
	if strings.HasSuffix(src.Path, ".txt") {
		err = p.plain(ctx)
	} else {
		whole, err = p.log.Lines(ctx, func(line []byte, no int64, _ schema.ID) bool { return p.line(line, no) })
	}
	p.finish(whole && err == nil)
	if closed := p.log.Close(); closed != nil {
		return closed
	}
	return err
}

func (p *parser) line(line []byte, no int64) bool {
	var r record
	if !r.scan(line) {
		return false
	}
	if len(r.session.Raw) > 0 {
		p.streamed(&r, no)
	} else {
		p.transcribed(&r, no)
	}
	return true
}

// A record is one line of either kind.
type record struct {
	typ, subtype jscan.Text
	role         jscan.Text
	session      jscan.Text
	message      []byte
	status       jscan.Text
	err          jscan.Text

	model, cwd     jscan.Text
	text           jscan.Text
	callID         jscan.Text
	call           []byte
	result         jscan.Text
	isError        bool
	duration       []byte
	request        jscan.Text
	usage          []byte
	stamp          []byte
	started, ended []byte // of a tool
}

func (r *record) scan(line []byte) bool {
	var s jscan.Scanner
	s.Reset(line)
	if s.Kind() != jscan.Object {
		return false
	}
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "type":
			r.typ = s.Text()
		case "subtype":
			r.subtype = s.Text()
		case "role":
			r.role = s.Text()
		case "session_id":
			r.session = s.Text()
		case "message":
			if s.Kind() == jscan.Object {
				r.message = s.Raw()
			} else {
				s.Skip()
			}
		case "status":
			r.status = s.Text()
		case "error":
			r.err = s.Text()
		case "model":
			r.model = s.Text()
		case "cwd":
			r.cwd = s.Text()
		case "text":
			r.text = s.Text()
		case "call_id":
			r.callID = s.Text()
		case "tool_call":
			if s.Kind() == jscan.Object {
				r.call = s.Raw()
			} else {
				s.Skip()
			}
		case "result":
			r.result = s.Text()
		case "is_error":
			r.isError, _ = s.Bool()
		case "duration_ms":
			r.duration = s.Raw()
		case "request_id":
			r.request = s.Text()
		case "usage":
			r.usage = s.Raw()
		case "timestamp_ms":
			r.stamp = s.Raw()
		default:
			s.Skip()
		}
	}
	return s.End() == nil
}

// A block is a part of a message.
type block struct {
	typ, text, id, name jscan.Text
	input               []byte
	toolUse             jscan.Text
	content             []byte
	isError             bool
}

func (b *block) scan(s *jscan.Scanner) {
	*b = block{}
	for in := s.ObjectOrSkip(); in && s.Key(); {
		switch string(s.Name) {
		case "type":
			b.typ = s.Text()
		case "text", "thinking":
			b.text = s.Text()
		case "id":
			b.id = s.Text()
		case "name":
			b.name = s.Text()
		case "input", "args":
			b.input = s.Raw()
		case "tool_use_id":
			b.toolUse = s.Text()
		case "content":
			b.content = s.Raw()
		case "is_error":
			b.isError, _ = s.Bool()
		default:
			s.Skip()
		}
	}
}

// blocks reads the content of a message, which may be a single text.
func blocks(message []byte, f func(*block)) {
	var content []byte
	var s jscan.Scanner
	s.Reset(message)
	for in := s.ObjectOrSkip(); in && s.Key(); {
		if string(s.Name) == "content" {
			content = s.Raw()
		} else {
			s.Skip()
		}
	}
	s.Reset(content)
	var b block
	switch s.Kind() {
	case jscan.String:
		b.typ, b.text = jscan.Text{Raw: []byte("text"), Present: true}, s.Text()
		f(&b)
	case jscan.Array:
		for s.Array(); s.Elem(); {
			b.scan(&s)
			f(&b)
		}
	}
}
