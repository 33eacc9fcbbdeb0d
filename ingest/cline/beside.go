package cline

import (
	"bytes"
	"sort"
	"strings"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/schema"
)

// facts are what the files beside the events tell of a task.
type facts struct {
	workspace  string
	version    string
	host       string
	title      string
	root       string // task that this one was delegated by, at the top
	parent     string // and directly
	mode       string
	models     []modelAt
	fallback   string // model of the whole task, where times are missing
	hasHistory bool
}

// A modelAt says which model is in use from an instant on.
type modelAt struct {
	at              schema.Instant
	model, provider string
}

// besideLimit is how much of a file is given; one that is longer comes cut, and is not used.
const besideLimit = 1 << 20

func beside(src *ingest.Source, name string) []byte {
	if src.ReadBeside == nil {
		return nil
	}
	data, err := src.ReadBeside(name)
	if err != nil || len(data) >= besideLimit {
		return nil
	}
	return bytes.ToValidUTF8(data, []byte("\uFFFD"))
}

func readFacts(src *ingest.Source, f family, task string) *facts {
	out := &facts{}
	if data := beside(src, "task_metadata.json"); data != nil {
		out.metadata(data)
	}
	if f == cline {
		if data := beside(src, "../../state/taskHistory.json"); data != nil {
			out.taskHistory(data, task)
		}
	} else {
		if data := beside(src, "history_item.json"); data != nil {
			out.historyItem(data)
		}
		if data := beside(src, "api_conversation_history.json"); data != nil {
			out.conversation(data)
		}
	}
	sort.SliceStable(out.models, func(i, k int) bool { return out.models[i].at < out.models[k].at })
	return out
}

// at returns the model in use at an instant.
func (f *facts) at(t schema.Instant) (model, provider string) {
	i := sort.Search(len(f.models), func(i int) bool { return f.models[i].at > t })
	if i == 0 {
		return f.fallback, ""
	}
	return f.models[i-1].model, f.models[i-1].provider
}

// metadata reads task_metadata.json: the models by time, and the only place with a version.
func (f *facts) metadata(data []byte) {
	var s jscan.Scanner
	s.Reset(data)
	for ok := s.ObjectOrSkip(); ok && s.Key(); {
		switch string(s.Name) {
		case "model_usage":
			for ok := s.ArrayOrSkip(); ok && s.Elem(); {
				var m modelAt
				for ok := s.ObjectOrSkip(); ok && s.Key(); {
					switch string(s.Name) {
					case "ts":
						m.at = millis(&s)
					case "model_id":
						m.model = s.Str()
					case "model_provider_id":
						m.provider = s.Str()
					default:
						s.Skip()
					}
				}
				if m.model != "" && m.at != 0 {
					f.models = append(f.models, m)
				}
			}
		case "environment_history":
			for ok := s.ArrayOrSkip(); ok && s.Elem(); {
				for ok := s.ObjectOrSkip(); ok && s.Key(); {
					switch v := string(s.Name); v {
					case "cline_version", "host_name":
						text := s.Str()
						if v == "host_name" && f.host == "" {
							f.host = text
						} else if v == "cline_version" && f.version == "" {
							f.version = text
						}
					default:
						s.Skip()
					}
				}
			}
		default:
			s.Skip()
		}
	}
}

func millis(s *jscan.Scanner) schema.Instant {
	v, ok := s.Float()
	if !ok || !(v > 0 && v < 1e16) {
		return 0
	}
	return schema.UnixMillis(int64(v))
}

// taskHistory finds the task in Cline's index.
func (f *facts) taskHistory(data []byte, task string) {
	var s jscan.Scanner
	s.Reset(data)
	for ok := s.ArrayOrSkip(); ok && s.Elem(); {
		var id, cwd, model string
		for ok := s.ObjectOrSkip(); ok && s.Key(); {
			switch string(s.Name) {
			case "id":
				id = s.Str()
			case "cwdOnTaskInitialization":
				cwd = s.Str()
			case "modelId":
				model = s.Str()
			default:
				s.Skip()
			}
		}
		if id == task && id != "" {
			f.workspace = cwd
			f.fallback = model
			return
		}
	}
}

// historyItem reads history_item.json of Roo Code.
func (f *facts) historyItem(data []byte) {
	var s jscan.Scanner
	s.Reset(data)
	for ok := s.ObjectOrSkip(); ok && s.Key(); {
		switch string(s.Name) {
		case "workspace":
			f.workspace = s.Str()
		case "rootTaskId":
			f.root = s.Str()
		case "parentTaskId":
			f.parent = s.Str()
		case "mode":
			f.mode = s.Str()
		default:
			s.Skip()
		}
	}
	if f.root == "" {
		f.root = f.parent
	}
}

// conversation looks into the messages for the model for what the events lack: the environment that
// each request describes names model and folder.
func (f *facts) conversation(data []byte) {
	var s jscan.Scanner
	s.Reset(data)
	var found []modelAt
	for ok := s.ArrayOrSkip(); ok && s.Elem(); {
		raw := s.Raw()
		var m modelAt
		var user bool
		var t jscan.Scanner
		t.Reset(raw)
		for ok := t.ObjectOrSkip(); ok && t.Key(); {
			switch string(t.Name) {
			case "role":
				user = string(t.View()) == "user"
			case "ts":
				m.at = millis(&t)
			default:
				t.Skip()
			}
		}
		if !user {
			continue
		}
		if m.model = between(raw, "<model>", "</model>"); m.model != "" {
			found = append(found, m)
		}
		if f.workspace == "" {
			f.workspace = directory(raw)
		}
	}
	if s.End() != nil || len(found) == 0 {
		return
	}
	same := true
	for _, m := range found {
		same = same && m.model == found[0].model
		if m.at != 0 {
			f.models = append(f.models, m)
		}
	}
	if same {
		f.fallback = found[0].model
	}
}

// between returns what stands between the last pair of two marks in raw JSON.
func between(raw []byte, open, end string) string {
	i := bytes.LastIndex(raw, []byte(open))
	if i < 0 {
		return ""
	}
	rest := raw[i+len(open):]
	k := bytes.Index(rest, []byte(end))
	if k <= 0 || k > 200 {
		return ""
	}
	return strings.TrimSpace(string(rest[:k]))
}

// directory finds the working directory in a description of the environment:
// "# Current Working Directory (/home/ana/shop) Files". It is written inside JSON.
func directory(raw []byte) string {
	for _, mark := range []string{"# Current Workspace Directory (", "# Current Working Directory ("} {
		i := bytes.Index(raw, []byte(mark))
		if i < 0 {
			continue
		}
		rest := raw[i+len(mark):]
		k := bytes.Index(rest, []byte(") Files"))
		if k < 0 {
			k = bytes.IndexByte(rest, ')')
		}
		if k <= 0 || k > 4096 {
			continue
		}
		path := rest[:k]
		if bytes.IndexByte(path, '\\') >= 0 {
			path = jscan.Unquote(nil, path)
		}
		return string(bytes.ToValidUTF8(path, []byte("\uFFFD")))
	}
	return ""
}
