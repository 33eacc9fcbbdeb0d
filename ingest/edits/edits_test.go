package edits

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestRole(t *testing.T) {
	for path, want := range map[string]string{
		"main.go":                     "code",
		"src/app.tsx":                 "code",
		"/home/u/p/src/lib.rs":        "code",
		`C:\work\app\Program.cs`:      "code",
		"migrations/001_init.sql":     "code",
		"scripts/run.sh":              "code",
		"contest/latest.py":           "code",
		"a_test.go":                   "test",
		"src/app.test.tsx":            "test",
		"src/app.spec.ts":             "test",
		"tests/unit/a.py":             "test",
		"test_a.py":                   "test",
		"pkg/testdata/in.json":        "test",
		"src/__tests__/a.js":          "test",
		`C:\work\App.Tests\A.cs`:      "test",
		"src/test/java/a/BTest.java":  "test",
		"package-lock.json":           "generated",
		"Cargo.lock":                  "generated",
		"go.sum":                      "generated",
		"static/app.min.js":           "generated",
		"dist/index.js":               "generated",
		`web\node_modules\x\index.js`: "generated",
		"vendor/github.com/x/y/z.go":  "generated",
		"target/debug/build.rs":       "generated",
		"api/v1/a.pb.go":              "generated",
		"README.md":                   "doc",
		"LICENSE":                     "doc",
		"docs/guide.rst":              "doc",
		"notes.txt":                   "doc",
		"package.json":                "config",
		"Dockerfile":                  "config",
		"Makefile":                    "config",
		"go.mod":                      "config",
		".github/workflows/ci.yml":    "config",
		"pyproject.toml":              "config",
		".gitignore":                  "config",
		".env.local":                  "config",
		"vite.config.ts":              "config",
		"requirements.txt":            "config",
		"CMakeLists.txt":              "config",
		"data/rows.csv":               "data",
		"logo.png":                    "data",
		"db/dump.sql":                 "data",
		"":                            "code",
		"/":                           "code",
	} {
		if got := Role(path); got != want {
			t.Errorf("%q is %s, want %s", path, got, want)
		}
	}
}

// show writes changes in one line each.
func show(list []Change) string {
	var b strings.Builder
	for _, c := range list {
		fmt.Fprintf(&b, "%s %s", c.Op, c.Path)
		if c.MovedTo != "" {
			b.WriteString(" -> " + c.MovedTo)
		}
		fmt.Fprintf(&b, " +%s -%s\n", bytes.Join(c.Added, []byte("|")), bytes.Join(c.Removed, []byte("|")))
	}
	return b.String()
}

func TestParsePatch(t *testing.T) {
	cases := []struct{ name, patch, want string }{
		{"update", "*** Begin Patch\n*** Update File: a/b.go\n@@ func x\n ctx\n-old\n+new\n+more\n*** End Patch\n",
			"modify a/b.go +new|more -old\n"},
		{"three files", "*** Begin Patch\n*** Add File: n.txt\n+one\n+\n*** Delete File: d.txt\n*** Update File: u.txt\n*** Move to: v.txt\n@@\n-a\n+b\n*** End of File\n*** End Patch",
			"create n.txt +one| -\ndelete d.txt + -\nmove u.txt -> v.txt +b -a\n"},
		{"carriage returns", "*** Begin Patch\r\n*** Update File: a b.txt\r\n@@\r\n-x\r\n+y\r\n*** End Patch\r\n",
			"modify a b.txt +y -x\n"},
		{"inside a command", "apply_patch <<'EOF'\n*** Begin Patch\n*** Update File: a\n@@\n-x\n+y\n*** End Patch\nEOF\n",
			"modify a +y -x\n"},
		{"no end", "*** Begin Patch\n*** Update File: a\n@@\n-x\n+y",
			"modify a +y -x\n"},
		{"git", "diff --git a/x.go b/x.go\nindex 1..2 100644\n--- a/x.go\n+++ b/x.go\n@@ -1,3 +1,3 @@ func\n a\n-b\n+c\n d\n",
			"modify x.go +c -b\n"},
		{"git create and delete", "diff --git a/n b/n\nnew file mode 100644\nindex 0..1\n--- /dev/null\n+++ b/n\n@@ -0,0 +1,2 @@\n+a\n+b\ndiff --git a/d b/d\ndeleted file mode 100644\n--- a/d\n+++ /dev/null\n@@ -1 +0,0 @@\n-z\n",
			"create n +a|b -\ndelete d + -z\n"},
		{"git rename", "diff --git a/o.go b/n.go\nsimilarity index 90%\nrename from o.go\nrename to n.go\n--- a/o.go\n+++ b/n.go\n@@ -1 +1 @@\n-a\n+b\n",
			"move o.go -> n.go +b -a\n"},
		{"git rename without change", "diff --git a/o.go b/n.go\nsimilarity index 100%\nrename from o.go\nrename to n.go\n",
			"move o.go -> n.go + -\n"},
		{"git empty file", "diff --git a/e b/e\nnew file mode 100644\nindex 0..1\n",
			"create e + -\n"},
		{"plain", "--- old/a.c\t2026-01-01 10:00:00\n+++ old/a.c\t2026-01-01 10:00:01\n@@ -1 +1 @@\n-x\n+y\n\\ No newline at end of file\n",
			"modify old/a.c +y -x\n"},
		{"lines like headers", "--- a/x.sql\n+++ b/x.sql\n@@ -1,2 +1,2 @@\n--- old comment\n+++ new\n k\n",
			"modify x.sql +++ new --- old comment\n"},
		{"two plain files", "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-1\n+2\n--- a/y\n+++ b/y\n@@ -1 +1 @@\n-3\n+4\n",
			"modify x +2 -1\nmodify y +4 -3\n"},
		{"hunk without counts", "--- a/x\n+++ b/x\n@@ ... @@\n-1\n+2\n",
			"modify x +2 -1\n"},
		{"blank context line", "--- a/x\n+++ b/x\n@@ -1,3 +1,3 @@\n a\n\n-1\n+2\n",
			"modify x +2 -1\n"},
		{"quoted path", "diff --git \"a/\\303\\244.txt\" \"b/\\303\\244.txt\"\n--- \"a/\\303\\244.txt\"\n+++ \"b/\\303\\244.txt\"\n@@ -1 +1 @@\n-x\n+y\n",
			"modify ä.txt +y -x\n"},
		{"no patch", "hello\n- a\n+ b\n", ""},
		{"nothing", "", ""},
	}
	for _, c := range cases {
		if got := show(ParsePatch([]byte(c.patch))); got != c.want {
			t.Errorf("%s: got\n%swant\n%s", c.name, got, c.want)
		}
	}
}

func TestLines(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "a": "[a]", "a\n": "[a]", "a\nb": "[a][b]", "a\r\nb\r\n": "[a][b]", "\n": "[]", "\n\n": "[][]", "a\n\nb": "[a][][b]",
	} {
		got := ""
		for _, l := range Lines([]byte(text)) {
			got += "[" + string(l) + "]"
		}
		if got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

func TestReplace(t *testing.T) {
	for _, c := range []struct{ old, new, want string }{
		{"", "", "+ -"},
		{"a\nb\n", "a\nb\n", "+ -"},
		{"", "a\nb\n", "+a|b -"},
		{"a\nb\n", "", "+ -a|b"},
		{"a\nb\nc", "a\nx\nc", "+x -b"},
		{"a\nb", "a\nb\n", "+ -"},
		{"a\nb\nc\nd\ne", "a\nX\nc\nY\ne", "+X|Y -b|d"},
		{"1\n2\n3", "3\n1\n2", "+3 -3"},
		{"x\nx\ny", "y\nx\nx", "+y -y"},
	} {
		add, rem := Replace([]byte(c.old), []byte(c.new))
		if got := fmt.Sprintf("+%s -%s", bytes.Join(add, []byte("|")), bytes.Join(rem, []byte("|"))); got != c.want {
			t.Errorf("%q to %q: %s, want %s", c.old, c.new, got, c.want)
		}
	}
}

// lcs is the length of a longest common subsequence, the slow way.
func lcs(a, b []string) int {
	t := make([][]int, len(a)+1)
	for i := range t {
		t[i] = make([]int, len(b)+1)
	}
	for i := range a {
		for j := range b {
			if a[i] == b[j] {
				t[i+1][j+1] = t[i][j] + 1
			} else {
				t[i+1][j+1] = max(t[i][j+1], t[i+1][j])
			}
		}
	}
	return t[len(a)][len(b)]
}

// The diff is minimal, and what is left of both sides is the same text.
func TestReplaceIsMinimal(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	side := func() []string {
		s := make([]string, r.IntN(12))
		for i := range s {
			s[i] = string(rune('a' + r.IntN(4)))
		}
		return s
	}
	for range 5000 {
		a, b := side(), side()
		add, rem := Replace([]byte(strings.Join(a, "\n")+"\n"), []byte(strings.Join(b, "\n")+"\n"))
		if len(a) == 0 || len(b) == 0 {
			continue // an empty list joins to one empty line
		}
		if n := lcs(a, b); len(rem) != len(a)-n || len(add) != len(b)-n {
			t.Fatalf("%v to %v: %d added, %d removed, %d common", a, b, len(add), len(rem), n)
		}
	}
}

func TestReplaceOfLargeTexts(t *testing.T) {
	var a, b strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&a, "line %d\n", i%2500)
		fmt.Fprintf(&b, "line %d\n", (i*7)%2500)
	}
	add, rem := Replace([]byte("head\n"+a.String()+"tail\n"), []byte("head\n"+b.String()+"tail\n"))
	if len(add) == 0 || len(add) != len(rem) || len(add) > 5000 {
		t.Errorf("%d added, %d removed", len(add), len(rem))
	}
	// One changed line in a long text costs one line.
	c := strings.Replace(a.String(), "line 77\n", "line x\n", 1)
	if add, rem := Replace([]byte(a.String()), []byte(c)); len(add) != 1 || len(rem) != 1 {
		t.Errorf("%d added, %d removed, want 1 and 1", len(add), len(rem))
	}
}

func TestChurn(t *testing.T) {
	lines := func(s string) [][]byte { return bytes.Split([]byte(s), []byte("|")) }
	var c Churn
	for i, s := range []struct {
		path, added, removed string
		want                 int64
	}{
		{"a", "alpha|beta|beta|}", "older", 0},
		{"a", "gamma", "beta", 1},
		{"b", "", "alpha", 0},           // another file
		{"a", "", "  alpha  |}|old", 1}, // trimmed; too short; not its own
		{"a", "", "alpha", 0},           // taken out already
		{"a", "", "beta|beta", 1},       // added twice, one is gone
		{"a", "äö", "", 0},
		{"a", "", "äö", 0}, // four bytes, two characters
		{"a", "äöü", "", 0},
		{"a", "", "äöü", 1},
		{"a", "moved", "moved", 0}, // was there before
	} {
		if got := c.Apply(s.path, lines(s.added), lines(s.removed)); got != s.want {
			t.Errorf("step %d: %d, want %d", i, got, s.want)
		}
	}
}

func FuzzPatch(f *testing.F) {
	f.Add([]byte("*** Begin Patch\n*** Move to: x\n*** Update File: a\n@@\n-x\n+y"))
	f.Add([]byte("diff --git a/o b/n\n--- a/o\n+++ b/n\n@@ -1,9 +1,9 @@\n-a\n+b\n--- x\n+++ y\n"))
	f.Add([]byte("--- /dev/null\n+++ /dev/null\n@@ -0,0 +1 @@\n+\n"))
	f.Add([]byte("diff --git \"a"))
	f.Fuzz(func(t *testing.T, b []byte) {
		n := 0
		for _, c := range ParsePatch(b) {
			n += len(c.Added) + len(c.Removed)
			switch c.Op {
			case "create", "modify", "delete", "move":
			default:
				t.Fatalf("op %q", c.Op)
			}
		}
		if n > len(Lines(b)) {
			t.Fatalf("%d lines out of %d", n, len(Lines(b)))
		}
		k := len(b) / 2
		Replace(b[:k], b[k:])
	})
}

func BenchmarkReplace(b *testing.B) {
	var x, y strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&x, "line %d\n", i%100)
		fmt.Fprintf(&y, "line %d\n", (i*7)%100)
	}
	old, new := []byte(x.String()), []byte(y.String())
	b.SetBytes(int64(len(old) + len(new)))
	for b.Loop() {
		Replace(old, new)
	}
}

func BenchmarkPatch(b *testing.B) {
	p := []byte("*** Begin Patch\n" + strings.Repeat("*** Update File: src/a.go\n@@ func a\n context of the line\n-\told line of code\n+\tnew line of code\n", 50) + "*** End Patch\n")
	b.SetBytes(int64(len(p)))
	for b.Loop() {
		ParsePatch(p)
	}
}
