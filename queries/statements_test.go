package queries

import (
	"fmt"
	"testing"
)

func TestSplit(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"select 1", "[{select 1 0 []}]"},
		{" select 1 ; ; -- end\n select 2;", "[{select 1 1 []} {-- end\n select 2 14 []}]"},
		{"select ';', \"a;b\", 'it''s;' /* ; */", "[{select ';', \"a;b\", 'it''s;' /* ; */ 0 []}]"},
		{"select $since::timestamptz, $x, $since", "[{select $since::timestamptz, $x, $since 0 [{since TIMESTAMPTZ} {x }]}]"},
		{"select $$a;$b$$, $t$ ; $t$; select $1", "[{select $$a;$b$$, $t$ ; $t$ 0 []} {select $1 28 [{1 }]}]"},
		{"-- nothing", "[]"},
		{"", "[]"},
		{"select 'open", "[{select 'open 0 []}]"},
		{"select a$b", "[{select a$b 0 []}]"},
	} {
		if got := fmt.Sprint(Split(c.in)); got != c.want {
			t.Errorf("%q\n got %s\nwant %s", c.in, got, c.want)
		}
	}
}

func TestTerminated(t *testing.T) {
	cases := map[string]bool{
		"select 1": false, "select 1;": true, "select 1; -- done": true, "select ';": false, "select ';'": false, "select ';';": true,
		"select $$;$$": false, "select $$;": false, "select $a;": true, "select 1; /* ": false, "/* ; */": false, "select 1; select 2": false,
		"select 1 -- ;": false, "select 1 -- ;\n;": true, `select "a;`: false, "": false, ";": true,
	}
	for text, want := range cases {
		if got := Terminated(text); got != want {
			t.Errorf("Terminated(%q) = %v", text, got)
		}
	}
}
