package edits

import (
	"bytes"
	"unicode/utf8"

	"github.com/cespare/xxhash/v2"
)

// Churn remembers which lines a session added to which file. The zero value is ready for use.
type Churn struct {
	added map[uint64]int32 // how often each line of a file was added and not taken out again
}

// shortest is the length from which a line counts: shorter ones (braces, ends) are everywhere.
const shortest = 3

// Apply records a change and returns how many of the removed lines the session itself had added
// (trimmed, three characters or more; each added line counts once).
func (c *Churn) Apply(path string, added, removed [][]byte) (selfRemoved int64) {
	p := xxhash.Sum64String(path)
	// First what goes: a line that one change takes out and puts back elsewhere was there before.
	if len(c.added) > 0 {
		for _, l := range removed {
			k, ok := keyOf(p, l)
			if !ok {
				continue
			}
			switch n := c.added[k]; n {
			case 0:
				continue
			case 1:
				delete(c.added, k)
			default:
				c.added[k] = n - 1
			}
			selfRemoved++
		}
	}
	for _, l := range added {
		k, ok := keyOf(p, l)
		if !ok {
			continue
		}
		if c.added == nil {
			c.added = make(map[uint64]int32)
		}
		c.added[k]++
	}
	return selfRemoved
}

// keyOf is the key of a line of a file; ok is false for lines too short to count.
func keyOf(path uint64, line []byte) (k uint64, ok bool) {
	line = bytes.TrimSpace(line)
	if len(line) < shortest {
		return k, false
	}
	// Three characters: runes only matter in the few short lines.
	if len(line) < 4*shortest && utf8.RuneCount(line) < shortest {
		return k, false
	}
	return xxhash.Sum64(line) ^ path, true
}
