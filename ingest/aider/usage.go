package aider

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

// A usage is one line of token counts, and the cost behind or below it.
type usage struct {
	held    bool
	row     schema.ModelCall
	message schema.Picodollars
}

func isUsage(text []byte) bool {
	if rest, ok := bytes.CutPrefix(text, []byte("Tokens: ")); ok {
		n, size := amount(rest)
		return n.Valid && bytes.HasPrefix(rest[size:], []byte(" sent"))
	}
	n, size := amount(text)
	return n.Valid && bytes.HasPrefix(text[size:], []byte(" prompt tokens, "))
}

// amount reads "12", "1,234", "4.2k" or "1235k" at the start of b.
func amount(b []byte) (n schema.Int, size int) {
	var whole, frac, scale int64 = 0, 0, 1
	point := false
	for size < len(b) && size < 16 {
		c := b[size]
		switch {
		case c >= '0' && c <= '9' && point:
			frac, scale = frac*10+int64(c-'0'), scale*10
		case c >= '0' && c <= '9':
			whole = whole*10 + int64(c-'0')
		case c == ',' && size > 0 && size+1 < len(b) && b[size+1] >= '0' && b[size+1] <= '9':
		case c == '.' && !point && size > 0 && size+1 < len(b) && b[size+1] >= '0' && b[size+1] <= '9':
			point = true
		default:
			goto end
		}
		size++
	}
end:
	if size == 0 {
		return schema.Int{}, 0
	}
	factor := int64(1)
	if size < len(b) {
		switch b[size] {
		case 'k', 'K':
			factor, size = 1000, size+1
		case 'M':
			factor, size = 1_000_000, size+1
		}
	}
	return schema.Known(whole*factor + frac*factor/scale), size
}

// usageLine takes one report of tokens: a call of the model ended.
func (s *session) usageLine(text []byte, no int64) {
	var sent, write, hit, received schema.Int
	counts, cost := text, []byte(nil)
	if i := bytes.Index(text, []byte("Cost: $")); i >= 0 {
		counts, cost = text[:i], text[i:]
	}
	counts = bytes.TrimPrefix(counts, []byte("Tokens: "))
	for len(counts) > 0 {
		n, size := amount(counts)
		word := counts[size:]
		end := bytes.Index(word, []byte(", "))
		rest := []byte(nil)
		if end >= 0 {
			word, rest = word[:end], word[end+2:]
		}
		switch string(bytes.TrimRight(bytes.TrimSpace(word), ".")) {
		case "sent", "prompt tokens":
			sent = n
		case "cache write":
			write = n
		case "cache hit", "cached":
			hit = n
		case "received", "completion tokens":
			received = n
		}
		counts = rest
	}
	// The answer before this line is of this call.
	id := s.newID("response")
	s.r.Response = id
	s.flushAnswer()
	s.begin(no, 0)
	s.call = usage{held: true, row: s.r.Model(id)}
	row := &s.call.row
	row.RequestModel = s.model
	if s.editing && s.editor != "" {
		row.RequestModel = s.editor
	}
	if p, _, ok := strings.Cut(row.RequestModel, "/"); ok {
		row.ProviderName = p
	}
	row.UsageQuality = "rounded"
	row.CacheRead, row.CacheCreation5m, row.Output = hit, write, received
	// Sent tokens include the cached ones, as far as the provider's library counts them so; where it
	// cannot be, they are apart.
	var ok bool
	if row.UncachedInput, ok = rows.Minus(sent, write, hit); !ok {
		row.UncachedInput = sent
	}
	s.s.Row.HasUsage = true
	if hit.Valid || write.Valid {
		s.s.Row.HasCache = true
	}
	if cost != nil {
		s.cost(cost)
	} else if i := bytes.Index(text, []byte(", $")); i >= 0 {
		// "$0.001234 cost", in the first versions
		s.call.row.ReportedCostUSD = dollars(text[i+2:])
	}
	s.open, s.reported = false, true
	s.r.Last = rows.LastText
}

// cost takes "Cost: $0.02 message, $0.05 session."
func (s *session) cost(text []byte) {
	text = bytes.TrimPrefix(text, []byte("Cost: "))
	first, second, ok := bytes.Cut(text, []byte(", "))
	s.call.row.ReportedCostUSD = dollars(first)
	if ok {
		// Cumulative since the program started: the last one is the session's.
		if total := dollars(second); total.Valid {
			s.s.Row.ReportedCostUSD = total
		}
	}
}

func dollars(b []byte) schema.Picodollars {
	b, ok := bytes.CutPrefix(b, []byte("$"))
	if !ok {
		return schema.Picodollars{}
	}
	n := 0
	for n < len(b) && (b[n] >= '0' && b[n] <= '9' || b[n] == '.' || b[n] == ',') {
		n++
	}
	v, err := strconv.ParseFloat(strings.ReplaceAll(strings.TrimRight(string(b[:n]), ".,"), ",", ""), 64)
	if err != nil {
		return schema.Picodollars{}
	}
	return rows.Dollars(v)
}

func (s *session) flushCall() {
	if !s.call.held {
		return
	}
	row := &s.call.row
	s.call.held = false
	s.p.log.Put(row)
	s.p.log.Observe(row.ModelCallID, row.Line, row.OccurredAt, row.Usage, "")
}
