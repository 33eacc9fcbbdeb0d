// Package shell takes shell lines apart: simple commands, what they read, how they ended.
//
// It is a reader of command lines, not a shell: nothing is expanded or run. It has to do with Bash and
// its relatives, PowerShell and cmd at once, and never fails.
package shell

import (
	"strings"
	"sync"
)

// A Part is one simple command of a shell call.
type Part struct {
	Program    string // lower case, without path and extension
	Subcommand string
	Rest       string // what follows the program, white space folded
	PipedInto  bool   // stands behind a pipe
	WritesFile bool   // redirects into a file other than the null device
	Op         string // the operator behind it: && || ; | & newline, or "" for the last

	block bool // inside if, case, a loop or behind !: its exit code is not that of the call
	loop  bool // inside while or until
}

// maxParts bounds what one call can become.
const maxParts = 200

// maxDepth bounds scripts in scripts (bash -c "bash -c …") and substitutions in substitutions.
const maxDepth = 8

// Split takes a script apart. It never fails: what it cannot parse becomes one part.
//
// Each part is what really runs: wrappers (env, sudo, timeout, npx, bash -c, …) and leading assignments
// are gone, control words are passed over. Redirects of a stream to another or to the null device are
// left out of Rest, for they change nothing that a rule asks for; so is the body of a here-document,
// for which a hash stands, except where the body is the command (database clients).
func Split(script string) []Part {
	if strings.TrimSpace(script) == "" {
		return nil
	}
	l := lexers.Get().(*lexer)
	l.run(script, false)
	parts := l.parts
	l.release()
	return parts
}

// lexers are used again: most scripts are one line, and a lexer is larger than its result.
var lexers = sync.Pool{New: func() any { return &lexer{words: make([]word, 0, 64)} }}

// Script turns an argument vector into the script it runs (["bash","-lc","x"] is x).
func Script(argv []string) string {
	switch {
	case len(argv) == 0:
		return ""
	case len(argv) == 1:
		return argv[0]
	}
	if k, ok := scriptArg(programName(argv[0]), argv); ok {
		if k == len(argv)-1 {
			return argv[k]
		}
		if isWindowsShell(programName(argv[0])) {
			return strings.Join(argv[k:], " ")
		}
		return argv[k]
	}
	var b strings.Builder
	for i, a := range argv {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(quote(a))
	}
	return b.String()
}

// scriptArg finds the script among the arguments of a shell.
func scriptArg(program string, argv []string) (index int, ok bool) {
	for i := 1; i < len(argv); i++ {
		a := argv[i]
		switch shellKind(program) {
		case unixShell:
			if len(a) < 2 || a[0] != '-' && a[0] != '+' {
				return 0, false
			}
			if a[0] == '-' && a[1] != '-' && strings.IndexByte(a, 'c') > 0 {
				return i + 1, i+1 < len(argv)
			}
			if a[1] != '-' && (a[len(a)-1] == 'o' || a[len(a)-1] == 'O') || a == "--rcfile" || a == "--init-file" {
				i++
			}
		case powerShell:
			switch n := powerShellFlag(a); n {
			case 'c':
				return i + 1, i+1 < len(argv)
			case 'f', 'e':
				return 0, false
			case 'v':
				i++
			case 0: // without a flag the first word is the command
				return i, true
			}
		case cmdShell:
			if len(a) >= 2 && a[0] == '/' {
				if c := a[1] | 0x20; (c == 'c' || c == 'k') && i+1 < len(argv) {
					return i + 1, true
				}
				continue
			}
			return 0, false
		default:
			return 0, false
		}
	}
	return 0, false
}

type kind int

const (
	noShell kind = iota
	unixShell
	powerShell
	cmdShell
)

func shellKind(program string) kind {
	switch program {
	case "bash", "sh", "zsh", "dash", "ksh", "fish", "ash":
		return unixShell
	case "powershell", "pwsh":
		return powerShell
	case "cmd":
		return cmdShell
	}
	return noShell
}

func isWindowsShell(program string) bool {
	k := shellKind(program)
	return k == powerShell || k == cmdShell
}

// powerShellFlag tells flags apart: c = the command follows, f = a file follows, e = encoded, v = a value
// follows, s = stands alone, 0 = no flag. PowerShell takes every unambiguous prefix of a name.
func powerShellFlag(a string) byte {
	if len(a) < 2 || a[0] != '-' && a[0] != '/' {
		return 0
	}
	name := strings.ToLower(a[1:])
	switch {
	case name == "c" || strings.HasPrefix("command", name) && len(name) >= 2 && !strings.HasPrefix("configurationname", name):
		return 'c'
	case name == "f" || strings.HasPrefix("file", name):
		return 'f'
	case name == "ec" || name == "e" || strings.HasPrefix("encodedcommand", name) && len(name) > 2:
		return 'e'
	case name == "ep" || strings.HasPrefix("executionpolicy", name) || strings.HasPrefix("workingdirectory", name) || name == "wd" ||
		strings.HasPrefix("windowstyle", name) || strings.HasPrefix("version", name) || strings.HasPrefix("outputformat", name) || strings.HasPrefix("inputformat", name):
		return 'v'
	}
	return 's'
}

// quote writes a word so that Split reads it as one.
func quote(a string) string {
	if a != "" && strings.IndexFunc(a, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_=+./:,@%^", r) || r > 127)
	}) < 0 {
		return a
	}
	return "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
}

// isNav names programs that do nothing worth a judgement.
func isNav(program string) bool {
	switch program {
	case "cd", "pushd", "popd", "export", "set", "unset", "source", ".", "true", ":", "echo", "printf", "date", "clear", "let",
		"set-location", "write-output", "write-host", "local", "declare", "shopt", "ulimit", "umask", "alias":
		return true
	}
	return false
}

// IsPolling reports whether the call only waits or asks for the state of a job: it begins with sleep or
// watch (whatever cd, echo and the like stand before), sleeps in a loop until something happens, or its
// first command asks for the state of a job.
func IsPolling(parts []Part) bool {
	first := true
	for i := range parts {
		p := &parts[i]
		if isSleep(p) && p.loop {
			return true
		}
		if isNav(p.Program) || !first {
			continue
		}
		first = false
		if isSleep(p) || asksForState(p) {
			return true
		}
	}
	return false
}

func isSleep(p *Part) bool {
	switch p.Program {
	case "sleep", "watch", "start-sleep", "usleep":
		return true
	case "timeout": // of Windows; the other one is unwrapped
		return strings.HasPrefix(p.Rest, "/t") || strings.HasPrefix(p.Rest, "/T")
	}
	return false
}

func asksForState(p *Part) bool {
	words := func(list ...string) bool {
		w, _ := nextPlain(p.Rest, p.Program)
		for _, l := range list {
			if w == l {
				return true
			}
		}
		return false
	}
	second := func() string {
		_, rest := nextPlain(p.Rest, p.Program)
		w, _ := nextPlain(rest, "")
		return w
	}
	switch p.Program {
	case "jobs", "wait", "squeue", "sacct", "qstat", "bjobs", "get-job", "receive-job", "wait-job", "wait-process":
		return true
	case "ps":
		return hasFlag(p.Rest, "-p") || hasFlag(p.Rest, "--pid")
	case "kill":
		return hasFlag(p.Rest, "-0")
	case "pgrep":
		return true
	case "tail":
		return hasFlag(p.Rest, "-f") || hasFlag(p.Rest, "-F") || hasFlag(p.Rest, "--follow")
	case "gh":
		switch w := p.Subcommand; w {
		case "run":
			s := second()
			return s == "watch" || s == "view" || s == "list"
		case "pr":
			return second() == "checks"
		}
	case "glab":
		return words("ci", "pipeline") && (second() == "status" || second() == "view" || second() == "list")
	case "kubectl", "oc":
		switch p.Subcommand {
		case "wait":
			return true
		case "rollout":
			return second() == "status"
		case "get":
			return hasFlag(p.Rest, "-w") || hasFlag(p.Rest, "--watch")
		case "logs":
			return hasFlag(p.Rest, "-f") || hasFlag(p.Rest, "--follow")
		}
	case "docker", "podman":
		switch p.Subcommand {
		case "wait":
			return true
		case "logs":
			return hasFlag(p.Rest, "-f") || hasFlag(p.Rest, "--follow")
		}
	case "systemctl", "service", "supervisorctl":
		return words("status", "is-active")
	case "journalctl":
		return hasFlag(p.Rest, "-f")
	case "aws":
		return second() == "wait"
	}
	return false
}

// hasFlag reports whether one of the words of rest is the flag.
func hasFlag(rest, flag string) bool {
	for rest != "" {
		w := rest
		if k := strings.IndexByte(rest, ' '); k >= 0 {
			w, rest = rest[:k], rest[k+1:]
		} else {
			rest = ""
		}
		if w == flag || len(flag) > 2 && strings.HasPrefix(w, flag) && w[len(flag)] == '=' {
			return true
		}
	}
	return false
}
