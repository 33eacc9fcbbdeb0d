package main

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// planted makes secrets of many kinds. They are put together here, so that no scanner takes this file for a
// leak: rule, the text that holds it, and the part of it that must never be seen.
func planted() (out []struct{ rule, text, value string }) {
	letters := "kT7vQ2mZ9xLw4RfB8nHc3JpD6gYs5Va1"
	mixed := strings.Repeat(letters, 3)
	hex := strings.Repeat("0f1e2d3c4b5a6978", 4)
	add := func(rule, before, value, after string) {
		out = append(out, struct{ rule, text, value string }{rule, before + value + after, value})
	}
	for _, t := range []struct {
		rule, prefix string
		n            int
	}{
		{"github-token", "ghp" + "_", 36}, {"github-token", "github" + "_pat_", 60}, {"gitlab-token", "glpat" + "-", 20}, {"anthropic-key", "sk" + "-ant-" + "api03-", 40},
		{"openrouter-key", "sk" + "-or-" + "v1-", 40}, {"langfuse-key", "sk" + "-lf-", 36}, {"openai-key", "sk" + "-proj-", 40}, {"openai-key", "sk" + "-", 48},
		{"slack-token", "xoxb" + "-123456789012-", 24}, {"slack-token", "xapp" + "-1-", 30}, {"slack-webhook", "hooks.slack.com/" + "services/T0/B0/", 24}, {"google-key", "AIza", 35},
		{"google-oauth", "ya29" + ".", 40}, {"google-oauth", "GOCSPX" + "-", 28}, {"stripe-key", "sk" + "_live_", 24}, {"stripe-key", "rk" + "_live_", 24},
		{"stripe-webhook", "whsec" + "_", 32}, {"npm-token", "npm" + "_", 36}, {"pypi-token", "pypi" + "-", 60}, {"huggingface-token", "hf" + "_", 34}, {"groq-key", "gsk" + "_", 52},
		{"xai-key", "xai" + "-", 60}, {"perplexity-key", "pplx" + "-", 48}, {"replicate-token", "r8" + "_", 37}, {"sendgrid-key", "SG" + ".", 66}, {"docker-token", "dckr" + "_pat_", 27},
		{"vault-token", "hvs" + ".", 30}, {"shopify-token", "shpat" + "_", 32}, {"linear-key", "lin" + "_api_", 40}, {"notion-token", "ntn" + "_", 46}, {"atlassian-token", "ATATT3", 60},
	} {
		add(t.rule, "use ", t.prefix+mixed[:t.n], " for it")
	}
	add("aws-access-key", "id ", "AKIA"+"Z3MHB7QWX5LK2NVD", ".")
	add("digitalocean-token", "", "dop"+"_v1_"+hex, "")
	add("databricks-token", "", "dapi"+hex[:32], "")
	add("jwt", "", "eyJ"+"hbGciOiJIUzI1NiJ9.eyJ"+"zdWIiOiJhbmEifQ."+mixed[:43], "")
	add("private-key", "", "-----BEGIN RSA "+"PRIVATE KEY-----\nMIIE"+mixed+"\n-----END RSA "+"PRIVATE KEY-----", "")
	add("url-password", "postgres://app:", "Tr0ub4dor"+letters[:4], "@db.local/x")
	add("password", "DB_PASSWORD=", "c0rrect"+letters[4:10], " run")
	add("secret", "api_key: \"", letters[:24]+"x", "\"")
	add("bearer-token", "sent Bearer ", letters[3:30], " to it")
	add("authorization", "Authorization: Basic ", letters[5:29]+"Q9", "")
	return out
}

// plant writes a Claude and a Codex session that hold each secret in a prompt, an answer, the arguments and the
// result of a tool, and in the names of things.
func plant(t *testing.T, home string) {
	t.Helper()
	quote := func(v any) string {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	secrets := planted()
	branch := secrets[0].value
	var claude, codex strings.Builder
	const sid = "55555555-aaaa-4bbb-8ccc-000000000005"
	common := func(n int, kind string) string {
		return fmt.Sprintf(`"isSidechain":false,"userType":"external","cwd":"/home/ana/%s","sessionId":"%s","version":"2.1.280","gitBranch":"%s","type":"%s","uuid":"%s-%d","timestamp":"2026-09-01T08:%02d:%02d.000Z"`,
			secrets[1].value, sid, branch, kind, kind, n, n/60, n%60)
	}
	const thread = "0195f000-0000-7000-8000-000000000077"
	fmt.Fprintf(&codex, `{"timestamp":"2026-09-02T08:00:00.000Z","type":"session_meta","payload":{"id":"%s","timestamp":"2026-09-02T08:00:00.000Z","cwd":"/home/ana/%s","originator":"codex_cli_rs","cli_version":"0.118.0","source":"cli","git":{"branch":"%s"}}}`+"\n", thread, secrets[1].value, branch)
	fmt.Fprintf(&codex, `{"timestamp":"2026-09-02T08:00:00.100Z","type":"turn_context","payload":{"turn_id":"t1","cwd":"/home/ana/x","model":"gpt-5.5"}}`+"\n")
	for i, s := range secrets {
		n := 3 * i
		fmt.Fprintf(&claude, `{%s,"message":{"role":"user","content":%s}}`+"\n", common(n, "user"), quote(s.text))
		fmt.Fprintf(&claude, `{%s,"requestId":"r%d","message":{"id":"m%d","type":"message","role":"assistant","model":"claude-opus-4-8","content":[{"type":"text","text":%s},{"type":"tool_use","id":"tu%d","name":"Bash","input":{"command":%s}}],"stop_reason":"tool_use","usage":{"input_tokens":6,"output_tokens":5}}}`+"\n",
			common(n+1, "assistant"), i, i, quote(s.text), i, quote("echo "+s.text))
		result := "ok"
		if i%2 == 1 {
			result = s.text
		}
		fmt.Fprintf(&claude, `{%s,"message":{"role":"user","content":[{"type":"tool_result","tool_use_id":"tu%d","is_error":%t,"content":%s}]}}`+"\n", common(n+2, "user"), i, i%3 == 1, quote(result))
		at := fmt.Sprintf("2026-09-02T08:%02d:%02d", (n+5)/60, (n+5)%60)
		fmt.Fprintf(&codex, `{"timestamp":"%s.000Z","type":"event_msg","payload":{"type":"user_message","message":%s}}`+"\n", at, quote(s.text))
		fmt.Fprintf(&codex, `{"timestamp":"%s.200Z","type":"response_item","payload":{"type":"function_call","name":"shell","call_id":"c%d","arguments":%s}}`+"\n", at, i, quote(quote(map[string]any{"command": []string{"bash", "-lc", "echo " + s.text}})))
		fmt.Fprintf(&codex, `{"timestamp":"%s.400Z","type":"response_item","payload":{"type":"function_call_output","call_id":"c%d","output":%s}}`+"\n", at, i, quote(s.text))
	}
	fmt.Fprintf(&claude, `{"type":"custom-title","customTitle":%s,"sessionId":"%s"}`+"\n", quote("deploy with "+secrets[2].value), sid)
	for path, text := range map[string]string{
		".claude/projects/-home-ana-x/" + sid + ".jsonl":                              claude.String(),
		".claude/projects/-home-ana-x/" + secrets[3].value + ".jsonl":                 "no log, but " + secrets[4].value + "\n",
		".codex/sessions/2026/09/02/rollout-2026-09-02T08-00-00-" + thread + ".jsonl": codex.String(),
	} {
		path = filepath.Join(home, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestNoSecretIsPrinted plants secrets of forty kinds and runs every command in every format: none is seen. The
// search finds each of them.
func TestNoSecretIsPrinted(t *testing.T) {
	long(t)
	t.Parallel()
	home, dir := t.TempDir(), t.TempDir()
	plant(t, home)
	db := filepath.Join(dir, "s.duckdb")
	seen := func(what, text string) {
		t.Helper()
		for _, s := range planted() {
			for _, form := range []string{s.value, strings.ReplaceAll(s.value, "\n", `\n`), strings.ReplaceAll(s.value, "\n", " ")} {
				if strings.Contains(text, form) {
					t.Errorf("%s shows the %s", what, s.rule)
					break
				}
			}
		}
	}
	base := []string{"--db", db, "--home", home}
	fresh := func(args ...string) []string { return append(args, "--db", db, "--home", home, "--no-refresh") }
	run := func(args ...string) string {
		t.Helper()
		out, errs, code := agenttrace(t, home, args...)
		seen(strings.Join(args, " "), out+errs)
		if code == exitUsage && !strings.Contains(errs, "nothing was removed") && args[0] != "sql" {
			t.Errorf("%v: %s", args, errs)
		}
		return out
	}
	run(append([]string{"ingest", "-f", "json", "--content", "full", "-v"}, base...)...)
	scan := run(append([]string{"secrets", "scan", "-f", "csv"}, base...)...)
	kinds := map[string]bool{}
	for _, s := range planted() {
		kinds[s.rule] = true
		for _, agent := range []string{".claude", ".codex"} {
			if !slices.ContainsFunc(strings.Split(scan, "\n"), func(line string) bool {
				return strings.Contains(line, agent) && strings.Contains(line, ","+s.rule+",")
			}) {
				t.Errorf("no %s was found in the log below %s", s.rule, agent)
			}
		}
	}
	if len(kinds) < 30 {
		t.Errorf("only %d kinds", len(kinds))
	}
	// Whole is every format; the others share the ways of one that is: two of them show that they go there.
	reports := []string{"text", "markdown", "json", "html"}
	rows := []string{"table", "csv", "tsv", "json", "jsonl", "markdown", "html", "line"}
	id := "55555555-aaaa-4bbb-8ccc-000000000005"
	cases := map[string]struct {
		formats string
		args    [][]string
	}{
		"ingest":   {"json", [][]string{append([]string{"ingest"}, base...)}},
		"overview": {"text json", [][]string{fresh("overview")}},
		"latest":   {"markdown", [][]string{fresh("latest", "--timeline")}},
		"show":     {strings.Join(reports, " "), [][]string{fresh("show", id, "--timeline")}},
		"sessions": {"table json", [][]string{fresh("sessions")}},
		"trend":    {"text json", [][]string{fresh("trend", "--group", "branch", "--sessions")}},
		"diff":     {"text json", [][]string{fresh("diff", id, "0195f000")}},
		"explain":  {"text json", [][]string{fresh("explain", id, "tool_failed_count")}},
		"gate":     {"text json", [][]string{fresh("gate", "--fail-under-health", "100", "--control", "ci.health")}},
		"query":    {"csv", [][]string{fresh("query", "tools.commands"), fresh("query", "quality.churn")}},
		"watch":    {"text jsonl", [][]string{append([]string{"watch", "--rounds", "1"}, base...)}},
		"forget":   {"text json", [][]string{fresh("forget", id)}},
		"secrets":  {"table json", [][]string{fresh("secrets", "list", "--min-confidence", "low")}},
		"doctor":   {"text json", [][]string{append([]string{"doctor"}, base...)}},
		"views":    {"json", [][]string{fresh("views", "diff", "health", "v1", "v2")}},
		"sql": {strings.Join(rows, " "), [][]string{fresh("sql", `select body as b from raw.texts union select rest from raw.command_texts union select path from raw.sources
			union select title from sessions union select git_branch from sessions union select workspace from sessions; select list(body) as bodies, map([any_value(body)], [any_value(body)]) as m, {'a': any_value(body)} as s from raw.texts group by part`)}},
	}
	// Commands that show nothing of the logs.
	silent := []string{"export", "import" /* below */, "skill", "schema", "prices", "demo", "version", "man", "completion", "help"}
	root := newRoot(&env{stdout: os.Stdout, stderr: os.Stderr})
	for _, c := range root.Commands() {
		if _, ok := cases[c.Name()]; !ok && !slices.Contains(silent, c.Name()) {
			t.Errorf("%s is a new command: list here what it prints", c.Name())
		}
		checkFormats(t, c, append(slices.Clone(reports), rows...))
	}
	for _, c := range cases {
		for _, args := range c.args {
			for _, format := range strings.Fields(c.formats) {
				run(append(slices.Clone(args), "-f", format)...)
			}
		}
	}
	for _, query := range []string{"select body::INT from raw.texts", "select error(body) from raw.texts", "select strptime(body, '%Y') from raw.texts where contains(body, 'ghp')"} {
		run(fresh("sql", query)...)
	}
	for _, kind := range []string{"csv", "parquet"} {
		run(append(fresh("export", kind), filepath.Join(dir, kind), "--content", "preview")...)
	}
	err := filepath.WalkDir(filepath.Join(dir, "csv"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		seen(path, string(text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(dir, "other.duckdb")
	run("import", filepath.Join(dir, "parquet"), "--db", other, "--home", dir)
	texts, errs, code := agenttrace(t, dir, "sql", "--db", other, "--no-refresh", "--show-secrets", "-f", "csv", "select body from raw.texts union select rest from raw.command_texts union select title from sessions")
	if code != 0 || strings.Count(texts, "\n") < 40 {
		t.Errorf("nothing was imported: %s", errs)
	}
	seen("the export", texts)
	file := filepath.Join(dir, "out.html")
	run(append(fresh("show", id, "--timeline"), "-o", file)...)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	seen("-o out.html", string(text))
}

// checkFormats holds the formats that a command's help names to those that are tried.
func checkFormats(t *testing.T, c *cobra.Command, tried []string) {
	t.Helper()
	f := c.Flags().Lookup("format")
	if f == nil || tried == nil {
		return
	}
	for _, name := range strings.FieldsFunc(f.Usage, func(r rune) bool { return strings.ContainsRune(", ()", r) }) {
		if name != "or" && !slices.Contains(tried, name) && !slices.Contains([]string{"text", "table", "parquet", "with", "-o"}, name) {
			t.Errorf("%s knows the format %q, which is not tried here", c.Name(), name)
		}
	}
}
