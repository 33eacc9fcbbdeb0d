// Package cases shows what SQL makes of given rows: the small text files beside the views and the query
// packs, in which a case is a few relations as CSV and the rows that are wanted.
//
//	What the case shows, in a sentence.
//
//	-- model_calls_v1.csv --
//	model_call_id,session_id
//	c1,s1
//	-- want.csv --
//	session_id,model_call_count
//	s1,1
//
// A file is of one case, or of several in folders. Relations that a case does not give are empty, or
// derived from what it gives.
package cases

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	sqlfiles "github.com/agenttrace/agenttrace/sql"
)

// A Case is one example.
type Case struct {
	Name  string
	Files map[string]string
}

var separator = regexp.MustCompile(`(?m)^-- (\S+) --\r?\n`)

// Read takes a text of cases apart.
func Read(text []byte) ([]Case, error) {
	var out []Case
	at := separator.FindAllSubmatchIndex(text, -1)
	if len(at) == 0 || len(bytes.TrimSpace(text[:at[0][0]])) == 0 {
		return nil, errors.New("want a sentence on what is shown, then files")
	}
	for i, m := range at {
		end := len(text)
		if i+1 < len(at) {
			end = at[i+1][0]
		}
		name, file := "all", string(text[m[2]:m[3]])
		if dir, base, ok := strings.Cut(file, "/"); ok {
			name, file = dir, base
		}
		n := slices.IndexFunc(out, func(c Case) bool { return c.Name == name })
		if n < 0 {
			n = len(out)
			out = append(out, Case{name, map[string]string{}})
		}
		if _, twice := out[n].Files[file]; twice {
			return nil, fmt.Errorf("%s/%s is given twice", name, file)
		}
		out[n].Files[file] = string(text[m[1]:end])
	}
	return out, nil
}

// A failure ends a case.
type failure struct{ error }

// caught turns the end of a case into an error.
func caught(err *error) {
	switch r := recover().(type) {
	case nil:
	case failure:
		*err = r.error
	default:
		panic(r)
	}
}

// A Differs says that a case gave other rows than it wants.
type Differs struct{ Text string }

func (d *Differs) Error() string { return d.Text }

// RunView runs a case of a definition, on a connection of an empty store with everything installed.
func RunView(ctx context.Context, conn *sql.Conn, set *sqlfiles.Set, d *sqlfiles.Definition, c Case) (err error) {
	defer caught(&err)
	f := NewFixture(ctx, conn, set)
	f.Exec("BEGIN; USE agenttrace.core")
	defer conn.ExecContext(ctx, "ROLLBACK; USE agenttrace")
	f.fillAll(c)
	if above, ok := c.Files["through"]; ok {
		d = f.through(d, strings.TrimSpace(above))
	}
	for _, name := range slices.Concat(d.Inputs, d.Reads) {
		f.Provide(name, d)
	}
	relation := "(\n" + d.Body + "\n)"
	if d.Params != nil {
		f.Exec(fmt.Sprintf("CREATE TEMP MACRO %s(%s) AS TABLE %s", d.Name, strings.Join(d.Params, ", "), d.Body))
		relation = fmt.Sprintf("%s(%s)", d.Name, strings.TrimSpace(c.Files["args"]))
	}
	if len(d.Grain) > 0 {
		_, rows := f.Query(fmt.Sprintf("SELECT count(*) - count(DISTINCT (%s, 0)) FROM %s", strings.Join(d.Grain, ", "), relation))
		if rows[0][0] != "0" {
			f.failf("%s rows share their %s", rows[0][0], strings.Join(d.Grain, ", "))
		}
	}
	f.compare("SELECT * FROM "+relation, nil, f.wanted(c), false)
	return nil
}

// RunQuery runs a case of a query over the public relations, on a connection of an empty store. Ids are the
// words of the case; what it does not give is empty, macros that are not given see what is. The order of
// the rows counts.
func RunQuery(ctx context.Context, conn *sql.Conn, set *sqlfiles.Set, text string, args []any, c Case) (err error) {
	defer caught(&err)
	f := NewFixture(ctx, conn, set)
	f.from = "main."
	f.Exec("BEGIN")
	defer conn.ExecContext(ctx, "ROLLBACK")
	f.fillAll(c)
	for _, t := range sqlfiles.Tokens(text) {
		if d := set.Get(t.Text); t.Kind == sqlfiles.Word && d != nil && d.Params != nil {
			f.seesGiven(d)
		}
	}
	f.compare(text, args, f.wanted(c), true)
	return nil
}

// Given names the relations that a case gives.
func (c Case) Given() []string {
	var out []string
	for _, file := range sorted(c.Files) {
		if name, ok := strings.CutSuffix(file, ".csv"); ok && name != "want" {
			out = append(out, name)
		}
	}
	return out
}

func (f *Fixture) fillAll(c Case) {
	for _, name := range c.Given() {
		f.Fill(name, c.Files[name+".csv"])
	}
}

func (f *Fixture) wanted(c Case) string {
	want, ok := c.Files["want.csv"]
	if !ok {
		f.failf("there is no want.csv")
	}
	return want
}
