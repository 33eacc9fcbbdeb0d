package ingest

import (
	"fmt"
	"sort"
	"strings"

	"github.com/agenttrace/agenttrace/ingest/sqlitedb"
)

// A Refusal says why a file was not read.
type Refusal struct {
	Path   string
	Agent  string // whose file it seems to be, if known
	Reason string
}

// detect asks every parser whose a file is. The surest verdict wins; where two are equally sure, the
// one in whose root the file lies. A file that nobody takes comes back with the reason.
//
// A parser of last resort gets what no other knows, not even as something else of its own, and nothing
// that lies among the files of an agent.
func detect(parsers []Parser, c Candidate, head []byte) (Parser, *Refusal) {
	if len(head) == 0 {
		return nil, &Refusal{c.Path, c.Agent, "empty file"}
	}
	if p := owner(parsers, c, head); p != nil {
		return p, nil
	}
	best, verdict, reason := ask(parsers, c, head, false)
	if verdict == Foreign && c.Agent == "" {
		best, verdict, reason = ask(parsers, c, head, true)
	}
	switch {
	case verdict == Foreign:
		return nil, &Refusal{c.Path, c.Agent, "no session log of a known agent: " + describe(head)}
	case verdict == NotSession:
		return nil, &Refusal{c.Path, best[0].Format().Agent, reason}
	case len(best) == 1:
		return best[0], nil
	}
	for _, p := range best {
		if p.Format().Agent == c.Agent {
			return p, nil
		}
	}
	var names []string
	for _, p := range best {
		names = append(names, p.Format().Agent)
	}
	sort.Strings(names)
	return nil, &Refusal{c.Path, "", "could be a log of " + strings.Join(names, " or ")}
}

// owner is the parser in whose agent's root a file lies, if it is sure. The others need not be asked: they
// could at most be as sure, and would then give way.
func owner(parsers []Parser, c Candidate, head []byte) Parser {
	if c.Agent == "" {
		return nil
	}
	for _, p := range parsers {
		if p.Format().Agent == c.Agent && p.Match(c.Path, head).Verdict == Sure {
			return p
		}
	}
	return nil
}

// ask collects the surest of the parsers.
func ask(parsers []Parser, c Candidate, head []byte, fallback bool) (best []Parser, verdict Verdict, reason string) {
	for _, p := range parsers {
		if p.Format().Fallback != fallback {
			continue
		}
		m := p.Match(c.Path, head)
		if m.Verdict > verdict {
			best, verdict, reason = best[:0], m.Verdict, m.Reason
		}
		if m.Verdict == verdict && verdict > Foreign {
			best = append(best, p)
		}
	}
	return best, verdict, reason
}

// describe says in a word what a foreign file looks like, without quoting it.
func describe(head []byte) string {
	switch {
	case sqlitedb.Is(head):
		return "a SQLite database under a name that no agent gives to one"
	case len(head) > 4 && (string(head[:4]) == "\x37\x7f\x06\x82" || string(head[:4]) == "\x37\x7f\x06\x83"):
		return "the write-ahead log of a database, which is read together with it"
	}
	for _, b := range head[:min(len(head), 512)] {
		if b == 0 {
			return "binary data"
		}
	}
	switch text := strings.TrimSpace(string(head[:min(len(head), 512)])); {
	case text == "":
		return "blank"
	case text[0] == '{':
		return "JSON, but not of a known shape"
	case text[0] == '[':
		return "a JSON array, but not of a known shape"
	default:
		return fmt.Sprintf("text that begins with %q", firstRune(text))
	}
}

func firstRune(s string) string {
	for _, r := range s {
		return string(r)
	}
	return ""
}
