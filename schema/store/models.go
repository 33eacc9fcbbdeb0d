package store

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// ResolveModels finds out which row of the price book is meant by the pairs of model name and provider
// that were met for the first time, and keeps it in raw.model_names.
func ResolveModels(ctx context.Context, conn *sql.Conn) error {
	pairs, err := newModelNames(ctx, conn)
	if err != nil || len(pairs) == 0 {
		return err
	}
	r, err := newModelResolver(ctx, conn)
	if err != nil {
		return err
	}
	var q strings.Builder
	q.WriteString("INSERT INTO raw.model_names VALUES ")
	for i, p := range pairs {
		for j, m := range r.resolve(p.model, p.provider.String) {
			if i+j > 0 {
				q.WriteString(", ")
			}
			provider := "NULL"
			if p.provider.Valid {
				provider = Quote(p.provider.String)
			}
			fmt.Fprintf(&q, "(%s, %s, %s, %s, %s, %s, %s, %s)", Quote(p.model), provider, quoteTime(m.from), quoteTime(m.to),
				quoteOrNull(m.model), quoteOrNull(m.provider), quoteOrNull(m.model), quoteOrNull(m.effects))
		}
	}
	_, err = conn.ExecContext(ctx, q.String())
	return err
}

type modelName struct {
	model    string
	provider sql.NullString
}

func newModelNames(ctx context.Context, conn *sql.Conn) ([]modelName, error) {
	rows, err := conn.QueryContext(ctx, `
		SELECT DISTINCT m.raw_model, m.provider_name
		FROM (SELECT DISTINCT coalesce(response_model, request_model) AS raw_model, provider_name FROM raw.model_calls) AS m
		ANTI JOIN raw.model_names AS n ON n.raw_model = m.raw_model AND n.provider_name IS NOT DISTINCT FROM m.provider_name
		WHERE m.raw_model IS NOT NULL`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []modelName
	for rows.Next() {
		var p modelName
		if err := rows.Scan(&p.model, &p.provider); err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, rows.Err()
}

// A resolvedModel is what a name means in a stretch of time. No model means: unpriced.
type resolvedModel struct {
	from, to        time.Time // zero = open
	provider, model string
	effects         string // joined by semicolons, in the order in which they were found
}

// A modelResolver leads names to rows of the price book.
type modelResolver struct {
	exact    map[string][]modelAlias
	patterns []modelPattern
	own      map[string]map[string]bool // provider -> model -> its id may carry a date
	book     map[string]map[string]bool
}

type modelAlias struct {
	model, effect, only string
	from, to            time.Time
}

type modelPattern struct {
	pattern     *regexp.Regexp
	replacement string
	effect      string
}

func newModelResolver(ctx context.Context, conn *sql.Conn) (*modelResolver, error) {
	r := &modelResolver{exact: map[string][]modelAlias{}, own: map[string]map[string]bool{}, book: map[string]map[string]bool{}}
	if err := r.readPrices(ctx, conn); err != nil {
		return nil, err
	}
	return r, r.readAliases(ctx, conn)
}

func (r *modelResolver) readPrices(ctx context.Context, conn *sql.Conn) error {
	rows, err := conn.QueryContext(ctx, `SELECT provider, model, bool_or(match_kind = 'prefix'), is_own FROM raw.prices GROUP BY ALL`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var provider, model string
		var dated, own bool
		if err := rows.Scan(&provider, &model, &dated, &own); err != nil {
			return err
		}
		book := r.book
		if own {
			book = r.own
		}
		if book[provider] == nil {
			book[provider] = map[string]bool{}
		}
		book[provider][model] = dated
	}
	return rows.Err()
}

func (r *modelResolver) readAliases(ctx context.Context, conn *sql.Conn) error {
	rows, err := conn.QueryContext(ctx, `
		SELECT alias, coalesce(model, ''), rule, coalesce(effect, ''), valid_from, valid_to, coalesce(only_provider, '')
		FROM raw.model_aliases ORDER BY rank`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var alias, rule string
		var a modelAlias
		var from, to sql.NullTime
		if err := rows.Scan(&alias, &a.model, &rule, &a.effect, &from, &to, &a.only); err != nil {
			return err
		}
		a.from, a.to = from.Time, to.Time
		if rule == "exact" {
			r.exact[alias] = append(r.exact[alias], a)
			continue
		}
		pattern, err := regexp.Compile(alias)
		if err != nil {
			return fmt.Errorf("model aliases: %w", err)
		}
		r.patterns = append(r.patterns, modelPattern{pattern, backReference.ReplaceAllString(a.model, "$${$1}"), a.effect})
	}
	return rows.Err()
}

// backReference is how the alias file refers to a group of its pattern.
var backReference = regexp.MustCompile(`\\(\d)`)

// resolve gives the meaning of a name from the beginning to the end of time, in as few stretches as
// there are different ones.
func (r *modelResolver) resolve(raw, provider string) []resolvedModel {
	m, dates := r.at(raw, provider, time.Time{})
	out := []resolvedModel{m}
	for len(dates) > 0 {
		// A date that decides may lead to a name with dates of its own: collect until no new one appears.
		slices.SortFunc(dates, time.Time.Compare)
		dates = slices.CompactFunc(dates, time.Time.Equal)
		known := len(dates)
		first, _ := r.at(raw, provider, time.Time{})
		out = []resolvedModel{first}
		for _, from := range dates[:known] {
			m, more := r.at(raw, provider, from)
			dates = append(dates, more...)
			if last := &out[len(out)-1]; m.provider != last.provider || m.model != last.model || m.effects != last.effects {
				last.to, m.from = from, from
				out = append(out, m)
			}
		}
		slices.SortFunc(dates, time.Time.Compare)
		dates = slices.CompactFunc(dates, time.Time.Equal)
		if len(dates) == known {
			break
		}
	}
	return out
}

// at gives the meaning of a name at an instant (the zero time is before all), and the dates at which a
// rule that was looked at begins or ends.
func (r *modelResolver) at(raw, provider string, t time.Time) (resolvedModel, []time.Time) {
	l := lookup{r: r, gateway: gatewayOf(provider), provider: strings.ToLower(provider), t: t}
	name := strings.ToLower(strings.TrimSpace(raw))
	if done, m := l.try(name); done {
		return l.result(m), l.dates
	}
	for _, p := range r.patterns {
		next := p.pattern.ReplaceAllString(name, p.replacement)
		if next == name {
			continue
		}
		if g := gatewayOf(strings.TrimSuffix(strings.TrimSuffix(name, next), "/")); g != "" && l.gateway == "" {
			l.gateway = g // "openrouter/…" names the gateway as well as a hint does
		}
		name = next
		l.effect(p.effect)
		if done, m := l.try(name); done {
			return l.result(m), l.dates
		}
	}
	return l.result(resolvedModel{}), l.dates
}

// A lookup is one search for a name.
type lookup struct {
	r                 *modelResolver
	gateway, provider string
	t                 time.Time
	effects           []string
	dates             []time.Time
}

func (l *lookup) effect(e string) {
	for _, e := range strings.Split(e, ";") {
		if e != "" && !slices.Contains(l.effects, e) {
			l.effects = append(l.effects, e)
		}
	}
}

func (l *lookup) result(m resolvedModel) resolvedModel {
	m.effects = strings.Join(l.effects, ";")
	return m
}

// try looks for a name as it is: first among the aliases, then in the price book. It is done also when
// an alias says that the name has no price.
func (l *lookup) try(name string) (bool, resolvedModel) {
	for _, a := range l.r.exact[name] {
		if a.only != "" && a.only != l.gateway && a.only != l.provider {
			return true, resolvedModel{} // a name that means something at that provider only
		}
		for _, d := range []time.Time{a.from, a.to} {
			if !d.IsZero() {
				l.dates = append(l.dates, d)
			}
		}
		if !a.from.IsZero() && l.t.Before(a.from) || !a.to.IsZero() && !l.t.Before(a.to) {
			continue
		}
		if a.model == "" {
			l.effect(a.effect)
			return true, resolvedModel{}
		}
		if provider, model, ok := l.find(a.model); ok {
			l.effect(a.effect)
			return true, resolvedModel{provider: provider, model: model}
		}
	}
	provider, model, ok := l.find(name)
	return ok, resolvedModel{provider: provider, model: model}
}

// Who sells a model: makers under its own name, agents that have models or prices of their own, hosts
// that sell other makers' models. A host's price counts only where the log names the host; the others
// have names that nobody else uses. Bedrock's names are its own as well.
var (
	makers  = []string{"anthropic", "openai", "google", "xai", "moonshot", "deepseek", "alibaba", "zai", "minimax", "mistral", "xiaomi", "stepfun"}
	natives = []string{"cursor", "github", "opencode", "bedrock"}
)

var gateways = map[string]string{
	"cursor": "cursor", "github": "github", "github-copilot": "github", "copilot": "github",
	"opencode": "opencode", "opencode-go": "opencode", "opencode-zen": "opencode", "zen": "opencode",
	"openrouter": "openrouter", "groq": "groq", "cerebras": "cerebras",
	"bedrock": "bedrock", "amazon-bedrock": "bedrock", "aws-bedrock": "bedrock", "aws.bedrock": "bedrock", "bedrock-converse": "bedrock",
}

// gatewayOf gives the provider of the price book that a logged provider name stands for, if it is one
// that sells other makers' models.
func gatewayOf(name string) string {
	return gateways[strings.ReplaceAll(strings.ToLower(name), "_", "-")]
}

// find looks for a name in the price book: the user's own prices, the gateway that the log names, the
// makers, and those with names of their own.
func (l *lookup) find(name string) (provider, model string, ok bool) {
	for provider := range l.r.own {
		if model, ok := findIn(l.r.own[provider], name); ok {
			return provider, model, true
		}
	}
	if l.gateway != "" {
		if model, ok := findIn(l.r.book[l.gateway], name); ok {
			return l.gateway, model, true
		}
	}
	for _, group := range [][]string{makers, natives} {
		for _, provider := range group {
			if model, ok := findIn(l.r.book[provider], name); ok {
				return provider, model, true
			}
		}
	}
	// An alias may name the provider: cursor/auto.
	if provider, rest, found := strings.Cut(name, "/"); found {
		if model, ok := findIn(l.r.book[provider], rest); ok {
			return provider, model, true
		}
	}
	return "", "", false
}

// datedSuffix is all that may follow the id of a model with dated snapshots. A free prefix match would
// give a coming model the price of its namesake.
var datedSuffix = regexp.MustCompile(`(-\d{8}|-\d{4}-\d{2}-\d{2}|@\d{8}|-latest|@default|@latest)$`)

func findIn(models map[string]bool, name string) (string, bool) {
	if _, ok := models[name]; ok {
		return name, true
	}
	if at := datedSuffix.FindStringIndex(name); at != nil && models[name[:at[0]]] {
		return name[:at[0]], true
	}
	return "", false
}

func quoteTime(t time.Time) string {
	if t.IsZero() {
		return "NULL"
	}
	return Quote(t.UTC().Format("2006-01-02T15:04:05.999999Z"))
}
