package shell

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"github.com/cespare/xxhash/v2"
)

// A lexer goes once over a script and hands each simple command to unwrap.
type lexer struct {
	src   string
	i     int
	depth int

	parts []Part
	words []word // of the command being read

	piped  bool // a pipe stands before the command being read
	writes bool // a redirect into a file was seen

	docs    []hereDoc // announced on this line
	docFrom int       // those before belong to earlier commands of the line
	noTick  bool      // no backtick follows: one alone means itself

	subshells int
	cases     int
	pattern   bool   // the next word is a pattern of case
	blocks    []byte // open if (i), case (c), for (f), while and until (l)
	negated   bool
	closed    bool // a block or subshell was just closed: redirects are those of its last command
	inBlock   bool // the whole script stands in a block of an outer one
	inLoop    bool
}

// A word stands in the script with its quotes at pos; pos is -1 for a word that stands nowhere.
type word struct {
	text string
	pos  int
}

// A hereDoc is a here-document whose body has not come yet.
type hereDoc struct {
	delim string
	tabs  bool // <<- : leading tabs do not count
}

// run reads a script. piped says that its first command stands behind a pipe.
func (l *lexer) run(src string, piped bool) {
	l.src, l.i, l.piped = src, 0, piped
	first := len(l.parts)
	for l.i < len(l.src) && len(l.parts) < maxParts {
		l.command()
	}
	if n := len(l.parts); n > first && (l.parts[n-1].Op == ";" || l.parts[n-1].Op == "newline") {
		l.parts[n-1].Op = ""
	}
}

// sub reads a script inside the script.
func (l *lexer) sub(src string, piped bool) {
	s := lexers.Get().(*lexer)
	s.depth, s.parts = l.depth+1, l.parts
	s.inBlock, s.inLoop = l.inBlock || len(l.blocks) > 0 || l.negated, l.inLoop || l.loop()
	s.run(src, piped)
	l.parts = s.parts
	s.release()
}

// release gives the lexer back, without what refers to the script.
func (l *lexer) release() {
	if cap(l.words) > 1024 {
		return
	}
	clear(l.words[:cap(l.words)])
	clear(l.docs[:cap(l.docs)])
	*l = lexer{words: l.words[:0], docs: l.docs[:0], blocks: l.blocks[:0]}
	lexers.Put(l)
}

// loop reports whether a while or until is open.
func (l *lexer) loop() bool { return bytes.IndexByte(l.blocks, 'l') >= 0 }

// command reads one simple command and the operator behind it.
func (l *lexer) command() {
	for len(l.parts) < maxParts {
		l.blanks()
		if l.i >= len(l.src) {
			l.finish("")
			return
		}
		if l.pattern && l.casePattern() {
			continue
		}
		switch c := l.src[l.i]; c {
		case '\n':
			l.i++
			l.finish("newline")
			l.bodies()
			return
		case ';':
			l.i++
			if l.i < len(l.src) && l.src[l.i] == ';' {
				l.i++
				if l.i < len(l.src) && l.src[l.i] == '&' {
					l.i++
				}
				l.pattern = l.cases > 0
			}
			l.finish(";")
			return
		case '&':
			switch {
			case l.at("&&"):
				l.i += 2
				l.finish("&&")
				return
			case l.at("&>"):
				l.redirect(l.i)
				continue
			}
			l.i++
			l.finish("&")
			return
		case '|':
			switch {
			case l.at("||"):
				l.i += 2
				l.finish("||")
				return
			case l.at("|&"):
				l.i += 2
			default:
				l.i++
				if len(l.words) > 0 && l.words[0].text == "case" {
					continue // of several patterns
				}
			}
			l.finish("|")
			return
		case '(':
			if l.paren() {
				return
			}
			continue
		case ')':
			l.i++
			switch {
			case len(l.words) > 0 && l.words[0].text == "case":
				l.finish("") // behind the first pattern stands its first command
				return
			case l.subshells > 0:
				l.subshells--
				l.finish("")
				l.closed = true
				return
			case l.cases > 0:
				l.drop() // what stood before was a pattern
				l.piped = false
			}
			continue
		case '#':
			l.comment()
			continue
		case '<', '>':
			if l.at("<(") || l.at(">(") {
				break // a substitution: a word
			}
			l.redirect(l.i)
			continue
		}
		l.word()
	}
}

func (l *lexer) at(s string) bool { return strings.HasPrefix(l.src[l.i:], s) }

// blanks goes over blanks and continued lines.
func (l *lexer) blanks() {
	for l.i < len(l.src) {
		switch l.src[l.i] {
		case ' ', '\t', '\r', 0, '\v', '\f':
			l.i++
			continue
		case '\\':
			if l.at("\\\n") {
				l.i += 2
				continue
			}
			if l.at("\\\r\n") {
				l.i += 3
				continue
			}
		}
		return
	}
}

// comment goes over a comment up to the end of its line.
func (l *lexer) comment() {
	if k := strings.IndexByte(l.src[l.i:], '\n'); k >= 0 {
		l.i += k
	} else {
		l.i = len(l.src)
	}
}

// paren reads an opening bracket: a subshell where a command may begin, the () of a function behind its
// name, else part of a word (as in PowerShell). It reports whether a command ended here.
func (l *lexer) paren() bool {
	if l.at("((") && onlyControl(l.words) {
		end := strings.Index(l.src[l.i:], "))")
		if end < 0 {
			end = len(l.src) - l.i
		}
		inner := l.src[l.i+2 : max(l.i+2, l.i+end)]
		l.i = min(len(l.src), l.i+end+2)
		if n := len(l.words); n == 0 || l.words[n-1].text != "for" {
			l.words = append(l.words, word{"let", -1})
		}
		l.words = append(l.words, word{inner, -1})
		return false
	}
	if onlyControl(l.words) {
		l.i++
		l.subshells++
		// Control words before it have to be seen before its commands.
		l.finish("(")
		return true
	}
	if k := l.i + 1; k < len(l.src) && l.src[k] == ')' {
		l.i += 2
		l.drop()
		return false
	}
	start := l.i
	l.i = skipParens(l.src, l.i, 0)
	l.endWord(start)
	return false
}

// casePattern goes over the pattern of a case branch; false if there is none (esac, or a command).
func (l *lexer) casePattern() bool {
	l.pattern = false
	if l.src[l.i] == '\n' || l.src[l.i] == '#' {
		l.pattern = true
		if l.src[l.i] == '\n' {
			l.i++
		} else {
			l.comment()
		}
		return true
	}
	if l.at("esac") {
		return false
	}
	for k := l.i; k < len(l.src); k++ {
		switch l.src[k] {
		case ')':
			l.i = k + 1
			return true
		case '\n':
			return false
		case '\\':
			k++
		case '\'', '"':
			k = skipQuote(l.src, k, 0) - 1
		}
	}
	return false
}

// word reads one word: up to a blank or operator outside quotes and substitutions.
func (l *lexer) word() {
	start := l.i
	if l.at("[[") && onlyControl(l.words) {
		// Inside [[ ]] operators mean comparison.
		if end := strings.Index(l.src[l.i:], "]]"); end >= 0 {
			l.words = append(l.words, word{"[[", -1}, word{l.src[l.i+2 : l.i+end+2], -1})
			l.i += end + 2
			return
		}
	}
	for l.i < len(l.src) {
		switch c := l.src[l.i]; c {
		case ' ', '\t', '\n', '\r', ';', '|', '\v', '\f', 0:
			l.endWord(start)
			return
		case '&':
			// "a&b" ends the word, ">&" never comes here.
			l.endWord(start)
			return
		case '(':
			switch {
			case l.i > start && l.src[l.i-1] == '=':
				// An array: a=(x y).
				l.i = skipParens(l.src, l.i, 0)
				continue
			case l.i > start && strings.IndexByte("?*+@!", l.src[l.i-1]) >= 0:
				l.i = skipParens(l.src, l.i, 0)
				continue
			}
			l.endWord(start)
			return
		case ')':
			l.endWord(start)
			return
		case '<', '>':
			if l.i+1 < len(l.src) && l.src[l.i+1] == '(' {
				l.i = skipParens(l.src, l.i+1, 0)
				continue
			}
			if isFD(l.src[start:l.i]) {
				l.redirect(start)
				return
			}
			l.endWord(start)
			return
		case '\\':
			if l.at("\\\n") {
				l.endWord(start)
				return
			}
			l.i = min(l.i+2, len(l.src))
		case '\'', '"':
			l.i = skipQuote(l.src, l.i, 0)
		case '`':
			l.tick()
		case '$':
			l.i = skipDollar(l.src, l.i, 0)
		default:
			l.i++
		}
	}
	l.endWord(start)
}

func (l *lexer) endWord(start int) {
	if l.i > start {
		l.words = append(l.words, word{l.src[start:l.i], start})
	}
}

// tick goes over a substitution in backticks. In PowerShell a backtick escapes; one without partner is
// taken for that.
func (l *lexer) tick() {
	if !l.noTick {
		if k := strings.IndexByte(l.src[l.i+1:], '`'); k >= 0 {
			l.i += k + 2
			return
		}
		l.noTick = true
	}
	l.i = min(l.i+2, len(l.src))
}

// redirect reads a redirect whose word (a number of a stream, perhaps nothing) begins at start; l.i stands
// at its operator.
func (l *lexer) redirect(start int) {
	op := ""
	for _, o := range operators {
		if l.at(o) {
			op = o
			break
		}
	}
	l.i += len(op)
	l.blanks()
	from := l.i
	l.skipWord()
	if from == l.i {
		return // nothing follows: a broken line
	}
	where := unquote(l.src[from:l.i])
	switch op {
	case "<<", "<<-":
		if where != "" && len(l.docs) < 16 {
			l.docs = append(l.docs, hereDoc{where, op == "<<-"})
		}
	case "<", "<<<", "<&", "<>":
		if op == "<&" {
			return
		}
	default:
		if isNullDevice(where) || op == ">&" && (isDigits(where) || where == "-") {
			return
		}
		l.writes = true
	}
	l.endWord(start)
}

// operators of redirects, the longer ones first.
var operators = [...]string{"&>>", "&>", ">>", ">|", ">&", ">", "<<<", "<<-", "<<", "<>", "<&", "<"}

// skipWord moves behind the next word without keeping it.
func (l *lexer) skipWord() {
	n := len(l.words)
	if l.i < len(l.src) && strings.IndexByte("<>()&;|\n", l.src[l.i]) < 0 {
		start := l.i
		l.word()
		if l.i == start {
			l.i++
		}
	}
	l.words = l.words[:n]
}

func isNullDevice(p string) bool {
	switch p {
	case "/dev/null", "NUL", "nul", "NUL:", "nul:", "$null", "$Null", "$NULL", "/dev/stderr", "/dev/stdout", "/dev/tty":
		return true
	}
	return false
}

// isFD reports whether a word right before < or > names the stream: 2>, {log}>, *>.
func isFD(w string) bool {
	return isDigits(w) || w == "*" || len(w) > 2 && w[0] == '{' && w[len(w)-1] == '}'
}

func isDigits(w string) bool {
	for i := range len(w) {
		if w[i]-'0' > 9 {
			return false
		}
	}
	return w != ""
}

// bodies goes over the here-documents that were announced on the line that just ended.
func (l *lexer) bodies() {
	for _, d := range l.docs {
		_, l.i = docBody(l.src, l.i, d)
	}
	l.docs, l.docFrom = l.docs[:0], 0
}

// docBody returns the body of a here-document that begins at i, and where the text goes on. Without its
// end it takes all the rest, as a shell does.
func docBody(src string, i int, d hereDoc) (body string, next int) {
	start := i
	for i < len(src) {
		end := strings.IndexByte(src[i:], '\n')
		line := src[i:]
		after := len(src)
		if end >= 0 {
			line, after = src[i:i+end], i+end+1
		}
		line = strings.TrimSuffix(line, "\r")
		if d.tabs {
			line = strings.TrimLeft(line, "\t")
		}
		if line == d.delim {
			return src[start:i], after
		}
		i = after
	}
	return src[start:], len(src)
}

// drop forgets the words read so far.
func (l *lexer) drop() {
	l.words = l.words[:0]
	l.writes = false
}

// finish ends the command being read at an operator.
func (l *lexer) finish(op string) {
	piped, writes := l.piped, l.writes
	first := len(l.parts)
	words := l.control(l.words)
	for len(words) > 0 && isRedirect(words[0].text) {
		words = words[1:] // a redirect may stand before the program
	}
	switch {
	case len(words) > 0:
		l.unwrap(words, l.docText(op), piped, writes)
	case writes && !l.closed:
		l.add(":", l.words, nil, piped, true) // "> file" alone empties it
	}
	l.drop()
	l.docFrom = len(l.docs)
	if op == "(" {
		return // a pipe before the bracket leads into its first command
	}
	switch n := len(l.parts); {
	case n > first:
		l.parts[n-1].Op = op
		l.piped, l.negated = false, false
	case n > 0:
		// Nothing but a bracket or word that closes: the operator belongs to what it closes.
		if op == "&&" || op == "||" || op == "|" || l.parts[n-1].Op == "" {
			l.parts[n-1].Op = op
		}
		if writes && l.closed {
			l.parts[n-1].WritesFile = true
		}
	}
	l.closed = false
	switch op {
	case "|":
		l.piped = true
	case "newline", "":
	default:
		l.piped = false
	}
}

// docText returns the bodies of the here-documents announced so far on this line; they stand behind its
// end, which may be further on.
func (l *lexer) docText(op string) []string {
	if len(l.docs) == l.docFrom {
		return nil
	}
	i := l.i
	if op != "newline" {
		// Behind the operator the line goes on. Its end is the next newline outside quotes.
		i = lineEnd(l.src, i)
	}
	var list []string
	for _, d := range l.docs {
		var body string
		body, i = docBody(l.src, i, d)
		list = append(list, body)
	}
	return list[l.docFrom:]
}

// lineEnd returns the index behind the end of the line that goes on at i; quotes may hold line ends.
func lineEnd(src string, i int) int {
	for i < len(src) {
		switch src[i] {
		case '\n':
			return i + 1
		case '\\':
			i++
		case '\'', '"':
			i = skipQuote(src, i, 0)
			continue
		}
		i++
	}
	return len(src)
}

// control passes over control words, and keeps track of the blocks they open and close.
func (l *lexer) control(words []word) []word {
	for len(words) > 0 {
		switch w := words[0].text; w {
		case "then", "do", "else", "elif", "in", "{", "begin":
		case "}", "end":
			l.closed = true
		case "if":
			l.blocks = append(l.blocks, 'i')
		case "while", "until":
			l.blocks = append(l.blocks, 'l')
		case "fi", "done", "esac":
			l.closed = true
			if n := len(l.blocks); n > 0 {
				l.blocks = l.blocks[:n-1]
			}
			if w == "esac" && l.cases > 0 {
				l.cases--
				l.pattern = false
			}
		case "for", "select":
			l.blocks = append(l.blocks, 'f')
			return nil // the head runs nothing; its body comes behind do
		case "foreach", "ForEach", "Foreach":
			return nil
		case "case":
			l.blocks = append(l.blocks, 'c')
			l.cases++
			l.pattern = len(words) <= 3 // else the first pattern stands on the same line and was read
			return nil
		case "time":
			if len(words) > 1 {
				return words
			}
		case "!":
			l.negated = true
		case "function":
			if len(words) > 1 {
				words = words[1:]
			}
		default:
			if w[0] == '(' && len(words) > 1 && len(l.blocks) > 0 {
				break // the condition of PowerShell's if
			}
			// A closing brace of PowerShell needs no semicolon before it.
			if n := len(words); n > 1 && words[n-1].text == "}" && !slices.ContainsFunc(words, func(w word) bool { return w.text == "{" }) {
				words = words[:n-1]
			}
			return words
		}
		words = words[1:]
	}
	return nil
}

// onlyControl reports whether a command may still begin behind these words.
func onlyControl(words []word) bool {
	for _, w := range words {
		switch w.text {
		case "then", "do", "else", "elif", "if", "while", "until", "{", "}", "!", "time", "for":
		default:
			return false
		}
	}
	return true
}

// add appends the part of program and rest.
func (l *lexer) add(program string, words []word, docs []string, piped, writes bool) {
	if len(l.parts) >= maxParts {
		return
	}
	rest := l.rest(program, words, docs)
	if l.parts == nil {
		l.parts = make([]Part, 0, 4)
	}
	l.parts = append(l.parts, Part{
		Program: program, Subcommand: subcommand(program, rest), Rest: rest,
		PipedInto: piped, WritesFile: writes,
		block: l.inBlock || len(l.blocks) > 0 || l.negated, loop: l.inLoop || l.loop(),
	})
}

// rest joins the words with single blanks. Where they stand so in the script already, it is a part of it.
func (l *lexer) rest(program string, words []word, docs []string) string {
	if len(words) == 0 {
		return ""
	}
	if len(docs) == 0 {
		if s, ok := span(l.src, words); ok {
			return s
		}
	}
	n := len(words)
	for _, w := range words {
		n += len(w.text)
	}
	b := make([]byte, 0, n+20*len(docs))
	for _, w := range words {
		if len(b) > 0 && b[len(b)-1] != ' ' {
			b = append(b, ' ')
		}
		b = appendFolded(b, w.text)
		if len(docs) > 0 && isHereWord(w.text) {
			b = append(b, ' ')
			if readsScript(program) {
				b = appendFolded(b, docs[0])
			} else {
				b = append(b, '#')
				b = strconv.AppendUint(b, xxhash.Sum64String(docs[0])>>32, 16)
			}
			docs = docs[1:]
		}
	}
	return string(bytes.TrimSpace(b))
}

func isHereWord(w string) bool {
	w = strings.TrimLeft(w, "0123456789")
	return strings.HasPrefix(w, "<<") && !strings.HasPrefix(w, "<<<")
}

// readsScript names the programs whose input is the command itself.
func readsScript(program string) bool {
	switch program {
	case "psql", "mysql", "mariadb", "sqlite3", "duckdb", "redis-cli", "mongosh", "clickhouse", "bq", "cqlsh":
		return true
	}
	return false
}

func isSpace(c byte) bool {
	return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\v' || c == '\f' || c == 0
}

func appendFolded(b []byte, w string) []byte {
	for i := 0; i < len(w); i++ {
		c := w[i]
		switch {
		case c == '\\' && i+1 < len(w) && w[i+1] == '\n':
			c = ' '
			i++
			fallthrough
		case isSpace(c):
			if len(b) > 0 && b[len(b)-1] != ' ' {
				b = append(b, ' ')
			}
		default:
			b = append(b, c)
		}
	}
	return b
}
