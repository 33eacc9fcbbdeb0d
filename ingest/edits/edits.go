// Package edits reads changes of files: patches, replaced texts, the role of a path.
package edits

import "bytes"

// A Change is one file of a patch.
type Change struct {
	Path    string
	MovedTo string
	Op      string   // create, modify, delete, move
	Added   [][]byte // lines without line ends
	Removed [][]byte
}

// Lines splits text into lines without line ends; a last empty line does not count.
func Lines(text []byte) [][]byte {
	if len(text) == 0 {
		return nil
	}
	n := bytes.Count(text, []byte{'\n'})
	if text[len(text)-1] != '\n' {
		n++
	}
	lines := make([][]byte, 0, n)
	for len(text) > 0 {
		var line []byte
		line, text = cutLine(text)
		lines = append(lines, line)
	}
	return lines
}

// cutLine takes the first line off text.
func cutLine(text []byte) (line, rest []byte) {
	if k := bytes.IndexByte(text, '\n'); k >= 0 {
		line, rest = text[:k], text[k+1:]
	} else {
		line = text
	}
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	return line, rest
}
