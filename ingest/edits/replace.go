package edits

import (
	"bytes"
	"slices"
	"sync"

	"github.com/cespare/xxhash/v2"
)

// maxCells bounds the table of the line diff: two sides of 2,000 lines that have nothing else in common.
const maxCells = 2000 * 2000

// Replace is the change that turns old into new, as lines added and removed (a minimal line diff;
// above a size limit, common head and tail are cut off and the rest counts as replaced).
func Replace(old, new []byte) (added, removed [][]byte) {
	if bytes.Equal(old, new) {
		return nil, nil
	}
	a, b := Lines(old), Lines(new)
	for len(a) > 0 && len(b) > 0 && bytes.Equal(a[0], b[0]) {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && bytes.Equal(a[len(a)-1], b[len(b)-1]) {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	if len(a) == 0 || len(b) == 0 {
		return b, a
	}
	return diff(a, b)
}

// A room is what a line diff works in; it is used again.
type room struct {
	ha, hb       []uint64
	ia, ib       []int32
	keepA, keepB []bool
	way          []uint8
	row          []int32
	in           map[uint64]struct{}
}

var rooms = sync.Pool{New: func() any { return &room{in: map[uint64]struct{}{}} }}

// maxKept is the number of cells, and of lines sixteen times, up to which a room is kept.
const maxKept = 1 << 16

// diff keeps a longest common subsequence of a and b and returns the other lines.
func diff(a, b [][]byte) (added, removed [][]byte) {
	r := rooms.Get().(*room)
	r.ha, r.hb = hashes(r.ha[:0], a), hashes(r.hb[:0], b)
	// Lines that the other side does not have are changed in any case. What is left is often short even
	// where whole files were rewritten.
	r.ia, r.ib = r.shared(r.ia[:0], r.ha, r.hb), r.shared(r.ib[:0], r.hb, r.ha)
	n, m := len(r.ia), len(r.ib)
	r.keepA, r.keepB = cleared(r.keepA, len(a)), cleared(r.keepB, len(b))
	if n > 0 && m > 0 && n <= maxCells/m {
		r.common()
	}
	for i, l := range a {
		if !r.keepA[i] {
			removed = append(removed, l)
		}
	}
	for i, l := range b {
		if !r.keepB[i] {
			added = append(added, l)
		}
	}
	if len(r.way) <= maxKept && len(a)+len(b) <= maxKept/16 {
		rooms.Put(r)
	}
	return added, removed
}

// cleared is a slice of n zero values, in s if there is room.
func cleared[T any](s []T, n int) []T {
	s = slices.Grow(s[:0], n)[:n]
	clear(s)
	return s
}

func hashes(h []uint64, lines [][]byte) []uint64 {
	for _, l := range lines {
		h = append(h, xxhash.Sum64(l))
	}
	return h
}

// shared appends the indexes of the values of x that are also in y.
func (r *room) shared(idx []int32, x, y []uint64) []int32 {
	if len(x)*len(y) <= 256 { // most edits are of a few lines
		for i, v := range x {
			if slices.Contains(y, v) {
				idx = append(idx, int32(i))
			}
		}
		return idx
	}
	clear(r.in)
	for _, v := range y {
		r.in[v] = struct{}{}
	}
	for i, v := range x {
		if _, ok := r.in[v]; ok {
			idx = append(idx, int32(i))
		}
	}
	return idx
}

// common marks a longest common subsequence of the lines ia of a and ib of b. The table of lengths is
// kept as one row; of each cell two bits remain that say which way the subsequence goes.
func (r *room) common() {
	ha, hb, ia, ib := r.ha, r.hb, r.ia, r.ib
	n, m := len(ia), len(ib)
	const (
		both  = 1 // the two lines are the same and are kept
		skipA = 2
		skipB = 3
	)
	r.way, r.row = cleared(r.way, (n*m+3)/4), cleared(r.row, m+1)
	way, row := r.way, r.row // row[j] = length for a[i+1:], b[j:], then for a[i:], b[j:]
	for i := n - 1; i >= 0; i-- {
		diagonal := int32(0) // length for a[i+1:], b[j+1:]
		for j := m - 1; j >= 0; j-- {
			below := row[j] // a[i+1:], b[j:]
			var w uint8
			switch {
			case ha[ia[i]] == hb[ib[j]]:
				row[j] = diagonal + 1
				w = both
			case below >= row[j+1]:
				w = skipA
			default:
				row[j] = row[j+1]
				w = skipB
			}
			diagonal = below
			cell := i*m + j
			way[cell>>2] |= w << (cell & 3 * 2)
		}
	}
	for i, j := 0, 0; i < n && j < m; {
		cell := i*m + j
		switch way[cell>>2] >> (cell & 3 * 2) & 3 {
		case both:
			r.keepA[ia[i]], r.keepB[ib[j]] = true, true
			i++
			j++
		case skipA:
			i++
		default:
			j++
		}
	}
}
