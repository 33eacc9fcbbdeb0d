package main

import (
	"encoding/xml"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/agenttrace/agenttrace/queries/render"
	"github.com/agenttrace/agenttrace/queries/report"
)

// What JUnit's readers agree on: a suite of cases, each passed, failed, skipped or in error.
type junitSuite struct {
	XMLName  xml.Name    `xml:"testsuite"`
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Class   string     `xml:"classname,attr"`
	Name    string     `xml:"name,attr"`
	Failure *junitText `xml:"failure,omitempty"`
	Error   *junitText `xml:"error,omitempty"`
	Skipped *junitText `xml:"skipped,omitempty"`
	Out     string     `xml:"system-out,omitempty"`
}

type junitText struct {
	Message string `xml:"message,attr"`
	Body    string `xml:",chardata"`
}

// writeJUnit writes the verdicts as test cases. What cannot be judged is an error where it decides, and
// skipped where it does not.
func writeJUnit(w io.Writer, gates []gate, redact func(string) string) error {
	s := junitSuite{Name: "agenttrace gate", Tests: len(gates)}
	for _, g := range gates {
		reason := plain(g.Reason, redact)
		c := junitCase{Class: "agenttrace.gate", Name: g.Name, Out: plain(g.Over, redact)}
		text := &junitText{Message: reason, Body: plain(gateDetail(g), redact)}
		switch {
		case g.fails() && g.Status == "fail":
			c.Failure = text
			s.Failures++
		case g.fails():
			c.Error = text
			s.Errors++
		case g.Status != "pass" && g.Status != "warn":
			c.Skipped = text
			s.Skipped++
		default:
			c.Out = reason + "\n" + c.Out
		}
		s.Cases = append(s.Cases, c)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(s); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// plain is text from logs as a file for other programs may hold it.
func plain(s string, redact func(string) string) string {
	if redact != nil {
		s = redact(s)
	}
	return clean(s)
}

func gateDetail(g gate) string {
	out := g.Over
	if len(g.Worst) > 0 {
		out += "; worst sessions: " + strings.Join(g.Worst, ", ")
	}
	return out + "; ask: " + g.Query
}

// Of each kind GitHub shows ten annotations a step.
const maxAnnotations = 10

// writeGitHub prints annotations, the worst first, and adds the report to the summary of the job.
func writeGitHub(r *reporter, rep *report.Report, gates []gate) error {
	sorted := slices.Clone(gates)
	slices.SortStableFunc(sorted, func(a, b gate) int { return slices.Index(statuses, b.Status) - slices.Index(statuses, a.Status) })
	shown := map[string]int{}
	for _, g := range sorted {
		kind := ""
		switch {
		case g.fails():
			kind = "error"
		case g.Status == "warn" || g.Status == "incomplete":
			kind = "warning"
		case g.Status == "collecting":
			kind = "notice"
		}
		if shown[kind]++; kind == "" || shown[kind] > maxAnnotations {
			continue
		}
		// The runner reads commands line by line, from either stream.
		fmt.Fprintf(r.e.stderr, "::%s title=%s::%s\n", kind, annotation(gateLabel(g), true), annotation(plain(g.Reason+"; "+gateDetail(g), r.redact()), false))
	}
	path := os.Getenv("GITHUB_STEP_SUMMARY")
	if path == "" {
		return nil
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	if err := render.WriteDoc(f, rep.Doc(), render.DocOptions{Format: "markdown", Redact: r.redact()}); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

// annotation escapes a text as GitHub's workflow commands want it.
func annotation(s string, property bool) string {
	s = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
	if property {
		s = strings.NewReplacer(":", "%3A", ",", "%2C").Replace(s)
	}
	return s
}
