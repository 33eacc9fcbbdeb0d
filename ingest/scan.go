package ingest

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/agenttrace/agenttrace/ingest/sqlitedb"
	"github.com/agenttrace/agenttrace/schema"
)

// A Secret is what a rule found in a text. The value itself is never passed on.
type Secret struct {
	Rule       string
	Confidence string
	ValueHash  schema.ID
}

// A Scanner searches the logs of sources for secrets: their texts as the parsers read them, which tells
// whether a prompt, an answer or a tool holds them, and then all that stands in the file beside.
type Scanner struct {
	Parsers []Parser
	// Find lists the secrets of a text. raw says that it is a line of a log, in which texts are quoted.
	Find func(text string, raw bool) []Secret
}

// Scan searches one source.
func (s *Scanner) Scan(ctx context.Context, k *schema.Source) ([]schema.SecretFinding, error) {
	i := slices.IndexFunc(s.Parsers, func(p Parser) bool { return p.Format().Name() == k.Parser })
	if i < 0 {
		return nil, errors.New("no parser reads it any more")
	}
	c := &collected{find: s.Find, found: map[findingKey]*schema.SecretFinding{}, owners: map[schema.ID]holder{}, values: map[schema.ID]bool{}, ruled: map[lineRule]int64{}}
	if strings.HasPrefix(k.HeadHash, markPrefix) {
		err := s.session(ctx, s.Parsers[i], k.Path, c)
		return c.result(), err
	}
	f, err := os.Open(k.Path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	src := &Source{Path: k.Path, Reader: f, Content: ContentFull, ReadBeside: beside(k.Path), ListBeside: listBeside(k.Path), At: f, Size: info.Size()}
	if err := s.Parsers[i].Parse(ctx, src, c.row); err != nil {
		return nil, err
	}
	c.settle()
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	if err := c.lines(ctx, f); err != nil {
		return nil, err
	}
	return c.result(), nil
}

// session searches one session of a database.
func (s *Scanner) session(ctx context.Context, parser Parser, name string, c *collected) error {
	path, id := "", ""
	for i := range name {
		if name[i] != '#' {
			continue
		}
		if info, err := os.Stat(name[:i]); err == nil && info.Mode().IsRegular() {
			path, id = name[:i], name[i+1:]
			break
		}
	}
	if path == "" {
		return os.ErrNotExist
	}
	return steady(ctx, path, func(db *sqlitedb.DB) error {
		c.reset()
		err := parser.Parse(ctx, sessionSource(&part{path: path, id: id}, db, ContentFull), c.row)
		c.settle()
		return err
	})
}

type findingKey struct {
	line     int64
	location string
	rule     string
	value    schema.ID
}

type lineRule struct {
	line int64
	rule string
}

type holder struct {
	session  schema.ID
	location string
}

// collected is what was found in one source so far.
type collected struct {
	find     func(string, bool) []Secret
	found    map[findingKey]*schema.SecretFinding
	owners   map[schema.ID]holder // messages and calls
	sessions []schema.ID
	values   map[schema.ID]bool
	ruled    map[lineRule]int64
}

func (c *collected) reset() {
	clear(c.found)
	clear(c.owners)
	clear(c.values)
	clear(c.ruled)
	c.sessions = nil
}

// row takes what a parser emits.
func (c *collected) row(row schema.Row) error {
	switch x := row.(type) {
	case *schema.Session:
		if !slices.Contains(c.sessions, x.SessionID) {
			c.sessions = append(c.sessions, x.SessionID)
		}
	case *schema.Message:
		location := "prompt"
		switch x.Role {
		case "assistant":
			location = "answer"
		case "tool":
			location = "tool_result"
		}
		c.owners[x.MessageID] = holder{x.SessionID, location}
	case *schema.ToolCall:
		c.owners[x.ToolCallID] = holder{x.SessionID, ""}
	case *schema.Text:
		location := ""
		switch x.Part {
		case "args":
			location = "tool_args"
		case "result":
			location = "tool_result"
		}
		for _, s := range c.find(x.Body, false) {
			c.add(x.Line, location, s, x.OwnerID)
		}
	}
	return nil
}

func (c *collected) add(line int64, location string, s Secret, of schema.ID) {
	k := findingKey{line, location, s.Rule, s.ValueHash}
	f := c.found[k]
	if f == nil {
		f = &schema.SecretFinding{Line: line, OwnerID: of, Location: location, RuleID: s.Rule, ValueHash: s.ValueHash, Confidence: s.Confidence}
		c.found[k] = f
	}
	f.OccurrenceCount++
	c.values[s.ValueHash] = true
	c.ruled[lineRule{line, s.Rule}]++
}

// settle gives each finding the session and place of its owner, which may have come later.
func (c *collected) settle() {
	for _, f := range c.found {
		o := c.owners[f.OwnerID]
		f.SessionID = o.session
		if f.Location == "" {
			if f.Location = o.location; f.Location == "" {
				f.Location = "file"
			}
		}
		if f.SessionID == 0 && len(c.sessions) == 1 {
			f.SessionID = c.sessions[0]
		}
	}
}

// scanChunk bounds what is in memory of one line; pieces overlap, so that what lies on a border is found.
const (
	scanChunk   = 4 << 20
	scanOverlap = 16 << 10
)

// lines searches the file itself for what no text of the parser held.
func (c *collected) lines(ctx context.Context, f io.Reader) error {
	r := bufio.NewReaderSize(f, 1<<20)
	head, err := r.Peek(512)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if bytes.IndexByte(head, 0) >= 0 || bytes.HasPrefix(head, []byte("\x28\xb5\x2f\xfd")) || bytes.HasPrefix(head, []byte("PK\x03\x04")) {
		return nil // compressed or binary: the parser's texts are all that can be read
	}
	seen := map[findingKey]bool{}
	var buf []byte
	for line := int64(1); ; {
		if err := ctx.Err(); err != nil {
			return err
		}
		part, err := r.ReadSlice('\n')
		buf = append(buf, part...)
		ended := err == nil || errors.Is(err, io.EOF)
		if !ended && !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
		if ended || len(buf) >= scanChunk {
			c.line(line, string(buf), seen)
			if keep := buf[max(0, len(buf)-scanOverlap):]; !ended {
				buf = append(buf[:0], keep...)
			} else {
				buf = buf[:0]
				clear(seen)
				line++
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
	}
}

// line adds the secrets of a line that its texts did not show: what the line holds more often, or elsewhere.
func (c *collected) line(line int64, text string, seen map[findingKey]bool) {
	counts := map[string]int64{}
	for _, s := range c.find(text, true) {
		counts[s.Rule]++
		k := findingKey{line, "file", s.Rule, s.ValueHash}
		if c.values[s.ValueHash] && c.found[k] == nil || counts[s.Rule] <= c.ruled[lineRule{line, s.Rule}] && c.found[k] == nil || seen[k] {
			continue
		}
		seen[k] = true
		f := c.found[k]
		if f == nil {
			f = &schema.SecretFinding{Line: line, Location: "file", RuleID: s.Rule, ValueHash: s.ValueHash, Confidence: s.Confidence}
			if len(c.sessions) == 1 {
				f.SessionID = c.sessions[0]
			}
			c.found[k] = f
		}
		f.OccurrenceCount++
	}
}

func (c *collected) result() []schema.SecretFinding {
	var out []schema.SecretFinding
	for _, f := range c.found {
		out = append(out, *f)
	}
	slices.SortFunc(out, func(a, b schema.SecretFinding) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Location, b.Location), cmp.Compare(a.RuleID, b.RuleID), cmp.Compare(a.ValueHash, b.ValueHash))
	})
	return out
}

// Unquote takes the escapes of JSON out of a piece of a quoted text, as far as they are right: so a value
// has one form, whether it is read in a line of a log or in the text that the line holds.
func Unquote(piece string) string {
	if !strings.Contains(piece, `\`) {
		return piece
	}
	if out, err := strconv.Unquote(`"` + piece + `"`); err == nil {
		return out
	}
	return strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\"`, `"`, `\t`, "\t", `\r`, "\r", `\/`, "/").Replace(piece)
}
