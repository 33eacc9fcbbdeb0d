package cline

import (
	"strings"

	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

// An element is one event of a task.
type element struct {
	ts        int64
	ask       bool
	what      string // of ask or say
	text      jscan.Text
	reasoning jscan.Text
	condense  []byte
	truncate  []byte
	model     string
	provider  string
	mode      string
	line      int64
	copyNo    uint64 // among those of the same instant and kind
	dropped   bool
}

// elements reads all events. A file is written anew at each change, and of an event that was written
// twice the last is the whole one; only the pieces of a command's output share instant and kind.
func elements(log *rows.Log, s *jscan.Scanner) (list []element, whole bool) {
	type key struct {
		ts   int64
		ask  bool
		what string
	}
	last := map[key]int{}
	no := int64(0)
	for s.Array(); s.Elem(); {
		no++
		raw := s.Raw()
		if raw == nil {
			break
		}
		e := element{line: no}
		if !e.scan(raw) {
			log.Begin(no, 0, 0)
			log.Unknown("")
			continue
		}
		k := key{e.ts, e.ask, e.what}
		if i, ok := last[k]; ok {
			if e.what == "command_output" {
				e.copyNo = list[i].copyNo + 1
			} else {
				list[i].dropped = true
			}
		}
		last[k] = len(list)
		list = append(list, e)
	}
	whole = s.End() == nil
	if !whole {
		log.Begin(no+1, 0, 0)
		log.Bad(schema.ProblemTruncated)
	}
	return list, whole
}

func (e *element) scan(raw []byte) bool {
	var s jscan.Scanner
	s.Reset(raw)
	if s.Kind() != jscan.Object {
		return false
	}
	var ask, say string
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "ts":
			v, _ := s.Float()
			if v > 0 && v < 1e16 {
				e.ts = int64(v)
			}
		case "type":
			e.ask = string(s.View()) == "ask"
		case "ask":
			ask = s.Str()
		case "say":
			say = s.Str()
		case "text":
			e.text = s.Text()
		case "reasoning":
			e.reasoning = s.Text()
		case "contextCondense":
			e.condense = s.Raw()
		case "contextTruncation":
			e.truncate = s.Raw()
		case "modelInfo":
			for ok := s.ObjectOrSkip(); ok && s.Key(); {
				switch string(s.Name) {
				case "modelId":
					e.model = s.Str()
				case "providerId":
					e.provider = s.Str()
				case "mode":
					e.mode = s.Str()
				default:
					s.Skip()
				}
			}
		default:
			s.Skip()
		}
	}
	e.what = say
	if e.ask {
		e.what = ask
	}
	return s.End() == nil && e.what != ""
}

// taskID is the name of the task's folder, where it is an id.
func taskID(path string) string {
	parts := strings.Split(strings.ReplaceAll(path, `\`, "/"), "/")
	if len(parts) < 2 {
		return ""
	}
	name := parts[len(parts)-2]
	if len(parts) > 2 && parts[len(parts)-3] == "tasks" {
		return name
	}
	digits, dashes := 0, 0
	for i := 0; i < len(name); i++ {
		switch c := name[i]; {
		case c >= '0' && c <= '9':
			digits++
		case c == '-':
			dashes++
		case c >= 'a' && c <= 'f':
		default:
			return ""
		}
	}
	if len(name) == 13 && digits == 13 || len(name) == 36 && dashes == 4 {
		return name
	}
	return ""
}
