package packs

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

//go:embed builtin/*/*.sql builtin/*/*.txtar
var builtin embed.FS

// The origins of queries, each before the next by name.
const (
	OriginProject = "project"
	OriginUser    = "user"
	OriginBuiltin = "built-in"
)

// A Library is all queries that can be named.
type Library struct {
	Queries []*Query // by name
	Broken  []error  // files that are no query, with the line
	broken  map[string]error
}

// Builtin gives the files of the packs that the program is built with.
func Builtin() fs.FS {
	sub, err := fs.Sub(builtin, "builtin")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	return sub
}

// Open reads the built-in packs, and those in the folders of the user and of the project; "" = there is none.
func Open(user, project string) (*Library, error) {
	l := &Library{broken: map[string]error{}}
	for _, layer := range []struct{ origin, dir string }{{OriginBuiltin, ""}, {OriginUser, user}, {OriginProject, project}} {
		files := Builtin()
		if layer.origin != OriginBuiltin {
			if layer.dir == "" {
				continue
			}
			files = os.DirFS(layer.dir)
		}
		if err := l.add(files, layer.origin, layer.dir); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(l.Queries, func(a, b *Query) int { return strings.Compare(a.Name, b.Name) })
	return l, nil
}

// OpenDir reads the packs of one folder: a folder of packs, a pack, or one file.
func OpenDir(dir string) (*Library, error) {
	l := &Library{broken: map[string]error{}}
	if info, err := os.Stat(dir); err != nil {
		return nil, err
	} else if !info.IsDir() {
		text, err := os.ReadFile(dir)
		if err != nil {
			return nil, err
		}
		l.load(dir, string(text), "file", func() ([]byte, error) { return os.ReadFile(strings.TrimSuffix(dir, ".sql") + ".txtar") })
		return l, nil
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if own, _ := filepath.Glob(filepath.Join(abs, "*.sql")); len(own) > 0 {
		for _, file := range own {
			one, err := OpenDir(file)
			if err != nil {
				return nil, err
			}
			l.Queries, l.Broken = append(l.Queries, one.Queries...), append(l.Broken, one.Broken...)
		}
		return l, nil
	}
	return l, l.add(os.DirFS(abs), "file", dir)
}

// FindProject walks up from a folder to the first that has .agenttrace/packs.
func FindProject(dir string) string {
	for {
		packs := filepath.Join(dir, ".agenttrace", "packs")
		if info, err := os.Stat(packs); err == nil && info.IsDir() {
			return packs
		}
		up := filepath.Dir(dir)
		if up == dir {
			return ""
		}
		dir = up
	}
}

func (l *Library) add(files fs.FS, origin, dir string) error {
	names, err := fs.Glob(files, "*/*.sql")
	if err != nil {
		return err
	}
	if _, err := fs.ReadDir(files, "."); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		shown := name
		if dir != "" {
			shown = filepath.Join(dir, filepath.FromSlash(name))
		}
		l.load(shown, string(text), origin, func() ([]byte, error) { return fs.ReadFile(files, strings.TrimSuffix(name, ".sql")+".txtar") })
	}
	return nil
}

func (l *Library) load(file, text, origin string, cases func() ([]byte, error)) {
	q, err := Parse(filepath.ToSlash(file), text)
	if err != nil {
		dir, base := path.Split(filepath.ToSlash(file))
		l.Broken = append(l.Broken, err)
		l.broken[path.Base(dir)+"."+strings.TrimSuffix(base, ".sql")] = err
		return
	}
	q.Origin = origin
	if text, err := cases(); err == nil {
		q.Cases = text
	}
	if i := slices.IndexFunc(l.Queries, func(x *Query) bool { return x.Name == q.Name }); i >= 0 {
		q.Overrides = l.Queries[i].Origin
		l.Queries[i] = q
		return
	}
	l.Queries = append(l.Queries, q)
}

// Get finds a query. A file that is no query hides what it would stand before: to run something else than
// what was written would be worse than to run nothing.
func (l *Library) Get(name string) (*Query, error) {
	if err := l.broken[name]; err != nil {
		return nil, err
	}
	for _, q := range l.Queries {
		if q.Name == name {
			return q, nil
		}
	}
	return nil, fmt.Errorf("no query %q: %w", name, fs.ErrNotExist)
}
