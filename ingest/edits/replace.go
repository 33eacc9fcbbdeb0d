package edits

import (
	"bytes"

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

// diff keeps a longest common subsequence of a and b and returns the other lines.
func diff(a, b [][]byte) (added, removed [][]byte) {
	ha, hb := hashes(a), hashes(b)
	// Lines that the other side does not have are changed in any case. What is left is often short even
	// where whole files were rewritten.
	ia, ib := shared(ha, hb), shared(hb, ha)
	n, m := len(ia), len(ib)
	keepA, keepB := make([]bool, len(a)), make([]bool, len(b))
	if n > 0 && m > 0 && n <= maxCells/m {
		common(ha, hb, ia, ib, keepA, keepB)
	}
	for i, l := range a {
		if !keepA[i] {
			removed = append(removed, l)
		}
	}
	for i, l := range b {
		if !keepB[i] {
			added = append(added, l)
		}
	}
	return added, removed
}

func hashes(lines [][]byte) []uint64 {
	h := make([]uint64, len(lines))
	for i, l := range lines {
		h[i] = xxhash.Sum64(l)
	}
	return h
}

// shared returns the indexes of the values of x that are also in y.
func shared(x, y []uint64) []int32 {
	in := make(map[uint64]struct{}, len(y))
	for _, v := range y {
		in[v] = struct{}{}
	}
	var idx []int32
	for i, v := range x {
		if _, ok := in[v]; ok {
			idx = append(idx, int32(i))
		}
	}
	return idx
}

// common marks a longest common subsequence of the lines ia of a and ib of b. The table of lengths is
// kept as one row; of each cell two bits remain that say which way the subsequence goes.
func common(ha, hb []uint64, ia, ib []int32, keepA, keepB []bool) {
	n, m := len(ia), len(ib)
	const (
		both  = 1 // the two lines are the same and are kept
		skipA = 2
		skipB = 3
	)
	way := make([]uint8, (n*m+3)/4)
	row := make([]int32, m+1) // row[j] = length for a[i+1:], b[j:], then for a[i:], b[j:]
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
			keepA[ia[i]], keepB[ib[j]] = true, true
			i++
			j++
		case skipA:
			i++
		default:
			j++
		}
	}
}
