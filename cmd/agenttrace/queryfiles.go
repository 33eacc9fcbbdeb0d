package main

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/agenttrace/agenttrace/queries"
	"github.com/agenttrace/agenttrace/queries/packs"
	"github.com/agenttrace/agenttrace/queries/render"
	"github.com/agenttrace/agenttrace/schema/store"
	sqlfiles "github.com/agenttrace/agenttrace/sql"
	"github.com/agenttrace/agenttrace/sql/cases"
)

func newQueryShowCommand(e *env) *cobra.Command {
	var o common
	cmd := &cobra.Command{
		Use:   "show NAME",
		Short: "Question, parameters, columns and SQL of a saved query",
		Example: `  agenttrace query show cost.by_model
  agenttrace query show ci.budget -f markdown

` + exitHelp,
		Args:              oneName("query show"),
		ValidArgsFunction: queryNames(e),
		RunE:              func(cmd *cobra.Command, args []string) error { return runQueryShow(e, o, args[0]) },
	}
	o.addOutput(cmd.Flags(), "text, markdown or json")
	cmd.Flags().BoolVarP(&o.quiet, "quiet", "q", false, "no notices")
	return cmd
}

func oneName(command string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != 1 {
			return usagef("%s wants one name", command)
		}
		return nil
	}
}

func runQueryShow(e *env, o common, name string) error {
	format, err := o.outputFormat("text", "text", "markdown", "json")
	if err != nil {
		return err
	}
	color, err := o.useColor(e)
	if err != nil {
		return err
	}
	q, err := o.named(e, name)
	if err != nil {
		return err
	}
	set, err := sqlfiles.Views()
	if err != nil {
		return err
	}
	reads := relationsOf(set, q.Body)
	return o.writeTo(e, func(b *bytes.Buffer) error {
		if format == "json" {
			return queryJSON(b, q, reads)
		}
		doc := render.Doc{Title: q.Name, Lead: []string{strings.TrimSpace(q.Title + " " + q.About)}}
		facts := []render.Fact{{Label: "kind", Value: q.Kind}, {Label: "origin", Value: q.Origin}, {Label: "file", Value: q.Path}, {Label: "reads", Value: orNo(strings.Join(reads, ", "))}}
		if q.Overrides != "" {
			facts = append(facts, render.Fact{Label: "in place of", Value: "the " + q.Overrides + " one"})
		}
		doc.Sections = append(doc.Sections, render.Section{Title: "Facts", Facts: facts})
		t := &render.Table{Columns: []render.TableColumn{{Name: "parameter"}, {Name: "type"}, {Name: "default"}, {Name: "meaning"}}}
		for _, name := range q.Names() {
			p, _ := q.Param(name)
			deflt := "NULL: all"
			switch {
			case p.Required:
				deflt = "required"
			case p.Default != nil:
				deflt = *p.Default
			case p.Name == "tz":
				deflt = "the system's"
			}
			t.Rows = append(t.Rows, []string{p.Name, p.Type, deflt, p.Meaning})
		}
		doc.Sections = append(doc.Sections, render.Section{Title: "Parameters", Table: t})
		t = &render.Table{Columns: []render.TableColumn{{Name: "column"}, {Name: "type"}, {Name: "meaning"}}}
		for _, c := range q.Columns {
			t.Rows = append(t.Rows, []string{c.Name, c.Type, c.Meaning})
		}
		doc.Sections = append(doc.Sections, render.Section{Title: "Columns", Table: t})
		if err := render.WriteDoc(b, doc, render.DocOptions{Format: format, Width: e.width, Color: color}); err != nil {
			return err
		}
		if format == "markdown" {
			fmt.Fprintf(b, "\n## SQL\n\n```sql\n%s\n```\n", clean(q.Body))
		} else {
			fmt.Fprintf(b, "\nSQL\n\n%s\n", clean(q.Body))
		}
		return nil
	})
}

// relationsOf names the versioned relations that a query reads.
func relationsOf(set *sqlfiles.Set, text string) []string {
	var out []string
	for _, t := range sqlfiles.Tokens(text) {
		if t.Kind == sqlfiles.Word && set.Get(t.Text) != nil && !contains(out, t.Text) {
			out = append(out, t.Text)
		}
	}
	return out
}

func queryJSON(b *bytes.Buffer, q *packs.Query, reads []string) error {
	var params, columns, relations []any
	for _, name := range q.Names() {
		p, _ := q.Param(name)
		var deflt any
		if p.Default != nil {
			deflt = *p.Default
		}
		params = append(params, map[string]any{"name": p.Name, "type": p.Type, "default": deflt, "required": p.Required, "meaning": p.Meaning})
	}
	for _, c := range q.Columns {
		columns = append(columns, map[string]any{"name": c.Name, "type": c.Type, "meaning": c.Meaning})
	}
	for _, r := range reads {
		relations = append(relations, r)
	}
	rows := queries.NewRows([]queries.Column{
		{Name: "name", Type: "VARCHAR"}, {Name: "title", Type: "VARCHAR"}, {Name: "about", Type: "VARCHAR"}, {Name: "kind", Type: "VARCHAR"}, {Name: "origin", Type: "VARCHAR"}, {Name: "file", Type: "VARCHAR"},
		{Name: "parameters", Type: "STRUCT(\"name\" VARCHAR, \"type\" VARCHAR, \"default\" VARCHAR, required BOOLEAN, meaning VARCHAR)[]"},
		{Name: "columns", Type: "STRUCT(\"name\" VARCHAR, \"type\" VARCHAR, meaning VARCHAR)[]"},
		{Name: "reads", Type: "VARCHAR[]"}, {Name: "sql", Type: "VARCHAR"},
	}, []any{q.Name, q.Title, q.About, q.Kind, q.Origin, q.Path, params, columns, relations, q.Body})
	_, err := render.Write(b, rows, render.Options{Format: "json"})
	return err
}

func newQueryLintCommand(e *env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "lint [PATH]",
		Short: "Check packs: headers, parameters, and the columns by the engine",
		Long:  "Checks a query, a pack, or a folder of packs; without a path all that can be named here. Each is run on an empty store.",
		Example: `  agenttrace query lint
  agenttrace query lint .agenttrace/packs

` + exitHelp,
		Args: atMostOne("query lint"),
		RunE: func(cmd *cobra.Command, args []string) error { return runQueryCheck(e, args, true, false) },
	}
	return cmd
}

func newQueryTestCommand(e *env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "test [NAME|PATH]",
		Short: "Run the cases that stand beside the queries: rows in, rows out",
		Example: `  agenttrace query test
  agenttrace query test .agenttrace/packs/team

` + exitHelp,
		Args: atMostOne("query test"),
		RunE: func(cmd *cobra.Command, args []string) error { return runQueryCheck(e, args, false, true) },
	}
	return cmd
}

func atMostOne(command string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) > 1 {
			return usagef("%s wants at most one argument", command)
		}
		return nil
	}
}

// runQueryCheck lints or tests queries on an empty store.
func runQueryCheck(e *env, args []string, lint, test bool) error {
	var c common
	l, err := e.library()
	if err != nil {
		return err
	}
	chosen, broken := l.Queries, l.Broken
	if len(args) == 1 {
		if _, statErr := os.Stat(args[0]); statErr == nil {
			if l, err = packs.OpenDir(args[0]); err != nil {
				return err
			}
			chosen, broken = l.Queries, l.Broken
			if len(chosen)+len(broken) == 0 {
				return usagef("%s: no query there: want pack/query.sql", args[0])
			}
		} else {
			q, err := c.named(e, args[0])
			if err != nil {
				return err
			}
			chosen, broken = []*packs.Query{q}, nil
		}
	}
	s, err := emptyStore(e)
	if err != nil {
		return err
	}
	defer s.Close()
	bad := append([]error(nil), broken...)
	n := 0
	for _, q := range chosen {
		if lint {
			n++
			if err := lintQuery(e, s, q); err != nil {
				bad = append(bad, err)
			}
		}
		if test && q.Cases != nil {
			ran, err := testQuery(e, s, q)
			n += ran
			bad = append(bad, err...)
		}
	}
	what := "query"
	if test {
		what = "case"
	}
	for _, err := range bad {
		fmt.Fprintln(e.stdout, clean(err.Error()))
	}
	if len(bad) > 0 {
		return fmt.Errorf("%s of %s failed", plural(int64(len(bad)), "check"), many(n, what))
	}
	_, err = fmt.Fprintf(e.stdout, "%s: all right\n", many(n, what))
	return err
}

func many(n int, what string) string {
	if what == "query" && n != 1 {
		return fmt.Sprintf("%d queries", n)
	}
	return plural(int64(n), what)
}

// emptyStore is one in memory with everything installed, cut off as the user's queries are.
func emptyStore(e *env) (*store.Store, error) {
	s, err := store.Open(e.ctx, store.Options{Path: store.Memory})
	if err != nil {
		return nil, err
	}
	steps, err := store.Migrations(sqlfiles.Migrations())
	if err == nil {
		err = s.Migrate(e.ctx, steps)
	}
	if err == nil {
		err = s.Prepare(e.ctx)
	}
	if err == nil {
		s.DB().SetMaxOpenConns(1)
		_, err = s.DB().ExecContext(e.ctx, "SET TimeZone = 'UTC'")
	}
	if err == nil {
		err = s.EnterSandbox()
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// lintQuery has the engine read a query and compares its columns with the header.
func lintQuery(e *env, s *store.Store, q *packs.Query) error {
	conn, err := s.Session(e.ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.OnlySelects(e.ctx, q.Body); err != nil {
		return at(q, err)
	}
	rows, err := conn.Query(e.ctx, q.Body, namedArgs(q, q.Sample())...)
	if err != nil {
		return at(q, err)
	}
	defer rows.Close()
	if err := q.CheckColumns(rows.Columns()); err != nil {
		return err
	}
	set, err := sqlfiles.Views()
	if err != nil {
		return err
	}
	for _, d := range set.Definitions {
		for _, t := range sqlfiles.Tokens(q.Body) {
			if t.Kind == sqlfiles.Word && t.Text == d.Family && d.Status == sqlfiles.Current && reads(q.Body, t.Pos) {
				return fmt.Errorf("%s:%d: %s may change its meaning: name its version, %s", q.Path, q.Line+strings.Count(q.Body[:t.Pos], "\n"), d.Family, d.Name)
			}
		}
	}
	return nil
}

// reads reports whether the word at pos stands where a relation does.
func reads(text string, pos int) bool {
	words := strings.Fields(strings.ToUpper(text[:pos]))
	return len(words) > 0 && (words[len(words)-1] == "FROM" || words[len(words)-1] == "JOIN")
}

func at(q *packs.Query, err error) error {
	return fmt.Errorf("%s:%d: %w", q.Path, q.Line, err)
}

// namedArgs are the values of the parameters in the order of the text.
func namedArgs(q *packs.Query, values map[string]any) []any {
	var out []any
	for _, u := range q.Uses {
		out = append(out, sql.Named(u.Name, values[u.Name]))
	}
	return out
}

// testQuery runs the cases of a query.
func testQuery(e *env, s *store.Store, q *packs.Query) (ran int, bad []error) {
	file := strings.TrimSuffix(q.Path, ".sql") + ".txtar"
	all, err := cases.Read(q.Cases)
	if err != nil {
		return 1, []error{fmt.Errorf("%s: %w", file, err)}
	}
	set, err := sqlfiles.Views()
	if err != nil {
		return 0, []error{err}
	}
	for _, c := range all {
		ran++
		given, err := q.CaseParams(c.Files["params"])
		if err == nil {
			err = func() error {
				conn, err := s.DB().Conn(e.ctx)
				if err != nil {
					return err
				}
				defer conn.Close()
				return cases.RunQuery(e.ctx, conn, set, q.Body, namedArgs(q, given), c)
			}()
		}
		if err != nil {
			bad = append(bad, fmt.Errorf("%s, case %s: %w", file, c.Name, err))
		}
	}
	return ran, bad
}

func newQueryExportCommand(e *env) *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use:   "export DIR",
		Short: "Write the built-in packs as files, to copy and change",
		Long:  "Writes the built-in packs with their cases. Copied to .agenttrace/packs, a query stands before the built-in one of its name.",
		Example: `  agenttrace query export packs
  agenttrace query export .agenttrace/packs --force

` + exitHelp,
		Args: oneName("query export"),
		RunE: func(cmd *cobra.Command, args []string) error { return runQueryExport(e, args[0], force) },
	}
	cmd.Flags().BoolVar(&force, "force", false, "replace files that are there")
	return cmd
}

func runQueryExport(e *env, dir string, force bool) error {
	files := packs.Builtin()
	var names []string
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		return err
	}
	if !force {
		for _, name := range names {
			if _, err := os.Lstat(filepath.Join(dir, filepath.FromSlash(name))); err == nil {
				return withHint(fmt.Errorf("%s is there already; nothing was written", filepath.Join(dir, filepath.FromSlash(name))), "--force replaces files")
			}
		}
	}
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		to := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
			return err
		}
		if err := os.WriteFile(to, text, 0o666); err != nil {
			return err
		}
	}
	fmt.Fprintf(e.stderr, "agenttrace: %s written to %s\n", plural(int64(len(names)), "file"), dir)
	return nil
}
