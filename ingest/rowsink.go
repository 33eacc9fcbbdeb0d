package ingest

import (
	"context"

	"github.com/agenttrace/agenttrace/schema"
)

// A rowSink takes the rows of one source: it counts them and passes on those that may be stored.
type rowSink struct {
	w        Writer
	filter   *filter // nil where nothing was ever forgotten
	sessions map[schema.ID]struct{}
	problems int64
	storeErr error
}

func newRowSink(w Writer, gone map[schema.ID]struct{}) *rowSink {
	s := &rowSink{w: w, sessions: map[schema.ID]struct{}{}}
	s.filter = newFilter(gone, s.write)
	return s
}

// emit is what parsers call.
func (s *rowSink) emit(row schema.Row) error {
	if s.filter != nil {
		s.storeErr = s.filter.put(row)
	} else {
		s.storeErr = s.write(row)
	}
	return s.storeErr
}

func (s *rowSink) write(row schema.Row) error {
	switch x := row.(type) {
	case *schema.Session:
		if x.IsMain {
			s.sessions[x.SessionID] = struct{}{}
		}
	case *schema.Problem:
		s.problems += x.OccurrenceCount
	}
	return s.w.Write(row)
}

// end writes what the filter held back.
func (s *rowSink) end() {
	if s.filter != nil {
		s.storeErr = s.filter.end()
	}
}

// forgets reports that nothing of the source is to be stored.
func (s *rowSink) forgets() bool { return s.filter != nil && s.filter.forgets() }

// saveForgotten notes a source that holds forgotten sessions only, so that it is not read again until it
// changes.
func (r *run) saveForgotten(ctx context.Context, w Writer, j *job, row schema.Source) error {
	row.Path, row.FileID, row.State = ForgottenPath(j.key()), "", schema.SourceForgotten
	if err := w.SaveSource(ctx, &row, j.known != nil); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.touched = append(r.touched, j.sourceID)
	r.sum.Read++
	return nil
}
