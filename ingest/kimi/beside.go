package kimi

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"strings"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/schema"
)

// side takes what lies beside the log of a sub-agent.
func (r *reader) side() {
	run := &r.main.run.Row
	if parent := r.state.parents[r.place.run]; parent != "" && parent != "main" {
		run.ParentRunID = r.l.ID("run", r.place.session, parent)
		run.Depth = schema.Int{}
	}
	if r.src.ReadBeside == nil || r.place.code {
		return
	}
	data, err := r.src.ReadBeside("meta.json")
	if err != nil {
		return
	}
	s := &r.inner
	s.Reset(bytes.ToValidUTF8(data, []byte("\uFFFD")))
	if s.Kind() != jscan.Object {
		return
	}
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "type", "subagent_type":
			run.AgentType = s.Str()
		case "effective_model":
			r.model = s.Str()
		default:
			s.Skip()
		}
	}
}

// A state is what the file of a session's state tells.
type state struct {
	title, dir, forkedFrom, importedFrom string
	parents                              map[string]string
}

func (st *state) load(src *ingest.Source, up string) {
	if src.ReadBeside == nil {
		return
	}
	data, err := src.ReadBeside(up + "/state.json")
	if err != nil {
		return
	}
	var s jscan.Scanner
	s.Reset(bytes.ToValidUTF8(data, []byte("\uFFFD")))
	if s.Kind() != jscan.Object {
		return
	}
	st.parents = map[string]string{}
	imported := false
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "title", "custom_title":
			st.title = s.Str()
		case "workDir", "cwd":
			st.dir = s.Str()
		case "forkedFrom":
			st.forkedFrom = s.Str()
		case "custom":
			if !s.ObjectOrSkip() {
				continue
			}
			for s.Key() {
				switch string(s.Name) {
				case "imported_from_kimi_cli":
					b, ok := s.Bool()
					imported = b && ok
				case "kimi_cli_session_id":
					st.importedFrom = s.Str()
				default:
					s.Skip()
				}
			}
		case "agents":
			if !s.ObjectOrSkip() {
				continue
			}
			for s.Key() {
				name := string(s.Name)
				if !s.ObjectOrSkip() {
					continue
				}
				for s.Key() {
					if string(s.Name) == "parentAgentId" {
						st.parents[name] = s.Str()
					} else {
						s.Skip()
					}
				}
			}
		default:
			s.Skip()
		}
	}
	if s.End() != nil {
		*st = state{}
	}
	if !imported {
		st.importedFrom = ""
	}
}

// workspace looks up the folder whose hash the project's folder is named by.
func (r *reader) workspace() string {
	if r.src.ReadBeside == nil {
		return ""
	}
	hash := r.place.project[strings.LastIndexByte(r.place.project, '_')+1:]
	if len(hash) != 2*md5.Size {
		return ""
	}
	up := r.place.up + "/../../.."
	if r.place.base != "wire.jsonl" && r.place.base != "context.jsonl" {
		up = "../.."
	}
	data, err := r.src.ReadBeside(up + "/kimi.json")
	if err != nil {
		return ""
	}
	s := &r.inner
	s.Reset(bytes.ToValidUTF8(data, []byte("\uFFFD")))
	if s.Kind() != jscan.Object {
		return ""
	}
	for s.Object(); s.Key(); {
		if string(s.Name) != "work_dirs" || s.Kind() != jscan.Array {
			s.Skip()
			continue
		}
		for s.Array(); s.Elem(); {
			if !s.ObjectOrSkip() {
				continue
			}
			for s.Key() {
				if string(s.Name) != "path" {
					s.Skip()
					continue
				}
				path := s.Str()
				if sum := md5.Sum([]byte(path)); hex.EncodeToString(sum[:]) == hash {
					return path
				}
			}
		}
	}
	return ""
}
