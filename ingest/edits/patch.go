package edits

import (
	"bytes"
	"strconv"
)

// ParsePatch reads an apply_patch text ("*** Begin Patch") or a unified diff. What belongs to no file is
// passed over; text that is neither gives no changes.
func ParsePatch(patch []byte) []Change {
	if k := lineIndex(patch, "*** Begin Patch"); k >= 0 {
		return parseEnvelope(patch[k:])
	}
	return parseUnified(patch)
}

// lineIndex returns the index of the first line that begins with word, or -1.
func lineIndex(text []byte, word string) int {
	for at := 0; ; {
		k := bytes.Index(text[at:], []byte(word))
		if k < 0 {
			return -1
		}
		k += at
		if k == 0 || text[k-1] == '\n' {
			return k
		}
		at = k + 1
	}
}

// parseEnvelope reads
//
//	*** Begin Patch
//	*** Update File: path
//	*** Move to: path
//	@@ context
//	-old
//	+new
//	*** Add File: path
//	+line
//	*** Delete File: path
//	*** End Patch
func parseEnvelope(text []byte) []Change {
	var list []Change
	var cur *Change
	begin := func(path []byte, op string) {
		list = append(list, Change{Path: string(bytes.TrimSpace(path)), Op: op})
		cur = &list[len(list)-1]
	}
	for len(text) > 0 {
		var line []byte
		line, text = cutLine(text)
		if rest, ok := bytes.CutPrefix(line, []byte("*** ")); ok {
			if path, ok := bytes.CutPrefix(rest, []byte("Update File: ")); ok {
				begin(path, "modify")
			} else if path, ok := bytes.CutPrefix(rest, []byte("Add File: ")); ok {
				begin(path, "create")
			} else if path, ok := bytes.CutPrefix(rest, []byte("Delete File: ")); ok {
				begin(path, "delete")
			} else if path, ok := bytes.CutPrefix(rest, []byte("Move to: ")); ok && cur != nil {
				cur.MovedTo = string(bytes.TrimSpace(path))
				cur.Op = "move"
			} else if bytes.HasPrefix(rest, []byte("End Patch")) {
				cur = nil
			}
			continue
		}
		if cur == nil || len(line) == 0 {
			continue
		}
		switch line[0] {
		case '+':
			cur.Added = append(cur.Added, line[1:])
		case '-':
			if cur.Op != "create" {
				cur.Removed = append(cur.Removed, line[1:])
			}
		}
	}
	return list
}

// parseUnified reads what diff -u and git diff write. Within a hunk the header's counts decide what a
// line is, so that a removed line "-- x" is no file header. Hunks without counts end at the next header.
func parseUnified(text []byte) []Change {
	var list []Change
	var cur *Change
	var from []byte  // the path of the last --- line
	old, new := 0, 0 // lines that the hunk still has
	inHunk, counted := false, false
	begin := func(path []byte) {
		list = append(list, Change{Path: string(path), Op: "modify"})
		cur = &list[len(list)-1]
	}
	for len(text) > 0 {
		var line []byte
		line, text = cutLine(text)
		if inHunk && counted && (old > 0 || new > 0) {
			if len(line) == 0 { // a blank context line whose blank was lost
				old, new = old-1, new-1
				continue
			}
			switch line[0] {
			case '+':
				cur.Added = append(cur.Added, line[1:])
				new--
				continue
			case '-':
				cur.Removed = append(cur.Removed, line[1:])
				old--
				continue
			case ' ':
				old, new = old-1, new-1
				continue
			case '\\': // no newline at end of file
				continue
			}
			inHunk = false // the counts were wrong
		}
		switch {
		case bytes.HasPrefix(line, []byte("diff --git ")):
			inHunk, from = false, nil
			begin(gitPath(line[len("diff --git "):]))
		case bytes.HasPrefix(line, []byte("--- ")) && startsWith(text, "+++ "):
			inHunk = false
			from = headerPath(line[4:])
		case bytes.HasPrefix(line, []byte("+++ ")) && from != nil:
			to := headerPath(line[4:])
			path, op := to, "modify"
			switch {
			case isNull(from):
				op = "create"
			case isNull(to):
				path, op = from, "delete"
			}
			// A git header has opened the change already.
			if cur == nil || len(cur.Added)+len(cur.Removed) > 0 || !isGit(cur, path) {
				begin(path)
			}
			cur.Path = string(path)
			if cur.MovedTo == "" {
				cur.Op = op
			} else {
				cur.Path = string(from)
			}
			from = nil
		case bytes.HasPrefix(line, []byte("@@")) && cur != nil:
			inHunk = true
			old, new, counted = hunkCounts(line)
		case inHunk && !counted && len(line) > 0 && line[0] == '+':
			cur.Added = append(cur.Added, line[1:])
		case inHunk && !counted && len(line) > 0 && line[0] == '-':
			cur.Removed = append(cur.Removed, line[1:])
		case cur == nil || inHunk:
		case bytes.HasPrefix(line, []byte("new file mode")):
			cur.Op = "create"
		case bytes.HasPrefix(line, []byte("deleted file mode")):
			cur.Op = "delete"
		case bytes.HasPrefix(line, []byte("rename from ")):
			cur.Path = string(unquotePath(line[len("rename from "):]))
		case bytes.HasPrefix(line, []byte("rename to ")):
			cur.MovedTo = string(unquotePath(line[len("rename to "):]))
			cur.Op = "move"
		case bytes.HasPrefix(line, []byte("copy to ")):
			cur.Path = string(unquotePath(line[len("copy to "):]))
			cur.Op = "create"
		}
	}
	return list
}

// isGit reports whether the change was opened by a git header and still waits for its --- and +++ lines.
func isGit(c *Change, path []byte) bool {
	return c.Path == string(path) || c.MovedTo == string(path) || c.Path == ""
}

func startsWith(text []byte, word string) bool { return bytes.HasPrefix(text, []byte(word)) }

func isNull(path []byte) bool { return string(path) == "/dev/null" || string(path) == "NUL" }

// gitPath takes the new path out of "a/x b/x". Both are equal unless the file moves, and then other lines
// say so.
func gitPath(rest []byte) []byte {
	if len(rest) > 0 && rest[0] == '"' {
		if k := bytes.LastIndex(rest, []byte(` "`)); k > 0 {
			return stripSide(unquotePath(rest[k+1:]))
		}
	}
	// The middle of "a/P b/P" is the blank.
	if n := len(rest); n >= 5 && n%2 == 1 && rest[n/2] == ' ' && bytes.Equal(stripSide(rest[:n/2]), stripSide(rest[n/2+1:])) {
		return stripSide(rest[n/2+1:])
	}
	if k := bytes.LastIndex(rest, []byte(" b/")); k >= 0 {
		return rest[k+3:]
	}
	return nil
}

// headerPath reads the path of a --- or +++ line: a date may follow behind a tab.
func headerPath(p []byte) []byte {
	if k := bytes.IndexByte(p, '\t'); k >= 0 {
		p = p[:k]
	}
	p = bytes.TrimRight(p, " ")
	return stripSide(unquotePath(p))
}

// stripSide drops the a/ or b/ with which git marks the sides.
func stripSide(p []byte) []byte {
	if len(p) > 2 && p[1] == '/' && (p[0] == 'a' || p[0] == 'b') {
		return p[2:]
	}
	return p
}

// unquotePath undoes git's quoting of paths with unusual bytes.
func unquotePath(p []byte) []byte {
	if len(p) < 2 || p[0] != '"' || p[len(p)-1] != '"' {
		return p
	}
	if s, err := strconv.Unquote(string(p)); err == nil {
		return []byte(s)
	}
	return p[1 : len(p)-1]
}

// hunkCounts reads "@@ -l,n +l,n @@".
func hunkCounts(line []byte) (old, new int, ok bool) {
	f := bytes.Fields(line[:min(len(line), 100)])
	if len(f) < 3 || f[1][0] != '-' || f[2][0] != '+' {
		return 0, 0, false
	}
	old, ok1 := hunkCount(f[1][1:])
	new, ok2 := hunkCount(f[2][1:])
	return old, new, ok1 && ok2
}

func hunkCount(b []byte) (int, bool) {
	if k := bytes.IndexByte(b, ','); k >= 0 {
		n, err := strconv.Atoi(string(b[k+1:]))
		return n, err == nil && n >= 0
	}
	_, err := strconv.Atoi(string(b))
	return 1, err == nil
}
