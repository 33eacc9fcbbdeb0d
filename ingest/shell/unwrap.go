package shell

import (
	"strings"
	"unicode/utf8"
)

// unwrap finds what really runs in the words of a simple command and adds its parts.
func (l *lexer) unwrap(words []word, docs []string, piped, writes bool) {
	for range 32 {
		// Leading assignments.
		var value string
		for len(words) > 0 && isAssignment(words[0].text) {
			value = words[0].text[strings.IndexByte(words[0].text, '=')+1:]
			words = words[1:]
		}
		if len(words) == 0 {
			// x=$(command) runs the command and has its exit code.
			if v := strings.Trim(value, `"`); strings.HasPrefix(v, "$(") && strings.HasSuffix(v, ")") && l.depth < maxDepth {
				l.sub(v[2:len(v)-1], piped)
			}
			return
		}
		name := programName(words[0].text)
		if k, ok := l.script(name, words); ok && l.depth < maxDepth {
			first := len(l.parts)
			if k < 0 {
				if len(docs) == 0 {
					break
				}
				l.sub(docs[0], piped)
			} else {
				l.sub(l.scriptText(name, words[k:]), piped)
			}
			if n := len(l.parts); n > first && writes {
				l.parts[n-1].WritesFile = true
			}
			return
		}
		if name == "-m" && len(words) > 1 && !isModuleTool(words[1].text) {
			l.add("python", words, docs, piped, writes) // uv run -m module
			return
		}
		next := inner(name, words)
		if next == 0 {
			if name == "command" || name == "type" {
				if k := name + flagWord(words, "-v", "-a"); k != name && (k == "command -v" || k == "type -a") {
					l.add(k, words[2:], docs, piped, writes)
					return
				}
			}
			l.add(name, l.args(name, words[1:]), docs, piped, writes)
			return
		}
		words = words[next:]
		if isRunner(name) {
			// The name of a package: its version and scope do not count.
			t := words[0].text
			if k := strings.LastIndexByte(t, '@'); k > 0 {
				words[0].text = t[:k]
			}
			if strings.HasSuffix(words[0].text, ".py") {
				l.add("python", words, docs, piped, writes)
				return
			}
		}
	}
	if len(words) > 0 {
		l.add(programName(words[0].text), words[1:], docs, piped, writes)
	}
}

// flagWord returns " " and the first argument if it is one of the flags.
func flagWord(words []word, flags ...string) string {
	for _, f := range flags {
		if len(words) > 1 && words[1].text == f {
			return " " + f
		}
	}
	return ""
}

// args drops flags that only change how the program shows its output.
func (l *lexer) args(name string, words []word) []word {
	if name == "git" {
		for len(words) > 0 {
			switch words[0].text {
			case "--no-pager", "-P", "--paginate", "-p", "--no-optional-locks":
				words = words[1:]
				continue
			}
			break
		}
	}
	return words
}

// isAssignment reports whether w is name=value.
func isAssignment(w string) bool {
	for i := range len(w) {
		c := w[i]
		switch {
		case c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' && i > 0:
		case c == '=':
			return i > 0
		case c == '+' && i > 0 && i+1 < len(w) && w[i+1] == '=':
			return true
		case c == '[' && i > 0:
			k := strings.Index(w[i:], "]=")
			return k > 0
		default:
			return false
		}
	}
	return false
}

// maxProgram bounds the name of a program: what is longer is none.
const maxProgram = 120

// programName gives the program of a word: without quotes, path and extension, lower case.
func programName(w string) string {
	if w == "" {
		return "" // an argument vector may hold empty strings
	}
	s := w
	if len(s) > 4*maxProgram && s[0] != '/' && s[0] != '"' {
		s = s[:4*maxProgram]
	}
	s = unquote(s)
	if s == "" {
		s = w
	}
	if s[0] != '$' {
		s = strings.TrimRight(s, `/\`)
		if k := strings.LastIndexAny(s, `/\`); k >= 0 {
			s = s[k+1:]
		}
		if s == "" {
			s = w
		}
	}
	if len(s) > maxProgram {
		k := maxProgram
		for k > maxProgram-utf8.UTFMax && !utf8.RuneStart(s[k]) {
			k--
		}
		s = s[:k]
	}
	s = strings.ToValidUTF8(strings.ToLower(s), "\ufffd")
	if k := len(s) - 4; k > 0 {
		switch s[k:] {
		case ".exe", ".cmd", ".bat", ".ps1":
			s = s[:k]
		}
	}
	if k := strings.IndexAny(s, "\n\r\t "); k > 0 {
		s = s[:k]
	}
	// python3.11 is python3 to every rule.
	if rest, ok := strings.CutPrefix(s, "python3."); ok && isDigits(rest) {
		return "python3"
	}
	if rest, ok := strings.CutPrefix(s, "pip3."); ok && isDigits(rest) {
		return "pip3"
	}
	return s
}

// script reports whether the words start a shell with a script of its own: at which word it begins, or -1
// if the script comes as a here-document.
func (l *lexer) script(name string, words []word) (int, bool) {
	k := shellKind(name)
	if k == noShell {
		return 0, false
	}
	var room [16]string
	argv := room[:0]
	for _, w := range words[:min(len(words), len(room))] {
		if isRedirect(w.text) {
			if len(argv) == 1 && isHereWord(w.text) && k == unixShell {
				return -1, true
			}
			break
		}
		argv = append(argv, unquoteFlag(w.text))
	}
	return scriptArg(name, argv)
}

// unquoteFlag unquotes words that are short enough to be flags.
func unquoteFlag(w string) string {
	if len(w) > 40 {
		return w
	}
	return unquote(w)
}

// scriptText is the script in the words behind -c, /c or -Command.
func (l *lexer) scriptText(name string, words []word) string {
	if !isWindowsShell(name) || len(words) == 1 {
		return unquote(words[0].text)
	}
	// The rest of the line is the script.
	var b strings.Builder
	for i, w := range words {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(w.text)
	}
	return b.String()
}

func isRedirect(w string) bool {
	w = strings.TrimLeft(w, "0123456789&")
	return w != "" && (w[0] == '<' || w[0] == '>') && !strings.HasPrefix(w, "<(") && !strings.HasPrefix(w, ">(")
}

// isRunner names the programs that start the tool of a package by its name.
func isRunner(name string) bool {
	switch name {
	case "npx", "bunx", "pnpx", "uvx", "npm", "pnpm", "yarn", "bun", "uv":
		return true
	}
	return false
}

// inner returns at which word the command begins that a wrapper runs, or 0 if words[0] wraps nothing.
func inner(name string, words []word) int {
	k := 0
	switch name {
	case "sudo", "doas":
		k = flags(words, 1, "-u", "-g", "-U", "-C", "-h", "-p", "-r", "-t", "-D", "-T")
	case "env":
		k = flags(words, 1, "-u", "-C", "--unset", "--chdir")
		for k < len(words) && isAssignment(words[k].text) {
			k++
		}
	case "cross-env", "cross-env-shell":
		k = 1
	case "dotenv", "dotenvx":
		if k = flags(words, 1, "-e", "-f", "-c", "-v"); k < len(words) && words[k].text == "run" {
			k = flags(words, k+1, "-f")
		}
	case "time":
		k = flags(words, 1, "-f", "-o")
	case "nohup", "exec", "builtin", "setsid", "chronic", "unbuffer", "noglob", "caffeinate", "winpty", "strace", "xvfb-run":
		k = flags(words, 1, "-s", "-n", "-e")
	case "command":
		if flagWord(words, "-v", "-V") == "" {
			k = flags(words, 1)
		}
	case "nice", "ionice", "chrt", "taskset":
		if k = flags(words, 1, "-n", "-c", "-p"); name == "taskset" {
			k++
		}
	case "stdbuf":
		k = flags(words, 1, "-o", "-i", "-e")
	case "timeout", "gtimeout":
		if k = flags(words, 1, "-s", "-k", "--signal", "--kill-after"); k < len(words) && words[k].text != "" && words[k].text[0] != '/' {
			k++ // the duration
		} else {
			k = 0
		}
	case "xargs":
		k = flags(words, 1, "-n", "-I", "-P", "-L", "-d", "-a", "-E", "-s", "-J", "-R", "--max-args", "--max-procs", "--delimiter", "--arg-file")
	case "npx", "bunx", "pnpx":
		k = flags(words, 1, "-p", "--package", "-w", "--workspace", "--prefix", "-c", "--call")
	case "uvx":
		k = flags(words, 1, "--from", "--with", "--python", "-p", "--index-url", "--directory")
	case "npm", "pnpm", "yarn", "bun":
		at := flags(words, 1, "--prefix", "-C", "--dir", "--filter", "-F", "--cwd", "--workspace")
		if at < len(words) {
			switch words[at].text {
			case "exec", "dlx", "x":
				k = flags(words, at+1, "-p", "--package", "--filter", "-c")
			}
		}
	case "uv":
		at := flags(words, 1, "--directory", "--project", "--color")
		if at+1 < len(words) && words[at].text == "tool" && words[at+1].text == "run" {
			at++
		}
		if at < len(words) && words[at].text == "run" {
			k = flags(words, at+1, "--with", "--python", "-p", "--extra", "--group", "--project", "--directory", "--package",
				"--with-requirements", "--with-editable", "--env-file", "--index-url", "--only-group", "--no-group", "--from")
			if m := moduleFlag(words[at+1 : min(k, len(words))]); m >= 0 {
				return at + 1 + m // -m module is the interpreter's
			}
		}
	case "poetry", "pipenv", "pdm", "rye":
		if at := flags(words, 1, "-C", "--directory", "-P", "--project", "-p"); at < len(words) && words[at].text == "run" {
			k = flags(words, at+1)
		}
	case "bundle":
		if len(words) > 2 && words[1].text == "exec" {
			k = flags(words, 2)
		}
	case "conda", "mamba", "micromamba":
		if len(words) > 2 && words[1].text == "run" {
			k = flags(words, 2, "-n", "--name", "-p", "--prefix", "--cwd")
		}
	case "mise", "direnv", "devbox", "nix":
		if len(words) > 3 && (words[1].text == "exec" || words[1].text == "x") {
			for i, w := range words {
				if w.text == "--" {
					k = i + 1
				}
			}
		}
	case "python", "python3", "py", "python2", "pypy3", "coverage":
		at := 1
		if name == "coverage" {
			if len(words) < 3 || words[1].text != "run" {
				return 0
			}
			at = 2
		}
		for at+1 < len(words) && strings.HasPrefix(words[at].text, "-") {
			switch words[at].text {
			case "-W", "-X":
				at++
			case "-m":
				if isModuleTool(words[at+1].text) {
					return at + 1
				}
				return 0
			case "-c", "-":
				return 0
			}
			at++
		}
	case "-m": // behind uv run
		if len(words) > 1 {
			k = 1
		}
	}
	if k >= len(words) || k > 0 && isRedirect(words[k].text) {
		return 0
	}
	return k
}

// moduleFlag returns where -m stands, or -1.
func moduleFlag(words []word) int {
	for i, w := range words {
		if w.text == "-m" || w.text == "--module" {
			return i
		}
	}
	return -1
}

// flags returns the index of the first word from i that is no flag nor the value of one; "--" is passed.
func flags(words []word, i int, withValue ...string) int {
	for i < len(words) {
		w := words[i].text
		if len(w) < 2 || w[0] != '-' {
			return i
		}
		i++
		if w == "--" {
			return i
		}
		for _, f := range withValue {
			if w == f {
				i++
				break
			}
		}
	}
	return i
}

// isModuleTool names the modules that are tools of their own names. Others (unittest, http.server, …) are
// part of the interpreter's command.
func isModuleTool(m string) bool {
	switch m {
	case "pytest", "py.test", "mypy", "ruff", "black", "isort", "flake8", "pylint", "pyright", "basedpyright", "pyflakes", "bandit",
		"pip", "tox", "nox", "coverage", "poetry", "pdm", "uv", "pipx", "autopep8", "yapf", "alembic", "flask", "uvicorn", "gunicorn",
		"streamlit", "behave", "robot", "mkdocs", "pre_commit", "playwright", "vulture", "sphinx", "hatch", "twine", "celery":
		return true
	}
	return false
}
