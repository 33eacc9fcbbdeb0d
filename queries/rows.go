// Package queries holds what stands between the store and everything that prints: the shape of a
// query result, the query packs, and (in its sub-packages) rendering, reports and redaction. It
// knows no database; the store hands in a Querier.
package queries

import (
	"context"
	"math/big"
	"strconv"
	"strings"
)

// A Column is one column of a result. Type is the DuckDB name of its type, such as BIGINT,
// DECIMAL(24,12), TIMESTAMP WITH TIME ZONE, VARCHAR[], STRUCT(a INTEGER, b DATE) or MAP(VARCHAR, BIGINT).
type Column struct {
	Name, Type string
}

// Rows is a result read row by row.
//
// Values holds one value per column: nil for NULL, bool, any Go integer, *big.Int, float32, float64,
// string, []byte, time.Time, Decimal, Interval, []any for lists, map[string]any for structs, and Map
// (or map[any]any) for maps. It is valid until the next Next and must not be changed.
//
// After Next has returned false, Err tells an end from a failure. Close may be called at any time and
// more than once.
type Rows interface {
	Columns() []Column
	Next() bool
	Values() []any
	Err() error
	Close() error
}

// A Querier runs one query. Arguments are bound, never pasted into the text.
type Querier interface {
	Query(ctx context.Context, sql string, args ...any) (Rows, error)
}

// A Decimal is an exact decimal number: Value divided by ten to the power of Scale. Without a Value it
// is unknown.
type Decimal struct {
	Value *big.Int
	Scale uint8
}

// String gives every digit that carries value: 0.5 for 0.500, 3 for 3.00. Nothing is rounded.
func (d Decimal) String() string {
	if d.Value == nil {
		return "NULL"
	}
	return string(d.Append(nil))
}

// Append appends what String returns.
func (d Decimal) Append(dst []byte) []byte {
	if d.Value == nil {
		return append(dst, "NULL"...)
	}
	start := len(dst)
	dst = d.Value.Append(dst, 10)
	if d.Scale == 0 {
		return dst
	}
	if dst[start] == '-' {
		start++
	}
	scale := int(d.Scale)
	if missing := scale + 1 - (len(dst) - start); missing > 0 {
		digits := string(dst[start:])
		dst = append(dst[:start], strings.Repeat("0", missing)...)
		dst = append(dst, digits...)
	}
	point := len(dst) - scale
	end := len(dst)
	for end > point && dst[end-1] == '0' {
		end--
	}
	if end == point {
		return dst[:point]
	}
	dst = append(dst[:end], 0)
	copy(dst[point+1:], dst[point:end])
	dst[point] = '.'
	return dst
}

// An Interval is a span as SQL has it: its three parts do not convert into each other, because months
// and days differ in length.
type Interval struct {
	Months, Days int32
	Micros       int64
}

// String writes the parts that are not zero, such as "14 months 3 days 01:02:03.5".
func (i Interval) String() string {
	var parts []string
	unit := func(n int32, name string) {
		if n == 0 {
			return
		}
		if n != 1 && n != -1 {
			name += "s"
		}
		parts = append(parts, strconv.Itoa(int(n))+" "+name)
	}
	unit(i.Months, "month")
	unit(i.Days, "day")
	if i.Micros != 0 || len(parts) == 0 {
		parts = append(parts, clock(i.Micros))
	}
	return strings.Join(parts, " ")
}

// clock writes microseconds as hours, minutes and seconds with the fraction that is needed.
func clock(micros int64) string {
	u := uint64(micros)
	var b []byte
	if micros < 0 {
		u = -u
		b = append(b, '-')
	}
	two := func(n uint64) {
		if n < 10 {
			b = append(b, '0')
		}
		b = strconv.AppendUint(b, n, 10)
	}
	sec := u / 1e6
	two(sec / 3600)
	b = append(b, ':')
	two(sec / 60 % 60)
	b = append(b, ':')
	two(sec % 60)
	if frac := u % 1e6; frac != 0 {
		digits := strconv.FormatUint(1e6+frac, 10)[1:]
		b = append(b, '.')
		b = append(b, strings.TrimRight(digits, "0")...)
	}
	return string(b)
}

// A Map is the value of a MAP column in the order of the database.
type Map []Pair

// A Pair is one entry of a Map.
type Pair struct {
	Key, Value any
}

// NewRows returns rows over values that are already in memory, one inner slice per row.
func NewRows(columns []Column, rows ...[]any) Rows {
	return &sliceRows{columns: columns, rows: rows, at: -1}
}

type sliceRows struct {
	columns []Column
	rows    [][]any
	at      int
	closed  bool
}

func (r *sliceRows) Columns() []Column { return r.columns }
func (r *sliceRows) Err() error        { return nil }

func (r *sliceRows) Close() error {
	r.closed = true
	return nil
}

func (r *sliceRows) Next() bool {
	if r.closed || r.at+1 >= len(r.rows) {
		return false
	}
	r.at++
	return true
}

func (r *sliceRows) Values() []any { return r.rows[r.at] }
