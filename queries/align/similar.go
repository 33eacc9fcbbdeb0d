package align

import "strings"

// Similarity says how much one step is like another, 0 to 1. Steps of different activities have nothing in
// common. Commands are alike if class and program are; paths by their components from the right: the same
// base name in the same folder of another place, the same base name, the same folder.
func Similarity(a, b Step) float64 {
	switch {
	case a.Activity != b.Activity:
		return 0
	case a.Key == b.Key:
		return 1
	}
	if isCommand(a.Target) || isCommand(b.Target) {
		if isCommand(a.Target) && isCommand(b.Target) && sharesCommand(a.Target, b.Target) {
			return 0.7
		}
		return 0
	}
	pa, pb := parts(a.Target), parts(b.Target)
	if len(pa) == 0 || len(pb) == 0 {
		return 0
	}
	sameBase := pa[len(pa)-1] == pb[len(pb)-1]
	switch {
	case sameBase && len(pa) > 1 && len(pb) > 1 && pa[len(pa)-2] == pb[len(pb)-2]:
		return 0.8
	case sameBase:
		return 0.6
	case len(pa) > 1 && len(pa) == len(pb) && strings.Join(pa[:len(pa)-1], "/") == strings.Join(pb[:len(pb)-1], "/"):
		return 0.5
	}
	return 0
}

// isCommand tells "test:go && vcs_read:git" from a path.
func isCommand(target string) bool {
	class, _, ok := strings.Cut(target, ":")
	return ok && class != "" && !strings.ContainsAny(class, `/\.`)
}

func sharesCommand(a, b string) bool {
	for _, x := range strings.Split(a, " && ") {
		for _, y := range strings.Split(b, " && ") {
			if x == y {
				return true
			}
		}
	}
	return false
}

func parts(path string) []string {
	return strings.FieldsFunc(path, func(r rune) bool { return r == '/' || r == '\\' })
}

// Likeness of two sequences, 0 to 1.
type Likeness struct {
	Sequence float64 // in order: twice the same steps over all, changed ones by their similarity
	Multiset float64 // whatever the order: what the two have in common
	Known    bool    // false where neither side has a step
}

// Compare measures an alignment.
func Compare(a, b []Step, rows []Row) Likeness {
	total := len(a) + len(b)
	if total == 0 {
		return Likeness{}
	}
	var l Likeness
	l.Known = true
	for _, r := range rows {
		if r.Op == Same || r.Op == Changed {
			l.Sequence += 2 * r.Similarity / float64(total)
		}
	}
	count := map[string]int{}
	for _, s := range a {
		count[s.Key]++
	}
	for _, s := range b {
		if count[s.Key] > 0 {
			count[s.Key]--
			l.Multiset += 2 / float64(total)
		}
	}
	return l
}
