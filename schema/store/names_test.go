package store

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestResolve(t *testing.T) {
	_, conn := openTest(t, Memory)
	r, err := newModelResolver(context.Background(), conn)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ raw, provider, want string }{
		{"claude-sonnet-4-5-20250929", "", "anthropic/claude-sonnet-4-5"},
		{" Claude-Sonnet-4-5@20250929 ", "", "anthropic/claude-sonnet-4-5"},
		{"claude-sonnet-4-5-latest", "", "anthropic/claude-sonnet-4-5"},
		{"claude-sonnet-4-5-1", "", ""},
		{"claude-opus-6", "", ""},
		{"claude-opus-5-8", "", ""},
		{"claude-opus-5-5[1m]", "", "anthropic/claude-opus-5-5 context_1m"},
		{"us.anthropic.claude-sonnet-4-6", "", "anthropic/claude-sonnet-4-6 regional;provider_bedrock"},
		{"global.anthropic.claude-sonnet-4-5-20250929-v1:0", "amazon-bedrock", "anthropic/claude-sonnet-4-5 provider_bedrock"},
		{"claude-4.6-opus-high-thinking-fast", "cursor", "anthropic/claude-opus-4-6 fast;thinking;effort"},
		{"gpt-5.5-high-fast", "", "openai/gpt-5.5 fast;effort"},
		{"gpt-5.1-codex-max-high", "", "openai/gpt-5.1-codex-max effort"},
		{"kimi-k2p6", "", "moonshot/kimi-k2.6 gateway"},
		{"<synthetic>", "", " unpriced:no_model_call"},
		{"unknown", "", " unpriced:unknown_model"},
		// A gateway's own price comes first, but only where the log names the gateway.
		{"kimi-k2", "opencode", "opencode/kimi-k2"},
		{"kimi-k2", "", "moonshot/kimi-k2"},
		{"openai/gpt-oss-120b:free", "openrouter", "openrouter/openai/gpt-oss-120b zero_price"},
		{"openrouter/openai/gpt-oss-120b", "", "openrouter/openai/gpt-oss-120b"},
		{"openai/gpt-oss-120b", "groq", "groq/openai/gpt-oss-120b"},
		{"gpt-oss-120b", "", ""},
		{"openrouter/anthropic/claude-opus-4.5", "", "anthropic/claude-opus-4-5 gateway"},
		{"auto", "cursor", "cursor/auto"},
		{"auto", "github-copilot", ""},
		{"auto", "", ""},
		// Names whose target moves: the date decides.
		{"codex-auto-review", "", " | 2025-08-07 openai/gpt-5 assumed | 2025-09-15 openai/gpt-5-codex assumed | 2025-11-12 openai/gpt-5.1-codex assumed" +
			" | 2025-12-18 openai/gpt-5.2-codex assumed | 2026-02-05 openai/gpt-5.3-codex assumed | 2026-03-05 openai/gpt-5.4 assumed | 2026-04-23 openai/gpt-5.5 assumed"},
		{"deepseek-chat", "", "deepseek/deepseek-chat | 2026-08-16T16:00 deepseek/deepseek-v4-flash assumed"},
		{"fable", "", " | 2026-06-09 anthropic/claude-fable-5 assumed | 2026-09-01 anthropic/claude-fable-5-1 assumed"},
	} {
		var parts []string
		stretches := r.resolve(c.raw, c.provider)
		for i, m := range stretches {
			var b strings.Builder
			if !m.from.IsZero() {
				b.WriteString(strings.TrimSuffix(m.from.UTC().Format("2006-01-02T15:04"), "T00:00") + " ")
			}
			if m.model != "" {
				b.WriteString(m.provider + "/" + m.model)
			}
			if m.effects != "" {
				b.WriteString(" " + m.effects)
			}
			parts = append(parts, b.String())
			if i > 0 && !stretches[i-1].to.Equal(m.from) || i == len(stretches)-1 && !m.to.IsZero() {
				t.Errorf("%s: the stretches do not cover all time: %+v", c.raw, stretches)
			}
		}
		if got := strings.Join(parts, " | "); got != c.want {
			t.Errorf("%q at %q:\n got %q\nwant %q", c.raw, c.provider, got, c.want)
		}
	}
}

// TestResolveOwnPrices: a price of the user comes before all others.
func TestResolveOwnPrices(t *testing.T) {
	_, conn := openTest(t, Memory)
	_, err := conn.ExecContext(context.Background(), `
		INSERT INTO raw.prices (provider, model, match_kind, effective_from, input, output, currency, unit, is_own)
		VALUES ('house', 'gpt-5', 'prefix', '2020-01-01', 1, 2, 'USD', '1M tokens', true), ('house', 'house-model', 'exact', '2020-01-01', 1, 2, 'USD', '1M tokens', true)`)
	if err != nil {
		t.Fatal(err)
	}
	r, err := newModelResolver(context.Background(), conn)
	if err != nil {
		t.Fatal(err)
	}
	for raw, want := range map[string]string{"gpt-5": "house/gpt-5", "gpt-5-2025-08-07": "house/gpt-5", "house-model": "house/house-model", "house-model-latest": "house/house-model", "gpt-5-mini": "openai/gpt-5-mini"} {
		m := r.resolve(raw, "openai")
		if got := m[0].provider + "/" + m[0].model; len(m) != 1 || got != want {
			t.Errorf("%s: %s, want %s", raw, got, want)
		}
	}
}

// TestAliasesLeadSomewhere: an alias without an effect "unpriced" ends at a row of the price book.
func TestAliasesLeadSomewhere(t *testing.T) {
	_, conn := openTest(t, Memory)
	r, err := newModelResolver(context.Background(), conn)
	if err != nil {
		t.Fatal(err)
	}
	for alias, rules := range r.exact {
		for _, a := range rules {
			l := lookup{r: r, gateway: a.only, t: time.Now()}
			if _, _, ok := l.find(a.model); !ok && a.model != "" {
				t.Errorf("%s: %s is not in the price book", alias, a.model)
			}
			if a.model == "" && !strings.HasPrefix(a.effect, "unpriced:") {
				t.Errorf("%s leads nowhere and does not say so", alias)
			}
		}
	}
}

func TestFold(t *testing.T) {
	_, conn := openTest(t, Memory)
	f, err := newToolFolder(context.Background(), conn)
	if err != nil {
		t.Fatal(err)
	}
	for raw, want := range map[string]foldedTool{
		"Read":                           {name: "read", kind: "read"},
		"read_file":                      {name: "readfile", kind: "read"},
		"str-replace.editor":             {name: "strreplaceeditor", kind: "edit"},
		"Bash":                           {name: "bash", kind: "shell"},
		"readToolCall":                   {name: "read", kind: "read"},
		"copilot_createFile":             {name: "createfile", kind: "write"},
		"copilot_readFile":               {name: "copilotreadfile", kind: "read"},
		"functions.exec_command":         {name: "execcommand", kind: "shell"},
		"developer__shell":               {name: "developershell", kind: "shell"},
		"developer__text_editor":         {name: "texteditor", kind: "edit"},
		"mcp__github__create_issue":      {name: "create_issue", kind: "mcp", server: "github"},
		"mcp__my_db__run__query":         {name: "run__query", kind: "mcp", server: "my_db"},
		"mcp_linear_list-issues":         {name: "list-issues", kind: "mcp", server: "linear"},
		"playwright__click":              {name: "click", kind: "mcp", server: "playwright"},
		"mcp_exec":                       {name: "mcpexec", kind: "script"},
		"ListMcpResourcesTool":           {name: "listmcpresourcestool", kind: "other"},
		"list_mcp_resources":             {name: "listmcpresources", kind: "mcp"},
		"FrobnicateWidget":               {name: "frobnicatewidget", kind: "other"},
		"toolcall":                       {name: "toolcall", kind: "other"},
		"...":                            {name: "...", kind: "other"},
		"vscode_copilot_copilot_runTest": {name: "runtest", kind: "diagnostics"},
	} {
		if got := f.fold(raw); got != want {
			t.Errorf("%s: got %+v, want %+v", raw, got, want)
		}
	}
}

func TestClassify(t *testing.T) {
	_, conn := openTest(t, Memory)
	cases := []struct{ program, rest, want string }{
		{"go", "test ./...", "test test false"},
		{"go", "build ./cmd/x", "build build false"},
		{"go", "vet ./...", "lint lint false"},
		{"go", "mod tidy", "package - false"},
		{"go", "run .", "run - false"},
		{"pytest", "-x tests", "test test false"},
		{"py.test", "", "test test false"},
		{"pyxtest", "", "other - false"},
		{"npm", "run lint:fix", "lint lint false"},
		{"npm", "publish", "run - true"},
		{"prettier", "--check .", "lint lint false"},
		{"prettier", "--write .", "format - false"},
		{"g++", "main.cc", "build build false"},
		{"sed", "-n 1,5p a", "read - false"},
		{"sed", "-i s/a/b/ a", "edit_inplace - false"},
		{"find", ". -name x", "search - false"},
		{"find", ". -delete", "file_write - false"},
		{"rm", "-rf build", "file_write - true"},
		{"rm", "a.txt", "file_write - false"},
		{"git", "status --short", "vcs_read - false"},
		{"git", "commit -m x", "vcs_write - false"},
		{"git", "push --force origin main", "vcs_write - true"},
		{"psql", "-c 'DROP TABLE users'", "db - true"},
		{"$x", "= 5", "nav - false"},
		{"[[", "-f x ]]", "nav - false"},
		{"python", "-c 'print(1)'", "script - false"},
		{"python", "tool.py", "run - false"},
		{"frobnicate", "", "other - false"},
		{"", "x", "other - false"},
	}
	ctx := context.Background()
	for i, c := range cases {
		if _, err := conn.ExecContext(ctx, fmt.Sprintf("INSERT INTO raw.command_texts VALUES (%d, %s, %s)", i+1, quoteOrNull(c.program), quoteOrNull(c.rest))); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 { // the second time there is nothing to do
		if err := ClassifyCommands(ctx, conn); err != nil {
			t.Fatal(err)
		}
	}
	got, err := texts(ctx, conn, `SELECT command_class || ' ' || coalesce(verification_kind, '-') || ' ' || is_destructive FROM raw.command_classes ORDER BY command_key`)
	if err != nil || len(got) != len(cases) {
		t.Fatalf("%d classes, want %d: %v", len(got), len(cases), err)
	}
	for i, c := range cases {
		if got[i] != c.want {
			t.Errorf("%s %s: %s, want %s", c.program, c.rest, got[i], c.want)
		}
	}
}

func TestSplitPrograms(t *testing.T) {
	names, patterns := splitPrograms(`a|b\.c|g\+\+|\[\[|\$\S+|x y|[ab]|d-e`)
	if got := strings.Join(names, " "); got != "a b.c g++ [[ x y d-e" {
		t.Errorf("names %q", got)
	}
	if got := strings.Join(patterns, " "); got != `\$\S+ [ab]` {
		t.Errorf("patterns %q", got)
	}
}

// TestAgain: what is known is not asked again, and new rules are applied to all.
func TestAgain(t *testing.T) {
	_, conn := openTest(t, Memory)
	fillRaw(t, conn, 1)
	ctx := context.Background()
	count := func(table string) string {
		out, err := texts(ctx, conn, "SELECT count(*)::VARCHAR FROM raw."+table)
		if err != nil {
			t.Fatal(err)
		}
		return out[0]
	}
	for table, want := range map[string]string{"model_names": "2", "tool_names": "3", "command_classes": "1"} {
		if n := count(table); n != want {
			t.Errorf("%s has %s rows, want %s", table, n, want)
		}
	}
	_, err := conn.ExecContext(ctx, `UPDATE raw.store_info SET value = 'old' WHERE key IN ('data/prices.csv', 'data/command-rules.csv');
		UPDATE raw.model_names SET model = 'old'; UPDATE raw.tool_names SET tool_name = 'old'; UPDATE raw.command_classes SET command_class = 'old'`)
	if err != nil {
		t.Fatal(err)
	}
	if err := LoadParameters(ctx, conn); err != nil {
		t.Fatal(err)
	}
	for table, want := range map[string]string{"model_names WHERE model = 'old'": "0", "model_names": "2", "tool_names WHERE tool_name = 'old'": "3",
		"command_classes WHERE command_class = 'old'": "0", "command_classes": "1", "stale_sessions": "1", "prices": "392"} {
		if n := count(table); n != want {
			t.Errorf("after new rules %s has %s rows, want %s", table, n, want)
		}
	}
}
