// Package packs holds the saved queries: plain .sql files with a header of comments, a folder per pack,
// their cases beside them. The built-in ones are part of the program; a project's and a user's own stand
// before them by name.
package packs

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/agenttrace/agenttrace/queries"
)

// The kinds of queries.
const (
	KindQuery   = "query"   // rows for people
	KindControl = "control" // verdicts: its rows have ControlColumns
	KindChart   = "chart"   // rows to draw: the first column names, the others are numbers
)

// ControlColumns are what a control answers with, in this order; more may follow.
var ControlColumns = []string{"status", "reason", "resource", "value", "threshold", "evidence_session_ids"}

// A Query is one saved query.
type Query struct {
	Name    string // pack.query
	Title   string // the question it answers
	About   string // what the rows are, what is left out
	Kind    string
	Params  []Param // its own
	Columns []Column

	Text string // the whole file
	Body string // the SELECT
	Path string // of the file, as errors name it
	Line int    // on which the body begins

	Origin    string // built-in, user, project
	Overrides string // the origin of the query of this name that it stands before; "" = none
	Cases     []byte // its .txtar file; nil = none

	Uses []queries.Param // the parameters that the body names
}

// A Param is a parameter with a type. Without a Default it is NULL unless given.
type Param struct {
	Name, Type string
	Default    *string
	Required   bool
	Meaning    string
}

// A Column is the promise about one column.
type Column struct{ Name, Type, Meaning string }

// ParamTypes are the types of parameters; a varchar[] takes several values.
var ParamTypes = []string{"varchar", "varchar[]", "bigint", "double", "boolean", "timestamptz"}

// ColumnTypes are the types of columns; decimal stands for every width. Whole numbers wider than 64 bits
// are none: other engines cannot read them.
var ColumnTypes = []string{"varchar", "varchar[]", "bigint", "integer", "double", "decimal", "boolean", "timestamptz", "timestamp", "date"}

// Common are the parameters that every query understands.
var Common = []Param{
	{Name: "since", Type: "timestamptz", Meaning: "from this instant"},
	{Name: "until", Type: "timestamptz", Meaning: "until this instant"},
	{Name: "project", Type: "varchar[]", Meaning: "only these projects: name, folder or id"},
	{Name: "agent", Type: "varchar[]", Meaning: "only these agents"},
	{Name: "model", Type: "varchar[]", Meaning: "only sessions, or calls, of these models"},
	{Name: "machine", Type: "varchar[]", Meaning: "only these machines"},
	{Name: "tz", Type: "varchar", Meaning: "time zone that days are cut in"},
	{Name: "limit", Type: "bigint", Meaning: "at most this many rows"},
}

var namePattern = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// Parse reads one query from the file <pack>/<query>.sql. Errors name file and line.
func Parse(file, text string) (*Query, error) {
	dir, base := path.Split(strings.ReplaceAll(file, `\`, "/"))
	pack, name := path.Base(dir), strings.TrimSuffix(base, ".sql")
	if !namePattern.MatchString(pack) || !namePattern.MatchString(name) || path.Ext(base) != ".sql" {
		return nil, fmt.Errorf("%s:1: want a file pack/query.sql, both in lower case letters, digits and _", file)
	}
	q := &Query{Name: pack + "." + name, Path: file, Text: text, Kind: KindQuery}
	p := parser{q: q, seen: map[string]bool{}}
	lines := strings.Split(text, "\n")
	n := 0
	for ; n < len(lines) && strings.HasPrefix(lines[n], "--"); n++ {
		if err := p.line(strings.TrimRight(lines[n], "\r")); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", file, n+1, err)
		}
	}
	if err := p.end(); err != nil {
		return nil, fmt.Errorf("%s:%d: %w", file, max(n, 1), err)
	}
	for n < len(lines) && strings.TrimSpace(lines[n]) == "" {
		n++
	}
	q.Line = n + 1
	statements := queries.Split(strings.Join(lines[n:], "\n"))
	switch {
	case len(statements) == 0:
		return nil, fmt.Errorf("%s:%d: there is no SELECT after the header", file, min(q.Line, len(lines)))
	case len(statements) > 1:
		line := q.Line + strings.Count(strings.Join(lines[n:], "\n")[:statements[1].Offset], "\n")
		return nil, fmt.Errorf("%s:%d: a query is one SELECT, and here a second statement begins", file, line)
	}
	q.Line += strings.Count(strings.Join(lines[n:], "\n")[:statements[0].Offset], "\n")
	q.Body, q.Uses = statements[0].Text, statements[0].Params
	return q, q.checkParams()
}

// checkParams holds the parameters that the body uses against those that are declared.
func (q *Query) checkParams() error {
	for _, u := range q.Uses {
		if _, ok := q.Param(u.Name); !ok {
			return fmt.Errorf("%s:%d: the query uses $%s, which its header does not declare", q.Path, q.Line, u.Name)
		}
	}
	for _, p := range q.Params {
		if !q.Takes(p.Name) {
			return fmt.Errorf("%s:%d: the header declares %s, which the query does not use", q.Path, q.Line, p.Name)
		}
	}
	return nil
}

// Param finds a parameter: the query's own, or a common one.
func (q *Query) Param(name string) (Param, bool) {
	for _, p := range slices.Concat(q.Params, Common) {
		if p.Name == name {
			return p, true
		}
	}
	return Param{}, false
}

// Takes reports whether the body names a parameter.
func (q *Query) Takes(name string) bool {
	return slices.ContainsFunc(q.Uses, func(u queries.Param) bool { return u.Name == name })
}

// Names are those of the parameters that the query takes, its own first.
func (q *Query) Names() []string {
	var out []string
	for _, p := range slices.Concat(q.Params, Common) {
		if q.Takes(p.Name) && !slices.Contains(out, p.Name) {
			out = append(out, p.Name)
		}
	}
	return out
}

// A parser reads the comment lines on top of a file: "-- key: value", continued by lines that are indented
// deeper; below params and columns one line each, with three blanks.
type parser struct {
	q    *Query
	seen map[string]bool
	key  string
}

func (p *parser) line(line string) error {
	rest := strings.TrimPrefix(line, "--")
	text := strings.TrimSpace(rest)
	indent := len(rest) - len(strings.TrimLeft(rest, " "))
	switch {
	case text == "":
		return fmt.Errorf("an empty line in the header")
	case indent == 1:
		return p.field(text)
	case indent < 3:
	case p.key == "about":
		p.q.About += " " + text
		return nil
	case p.key == "params" && indent == 3:
		return p.param(text)
	case p.key == "params" && len(p.q.Params) > 0:
		p.q.Params[len(p.q.Params)-1].Meaning += " " + text
		return nil
	case p.key == "columns" && indent == 3:
		return p.column(text)
	case p.key == "columns" && len(p.q.Columns) > 0:
		p.q.Columns[len(p.q.Columns)-1].Meaning += " " + text
		return nil
	}
	return fmt.Errorf(`want "-- key: value", or three blanks before a parameter or column`)
}

func (p *parser) field(text string) error {
	key, value, ok := strings.Cut(text, ":")
	value = strings.TrimSpace(value)
	switch {
	case !ok:
		return fmt.Errorf(`want "key: value"`)
	case p.seen[key]:
		return fmt.Errorf("%s is given twice", key)
	}
	p.seen[key], p.key = true, key
	if isList := key == "params" || key == "columns"; isList != (value == "") {
		return fmt.Errorf("%s: want a value, and none only after params and columns", key)
	}
	switch key {
	case "title":
		p.q.Title = value
	case "about":
		p.q.About = value
	case "kind":
		p.q.Kind = value
		if !slices.Contains([]string{KindQuery, KindControl, KindChart}, value) {
			return fmt.Errorf("kind: want query, control or chart")
		}
	case "params", "columns":
	default:
		return fmt.Errorf("unknown key %q: want title, about, kind, params or columns", key)
	}
	return nil
}

// defaulted is a default value: a bare word, or a text in single quotes.
var defaulted = regexp.MustCompile(`^=\s*('(?:[^']|'')*'|[^\s']\S*)\s*(.*)$`)

func (p *parser) param(text string) error {
	name, rest, _ := strings.Cut(text, " ")
	kind, rest, _ := strings.Cut(strings.TrimSpace(rest), " ")
	rest = strings.TrimSpace(rest)
	if !namePattern.MatchString(name) {
		return fmt.Errorf("parameter %q: want a lower case name", name)
	}
	if !slices.Contains(ParamTypes, kind) {
		return fmt.Errorf("parameter %s: %q is no type: want %s", name, kind, strings.Join(ParamTypes, ", "))
	}
	if slices.ContainsFunc(p.q.Params, func(x Param) bool { return x.Name == name }) {
		return fmt.Errorf("parameter %s is given twice", name)
	}
	x := Param{Name: name, Type: kind, Meaning: rest}
	if m := defaulted.FindStringSubmatch(rest); m != nil {
		value := m[1]
		if strings.HasPrefix(value, "'") {
			value = strings.ReplaceAll(value[1:len(value)-1], "''", "'")
		}
		x.Default, x.Meaning = &value, m[2]
		if _, err := x.Value([]string{value}); err != nil {
			return fmt.Errorf("parameter %s: its default: %w", name, err)
		}
	} else if strings.HasPrefix(rest, "=") {
		return fmt.Errorf("parameter %s: want a value after =", name)
	} else if rest == "required" || strings.HasPrefix(rest, "required ") {
		x.Required, x.Meaning = true, strings.TrimSpace(strings.TrimPrefix(rest, "required"))
	}
	p.q.Params = append(p.q.Params, x)
	return nil
}

func (p *parser) column(text string) error {
	name, rest, _ := strings.Cut(text, " ")
	kind, meaning, _ := strings.Cut(strings.TrimSpace(rest), " ")
	if !namePattern.MatchString(name) {
		return fmt.Errorf("column %q: want a lower case name", name)
	}
	if !slices.Contains(ColumnTypes, kind) {
		return fmt.Errorf("column %s: %q is no type: want %s", name, kind, strings.Join(ColumnTypes, ", "))
	}
	if slices.ContainsFunc(p.q.Columns, func(c Column) bool { return c.Name == name }) {
		return fmt.Errorf("column %s is given twice", name)
	}
	p.q.Columns = append(p.q.Columns, Column{name, kind, strings.TrimSpace(meaning)})
	return nil
}

func (p *parser) end() error {
	for _, key := range []string{"title", "columns"} {
		if !p.seen[key] {
			return fmt.Errorf("the header lacks %s", key)
		}
	}
	if len(p.q.Columns) == 0 {
		return fmt.Errorf("the header lists no column")
	}
	if p.q.Kind == KindControl {
		for i, name := range ControlColumns {
			if i >= len(p.q.Columns) || p.q.Columns[i].Name != name {
				return fmt.Errorf("a control begins with the columns %s", strings.Join(ControlColumns, ", "))
			}
		}
	}
	return nil
}
