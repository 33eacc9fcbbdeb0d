// Package literal finds many short texts in one pass over a long one.
package literal

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// A Literal is a text of two bytes or more to look for.
type Literal struct {
	Text      string
	Fold      bool // in any case (ASCII); Text is lower case
	LineStart bool // only at the start of a line
	ID        int  // what Scan reports; several literals may share it
}

// A Set finds its literals. It is safe for use by several goroutines.
//
// Of each literal three bytes that are rare in texts are chosen; a table says for every three bytes of
// the text whether they may be such ones. Only there is it compared, so a pass costs about the same
// whatever the number of literals.
type Set struct {
	bucket  [tableSize]uint8 // 0 = nothing begins here, else index into entries + 1
	entries [][]entry
	first   []entry // those that must stand at the start of a line
}

type entry struct {
	Literal
	off int // of the chosen bytes, -1 where the line end before them is the first
}

const tableSize = 1 << 14

// slot is where the table keeps the three low bytes of v.
func slot(v uint64) uint64 { return (v ^ v>>10) & (tableSize - 1) }

// New prepares a set.
func New(list []Literal) *Set {
	s := &Set{}
	var at [tableSize][]int // literals that may stand at a slot
	for i, l := range list {
		if len(l.Text) < 2 {
			panic("literal: too short: " + l.Text)
		}
		e := newEntry(l)
		if l.LineStart {
			s.first = append(s.first, e)
		}
		spread(e.chosen(), 0, 0, l.Fold, func(v uint64) {
			if n := len(at[v]); n == 0 || at[v][n-1] != i {
				at[v] = append(at[v], i)
			}
		})
	}
	// Slots of the same literals share a list. If there are more lists than a byte can name, the last one
	// holds every literal.
	bucket := make(map[string]uint8)
	for v, ids := range at {
		if len(ids) == 0 {
			continue
		}
		key := fmt.Sprint(ids)
		b, ok := bucket[key]
		if !ok {
			if len(s.entries) == 254 {
				ids = ids[:0]
				for i := range list {
					ids = append(ids, i)
				}
			}
			if len(s.entries) < 255 {
				var es []entry
				for _, i := range ids {
					es = append(es, newEntry(list[i]))
				}
				s.entries = append(s.entries, es)
			}
			b = uint8(len(s.entries))
			bucket[key] = b
		}
		s.bucket[v] = b
	}
	return s
}

// spread calls f for the slots of all three bytes that fit chosen, in either case if fold.
func spread(chosen string, i int, v uint64, fold bool, f func(uint64)) {
	if i == 3 {
		f(slot(v))
		return
	}
	if i == len(chosen) { // a literal of two bytes: anything may follow
		for c := range uint64(256) {
			spread(chosen, i+1, v|c<<(8*i), fold, f)
		}
		return
	}
	c := chosen[i]
	spread(chosen, i+1, v|uint64(c)<<(8*i), fold, f)
	if fold && c-'a' < 26 {
		spread(chosen, i+1, v|uint64(c-0x20)<<(8*i), fold, f)
	}
}

// newEntry chooses the three bytes that a text has least often, by guess. Those of a literal that begins
// a line may begin with the line end.
func newEntry(l Literal) entry {
	const common = " etaoinsrlhdcumfpgwybvk" // most common first
	e0 := entry{l, 0}
	best := 1 << 30
	for off := range len(l.Text) {
		e := entry{l, off}
		if l.LineStart {
			e.off--
		}
		chosen := e.chosen()
		if len(chosen) < 3 {
			break
		}
		n := 0
		for k := range chosen {
			if p := strings.IndexByte(common, chosen[k]|0x20); p >= 0 {
				n += len(common) + 4 - p
			}
		}
		if n < best {
			best = n
			e0 = e
		}
	}
	return e0
}

// chosen are the three bytes, or two where the literal has no more.
func (e *entry) chosen() string {
	if e.off < 0 {
		return "\n" + e.Text[:2]
	}
	return e.Text[e.off:min(e.off+3, len(e.Text))]
}

// Scan calls found for each place where a literal stands, with its ID and where it begins. Places come
// in the order of the chosen bytes, so nearly in that of the text. It stops when found returns false.
func (s *Set) Scan(text []byte, found func(id, at int) bool) {
	for k := range s.first {
		e := &s.first[k]
		if len(text) >= len(e.Text) && e.at(text) && !found(e.ID, 0) {
			return
		}
	}
	i := 0
	for ; i+8 <= len(text); i += 6 {
		w := binary.LittleEndian.Uint64(text[i:])
		if s.bucket[slot(w)]|s.bucket[slot(w>>8)]|s.bucket[slot(w>>16)]|
			s.bucket[slot(w>>24)]|s.bucket[slot(w>>32)]|s.bucket[slot(w>>40)] == 0 {
			continue
		}
		for k := range 6 {
			if b := s.bucket[slot(w>>(8*k))]; b != 0 && !s.verify(b, text, i+k, found) {
				return
			}
		}
	}
	for ; i+2 <= len(text); i++ {
		v := uint64(text[i]) | uint64(text[i+1])<<8
		if i+2 < len(text) {
			v |= uint64(text[i+2]) << 16
		}
		if b := s.bucket[slot(v)]; b != 0 && !s.verify(b, text, i, found) {
			return
		}
	}
}

func (s *Set) verify(bucket uint8, text []byte, i int, found func(id, at int) bool) bool {
	list := s.entries[bucket-1]
	for k := range list {
		e := &list[k]
		at := i - e.off
		if at < 0 || len(text)-at < len(e.Text) || e.LineStart && (at == 0 || text[at-1] != '\n') || !e.at(text[at:]) {
			continue
		}
		if !found(e.ID, at) {
			return false
		}
	}
	return true
}

// at reports whether the literal stands at the start of text, which is long enough.
func (e *entry) at(text []byte) bool {
	if !e.Fold {
		return string(text[:len(e.Text)]) == e.Text
	}
	for i := range len(e.Text) {
		c := text[i]
		if c-'A' < 26 {
			c |= 0x20
		}
		if c != e.Text[i] {
			return false
		}
	}
	return true
}
