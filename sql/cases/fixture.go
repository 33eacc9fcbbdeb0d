package cases

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/csv"
	"fmt"
	"regexp"
	"slices"
	"strings"

	sqlfiles "github.com/agenttrace/agenttrace/sql"
)

// NewFixture works on a connection of an empty store with everything installed. Its methods end what Try
// has begun where something is wrong.
func NewFixture(ctx context.Context, conn *sql.Conn, set *sqlfiles.Set) *Fixture {
	return &Fixture{ctx: ctx, conn: conn, set: set, from: "core.", IDs: map[string]string{}, Words: map[string]string{}, made: map[string]bool{}}
}

// Try runs what uses a Fixture.
func Try(f func()) (err error) {
	defer caught(&err)
	f()
	return nil
}

// A Fixture holds the names of one case: ids are written as words, and are numbers in the database.
type Fixture struct {
	ctx   context.Context
	conn  *sql.Conn
	set   *sqlfiles.Set
	from  string // the schema whose relations are given: core., with ids as numbers, or main., with text
	IDs   map[string]string
	Words map[string]string
	made  map[string]bool
}

// Exec runs statements.
func (f *Fixture) Exec(q string) {
	if _, err := f.conn.ExecContext(f.ctx, q); err != nil {
		f.failf("%v\nin %s", err, q)
	}
}

// Query gives all rows as text.
func (f *Fixture) Query(q string) (columns []string, rows [][]string) {
	r, err := f.conn.QueryContext(f.ctx, q)
	if err != nil {
		f.failf("%v\nin %s", err, q)
	}
	defer r.Close()
	columns, _ = r.Columns()
	for r.Next() {
		values := make([]sql.NullString, len(columns))
		into := make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := r.Scan(into...); err != nil {
			f.failf("%v", err)
		}
		row := make([]string, len(columns))
		for i, v := range values {
			row[i] = "NULL"
			if v.Valid {
				row[i] = v.String
			}
		}
		rows = append(rows, row)
	}
	if err := r.Err(); err != nil {
		f.failf("%v\nin %s", err, q)
	}
	return columns, rows
}

// types asks for the columns of a relation and their types.
func (f *Fixture) types(relation string) map[string]string {
	_, rows := f.Query("SELECT column_name, column_type FROM (DESCRIBE " + relation + ")")
	out := map[string]string{}
	for _, r := range rows {
		out[r[0]] = r[1]
	}
	return out
}

// through has a case show what another definition makes of d: nothing comes to it by the other relations of
// d's layer that have rows of their own for sessions.
func (f *Fixture) through(d *sqlfiles.Definition, name string) *sqlfiles.Definition {
	above := f.set.Get(name)
	if above == nil || !slices.Contains(above.Reads, d.Name) {
		f.failf("through: %q does not read %s", name, d.Name)
	}
	for _, read := range above.Reads {
		if r := f.set.Get(read); r != d && r.Layer == d.Layer && hasSession(r) {
			f.Fill(read, "session_id\n")
		}
	}
	return above
}

func hasSession(d *sqlfiles.Definition) bool {
	return slices.ContainsFunc(d.Columns, func(c sqlfiles.Column) bool { return c.Name == "session_id" })
}

// Fill makes a relation with the rows of a CSV text. Words in a column of ids become ids; a time of day
// is one of 5 January 2026.
func (f *Fixture) Fill(name, text string) {
	f.made[name] = true
	source := name
	macro := ""
	if d := f.set.Get(name); d != nil && d.Params != nil {
		// What is given of a macro is its result, whatever the arguments.
		source = fmt.Sprintf("SELECT * FROM %s%s(%s)", f.from, name, nulls(d))
		macro = fmt.Sprintf("CREATE TEMP MACRO %s(%s) AS TABLE SELECT * FROM ", name, strings.Join(d.Params, ", "))
		name += "_rows"
		f.Exec(fmt.Sprintf("CREATE TEMP TABLE %s AS %s LIMIT 0; %s%s", name, source, macro, name))
	} else if !strings.HasPrefix(name, "raw.") {
		source = f.from + name
		f.Exec(fmt.Sprintf("CREATE TEMP TABLE %s AS SELECT * FROM %s LIMIT 0", name, source))
	} else {
		f.Exec("DELETE FROM " + name)
	}
	types := f.types(source)
	records, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || len(records) == 0 {
		f.failf("%s.csv: %v", name, err)
	}
	given := defaults[name]
	columns := slices.Clone(records[0])
	var rest []string
	for _, c := range sorted(given) {
		if !slices.Contains(columns, c) {
			columns = append(columns, c)
			rest = append(rest, given[c])
		}
	}
	for _, c := range columns {
		if types[c] == "" {
			f.failf("%s.csv: there is no column %s", name, c)
		}
	}
	var rows []string
	for _, r := range records[1:] {
		values := make([]string, len(r))
		for i, v := range r {
			values[i] = f.literal(v, types[records[0][i]])
		}
		rows = append(rows, "("+strings.Join(slices.Concat(values, rest), ", ")+")")
	}
	for some := range slices.Chunk(rows, 500) {
		f.Exec(fmt.Sprintf("INSERT INTO %s (%s) VALUES %s", name, strings.Join(columns, ", "), strings.Join(some, ", ")))
	}
}

var timeOfDay = regexp.MustCompile(`^\d\d:\d\d(:\d\d(\.\d+)?)?$`)

func (f *Fixture) literal(v, dataType string) string {
	switch {
	case v == "" || v == "NULL":
		return "NULL"
	case dataType == "UBIGINT":
		return f.id(v)
	case dataType == "UBIGINT[]":
		var ids []string
		for _, w := range strings.Fields(strings.Trim(v, "[]")) {
			ids = append(ids, f.id(w))
		}
		return "[" + strings.Join(ids, ", ") + "]::UBIGINT[]"
	case dataType == "TIMESTAMP WITH TIME ZONE" && timeOfDay.MatchString(v):
		return quote("2026-01-05 " + v + "+00")
	}
	return quote(v)
}

func (f *Fixture) id(word string) string {
	if f.IDs[word] == "" {
		f.IDs[word] = fmt.Sprint(len(f.IDs) + 1)
		f.Words[f.IDs[word]] = word
	}
	return f.IDs[word]
}

// Provide makes a relation that a body reads and the case does not give: what belongs to sessions is
// empty, what is derived is derived from what is given, and tables of rules are the real ones.
func (f *Fixture) Provide(name string, reader *sqlfiles.Definition) {
	if f.made[name] {
		return
	}
	f.made[name] = true
	d := f.set.Get(name)
	switch {
	case d == nil:
		f.Exec(fmt.Sprintf("CREATE TEMP VIEW %s AS SELECT * FROM raw.%s", name, name))
	case d.Layer == "base" && reader.Layer != "base":
		if hasSession(d) {
			f.Exec(fmt.Sprintf("CREATE TEMP TABLE %s AS SELECT * FROM core.%s LIMIT 0", name, name))
		}
	default:
		for _, n := range slices.Concat(d.Inputs, d.Reads) {
			f.Provide(n, d)
		}
		if d.Params != nil {
			f.Exec(fmt.Sprintf("CREATE TEMP MACRO %s(%s) AS TABLE %s", name, strings.Join(d.Params, ", "), d.Body))
			return
		}
		f.Exec(fmt.Sprintf("CREATE TEMP VIEW %s AS %s", name, d.Body))
	}
}

// nulls are arguments for a macro of which only the columns matter.
func nulls(d *sqlfiles.Definition) string {
	return strings.TrimSuffix(strings.Repeat("NULL, ", len(d.Params)), ", ")
}

// compare holds the rows of a query against wanted ones, in the columns that are wanted. Where the order
// does not count, both are sorted.
func (f *Fixture) compare(q string, args []any, want string, ordered bool) {
	records, err := csv.NewReader(strings.NewReader(want)).ReadAll()
	if err != nil || len(records) == 0 {
		f.failf("want.csv: %v", err)
	}
	columns, dataTypes, all := f.rows(q, args)
	place := map[string]int{}
	for i, c := range columns {
		place[c] = i
	}
	for _, c := range records[0] {
		if _, ok := place[c]; !ok {
			f.failf("want.csv: there is no column %s", c)
		}
	}
	var got [][]string
	for _, row := range all {
		var short []string
		for _, c := range records[0] {
			short = append(short, f.show(row[place[c]], dataTypes[place[c]]))
		}
		got = append(got, short)
	}
	wanted := records[1:]
	for _, row := range wanted {
		for i, v := range row {
			switch {
			case v == "":
				row[i] = "NULL"
			case timeOfDay.MatchString(v) && dataTypes[place[records[0][i]]] == "TIMESTAMP WITH TIME ZONE":
				row[i] = "2026-01-05 " + v + "+00"
			}
		}
	}
	if !ordered {
		slices.SortFunc(got, slices.Compare)
		slices.SortFunc(wanted, slices.Compare)
	}
	if !slices.EqualFunc(got, wanted, slices.Equal) {
		panic(failure{&Differs{fmt.Sprintf("got\n%swant\n%s", table(records[0], got), table(records[0], wanted))}})
	}
}

// rows runs a query and gives every value as the engine writes it as text.
func (f *Fixture) rows(q string, args []any) (columns, dataTypes []string, rows [][]string) {
	// The table lies between, as a query with parameters cannot be described.
	if _, err := f.conn.ExecContext(f.ctx, "CREATE OR REPLACE TEMP TABLE case_result AS "+q, args...); err != nil {
		f.failf("%v", err)
	}
	_, described := f.Query("SELECT column_name, column_type FROM (DESCRIBE case_result)")
	var exprs []string
	for _, d := range described {
		columns, dataTypes = append(columns, d[0]), append(dataTypes, d[1])
		exprs = append(exprs, `"`+strings.ReplaceAll(d[0], `"`, `""`)+`"::VARCHAR`)
	}
	_, rows = f.Query("SELECT " + strings.Join(exprs, ", ") + " FROM case_result ORDER BY rowid")
	return columns, dataTypes, rows
}

// seesGiven has a macro that is not given look at what is given: it is created anew, over the names that
// temporary tables stand for.
func (f *Fixture) seesGiven(d *sqlfiles.Definition) {
	if f.made[d.Name] {
		return
	}
	f.made[d.Name] = true
	for _, name := range d.Reads {
		if read := f.set.Get(name); read.Params != nil {
			f.seesGiven(read)
		}
	}
	f.Exec(fmt.Sprintf("CREATE TEMP MACRO %s(%s) AS TABLE %s", d.Name, strings.Join(d.Params, ", "), d.Body))
}

func (f *Fixture) failf(format string, args ...any) { panic(failure{fmt.Errorf(format, args...)}) }

func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

var zeros = regexp.MustCompile(`\.?0+$`)

// show writes a value as cases do: ids by their words, decimals without zeros at the end.
func (f *Fixture) show(v, dataType string) string {
	switch {
	case v == "NULL":
	case dataType == "UBIGINT":
		if w, ok := f.Words[v]; ok {
			return w
		}
	case dataType == "UBIGINT[]":
		var words []string
		for _, id := range strings.Split(strings.Trim(v, "[]"), ", ") {
			words = append(words, f.show(id, "UBIGINT"))
		}
		return strings.Join(words, " ")
	case strings.HasSuffix(dataType, "[]"):
		return strings.ReplaceAll(v, "'", "")
	case strings.HasPrefix(dataType, "DECIMAL"), dataType == "DOUBLE":
		if strings.Contains(v, ".") && !strings.Contains(v, "e") {
			return zeros.ReplaceAllString(v, "")
		}
	}
	return v
}

func table(columns []string, rows [][]string) string {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.Write(columns)
	w.WriteAll(rows)
	return b.String()
}

func sorted[V any](m map[string]V) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
