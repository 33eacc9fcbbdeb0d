package render

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/agenttrace/agenttrace/queries"
)

func render(t *testing.T, opt Options, columns []queries.Column, rows ...[]any) string {
	t.Helper()
	var b bytes.Buffer
	n, err := Write(&b, queries.NewRows(columns, rows...), opt)
	if err != nil || n != int64(len(rows)) {
		t.Fatalf("%s: %d rows of %d, error %v", opt.Format, n, len(rows), err)
	}
	return b.String()
}

func decimal(digits string, scale uint8) queries.Decimal {
	v, _ := new(big.Int).SetString(digits, 10)
	return queries.Decimal{Value: v, Scale: scale}
}

// What a driver might yield that this package knows only by its shape.
type (
	driverDecimal  struct{ text string }
	driverInterval struct {
		Days, Months int32
		Micros       int64
	}
	driverUnion struct {
		Value any
		Tag   string
	}
	driverMap  struct{ keys, values []any }
	driverWord string
)

func (d driverDecimal) String() string { return d.text }
func (m *driverMap) Keys() []any       { return m.keys }
func (m *driverMap) Values() []any     { return m.values }
func (m driverMap) String() string     { return "not for output" }

func TestValues(t *testing.T) {
	berlin := time.FixedZone("", 2*3600)
	at := time.Date(2026, 7, 1, 22, 30, 5, 120_000_000, time.UTC)
	var nilInt *big.Int
	huge, _ := new(big.Int).SetString("-170141183460469231731687303715884105728", 10)
	seven := int64(7)
	for _, c := range []struct {
		typ        string
		val        any
		text, json string
	}{
		{"BOOLEAN", true, "true", "true"},
		{"BIGINT", int64(math.MaxInt64), "9223372036854775807", "9223372036854775807"},
		{"UBIGINT", uint64(math.MaxUint64), "18446744073709551615", "18446744073709551615"},
		{"TINYINT", int8(-128), "-128", "-128"},
		{"HUGEINT", huge, huge.String(), huge.String()},
		{"HUGEINT", nilInt, "NULL", "null"},
		{"BIGINT", &seven, "7", "7"},
		{"BIGINT", nil, "NULL", "null"},
		{"DECIMAL(24,12)", decimal("500000000000", 12), "0.5", "0.5"},
		{"DECIMAL(24,12)", decimal("3000000000000", 12), "3", "3"},
		{"DECIMAL(38,2)", decimal("12345678901234567890123456789012345678", 2), "123456789012345678901234567890123456.78", "123456789012345678901234567890123456.78"},
		{"DECIMAL(9,2)", queries.Decimal{}, "NULL", "null"},
		{"DECIMAL(9,2)", driverDecimal{"-0.25"}, "-0.25", "-0.25"},
		{"DECIMAL(9,2)", driverDecimal{"1,5"}, "1,5", `"1,5"`},
		{"VARCHAR", driverDecimal{"12"}, "12", `"12"`},
		{"DOUBLE", 0.1, "0.1", "0.1"},
		{"FLOAT", float32(0.1), "0.1", "0.1"},
		{"DOUBLE", 1e21, "1e+21", "1e+21"},
		{"DOUBLE", 1e-7, "1e-07", "1e-07"},
		{"DOUBLE", 123456789.0, "123456789", "123456789"},
		{"DOUBLE", math.NaN(), "NaN", "null"},
		{"DOUBLE", math.Inf(-1), "-Infinity", "null"},
		{"VARCHAR", "a \"b\" \\ é", "a \"b\" \\ é", `"a \"b\" \\ é"`},
		{"ENUM", driverWord("x"), "x", `"x"`},
		{"TIMESTAMP WITH TIME ZONE", at, "2026-07-02T00:30:05.12+02:00", `"2026-07-02T00:30:05.12+02:00"`},
		{"TIMESTAMPTZ", at, "2026-07-02T00:30:05.12+02:00", `"2026-07-02T00:30:05.12+02:00"`},
		{"TIMESTAMP", at, "2026-07-01T22:30:05.12", `"2026-07-01T22:30:05.12"`},
		{"TIMESTAMP_NS", at.Truncate(time.Second).Add(1), "2026-07-01T22:30:05.000000001", `"2026-07-01T22:30:05.000000001"`},
		{"TIMESTAMP", time.UnixMicro(math.MaxInt64).UTC(), "infinity", `"infinity"`},
		{"DATE", at, "2026-07-01", `"2026-07-01"`},
		{"TIME", at, "22:30:05.12", `"22:30:05.12"`},
		{"TIMETZ", at.In(berlin), "00:30:05.12+02:00", `"00:30:05.12+02:00"`},
		{"INTERVAL", driverInterval{Days: 2, Micros: 1e6}, "2 days 00:00:01", `"2 days 00:00:01"`},
		{"INTERVAL", queries.Interval{Months: 1}, "1 month", `"1 month"`},
		{"BLOB", []byte("a\x00'\xff"), `a\x00\x27\xFF`, `"a\\x00\\x27\\xFF"`},
		{"UUID", []byte("0123456789abcdef"), "30313233-3435-3637-3839-616263646566", `"30313233-3435-3637-3839-616263646566"`},
		{"UNION(a INTEGER)", driverUnion{int32(4), "a"}, "4", "4"},
		{"UNION(a INTEGER)", driverUnion{nil, "a"}, "NULL", "null"},
		{"VARCHAR[]", []any{"a", nil, `"`}, `["a",null,"\""]`, `["a",null,"\""]`},
		{"DATE[][2]", []any{[]any{at}}, `[["2026-07-01"]]`, `[["2026-07-01"]]`},
		{"VARCHAR[]", []any{}, "[]", "[]"},
		{`STRUCT(z INTEGER, "a ""b"", c" DATE, m DECIMAL(4,1))`, map[string]any{`a "b", c`: at, "z": int32(1), "m": nil}, `{"z":1,"a \"b\", c":"2026-07-01","m":null}`, `{"z":1,"a \"b\", c":"2026-07-01","m":null}`},
		{"STRUCT(x STRUCT(q TIMESTAMP, p ENUM('a,)', 'b''')))", map[string]any{"x": map[string]any{"p": "b'", "q": at}}, `{"x":{"q":"2026-07-01T22:30:05.12","p":"b'"}}`, `{"x":{"q":"2026-07-01T22:30:05.12","p":"b'"}}`},
		{"WHAT", map[string]any{"b": 1, "a": 2}, `{"a":2,"b":1}`, `{"a":2,"b":1}`},
		{"MAP(DATE, BIGINT)", queries.Map{{Key: at, Value: int64(1)}, {Key: nil, Value: nil}}, `{"2026-07-01":1,"null":null}`, `{"2026-07-01":1,"null":null}`},
		{"MAP(INTEGER, DATE)", driverMap{[]any{int32(2), int32(1)}, []any{at, nil}}, `{"2":"2026-07-01","1":null}`, `{"2":"2026-07-01","1":null}`},
		{"MAP(VARCHAR, INTEGER)", map[any]any{"b": 1, "a": 2}, `{"a":2,"b":1}`, `{"a":2,"b":1}`},
		{"INTEGER[]", []int32{1, 2}, "[1,2]", "[1,2]"},
		{"DOUBLE[]", []any{math.NaN(), math.Inf(1)}, "[null,null]", "[null,null]"},
		{"JSON", ` {"b": [1, 12345678901234567890, 1.50], "a": null, "c": {}} `, ` {"b": [1, 12345678901234567890, 1.50], "a": null, "c": {}} `, `{"b":[1,12345678901234567890,1.50],"a":null,"c":{}}`},
		{"JSON", `{"a": 1} x`, `{"a": 1} x`, `"{\"a\": 1} x"`},
		{"JSON", `[`, `[`, `"["`},
	} {
		columns := []queries.Column{{Name: "v", Type: c.typ}}
		opt := Options{Format: "jsonl", Zone: berlin}
		if got, want := render(t, opt, columns, []any{c.val}), `{"v":`+c.json+"}\n"; got != want {
			t.Errorf("%s %v as JSON:\n got %s\nwant %s", c.typ, c.val, got, want)
		}
		opt.Format = "line"
		if got, want := render(t, opt, columns, []any{c.val}), "v = "+c.text+"\n"; got != want {
			t.Errorf("%s %v as text:\n got %s\nwant %s", c.typ, c.val, got, want)
		}
	}
}

var (
	abc  = []queries.Column{{Name: "a", Type: "BIGINT"}, {Name: "b|c", Type: "VARCHAR"}}
	rows = [][]any{
		{int64(1), "x"},
		{nil, "two\nlines | \t\\ \"q\", <b>&\x1b[31m\u202e\xff"},
		{int64(-30), ""},
		{int64(4), nil},
	}
)

func TestFormats(t *testing.T) {
	for _, c := range []struct {
		opt  Options
		want string
	}{
		{Options{}, `
┌──────┬───────────────────────────────────────────────────────┐
│    a │ b|c                                                   │
├──────┼───────────────────────────────────────────────────────┤
│    1 │ x                                                     │
│ NULL │ two\nlines | \t\ "q", <b>&\x1b[31m\u202e\xff          │
│  -30 │                                                       │
│    4 │ NULL                                                  │
└──────┴───────────────────────────────────────────────────────┘
`},
		{Options{Format: "json"}, `
[
{"a":1,"b|c":"x"},
{"a":null,"b|c":"two\nlines | \t\\ \"q\", <b>&\u001b[31m\u202e\ufffd"},
{"a":-30,"b|c":""},
{"a":4,"b|c":null}
]
`},
		{Options{Format: "jsonl"}, `
{"a":1,"b|c":"x"}
{"a":null,"b|c":"two\nlines | \t\\ \"q\", <b>&\u001b[31m\u202e\ufffd"}
{"a":-30,"b|c":""}
{"a":4,"b|c":null}
`},
		{Options{Format: "csv"}, "\na,b|c\n1,x\n,\"two\nlines | \t\\ \"\"q\"\", <b>&\x1b[31m\u202e\xff\"\n-30,\"\"\n4,\n"},
		{Options{Format: "csv", NoHeader: true, Null: "x"}, "\n1,\"x\"\nx,\"two\nlines | \t\\ \"\"q\"\", <b>&\x1b[31m\u202e\xff\"\n-30,\n4,x\n"},
		{Options{Format: "tsv", Null: `\N`}, "\na\tb|c\n1\tx\n\\N\ttwo\\nlines | \\t\\\\ \"q\", <b>&\x1b[31m\u202e\xff\n-30\t\n4\t\\N\n"},
		{Options{Format: "markdown"}, `
| a | b\|c |
| ---: | --- |
| 1 | x |
| NULL | two<br>lines \|  \ "q", \<b\>\&\x1b\[31m\u202e\xff |
| -30 |  |
| 4 | NULL |
`},
		{Options{Format: "line", Null: "∅"}, `
a   = 1
b|c = x

a   = ∅
b|c = two\nlines | \t\ "q", <b>&\x1b[31m\u202e\xff

a   = -30
b|c = 

a   = 4
b|c = ∅
`},
	} {
		got := render(t, c.opt, abc, rows...)
		want := c.want[1:]
		if c.opt.Format == "" { // the drawn width follows the text
			got, want = squeeze(got), squeeze(want)
		}
		if got != want {
			t.Errorf("%+v:\n got %s\nwant %s", c.opt, got, want)
		}
	}
}

// squeeze shortens runs of spaces and lines, so that a wanted table can be written by hand.
func squeeze(s string) string {
	for _, c := range []string{" ", "─"} {
		for strings.Contains(s, c+c) {
			s = strings.ReplaceAll(s, c+c, c)
		}
	}
	return s
}

func TestNoRows(t *testing.T) {
	for format, want := range map[string]string{
		"json": "[]\n", "jsonl": "", "csv": "a,b|c\n", "tsv": "a\tb|c\n", "line": "",
		"table":    "┌───┬─────┐\n│ a │ b|c │\n├───┼─────┤\n└───┴─────┘\n",
		"markdown": "| a | b\\|c |\n| ---: | --- |\n",
	} {
		if got := render(t, Options{Format: format}, abc); got != want {
			t.Errorf("%s: got %q, want %q", format, got, want)
		}
	}
	for _, format := range []string{"table", "jsonl", "csv", "markdown", "line"} {
		if got := render(t, Options{Format: format}, nil); got != "" {
			t.Errorf("%s without columns: got %q", format, got)
		}
	}
}

func TestUnknownFormat(t *testing.T) {
	var b bytes.Buffer
	_, err := Write(&b, queries.NewRows(abc), Options{Format: "xml"})
	if want := `unknown format "xml": want one of table, json, jsonl, csv, tsv, markdown, html, line`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	err = WriteDoc(&b, Doc{}, DocOptions{Format: "csv"})
	if want := `unknown format "csv": want one of text, markdown, html`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if b.Len() > 0 {
		t.Errorf("wrote %q", b.String())
	}
}

func TestRepeatedNames(t *testing.T) {
	columns := []queries.Column{{Name: "a"}, {Name: "a"}, {Name: "a_2"}, {Name: "a"}, {Name: ""}, {Name: ""}, {Name: "a\"\x1b"}}
	got := render(t, Options{Format: "jsonl"}, columns, []any{1, 2, 3, 4, 5, 6, 7})
	if want := `{"a":1,"a_3":2,"a_2":3,"a_4":4,"":5,"_2":6,"a\"\u001b":7}` + "\n"; got != want {
		t.Errorf("got %s want %s", got, want)
	}
}

func TestCSVReadsBack(t *testing.T) {
	columns := []queries.Column{{Name: "only", Type: "VARCHAR"}}
	var in [][]any
	want := [][]string{{"only"}}
	for _, s := range []any{"a", nil, "", " lead", "tail ", "a,b", "a\"b", "a\nb", "=1+1", "日本"} {
		in = append(in, []any{s})
		text, _ := s.(string)
		want = append(want, []string{text})
	}
	got, err := csv.NewReader(strings.NewReader(render(t, Options{Format: "csv"}, columns, in...))).ReadAll()
	if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %q, want %q, error %v", got, want, err)
	}
}

func TestTableOnATerminal(t *testing.T) {
	columns := []queries.Column{{Name: "id", Type: "BIGINT"}, {Name: "a_rather_long_name", Type: "BIGINT"}, {Name: "text", Type: "VARCHAR"},
		{Name: "at", Type: "TIMESTAMP"}, {Name: "last", Type: "VARCHAR"}}
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	var in [][]any
	for i := range 12311 {
		in = append(in, []any{int64(i), int64(5), strings.Repeat("日本語", 10), at, nil})
	}
	for _, c := range []struct {
		width, rows int
		want        string
		notice      string
	}{
		{64, 3, "", "3 of 12,311 rows shown, cells cut to fit 64 columns"},
		{66, 3, `
┌───────┬─────────────┬─────────────┬─────────────────────┬──────┐
│    id │ a_rather_l… │ text        │ at                  │ last │
├───────┼─────────────┼─────────────┼─────────────────────┼──────┤
│     0 │           5 │ 日本語日本… │ 2026-01-02T03:04:05 │ NULL │
│     1 │           5 │ 日本語日本… │ 2026-01-02T03:04:05 │ NULL │
│     ⋮ │           ⋮ │ ⋮           │ ⋮                   │ ⋮    │
│ 12310 │           5 │ 日本語日本… │ 2026-01-02T03:04:05 │ NULL │
└───────┴─────────────┴─────────────┴─────────────────────┴──────┘
`, "3 of 12,311 rows shown, cells cut to fit 66 columns"},
		{40, 3, `
┌───────┬───────────────────┬───┬──────┐
│    id │ a_rather_long_na… │ … │ last │
├───────┼───────────────────┼───┼──────┤
│     0 │                 5 │ … │ NULL │
│     1 │                 5 │ … │ NULL │
│     ⋮ │                 ⋮ │ ⋮ │ ⋮    │
│ 12310 │                 5 │ … │ NULL │
└───────┴───────────────────┴───┴──────┘
`, "3 of 12,311 rows shown, 3 of 5 columns shown, cells cut to fit 40 columns"},
		{300, 40, "", "40 of 12,311 rows shown"},
	} {
		notice := ""
		got := render(t, Options{Width: c.width, MaxRowsShown: c.rows, Notice: func(s string) { notice += s }}, columns, in...)
		if want := c.notice + "; --format line or -o FILE shows all"; notice != want {
			t.Errorf("width %d: notice %q, want %q", c.width, notice, want)
		}
		for line := range strings.Lines(got) {
			if w := displayWidth(strings.TrimSuffix(line, "\n")); w > c.width {
				t.Errorf("width %d: line of %d columns: %s", c.width, w, line)
			}
		}
		if c.want != "" && got != c.want[1:] {
			t.Errorf("width %d:\n got\n%s want\n%s", c.width, got, c.want[1:])
		}
		if n := strings.Count(got, "\n"); n != c.rows+5 {
			t.Errorf("width %d: %d lines for %d rows", c.width, n, c.rows)
		}
	}
	// What fits, and what is no terminal, is whole and says nothing.
	for _, opt := range []Options{{Width: 300, MaxRowsShown: 20000}, {Width: 300}, {}} {
		opt.Notice = func(s string) { t.Errorf("notice %q", s) }
		got := render(t, opt, columns, in...)
		if n := strings.Count(got, "\n"); n != len(in)+4 || strings.ContainsAny(got, "…⋮") {
			t.Errorf("%d lines of %d, or something cut", n, len(in)+4)
		}
	}
}

func TestTableBeyondWhatItHolds(t *testing.T) {
	const n = maxHeldRows + 50
	columns := []queries.Column{{Name: "n", Type: "BIGINT"}, {Name: "s", Type: "VARCHAR"}}
	var in [][]any
	for i := range n {
		s := "x"
		if i == n-1 {
			s = "wider than all before"
		}
		in = append(in, []any{int64(i), s})
	}
	lines := strings.Split(render(t, Options{}, columns, in...), "\n")
	if len(lines) != n+5 {
		t.Fatalf("%d lines, want %d", len(lines), n+5)
	}
	for at, want := range map[int]string{
		2: "├───────┼───┤", 3: "│     0 │ x │", 3 + maxHeldRows - 1: "│ 19999 │ x │", 3 + maxHeldRows: "│ 20000 │ x │",
		n + 2: "│ 20049 │ wider than all before │", n + 3: "└───────┴───┘", n + 4: "",
	} {
		if lines[at] != want {
			t.Errorf("line %d: got %q, want %q", at, lines[at], want)
		}
	}
}

func TestColor(t *testing.T) {
	columns := []queries.Column{{Name: "a", Type: "BIGINT"}}
	got := render(t, Options{Color: true}, columns, []any{nil})
	want := "┌──────┐\n│    \x1b[1ma\x1b[0m │\n├──────┤\n│ \x1b[2mNULL\x1b[0m │\n└──────┘\n"
	if got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, format := range Formats {
		if got := render(t, Options{Format: format}, columns, []any{nil}); strings.Contains(got, "\x1b") {
			t.Errorf("%s: colour without asking: %q", format, got)
		}
	}
}

func TestRedactEverywhere(t *testing.T) {
	columns := []queries.Column{{Name: "s", Type: "VARCHAR"}, {Name: "list", Type: "STRUCT(k VARCHAR)[]"}, {Name: "m", Type: "MAP(VARCHAR, VARCHAR)"},
		{Name: "j", Type: "JSON"}, {Name: "b", Type: "BLOB"}, {Name: "named", Type: "VARCHAR"}, {Name: "other", Type: "VARCHAR"}}
	row := []any{"a SECRET b", []any{map[string]any{"k": "SECRET"}}, queries.Map{{Key: "SECRET", Value: "SECRET"}},
		`{"SECRET":["SECRET"],"named":"quiet"}`, []byte("SECRET"), "quiet", driverDecimal{"SECRET"}}
	// Stands for the real rules: a word by itself, and any word beside a certain name.
	redact := func(s string) string {
		s = strings.ReplaceAll(s, "SECRET", "[x]")
		if before, after, ok := strings.Cut(s, `named: "`); ok {
			_, rest, _ := strings.Cut(after, `"`)
			s = before + `named: "[y]"` + rest
		}
		return s
	}
	for _, format := range Formats {
		got := render(t, Options{Format: format, Redact: redact}, columns, row)
		if strings.Contains(got, "SECRET") || !strings.Contains(strings.ReplaceAll(got, `\`, ""), "a [x] b") {
			t.Errorf("%s: %s", format, got)
		}
	}
	got := render(t, Options{Format: "jsonl", Redact: redact}, columns, row)
	if want := `{"s":"a [x] b","list":[{"k":"[x]"}],"m":{"[x]":"[x]"},"j":{"[x]":["[x]"],"named":"[y]"},"b":"[x]","named":"[y]","other":"[x]"}` + "\n"; got != want {
		t.Errorf("got %s want %s", got, want)
	}
}

// failing yields a row and then an error; badWriter takes nothing.
type failing struct{ queries.Rows }

func (failing) Err() error { return errors.New("connection lost") }

type badWriter struct{}

func (badWriter) Write([]byte) (int, error) { return 0, errors.New("pipe closed") }

func TestErrors(t *testing.T) {
	for _, format := range Formats {
		var b bytes.Buffer
		n, err := Write(&b, failing{queries.NewRows(abc, rows[0])}, Options{Format: format})
		if n != 1 || err == nil || err.Error() != "connection lost" {
			t.Errorf("%s: %d rows, error %v", format, n, err)
		}
		if !strings.Contains(b.String(), "x") {
			t.Errorf("%s: the row before the error is missing: %q", format, b.String())
		}
		if format == "json" && json.Valid(b.Bytes()) {
			t.Errorf("a whole array in spite of the error: %s", b.String())
		}
		if _, err := Write(badWriter{}, queries.NewRows(abc, rows...), Options{Format: format}); err == nil || err.Error() != "pipe closed" {
			t.Errorf("%s: error %v of the writer lost", format, err)
		}
		if _, err := Write(&b, queries.NewRows(abc, []any{1}), Options{Format: format}); err == nil {
			t.Errorf("%s: a short row went through", format)
		}
	}
}

func FuzzJSON(f *testing.F) {
	f.Add("a", "text\x1b\u202e\xff", []byte{0, 255}, 1.5, int64(3), uint8(2), "VARCHAR")
	f.Add("a", `{"a":[1,{"b":null}],"a":2}`, []byte("x"), math.NaN(), int64(-3), uint8(0), "JSON")
	f.Add("", `"`, []byte(nil), math.Inf(1), int64(0), uint8(40), `STRUCT("a" DATE, b VARCHAR[3])[]`)
	f.Fuzz(func(t *testing.T, name, s string, raw []byte, float float64, i int64, scale uint8, typ string) {
		columns := []queries.Column{{Name: name, Type: typ}, {Name: name, Type: typ}, {Name: "c", Type: typ}, {Name: s, Type: typ}}
		row := []any{
			s,
			[]any{raw, float, queries.Decimal{Value: big.NewInt(i), Scale: scale}, float32(float), driverDecimal{s}},
			map[string]any{name: time.UnixMicro(i).UTC(), s: queries.Map{{Key: float, Value: s}}},
			[]any{s, map[any]any{i: s}, queries.Interval{Micros: i}, nil, driverUnion{s, ""}},
		}
		var b bytes.Buffer
		if _, err := Write(&b, queries.NewRows(columns, row, row), Options{Format: "json"}); err != nil {
			t.Fatal(err)
		}
		if !json.Valid(b.Bytes()) {
			t.Fatalf("not JSON: %s", b.String())
		}
		var lines bytes.Buffer
		Write(&lines, queries.NewRows(columns, row, row), Options{Format: "jsonl"})
		if n := bytes.Count(lines.Bytes(), []byte{'\n'}); n != 2 {
			t.Fatalf("%d lines for 2 rows", n)
		}
		for _, format := range []string{"table", "line", "markdown", "html"} {
			b.Reset()
			if _, err := Write(&b, queries.NewRows(columns, row), Options{Format: format}); err != nil {
				t.Fatal(err)
			}
			if bytes.ContainsAny(b.Bytes(), "\x00\x1b\r\u202e\u009b") {
				t.Fatalf("%s: control characters in %q", format, b.String())
			}
		}
	})
}

func BenchmarkWrite(b *testing.B) {
	columns := []queries.Column{{Name: "id", Type: "BIGINT"}, {Name: "text", Type: "VARCHAR"}, {Name: "usd", Type: "DECIMAL(24,12)"}, {Name: "at", Type: "TIMESTAMPTZ"}}
	row := []any{int64(1234567), "some text of the usual length, neither long nor short", decimal("1500000000000", 12), time.UnixMicro(1_767_225_600_000_000)}
	in := make([][]any, 20_000)
	for i := range in {
		in[i] = row
	}
	for _, format := range []string{"jsonl", "csv", "table"} {
		b.Run(format, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Write(nowhere{}, queries.NewRows(columns, in...), Options{Format: format})
			}
		})
	}
}

type nowhere struct{}

func (nowhere) Write(p []byte) (int, error) { return len(p), nil }
