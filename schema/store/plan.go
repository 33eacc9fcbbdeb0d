package store

import (
	"fmt"
	"reflect"
	"unsafe"

	"github.com/agenttrace/agenttrace/schema"
)

// How a field of a row struct is stored. Where a zero value means unknown, it is written as NULL.
type kind uint8

const (
	kindID       kind = iota // schema.ID -> UBIGINT, zero = NULL
	kindInstant              // schema.Instant -> TIMESTAMPTZ, zero = NULL
	kindText                 // string -> VARCHAR, "" = NULL
	kindInt                  // schema.Int -> BIGINT or DECIMAL(18,12)
	kindNullBool             // schema.Bool -> BOOLEAN
	kindInt64                // int64 -> BIGINT
	kindInt32                // int32 -> INTEGER
	kindBool                 // bool -> BOOLEAN
)

// A column is one field of a row struct and the place where it goes.
type column struct {
	name   string
	offset uintptr
	kind   kind
}

// planOf lists the columns of a row struct in order. It panics on a field type that has no column
// type: that is a mistake in package schema, found by the first test.
func planOf(row schema.Row) []column {
	return appendPlan(nil, reflect.TypeOf(row).Elem(), 0)
}

func appendPlan(out []column, t reflect.Type, base uintptr) []column {
	for i := 0; i < t.NumField(); i++ {
		f := t.Field(i)
		if f.Anonymous {
			out = appendPlan(out, f.Type, base+f.Offset)
			continue
		}
		name := f.Tag.Get("col")
		if name == "-" {
			continue
		}
		c := column{name: name, offset: base + f.Offset}
		switch reflect.Zero(f.Type).Interface().(type) {
		case schema.ID:
			c.kind = kindID
		case schema.Instant:
			c.kind = kindInstant
		case string:
			c.kind = kindText
		case schema.Int: // schema.Picodollars is the same type
			c.kind = kindInt
		case schema.Bool:
			c.kind = kindNullBool
		case int64:
			c.kind = kindInt64
		case int32:
			c.kind = kindInt32
		case bool:
			c.kind = kindBool
		default:
			panic(fmt.Sprintf("%s.%s: no column type for %s", t.Name(), f.Name, f.Type))
		}
		out = append(out, c)
	}
	return out
}

// pointerOf is the address of the struct behind a Row.
func pointerOf(row schema.Row) unsafe.Pointer {
	type iface struct{ typ, data unsafe.Pointer }
	return (*iface)(unsafe.Pointer(&row)).data
}

// typeOf identifies the struct type behind a Row.
func typeOf(row schema.Row) unsafe.Pointer {
	type iface struct{ typ, data unsafe.Pointer }
	return (*iface)(unsafe.Pointer(&row)).typ
}
