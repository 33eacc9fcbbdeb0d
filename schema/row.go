package schema

import "database/sql"

// A Row is a pointer to one of the row structs of this package. Its fields are the columns of its
// table, in order, each with a col tag.
//
// What a log does not say is unknown, never zero: ID, Instant and string store their zero value as
// NULL, counters use Int, yes-or-no facts use Bool. A plain int64, int32 or bool is always known.
type Row interface {
	// TableName is the name of the row's table in the schema raw.
	TableName() string
}

// Int is a counter that a log may leave out.
type Int = sql.Null[int64]

// Bool is a fact that a log may leave out.
type Bool = sql.Null[bool]

// Float is a measure that a log may leave out.
type Float = sql.Null[float64]

// Known wraps a value that the log does state.
func Known[T any](v T) sql.Null[T] { return sql.Null[T]{V: v, Valid: true} }

// Picodollars are USD times 10^12, stored as DECIMAL(18,12).
type Picodollars = sql.Null[int64]

// The raw tables, in the order in which they are created and listed.
func Rows() []Row {
	return []Row{
		&Problem{}, &Record{}, &DeadBranch{}, &Ledger{}, &Session{}, &Run{}, &Turn{}, &Message{}, &UsageObservation{},
		&ModelCall{}, &ToolCall{}, &Command{}, &FileChange{}, &FileRead{}, &Event{}, &Error{}, &Text{},
	}
}
