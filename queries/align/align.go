// Package align holds two sequences of steps against each other: which are the same, which were changed,
// and which only one of them has.
package align

import (
	"slices"
)

// A Step is one step of a session. Steps with equal keys are the same.
type Step struct {
	Key      string
	Activity string // only steps of one activity can be changes of each other
	Target   string // a path, or class and program of commands
}

// What became of a step.
const (
	Same    = "same"
	Changed = "changed"
	OnlyA   = "only_a"
	OnlyB   = "only_b"
)

// A Row is one row of an alignment: the numbers of its steps, from 0; -1 where a side has none.
type Row struct {
	Op         string
	A, B       int
	Similarity float64 // 1 for the same step, 0 where a side has none
}

// patienceFrom is the length of a side from which on sequences are cut at steps that are unique on both:
// the search for the shortest way between two long ones that differ much takes the square of its length.
const patienceFrom = 5000

// Align finds a longest common subsequence, and pairs what is left between its steps by similarity.
// Every step of both sides is in exactly one row, in the order of its side.
func Align(a, b []Step) []Row {
	al := aligner{a: a, b: b}
	al.keys()
	al.split(0, len(a), 0, len(b))
	return al.rows()
}

type aligner struct {
	a, b   []Step
	ka, kb []int // keys as numbers
	same   [][2]int
}

// keys numbers the keys, so that comparing is cheap.
func (al *aligner) keys() {
	number := map[string]int{}
	of := func(steps []Step) []int {
		out := make([]int, len(steps))
		for i, s := range steps {
			n, ok := number[s.Key]
			if !ok {
				n = len(number)
				number[s.Key] = n
			}
			out[i] = n
		}
		return out
	}
	al.ka, al.kb = of(al.a), of(al.b)
}

// split aligns a[a0:a1] with b[b0:b1], long ones piece by piece.
func (al *aligner) split(a0, a1, b0, b1 int) {
	for a0 < a1 && b0 < b1 && al.ka[a0] == al.kb[b0] {
		al.same = append(al.same, [2]int{a0, b0})
		a0, b0 = a0+1, b0+1
	}
	tail := 0
	for a0 < a1-tail && b0 < b1-tail && al.ka[a1-1-tail] == al.kb[b1-1-tail] {
		tail++
	}
	m1, n1 := a1-tail, b1-tail
	if m1-a0 > patienceFrom || n1-b0 > patienceFrom {
		if anchors := al.anchors(a0, m1, b0, n1); len(anchors) > 0 {
			for _, p := range anchors {
				al.split(a0, p[0], b0, p[1])
				al.same = append(al.same, p)
				a0, b0 = p[0]+1, p[1]+1
			}
			al.split(a0, m1, b0, n1)
			a0, b0 = m1, n1
		}
	}
	if a0 < m1 && b0 < n1 {
		al.myers(a0, m1, b0, n1)
	}
	for i := tail; i > 0; i-- {
		al.same = append(al.same, [2]int{a1 - i, b1 - i})
	}
}

// anchors are steps that are unique on both sides, as many as keep their order.
func (al *aligner) anchors(a0, a1, b0, b1 int) [][2]int {
	type seen struct{ n, at int }
	inB := map[int]seen{}
	for j := b0; j < b1; j++ {
		inB[al.kb[j]] = seen{inB[al.kb[j]].n + 1, j}
	}
	inA := map[int]int{}
	for i := a0; i < a1; i++ {
		inA[al.ka[i]]++
	}
	var pairs [][2]int
	for i := a0; i < a1; i++ {
		if s := inB[al.ka[i]]; s.n == 1 && inA[al.ka[i]] == 1 {
			pairs = append(pairs, [2]int{i, s.at})
		}
	}
	// The longest rising row of places in b: for each length the pair that ends it lowest.
	var ends []int
	before := make([]int, len(pairs))
	for i, p := range pairs {
		n, _ := slices.BinarySearchFunc(ends, p[1], func(e, place int) int { return pairs[e][1] - place })
		before[i] = -1
		if n > 0 {
			before[i] = ends[n-1]
		}
		if n == len(ends) {
			ends = append(ends, i)
		} else {
			ends[n] = i
		}
	}
	if len(ends) == 0 {
		return nil
	}
	out := make([][2]int, len(ends))
	for i, at := len(ends)-1, ends[len(ends)-1]; i >= 0; i, at = i-1, before[at] {
		out[i] = pairs[at]
	}
	return out
}

// The search for a shortest way remembers how far it came after each difference; beyond maxDifferences that is
// more than the table of all pairs takes, and beyond maxTable two sequences without anchors are halved.
const (
	maxDifferences = 2000
	maxTable       = 1 << 26
)

// myers finds a longest common subsequence of a[a0:a1] and b[b0:b1] in O(ND): for each number of differences d
// the furthest point on each diagonal k, from those of d-1.
func (al *aligner) myers(a0, a1, b0, b1 int) {
	n, m := a1-a0, b1-b0
	limit := min(n+m, maxDifferences)
	far := make([]int32, 2*limit+3)
	off := limit + 1
	var trace [][]int32 // far of the diagonals -d..d before step d
	for d := 0; d <= limit; d++ {
		trace = append(trace, append([]int32(nil), far[off-d:off+d+1]...))
		for k := -d; k <= d; k += 2 {
			var x int
			if k == -d || k != d && far[off+k-1] < far[off+k+1] {
				x = int(far[off+k+1])
			} else {
				x = int(far[off+k-1]) + 1
			}
			y := x - k
			for x < n && y < m && al.ka[a0+x] == al.kb[b0+y] {
				x, y = x+1, y+1
			}
			far[off+k] = int32(x)
			if x >= n && y >= m {
				al.walkBack(trace, a0, a1, b0, b1)
				return
			}
		}
	}
	if n*m <= maxTable {
		al.table(a0, a1, b0, b1)
		return
	}
	al.split(a0, a0+n/2, b0, b0+m/2)
	al.split(a0+n/2, a1, b0+m/2, b1)
}

// walkBack notes the common steps on the way that was found.
func (al *aligner) walkBack(trace [][]int32, a0, a1, b0, b1 int) {
	x, y := a1-a0, b1-b0
	var found [][2]int
	for d := len(trace) - 1; d >= 0; d-- {
		v, k := trace[d], x-y
		at := func(k int) int32 { return v[k+d] }
		px, py := 0, 0
		if d > 0 {
			before := k - 1
			if k == -d || k != d && at(k-1) < at(k+1) {
				before = k + 1
			}
			px = int(at(before))
			py = px - before
		}
		for x > px && y > py {
			x, y = x-1, y-1
			found = append(found, [2]int{a0 + x, b0 + y})
		}
		x, y = px, py
	}
	slices.Reverse(found)
	al.same = append(al.same, found...)
}

// table finds the same by the table of all pairs.
func (al *aligner) table(a0, a1, b0, b1 int) {
	n, m := a1-a0, b1-b0
	const diagonal, up, left = 1, 2, 3
	way := make([]byte, (n+1)*(m+1))
	row := make([]int32, m+1)
	for i := 1; i <= n; i++ {
		before := int32(0)
		for j := 1; j <= m; j++ {
			above := row[j]
			switch {
			case al.ka[a0+i-1] == al.kb[b0+j-1]:
				row[j], way[i*(m+1)+j] = before+1, diagonal
			case above >= row[j-1]:
				way[i*(m+1)+j] = up
			default:
				row[j], way[i*(m+1)+j] = row[j-1], left
			}
			before = above
		}
	}
	var found [][2]int
	for i, j := n, m; i > 0 && j > 0; {
		switch way[i*(m+1)+j] {
		case diagonal:
			i, j = i-1, j-1
			found = append(found, [2]int{a0 + i, b0 + j})
		case up:
			i--
		default:
			j--
		}
	}
	slices.Reverse(found)
	al.same = append(al.same, found...)
}

// rows puts the common steps in order and pairs what lies between them.
func (al *aligner) rows() []Row {
	var out []Row
	i, j := 0, 0
	for _, p := range append(al.same, [2]int{len(al.a), len(al.b)}) {
		out = al.gap(out, i, p[0], j, p[1])
		if p[0] < len(al.a) {
			out = append(out, Row{Op: Same, A: p[0], B: p[1], Similarity: 1})
		}
		i, j = p[0]+1, p[1]+1
	}
	return out
}

// pairFrom is the similarity from which on a step is a change of another.
const pairFrom = 0.5

// gapLimit bounds the pairs that are looked at between two common steps.
const gapLimit = 1 << 20

// gap writes the rows between two common steps: the most similar pairs first, as long as they do not cross.
func (al *aligner) gap(out []Row, a0, a1, b0, b1 int) []Row {
	type pair struct {
		a, b int
		s    float64
	}
	var pairs []pair
	if (a1-a0)*(b1-b0) <= gapLimit {
		for i := a0; i < a1; i++ {
			for j := b0; j < b1; j++ {
				if s := Similarity(al.a[i], al.b[j]); s >= pairFrom {
					pairs = append(pairs, pair{i, j, s})
				}
			}
		}
	}
	slices.SortStableFunc(pairs, func(x, y pair) int {
		switch {
		case x.s > y.s:
			return -1
		case x.s < y.s:
			return 1
		}
		return 0
	})
	var kept []pair
	for _, p := range pairs {
		if !slices.ContainsFunc(kept, func(k pair) bool { return (p.a-k.a)*(p.b-k.b) <= 0 }) {
			kept = append(kept, p)
		}
	}
	slices.SortFunc(kept, func(x, y pair) int { return x.a - y.a })
	for _, p := range append(kept, pair{a1, b1, 0}) {
		for ; a0 < p.a; a0++ {
			out = append(out, Row{Op: OnlyA, A: a0, B: -1})
		}
		for ; b0 < p.b; b0++ {
			out = append(out, Row{Op: OnlyB, A: -1, B: b0})
		}
		if p.a < a1 {
			out = append(out, Row{Op: Changed, A: p.a, B: p.b, Similarity: p.s})
			a0, b0 = a0+1, b0+1
		}
	}
	return out
}
