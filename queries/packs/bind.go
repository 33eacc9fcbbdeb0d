package packs

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/agenttrace/agenttrace/queries"
)

// A BindError says what is wrong with the values that were given for a query's parameters.
type BindError struct {
	Text string
	Near []string // names that exist, where one does not
	Name string   // the name that does not exist
}

func (e *BindError) Error() string { return e.Text }

// Bind gives the value of every parameter that the query takes. What is not given has its default, or is
// NULL; what is required, unknown, of another type or without effect is an error.
func (q *Query) Bind(given map[string][]string) (map[string]any, error) {
	out := map[string]any{}
	for _, name := range sortedKeys(given) {
		if _, ok := q.Param(name); !ok {
			return nil, &BindError{Text: fmt.Sprintf("%s has no parameter %q", q.Name, name), Near: q.Names(), Name: name}
		}
		if !q.Takes(name) {
			return nil, &BindError{Text: fmt.Sprintf("%s has no effect on %s", name, q.Name)}
		}
	}
	var missing []string
	for _, name := range q.Names() {
		p, _ := q.Param(name)
		values, ok := given[name]
		switch {
		case ok:
			v, err := p.Value(values)
			if err != nil {
				return nil, &BindError{Text: fmt.Sprintf("%s: %v", q.Name, err)}
			}
			out[name] = v
		case p.Required:
			missing = append(missing, fmt.Sprintf("%s (%s: %s)", p.Name, p.Type, p.Meaning))
		case p.Default != nil:
			out[name], _ = p.Value([]string{*p.Default})
		default:
			out[name] = nil
		}
	}
	if len(missing) > 0 {
		return nil, &BindError{Text: fmt.Sprintf("%s needs %s", q.Name, strings.Join(missing, ", "))}
	}
	return out, nil
}

// Value reads a value as the parameter's type. A list is a text in the engine's own form: it is cast where
// it stands.
func (p Param) Value(values []string) (any, error) {
	if p.Type == "varchar[]" {
		var quoted []string
		for _, v := range values {
			quoted = append(quoted, `"`+strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(v)+`"`)
		}
		return "[" + strings.Join(quoted, ", ") + "]", nil
	}
	if len(values) != 1 {
		return nil, fmt.Errorf("%s takes one value", p.Name)
	}
	text := values[0]
	switch p.Type {
	case "bigint":
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("%s = %q: want a whole number", p.Name, text)
		}
		if p.Name == "limit" && n < 0 {
			return nil, fmt.Errorf("limit = %d: want a number of rows", n)
		}
		return n, nil
	case "double":
		n, err := strconv.ParseFloat(text, 64)
		if err != nil || n != n || n > 1e300 || n < -1e300 {
			return nil, fmt.Errorf("%s = %q: want a number", p.Name, text)
		}
		return n, nil
	case "boolean":
		b, err := strconv.ParseBool(text)
		if err != nil {
			return nil, fmt.Errorf("%s = %q: want true or false", p.Name, text)
		}
		return b, nil
	case "timestamptz":
		for _, layout := range []string{time.RFC3339Nano, "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05Z07"} {
			if t, err := time.Parse(layout, text); err == nil {
				return t, nil
			}
		}
		return nil, fmt.Errorf("%s = %q: want an instant such as 2026-01-31T00:00:00Z", p.Name, text)
	}
	return text, nil
}

// Sample gives each parameter a value, also those that are required: the columns do not depend on it.
func (q *Query) Sample() map[string]any {
	given := map[string][]string{}
	for _, p := range q.Params {
		if p.Required {
			given[p.Name] = []string{map[string]string{"bigint": "0", "double": "0", "boolean": "true", "timestamptz": "2026-01-01T00:00:00Z"}[p.Type]}
		}
	}
	if q.Takes("tz") {
		given["tz"] = []string{"UTC"}
	}
	out, _ := q.Bind(given)
	return out
}

// CheckColumns holds what the engine says of a result against the header. Columns that follow those of the
// header are allowed.
func (q *Query) CheckColumns(got []queries.Column) error {
	for i, want := range q.Columns {
		switch {
		case i >= len(got):
			return fmt.Errorf("%s:%d: the header promises a column %s, and the query has none", q.Path, q.Line, want.Name)
		case got[i].Name != want.Name:
			return fmt.Errorf("%s:%d: column %d is %s, the header says %s", q.Path, q.Line, i+1, got[i].Name, want.Name)
		case shortType(got[i].Type) != want.Type:
			return fmt.Errorf("%s:%d: column %s is %s, the header says %s", q.Path, q.Line, want.Name, strings.ToLower(got[i].Type), want.Type)
		}
	}
	for _, c := range got {
		if !slices.Contains(ColumnTypes, shortType(c.Type)) {
			return fmt.Errorf("%s:%d: column %s is %s: cast it to one of %s", q.Path, q.Line, c.Name, strings.ToLower(c.Type), strings.Join(ColumnTypes, ", "))
		}
	}
	return nil
}

func shortType(t string) string {
	t = strings.ToLower(t)
	switch {
	case strings.HasPrefix(t, "decimal(") && !strings.HasSuffix(t, "]"):
		return "decimal"
	case t == "timestamp with time zone":
		return "timestamptz"
	}
	return t
}

func sortedKeys[V any](m map[string]V) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// CaseParams reads the parameters of a case: a line "name = value" each.
func (q *Query) CaseParams(text string) (map[string]any, error) {
	given := map[string][]string{}
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		if !ok {
			return nil, fmt.Errorf(`params: %q: want "name = value"`, line)
		}
		name = strings.TrimSpace(name)
		given[name] = append(given[name], strings.TrimSpace(value))
	}
	if _, ok := given["tz"]; !ok && q.Takes("tz") {
		given["tz"] = []string{"UTC"}
	}
	return q.Bind(given)
}
