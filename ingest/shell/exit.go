package shell

import (
	"strings"

	"github.com/agenttrace/agenttrace/schema"
)

// assignExit gives the exit code of the call to the parts that it surely is the code of.
func assignExit(parts []Part, verdicts []Verdict, exit schema.Int) {
	if !exit.Valid {
		return
	}
	pipefail, stops := shellOptions(parts)
	last := len(parts) - 1
	if parts[last].Op == "&" {
		return // the code is that of starting it
	}
	// The code is that of the last list of && and ||. Under set -e, ; and a new line are as &&.
	from := last
	for from > 0 {
		op := parts[from-1].Op
		if op == "&" || !stops && (op == ";" || op == "newline") {
			break
		}
		from--
	}
	chain := true // nothing but && (and pipes) in it
	for i := from; i < last; i++ {
		if parts[i].Op == "||" {
			chain = false
		}
	}
	give := func(i int) {
		if !parts[i].block {
			verdicts[i].ExitCode = exit
		}
	}
	switch {
	case from == last:
		give(last)
	case !chain:
		// Behind || the last part may not have run; if it all failed, it did.
		if exit.V != 0 && parts[last-1].Op == "||" {
			give(last)
		}
	case exit.V == 0:
		for i := from; i <= last; i++ {
			if pipefail || parts[i].Op != "|" {
				give(i)
			}
		}
	default:
		if i := culprit(parts, from, last, pipefail); i >= 0 {
			give(i)
		}
	}
}

// culprit is the part of an && chain that a failure is the failure of: the only one that verifies
// something, or the only one that does anything at all. -1 if it cannot be told.
func culprit(parts []Part, from, last int, pipefail bool) int {
	verifying, doing := -1, -1
	nVerifying, nDoing := 0, 0
	for i := from; i <= last; i++ {
		p := &parts[i]
		hidden := p.Op == "|" && !pipefail
		if verificationKind(p) != "" {
			nVerifying++
			verifying = i
			if hidden {
				verifying = -1
			}
		}
		// Before a pipe a part cannot stop the chain, but for pipefail; behind it, it is mostly a filter,
		// which then does.
		if !isNav(p.Program) && !hidden && !(pipefail && p.PipedInto && isCutter(p.Program)) {
			nDoing++
			doing = i
		}
	}
	switch {
	case nVerifying == 1:
		return verifying
	case nVerifying == 0 && nDoing == 1:
		return doing
	}
	return -1
}

// isCutter names filters that do not fail by themselves.
func isCutter(program string) bool {
	switch program {
	case "head", "tail", "tee", "cat", "sort", "uniq", "wc", "sed", "awk", "cut", "tr", "column":
		return true
	}
	return false
}

// shellOptions reports whether set -o pipefail and set -e stand first in the script.
func shellOptions(parts []Part) (pipefail, stops bool) {
	for i := range parts {
		p := &parts[i]
		if p.Program != "set" {
			if !isNav(p.Program) {
				break
			}
			continue
		}
		for rest := p.Rest; rest != ""; {
			var w string
			w, rest = nextArg(rest)
			switch {
			case w == "pipefail":
				pipefail = true
			case len(w) > 1 && w[0] == '-' && w[1] != '-' && strings.IndexByte(w, 'e') > 0:
				stops = true
			case w == "errexit":
				stops = true
			}
		}
	}
	return pipefail, stops
}
