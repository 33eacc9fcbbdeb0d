package ingest

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/agenttrace/agenttrace/schema"
)

// A Candidate is a file that may be a session log.
type Candidate struct {
	Path    string
	Size    int64
	ModTime time.Time
	FileID  string // device and inode, or ""
	Named   bool   // the user named this very file
	Agent   string // whose root it was found in; "" for folders that the user named

	db   *database // of a database whose sessions are candidates too
	part *part     // of a session in a database
}

// A Place is a root that was looked into, for doctor.
type Place struct {
	Agent  string
	Path   string
	Why    string
	Exists bool
	Files  int
	Err    error // why it could not be read, if so
}

// A finder walks folders. Links are followed, but no folder twice.
type finder struct {
	seenDirs  map[string]bool
	seenFiles map[string]bool
	out       []Candidate
	errs      []error
}

// A Search is a look into the places where logs lie.
type Search struct {
	done       chan struct{}
	candidates []Candidate
	places     []Place
	errs       []error
}

// Begin starts to look for the logs that the options speak of, while the caller does something else. The
// search goes into Options.Search.
func Begin(o Options) *Search {
	s := &Search{done: make(chan struct{})}
	go func() {
		defer close(s.done)
		s.candidates, s.places, s.errs = discover(o.Parsers, o.Env, o.Roots, o.Paths)
	}()
	return s
}

// found waits for the search, or searches.
func (o *Options) found() ([]Candidate, []Place, []error) {
	if o.Search == nil {
		return discover(o.Parsers, o.Env, o.Roots, o.Paths)
	}
	<-o.Search.done
	return slices.Clone(o.Search.candidates), slices.Clone(o.Search.places), slices.Clone(o.Search.errs)
}

// discover lists the files in the roots of every parser, and those below paths. Only regular files
// count: pipes, devices and sockets in a log folder are passed over.
func discover(parsers []Parser, env Env, roots bool, paths []string) ([]Candidate, []Place, []error) {
	f := &finder{seenDirs: map[string]bool{}, seenFiles: map[string]bool{}}
	var places []Place
	if roots {
		for _, p := range parsers {
			format := p.Format()
			for _, root := range format.Roots(env) {
				before := len(f.out)
				place := Place{Agent: format.Agent, Path: root.Path, Why: root.Why}
				info, err := os.Stat(root.Path)
				switch {
				case errors.Is(err, fs.ErrNotExist):
				case err != nil:
					place.Exists, place.Err = true, err
				default:
					place.Exists = true
					if err := f.visit(root.Path, "", info, root, Candidate{Agent: format.Agent}); err != nil {
						place.Err = err
					}
				}
				place.Files = len(f.out) - before
				places = append(places, place)
			}
		}
	}
	for _, path := range paths {
		abs, err := filepath.Abs(path)
		if err != nil {
			f.errs = append(f.errs, err)
			continue
		}
		info, err := os.Stat(abs)
		if err != nil {
			f.errs = append(f.errs, err)
			continue
		}
		if !info.IsDir() && !info.Mode().IsRegular() {
			f.errs = append(f.errs, &fs.PathError{Op: "read", Path: abs, Err: errors.New("not a regular file")})
			continue
		}
		if err := f.visit(abs, "", info, Root{Path: abs}, Candidate{Named: !info.IsDir()}); err != nil {
			f.errs = append(f.errs, err)
		}
	}
	return f.out, places, f.errs
}

// visit adds a file, or everything below a folder. rel is the path below the root. The error returned
// is that of path itself; errors below are collected.
func (f *finder) visit(path, rel string, info fs.FileInfo, root Root, proto Candidate) error {
	if info.IsDir() {
		if rel != "" && root.Skip != nil && root.Skip(rel) {
			return nil
		}
		id := fileID(info)
		if id == "" {
			if real, err := filepath.EvalSymlinks(path); err == nil {
				id = real
			}
		}
		if f.seenDirs[id] {
			return nil
		}
		f.seenDirs[id] = true
		entries, err := os.ReadDir(path)
		for _, e := range entries {
			below := filepath.Join(path, e.Name())
			relBelow := e.Name()
			if rel != "" {
				relBelow = rel + "/" + e.Name()
			}
			// Names are checked before the file is touched.
			if !e.IsDir() && e.Type()&fs.ModeSymlink == 0 && (!e.Type().IsRegular() || root.Want != nil && !root.Want(relBelow)) {
				continue
			}
			var info fs.FileInfo
			var err error
			if e.Type()&fs.ModeSymlink != 0 {
				info, err = os.Stat(below)
			} else {
				info, err = e.Info()
			}
			if err != nil {
				if !errors.Is(err, fs.ErrNotExist) {
					f.errs = append(f.errs, err)
				}
				continue
			}
			if err := f.visit(below, relBelow, info, root, proto); err != nil {
				f.errs = append(f.errs, err)
			}
		}
		return err
	}
	if !info.Mode().IsRegular() || rel != "" && root.Want != nil && !root.Want(rel) {
		return nil
	}
	if f.seenFiles[path] {
		return nil
	}
	f.seenFiles[path] = true
	c := proto
	c.Path, c.Size, c.ModTime, c.FileID = path, info.Size(), info.ModTime(), fileID(info)
	f.out = append(f.out, c)
	return nil
}

// key is the path as the store keeps it: valid UTF-8.
func (c Candidate) key() string { return strings.ToValidUTF8(c.Path, "\uFFFD") }

// modified is the modification time as the store keeps it.
func (c Candidate) modified() schema.Instant { return schema.InstantOf(c.ModTime) }

// largestFirst orders the work so that no large file is left for the end, when others are done.
func largestFirst(jobs []job) {
	sort.SliceStable(jobs, func(i, k int) bool { return jobs[i].Size > jobs[k].Size })
}
