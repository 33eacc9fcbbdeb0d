package ingest

import (
	"fmt"

	"github.com/agenttrace/agenttrace/schema"
)

// ForgottenPath stands for the path of a source all of whose sessions were forgotten: the log is known
// again, and its name, which may tell of what it was about, is not kept.
func ForgottenPath(path string) string {
	return fmt.Sprintf("forgotten:%016x", uint64(schema.HashString(path)))
}

// A filter keeps the rows of forgotten sessions from the store. Rows that belong to a message or a call wait
// until that comes; those of no session wait until the source shows one that stays.
type filter struct {
	gone  map[schema.ID]struct{}
	write func(schema.Row) error

	kept, dropped bool
	owners        map[schema.ID]bool // messages and calls that were seen: whether they stay
	texts         []schema.Text
	usage         []schema.UsageObservation
	problems      []schema.Problem
	branches      []schema.DeadBranch
}

// newFilter returns nil where nothing was ever forgotten.
func newFilter(gone map[schema.ID]struct{}, write func(schema.Row) error) *filter {
	if len(gone) == 0 {
		return nil
	}
	return &filter{gone: gone, write: write, owners: map[schema.ID]bool{}}
}

func (f *filter) put(row schema.Row) error {
	switch x := row.(type) {
	case *schema.Text:
		if stays, seen := f.owners[x.OwnerID]; !seen {
			f.texts = append(f.texts, *x)
			return nil
		} else if !stays {
			return nil
		}
		return f.write(row)
	case *schema.UsageObservation:
		f.usage = append(f.usage, *x)
		return nil
	case *schema.Problem:
		f.problems = append(f.problems, *x)
		return nil
	case *schema.DeadBranch:
		f.branches = append(f.branches, *x)
		return nil
	}
	session, _ := schema.SessionOf(row)
	_, gone := f.gone[session]
	switch x := row.(type) {
	case *schema.Message:
		f.own(x.MessageID, !gone)
	case *schema.ToolCall:
		f.own(x.ToolCallID, !gone)
	case *schema.ModelCall:
		f.own(x.ModelCallID, !gone)
	}
	if gone {
		f.dropped = true
		return nil
	}
	f.kept = true
	return f.write(row)
}

// own notes that a message or call was seen; in a source that holds it twice, what stays counts.
func (f *filter) own(id schema.ID, stays bool) { f.owners[id] = f.owners[id] || stays }

// forgets reports that the source holds forgotten sessions and no other.
func (f *filter) forgets() bool { return f.dropped && !f.kept }

// end writes what waited and stays.
func (f *filter) end() error {
	if f.forgets() {
		return nil
	}
	stays := func(owner schema.ID) bool {
		stays, seen := f.owners[owner]
		return stays || !seen && !f.dropped
	}
	for i := range f.texts {
		if stays(f.texts[i].OwnerID) {
			if err := f.write(&f.texts[i]); err != nil {
				return err
			}
		}
	}
	for i := range f.usage {
		if stays(f.usage[i].ModelCallID) {
			if err := f.write(&f.usage[i]); err != nil {
				return err
			}
		}
	}
	for i := range f.problems {
		if err := f.write(&f.problems[i]); err != nil {
			return err
		}
	}
	for i := range f.branches {
		if err := f.write(&f.branches[i]); err != nil {
			return err
		}
	}
	return nil
}
