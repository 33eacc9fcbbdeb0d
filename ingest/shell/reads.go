package shell

import (
	"path"
	"strconv"
	"strings"

	"github.com/agenttrace/agenttrace/schema"
)

// A Read is a file that a command reads.
type Read struct {
	Path       string
	Start, End schema.Int // lines, where the command names them
}

// Reads lists the files that the parts read (cat, sed -n, head, tail, nl, …). Paths stand as the command
// has them, behind the folder that a cd before it went to; patterns stay patterns. A stage behind a pipe
// that cuts lines out (nl x | sed -n '5,9p') gives the range of the file before it.
func Reads(parts []Part) []Read {
	var list []Read
	dir := ""
	for i := range parts {
		p := &parts[i]
		if p.Program == "cd" || p.Program == "pushd" || p.Program == "set-location" {
			dir = changeDir(dir, p.Rest)
			continue
		}
		from := len(list)
		list = appendReads(list, p)
		for k := from; k < len(list); k++ {
			list[k].Path = inDir(dir, list[k].Path)
		}
		if len(list) == from+1 && !list[from].Start.Valid && !list[from].End.Valid && i+1 < len(parts) && parts[i+1].PipedInto {
			if ranges := stageRanges(&parts[i+1]); len(ranges) > 0 {
				path := list[from].Path
				list = list[:from]
				for _, r := range ranges {
					r.Path = path
					list = append(list, r)
				}
			}
		}
	}
	return list
}

// changeDir is the folder behind a cd, or "" if that cannot be told.
func changeDir(dir, rest string) string {
	w, _ := nextPlain(rest, "cd")
	w = unquote(w)
	if w == "" || strings.ContainsAny(w, "$`*~") || w == "-" || w == "%" {
		return ""
	}
	return inDir(dir, w)
}

func inDir(dir, p string) string {
	if dir == "" || isAbsolute(p) || p[0] == '$' || p[0] == '~' || p[0] == '%' {
		return p
	}
	if strings.IndexByte(dir, '\\') >= 0 {
		return strings.TrimRight(dir, `\`) + `\` + strings.TrimPrefix(p, `.\`)
	}
	if strings.IndexByte(p, '\\') >= 0 {
		p = strings.ReplaceAll(p, `\`, "/")
	}
	return path.Join(dir, p)
}

func isAbsolute(p string) bool {
	return p != "" && (p[0] == '/' || p[0] == '\\') || len(p) > 2 && p[1] == ':' && (p[2] == '\\' || p[2] == '/')
}

// appendReads appends what one part reads.
func appendReads(list []Read, p *Part) []Read {
	if p.Rest == "" {
		return list
	}
	switch p.Program {
	case "cat", "nl", "less", "more", "tac", "zcat":
		return files(list, p.Rest, "-p", "-P", "-b", "-w", "-n", "-i", "-h", "-s", "-v")
	case "bat", "batcat":
		return bat(list, p.Rest)
	case "head", "tail":
		return headTail(list, p)
	case "sed", "gsed":
		return sed(list, p.Rest)
	case "awk", "gawk", "mawk":
		return awk(list, p.Rest)
	case "type":
		// In Bash, type asks for a command; names of files have a dot or a separator.
		from := len(list)
		list = files(list, p.Rest)
		for _, r := range list[from:] {
			if !strings.ContainsAny(r.Path, `./\`) {
				return list[:from]
			}
		}
	case "get-content", "gc":
		return getContent(list, p.Rest)
	}
	return list
}

// addFile appends a path unless it is none.
func addFile(list []Read, w string) []Read {
	p := unquote(w)
	if p == "" || p == "-" || strings.HasPrefix(p, "/dev/") || strings.HasPrefix(p, "/proc/self/fd") || strings.HasPrefix(w, "<(") ||
		strings.Contains(p, "$(") || strings.IndexByte(w, '`') >= 0 || len(p) > 4096 {
		return list
	}
	return append(list, Read{Path: p})
}

// files reads the arguments of programs whose words are all files. withValue are flags that take a value,
// as cat and its like have none, the letters that mean something else there do no harm: a value is only
// skipped if it is a number.
func files(list []Read, rest string, withValue ...string) []Read {
	for rest != "" {
		var w string
		w, rest = input(rest)
		if w == "" {
			break
		}
		if w[0] == '-' && len(w) > 1 {
			if v, r := nextArg(rest); isDigits(v) && contains(withValue, w) {
				rest = r
			}
			continue
		}
		list = addFile(list, w)
	}
	return list
}

// input is nextArg that gives the target of "< file" as a word.
func input(s string) (w, rest string) {
	for {
		w, rest = nextWord(s)
		switch {
		case w == "<":
			return nextWord(rest)
		case len(w) > 1 && w[0] == '<' && w[1] != '<' && w[1] != '(' && w[1] != '&':
			return w[1:], rest
		case w == "" || !isRedirect(w):
			return w, rest
		}
		return nextArg(s)
	}
}

func contains(list []string, w string) bool {
	for _, l := range list {
		if l == w {
			return true
		}
	}
	return false
}

// bat reads bat -r a:b file.
func bat(list []Read, rest string) []Read {
	from := len(list)
	var r Read
	for rest != "" {
		var w string
		w, rest = input(rest)
		switch {
		case w == "":
		case w == "-r" || w == "--line-range":
			w, rest = nextArg(rest)
			r = colonRange(unquote(w))
		case strings.HasPrefix(w, "--line-range="):
			r = colonRange(unquote(w[len("--line-range="):]))
		case w == "-l" || w == "--language" || w == "--style" || w == "--theme" || w == "-H" || w == "--highlight-line":
			_, rest = nextArg(rest)
		case w[0] == '-' && len(w) > 1:
		default:
			list = addFile(list, w)
		}
	}
	return withRange(list, from, r)
}

func withRange(list []Read, from int, r Read) []Read {
	for i := from; i < len(list); i++ {
		list[i].Start, list[i].End = r.Start, r.End
	}
	return list
}

func colonRange(s string) (r Read) {
	a, b, ok := strings.Cut(s, ":")
	if !ok {
		b = a
	}
	r.Start, r.End = number(a), number(b)
	return r
}

// number reads a line number; anything but a positive one is unknown.
func number(s string) schema.Int {
	if !isDigits(s) || len(s) > 12 {
		return schema.Int{}
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n == 0 {
		return schema.Int{}
	}
	return schema.Known(n)
}

// headTail reads head -n 20 f, head -20 f, tail -n +5 f. The range of tail from the end is not known.
func headTail(list []Read, p *Part) []Read {
	from := len(list)
	r, rest := headRange(p, func(w string) { list = addFile(list, w) })
	_ = rest
	return withRange(list, from, r)
}

// headRange walks the arguments of head or tail, hands files to file, and returns the range.
func headRange(p *Part, file func(w string)) (r Read, known bool) {
	head := p.Program == "head"
	if head {
		r.Start, r.End = schema.Known(int64(1)), schema.Known(int64(10))
	}
	set := func(v string) {
		v = unquote(v)
		r = Read{}
		switch {
		case head:
			if n := number(v); n.Valid {
				r.Start, r.End = schema.Known(int64(1)), n
			}
		case strings.HasPrefix(v, "+"):
			r.Start = number(v[1:])
		}
	}
	for rest := p.Rest; rest != ""; {
		var w string
		w, rest = input(rest)
		switch {
		case w == "":
		case w == "-n" || w == "--lines":
			w, rest = nextArg(rest)
			set(w)
		case strings.HasPrefix(w, "--lines="):
			set(w[len("--lines="):])
		case strings.HasPrefix(w, "-n"):
			set(w[2:])
		case w == "-c" || w == "--bytes":
			_, rest = nextArg(rest)
			r = Read{}
		case strings.HasPrefix(w, "-c") || strings.HasPrefix(w, "--bytes="):
			r = Read{}
		case w[0] == '-' && isDigits(w[1:]):
			set(w[1:])
		case w[0] == '+' && !head && isDigits(w[1:]):
			set(w)
		case w[0] == '-' && len(w) > 1:
		default:
			file(w)
		}
	}
	return r, r.Start.Valid || r.End.Valid
}

// sed reads sed -n '5,9p' f. Other scripts read the file as well; which lines is not known.
func sed(list []Read, rest string) []Read {
	ranges, files, inPlace := sedArgs(rest)
	if inPlace {
		return list
	}
	for _, f := range files {
		from := len(list)
		list = addFile(list, f)
		if len(list) == from || len(ranges) == 0 {
			continue
		}
		path := list[from].Path
		list = list[:from]
		for _, r := range ranges {
			r.Path = path
			list = append(list, r)
		}
	}
	return list
}

func sedArgs(rest string) (ranges []Read, files []string, inPlace bool) {
	quiet, script := false, ""
	haveScript := false
	for rest != "" {
		var w string
		w, rest = input(rest)
		switch {
		case w == "":
		case w == "-e" || w == "--expression" || w == "-f" || w == "--file":
			isText := w[1] == 'e' || w == "--expression"
			w, rest = nextArg(rest)
			if isText {
				script += ";" + unquote(w)
			}
			haveScript = true
		case w == "-i" || strings.HasPrefix(w, "-i") || strings.HasPrefix(w, "--in-place"):
			inPlace = true
		case w == "-n" || w == "--quiet" || w == "--silent":
			quiet = true
		case w[0] == '-' && len(w) > 1:
			quiet = quiet || w[1] != '-' && strings.IndexByte(w, 'n') > 0
			inPlace = inPlace || w[1] != '-' && strings.IndexByte(w, 'i') > 0
			if w[1] != '-' && w[len(w)-1] == 'e' { // -ne SCRIPT
				w, rest = nextArg(rest)
				script += ";" + unquote(w)
				haveScript = true
			}
		case !haveScript:
			script = unquote(w)
			haveScript = true
		default:
			files = append(files, w)
		}
	}
	if quiet {
		ranges = sedRanges(script)
	}
	return ranges, files, inPlace
}

// sedRanges reads 5,9p;20p;30,$p. Anything else in the script makes all of it unknown.
func sedRanges(script string) []Read {
	var list []Read
	for s := range strings.SplitSeq(script, ";") {
		s = strings.TrimSpace(s)
		if s == "" {
			continue
		}
		a, ok := strings.CutSuffix(s, "p")
		if !ok {
			if q, ok := strings.CutSuffix(s, "q"); ok && isDigits(q) && len(list) > 0 {
				continue // quits behind the last line
			}
			return nil
		}
		a, b, two := strings.Cut(strings.TrimSpace(a), ",")
		r := Read{Start: number(a)}
		switch {
		case !r.Start.Valid:
			return nil
		case !two:
			r.End = r.Start
		case b == "$":
		case strings.HasPrefix(b, "+") && isDigits(b[1:]):
			if n, err := strconv.ParseInt(b[1:], 10, 64); err == nil && n < 1<<40 {
				r.End = schema.Known(r.Start.V + n)
			}
		default:
			if r.End = number(b); !r.End.Valid {
				return nil
			}
		}
		if list = append(list, r); len(list) > 50 {
			return nil
		}
	}
	return list
}

// awk reads awk '…' f, with one file.
func awk(list []Read, rest string) []Read {
	var script, file string
	n := 0
	for rest != "" {
		var w string
		w, rest = input(rest)
		switch {
		case w == "":
		case w == "-f":
			return list
		case w == "-F" || w == "-v":
			_, rest = nextArg(rest)
		case w[0] == '-' && len(w) > 1:
		case script == "":
			script = w
		case isAssignment(w):
		default:
			file = w
			n++
		}
	}
	if n != 1 {
		return list
	}
	from := len(list)
	return withRange(addFile(list, file), from, awkRange(unquote(script)))
}

// awkRange reads NR>=5 && NR<=9, with or without an action that prints.
func awkRange(script string) (r Read) {
	s := strings.ReplaceAll(script, " ", "")
	a, ok := strings.CutPrefix(s, "NR>=")
	if !ok {
		return r
	}
	if k := strings.IndexByte(a, '{'); k >= 0 {
		a = a[:k]
	}
	a, b, ok := strings.Cut(a, "&&NR<=")
	if !ok {
		return r
	}
	if x, y := number(a), number(b); x.Valid && y.Valid {
		r.Start, r.End = x, y
	}
	return r
}

// getContent reads Get-Content [-Path] f [-TotalCount n] [-Tail n].
func getContent(list []Read, rest string) []Read {
	from := len(list)
	var r Read
	for rest != "" {
		var w string
		w, rest = input(rest)
		if w == "" {
			break
		}
		if w[0] != '-' || len(w) == 1 {
			for part := range strings.SplitSeq(w, ",") {
				list = addFile(list, strings.TrimSpace(part))
			}
			continue
		}
		switch name := strings.ToLower(w[1:]); name {
		case "path", "literalpath", "raw", "wait", "force":
		case "totalcount", "head", "first":
			w, rest = nextArg(rest)
			if n := number(w); n.Valid {
				r.Start, r.End = schema.Known(int64(1)), n
			}
		default: // -Tail, -Encoding, -Delimiter, -ReadCount
			_, rest = nextArg(rest)
		}
	}
	return withRange(list, from, r)
}

// stageRanges are the lines that a stage behind a pipe lets through.
func stageRanges(p *Part) []Read {
	switch p.Program {
	case "sed", "gsed":
		ranges, files, inPlace := sedArgs(p.Rest)
		if len(files) == 0 && !inPlace {
			return ranges
		}
	case "head", "tail":
		files := 0
		if r, ok := headRange(p, func(string) { files++ }); ok && files == 0 {
			return []Read{r}
		}
	case "awk", "gawk":
		w, _ := nextPlain(p.Rest, "awk")
		if r := awkRange(unquote(w)); r.Start.Valid {
			return []Read{r}
		}
	case "select-object", "select":
		skip, first := int64(0), schema.Int{}
		for rest := p.Rest; rest != ""; {
			var w, v string
			w, rest = nextArg(rest)
			switch strings.ToLower(w) {
			case "-skip":
				v, rest = nextArg(rest)
				n := number(v)
				skip = n.V
			case "-first":
				v, rest = nextArg(rest)
				first = number(v)
			case "":
			default:
				return nil
			}
		}
		if first.Valid {
			return []Read{{Start: schema.Known(skip + 1), End: schema.Known(skip + first.V)}}
		}
		if skip > 0 {
			return []Read{{Start: schema.Known(skip + 1)}}
		}
	}
	return nil
}
