package main

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"sort"
	"strings"

	"github.com/agenttrace/agenttrace/queries"
	"github.com/agenttrace/agenttrace/queries/complete"
	"github.com/agenttrace/agenttrace/queries/render"
)

// A shellCommand is a command of the shell.
type shellCommand struct {
	names []string // the first is its own, the others are those of other shells
	args  string
	help  string
	words []string // possible arguments
	most  int      // arguments; -1 = the rest of the line is one
	run   func(s *shell, ctx context.Context, args []string) error
}

func shellCommands() []shellCommand {
	onOff := []string{"on", "off"}
	return []shellCommand{
		{names: []string{".tables"}, args: "[PATTERN]", help: "relations to ask; all whose name has PATTERN, versions too", most: 1, run: (*shell).tables},
		{names: []string{".schema", `\d`}, args: "[RELATION]", help: "columns of a relation, with types and meanings", most: 1, run: (*shell).schema},
		{names: []string{".mode"}, args: "[FORMAT]", help: "format of results: " + strings.Join(render.Formats, ", "), words: render.Formats, most: 1, run: (*shell).mode},
		{names: []string{".expanded", `\x`}, help: "switches between table and one value a line", run: (*shell).expanded},
		{names: []string{".params"}, args: "[set NAME VALUE | list | clear [NAME]]", help: "values of $name", words: []string{"set", "list", "clear"}, most: 3, run: (*shell).parameters},
		{names: []string{".packs"}, help: "saved queries", run: (*shell).packs},
		{names: []string{".read", `\i`}, args: "FILE", help: "runs the statements of a file", most: -1, run: (*shell).readFile},
		{names: []string{".once", `\o`}, args: "FILE", help: "writes the next result to a file; its suffix names the format, .parquet too", most: -1, run: (*shell).onceTo},
		{names: []string{".last"}, args: "[FORMAT]", help: "shows the last result again, without running it again", words: render.Formats, most: 1, run: (*shell).again},
		{names: []string{".edit", `\e`}, help: "opens the last statement in $VISUAL or $EDITOR, then runs it", run: (*shell).edit},
		{names: []string{".timer", `\timing`}, args: "on|off", help: "how long statements take", words: onOff, most: 1, run: (*shell).time},
		{names: []string{".help", `\?`}, help: "this list", run: (*shell).help},
		{names: []string{".quit", ".exit", `\q`}, help: "leaves, as Ctrl-D does", run: nil},
	}
}

// command runs one command of the shell.
func (s *shell) command(ctx context.Context, line string) (quit bool, err error) {
	name, rest, _ := strings.Cut(line, " ")
	rest = strings.TrimSpace(rest)
	var names []string
	for _, c := range shellCommands() {
		names = append(names, c.names...)
		if !slices.Contains(c.names, name) {
			continue
		}
		if c.run == nil {
			return true, nil
		}
		var args []string
		switch {
		case c.most < 0 && rest != "":
			args = []string{strings.Trim(rest, `'"`)}
		case c.most >= 0:
			// The last argument may have spaces.
			args = strings.Fields(rest)
			if c.most > 1 && len(args) > c.most {
				args = append(args[:c.most-1:c.most-1], restAfter(rest, c.most-1))
			}
		}
		// Who is used to semicolons ends commands with them too.
		if n := len(args); n > 0 && c.most >= 0 && c.most < 3 {
			if args[n-1] = strings.TrimRight(args[n-1], ";"); args[n-1] == "" {
				args = args[:n-1]
			}
		}
		if c.most >= 0 && len(args) > c.most {
			return false, &usageError{text: fmt.Sprintf("%s takes fewer arguments", name), hint: strings.TrimSpace(c.names[0] + " " + c.args)}
		}
		return false, c.run(s, ctx, args)
	}
	return false, &usageError{text: "no command " + name, hint: hintNearestCommand(name, names)}
}

// restAfter is what follows the first n words.
func restAfter(text string, n int) string {
	for ; n > 0; n-- {
		_, text, _ = strings.Cut(strings.TrimSpace(text), " ")
	}
	return strings.TrimSpace(text)
}

func hintNearestCommand(name string, names []string) string {
	if near := nearest(name, names); near != "" {
		return fmt.Sprintf("did you mean %s? .help lists all", near)
	}
	return ".help lists the commands"
}

const tablesSQL = `
SELECT relation, kind, meaning FROM (
	SELECT relation, kind, meaning, 0 AS rank FROM (` + relationsSQL + `)
	UNION ALL SELECT table_name, 'temporary', comment, 1 FROM duckdb_tables() WHERE temporary
	UNION ALL SELECT view_name, 'temporary', comment, 1 FROM duckdb_views() WHERE temporary AND NOT internal)
WHERE CASE WHEN $pattern = '' THEN NOT regexp_matches(relation, '_v[0-9]+$') ELSE contains(lower(relation), lower($pattern)) END
ORDER BY rank, relation`

func (s *shell) tables(ctx context.Context, args []string) error {
	pattern := ""
	if len(args) > 0 {
		pattern = strings.Trim(args[0], "%*")
	}
	return s.show(ctx, tablesSQL, sql.Named("raw", pattern != ""), sql.Named("pattern", pattern))
}

func (s *shell) schema(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return s.tables(ctx, nil)
	}
	if err := s.open(ctx); err != nil {
		return err
	}
	schemaName, name := "main", args[0]
	if before, after, ok := strings.Cut(name, "."); ok {
		schemaName, name = before, after
	}
	e := &env{ctx: ctx}
	found, err := exists(e, s.run.conn, schemaName, name)
	if err != nil {
		return err
	}
	if found {
		return s.show(ctx, columnsSQL, sql.Named("name", name), sql.Named("schema", schemaName))
	}
	own, err := column(e, s.run.conn, `SELECT table_name FROM duckdb_columns() WHERE database_name = 'temp' AND table_name = $name`, sql.Named("name", name))
	if err != nil {
		return err
	}
	if len(own) > 0 {
		return s.show(ctx, `SELECT column_name AS column, data_type AS type FROM duckdb_columns() WHERE database_name = 'temp' AND table_name = $name ORDER BY column_index`, sql.Named("name", name))
	}
	names, err := column(e, s.run.conn, relationsSQL, sql.Named("raw", true))
	if err != nil {
		return err
	}
	hint := ".tables lists the relations"
	if near := nearest(args[0], names); near != "" {
		hint = fmt.Sprintf("did you mean %s? %s", near, hint)
	}
	return &usageError{text: fmt.Sprintf("no relation %q", args[0]), hint: hint}
}

// show prints a query of the shell's own as results are printed.
func (s *shell) show(ctx context.Context, text string, args ...any) error {
	if err := s.open(ctx); err != nil {
		return err
	}
	rows, err := s.run.conn.Query(ctx, text, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	return s.print(rows, s.run.opt)
}

func (s *shell) print(rows queries.Rows, opt render.Options) error {
	out := s.o.screen(s.e)
	if _, err := render.Write(out, rows, opt); err != nil {
		out.discard()
		return err
	}
	return out.commit()
}

func (s *shell) mode(_ context.Context, args []string) error {
	if len(args) == 0 {
		_, err := fmt.Fprintln(s.e.stdout, s.run.opt.Format)
		return err
	}
	format, err := (&common{format: args[0]}).outputFormat("table", render.Formats...)
	if err == nil {
		s.run.opt.Format = format
	}
	return err
}

func (s *shell) expanded(context.Context, []string) error {
	if s.run.opt.Format = map[bool]string{true: "table", false: "line"}[s.run.opt.Format == "line"]; s.run.opt.Format == "line" {
		return s.say("one value a line")
	}
	return s.say("tables")
}

func (s *shell) say(text string) error {
	_, err := fmt.Fprintln(s.e.stdout, text)
	return err
}

func (s *shell) parameters(ctx context.Context, args []string) error {
	given := s.run.params.given
	switch {
	case len(args) == 0 || args[0] == "list" && len(args) == 1:
		rows := [][]any{}
		for _, m := range []map[string]any{given, s.run.params.flags, s.run.params.quiet} {
			for _, name := range idleNames(m, nil) {
				rows = append(rows, []any{"$" + name, fmt.Sprint(m[name])})
			}
		}
		return s.print(queries.NewRows([]queries.Column{{Name: "parameter", Type: "VARCHAR"}, {Name: "value", Type: "VARCHAR"}}, rows...), s.run.opt)
	case args[0] == "set" && len(args) == 3:
		name, value, err := readParam(args[1] + "=" + args[2])
		if err != nil {
			return err
		}
		given[name] = value
		if !slices.Contains(s.cat.Params, name) {
			s.cat.Params = append(s.cat.Params, name)
			sort.Strings(s.cat.Params)
		}
		return nil
	case args[0] == "clear" && len(args) == 1:
		clear(given)
		clear(s.run.params.flags)
		return nil
	case args[0] == "clear" && len(args) == 2:
		name := strings.TrimPrefix(args[1], "$")
		if _, ok := s.run.params.value(name); !ok {
			return usagef("no value is bound to $%s", name)
		}
		delete(given, name)
		delete(s.run.params.flags, name)
		return nil
	}
	return &usageError{text: "wrong arguments", hint: ".params, .params set NAME VALUE, .params clear [NAME]"}
}

// packs lists the saved queries as the command does.
func (s *shell) packs(ctx context.Context, _ []string) error {
	e := *s.e
	e.ctx = ctx
	root := newRoot(&e)
	if cmd, _, err := root.Find([]string{"query"}); err != nil || cmd == root {
		return usagef("this version has no saved queries")
	}
	root.SetArgs([]string{"query"})
	return root.ExecuteContext(ctx)
}

func (s *shell) readFile(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return usagef(".read wants a file")
	}
	if s.depth > 8 {
		return usagef("%s: files that read each other", args[0])
	}
	f, err := os.Open(args[0])
	if err != nil {
		return err
	}
	defer f.Close()
	s.depth++
	defer func() { s.depth-- }()
	in := &plainLines{shell: s, in: f}
	for {
		text, readErr := in.read(ctx)
		if t := strings.TrimSpace(text); isCommand(t) {
			quit, err := s.command(ctx, t)
			if quit || err != nil {
				return err
			}
		} else if t != "" {
			if err := s.execute(ctx, t); err != nil {
				return err
			}
		}
		if readErr != nil {
			return ignoreEOF(readErr)
		}
	}
}

func (s *shell) onceTo(_ context.Context, args []string) error {
	if len(args) == 0 {
		return usagef(".once wants a file")
	}
	s.once = args[0]
	return nil
}

func (s *shell) time(_ context.Context, args []string) error {
	switch {
	case len(args) == 1 && args[0] == "on", len(args) == 0 && !s.timer:
		s.timer = true
		return s.say("timer on")
	case len(args) == 1 && args[0] == "off", len(args) == 0:
		s.timer = false
		return s.say("timer off")
	}
	return usagef(".timer wants on or off")
}

func (s *shell) edit(ctx context.Context, _ []string) error {
	editor := s.e.getenv("VISUAL")
	if editor == "" {
		editor = s.e.getenv("EDITOR")
	}
	if editor == "" {
		return usagef(".edit wants an editor: set VISUAL or EDITOR")
	}
	f, err := os.CreateTemp("", "agenttrace-*.sql")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(s.previous + "\n")
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	words := strings.Fields(editor)
	cmd := exec.CommandContext(ctx, words[0], append(words[1:], f.Name())...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = s.e.stdin, s.e.stdout, s.e.stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w", editor, err)
	}
	text, err := os.ReadFile(f.Name())
	if err != nil {
		return err
	}
	if s.previous = strings.TrimSpace(string(text)); s.previous == "" {
		return nil
	}
	if err := s.say(s.previous); err != nil {
		return err
	}
	return s.execute(ctx, s.previous)
}

func (s *shell) help(context.Context, []string) error {
	var b strings.Builder
	for _, c := range shellCommands() {
		fmt.Fprintf(&b, "%-46s %s\n", strings.TrimSpace(strings.Join(c.names, " ")+" "+c.args), c.help)
	}
	b.WriteString("\nTab completes relations, columns, functions, keywords, parameters and commands. Ctrl-C stops a query or\nclears the line. Statements see the same sandbox and limits as agenttrace sql: --timeout, --max-rows.\n")
	out := s.o.screen(s.e)
	if _, err := out.Write([]byte(b.String())); err != nil {
		return err
	}
	return out.commit()
}

// completions are the commands as completion knows them.
func completions() []complete.Command {
	var out []complete.Command
	for _, c := range shellCommands() {
		for _, name := range c.names {
			out = append(out, complete.Command{Name: name, Help: c.help, Words: c.words, Relation: c.names[0] == ".schema", Param: c.names[0] == ".params"})
		}
	}
	return out
}
