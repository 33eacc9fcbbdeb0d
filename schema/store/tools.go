package store

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"strings"
)

// FoldTools finds out what the tool names mean that were met for the first time, by the rules in
// raw.tool_kinds, and keeps it in raw.tool_names.
func FoldTools(ctx context.Context, conn *sql.Conn) error {
	names, err := texts(ctx, conn, `
		SELECT DISTINCT tool_name_raw FROM raw.tool_calls
		WHERE tool_name_raw IS NOT NULL AND tool_name_raw NOT IN (SELECT tool_name_raw FROM raw.tool_names)`)
	if err != nil || len(names) == 0 {
		return err
	}
	folder, err := newToolFolder(ctx, conn)
	if err != nil {
		return err
	}
	var q strings.Builder
	q.WriteString("INSERT INTO raw.tool_names VALUES ")
	for i, name := range names {
		if i > 0 {
			q.WriteString(", ")
		}
		t := folder.fold(name)
		fmt.Fprintf(&q, "(%s, %s, %s, %s)", Quote(name), Quote(t.name), Quote(t.kind), quoteOrNull(t.server))
	}
	_, err = conn.ExecContext(ctx, q.String())
	return err
}

// A foldedTool is what a logged tool name means.
type foldedTool struct{ name, kind, server string }

// A toolFolder applies the rules for tool names.
type toolFolder struct {
	kinds map[string]string // by folded name
	rules []toolRule
}

type toolRule struct {
	pattern *regexp.Regexp
	kind    string // (fold) = cut what matches and look again
}

func newToolFolder(ctx context.Context, conn *sql.Conn) (*toolFolder, error) {
	rows, err := conn.QueryContext(ctx, `SELECT key, match, tool_kind FROM raw.tool_kinds ORDER BY rank`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	f := &toolFolder{kinds: map[string]string{}}
	for rows.Next() {
		var key, match, kind string
		if err := rows.Scan(&key, &match, &kind); err != nil {
			return nil, err
		}
		if match != "regex" {
			f.kinds[key] = kind
			continue
		}
		pattern, err := regexp.Compile("(?i)" + key)
		if err != nil {
			return nil, fmt.Errorf("tool kinds: %w", err)
		}
		f.rules = append(f.rules, toolRule{pattern, kind})
	}
	return f, rows.Err()
}

func (f *toolFolder) fold(raw string) foldedTool {
	for name := strings.TrimSpace(raw); ; {
		folded := foldName(name)
		if kind, ok := f.kinds[folded]; ok {
			return foldedTool{name: folded, kind: kind}
		}
		cut := ""
		for _, r := range f.rules {
			m := r.pattern.FindStringSubmatchIndex(name)
			if m == nil {
				continue
			}
			if r.kind == "(fold)" {
				if cut = name[:m[0]] + name[m[1]:]; cut != "" && cut != name {
					break
				}
				continue
			}
			t := foldedTool{name: name, kind: r.kind}
			if len(m) >= 6 {
				t.server, t.name = name[m[2]:m[3]], name[m[4]:m[5]]
			}
			return t
		}
		if cut == "" || cut == name {
			if folded == "" {
				folded = raw // nothing but marks: leave it as it is
			}
			return foldedTool{name: folded, kind: "other"}
		}
		name = cut
	}
}

// foldName brings spellings of one name together: case, underscores, dashes, dots and blanks.
func foldName(name string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case '_', '-', '.', ' ':
			return -1
		}
		return r
	}, strings.ToLower(name))
}

// texts reads a column of texts.
func texts(ctx context.Context, conn *sql.Conn, query string) ([]string, error) {
	rows, err := conn.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, rows.Err()
}
