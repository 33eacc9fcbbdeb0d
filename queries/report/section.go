package report

import (
	"embed"
	"fmt"
	"io/fs"
	"sort"
	"strconv"
	"strings"
)

//go:embed overview session sessions timeline doctor trend diff diffgroups explain forget secrets
var files embed.FS

// A Section is one query of a report.
type Section struct {
	Key   string // name in JSON: the file name without its number
	Title string // empty: for JSON only
	Kind  string // facts (one row), table, bars (label, value, text), line, timeline
	Note  string // printed below the title
	Empty string // printed when there are no rows; without it the section is left out
	Show  int    // rows that people see; 0 = all
	More  string // printed when there are others; without it, their number
	SQL   string

	Closed string // folds the table away on a page, under this title
	Hidden bool   // neither text nor Markdown has it

	labels   map[string]string // headings for people, by column
	jsonOnly map[string]bool   // columns that people are spared
	textOnly map[string]bool   // columns that are there for people alone
	optional map[string]bool   // columns that people see only where they hold something
	below    map[string]bool   // columns of long text, printed under their rows where the line would be too long
	spare    map[string]int    // columns that a narrow terminal does without, the highest first
	pageOnly map[string]bool   // columns that web pages alone have
	tone     [2]string         // a column, and how a page colours rows in which it is true
	steps    string            // of a timeline: the section whose rows are its steps
}

// Sections reads the sections of a report: overview, session, sessions, timeline, doctor, trend.
func Sections(name string) ([]Section, error) {
	names, err := fs.Glob(files, name+"/*.sql")
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("there is no report %q", name)
	}
	sort.Strings(names)
	var out []Section
	for _, file := range names {
		text, err := files.ReadFile(file)
		if err != nil {
			return nil, err
		}
		s, err := parseSection(file, string(text))
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

// Parse reads a section that is written rather than kept in a file.
func Parse(key, text string) (Section, error) { return parseSection("00_"+key+".sql", text) }

// parseSection reads the comment header of a section's file.
//
//	-- title: Tools
//	-- kind: table
//	-- label: failed_count = failed
//	-- optional: denied_count, unknown_count
//	-- below: reasons
//	-- spare: result_bytes, kind
//	-- json only: tool_call_id
//	-- text only: place
//	-- page only: place
//	-- tone: is_error = bad
//	-- show: 20
//	-- steps: timeline
//
// A section of the kind line is drawn: its columns metric, name, period, value, unit and mark say what. One of
// the kind timeline has the columns run, run_id, started_at, ended_at and owner; the section with its steps
// has at, run_id and is_error.
func parseSection(file, text string) (Section, error) {
	base := strings.TrimSuffix(file[strings.LastIndexByte(file, '/')+1:], ".sql")
	_, key, ok := strings.Cut(base, "_")
	if !ok {
		return Section{}, fmt.Errorf("%s: want NN_name.sql", file)
	}
	s := Section{Key: key, labels: map[string]string{}, jsonOnly: map[string]bool{}, textOnly: map[string]bool{}, optional: map[string]bool{},
		below: map[string]bool{}, spare: map[string]int{}, pageOnly: map[string]bool{}}
	head := 0
	for _, line := range strings.SplitAfter(text, "\n") {
		field, value, ok := strings.Cut(strings.TrimPrefix(line, "-- "), ":")
		if !strings.HasPrefix(line, "-- ") || !ok {
			break
		}
		head += len(line)
		value = strings.TrimSpace(value)
		switch field {
		case "title":
			s.Title = value
		case "kind":
			s.Kind = value
		case "note":
			s.Note = strings.TrimSpace(s.Note + " " + value)
		case "empty":
			s.Empty = value
		case "label":
			column, label, ok := strings.Cut(value, " = ")
			if !ok {
				return s, fmt.Errorf("%s: label %q: want column = heading", file, value)
			}
			s.labels[column] = label
		case "optional":
			addNames(s.optional, value)
		case "json only":
			addNames(s.jsonOnly, value)
		case "text only":
			addNames(s.textOnly, value)
		case "page only":
			addNames(s.pageOnly, value)
		case "tone":
			s.tone[0], s.tone[1], _ = strings.Cut(value, " = ")
		case "steps":
			s.steps = value
		case "below":
			addNames(s.below, value)
		case "spare":
			list := strings.Split(value, ",")
			for i, n := range list {
				s.spare[strings.TrimSpace(n)] = len(list) - i
			}
		case "show":
			n, err := strconv.Atoi(value)
			if err != nil {
				return s, fmt.Errorf("%s: show: %w", file, err)
			}
			s.Show = n
		default:
			return s, fmt.Errorf("%s: unknown header %q", file, field)
		}
	}
	s.SQL = strings.TrimSpace(text[head:])
	switch s.Kind {
	case "facts", "table", "bars", "line", "timeline":
	default:
		return s, fmt.Errorf("%s: kind %q: want facts, table, bars, line or timeline", file, s.Kind)
	}
	return s, nil
}

func addNames(set map[string]bool, list string) {
	for _, n := range strings.Split(list, ",") {
		set[strings.TrimSpace(n)] = true
	}
}
