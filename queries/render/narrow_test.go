package render

import "testing"

var narrow = Doc{Sections: []Section{{Table: &Table{
	Columns: []TableColumn{{Name: "session"}, {Name: "reasons", Below: true}, {Name: "started", Spare: 1}, {Name: "tokens", Align: Right, Spare: 2}, {Name: "cost", Align: Right}},
	Rows: [][]string{
		{"c61edc02523b450f", "nothing happened for 10m 43s; a third of the tool results are errors", "2026-01-02", "12.3M", "$0.49"},
		{"71ada8c109444a71", "-", "2026-01-03", "4.5M", "$10.00"},
	},
}}}}

func TestNarrowTable(t *testing.T) {
	cases := []struct {
		name  string
		width int
		want  string
	}{
		{"all columns, long text below", 60, `
  session           started     tokens    cost
 ──────────────────────────────────────────────
  c61edc02523b450f  2026-01-02   12.3M   $0.49
      nothing happened for 10m 43s; a third of the tool
      results are errors
  71ada8c109444a71  2026-01-03    4.5M  $10.00
`},
		{"spare columns go in order and are named", 36, `
  session             cost
 ──────────────────────────
  c61edc02523b450f   $0.49
      nothing happened for 10m 43s;
      a third of the tool results
      are errors
  71ada8c109444a71  $10.00
  A wider terminal also shows:
  started, tokens.
`},
		{"words are cut when nothing else helps", 18, `
  session     cost
 ──────────────────
  c61edc02   $0.49
  523b450f
      nothing
      happened for
      10m 43s; a
      third of the
      tool results
      are errors
  71ada8c1  $10.00
  09444a71
  A wider terminal
  also shows:
  started, tokens.
`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := "\n" + doc(t, narrow, DocOptions{Width: c.width}); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}
