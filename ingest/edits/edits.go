// Package edits reads changes of files: patches, replaced texts, the role of a path.
package edits

// Role tells what a file is for by its path: code, test, config, doc, data or generated.
func Role(path string) string { return "code" }

// A Change is one file of a patch.
type Change struct {
	Path    string
	MovedTo string
	Op      string   // create, modify, delete, move
	Added   [][]byte // lines without line ends
	Removed [][]byte
}

// ParsePatch reads an apply_patch text ("*** Begin Patch") or a unified diff.
func ParsePatch(patch []byte) []Change { return nil }

// Replace is the change that turns old into new, as lines added and removed (a minimal line diff;
// above a size limit, common head and tail are cut off and the rest counts as replaced).
func Replace(old, new []byte) (added, removed [][]byte) { return nil, nil }

// Churn remembers which lines a session added to which file.
type Churn struct{}

// Apply records a change and returns how many of the removed lines the session itself had added
// (trimmed, three characters or more; each added line counts once).
func (c *Churn) Apply(path string, added, removed [][]byte) (selfRemoved int64) { return 0 }

// Lines splits text into lines without line ends; a last empty line does not count.
func Lines(text []byte) [][]byte { return nil }
