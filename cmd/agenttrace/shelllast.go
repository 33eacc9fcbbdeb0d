package main

import (
	"context"
	"slices"

	"github.com/agenttrace/agenttrace/queries"
)

// What of a result is kept for .last.
const (
	maxRecordedRows  = 20_000
	maxRecordedBytes = 16 << 20
)

// recorded keeps the rows that pass, for .last, as long as they are not too many.
type recorded struct {
	queries.Rows
	kept  [][]any
	bytes int
	large bool
}

func (r *recorded) Next() bool {
	if !r.Rows.Next() {
		return false
	}
	if r.large {
		return true
	}
	row := slices.Clone(r.Values())
	for _, v := range row {
		r.bytes += 16
		switch x := v.(type) {
		case string:
			r.bytes += len(x)
		case []byte:
			r.bytes += len(x)
		}
	}
	if r.kept = append(r.kept, row); len(r.kept) > maxRecordedRows || r.bytes > maxRecordedBytes {
		r.kept, r.large = nil, true
	}
	return true
}

// again prints the last result once more.
func (s *shell) again(_ context.Context, args []string) error {
	switch {
	case s.last == nil:
		return usagef("there is no result yet")
	case s.last.large:
		return usagef("the last result was too large to keep: run it again, with .once FILE or another .mode")
	}
	opt := s.run.opt
	if len(args) == 1 {
		format, err := (&common{format: args[0]}).outputFormat("table", sqlFormats[:len(sqlFormats)-1]...)
		if err != nil {
			return err
		}
		opt.Format = format
	}
	return s.print(queries.NewRows(s.last.Columns(), s.last.kept...), opt)
}
