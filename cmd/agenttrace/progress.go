package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/queries/render"
)

// A progress draws one line on a terminal, from half a second into a long step on.
type progress struct {
	e     *env
	on    bool
	began time.Time
	shown bool
}

func newProgress(e *env, c *common) *progress {
	return &progress{e: e, on: e.stderrTTY && !c.quiet, began: time.Now()}
}

func (p *progress) report(s ingest.Progress) {
	if !p.on || time.Since(p.began) < 400*time.Millisecond {
		return
	}
	p.shown = true
	line := s.Step
	if s.TotalBytes > 0 {
		const width = 24
		done := int(int64(width) * s.Bytes / s.TotalBytes)
		rate := float64(s.Bytes) / time.Since(p.began).Seconds()
		line = fmt.Sprintf("%s %s%s %s of %s · %d of %d files · %s/s", s.Step, strings.Repeat("█", done), strings.Repeat("░", width-done),
			render.Bytes(s.Bytes), render.Bytes(s.TotalBytes), s.Files, s.TotalFiles, render.Bytes(int64(rate)))
	}
	fmt.Fprintf(p.e.stderr, "\r\x1b[K%s", line)
}

func (p *progress) done() {
	if p.shown {
		fmt.Fprint(p.e.stderr, "\r\x1b[K")
	}
}
