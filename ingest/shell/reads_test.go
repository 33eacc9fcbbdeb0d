package shell

import (
	"fmt"
	"strings"
	"testing"

	"github.com/agenttrace/agenttrace/schema"
)

func showReads(list []Read) string {
	num := func(n schema.Int) string {
		if !n.Valid {
			return ""
		}
		return fmt.Sprint(n.V)
	}
	var out []string
	for _, r := range list {
		s := r.Path
		if r.Start.Valid || r.End.Valid {
			s += "@" + num(r.Start) + "-" + num(r.End)
		}
		out = append(out, s)
	}
	return strings.Join(out, " ")
}

func TestReads(t *testing.T) {
	for _, c := range []struct{ script, want string }{
		{"cat a.go", "a.go"},
		{"cat -n a.go b.go", "a.go b.go"},
		{"cat 'a b.txt' \"c\"", "a b.txt c"},
		{"cat < in.txt", "in.txt"},
		{"cat > out.txt <<'EOF'\ncat x\nEOF", ""},
		{"cat <<EOF > out.txt\nx\nEOF", ""},
		{"cat a 2>/dev/null | grep x", "a"},
		{"cat /dev/stdin -", ""},
		{"cat src/*.go", "src/*.go"},
		{"cat $(ls | head -1)", ""},
		{"cat $FILE", "$FILE"},
		{"sed -n '5,9p' a.go", "a.go@5-9"},
		{"sed -n 5p a.go", "a.go@5-5"},
		{"sed -n '5,$p' a.go", "a.go@5-"},
		{"sed -n '5,+3p' a.go", "a.go@5-8"},
		{"sed -n '1,3p;10,12p' a.go", "a.go@1-3 a.go@10-12"},
		{"sed -n -e '1,3p' a.go", "a.go@1-3"},
		{"sed -ne '1,3p' a.go", "a.go@1-3"},
		{"sed -n '1,3p' a.go b.go", "a.go@1-3 b.go@1-3"},
		{"sed -n '/x/,/y/p' a.go", "a.go"},
		{"sed 's/a/b/' a.go", "a.go"},
		{"sed -i 's/a/b/' a.go", ""},
		{"head a", "a@1-10"},
		{"head -n 20 a", "a@1-20"},
		{"head -20 a", "a@1-20"},
		{"head -n20 a", "a@1-20"},
		{"head --lines=20 a", "a@1-20"},
		{"head -c 100 a", "a"},
		{"head -n -5 a", "a"},
		{"tail -20 a", "a"},
		{"tail -n +5 a", "a@5-"},
		{"tail -f a", "a"},
		{"nl -ba a.go | sed -n '5,9p'", "a.go@5-9"},
		{"cat a.go | head -20", "a.go@1-20"},
		{"cat a.go | sed 's/x/y/'", "a.go"},
		{"cat a b | head -5", "a b"},
		{"ls | head -5", ""},
		{"bat -r 5:9 a.go", "a.go@5-9"},
		{"bat --style plain a.go", "a.go"},
		{"awk 'NR>=5 && NR<=9' a.go", "a.go@5-9"},
		{"awk 'NR>=5 && NR<=9 {print NR\": \"$0}' a.go", "a.go@5-9"},
		{"awk -F: '{print $1}' a.txt", "a.txt"},
		{"awk '{print}' a b", ""},
		{"type ls", ""},
		{`type src\a.go`, `src\a.go`},
		{"Get-Content a.ps1", "a.ps1"},
		{"Get-Content -Path 'a b.txt' -TotalCount 30", "a b.txt@1-30"},
		{"Get-Content a.txt -Tail 5", "a.txt"},
		{`Get-Content C:\x\a.txt | Select-Object -Skip 10 -First 5`, `C:\x\a.txt@11-15`},
		{"cd sub && cat a.go", "sub/a.go"},
		{"cd /repo; cd sub; cat ../b /c", "/repo/b /c"},
		{"cd \"$DIR\" && cat a", "a"},
		{"bash -lc \"sed -n '1,5p' x.py\"", "x.py@1-5"},
		{"cat a | xargs cat", "a"},
		{"grep x a.go", ""},
	} {
		if got := showReads(Reads(Split(c.script))); got != c.want {
			t.Errorf("%q\n got %s\nwant %s", c.script, got, c.want)
		}
	}
}
