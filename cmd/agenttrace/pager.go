package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"syscall"
)

// screen is standard output. On a terminal, what is taller than it goes through the user's pager, if the
// user has named one: in $AGENTTRACE_PAGER, else in $PAGER.
func (c *common) screen(e *env) *target {
	plain := &target{Writer: e.stdout, commit: func() error { return nil }, discard: func() {}}
	pager := e.getenv("AGENTTRACE_PAGER")
	if pager == "" {
		pager = e.getenv("PAGER")
	}
	if c.noPager || pager == "" || pager == "cat" || !e.stdoutTTY || !e.stdinTTY || e.height <= 1 || e.getenv("CI") != "" || e.getenv("TERM") == "dumb" {
		return plain
	}
	p := &paged{e: e, command: pager}
	return &target{Writer: p, commit: p.end, discard: func() { p.end() }}
}

// paged holds back a screenful, and starts the pager when more comes.
type paged struct {
	e       *env
	command string
	held    bytes.Buffer
	to      io.WriteCloser // the pager, once it runs
	cmd     *exec.Cmd
	release func()
	gone    bool // there is no pager, or it has ended
}

func (p *paged) Write(b []byte) (int, error) {
	if p.gone {
		return p.e.stdout.Write(b)
	}
	if p.to != nil {
		return len(b), p.pass(b)
	}
	p.held.Write(b)
	if bytes.Count(p.held.Bytes(), []byte("\n")) < p.e.height {
		return len(b), nil
	}
	if p.start() != nil {
		p.gone = true
		_, err := p.e.stdout.Write(p.held.Bytes())
		return len(b), err
	}
	return len(b), p.pass(p.held.Bytes())
}

// pass writes to the pager. Who leaves it early has seen enough: that ends the output as a closed pipe does.
func (p *paged) pass(b []byte) error {
	_, err := p.to.Write(b)
	if errors.Is(err, io.ErrClosedPipe) || errors.Is(err, os.ErrClosed) {
		return syscall.EPIPE
	}
	return err
}

func (p *paged) start() error {
	shell, flag := "sh", "-c"
	if path := p.e.getenv("COMSPEC"); path != "" {
		shell, flag = path, "/C"
	}
	p.cmd = exec.Command(shell, flag, p.command)
	p.cmd.Stdout, p.cmd.Stderr = p.e.stdout, p.e.stderr
	// Pagers show colours, leave a short text where it is, and keep the screen.
	p.cmd.Env = os.Environ()
	if p.e.getenv("LESS") == "" {
		p.cmd.Env = append(p.cmd.Env, "LESS=FRX")
	}
	to, err := p.cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := p.cmd.Start(); err != nil {
		return err
	}
	p.to = to
	p.release = p.e.interrupts.catch(func() {}) // Ctrl-C is the pager's
	return nil
}

// end waits for the reader.
func (p *paged) end() error {
	if p.to == nil {
		if p.gone {
			return nil
		}
		_, err := p.e.stdout.Write(p.held.Bytes())
		return err
	}
	p.to.Close()
	p.to = nil
	p.gone = true
	p.cmd.Wait()
	p.release()
	return nil
}
