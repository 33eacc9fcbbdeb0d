package sqlfiles

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
)

const header = `-- summary: What is
--   shown.
-- grain: a, b
-- status: current
-- since: 0.1.0
-- columns:
--   a          The a.
--   cost_usd   What it costs,
--              all in.
--   b          [share] The b.
`

func TestParse(t *testing.T) {
	d, err := Parse("core/some_thing_v2.sql", strings.Replace(header, "-- columns", "-- kept: findings\n-- changes: It is better,\n--   much.\n-- columns", 1)+
		"--   session_id The session.\nSELECT a, cost_usd, b, session_id\nFROM x_v1 -- more\n")
	if err != nil {
		t.Fatal(err)
	}
	if d.Name != "some_thing_v2" || d.Family != "some_thing" || d.Version != 2 || d.Layer != "core" {
		t.Errorf("%+v", d)
	}
	if d.Summary != "What is shown." || d.Changes != "It is better, much." || d.Kept != KeptFindings || strings.Join(d.Grain, "+") != "a+b" {
		t.Errorf("%+v", d)
	}
	want := []Column{{Name: "a", Meaning: "The a."}, {Name: "cost_usd", Unit: "USD", Meaning: "What it costs, all in."}, {Name: "b", Unit: "share", Meaning: "The b."}, {Name: "session_id", Meaning: "The session."}}
	if len(d.Columns) != len(want) {
		t.Fatalf("%+v", d.Columns)
	}
	for i, c := range d.Columns {
		if c != want[i] {
			t.Errorf("column %d: %+v, want %+v", i, c, want[i])
		}
	}
	if !strings.HasPrefix(d.Body, "SELECT a") {
		t.Errorf("body %q", d.Body)
	}
}

func TestParseRefuses(t *testing.T) {
	body := "SELECT a, cost_usd, b FROM x_v1"
	for _, c := range []struct{ name, file, text, want string }{
		{"name", "core/x.sql", header + body, "core/x.sql: want a file name"},
		{"version 0", "core/x_v0.sql", header + body, "want a file name"},
		{"layer", "cellar/x_v1.sql", header + body, `"cellar" is no layer`},
		{"no summary", "core/x_v1.sql", strings.Replace(header, "-- summary: What is\n--   shown.\n", "", 1) + body, "core/x_v1.sql:8: the header lacks summary"},
		{"status", "core/x_v1.sql", strings.Replace(header, "current", "final", 1) + body, "core/x_v1.sql:4: status: want"},
		{"since", "core/x_v1.sql", strings.Replace(header, "0.1.0", "soon", 1) + body, "core/x_v1.sql:5: since"},
		{"unknown key", "core/x_v1.sql", strings.Replace(header, "-- since", "-- owner: me\n-- since", 1) + body, `core/x_v1.sql:5: unknown key "owner"`},
		{"twice", "core/x_v1.sql", strings.Replace(header, "-- since", "-- status: draft\n-- since", 1) + body, "core/x_v1.sql:5: status is given twice"},
		{"indent", "core/x_v1.sql", strings.Replace(header, "--   a ", "--  a ", 1) + body, "core/x_v1.sql:7: want"},
		{"no meaning", "core/x_v1.sql", strings.Replace(header, "--   a          The a.", "--   a", 1) + body, "core/x_v1.sql:7: column a: want its meaning"},
		{"column twice", "core/x_v1.sql", strings.Replace(header, "--   b  ", "--   a  ", 1) + body, "core/x_v1.sql:10: column a is given twice"},
		{"grain", "core/x_v1.sql", strings.Replace(header, "grain: a, b", "grain: a, z", 1) + body, "grain: there is no column z"},
		{"unit", "core/x_v1.sql", strings.Replace(header, "[share]", "[share", 1) + body, "core/x_v1.sql:10: column b: want [unit] meaning"},
		{"kept without session", "core/x_v1.sql", strings.Replace(header, "-- columns", "-- kept: facts\n-- columns", 1) + body, "session_id is needed"},
		{"kept what", "core/x_v1.sql", strings.Replace(header, "-- columns", "-- kept: all\n-- columns", 1) + body, "core/x_v1.sql:6: kept: want"},
		{"no change note", "core/x_v2.sql", header + body, "version 2 must say what changed"},
		{"empty", "core/x_v1.sql", header, "core/x_v1.sql:11: no statement"},
		{"no select", "core/x_v1.sql", header + "DROP TABLE x_v1", "want one SELECT"},
		{"two statements", "core/x_v1.sql", header + "SELECT 1;\nDROP TABLE x", "core/x_v1.sql:11: one statement"},
		{"star", "core/x_v1.sql", header + "SELECT\n    x.*\nFROM x_v1 AS x", "core/x_v1.sql:12: name the columns"},
		{"open text", "core/x_v1.sql", header + "SELECT 'a\nFROM x", "core/x_v1.sql:11: unfinished text"},
		{"open bracket", "core/x_v1.sql", header + "SELECT (a FROM x", "brackets are not closed"},
		{"closed bracket", "core/x_v1.sql", header + "SELECT a) FROM x", "core/x_v1.sql:11: ) closes nothing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Parse(c.file, c.text)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestStars(t *testing.T) {
	for body, fine := range map[string]bool{
		"SELECT count(*) AS a FROM x_v1":     true,
		"SELECT 2 * a AS a FROM x_v1":        true,
		"SELECT (a + b) * 2 AS a FROM x_v1":  true,
		"SELECT * FROM x_v1":                 false,
		"SELECT a, * FROM x_v1":              false,
		"SELECT x.* EXCLUDE (a) FROM x_v1":   false,
		"SELECT max(COLUMNS(*)) FROM x_v1":   false,
		"SELECT '*' AS a -- *\nFROM x_v1":    true,
		"SELECT DISTINCT * FROM x_v1":        false,
		"SELECT a FROM (SELECT * FROM x_v1)": false,
	} {
		_, err := Parse("core/x_v1.sql", header+body)
		if (err == nil) != fine {
			t.Errorf("%s: %v", body, err)
		}
	}
}

// folder makes a file system of definitions: path -> body.
func folder(bodies map[string]string, change func(path, text string) string) fstest.MapFS {
	out := fstest.MapFS{}
	for path, body := range bodies {
		text := "-- summary: S.\n-- grain: none\n-- status: current\n-- since: 0.1.0\n-- columns:\n--   session_id  The session.\n" + body
		if change != nil {
			text = change(path, text)
		}
		out[path] = &fstest.MapFile{Data: []byte(text)}
	}
	return out
}

func TestLoadOrders(t *testing.T) {
	set, err := Load(folder(map[string]string{
		"health/h_v1.sql":  "SELECT session_id FROM z_v1 JOIN a_v1 USING (session_id)",
		"core/a_v1.sql":    "SELECT session_id FROM z_v1, base_v1",
		"core/z_v1.sql":    "WITH raw_v AS (SELECT session_id FROM base_v1) SELECT session_id FROM raw_v WHERE 'a_v1' <> ''",
		"base/base_v1.sql": "SELECT * FROM raw.sessions",
	}, nil))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range set.Definitions {
		got = append(got, d.Name)
	}
	if s := strings.Join(got, " "); s != "base_v1 z_v1 a_v1 h_v1" {
		t.Error(s)
	}
	if r := strings.Join(set.Get("h_v1").Reads, " "); r != "a_v1 z_v1" {
		t.Error(r)
	}
	sql := set.Get("a_v1").SQL(func(name string) string { return "core." + name })
	if sql != "SELECT session_id FROM core.z_v1, core.base_v1" {
		t.Error(sql)
	}
}

func TestLoadRefuses(t *testing.T) {
	kept := func(level, name string) func(path, text string) string {
		return func(path, text string) string {
			if strings.Contains(path, name) {
				return strings.Replace(text, "-- columns", "-- kept: "+level+"\n-- columns", 1)
			}
			return text
		}
	}
	for _, c := range []struct {
		name   string
		bodies map[string]string
		change func(path, text string) string
		want   string
	}{
		{"unknown", map[string]string{"core/a_v1.sql": "SELECT session_id\nFROM gone_v1"}, nil, "core/a_v1.sql: line 2 of the statement: there is no relation gone_v1"},
		{"upwards", map[string]string{"core/a_v1.sql": "SELECT session_id FROM m_v1", "metrics/m_v1.sql": "SELECT 1 AS session_id"}, nil, "m_v1 is of the layer metrics, above core"},
		{"circle", map[string]string{"core/a_v1.sql": "SELECT session_id FROM b_v1", "core/b_v1.sql": "SELECT session_id FROM a_v1"}, nil, "part of a circle"},
		{"itself", map[string]string{"core/a_v1.sql": "SELECT session_id FROM a_v1"}, nil, "reads itself"},
		{"raw", map[string]string{"core/a_v1.sql": "SELECT session_id FROM raw.sessions"}, nil, "only base reads raw"},
		{"alias", map[string]string{"core/a_v1.sql": "SELECT session_id FROM s", "base/s_v1.sql": "SELECT 1 AS session_id"}, nil, "s is an alias that moves"},
		{"two current", map[string]string{"core/a_v1.sql": "SELECT 1 AS session_id", "core/a_v2.sql": "SELECT 2 AS session_id"},
			func(path, text string) string {
				return strings.Replace(text, "-- columns", "-- changes: Two.\n-- columns", 1)
			}, "is current as well"},
		{"no current", map[string]string{"core/a_v1.sql": "SELECT 1 AS session_id"},
			func(path, text string) string { return strings.Replace(text, "current", "draft", 1) }, "no version of a is current"},
		{"input", map[string]string{"core/a_v1.sql": "SELECT session_id FROM own_turns"}, nil, "only kept facts of the layer base read own_turns"},
		{"facts on findings", map[string]string{"base/a_v1.sql": "SELECT session_id FROM b_v1", "base/b_v1.sql": "SELECT 1 AS session_id"},
			func(path, text string) string {
				return kept("findings", "b_v1")(path, kept("facts", "a_v1")(path, text))
			}, "b_v1 is derived after the facts"},
		{"macro", map[string]string{"core/a_v1.sql": "SELECT session_id FROM m_v1", "core/m_v1.sql": "SELECT x AS session_id"},
			func(path, text string) string {
				if strings.Contains(path, "m_v1") {
					return strings.Replace(text, "-- columns", "-- macro: (x)\n-- columns", 1)
				}
				return text
			}, "a view does not read the macro"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Load(folder(c.bodies, c.change))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// TestSums: what a definition rests on is part of its deep checksum, and of no other.
func TestSums(t *testing.T) {
	bodies := map[string]string{
		"base/s_v1.sql": "SELECT 1 AS session_id",
		"core/a_v1.sql": "SELECT session_id FROM s_v1",
		"core/b_v1.sql": "SELECT 3 AS session_id",
	}
	before, err := Load(folder(bodies, nil))
	if err != nil {
		t.Fatal(err)
	}
	bodies["base/s_v1.sql"] = "SELECT 2 AS session_id"
	after, err := Load(folder(bodies, nil))
	if err != nil {
		t.Fatal(err)
	}
	if before.Get("a_v1").Sum != after.Get("a_v1").Sum || before.Get("a_v1").DeepSum == after.Get("a_v1").DeepSum {
		t.Error("a_v1: its own statement is the same, what it reads is not")
	}
	if before.Get("b_v1").DeepSum != after.Get("b_v1").DeepSum {
		t.Error("b_v1 does not read s_v1")
	}
	if before.Sum == after.Sum {
		t.Error("the set changed")
	}
}

func FuzzParse(f *testing.F) {
	f.Add(header + "SELECT a, cost_usd, b FROM x_v1 -- ok")
	f.Add(header + "WITH x AS (SELECT 'it''s' AS \"a\"\"b\" /* c */) SELECT $$ a")
	set, err := Views()
	if err != nil {
		f.Fatal(err)
	}
	for _, d := range set.Definitions {
		f.Add("-- summary: S.\n-- grain: none\n-- status: draft\n-- since: 1.0.0\n-- columns:\n--   a  A.\n" + d.Body)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := Parse("core/x_v1.sql", text)
		if err != nil {
			if d != nil {
				t.Error("a definition and an error")
			}
			return
		}
		if d.Summary == "" && !strings.Contains(text, "summary") || len(d.Columns) == 0 || d.Sum == "" {
			t.Errorf("%+v", d)
		}
		// The statement written with full names is the same statement otherwise.
		if same := d.SQL(func(name string) string { return name }); same != d.Body {
			t.Errorf("%q became %q", d.Body, same)
		}
		last := -1
		for _, k := range Tokens(d.Body) {
			if k.Text == "" || k.Pos <= last || d.Body[k.Pos:k.Pos+len(k.Text)] != k.Text {
				t.Fatalf("token %+v after %d", k, last)
			}
			last = k.Pos + len(k.Text) - 1
		}
	})
}

func BenchmarkLoad(b *testing.B) {
	sub, err := fs.Sub(views, "views")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := Load(sub); err != nil {
			b.Fatal(err)
		}
	}
}
