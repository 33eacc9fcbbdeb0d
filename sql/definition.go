package sqlfiles

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"regexp"
	"strconv"
	"strings"
)

// The layers of definitions, lowest first. A definition reads its own layer or lower ones; only base
// reads the raw tables.
var Layers = []string{"base", "core", "metrics", "anomalies", "health", "trends", "diff"}

// The states of a definition.
const (
	Current    = "current"    // frozen; the family's alias points to it
	Draft      = "draft"      // may still change
	Superseded = "superseded" // frozen; another version is current
)

// What is kept of a definition's result.
const (
	KeptFacts    = "facts"    // stored when ingest ends
	KeptFindings = "findings" // stored before the first command that shows them
	KeptTogether = "together" // as findings, but of all sessions at once: what one has depends on the others
)

// A Definition is one versioned relation: a header that promises, and one SELECT that computes.
type Definition struct {
	Name    string // family_vN
	Family  string
	Version int
	Layer   string
	Path    string // of the file, below views/

	Summary string
	Grain   []string // columns that identify a row; empty = rows have no key
	Status  string
	Since   string   // first release that has it
	Kept    string   // "", KeptFacts, KeptFindings, KeptTogether
	Params  []string // of a table macro; nil for a view
	Changes string   // against the version before
	Columns []Column

	Body string // the SELECT, without the header

	// Set by Load.
	Reads   []string // definitions that the body names, sorted
	Inputs  []string // input names own_… that the body names: slices of raw, sorted
	Sum     string   // checksum of the statement without comments and spacing
	DeepSum string   // checksum of Sum and the DeepSum of all it reads

	tokens []Token // of Body
}

// A Column is the promise about one column.
type Column struct {
	Name    string
	Unit    string // USD, tokens, ms ...; "" where the column is no measure
	Meaning string
	Type    string // of the engine; "" = ask it. Set by Views.
}

var (
	namePattern   = regexp.MustCompile(`^([a-z][a-z0-9]*(?:_[a-z0-9]+)*)_v([1-9][0-9]*)$`)
	columnPattern = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	sincePattern  = regexp.MustCompile(`^[0-9]+\.[0-9]+\.[0-9]+$`)
)

// Parse reads one definition. The path is <layer>/<name>_v<N>.sql; errors name path and line.
func Parse(file, text string) (*Definition, error) {
	d := &Definition{Path: file, Layer: path.Dir(file), Name: strings.TrimSuffix(path.Base(file), ".sql")}
	m := namePattern.FindStringSubmatch(d.Name)
	if m == nil || path.Ext(file) != ".sql" {
		return nil, fmt.Errorf("%s: want a file name of the form name_v1.sql", file)
	}
	d.Family = m[1]
	d.Version, _ = strconv.Atoi(m[2])
	if layerOf(d.Layer) < 0 {
		return nil, fmt.Errorf("%s: %q is no layer: want %s", file, d.Layer, strings.Join(Layers, ", "))
	}
	p := headerParser{d: d, seen: map[string]bool{}}
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
	d.Body = strings.TrimSpace(strings.Join(lines[n:], "\n"))
	first := n + 1
	for n < len(lines) && strings.TrimSpace(lines[n]) == "" {
		n, first = n+1, first+1
	}
	if err := d.checkBody(min(first, len(lines))); err != nil {
		return nil, err
	}
	return d, nil
}

// A headerParser reads the comment lines on top of a file: "-- key: value", continued by lines that are
// indented deeper.
type headerParser struct {
	d       *Definition
	seen    map[string]bool
	key     string
	columns bool
}

func (p *headerParser) line(line string) error {
	rest := strings.TrimPrefix(line, "--")
	text := strings.TrimSpace(rest)
	indent := len(rest) - len(strings.TrimLeft(rest, " "))
	switch {
	case text == "":
		return fmt.Errorf("an empty line in the header")
	case strings.ContainsAny(text, "\t"):
		return fmt.Errorf("a tab in the header")
	case indent == 1:
		return p.field(text)
	case p.columns && indent == 3:
		return p.column(text)
	case p.columns && indent > 3:
		if len(p.d.Columns) == 0 {
			return fmt.Errorf("a continued line before the first column")
		}
		c := &p.d.Columns[len(p.d.Columns)-1]
		c.Meaning += " " + text
		return nil
	case indent >= 3 && p.key == "summary":
		p.d.Summary += " " + text
		return nil
	case indent >= 3 && p.key == "changes":
		p.d.Changes += " " + text
		return nil
	}
	return fmt.Errorf("want \"-- key: value\", three blanks before a column, or more before a continued line")
}

func (p *headerParser) field(text string) error {
	key, value, ok := strings.Cut(text, ":")
	value = strings.TrimSpace(value)
	if !ok {
		return fmt.Errorf("want \"key: value\"")
	}
	if p.seen[key] {
		return fmt.Errorf("%s is given twice", key)
	}
	p.seen[key], p.key, p.columns = true, key, key == "columns"
	if (value == "") != p.columns {
		return fmt.Errorf("%s: want a value, and none only after columns", key)
	}
	d := p.d
	switch key {
	case "summary":
		d.Summary = value
	case "grain":
		if value == "none" {
			return nil
		}
		d.Grain = list(value)
		return names(d.Grain)
	case "status":
		d.Status = value
		if value != Current && value != Draft && value != Superseded {
			return fmt.Errorf("status: want %s, %s or %s", Current, Draft, Superseded)
		}
	case "since":
		d.Since = value
		if !sincePattern.MatchString(value) {
			return fmt.Errorf("since: want a release such as 0.1.0")
		}
	case "kept":
		d.Kept = value
		if value != KeptFacts && value != KeptFindings && value != KeptTogether {
			return fmt.Errorf("kept: want %s, %s or %s", KeptFacts, KeptFindings, KeptTogether)
		}
	case "macro":
		if !strings.HasPrefix(value, "(") || !strings.HasSuffix(value, ")") {
			return fmt.Errorf("macro: want parameters in brackets")
		}
		d.Params = list(value[1 : len(value)-1])
		return names(d.Params)
	case "changes":
		d.Changes = value
	case "columns":
	default:
		return fmt.Errorf("unknown key %q", key)
	}
	return nil
}

func (p *headerParser) column(text string) error {
	name, meaning, ok := strings.Cut(text, " ")
	if !ok {
		return fmt.Errorf("column %s: want its meaning", name)
	}
	if !columnPattern.MatchString(name) {
		return fmt.Errorf("column %q: want a lower snake case name", name)
	}
	meaning = strings.TrimSpace(meaning)
	unit := unitOf(name)
	if strings.HasPrefix(meaning, "[") {
		var found bool
		unit, meaning, found = strings.Cut(meaning[1:], "]")
		meaning = strings.TrimSpace(meaning)
		if !found || meaning == "" {
			return fmt.Errorf("column %s: want [unit] meaning", name)
		}
	}
	for _, c := range p.d.Columns {
		if c.Name == name {
			return fmt.Errorf("column %s is given twice", name)
		}
	}
	p.d.Columns = append(p.d.Columns, Column{Name: name, Unit: unit, Meaning: meaning})
	return nil
}

func (p *headerParser) end() error {
	d := p.d
	for _, key := range []string{"summary", "grain", "status", "since", "columns"} {
		if !p.seen[key] {
			return fmt.Errorf("the header lacks %s", key)
		}
	}
	if len(d.Columns) == 0 {
		return fmt.Errorf("the header lists no column")
	}
	if d.Kept != "" && d.Params != nil {
		return fmt.Errorf("a macro cannot be kept")
	}
	if d.Version > 1 && d.Changes == "" {
		return fmt.Errorf("version %d must say what changed", d.Version)
	}
	for _, g := range d.Grain {
		if !d.has(g) {
			return fmt.Errorf("grain: there is no column %s", g)
		}
	}
	if d.Kept != "" && !d.has("session_id") {
		return fmt.Errorf("kept: results are stored per session, so a column session_id is needed")
	}
	return nil
}

// checkBody holds the body to what the loader and the readers rely on.
func (d *Definition) checkBody(line int) error {
	d.tokens = Tokens(d.Body)
	tokens := d.tokens
	if len(tokens) == 0 {
		return fmt.Errorf("%s:%d: no statement", d.Path, line)
	}
	if first := strings.ToUpper(tokens[0].Text); first != "SELECT" && first != "WITH" {
		return fmt.Errorf("%s:%d: want one SELECT, or WITH ... SELECT", d.Path, line)
	}
	depth := 0
	for i, t := range tokens {
		at := func() int { return line + strings.Count(d.Body[:t.Pos], "\n") }
		switch t.Text {
		case ";":
			return fmt.Errorf("%s:%d: one statement, without a semicolon", d.Path, at())
		case "(", "[":
			depth++
		case ")", "]":
			if depth--; depth < 0 {
				return fmt.Errorf("%s:%d: %s closes nothing", d.Path, at(), t.Text)
			}
		case "*":
			// A star is a product between two values and "all rows" in count(*); elsewhere it stands for
			// columns, which then depend on what is read.
			// Base reads raw tables as they are.
			if d.Layer != "base" && starsColumns(tokens, i) {
				return fmt.Errorf("%s:%d: name the columns instead of *", d.Path, at())
			}
		}
		if t.Kind == Broken {
			return fmt.Errorf("%s:%d: unfinished text or comment", d.Path, at())
		}
	}
	if depth != 0 {
		return fmt.Errorf("%s: brackets are not closed", d.Path)
	}
	sum := sha256.Sum256([]byte(normal(tokens)))
	d.Sum = hex.EncodeToString(sum[:16])
	return nil
}

func starsColumns(tokens []Token, i int) bool {
	if i == 0 {
		return true
	}
	switch before := strings.ToUpper(tokens[i-1].Text); before {
	case "SELECT", "DISTINCT", ",", ".", "ALL":
		return true
	case "(":
		return !(i+1 < len(tokens) && tokens[i+1].Text == ")" && i > 1 && strings.EqualFold(tokens[i-2].Text, "count"))
	}
	return false
}

func (d *Definition) has(column string) bool {
	for _, c := range d.Columns {
		if c.Name == column {
			return true
		}
	}
	return false
}

// SQL gives the body with each relation under its full name: qualify maps a definition's name.
// Qualified names keep a view from reading a temporary table of the same name.
func (d *Definition) SQL(qualify func(name string) string) string {
	var b strings.Builder
	last := 0
	for _, t := range d.relations() {
		b.WriteString(d.Body[last:t.Pos])
		b.WriteString(qualify(t.Text))
		last = t.Pos + len(t.Text)
	}
	b.WriteString(d.Body[last:])
	return b.String()
}

// relations are the tokens of the body that name a versioned relation or an input own_….
func (d *Definition) relations() []Token {
	var out []Token
	tokens := d.tokens
	for i, t := range tokens {
		if t.Kind != Word || i > 0 && tokens[i-1].Text == "." {
			continue
		}
		reads := i > 0 && isRead(tokens[i-1].Text)
		if versioned(t.Text) || reads && strings.HasPrefix(t.Text, "own_") {
			out = append(out, t)
		}
	}
	return out
}

// versioned is a quick look whether a word can be the name of a definition.
func versioned(word string) bool {
	i := strings.LastIndex(word, "_v")
	return i > 0 && i+2 < len(word) && isDigit(word[i+2]) && namePattern.MatchString(word)
}

// Words are the distinct names and keywords of the body.
func (d *Definition) Words() map[string]bool {
	out := map[string]bool{}
	for _, t := range d.tokens {
		if t.Kind == Word {
			out[t.Text] = true
		}
	}
	return out
}

func isRead(word string) bool {
	switch strings.ToUpper(word) {
	case "FROM", "JOIN":
		return true
	}
	return false
}

func layerOf(name string) int {
	for i, l := range Layers {
		if l == name {
			return i
		}
	}
	return -1
}

func list(text string) []string {
	out := strings.Split(text, ",")
	for i := range out {
		out[i] = strings.TrimSpace(out[i])
	}
	return out
}

func names(words []string) error {
	for _, w := range words {
		if !columnPattern.MatchString(w) {
			return fmt.Errorf("%q is no name", w)
		}
	}
	return nil
}

// unitOf reads the unit from the suffix of a column name, as all columns are named.
func unitOf(name string) string {
	for _, u := range [][2]string{{"_ms", "ms"}, {"_bytes", "bytes"}, {"_tokens", "tokens"}, {"_usd", "USD"}, {"_count", "count"}, {"_ratio", "ratio"}, {"_at", "UTC"}} {
		if strings.HasSuffix(name, u[0]) {
			return u[1]
		}
	}
	return ""
}
