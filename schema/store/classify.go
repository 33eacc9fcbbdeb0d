package store

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"strings"
)

// ClassifyCommands finds out what the shell commands are for that were met for the first time, by the
// rules in raw.command_rules, and keeps it in raw.command_classes.
//
// The rules become one statement: programs that a rule lists are joined by name, and only the patterns
// on what follows the program are matched, each compiled once.
func ClassifyCommands(ctx context.Context, conn *sql.Conn) error {
	var waiting bool
	err := conn.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM raw.command_texts) <> (SELECT count(*) FROM raw.command_classes)`).Scan(&waiting)
	if err != nil || !waiting {
		return err
	}
	rules, err := readCommandRules(ctx, conn)
	if err != nil {
		return err
	}
	if _, err := conn.ExecContext(ctx, classifySQL(rules)); err != nil {
		return fmt.Errorf("classify commands: %w", err)
	}
	return nil
}

// A commandRule is one row of raw.command_rules.
type commandRule struct {
	set          string
	rank         int
	program      string // pattern for the whole program; "" = any
	text         string // pattern to be found; "" = anything
	result       string
	verification string
}

func readCommandRules(ctx context.Context, conn *sql.Conn) ([]commandRule, error) {
	rows, err := conn.QueryContext(ctx, `
		SELECT rule_set, rank, coalesce(program_re, ''), coalesce(text_re, ''), result, coalesce(verification_kind, '')
		FROM raw.command_rules WHERE rule_set IN ('class', 'destructive') ORDER BY rule_set, rank`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []commandRule
	for rows.Next() {
		var r commandRule
		if err := rows.Scan(&r.set, &r.rank, &r.program, &r.text, &r.result, &r.verification); err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, rows.Err()
}

func classifySQL(rules []commandRule) string {
	var programs, byPattern, texts, results, destructive []string
	for _, r := range rules {
		if r.set == "destructive" {
			destructive = append(destructive, "(?:"+r.text+")")
			continue
		}
		names, patterns := splitPrograms(r.program)
		for _, name := range names {
			programs = append(programs, fmt.Sprintf("(%s, %d)", Quote(name), r.rank))
		}
		for _, p := range patterns {
			byPattern = append(byPattern, fmt.Sprintf("\n\tUNION ALL\n\tSELECT command_key, rest, %d FROM waiting WHERE regexp_full_match(program, %s)", r.rank, Quote(p)))
		}
		if r.text != "" {
			texts = append(texts, fmt.Sprintf("\n\t\tWHEN %d THEN regexp_matches(rest, %s)", r.rank, Quote(r.text)))
		}
		results = append(results, fmt.Sprintf("(%d, %s, %s)", r.rank, Quote(r.result), quoteOrNull(r.verification)))
	}
	return fmt.Sprintf(`
INSERT INTO raw.command_classes
WITH waiting AS MATERIALIZED (
	SELECT command_key, coalesce(program, '') AS program, coalesce(rest, '') AS rest
	FROM raw.command_texts
	ANTI JOIN raw.command_classes USING (command_key)
),
programs (program, rank) AS (
	VALUES %s
),
candidates AS (
	SELECT command_key, rest, rank FROM waiting JOIN programs USING (program)%s
),
hits AS (
	SELECT command_key, min(rank) AS rank
	FROM candidates
	WHERE CASE rank%s
		ELSE TRUE
	END
	GROUP BY command_key
),
results (rank, command_class, verification_kind) AS (
	VALUES %s
)
SELECT
	w.command_key,
	coalesce(r.command_class, 'other'),
	r.verification_kind,
	regexp_matches(w.program || ' ' || w.rest, %s)
FROM waiting AS w
LEFT JOIN hits USING (command_key)
LEFT JOIN results AS r USING (rank)`,
		strings.Join(programs, ", "), strings.Join(byPattern, ""), strings.Join(texts, ""),
		strings.Join(results, ", "), Quote(strings.Join(destructive, "|")))
}

// splitPrograms takes apart a pattern that lists programs: plain names, and what is truly a pattern.
func splitPrograms(pattern string) (names, patterns []string) {
	if strings.ContainsAny(pattern, "()") {
		return nil, []string{pattern}
	}
	depth := 0
	from := 0
	part := func(p string) {
		if name := unescape(p); regexp.QuoteMeta(name) == canonical(p) {
			names = append(names, name)
		} else {
			patterns = append(patterns, p)
		}
	}
	for i := 0; i < len(pattern); i++ {
		switch pattern[i] {
		case '\\':
			i++
		case '[':
			depth++
		case ']':
			depth--
		case '|':
			if depth == 0 {
				part(pattern[from:i])
				from = i + 1
			}
		}
	}
	part(pattern[from:])
	return names, patterns
}

// unescape drops the backslashes before punctuation.
func unescape(p string) string {
	var b strings.Builder
	for i := 0; i < len(p); i++ {
		if p[i] == '\\' && i+1 < len(p) && !isWordByte(p[i+1]) {
			i++
		}
		b.WriteByte(p[i])
	}
	return b.String()
}

// canonical writes a pattern with a backslash before every punctuation mark that stands for itself, as
// QuoteMeta does: the two are equal exactly where the pattern is a plain name.
func canonical(p string) string {
	var b strings.Builder
	for i := 0; i < len(p); i++ {
		if p[i] == '\\' && i+1 < len(p) && !isWordByte(p[i+1]) {
			i++
			b.WriteString(regexp.QuoteMeta(p[i : i+1]))
			continue
		}
		b.WriteByte(p[i])
	}
	return b.String()
}

func isWordByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
