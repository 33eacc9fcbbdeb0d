package shell

import (
	"strings"
	"testing"
	"time"
)

// show writes parts in a short form: program:subcommand rest, then >f for a written file, |< for what
// stands behind a pipe, and the operator.
func show(parts []Part) string {
	var out []string
	for _, p := range parts {
		s := p.Program
		if p.Subcommand != "" {
			s += ":" + p.Subcommand
		}
		if p.Rest != "" {
			s += " " + p.Rest
		}
		if p.PipedInto {
			s = "|< " + s
		}
		if p.WritesFile {
			s += " ~f"
		}
		out = append(out, s+" ["+p.Op+"]")
	}
	return strings.Join(out, " ")
}

var splits = []struct{ script, want string }{
	{"", ""},
	{"  \n\t ", ""},
	{"# only a comment", ""},
	{"ls", "ls []"},
	{"ls -la  src", "ls -la src []"},
	{"cd /repo && go test ./...", "cd /repo [&&] go:test test ./... []"},
	{"a; b", "a [;] b []"},
	{"a;\nb\n", "a [;] b []"},
	{"a\n\n# note\nb # tail\nc", "a [newline] b [newline] c []"},
	{"a || b", "a [||] b []"},
	{"a && b || c; d & e", "a [&&] b [||] c [;] d [&] e []"},
	{"npm start &", "npm:start start [&]"},
	{"cat x | grep -n 'a|b' | head -5", "cat x [|] |< grep -n 'a|b' [|] |< head -5 []"},
	{"a |& b", "a [|] |< b []"},
	{"a |\n  b", "a [|] |< b []"},
	{"a && \\\n  b --c \\\n d", "a [&&] b --c d []"},
	{"echo 'a && b; c' \"d | e\" f\\;g", "echo 'a && b; c' \"d | e\" f\\;g []"},
	{"echo \"it's\" && ls", "echo \"it's\" [&&] ls []"},
	{"echo $(git log | head -1) done", "echo $(git log | head -1) done []"},
	{"echo `date; ls` x; y", "echo `date; ls` x [;] y []"},
	{"echo \"$(cat <<'EOF'\nit's (odd)\nEOF\n)\" && ls", "echo \"$(cat <<'EOF' it's (odd) EOF )\" [&&] ls []"},
	{"git commit -m \"$(cat <<'EOF'\nfix: don't (ever) `x`\n\n- \"quoted\nEOF\n)\" && git push", "git:commit commit -m \"$(cat <<'EOF' fix: don't (ever) `x` - \"quoted EOF )\" [&&] git:push push []"},
	{"git --no-pager -C sub log -3", "git:log -C sub log -3 []"},
	{"git -c core.pager=cat diff", "git:diff -c core.pager=cat diff []"},

	// Redirects.
	{"make 2>&1", "make []"},
	{"make >/dev/null 2>&1 && x", "make [&&] x []"},
	{"go build ./... 2>&1 | tail -5", "go:build build ./... [|] |< tail -5 []"},
	{"x &> /dev/null; y", "x [;] y []"},
	{"x > out.txt", "x > out.txt ~f []"},
	{"x >>out.txt 2>/dev/null", "x >>out.txt ~f []"},
	{"x 2>err.log", "x 2>err.log ~f []"},
	{"x &>all.log", "x &>all.log ~f []"},
	{"sort < in.txt", "sort < in.txt []"},
	{"dir > NUL", "dir []"},
	{"Get-Item x 2>$null", "get-item x []"},
	{"diff <(a | b) <(c; d)", "diff <(a | b) <(c; d) []"},
	{"cat <<< \"$x\" && y", "cat <<< \"$x\" [&&] y []"},
	{"ls; > f", "ls [;] : > f ~f []"},
	{"< in sort", "sort []"},
	{"while read l; do x; done < in > out", "read l [;] x ~f []"},
	{"(a; b) > f && c", "a [;] b ~f [&&] c []"},

	// Here-documents.
	{"cat > a.txt <<'EOF'\nx && y\nrm -rf z\nEOF\nls", "cat > a.txt <<'EOF' #HASH ~f [newline] ls []"},
	{"cat <<-EOF | grep x\n\tbody\n\tEOF\nls", "cat <<-EOF #HASH [|] |< grep x [newline] ls []"},
	{"python3 - <<PY && echo ok\nprint(1)\nPY\n", "python3 - <<PY #HASH [&&] echo ok []"},
	{"cat <<A; cat <<B\na\nA\nb\nB\nls", "cat <<A #HASH [;] cat <<B #HASH [newline] ls []"},
	{"cat <<EOF\nno end", "cat <<EOF #HASH []"},
	{"psql db <<SQL\nDROP  TABLE x;\nSQL", "psql db <<SQL DROP TABLE x; []"},
	{"bash <<'EOF'\ncd a\nnpm test\nEOF\nls", "cd a [newline] npm:test test [newline] ls []"},

	// Wrappers.
	{"bash -lc 'cd a && npm test'", "cd a [&&] npm:test test []"},
	{"bash -lc \"echo \\\"x\\\" | wc\"", "echo \"x\" [|] |< wc []"},
	{"sh -c 'a; b' && c", "a [;] b [&&] c []"},
	{"zsh -ic ls", "ls []"},
	{"/bin/bash -euo pipefail -c 'a | b'", "a [|] |< b []"},
	{"bash scripts/x.sh -c", "bash scripts/x.sh -c []"},
	{"bash -c \"bash -c 'ls -l'\"", "ls -l []"},
	{"x | bash -c 'cat; y'", "x [|] |< cat [;] y []"},
	{"powershell -NoProfile -Command \"Get-Content a.txt | Select-Object -First 5\"", "get-content a.txt [|] |< select-object -First 5 []"},
	{"powershell.exe -ExecutionPolicy Bypass -File x.ps1", "powershell -ExecutionPolicy Bypass -File x.ps1 []"},
	{"pwsh -c Get-Item x", "get-item x []"},
	{"cmd /c \"npm test\"", "npm:test test []"},
	{"cmd.exe /c dir /b", "dir /b []"},
	{"sudo -u root apt-get install -y jq", "apt-get:install install -y jq []"},
	{"env -i A=1 B=2 make test", "make:test test []"},
	{"env", "env []"},
	{"CI=1 NODE_ENV=test npx jest --ci", "jest --ci []"},
	{"A=1", ""},
	{"out=$(npm test 2>&1); echo \"$out\"", "npm:test test [;] echo \"$out\" []"},
	{"arr=(a b c); ls", "ls []"},
	{"time make -j4 all", "make:all -j4 all []"},
	{"timeout 60 pytest -q", "pytest -q []"},
	{"timeout -k 5 60s ./run.sh", "run.sh []"},
	{"timeout /t 5", "timeout /t 5 []"},
	{"nohup node server.js > log 2>&1 &", "node server.js > log ~f [&]"},
	{"nice -n 10 cargo build", "cargo:build build []"},
	{"find . -name '*.go' | xargs -n 1 -I {} gofmt -l {}", "find . -name '*.go' [|] |< gofmt -l {} []"},
	{"find . -name x -exec rm {} \\;", "find . -name x -exec rm {} \\; []"},
	{"npx --yes vitest@1.2.3 run src", "vitest run src []"},
	{"npx @biomejs/biome check .", "biome:check check . []"},
	{"npx tsc --noEmit 2>&1 | head", "tsc --noEmit [|] |< head []"},
	{"pnpm exec eslint .", "eslint . []"},
	{"pnpm --filter web exec vitest", "vitest []"},
	{"pnpm --filter web test", "pnpm:test --filter web test []"},
	{"yarn dlx tsc -p .", "tsc -p . []"},
	{"npm exec -- jest a", "jest a []"},
	{"npm run test -- --watch=false", "npm:run run test -- --watch=false []"},
	{"bunx tsc", "tsc []"},
	{"uvx ruff@0.5 check", "ruff:check check []"},
	{"uv run --with x pytest tests", "pytest tests []"},
	{"uv run -m pytest", "pytest []"},
	{"uv run -m unittest a", "python -m unittest a []"},
	{"uv run main.py --x", "python main.py --x []"},
	{"poetry run python -m pytest -x", "pytest -x []"},
	{"python -m unittest discover", "python -m unittest discover []"},
	{"python3.11 -m mypy src", "mypy src []"},
	{".venv/bin/python -u -m pytest", "pytest []"},
	{"coverage run -m pytest", "pytest []"},
	{"bundle exec rspec", "rspec []"},
	{"sudo env X=1 nohup time npx jest", "jest []"},
	{"command -v node", "command -v node []"},
	{"command ls", "ls []"},
	{"sudo", "sudo []"},
	{"npx", "npx []"},

	// Programs.
	{"./gradlew test", "gradlew:test test []"},
	{"./node_modules/.bin/jest x", "jest x []"},
	{`"C:\Program Files\nodejs\node.exe" a.js`, "node a.js []"},
	{`C:\tools\Git\bin\git.exe status`, "git:status status []"},
	{`& "C:\x\tool.exe" -v`, "tool -v []"},
	{`type src\app\main.go`, `type src\app\main.go []`},
	{"NPM.CMD test", "npm:test test []"},
	{"\\rm -f x", "rm -f x []"},
	{"./deploy.sh prod", "deploy.sh prod []"},
	{"make -C sub X=1 test", "make:test -C sub X=1 test []"},
	{"cargo +nightly clippy", "cargo:clippy +nightly clippy []"},
	{"docker compose -f a.yml up", "docker:compose compose -f a.yml up []"},
	{"$x = 5", "$x = 5 []"},

	// Grammar.
	{"if [ -f x ]; then npm test; else echo no; fi", "[ -f x ] [;] npm:test test [;] echo no []"},
	{"for f in *.go; do gofmt -l $f; done | sort", "gofmt -l $f [|] |< sort []"},
	{"for ((i=0;i<3;i++)); do x; done", "x []"},
	{"while ! curl -s x; do sleep 1; done", "curl -s x [;] sleep 1 []"},
	{"(cd a && make); ls", "cd a [&&] make [;] ls []"},
	{"{ a; b; } | c", "a [;] b [|] |< c []"},
	{"! grep -q x y && z", "grep -q x y [&&] z []"},
	{"case $x in a|b) one;; *) two;; esac; three", "one [;] two [;] three []"},
	{"case $x in\n  a) one ;;\n  (b) two\n  ;;\nesac\nthree", "one [;] two [newline] three []"},
	{"f() { a; }; f", "a [;] f []"},
	{"function g { a; }\ng", "a [;] g []"},
	{"[[ $a < b && -f c ]] && d", "[[ $a < b && -f c ]] [&&] d []"},
	{"((i++)); a", "let i++ [;] a []"},
	{"if ($ok) { Remove-Item x }", "$ok [] remove-item x []"},
	{"set -euo pipefail\nnpm test | tee log", "set -euo pipefail [newline] npm:test test [|] |< tee log []"},

	// What no shell would take.
	{"echo 'open && ls", "echo 'open && ls []"},
	{"echo \"open $(ls; x", "echo \"open $(ls; x []"},
	{"echo `open && ls", "echo `open [&&] ls []"},
	{"a && && b ;; | | c )", "a [&&] b [|] |< c []"},
	{"> ", ""},
	{"a >", "a []"},
	{"\x00\x00a\x00b", "a b []"},
	{")(", ""},
	{"\\", "\\ []"},
}

func TestSplit(t *testing.T) {
	for _, c := range splits {
		got := show(Split(c.script))
		if k := strings.Index(c.want, "#HASH"); k >= 0 {
			got = maskHashes(got)
		}
		if got != c.want {
			t.Errorf("%q\n got %s\nwant %s", c.script, got, c.want)
		}
	}
}

// maskHashes writes #HASH for the hash of each here-document.
func maskHashes(s string) string {
	f := strings.Split(s, " ")
	for i, w := range f {
		if len(w) > 4 && w[0] == '#' && strings.Trim(w[1:], "0123456789abcdef") == "" {
			f[i] = "#HASH"
		}
	}
	return strings.Join(f, " ")
}

func TestScript(t *testing.T) {
	for _, c := range []struct {
		argv []string
		want string
	}{
		{nil, ""},
		{[]string{"", ""}, `'' ''`},
		{[]string{"ls -la | wc"}, "ls -la | wc"},
		{[]string{"bash", "-lc", "a && b"}, "a && b"},
		{[]string{"/bin/zsh", "-c", "a"}, "a"},
		{[]string{"bash", "-lc"}, "bash -lc"},
		{[]string{"powershell.exe", "-NoProfile", "-Command", "Get-Item x"}, "Get-Item x"},
		{[]string{"cmd", "/d", "/c", "dir", "/b"}, "dir /b"},
		{[]string{"rg", "a b", "it's"}, `rg 'a b' 'it'\''s'`},
		{[]string{"git", "status"}, "git status"},
		{[]string{"x", ""}, "x ''"},
	} {
		if got := Script(c.argv); got != c.want {
			t.Errorf("%q: %s, want %s", c.argv, got, c.want)
		}
	}
}

func TestIsPolling(t *testing.T) {
	for script, want := range map[string]bool{
		"sleep 30":                          true,
		"cd x && sleep 5 && curl y":         true,
		"watch -n1 ls":                      true,
		"Start-Sleep -Seconds 5":            true,
		"timeout /t 5":                      true,
		"gh run watch 12":                   true,
		"gh run view 12 --log":              true,
		"gh pr checks 3":                    true,
		"gh pr view 3":                      false,
		"kubectl wait --for=x pod/a":        true,
		"kubectl -n a rollout status d/x":   true,
		"kubectl get pods":                  false,
		"kubectl get pods -w":               true,
		"squeue -u me":                      true,
		"jobs":                              true,
		"ps -p 12":                          true,
		"ps aux":                            false,
		"tail -f log":                       true,
		"tail -20 log":                      false,
		"docker logs -f x":                  true,
		"systemctl status x":                true,
		"until curl -s x; do sleep 2; done": true,
		"npm test && sleep 1":               false,
		"for i in 1 2; do x; sleep 1; done": false,
		"go test ./...":                     false,
		"bash -c 'sleep 3'":                 true,
		"":                                  false,
		"aws ecs wait services-stable":      true,
		"kill -0 12":                        true,
		"kill -9 12":                        false,
	} {
		if got := IsPolling(Split(script)); got != want {
			t.Errorf("%q: %v", script, got)
		}
	}
}

// Whatever comes in, the parts are bounded, folded, and come in time that grows with the length only.
func checkSplit(t *testing.T, script string) {
	parts := Split(script)
	if len(parts) > maxParts {
		t.Fatalf("%d parts", len(parts))
	}
	for _, p := range parts {
		if p.Program == "" {
			t.Fatalf("a part without program in %q", script)
		}
		if strings.ContainsAny(p.Rest, "\n\t\r") || strings.HasPrefix(p.Rest, " ") || strings.HasSuffix(p.Rest, " ") {
			t.Fatalf("white space in %q of %q", p.Rest, script)
		}
		switch p.Op {
		case "", "&&", "||", ";", "|", "&", "newline":
		default:
			t.Fatalf("operator %q", p.Op)
		}
	}
	Reads(parts)
	IsPolling(parts)
}

func FuzzSplit(f *testing.F) {
	for _, c := range splits {
		f.Add(c.script)
	}
	f.Fuzz(checkSplit)
}

func TestSplitOfHugeInputs(t *testing.T) {
	const n = 1 << 20
	for _, unit := range []string{
		"a", " ", "'", "\"", "`", "$(", "(", ")", "{ ", "${", "\\", "<<E ", "<<E\n", ">", "|", ";", "\n", "&", "# ", "[[ ", "((", "case x in ", "case x in\n",
		"\"$(", "'\"", "`\"", "a=$(", "$'", "\x00", "bash -c '", "if ", "x;", "<(", "a)", "sudo ", "env ", "cat <<A; ", "\"`", "((a", "x () ", "@{", "A=1 ", "a[1",
	} {
		start := time.Now()
		checkSplit(t, strings.Repeat(unit, n/len(unit)))
		if d := time.Since(start); d > 3*time.Second {
			t.Errorf("%q repeated: %v", unit, d)
		}
	}
}

var benchScripts = []string{
	"cd /repo && go test ./internal/... 2>&1 | tail -20",
	"rg -n \"func main\" --glob '*.go'",
	"sed -n '1,200p' src/app/main.ts",
	"git status --short && git diff --stat",
	"bash -lc 'npm run build && npm test -- --run'",
	"git commit -m \"$(cat <<'EOF'\nfix: handle empty input\n\nIt's (really) needed.\nEOF\n)\"",
}

func BenchmarkSplit(b *testing.B) {
	n := 0
	for _, s := range benchScripts {
		n += len(s)
	}
	b.SetBytes(int64(n))
	b.ReportAllocs()
	for b.Loop() {
		for _, s := range benchScripts {
			Split(s)
		}
	}
}

func BenchmarkSplitLong(b *testing.B) {
	s := "cat > src/a.ts <<'EOF'\n" + strings.Repeat("export const value = compute('x', \"y\");\n", 500) + "EOF\nnpm test\n"
	b.SetBytes(int64(len(s)))
	for b.Loop() {
		Split(s)
	}
}
