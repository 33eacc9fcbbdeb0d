package sqlfiles

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"slices"
	"sort"
	"strings"
	"sync"
)

//go:embed views/*/*.sql
var views embed.FS

// A Set is all definitions, in the order in which they can be installed: layer by layer, and within a
// layer what is read before what reads it.
type Set struct {
	Definitions []*Definition
	byName      map[string]*Definition
	family      map[string]bool
	Sum         string // checksum of names, headers and statements
}

// The types of all columns, found by the engine and written down by go test ./sql -update. With them the
// views are installed without working them out again.
//
//go:embed columns.txt
var columnTypes string

// Views gives the definitions that the program is built with.
var Views = sync.OnceValues(func() (*Set, error) {
	sub, err := fs.Sub(views, "views")
	if err != nil {
		return nil, err
	}
	s, err := Load(sub)
	if err != nil {
		return nil, err
	}
	types := map[string]string{}
	for line := range strings.Lines(columnTypes) {
		if column, t, ok := strings.Cut(strings.TrimSpace(line), " "); ok {
			types[column] = t
		}
	}
	for _, d := range s.Definitions {
		for i := range d.Columns {
			d.Columns[i].Type = types[d.Name+"."+d.Columns[i].Name]
		}
	}
	return s, nil
})

// Typed reports whether the types of all columns are known.
func (d *Definition) Typed() bool {
	return !slices.ContainsFunc(d.Columns, func(c Column) bool { return c.Type == "" })
}

// Load reads the definitions below fsys, one per <layer>/<name>_v<N>.sql, and checks them against each
// other.
func Load(fsys fs.FS) (*Set, error) {
	files, err := fs.Glob(fsys, "*/*.sql")
	if err != nil {
		return nil, err
	}
	s := &Set{byName: map[string]*Definition{}, family: map[string]bool{}}
	for _, file := range files {
		text, err := fs.ReadFile(fsys, file)
		if err != nil {
			return nil, err
		}
		d, err := Parse(file, string(text))
		if err != nil {
			return nil, err
		}
		if other := s.byName[d.Name]; other != nil {
			return nil, fmt.Errorf("%s: also in %s", file, other.Path)
		}
		s.byName[d.Name] = d
		s.family[d.Family] = true
		s.Definitions = append(s.Definitions, d)
	}
	if s.Sum, err = sumOf(fsys, files); err != nil {
		return nil, err
	}
	if err := s.families(); err != nil {
		return nil, err
	}
	for _, d := range s.Definitions {
		if err := s.resolve(d); err != nil {
			return nil, err
		}
	}
	if err := s.order(); err != nil {
		return nil, err
	}
	for _, d := range s.Definitions {
		h := sha256.New()
		fmt.Fprintln(h, d.Name, d.Sum)
		for _, r := range d.Reads {
			fmt.Fprintln(h, r, s.byName[r].DeepSum)
		}
		d.DeepSum = hex.EncodeToString(h.Sum(nil)[:16])
	}
	return s, nil
}

// sumOf is the checksum of definitions as they are written, header and all.
func sumOf(fsys fs.FS, files []string) (string, error) {
	h := sha256.New()
	for _, file := range files {
		text, err := fs.ReadFile(fsys, file)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(h, "%s %d\n", file, len(text))
		h.Write(text)
	}
	return hex.EncodeToString(h.Sum(nil)[:16]), nil
}

// ViewsSum is the Sum of Views, without reading them.
var ViewsSum = sync.OnceValues(func() (string, error) {
	sub, err := fs.Sub(views, "views")
	if err != nil {
		return "", err
	}
	files, err := fs.Glob(sub, "*/*.sql")
	if err != nil {
		return "", err
	}
	return sumOf(sub, files)
})

// Get finds a definition by its name; nil if there is none.
func (s *Set) Get(name string) *Definition { return s.byName[name] }

// families checks that each family has exactly one current version.
func (s *Set) families() error {
	current := map[string]string{}
	paths := map[string]string{}
	for _, d := range s.Definitions {
		paths[d.Family] = d.Path
		if d.Status != Current {
			continue
		}
		if other, ok := current[d.Family]; ok {
			return fmt.Errorf("%s: %s is current as well: one version of a family is", d.Path, other)
		}
		current[d.Family] = d.Name
	}
	for family, path := range paths {
		if current[family] == "" {
			return fmt.Errorf("%s: no version of %s is current", path, family)
		}
	}
	return nil
}

// resolve finds what a definition reads and holds it to the layers.
func (s *Set) resolve(d *Definition) error {
	at := func(t Token) string {
		return fmt.Sprintf("%s: line %d of the statement", d.Path, 1+strings.Count(d.Body[:t.Pos], "\n"))
	}
	for _, t := range d.relations() {
		r := s.byName[t.Text]
		switch {
		case strings.HasPrefix(t.Text, "own_") && r == nil:
			if d.Layer != "base" || d.Kept != KeptFacts {
				return fmt.Errorf("%s: only kept facts of the layer base read %s", at(t), t.Text)
			}
			d.Inputs = append(d.Inputs, t.Text)
			continue
		case r == nil:
			return fmt.Errorf("%s: there is no relation %s", at(t), t.Text)
		case r == d:
			return fmt.Errorf("%s: it reads itself", at(t))
		case layerOf(r.Layer) > layerOf(d.Layer):
			return fmt.Errorf("%s: %s is of the layer %s, above %s", at(t), t.Text, r.Layer, d.Layer)
		case r.Params != nil && d.Params == nil:
			return fmt.Errorf("%s: a view does not read the macro %s", at(t), t.Text)
		case d.Kept == KeptFacts && r.Kept != "" && r.Kept != KeptFacts:
			return fmt.Errorf("%s: %s is derived after the facts", at(t), t.Text)
		case d.Kept == KeptFindings && r.Kept == KeptTogether:
			return fmt.Errorf("%s: %s is derived after the findings of each session", at(t), t.Text)
		}
		d.Reads = append(d.Reads, t.Text)
	}
	slices.Sort(d.Reads)
	d.Reads = slices.Compact(d.Reads)
	slices.Sort(d.Inputs)
	d.Inputs = slices.Compact(d.Inputs)
	tokens := d.tokens
	local := map[string]bool{} // parts of a WITH
	for i := 0; i+2 < len(tokens); i++ {
		if tokens[i].Kind == Word && strings.EqualFold(tokens[i+1].Text, "AS") && tokens[i+2].Text == "(" {
			local[tokens[i].Text] = true
		}
	}
	for i, t := range tokens {
		if t.Kind != Word || i == 0 {
			continue
		}
		before := tokens[i-1].Text
		if before != "." && t.Text == "raw" && i+1 < len(tokens) && tokens[i+1].Text == "." && d.Layer != "base" {
			return fmt.Errorf("%s: only base reads raw tables", at(t))
		}
		if isRead(before) && !local[t.Text] && s.family[t.Text] && !(i+1 < len(tokens) && tokens[i+1].Text == ".") {
			return fmt.Errorf("%s: %s is an alias that moves: name its version", at(t), t.Text)
		}
	}
	return nil
}

// order sorts by layer, then so that each definition comes after what it reads, then by name.
func (s *Set) order() error {
	sort.Slice(s.Definitions, func(i, j int) bool {
		a, b := s.Definitions[i], s.Definitions[j]
		if la, lb := layerOf(a.Layer), layerOf(b.Layer); la != lb {
			return la < lb
		}
		return a.Name < b.Name
	})
	var out []*Definition
	state := map[string]int{} // 1 = being placed, 2 = placed
	var place func(d *Definition) error
	place = func(d *Definition) error {
		switch state[d.Name] {
		case 1:
			return fmt.Errorf("%s: it is part of a circle", d.Path)
		case 2:
			return nil
		}
		state[d.Name] = 1
		for _, r := range d.Reads {
			if err := place(s.byName[r]); err != nil {
				return err
			}
		}
		state[d.Name] = 2
		out = append(out, d)
		return nil
	}
	for _, d := range s.Definitions {
		if err := place(d); err != nil {
			return err
		}
	}
	s.Definitions = out
	return nil
}
