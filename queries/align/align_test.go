package align

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

func steps(text string) []Step {
	var out []Step
	for _, key := range strings.Fields(text) {
		activity, target, _ := strings.Cut(key, "=")
		out = append(out, Step{Key: key, Activity: activity, Target: strings.ReplaceAll(target, "+", " ")})
	}
	return out
}

func show(rows []Row) string {
	var out []string
	for _, r := range rows {
		switch r.Op {
		case Same:
			out = append(out, fmt.Sprintf("%d=%d", r.A, r.B))
		case Changed:
			out = append(out, fmt.Sprintf("%d~%d@%.1f", r.A, r.B, r.Similarity))
		case OnlyA:
			out = append(out, fmt.Sprintf("-%d", r.A))
		case OnlyB:
			out = append(out, fmt.Sprintf("+%d", r.B))
		}
	}
	return strings.Join(out, " ")
}

func TestAlign(t *testing.T) {
	for _, c := range []struct{ name, a, b, want string }{
		{"nothing", "", "", ""},
		{"one side", "e=x e=y", "", "-0 -1"},
		{"other side", "", "e=x", "+0"},
		{"equal", "e=x r=y e=z", "e=x r=y e=z", "0=0 1=1 2=2"},
		{"a step less", "r=a e=b v=test:go", "r=a e=b", "0=0 1=1 -2"},
		{"a step more in the middle", "r=a v=test:go", "r=a e=b v=test:go", "0=0 +1 1=2"},
		{"other file of the folder", "r=lib/a.go e=x", "r=lib/b.go e=x", "0~0@0.5 1=1"},
		{"same file elsewhere", "r=old/lib/a.go", "r=new/lib/a.go", "0~0@0.8"},
		{"same name elsewhere", "r=old/a.go", "r=new/a.go", "0~0@0.6"},
		{"another activity", "r=lib/a.go", "e=lib/a.go", "-0 +0"},
		{"commands", "v=test:go+&&+build:go", "v=test:go", "0~0@0.7"},
		{"other commands", "v=test:go", "v=test:npm", "-0 +0"},
		{"best pair first", "r=x/lib/a.go r=lib/c.go", "r=y/lib/a.go", "0~0@0.8 -1"},
		{"pairs do not cross", "r=p/a.go r=p/b.go", "r=q/b.go r=q/a.go", "+0 0~1@0.6 -1"},
		{"order matters", "e=a e=b", "e=b e=a", "-0 1=0 +1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := show(Align(steps(c.a), steps(c.b))); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestCompare(t *testing.T) {
	// Of 2+2 steps one is the same in order (2/4), both whatever the order (4/4).
	a, b := steps("e=a e=b"), steps("e=b e=a")
	if got := Compare(a, b, Align(a, b)); got != (Likeness{0.5, 1, true}) {
		t.Errorf("got %+v", got)
	}
	// A changed step counts with its similarity: 2*0.8/2.
	a, b = steps("r=old/lib/a.go"), steps("r=new/lib/a.go")
	if got := Compare(a, b, Align(a, b)); math.Abs(got.Sequence-0.8) > 1e-12 || got.Multiset != 0 {
		t.Errorf("got %+v", got)
	}
	if got := Compare(nil, nil, nil); got.Known {
		t.Errorf("nothing is like nothing by %+v", got)
	}
}

// commonLength is the length of a longest common subsequence by the table that everybody knows.
func commonLength(a, b []Step) int {
	row := make([]int, len(b)+1)
	for i := range a {
		before := 0
		for j := range b {
			above := row[j+1]
			if a[i].Key == b[j].Key {
				row[j+1] = before + 1
			} else {
				row[j+1] = max(row[j+1], row[j])
			}
			before = above
		}
	}
	return row[len(b)]
}

// check holds an alignment to its promises.
func check(t *testing.T, a, b []Step, rows []Row) int {
	t.Helper()
	i, j, same := 0, 0, 0
	for _, r := range rows {
		if r.A >= 0 {
			if r.A != i {
				t.Fatalf("step %d of a comes where %d is due", r.A, i)
			}
			i++
		}
		if r.B >= 0 {
			if r.B != j {
				t.Fatalf("step %d of b comes where %d is due", r.B, j)
			}
			j++
		}
		switch r.Op {
		case Same:
			same++
			if a[r.A].Key != b[r.B].Key {
				t.Fatalf("%s is not %s", a[r.A].Key, b[r.B].Key)
			}
		case Changed:
			if a[r.A].Activity != b[r.B].Activity || r.Similarity < pairFrom || r.Similarity >= 1 {
				t.Fatalf("%v cannot be a change", r)
			}
		}
	}
	if i != len(a) || j != len(b) {
		t.Fatalf("%d of %d and %d of %d steps", i, len(a), j, len(b))
	}
	return same
}

func TestAlignIsLongest(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	random := func(n, keys int) []Step {
		out := make([]Step, n)
		for i := range out {
			k := r.IntN(keys)
			out[i] = Step{Key: fmt.Sprint(k), Activity: fmt.Sprint(k % 3), Target: fmt.Sprintf("lib/%d.go", k)}
		}
		return out
	}
	for range 3000 {
		a, b := random(r.IntN(25), 1+r.IntN(8)), random(r.IntN(25), 1+r.IntN(8))
		if got, want := check(t, a, b, Align(a, b)), commonLength(a, b); got != want {
			t.Fatalf("%d common steps, want %d\n%v\n%v", got, want, a, b)
		}
	}
}

// Sequences with very many differences go by the table.
func TestAlignTable(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	a, b := make([]Step, 3000), make([]Step, 2800)
	for _, side := range [][]Step{a, b} {
		for i := range side {
			side[i] = Step{Key: fmt.Sprint(r.IntN(200))}
		}
	}
	if got, want := check(t, a, b, Align(a, b)), commonLength(a, b); got != want {
		t.Errorf("%d common steps, want %d", got, want)
	}
}

// Long sequences are cut at unique steps; of two that differ in little, all that is common is found.
func TestAlignLong(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var a, b []Step
	for i := range 3 * patienceFrom {
		s := Step{Key: fmt.Sprint("read ", i%7), Activity: "explore", Target: "x"}
		if i%10 == 0 {
			s = Step{Key: fmt.Sprint("edit ", i), Activity: "edit", Target: fmt.Sprint(i)}
		}
		a = append(a, s)
		if r.IntN(50) > 0 {
			b = append(b, s)
		}
	}
	if same := check(t, a, b, Align(a, b)); same != len(b) {
		t.Errorf("%d of %d common steps", same, len(b))
	}
	// Nothing in common at all.
	for i := range b {
		b[i] = Step{Key: "other", Activity: "run"}
	}
	if same := check(t, a[:patienceFrom+10], b[:100], Align(a[:patienceFrom+10], b[:100])); same != 0 {
		t.Errorf("%d steps in common", same)
	}
}
