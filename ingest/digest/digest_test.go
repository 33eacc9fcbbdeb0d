package digest

import (
	"strings"
	"testing"

	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/schema"
)

func raw(s string) jscan.Text {
	return jscan.Text{Raw: []byte(s), Escaped: strings.Contains(s, `\`), Present: true}
}

// same holds pairs of results that say the same; they stand as in a log, with escapes.
var same = [][2]string{
	{`Chunk ID: 3fa9c1\nWall time: 0.0521 seconds\nProcess exited with code 0\nOriginal token count: 12\nOutput:\nok`,
		`Chunk ID: b00f42\nWall time: 12.1 seconds\nProcess exited with code 0\nOriginal token count: 1201\nOutput:\nok`},
	{`running in background with ID: b95eead.`, `running in background with ID: 0a1b2c3.`},
	{`Chunk ID: 123456\nx`, `Chunk ID: abcdef\nx`},
	{`ok  \tdemo/pkg\t0.012s`, `ok  \tdemo/pkg\t14.2s`},
	{`5 passed in 0.12s`, `5 passed in 0.31s`},
	{`5 passed in 61.20s (0:01:01)`, `5 passed in 75.99s (0:01:15)`},
	{`Time:        1.234 s`, `Time:        22.9 s`},
	{`Time: 1,234 ms`, `Time: 2,001 ms`},
	{`done in 4ms\n`, `done in 3µs\n`},
	{`real\t0m1.234s\nuser\t0m0.9s`, `real\t2m0.001s\nuser\t1m10.2s`},
	{`took 1m 30s.`, `took 12s.`},
	{`took 90 seconds`, `took 2 minutes 3 seconds`},
	{`at 12:34:56 it ran`, `at 01:02:03.456 it ran`},
	{`2026-01-31T12:00:00Z start`, `2026-02-01T00:00:01.123456Z start`},
	{`[2026-01-31 12:00:00,123 +0100] x`, `[2026-02-01 09:08:07,001 +0200] x`},
	{`2026-01-31T12:00:00+01:00 x`, `2026-01-31T12:00:01+01:00 x`},
	{`tokens used: 1,234`, `tokens used: 99`},
	{`tokens used\n1,234`, `tokens used\n8`},
	{`started, pid 4711`, `started, pid 12`},
	{`(pid=4711)`, `(pid=5)`},
	{`\"pid\": 4711}`, `\"pid\": 5}`},
	{`Process running with session ID 12`, `Process running with session ID 90211`},
	{`{\"duration_seconds\":4.2,\"exit_code\":0}`, `{\"duration_seconds\":0.1,\"exit_code\":0}`},
	{`{"duration_ms":42}`, `{"duration_ms":1}`},
	{`elapsed: 12.5`, `elapsed: 1`},
	{`[1] 12345\n`, `[1] 20111\n`},
	{`open /tmp/abc123/x.log: no such file`, `open /tmp/zzz/y/x.log: no such file`},
	{`at /private/var/folders/xx/yy/T/a.sock`, `at /var/folders/aa/bb/T/b.sock`},
	{`at C:\\Users\\a\\AppData\\Local\\Temp\\x1\\a.txt done`, `at C:\\Users\\a\\AppData\\Local\\Temp\\y22\\b.txt done`},
	{`\u001b[32m✓\u001b[39m adds \u001b[33m12ms\u001b[39m`, `\u001b[32m✓\u001b[39m adds \u001b[33m7ms\u001b[39m`},
	{`line\n12ms`, `line\n8ms`},
}

// different holds pairs that do not say the same.
var different = [][2]string{
	{`3 failed`, `2 failed`},
	{`exit code 1`, `exit code 2`},
	{`a.go:12:34: undefined`, `a.go:13:34: undefined`},
	{`version 1.2.3`, `version 1.2.4`},
	{`    12→x`, `    13→x`},
	{`5 specs`, `6 specs`},
	{`3 sections`, `4 sections`},
	{`5 minor issues`, `6 minor issues`},
	{`src/tmp/a`, `src/tmp/b`},
	{`./tmp/a`, `./tmp/b`},
	{`5M`, `6M`},
	{`5 m`, `6 m`},
	{`x2s`, `x3s`},
	{`2026-01-31`, `2026-01-30`},
	{`rapid 5`, `rapid 6`},
	{`process2`, `process3`},
	{`10:20`, `10:21`},
	{`C:\\repo\\a`, `C:\\repo\\b`},
	{`C:\\templates\\a`, `C:\\templates\\b`},
	{`took 5ms`, `took ms`},
	{``, ` `},
}

func TestResult(t *testing.T) {
	for _, p := range same {
		if Result(raw(p[0])) != Result(raw(p[1])) {
			t.Errorf("differ:\n%s\n%s", p[0], p[1])
		}
		a, b := raw(p[0]).Bytes(nil), raw(p[1]).Bytes(nil)
		if ResultBytes(a) != ResultBytes(b) {
			t.Errorf("differ when decoded:\n%s\n%s", a, b)
		}
	}
	for _, p := range different {
		if Result(raw(p[0])) == Result(raw(p[1])) {
			t.Errorf("equal:\n%s\n%s", p[0], p[1])
		}
		a, b := raw(p[0]).Bytes(nil), raw(p[1]).Bytes(nil)
		if ResultBytes(a) == ResultBytes(b) {
			t.Errorf("equal when decoded:\n%s\n%s", a, b)
		}
	}
}

// Volatile parts are found wherever they stand, so also across the eight-byte steps of the search.
func TestResultAtAnyOffset(t *testing.T) {
	for n := range 40 {
		pad := strings.Repeat("x", n) + " "
		for _, p := range same {
			if Result(raw(pad+p[0]+" "+pad)) != Result(raw(pad+p[1]+" "+pad)) {
				t.Errorf("differ at offset %d:\n%s\n%s", n+1, p[0], p[1])
			}
		}
	}
}

func TestResultOfNothing(t *testing.T) {
	if got := Result(jscan.Text{}); got != 0 {
		t.Errorf("an absent result has hash %x", got)
	}
	if Result(raw("")) == 0 {
		t.Error("an empty result has no hash")
	}
}

func TestNextMark(t *testing.T) {
	for c := range 256 {
		for at := range 20 {
			b := []byte(strings.Repeat("\xc3x", 10))
			b[at] = byte(c)
			want := len(b)
			if c >= '/' && c <= ':' {
				want = at
			}
			if got := nextMark(b, 0); got != want {
				t.Fatalf("byte %#x at %d: found at %d", c, at, got)
			}
		}
	}
}

// checkSuspects holds that no number is passed over that is volatile.
func checkSuspects(t *testing.T, b []byte) (passed int) {
	for i := 0; i < len(b); i++ {
		if !isDigit(b[i]) {
			continue
		}
		j := i + 1
		for j < len(b) && isDigit(b[j]) {
			j++
		}
		if !suspect(b, i, j) {
			passed++
			if s, e, next := number(b, i); e > 0 || next != j {
				t.Fatalf("%q: passed over %d..%d, which ends at %d", b, s, e, next)
			}
		}
		i = j - 1
	}
	return passed
}

func TestSuspects(t *testing.T) {
	passed := checkSuspects(t, typical)
	for _, p := range append(same[:len(same):len(same)], different...) {
		for _, s := range p {
			passed += checkSuspects(t, []byte(s))
		}
	}
	if passed < 100 {
		t.Errorf("only %d numbers were passed over", passed)
	}
}

func TestArgs(t *testing.T) {
	cases := []struct {
		a, b             string
		sameAll, sameSum bool // equal hash, equal norm
	}{
		{`{"a":1,"b":"x"}`, `{"b":"x","a":1}`, true, true},
		{`{"a":1,"b":"x"}`, ` { "b" : "x" , "a" : 1 } `, true, true},
		{`{"a":"\u0041\n\/"}`, `{"a":"A\u000a/"}`, true, true},
		{`{"a":"😀"}`, `{"a":"\ud83d\ude00"}`, true, true},
		{`{"a":{"x":1,"y":[1,{"p":1,"q":2}]}}`, `{"a":{"y":[1,{"q":2,"p":1}],"x":1}}`, true, true},
		{`{"a":[1,2]}`, `{"a":[2,1]}`, false, false},
		{`{"a":[]}`, `{"a":{}}`, false, false},
		{`{"a":""}`, `{"a":[]}`, false, false},
		{`{"a":"1"}`, `{"a":1}`, false, false},
		{`{"a":"b","c":"d"}`, `{"a":"d","c":"b"}`, false, false},
		{`{"command":"go test","description":"run tests"}`, `{"command":"go test","description":"test"}`, false, true},
		{`{"command":"go test","timeout":1000}`, `{"command":"go test"}`, false, true},
		{`{"cmd":"go test","yield_time_ms":1000,"max_output_tokens":5}`, `{"cmd":"go test","yield_time_ms":1}`, false, true},
		{`{"command":"go  test\n"}`, `{"command":" go\ttest"}`, false, true},
		{`{"command":["bash","-lc","go  test"]}`, `{"command":["bash","-lc","go test"]}`, false, true},
		{`{"command":"gotest"}`, `{"command":"go test"}`, false, false},
		{`{"content":"go  test"}`, `{"content":"go test"}`, false, false},
		{`{"todos":[{"description":"a"}]}`, `{"todos":[{"description":"b"}]}`, false, false},
		{`not json`, `not json`, true, true},
		{`not json`, `not jsom`, false, false},
		{`{"a":1`, `{"a":1}`, false, false},
		{`{}`, `[]`, false, false},
		{`"x"`, `"x"`, true, true},
	}
	for _, c := range cases {
		ha, na := Args("T", []byte(c.a))
		hb, nb := Args("T", []byte(c.b))
		if ha == 0 || na == 0 || hb == 0 || nb == 0 {
			t.Errorf("%s %s: zero", c.a, c.b)
		}
		if (ha == hb) != c.sameAll || (na == nb) != c.sameSum {
			t.Errorf("%s %s: equal hash %v, norm %v", c.a, c.b, ha == hb, na == nb)
		}
	}
	h1, _ := Args("A", []byte(`{}`))
	h2, _ := Args("B", []byte(`{}`))
	if h1 == h2 {
		t.Error("the tool's name does not count")
	}
	if h, n := Args("A", nil); h != 0 || n != 0 {
		t.Error("no arguments have a hash")
	}
}

func TestArgsManyKeys(t *testing.T) {
	var keys []string
	for i := range 300 {
		keys = append(keys, `"k`+strings.Repeat("x", i%7)+string(rune('a'+i%26))+strings.Repeat("y", i/26)+`":`+strings.Repeat("1", i%5+1))
	}
	fwd := "{" + strings.Join(keys, ",") + "}"
	for i, j := 0, len(keys)-1; i < j; i, j = i+1, j-1 {
		keys[i], keys[j] = keys[j], keys[i]
	}
	back := "{" + strings.Join(keys, ",") + "}"
	a, _ := Args("T", []byte(fwd))
	b, _ := Args("T", []byte(back))
	if a != b {
		t.Error("order of many keys counts")
	}
}

func TestArgsAllocatesNothing(t *testing.T) {
	in := []byte(`{"file_path":"/a/b","content":"` + strings.Repeat(`line \"one\"\n`, 500) + `","x":[1,{"y":2}],"command":"a  b"}`)
	if n := testing.AllocsPerRun(50, func() { Args("Write", in) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	text := raw(strings.Repeat(`took 5ms\n at 12:00:00 /tmp/x `, 100))
	if n := testing.AllocsPerRun(50, func() { Result(text) }); n != 0 {
		t.Errorf("Result: %v allocations", n)
	}
}

func TestSignature(t *testing.T) {
	cases := []struct {
		a, b string
		same bool
	}{
		{"FAIL a_test.go:12: want 3\nok", "ok\nFAIL a_test.go:99: want 4", true},
		{"TypeError: x is undefined\n", "noise\n\x1b[31mTypeError: x is undefined\x1b[0m\nmore noise 5", true},
		{"panic: at 0xc0001234\n", "panic: at 0xdeadbeef\n", true},
		{"error: commit 12ab34cd lost", "error: commit abc1234 lost", true},
		{"error: /tmp/a/b gone", "error: /tmp/zz gone", true},
		{`error: C:\Users\a\AppData\Local\Temp\x1 gone`, `error: C:\Users\a\AppData\Local\Temp\y gone`, true},
		{"error after 5ms at 12:00:01", "error after 1.2s at 09:08:07", true},
		{"error: a\nerror: a\nerror: b", "error: b\nerror: a", true},
		{"error: a", "error: b", false},
		{"ok", "ok", true},
	}
	for _, c := range cases {
		if a, b := Signature([]byte(c.a)), Signature([]byte(c.b)); (a == b) != c.same {
			t.Errorf("%q %q: equal %v", c.a, c.b, a == b)
		}
	}
	for text, want := range map[string]bool{
		"":                               false,
		"all good\n12 passed":            false,
		"terror and failsafe":            true, // a word that begins like an error word
		"terror":                         false,
		"AssertionError":                 true,
		"bash: foo: command not found":   true,
		"Permission DENIED":              true,
		"Traceback (most recent call)":   true,
		"\x1b[31merror\x1b[0m something": true,
	} {
		if got := Signature([]byte(text)) != 0; got != want {
			t.Errorf("%q has a signature: %v", text, got)
		}
	}
	// Only both ends of a long output are read.
	long := strings.Repeat("plain line\n", 20000)
	if Signature([]byte(long+"error: x\n"+long)) != 0 {
		t.Error("the middle was read")
	}
	if Signature([]byte("error: x\n"+long)) != Signature([]byte(long+"error: x\n")) || Signature([]byte("error: x\n"+long)) == schema.ID(0) {
		t.Error("an end was not read")
	}
}

func FuzzResult(f *testing.F) {
	for _, p := range same {
		f.Add([]byte(p[0]))
	}
	f.Add([]byte(`C:\`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if Result(jscan.Text{Raw: b, Present: true}) == 0 || ResultBytes(b) != ResultBytes(append([]byte(nil), b...)) {
			t.Error("unstable")
		}
		checkSuspects(t, b)
		for at := 0; ; {
			s, e := nextVolatile(b, at)
			if s < 0 {
				break
			}
			if s < at || e <= s || e > len(b) {
				t.Fatalf("stretch %d..%d from %d of %d", s, e, at, len(b))
			}
			at = e
		}
		Signature(b)
	})
}

func FuzzArgs(f *testing.F) {
	f.Add([]byte(`{"command":"a b","x":[1,{"y":"\ud83d\ude00"}]}`))
	f.Add([]byte(`{"a":"\u00"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, n := Args("T", b)
		if (h == 0) != (n == 0) {
			t.Error("one hash without the other")
		}
	})
}

var typical = func() []byte {
	unit := `  14 | export function total(items: Item[]) {\n` +
		`ok  \texample.com/demo/internal/store\t0.182s\n` +
		`src/components/list/ListItem.tsx:120:14 - error TS2339: Property 'name' does not exist on type\n` +
		`drwxr-xr-x  4 dev dev  4096 Jan 12 09:14 internal\n` +
		`   \"version\": \"4.17.21\",\n    \"license\": \"MIT\",\n` +
		`A line of prose without any number in it, as documents have them for most of their length.\n` +
		`def handle(request, response):\n    return response.render(template, context=request.context)\n`
	return []byte(strings.Repeat(unit, 100))
}()

func BenchmarkResult(b *testing.B) {
	b.SetBytes(int64(len(typical)))
	for b.Loop() {
		ResultBytes(typical)
	}
}

func BenchmarkArgs(b *testing.B) {
	in := []byte(`{"file_path":"/repo/a.go","content":"` + strings.Repeat(`func f(a int) string { return \"x\" }\n\t`, 1000) + `"}`)
	b.SetBytes(int64(len(in)))
	for b.Loop() {
		Args("Write", in)
	}
}

func BenchmarkArgsSmall(b *testing.B) {
	in := []byte(`{"command":"cd /repo && go test ./internal/... 2>&1 | tail -20","description":"Run tests","timeout":60000}`)
	b.SetBytes(int64(len(in)))
	for b.Loop() {
		Args("Bash", in)
	}
}
