// Package complete finds what a SQL text, or a command of the shell, can go on with.
package complete

import (
	"slices"
	"strings"
)

// A Catalogue is what there is to complete.
type Catalogue struct {
	Relations map[string][]Column // with the columns in their order
	Functions []string
	Keywords  []string
	Params    []string // names without $
	Commands  []Command
}

// A Column is a column with its type.
type Column struct {
	Name, Type string
}

// A Command is a command of the shell, such as .mode, with the words that may follow it.
type Command struct {
	Name, Help string
	Words      []string // possible arguments
	Relation   bool     // its argument is a relation
	Param      bool     // its last word is a parameter
}

// A Candidate is a word that may stand at the cursor.
type Candidate struct {
	Text string // replaces the text from the place that Complete returns up to the cursor
	Kind string // relation, column, function, keyword, parameter, command or word
	Help string // the type of a column, what a command does
}

// most is how many keywords and functions are offered for a word that is empty: none, as all of them would
// hide the columns.
const most = 200

// Complete returns the candidates for the word that ends at the cursor (a byte offset), and where it begins.
func (c *Catalogue) Complete(whole string, cursor int) (from int, out []Candidate) {
	text := whole[:min(cursor, len(whole))]
	if line := strings.TrimLeft(text, " \t\n"); strings.HasPrefix(line, ".") || strings.HasPrefix(line, `\`) {
		return c.command(text, line)
	}
	toks, open := tokens(text)
	if open {
		return len(text), nil // inside a text or a comment
	}
	from = wordStart(text)
	word := text[from:]
	before := toks
	for len(before) > 0 && before[len(before)-1].pos >= from {
		before = before[:len(before)-1]
	}
	before = statement(before)
	around := before // what stands behind the cursor names relations too: select s| from sessions
	if behind, open := tokens(whole[len(text):]); !open {
		around = append(slices.Clone(before), untilEnd(behind)...)
	}
	switch {
	case strings.HasPrefix(word, "$"):
		return from, c.params(word, toks)
	case strings.Contains(word, "."):
		alias, _, _ := strings.Cut(word, ".")
		at := from + len(alias) + 1
		if rel := resolve(c, around, alias); rel != "" {
			return at, columns(c.Relations[rel], word[len(alias)+1:])
		}
		return from, c.relations(word)
	case wantsRelation(before):
		return from, append(c.relations(word), ctes(before, word)...)
	}
	return from, c.expression(word, around)
}

// expression lists what may stand in an expression: the columns of the relations that the statement names,
// or of all where none is named yet, functions and keywords.
func (c *Catalogue) expression(word string, statement []token) []Candidate {
	var out []Candidate
	seen := map[string]bool{}
	named := mentioned(c, statement)
	for _, rel := range named {
		for _, cand := range columns(c.Relations[rel], word) {
			if !seen[cand.Text] {
				seen[cand.Text] = true
				out = append(out, cand)
			}
		}
	}
	if word == "" && len(out) > 0 {
		return out
	}
	if len(named) == 0 && word != "" {
		// Which relation is not said yet: select …| from.
		for _, rel := range c.relationNames() {
			for _, cand := range columns(c.Relations[rel], word) {
				if !seen[cand.Text] {
					seen[cand.Text] = true
					out = append(out, cand)
				}
			}
		}
		slices.SortFunc(out, func(a, b Candidate) int { return strings.Compare(a.Text, b.Text) })
	}
	upper := word != "" && word == strings.ToUpper(word) && word != strings.ToLower(word)
	for _, k := range c.Keywords {
		if hasPrefix(k, word) && len(out) < most {
			if upper {
				k = strings.ToUpper(k)
			}
			out = append(out, Candidate{Text: k, Kind: "keyword"})
		}
	}
	if word == "" {
		return out
	}
	for _, f := range c.Functions {
		if hasPrefix(f, word) && len(out) < most {
			out = append(out, Candidate{Text: f + "(", Kind: "function"})
		}
	}
	return out
}

func (c *Catalogue) relationNames() []string {
	var names []string
	for name := range c.Relations {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// relations lists relations; those without a version come first, as they are what people ask.
func (c *Catalogue) relations(word string) []Candidate {
	var out, versioned []Candidate
	for _, name := range c.relationNames() {
		if !hasPrefix(name, word) {
			continue
		}
		cand := Candidate{Text: name, Kind: "relation"}
		if base, _, ok := cutVersion(name); ok && c.Relations[base] != nil {
			versioned = append(versioned, cand)
		} else {
			out = append(out, cand)
		}
	}
	return append(out, versioned...)
}

// cutVersion takes _v2 off a name.
func cutVersion(name string) (base, version string, ok bool) {
	i := strings.LastIndex(name, "_v")
	if i < 0 || i+2 == len(name) || strings.Trim(name[i+2:], "0123456789") != "" {
		return name, "", false
	}
	return name[:i], name[i+2:], true
}

func columns(list []Column, word string) []Candidate {
	var out []Candidate
	for _, col := range list {
		if hasPrefix(col.Name, word) {
			out = append(out, Candidate{Text: col.Name, Kind: "column", Help: col.Type})
		}
	}
	return out
}

func (c *Catalogue) params(word string, toks []token) []Candidate {
	names := slices.Clone(c.Params)
	for _, t := range toks {
		if name, ok := strings.CutPrefix(t.text, "$"); ok && t.text != word {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var out []Candidate
	for _, name := range slices.Compact(names) {
		if name != "" && hasPrefix("$"+name, word) {
			out = append(out, Candidate{Text: "$" + name, Kind: "parameter"})
		}
	}
	return out
}

// command completes a command of the shell and its arguments.
func (c *Catalogue) command(text, line string) (from int, out []Candidate) {
	from = strings.LastIndexAny(text, " \t\n") + 1
	word := text[from:]
	words := strings.Fields(line)
	if len(words) == 0 || len(words) == 1 && word != "" {
		for _, cmd := range c.Commands {
			if hasPrefix(cmd.Name, word) {
				out = append(out, Candidate{Text: cmd.Name, Kind: "command", Help: cmd.Help})
			}
		}
		return from, out
	}
	for _, cmd := range c.Commands {
		if cmd.Name != words[0] {
			continue
		}
		done := len(words) - 1 // arguments before the word
		if word != "" {
			done--
		}
		switch {
		case cmd.Relation && done == 0:
			return from, c.relations(word)
		case cmd.Param && done == 1:
			for _, name := range c.Params {
				if hasPrefix(name, word) {
					out = append(out, Candidate{Text: name, Kind: "parameter"})
				}
			}
		case done == 0:
			for _, w := range cmd.Words {
				if hasPrefix(w, word) {
					out = append(out, Candidate{Text: w, Kind: "word"})
				}
			}
		}
	}
	return from, out
}

func hasPrefix(name, word string) bool {
	return len(name) >= len(word) && strings.EqualFold(name[:len(word)], word)
}
