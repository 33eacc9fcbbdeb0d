package redact

import (
	"math"
	"strings"
)

// A class says how much a name tells about the value beside it.
type class uint8

const (
	none     class = iota
	password       // whatever stands there is secret
	secret         // secret unless it reads like a word or code
	key            // secret if it looks random
	query          // the same, but only as a parameter, sig=…; elsewhere signatures are no secrets
)

// names are the endings of telling names, in lower case, without the separators that names use.
var names = []struct {
	end   string
	class class
}{
	{"password", password}, {"passwd", password}, {"passphrase", password}, {"pwd", password}, {"pass", password},
	{"secret", secret}, {"token", secret}, {"apikey", secret}, {"secretkey", secret}, {"privatekey", secret},
	{"accesskey", secret}, {"credential", secret}, {"credentials", secret}, {"authorization", secret},
	{"signingkey", key}, {"encryptionkey", key}, {"masterkey", key}, {"authkey", key}, {"accountkey", key},
	{"sharedkey", key}, {"servicekey", key}, {"subscriptionkey", key}, {"storagekey", key}, {"auth", key},
	{"jwt", key}, {"cookie", key}, {"sig", query}, {"signature", query},
}

// lastLetters are those a telling name can end with: a check before anything else is read.
var lastLetters = func() (set [256]bool) {
	for _, n := range names {
		set[n.end[len(n.end)-1]] = true
	}
	return set
}()

// classify reads a name from its end, without regard to case and separators.
func classify(name string) class {
	if name == "" {
		return none
	}
	last := lowerByte(name[len(name)-1])
	for i := range names {
		n := &names[i]
		if n.end[len(n.end)-1] != last {
			continue
		}
		at := len(name) - 1
		want := len(n.end) - 1
		for want >= 0 && at >= 0 {
			c := name[at]
			at--
			if c == '_' || c == '-' || c == '.' {
				continue
			}
			if lowerByte(c) != n.end[want] {
				want = -2
				break
			}
			want--
		}
		if want != -1 {
			continue
		}
		// Short endings must be words of their own: bypass, compass and oauth are none of them.
		if len(n.end) <= 4 && at >= 0 && isLetter(name[at]) && !(isUpper(name[at+1]) && !isUpper(name[at])) {
			continue
		}
		if at >= 0 && n.end == "token" && endsWith(name, "publickeytoken") {
			return none // names an assembly
		}
		return n.class
	}
	return none
}

// endsWith compares without regard to case and separators.
func endsWith(name, end string) bool {
	at := len(name)
	for want := len(end); want > 0; {
		if at--; at < 0 {
			return false
		}
		switch c := name[at]; {
		case c == '_' || c == '-' || c == '.':
		case lowerByte(c) != end[want-1]:
			return false
		default:
			want--
		}
	}
	return true
}

// beside looks at the value after the colon or equals sign at i, if the name before it is telling.
func beside(s string, i int) (Match, bool) {
	if s[i] == ':' && (i+1 < len(s) && (s[i+1] == ':' || s[i+1] == '=') || i > 0 && s[i-1] == ':') {
		return Match{}, false // a path in code, or := whose turn comes with the next byte
	}
	// The name, over spaces, operators and quotes.
	n := i
	for n > 0 && (s[n-1] == '=' || s[n-1] == '!' || s[n-1] == ':') && i-n < 3 {
		n--
	}
	for n > 0 && (s[n-1] == ' ' || s[n-1] == '\t') && i-n < 12 {
		n--
	}
	if n > 0 && s[n-1] == ']' {
		n-- // environ["TOKEN"] =
	}
	if n > 0 && isQuote(s[n-1]) {
		for n--; n > 0 && s[n-1] == '\\'; n-- {
		}
	}
	if n == 0 || !lastLetters[lowerByte(s[n-1])] {
		return Match{}, false
	}
	end := n
	for n > 0 && (isWordByte(s[n-1]) || s[n-1] == '.') && end-n < 64 {
		n--
	}
	c := classify(s[n:end])
	if c == none {
		return Match{}, false
	}
	v := i + 1
	for v < len(s) && (s[v] == '=' || s[v] == '>' || s[v] == '~') && v-i < 3 {
		v++
	}
	attached := s[i] == '=' && i == end
	for v < len(s) && (s[v] == ' ' || s[v] == '\t') && v-i < 12 {
		v++
		attached = false
	}
	if c == query {
		if !attached || v < len(s) && isQuote(s[v]) {
			return Match{}, false
		}
		c = key
	}
	if !attached && strings.EqualFold(s[n:end], "pass") {
		return Match{}, false // the outcome of a test
	}
	return value(s, v, c, attached, s[n:end])
}

// flagValue looks at the word after a telling command line flag, as in --token VALUE. The flag starts
// with the dashes that end at i.
func flagValue(s string, i int) (Match, bool) {
	if i >= 2 && !isSpace(s[i-2]) && !isQuote(s[i-2]) {
		return Match{}, false
	}
	n := i + 1
	end := n + word.run(s[n:])
	if end == n || end+1 >= len(s) || s[end] != ' ' || s[n] == '-' {
		return Match{}, false
	}
	c := classify(s[n:end])
	v := end + 1
	for v < len(s) && s[v] == ' ' {
		v++
	}
	if c == none || v < len(s) && s[v] == '-' {
		return Match{}, false
	}
	return value(s, v, c, c == password, s[n:end])
}

// value decides about the text that starts at v beside a name of class c. Attached means that it stands
// right behind its equals sign, as in a command line or a URL.
func value(s string, v int, c class, attached bool, name string) (Match, bool) {
	quoted := false
	for v < len(s) && s[v] == '\\' && v+1 < len(s) && (isQuote(s[v+1]) || s[v+1] == '\\') {
		v++
	}
	if v < len(s) && isQuote(s[v]) {
		quoted = true
		v++
	}
	if v >= len(s) {
		return Match{}, false
	}
	end := v
	if quoted {
		q, nested := s[v-1], v >= 2 && s[v-2] == '\\'
		for end < len(s) && s[end] != q && s[end] != '\n' {
			// An escaped quote belongs to the value, unless the whole text is quoted once more.
			if s[end] == '\\' && !nested {
				end++
			}
			end++
		}
		end = min(end, len(s))
		for end > v && s[end-1] == '\\' && end < len(s) {
			end--
		}
	} else {
		end += plainRun(s[v:])
	}
	val := s[v:end]
	// A scheme before the credentials: Authorization: Bearer …
	if n := scheme(val, s[v:]); n > 0 && v+n < len(s) {
		v += n
		if !quoted {
			end = v + plainRun(s[v:])
		}
		if end <= v {
			return Match{}, false
		}
		val, c, attached = s[v:end], secret, true
		if classify(name) == secret && len(val) >= 8 && !isIdentifier(val) && !placeholder(val) {
			if m, ok := known(s, v); ok {
				return m, true
			}
			return Match{Rule: "authorization", Start: v, End: end}, true
		}
	}
	if m, ok := known(s, v); ok {
		return m, true
	}
	if placeholder(val) {
		return Match{}, false
	}
	// Credentials in a URL have a rule of their own, which leaves the rest of the URL readable.
	if strings.Contains(val, "://") {
		return Match{}, false
	}
	if !guarded(val, c, quoted, attached) {
		return Match{}, false
	}
	rule := "secret"
	if c == password {
		rule = "password"
	}
	return Match{Rule: rule, Start: v, End: end}, true
}

// plainRun is the length of a value without quotes.
func plainRun(s string) int {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case isSpace(c), isQuote(c), c == ',', c == ';', c == '&', c == ')', c == '}', c == ']', c == '>', c == '|', c == '\\', c == '<':
			return i
		}
	}
	return len(s)
}

// scheme is the length of an authentication scheme and its space at the start of a value.
func scheme(val, rest string) int {
	for _, name := range []string{"Bearer ", "Basic ", "Token ", "ApiKey "} {
		if len(rest) > len(name) && strings.EqualFold(rest[:len(name)], name) && len(val) >= len(name)-1 {
			return len(name)
		}
	}
	return 0
}

// guarded decides by class and form whether a value is a secret. Source code and prose talk about
// passwords and tokens all the time; what they put beside the name is a word, a type or an expression.
func guarded(val string, c class, quoted, attached bool) bool {
	if !quoted && strings.ContainsAny(val, "([{") {
		return false // a call or an index
	}
	switch c {
	case password:
		if quoted || attached {
			return len(val) >= 4 && (quoted || !isPath(val)) && (quoted || !isIdentifier(val))
		}
		return len(val) >= 6 && !isWords(val) && (hasDigit(val) || classes(val) >= 3) && !isPath(val) && !isIdentifier(val)
	case secret:
		if len(val) < 8 || strings.IndexByte(val, ' ') >= 0 || isDigitRun(val) || isPath(val) || !isASCII(val) {
			return false
		}
		if hasDigit(val) {
			return !isWords(withoutCounters(val)) && classes(val) >= 2 && (quoted || attached || entropy(val) >= 2.5) && !numberWithUnit(val)
		}
		return len(val) >= 20 && !isWords(val) && entropy(val) >= 3.5
	case key:
		if len(val) < 20 || !isASCII(val) || strings.IndexByte(val, ' ') >= 0 || isPath(val) || isHexRun(val) {
			return false
		}
		return hasDigit(val) && !isUUID(val) && !isWords(withoutCounters(val)) && entropy(val) >= 3.5
	}
	return false
}

// placeholder reports whether a value only stands for a secret, or was hidden before.
func placeholder(val string) bool {
	if val == "" {
		return true
	}
	first, last := val[0], val[len(val)-1]
	switch first {
	case '$': // a variable
		name := val[1:]
		if name == "" || name[0] == '{' || name[0] == '(' || (underscore|upper|digits).run(name) == len(name) || isIdentifier(name) || isWords(name) {
			return true
		}
	case '%': // a variable or a verb
		if last == '%' || len(val) <= 3 {
			return true
		}
	case '<':
		if last == '>' {
			return true
		}
	case '{':
		if last == '}' || strings.HasPrefix(val, "{{") {
			return true
		}
	case '[':
		if last == ']' || strings.HasPrefix(val, mark) {
			return true
		}
	}
	if strings.Count(val, val[:1]) == len(val) {
		return true // ******
	}
	for _, p := range []string{"process.env", "os.environ", "os.getenv", "env.", "ENV[", "xxx", "XXX", "your", "YOUR", "Your",
		"example", "EXAMPLE", "changeme", "CHANGEME", "redacted", "REDACTED", "placeholder", "dummy", "secrets.", "config.", "self.", "this."} {
		if strings.HasPrefix(val, p) {
			return true
		}
	}
	if strings.Contains(val, "...") || strings.Contains(val, "…") || strings.Contains(val, "***") {
		return true
	}
	for _, w := range []string{"none", "null", "nil", "true", "false", "undefined", "string", "str", "text", "required", "optional",
		"missing", "empty", "invalid", "valid", "unknown", "hidden", "test"} {
		if strings.EqualFold(val, w) {
			return true
		}
	}
	// password=db_password, token: accessToken
	return classify(val) != none && (isIdentifier(val) || isWords(val))
}

// isIdentifier reports whether val is a name as code has it: letters and underscores, perhaps in several
// parts with dots between them.
func isIdentifier(val string) bool {
	joined := false
	for i := 0; i < len(val); i++ {
		switch c := val[i]; {
		case c == '_' || c == '.' && i > 0 && i+1 < len(val):
			joined = true
		case !isLetter(c):
			return false
		}
	}
	return joined
}

// isPath reports whether val is a file path or a dotted name, such as vendor/auth/token.go.
func isPath(val string) bool {
	if strings.HasPrefix(val, "~/") || strings.HasPrefix(val, "./") || strings.HasPrefix(val, "../") || strings.Contains(val, ":/") {
		return true
	}
	for part := range strings.SplitSeq(val, "/") {
		if !isWords(part) {
			return false
		}
	}
	return strings.IndexByte(val, '/') >= 0
}

// isWords reports whether val reads like words: letters with separators, in camel or snake case.
func isWords(val string) bool {
	run, turns := 0, 0
	for i := 0; i < len(val); i++ {
		c := val[i]
		switch {
		case c == '_' || c == '-' || c == '.':
			run = 0
		case isLetter(c):
			if run++; i > 0 && isUpper(c) && isLetter(val[i-1]) && !isUpper(val[i-1]) {
				turns++
			}
		default:
			return false
		}
	}
	return turns*5 <= len(val)
}

// withoutCounters takes one or two digits from the end of each word of val, as in access_token_v2.
func withoutCounters(val string) string {
	for i := len(val); i > 0; i-- {
		if i < len(val) && isAlnum(val[i]) || !isDigit(val[i-1]) {
			continue
		}
		start := i - 1
		if start > 0 && isDigit(val[start-1]) {
			start--
		}
		if start > 0 && !isDigit(val[start-1]) {
			val, i = val[:start]+val[i:], start
		}
	}
	return val
}

func isASCII(val string) bool {
	for i := 0; i < len(val); i++ {
		if val[i] >= 0x80 {
			return false
		}
	}
	return true
}

// numberWithUnit reports whether val is a measure such as 12.3k or 128000ms.
func numberWithUnit(val string) bool {
	n := charset(digits | dot).run(val)
	return n > 0 && len(val)-n <= 3
}

func isUUID(val string) bool {
	if len(val) != 36 || val[8] != '-' || val[13] != '-' || val[18] != '-' || val[23] != '-' {
		return false
	}
	for i := 0; i < len(val); i++ {
		if val[i] != '-' && !isLowerHex(lowerByte(val[i])) {
			return false
		}
	}
	return true
}

// classes counts the sorts of characters in val: lower case, upper case, digits, others.
func classes(val string) int {
	var seen [4]int
	for i := 0; i < len(val); i++ {
		switch c := val[i]; {
		case isDigit(c):
			seen[0] = 1
		case isUpper(c):
			seen[1] = 1
		case isLetter(c):
			seen[2] = 1
		default:
			seen[3] = 1
		}
	}
	return seen[0] + seen[1] + seen[2] + seen[3]
}

// entropy is the entropy of the bytes of val, in bits per byte.
func entropy(val string) float64 {
	var counts [256]int
	for i := 0; i < len(val); i++ {
		counts[val[i]]++
	}
	bits := 0.0
	for _, n := range counts {
		if n > 0 {
			p := float64(n) / float64(len(val))
			bits -= p * math.Log2(p)
		}
	}
	return bits
}

// inURL looks for a password before the host of the URL whose colon stands at i.
func inURL(s string, i int) (Match, bool) {
	if i == 0 || !isAlnum(s[i-1]) {
		return Match{}, false
	}
	start := i + 3
	end := start
	for end < len(s) && !isSpace(s[end]) && !isQuote(s[end]) && strings.IndexByte("/?#<>\\", s[end]) < 0 {
		end++
	}
	host := strings.LastIndexByte(s[start:end], '@')
	cut := host < 0 && cutAt(s, end)
	if cut {
		host = end - start // the text ends within the password, unless this is a port
	}
	if host < 0 {
		return Match{}, false
	}
	user, pass, ok := strings.Cut(s[start:start+host], ":")
	if !ok {
		return Match{}, false
	}
	v := start + len(user) + 1
	if m, ok := known(s, v); ok {
		return m, true
	}
	if pass == "" || strings.IndexByte("$<{*[", pass[0]) >= 0 && placeholder(pass) {
		return Match{}, false
	}
	if cut && (len(pass) < 4 || isDigitRun(pass) || strings.IndexByte(user, '[') >= 0 || strings.IndexByte(user, '.') >= 0) {
		return Match{}, false
	}
	return Match{Rule: "url-password", Start: v, End: start + host, Cut: cut}, true
}

// bearer looks at the word after "Bearer", which starts at i.
func bearer(s string, i int) (Match, bool) {
	const name = "bearer "
	if len(s) < i+len(name) || !strings.EqualFold(s[i:i+len(name)], name) || i > 0 && isWordByte(s[i-1]) {
		return Match{}, false
	}
	v := i + len(name)
	if m, ok := known(s, v); ok {
		return m, true
	}
	n := (alnum | dash | underscore | dot | slash).run(s[v:])
	val := s[v : v+n]
	if cut := cutAt(s, v+n); n < 16 && !(cut && n >= 8) || !hasDigit(val) || isPath(val) || placeholder(val) {
		return Match{}, false
	}
	return Match{Rule: "bearer-token", Start: v, End: v + n}, true
}

// privateKey covers a private key from its first line to its last, or to the end of the text if that cut
// the key off. The B of BEGIN stands at i.
func privateKey(s string, i int) (Match, bool) {
	const begin, dashes = "-----BEGIN ", "-----"
	start := i - 5
	if start < 0 || !strings.HasPrefix(s[start:], begin) {
		return Match{}, false
	}
	head := s[start+len(begin):]
	head = head[:min(len(head), 48)]
	title, _, closed := strings.Cut(head, dashes)
	if !closed || !strings.HasSuffix(title, "PRIVATE KEY") && !strings.HasSuffix(title, "PRIVATE KEY BLOCK") {
		return Match{}, false
	}
	from := start + len(begin) + len(title) + len(dashes)
	if last := strings.Index(s[from:], "-----END "+title+dashes); last >= 0 {
		return Match{Rule: "private-key", Start: start, End: from + last + len("-----END ") + len(title) + len(dashes)}, true
	}
	return Match{Rule: "private-key", Start: start, End: len(s)}, true
}
