package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// writeTo prints what f writes to standard output, or to the file of -o: whole or not at all.
func (c *common) writeTo(e *env, f func(*bytes.Buffer) error) error {
	var b bytes.Buffer
	if err := f(&b); err != nil {
		return err
	}
	out, err := c.target(e)
	if err != nil {
		return err
	}
	if _, err := out.Write(b.Bytes()); err != nil {
		out.discard()
		return err
	}
	return out.commit()
}

// A target is where output goes: standard output as it comes, or a file that appears only when all of it
// is there.
type target struct {
	io.Writer
	path    string // of the file that is written to until commit; "" if there is none
	commit  func() error
	discard func()
}

func (c *common) target(e *env) (*target, error) {
	if c.output == "" || c.output == "-" {
		return c.screen(e), nil
	}
	return fileTarget(c.output)
}

// fileTarget writes beside the file and takes its place at the end. What is no regular file, such as
// /dev/null or a pipe, is written to as it is.
func fileTarget(path string) (*target, error) {
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return nil, fmt.Errorf("write %s: is a folder", path)
	case err == nil && !info.Mode().IsRegular():
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return nil, err
		}
		return &target{Writer: f, commit: f.Close, discard: func() { f.Close() }}, nil
	case err == nil:
		// A link keeps pointing to the file.
		if path, err = filepath.EvalSymlinks(path); err != nil {
			return nil, err
		}
	}
	f, err := createBeside(path)
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", path, err)
	}
	b := bufio.NewWriterSize(f, 1<<16)
	discard := func() { f.Close(); os.Remove(f.Name()) }
	commit := func() error {
		err := b.Flush()
		if info != nil && err == nil {
			err = os.Chmod(f.Name(), info.Mode().Perm())
		}
		if cerr := f.Close(); err == nil {
			err = cerr
		}
		if err == nil {
			err = os.Rename(f.Name(), path)
		}
		if err != nil {
			os.Remove(f.Name())
			return fmt.Errorf("write %s: %w", path, err)
		}
		return nil
	}
	return &target{b, f.Name(), commit, discard}, nil
}

// createBeside makes a new file in the folder of path, with the mode that the user's mask leaves.
func createBeside(path string) (*os.File, error) {
	for n := 0; ; n++ {
		name := filepath.Join(filepath.Dir(path), fmt.Sprintf(".%s.%d-%d", filepath.Base(path), os.Getpid(), n))
		f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666)
		if n < 100 && errors.Is(err, fs.ErrExist) {
			continue
		}
		return f, err
	}
}

// localZoneName is the IANA name of the system's zone, where it can be told.
func localZoneName() string {
	if tz := strings.TrimPrefix(os.Getenv("TZ"), ":"); tz != "" && !strings.HasPrefix(tz, "/") {
		return tz
	}
	if target, err := filepath.EvalSymlinks("/etc/localtime"); err == nil {
		if _, name, ok := strings.Cut(target, "zoneinfo/"); ok {
			return name
		}
	}
	return ""
}
