package redact

import "strings"

// A token is a secret that its own form gives away: a prefix and then a run of certain characters.
type token struct {
	rule   string
	prefix string
	at     int // where in the prefix the pair stands that triggers the rule; a rare pair is best
	min    int // length of the run after the prefix
	exact  bool
	chars  charset
	check  func(run string) bool // more to ask of the run; nil is nothing

	pair uint16
}

// A charset is a set of bytes.
type charset uint8

const (
	digits charset = 1 << iota
	lower
	upper
	dash
	underscore
	dot
	slash // and the other characters of base64: + and =
	hexOnly

	alnum = digits | lower | upper
	word  = alnum | dash | underscore
)

func (c charset) has(b byte) bool {
	switch {
	case b >= '0' && b <= '9':
		return c&(digits|hexOnly) != 0
	case b >= 'a' && b <= 'z':
		return c&lower != 0 || c&hexOnly != 0 && b <= 'f'
	case b >= 'A' && b <= 'Z':
		return c&upper != 0
	case b == '-':
		return c&dash != 0
	case b == '_':
		return c&underscore != 0
	case b == '.':
		return c&dot != 0
	case b == '/', b == '+', b == '=':
		return c&slash != 0
	}
	return false
}

// run is the length of the run of c at the start of s.
func (c charset) run(s string) int {
	n := 0
	for n < len(s) && c.has(s[n]) {
		n++
	}
	return n
}

// tokens are tried in order, so the special stands before the general. The forms are those the issuers
// document, with a little room in length, because issuers change it.
var tokens = index([]token{
	{rule: "aws-access-key", prefix: "AKIA", min: 16, exact: true, chars: digits | upper},
	{rule: "aws-access-key", prefix: "ASIA", min: 16, exact: true, chars: digits | upper},
	{rule: "github-token", prefix: "ghp_", at: 2, min: 36, chars: alnum},
	{rule: "github-token", prefix: "gho_", at: 2, min: 36, chars: alnum},
	{rule: "github-token", prefix: "ghu_", at: 2, min: 36, chars: alnum},
	{rule: "github-token", prefix: "ghs_", at: 2, min: 36, chars: word | dot},
	{rule: "github-token", prefix: "ghr_", at: 2, min: 36, chars: alnum},
	{rule: "github-token", prefix: "github_pat_", at: 9, min: 40, chars: alnum | underscore},
	{rule: "gitlab-token", prefix: "glpat-", at: 4, min: 20, chars: word | dot},
	{rule: "gitlab-token", prefix: "gldt-", at: 3, min: 20, chars: word | dot},
	{rule: "gitlab-token", prefix: "glrt-", at: 3, min: 20, chars: word | dot},
	{rule: "gitlab-token", prefix: "glptt-", at: 4, min: 20, chars: word | dot},
	{rule: "gitlab-token", prefix: "glcbt-", at: 4, min: 20, chars: word | dot},
	{rule: "anthropic-key", prefix: "sk-ant-", at: 1, min: 20, chars: word},
	{rule: "openrouter-key", prefix: "sk-or-", at: 1, min: 20, chars: word},
	{rule: "langfuse-key", prefix: "sk-lf-", at: 1, min: 36, chars: word},
	{rule: "openai-key", prefix: "sk-proj-", at: 1, min: 20, chars: word, check: hasDigit},
	{rule: "openai-key", prefix: "sk-svcacct-", at: 1, min: 20, chars: word, check: hasDigit},
	{rule: "openai-key", prefix: "sk-admin-", at: 1, min: 20, chars: word, check: hasDigit},
	{rule: "openai-key", prefix: "sk-", at: 1, min: 20, chars: word, check: longPart},
	{rule: "slack-token", prefix: "xoxb-", at: 3, min: 10, chars: alnum | dash, check: hasDigit},
	{rule: "slack-token", prefix: "xoxp-", at: 3, min: 10, chars: alnum | dash, check: hasDigit},
	{rule: "slack-token", prefix: "xoxa-", at: 3, min: 10, chars: alnum | dash, check: hasDigit},
	{rule: "slack-token", prefix: "xoxo-", at: 3, min: 10, chars: alnum | dash, check: hasDigit},
	{rule: "slack-token", prefix: "xoxr-", at: 3, min: 10, chars: alnum | dash, check: hasDigit},
	{rule: "slack-token", prefix: "xoxs-", at: 3, min: 10, chars: alnum | dash, check: hasDigit},
	{rule: "slack-token", prefix: "xoxe-", at: 3, min: 10, chars: alnum | dash, check: hasDigit},
	{rule: "slack-token", prefix: "xoxe.xox", at: 3, min: 10, chars: alnum | dash, check: hasDigit},
	{rule: "slack-token", prefix: "xapp-", at: 3, min: 20, chars: alnum | dash, check: hasDigit},
	{rule: "slack-webhook", prefix: "hooks.slack.com/services/", at: 15, min: 20, chars: alnum | slash},
	{rule: "google-key", prefix: "AIza", at: 1, min: 35, exact: true, chars: word},
	{rule: "google-oauth", prefix: "ya29.", at: 3, min: 20, chars: word | dot},
	{rule: "google-oauth", prefix: "GOCSPX-", at: 4, min: 20, chars: word},
	{rule: "stripe-key", prefix: "sk_live_", at: 1, min: 16, chars: alnum},
	{rule: "stripe-key", prefix: "rk_live_", at: 1, min: 16, chars: alnum},
	{rule: "stripe-key", prefix: "sk_test_", at: 1, min: 16, chars: alnum, check: hasDigit},
	{rule: "stripe-key", prefix: "rk_test_", at: 1, min: 16, chars: alnum, check: hasDigit},
	{rule: "stripe-webhook", prefix: "whsec_", at: 4, min: 24, chars: alnum | slash},
	{rule: "npm-token", prefix: "npm_", at: 2, min: 36, exact: true, chars: alnum},
	{rule: "pypi-token", prefix: "pypi-", at: 3, min: 50, chars: word, check: hasDigit},
	{rule: "huggingface-token", prefix: "hf_", at: 1, min: 30, chars: alnum},
	{rule: "groq-key", prefix: "gsk_", at: 2, min: 40, chars: alnum},
	{rule: "xai-key", prefix: "xai-", at: 2, min: 40, chars: alnum},
	{rule: "perplexity-key", prefix: "pplx-", at: 3, min: 40, chars: alnum},
	{rule: "replicate-token", prefix: "r8_", at: 1, min: 36, chars: alnum},
	{rule: "digitalocean-token", prefix: "dop_v1_", at: 2, min: 64, chars: hexOnly},
	{rule: "sendgrid-key", prefix: "SG.", at: 1, min: 60, chars: word | dot},
	{rule: "databricks-token", prefix: "dapi", at: 2, min: 32, chars: hexOnly, check: hasDigit},
	{rule: "docker-token", prefix: "dckr_pat_", at: 3, min: 20, chars: word},
	{rule: "vault-token", prefix: "hvs.", at: 2, min: 24, chars: word},
	{rule: "shopify-token", prefix: "shpat_", at: 4, min: 32, chars: alnum},
	{rule: "linear-key", prefix: "lin_api_", at: 2, min: 32, chars: alnum},
	{rule: "notion-token", prefix: "ntn_", at: 2, min: 40, chars: alnum},
	{rule: "atlassian-token", prefix: "ATATT3", at: 3, min: 40, chars: word | slash},
	{rule: "age-key", prefix: "AGE-SECRET-KEY-1", at: 2, min: 50, chars: digits | upper},
	{rule: "jwt", prefix: "eyJ", at: 1, min: 20, chars: word | dot, check: isJWT},
})

func index(list []token) []token {
	for i := range list {
		t := &list[i]
		t.pair = uint16(t.prefix[t.at])<<8 | uint16(t.prefix[t.at+1])
	}
	return list
}

// triggers is the set of the pairs of bytes that some rule waits for.
var triggers = triggerSet()

func triggerSet() (set [8192]byte) {
	add := func(a, b byte) {
		pair := uint16(a)<<8 | uint16(b)
		set[pair>>3] |= 1 << (pair & 7)
	}
	for _, t := range tokens {
		add(byte(t.pair>>8), byte(t.pair))
	}
	for a := range 256 {
		// A name or the quote around it stands before these; most pairs with them are no matter.
		if c := byte(a); isAlnum(c) || c == '"' || c == '\'' || c == '`' || c == ' ' || c == ':' || c == '=' || c == '!' || c == ']' {
			add(c, '=')
			add(c, ':')
		}
	}
	add('-', '-')
	add('-', 'B')
	add('B', 'e')
	add('b', 'e')
	add('B', 'E')
	return set
}

// match is the token whose prefix stands at start, if it is one. A token is a word of its own.
func (t *token) match(s string, start int) (Match, bool) {
	if start > 0 && isWordByte(s[start-1]) && !afterEscape(s, start) {
		return Match{}, false
	}
	from := start + len(t.prefix)
	run := s[from : from+t.chars.run(s[from:])]
	cut := cutAt(s, from+len(run))
	if !strings.HasSuffix(run, "=") {
		run = strings.TrimRight(run, ".-") // the end of a sentence
	}
	m := Match{Rule: t.rule, Start: start, End: from + len(run)}
	if len(run) >= t.min && (!t.exact || len(run) == t.min) && (t.check == nil || t.check(run)) {
		return m, true
	}
	// The first letters of a token give nothing away; those of a word are all of one case.
	m.Cut = true
	if t.rule == "jwt" && strings.IndexByte(run, '.') < 0 {
		return Match{}, false // its header is no secret
	}
	return m, cut && len(run) >= 8 && len(run) < max(t.min, 100) && hasDigit(run) && classes(run) >= 2 && !isWords(withoutCounters(run))
}

// afterEscape reports whether the byte before start belongs to an escape such as \n in quoted text.
func afterEscape(s string, start int) bool {
	return start >= 2 && s[start-2] == '\\' && strings.IndexByte("nrt", s[start-1]) >= 0
}

func isAlnum(c byte) bool      { return alnum.has(c) }
func isWordByte(c byte) bool   { return isAlnum(c) || c == '_' || c == '-' }
func hasDigit(s string) bool   { return strings.ContainsAny(s, "0123456789") }
func isDigit(c byte) bool      { return c >= '0' && c <= '9' }
func isLowerHex(c byte) bool   { return isDigit(c) || c >= 'a' && c <= 'f' }
func isLetter(c byte) bool     { return isAlnum(c) && !isDigit(c) }
func isUpper(c byte) bool      { return c >= 'A' && c <= 'Z' }
func lowerByte(c byte) byte    { return c | 0x20 }
func isSpace(c byte) bool      { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }
func isQuote(c byte) bool      { return c == '"' || c == '\'' || c == '`' }
func isHexRun(s string) bool   { return charset(hexOnly).run(s) == len(s) }
func isDigitRun(s string) bool { return charset(digits).run(s) == len(s) }

// longPart reports whether one part between dashes looks random; names of packages are made of words.
func longPart(run string) bool {
	for len(run) > 0 {
		n := strings.IndexAny(run, "-_")
		part := run
		if n >= 0 {
			part, run = run[:n], run[n+1:]
		} else {
			run = ""
		}
		if len(part) >= 16 && hasDigit(part) {
			return true
		}
	}
	return false
}

// isJWT reports whether the rest of a token after eyJ is a header, a payload that is an object, and
// perhaps a signature.
func isJWT(run string) bool {
	header, rest, ok := strings.Cut(run, ".")
	if !ok || len(header) < 8 {
		return false
	}
	payload, _, _ := strings.Cut(rest, ".")
	return len(payload) >= 8 && (strings.HasPrefix(payload, "ey") || strings.Count(rest, ".") == 3)
}
