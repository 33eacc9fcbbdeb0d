package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/reeflective/readline"
	"github.com/reeflective/readline/inputrc"
	"golang.org/x/term"

	"github.com/agenttrace/agenttrace/queries/complete"
)

const (
	prompt     = "agenttrace> "
	promptMore = "       ...> "
)

// plainLines reads line by line, without any editing.
type plainLines struct {
	shell   *shell
	in      io.Reader
	prompts io.Writer // nil: none
	lines   *bufio.Reader
}

func (p *plainLines) read(ctx context.Context) (string, error) {
	if p.lines == nil {
		p.lines = bufio.NewReader(p.in)
	}
	var text strings.Builder
	for {
		if p.prompts != nil {
			fmt.Fprint(p.prompts, map[bool]string{true: prompt, false: promptMore}[text.Len() == 0])
		}
		line, err := p.lines.ReadString('\n')
		text.WriteString(line)
		if err != nil {
			return text.String(), err
		}
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		if p.shell.complete(text.String()) {
			return text.String(), nil
		}
	}
}

func ignoreEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// terminal reads from the terminal, with editing, history and completion where the terminal can.
func (s *shell) terminal() lineReader {
	if s.e.getenv("TERM") == "dumb" || s.e.stdin != os.Stdin {
		return &plainLines{shell: s, in: s.e.stdin, prompts: s.e.stdout}
	}
	rl := readline.NewShell(inputrc.WithName("agenttrace"))
	rl.Prompt.Primary(func() string { return prompt })
	rl.Prompt.Secondary(func() string { return promptMore })
	rl.AcceptMultiline = func(line []rune) bool { return s.complete(string(line)) }
	rl.Completer = s.candidates
	rl.Config.Set("history-autosuggest", false)
	rl.Config.Set("menu-complete-display-prefix", true)
	rl.History.Delete()
	h := &history{}
	if name := s.historyFile(); name != "" {
		if err := h.open(name); err != nil {
			s.o.notice(s.e, "no history: %v", err)
		}
	}
	rl.History.Add("history", h)
	return &editedLines{rl}
}

// editedLines reads with the line editor.
type editedLines struct{ rl *readline.Shell }

func (l *editedLines) read(ctx context.Context) (string, error) {
	type answer struct {
		text string
		err  error
	}
	fd := int(os.Stdin.Fd())
	before, _ := term.GetState(fd)
	done := make(chan answer, 1)
	go func() {
		text, err := l.rl.Readline()
		done <- answer{text, err}
	}()
	select {
	case <-ctx.Done(): // the process is told to end
		if before != nil {
			term.Restore(fd, before)
		}
		fmt.Println()
		return "", ctx.Err()
	case a := <-done:
		if errors.Is(a.err, readline.ErrInterrupt) {
			return "", errCleared
		}
		return a.text, a.err
	}
}

// candidates are the completions as the line editor wants them.
func (s *shell) candidates(line []rune, cursor int) readline.Completions {
	text := string(line)
	at := len(string(line[:min(cursor, len(line))]))
	from, list := s.cat.Complete(text, at)
	var raw []readline.Completion
	for _, c := range list {
		raw = append(raw, readline.Completion{Value: text[from:from] + c.Text, Display: c.Text, Description: c.Help, Tag: completionTag(c.Kind)})
	}
	out := readline.CompleteRaw(raw).NoSpace('(', '.').NoSort()
	out.PREFIX = text[from:at]
	return out
}

func completionTag(kind string) string {
	return map[string]string{"relation": "relations", "column": "columns", "function": "functions", "keyword": "keywords", "parameter": "parameters", "command": "commands", "word": "values"}[kind]
}

// historyFile is where the shell keeps what was typed; "" = nowhere.
func (s *shell) historyFile() string {
	if s.o.noHistory {
		return ""
	}
	switch name := s.e.getenv("AGENTTRACE_HISTORY"); name {
	case "":
	case "off", "0", "none":
		return ""
	default:
		return name
	}
	if dir := s.e.getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "agenttrace", "sql_history")
	}
	if dir := s.e.getenv("LocalAppData"); dir != "" {
		return filepath.Join(dir, "agenttrace", "sql_history")
	}
	if home := s.e.getenv("HOME"); home != "" {
		return filepath.Join(home, ".local", "state", "agenttrace", "sql_history")
	}
	return ""
}

// maxHistory is how many inputs are kept.
const maxHistory = 1000

// history is what was typed: in memory, and one JSON text a line in a file that only its owner can read.
type history struct {
	name  string
	lines []string
}

func (h *history) open(name string) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Chmod(0o600); err != nil {
		return err
	}
	data, err := io.ReadAll(f)
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(data)) {
		var text string
		if json.Unmarshal([]byte(line), &text) == nil && text != "" {
			h.lines = append(h.lines, text)
		}
	}
	h.name = name
	if len(h.lines) <= 2*maxHistory {
		return nil
	}
	h.lines = h.lines[len(h.lines)-maxHistory:]
	var all []byte
	for _, text := range h.lines {
		line, err := json.Marshal(text)
		if err != nil {
			return err
		}
		all = append(append(all, line...), '\n')
	}
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err = f.WriteAt(all, 0)
	return err
}

// Write keeps an input, unless it is the one before again.
func (h *history) Write(text string) (int, error) {
	text = strings.TrimSpace(text)
	if text == "" || len(h.lines) > 0 && h.lines[len(h.lines)-1] == text {
		return len(h.lines), nil
	}
	h.lines = append(h.lines, text)
	if h.name == "" {
		return len(h.lines), nil
	}
	line, err := json.Marshal(text)
	if err != nil {
		return len(h.lines), err
	}
	f, err := os.OpenFile(h.name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return len(h.lines), err
	}
	_, err = f.Write(append(line, '\n'))
	return len(h.lines), errors.Join(err, f.Close())
}

// GetLine is an input by its number from 0.
func (h *history) GetLine(n int) (string, error) {
	if n < 0 || n >= len(h.lines) {
		return "", errors.New("no such line")
	}
	return h.lines[n], nil
}

// Len is how many inputs there are.
func (h *history) Len() int { return len(h.lines) }

// Dump gives all of them.
func (h *history) Dump() any { return h.lines }

// catalogue reads what completion offers.
func (s *shell) catalogue(ctx context.Context) (*complete.Catalogue, error) {
	c := &complete.Catalogue{Relations: map[string][]complete.Column{}, Commands: completions()}
	err := s.relations(ctx, c, "schema_name = 'main' AND database_name = current_database()")
	if err != nil {
		return nil, err
	}
	e := &env{ctx: ctx}
	if c.Functions, err = column(e, s.run.conn, `SELECT DISTINCT function_name FROM duckdb_functions() WHERE regexp_matches(function_name, '^[a-z][a-z0-9_]*$') ORDER BY ALL`); err != nil {
		return nil, err
	}
	c.Keywords, err = column(e, s.run.conn, `SELECT keyword_name FROM duckdb_keywords() ORDER BY keyword_category <> 'reserved', keyword_name`)
	for _, m := range []map[string]any{s.run.params.given, s.run.params.flags, s.run.params.quiet} {
		for name := range m {
			c.Params = append(c.Params, name)
		}
	}
	sort.Strings(c.Params)
	return c, err
}

// relations adds relations with their columns to the catalogue.
func (s *shell) relations(ctx context.Context, c *complete.Catalogue, where string) error {
	rows, err := s.run.conn.Query(ctx, `SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE NOT internal AND `+where+` ORDER BY table_name, column_index`)
	if err != nil {
		return err
	}
	defer rows.Close()
	found := map[string][]complete.Column{}
	for rows.Next() {
		v := rows.Values()
		name := fmt.Sprint(v[0])
		found[name] = append(found[name], complete.Column{Name: fmt.Sprint(v[1]), Type: fmt.Sprint(v[2])})
	}
	maps.Copy(c.Relations, found)
	return rows.Err()
}
