package sqlitedb

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"time"
)

// beside are the files that belong to a database. The index of the log is left out: SQLite builds it anew
// from the log, and one that does not fit would only be in its way.
var beside = [...]string{"", "-wal", "-journal"}

// state is what tells that a file was not written to.
type state struct {
	size     int64
	modified time.Time
}

func states(path string) (s [len(beside)]state, err error) {
	for i, suffix := range beside {
		info, err := os.Stat(path + suffix)
		switch {
		case err == nil:
			s[i] = state{info.Size(), info.ModTime()}
		case suffix == "" || !errors.Is(err, fs.ErrNotExist):
			return s, err
		}
	}
	return s, nil
}

// copyAll copies a database and what belongs to it and reports whether nothing changed meanwhile.
func copyAll(ctx context.Context, from, to string) (same bool, err error) {
	before, err := states(from)
	if err != nil {
		return false, err
	}
	for age := time.Since(newest(before)); age >= 0 && age < settle; age = settle {
		time.Sleep(settle)
	}
	for i, suffix := range beside {
		if before[i].size > maxCopy {
			return false, errors.New("the database is too large to be copied, and is written to too often to be read in its place")
		}
		if err := copyFile(ctx, from+suffix, to+suffix); err != nil && (suffix == "" || !errors.Is(err, fs.ErrNotExist)) {
			return false, err
		}
	}
	after, err := states(from)
	return before == after, err
}

func newest(s [len(beside)]state) (t time.Time) {
	for _, x := range s {
		if x.modified.After(t) {
			t = x.modified
		}
	}
	return t
}

func copyFile(ctx context.Context, from, to string) (err error) {
	if err := os.Remove(to); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	for {
		n, err := io.CopyN(out, in, 16<<20)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if n == 0 {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}
