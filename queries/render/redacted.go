package render

import "github.com/agenttrace/agenttrace/queries"

// Redacted passes every text of rows through redact, also inside lists, structs and maps, for what writes
// values without Write. Names that repeat are made different, as in JSON.
func Redacted(rows queries.Rows, redact func(string) string) queries.Rows {
	r := &redacted{Rows: rows, values: newValues(nil, redact)}
	names := uniqueNames(rows.Columns())
	for i, c := range rows.Columns() {
		r.columns = append(r.columns, queries.Column{Name: names[i], Type: c.Type})
		name := ""
		if r.values.telling(c.Name) {
			name = c.Name
		}
		r.names = append(r.names, name)
	}
	return r
}

type redacted struct {
	queries.Rows
	values  *values
	columns []queries.Column
	names   []string
	row     []any
}

func (r *redacted) Columns() []queries.Column { return r.columns }

func (r *redacted) Values() []any {
	r.row = r.row[:0]
	for i, v := range r.Rows.Values() {
		r.row = append(r.row, r.clean(r.names[i], v))
	}
	return r.row
}

func (r *redacted) clean(name string, v any) any {
	switch x := v.(type) {
	case string:
		return r.values.clean(name, x)
	case []any:
		for i, e := range x {
			x[i] = r.clean(name, e)
		}
	case map[string]any:
		for k, e := range x {
			x[k] = r.clean(k, e)
		}
	case queries.Map:
		for i, p := range x {
			key, _ := p.Key.(string)
			x[i] = queries.Pair{Key: r.clean("", p.Key), Value: r.clean(key, p.Value)}
		}
	case map[any]any:
		out := make(map[any]any, len(x))
		for k, e := range x {
			key, _ := k.(string)
			out[r.clean("", k)] = r.clean(key, e)
		}
		return out
	}
	return v
}
