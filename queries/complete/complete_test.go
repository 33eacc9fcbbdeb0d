package complete

import (
	"strings"
	"testing"
)

var catalogue = &Catalogue{
	Relations: map[string][]Column{
		"sessions":      {{"session_id", "VARCHAR"}, {"agent", "VARCHAR"}, {"started_at", "TIMESTAMPTZ"}},
		"sessions_v1":   {{"session_id", "VARCHAR"}, {"agent", "VARCHAR"}},
		"tool_calls":    {{"session_id", "VARCHAR"}, {"tool_name", "VARCHAR"}, {"status", "VARCHAR"}},
		"stall_reasons": {{"reason", "VARCHAR"}},
	},
	Functions: []string{"strftime", "sum", "substring"},
	Keywords:  []string{"select", "from", "group", "where", "order", "semi"},
	Params:    []string{"since", "tz"},
	Commands: []Command{
		{Name: ".mode", Words: []string{"table", "tsv", "csv"}}, {Name: ".schema", Relation: true},
		{Name: ".params", Words: []string{"set", "list", "clear"}, Param: true}, {Name: `\d`, Relation: true},
	},
}

// TestComplete: the cursor is at the bar; wanted is the start of the word and the candidates in order.
func TestComplete(t *testing.T) {
	cases := []struct{ text, want string }{
		{"sel|", "select"},
		{"SEL|", "SELECT"},
		{"select * from |", "sessions stall_reasons tool_calls sessions_v1"},
		{"select * from ses|", "sessions sessions_v1"},
		{"select * from sessions, t|", "tool_calls"},
		{"select * from sessions join st|", "stall_reasons"},
		{"describe too|", "tool_calls"},
		{"with mine as (select 1) select * from mi|", "mine"},
		{"select * from sessions where s|", "session_id started_at select semi strftime( sum( substring("},
		{"select * from sessions where |", "session_id agent started_at"},
		{"select * from sessions s join tool_calls as t on s.st|", "started_at"},
		{"select * from sessions s join tool_calls as t on s.session_id = t.|", "session_id tool_name status"},
		{"select tool_calls.st|", "status"},
		{"select sta|", "started_at status"},
		{"select st| from", "started_at status strftime("},
		{"select st| from sessions; select status from tool_calls", "started_at strftime("},
		{"select s.st|\nfrom sessions s", "started_at"},
		{"select 1 where x > $|", "$since $tz"},
		{"select $own, $o|", "$own"},
		{"select 'ses|", ""},
		{"select 1 -- fro|", ""},
		{"select 1 /* fro|", ""},
		{"select * from tool_calls; select * from sessions where to|", ""},
		{".mo|", ".mode"},
		{".mode t|", "table tsv"},
		{".schema to|", "tool_calls"},
		{`\d st|`, "stall_reasons"},
		{".params set si|", "since"},
		{".params |", "set list clear"},
		{".mode table |", ""},
		{"zzz|", ""},
		{"|", "select from group where order semi"},
	}
	for _, c := range cases {
		cursor := strings.IndexByte(c.text, '|')
		text := c.text[:cursor] + c.text[cursor+1:]
		from, list := catalogue.Complete(text, cursor)
		var got []string
		for _, cand := range list {
			got = append(got, cand.Text)
			if !hasPrefix(cand.Text, text[from:cursor]) {
				t.Errorf("%s: %s does not go on from %q", c.text, cand.Text, text[from:cursor])
			}
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.text, s, c.want)
		}
	}
}

func FuzzComplete(f *testing.F) {
	f.Add("select * from sessions s where s.", 10)
	f.Add(".mode \"", 7)
	f.Fuzz(func(t *testing.T, text string, cursor int) {
		if cursor < 0 {
			return
		}
		if from, _ := catalogue.Complete(text, cursor); from < 0 || from > len(text) {
			t.Fatalf("from %d in %d bytes", from, len(text))
		}
	})
}
