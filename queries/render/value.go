package render

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/big"
	"reflect"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/agenttrace/agenttrace/queries"
)

// values turns values into text or JSON.
type values struct {
	zone   *time.Location
	redact func(string) string
	buf    []byte // for one scalar
}

func newValues(zone *time.Location, redact func(string) string) *values {
	if zone == nil {
		zone = time.UTC
	}
	return &values{zone: zone, redact: redact}
}

// form is what scalar found.
type form uint8

const (
	notScalar form = iota
	null
	bare      // a number or a boolean: the same in text and in JSON
	nonfinite // a float that JSON cannot hold
	safe      // text that needs quotes in JSON but no escapes
	loose     // text that needs both
)

// clean redacts one string. A name beside it (of the column, struct field or map key) can tell that
// the string is a secret when the string alone cannot, so the two are also looked at together.
func (v *values) clean(name, s string) string {
	if v.redact == nil || s == "" {
		return s
	}
	if r := v.redact(s); r != s || name == "" {
		return r
	}
	before, after := name+`: "`, `"`
	whole := before + s + after
	r := v.redact(whole)
	switch {
	case r == whole:
		return s
	case strings.HasPrefix(r, before) && strings.HasSuffix(r, after) && len(r) >= len(before)+len(after):
		return r[len(before) : len(r)-len(after)]
	}
	return r
}

// telling reports whether a column name makes a secret of what stands in the column. It is asked once
// per column, so that ordinary columns pay nothing.
func (v *values) telling(name string) bool {
	if v.redact == nil {
		return false
	}
	const probe = "Zq7Rk2Lp9Xw4Vt8Nc3HdJm5Bs6"
	return v.clean(name, probe) != v.clean("", probe)
}

// text appends a value as it stands in a cell: scalars plain, lists, structs and maps as JSON. The
// caller has dealt with NULL.
func (v *values) text(dst []byte, name string, val any, t *typ) []byte {
	if s, ok := val.(string); ok {
		return append(dst, v.clean(name, s)...)
	}
	out, f := v.scalar(dst, name, val, t)
	switch f {
	case notScalar:
		return v.json(dst, name, val, t)
	case null: // the empty member of a union: the value itself was not NULL
		return append(dst, "NULL"...)
	}
	return out
}

// json appends a value as JSON.
func (v *values) json(dst []byte, name string, val any, t *typ) []byte {
	switch x := val.(type) {
	case string:
		if t.kind == kindJSON {
			if out, ok := v.rawJSON(dst, x); ok {
				return out
			}
		}
		return appendString(dst, v.clean(name, x))
	case []any:
		elem := anyType
		if t.elem != nil {
			elem = t.elem
		}
		dst = append(dst, '[')
		for i, e := range x {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = v.json(dst, name, e, elem)
		}
		return append(dst, ']')
	case map[string]any:
		return v.object(dst, x, t)
	case queries.Map:
		return v.pairs(dst, x, t)
	case map[any]any:
		m := make(queries.Map, 0, len(x))
		for k, e := range x {
			m = append(m, queries.Pair{Key: k, Value: e})
		}
		sort.Slice(m, func(i, j int) bool { return v.key(m[i].Key, t) < v.key(m[j].Key, t) })
		return v.pairs(dst, m, t)
	}
	b, f := v.scalar(v.buf[:0], name, val, t)
	if v.buf = b; cap(b) > 1<<16 {
		v.buf = nil
	}
	switch f {
	case null, nonfinite:
		return append(dst, "null"...)
	case bare:
		return append(dst, b...)
	case safe:
		dst = append(dst, '"')
		dst = append(dst, b...)
		return append(dst, '"')
	case loose:
		return appendString(dst, string(b))
	}
	return v.composite(dst, name, val, t)
}

// object appends a struct in the order of its type, or without a type in the order of the names.
func (v *values) object(dst []byte, m map[string]any, t *typ) []byte {
	dst = append(dst, '{')
	n := 0
	put := func(name string, t *typ) {
		if n > 0 {
			dst = append(dst, ',')
		}
		n++
		dst = appendString(dst, v.clean("", name))
		dst = append(dst, ':')
		dst = v.json(dst, name, m[name], t)
	}
	known := 0
	if t.kind == kindStruct {
		for _, f := range t.fields {
			if _, ok := m[f.name]; ok {
				known++
				put(f.name, f.typ)
			}
		}
	}
	if known < len(m) {
		elem := anyType
		if t.kind == kindMap {
			elem = t.elem
		}
		rest := make([]string, 0, len(m)-known)
		for name := range m {
			if t.kind != kindStruct || !t.has(name) {
				rest = append(rest, name)
			}
		}
		sort.Strings(rest)
		for _, name := range rest {
			put(name, elem)
		}
	}
	return append(dst, '}')
}

func (t *typ) has(name string) bool {
	for _, f := range t.fields {
		if f.name == name {
			return true
		}
	}
	return false
}

func (v *values) pairs(dst []byte, m queries.Map, t *typ) []byte {
	elem := anyType
	if t.kind == kindMap {
		elem = t.elem
	}
	dst = append(dst, '{')
	for i, p := range m {
		if i > 0 {
			dst = append(dst, ',')
		}
		k := v.key(p.Key, t)
		dst = appendString(dst, k)
		dst = append(dst, ':')
		dst = v.json(dst, k, p.Value, elem)
	}
	return append(dst, '}')
}

// key is the text of a map's key: JSON has no other.
func (v *values) key(k any, t *typ) string {
	kt := anyType
	if t.key != nil {
		kt = t.key
	}
	if isNull(k) {
		return "null"
	}
	return string(v.text(nil, "", k, kt))
}

// isNull reports whether a value stands for NULL.
func isNull(val any) bool {
	switch x := val.(type) {
	case nil:
		return true
	case *big.Int:
		return x == nil
	case queries.Decimal:
		return x.Value == nil
	case bool, int64, float64, string, time.Time, []any, int32, uint64, map[string]any:
		return false
	}
	r := reflect.ValueOf(val)
	return r.Kind() == reflect.Pointer && r.IsNil()
}

// scalar appends a value that is not made of others.
func (v *values) scalar(dst []byte, name string, val any, t *typ) ([]byte, form) {
	switch x := val.(type) {
	case nil:
		return dst, null
	case bool:
		return strconv.AppendBool(dst, x), bare
	case int64:
		return strconv.AppendInt(dst, x, 10), bare
	case int32:
		return strconv.AppendInt(dst, int64(x), 10), bare
	case int16:
		return strconv.AppendInt(dst, int64(x), 10), bare
	case int8:
		return strconv.AppendInt(dst, int64(x), 10), bare
	case int:
		return strconv.AppendInt(dst, int64(x), 10), bare
	case uint64:
		return strconv.AppendUint(dst, x, 10), bare
	case uint32:
		return strconv.AppendUint(dst, uint64(x), 10), bare
	case uint16:
		return strconv.AppendUint(dst, uint64(x), 10), bare
	case uint8:
		return strconv.AppendUint(dst, uint64(x), 10), bare
	case uint:
		return strconv.AppendUint(dst, uint64(x), 10), bare
	case float64:
		return appendFloat(dst, x, 64)
	case float32:
		return appendFloat(dst, float64(x), 32)
	case *big.Int:
		if x == nil {
			return dst, null
		}
		return x.Append(dst, 10), bare
	case queries.Decimal:
		if x.Value == nil {
			return dst, null
		}
		return x.Append(dst), bare
	case string:
		return append(dst, v.clean(name, x)...), loose
	case time.Time:
		return v.time(dst, x, t), safe
	case queries.Interval:
		return append(dst, x.String()...), safe
	case []byte:
		if t.kind == kindUUID && len(x) == 16 {
			return appendUUID(dst, x), safe
		}
		return append(dst, v.clean(name, blob(x))...), loose
	case []any, map[string]any, map[any]any, queries.Map:
		return dst, notScalar
	}
	return v.other(dst, name, val, t)
}

// other handles what the driver yields beyond the plain types, known only by its shape, because this
// package does not import the driver.
func (v *values) other(dst []byte, name string, val any, t *typ) ([]byte, form) {
	r := reflect.ValueOf(val)
	if r.Kind() == reflect.Pointer {
		if r.IsNil() {
			return dst, null
		}
		if _, ok := val.(fmt.Stringer); !ok {
			return v.scalar(dst, name, r.Elem().Interface(), t)
		}
	}
	if _, ok := keysAndValues(val); ok {
		return dst, notScalar
	}
	if s, ok := val.(fmt.Stringer); ok {
		b := s.String()
		if t.kind == kindDecimal && isNumber(b) {
			return append(dst, b...), bare
		}
		return append(dst, v.clean(name, b)...), loose
	}
	switch r.Kind() {
	case reflect.Array:
		if r.Len() == 16 && r.Type().Elem().Kind() == reflect.Uint8 {
			b := make([]byte, 16)
			reflect.Copy(reflect.ValueOf(b), r)
			return appendUUID(dst, b), safe
		}
		return dst, notScalar
	case reflect.Slice, reflect.Map:
		return dst, notScalar
	case reflect.Struct:
		if i, ok := interval(r); ok {
			return append(dst, i.String()...), safe
		}
		if u, ok := unionValue(r); ok {
			if isNull(u) {
				return dst, null
			}
			return v.scalar(dst, name, u, anyType)
		}
	case reflect.Bool:
		return strconv.AppendBool(dst, r.Bool()), bare
	case reflect.String:
		return append(dst, v.clean(name, r.String())...), loose
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return strconv.AppendInt(dst, r.Int(), 10), bare
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return strconv.AppendUint(dst, r.Uint(), 10), bare
	case reflect.Float32:
		return appendFloat(dst, r.Float(), 32)
	case reflect.Float64:
		return appendFloat(dst, r.Float(), 64)
	}
	return append(dst, v.clean(name, fmt.Sprint(val))...), loose
}

// composite appends as JSON what scalar refused and json does not know by its type.
func (v *values) composite(dst []byte, name string, val any, t *typ) []byte {
	if m, ok := keysAndValues(val); ok {
		return v.pairs(dst, m, t)
	}
	r := reflect.ValueOf(val)
	switch r.Kind() {
	case reflect.Pointer:
		return v.json(dst, name, r.Elem().Interface(), t)
	case reflect.Slice, reflect.Array:
		list := make([]any, r.Len())
		for i := range list {
			list[i] = r.Index(i).Interface()
		}
		return v.json(dst, name, list, t)
	case reflect.Map:
		m := make(map[any]any, r.Len())
		for it := r.MapRange(); it.Next(); {
			m[it.Key().Interface()] = it.Value().Interface()
		}
		return v.json(dst, name, m, t)
	case reflect.Struct:
		if u, ok := unionValue(r); ok {
			return v.json(dst, name, u, anyType)
		}
	}
	return appendString(dst, v.clean(name, fmt.Sprint(val)))
}

// keysAndValues reads a map that keeps its order and has the methods Keys and Values.
func keysAndValues(val any) (queries.Map, bool) {
	type ordered interface {
		Keys() []any
		Values() []any
	}
	o, ok := val.(ordered)
	if !ok {
		r := reflect.ValueOf(val)
		if r.Kind() != reflect.Struct {
			return nil, false
		}
		p := reflect.New(r.Type()) // the methods may be those of the pointer
		if o, ok = p.Interface().(ordered); !ok {
			return nil, false
		}
		p.Elem().Set(r)
	}
	keys, vals := o.Keys(), o.Values()
	if len(keys) != len(vals) {
		return nil, false
	}
	m := make(queries.Map, len(keys))
	for i := range keys {
		m[i] = queries.Pair{Key: keys[i], Value: vals[i]}
	}
	return m, true
}

func interval(r reflect.Value) (queries.Interval, bool) {
	if r.NumField() != 3 {
		return queries.Interval{}, false
	}
	months, days, micros := r.FieldByName("Months"), r.FieldByName("Days"), r.FieldByName("Micros")
	if !months.IsValid() || !days.IsValid() || !micros.IsValid() || !months.CanInt() || !days.CanInt() || !micros.CanInt() {
		return queries.Interval{}, false
	}
	return queries.Interval{Months: int32(months.Int()), Days: int32(days.Int()), Micros: micros.Int()}, true
}

func unionValue(r reflect.Value) (any, bool) {
	if r.NumField() != 2 {
		return nil, false
	}
	value, tag := r.FieldByName("Value"), r.FieldByName("Tag")
	if !value.IsValid() || !tag.IsValid() || !value.CanInterface() {
		return nil, false
	}
	return value.Interface(), true
}

// rawJSON appends a JSON text again, tidied: strings are redacted and escaped like all others, numbers
// keep their digits. It reports false, and appends nothing, for what is not one JSON value.
func (v *values) rawJSON(dst []byte, s string) ([]byte, bool) {
	start := len(dst)
	dec := json.NewDecoder(strings.NewReader(s))
	dec.UseNumber()
	type level struct {
		object bool
		n      int
		name   string
	}
	var stack []level
	for {
		tok, err := dec.Token()
		if err != nil {
			return dst[:start], false
		}
		if d, ok := tok.(json.Delim); ok && (d == ']' || d == '}') {
			dst = append(dst, byte(d))
			stack = stack[:len(stack)-1]
		} else {
			name, isName := "", false
			if len(stack) > 0 {
				top := &stack[len(stack)-1]
				isName = top.object && top.n%2 == 0
				switch {
				case top.object && !isName:
					dst = append(dst, ':')
					name = top.name
				case top.n > 0:
					dst = append(dst, ',')
				}
				top.n++
				if isName {
					top.name, _ = tok.(string)
				} else if !top.object {
					name = top.name
				}
			}
			switch x := tok.(type) {
			case json.Delim:
				dst = append(dst, byte(x))
				stack = append(stack, level{object: x == '{', name: name})
			case string:
				dst = appendString(dst, v.clean(name, x))
			case json.Number:
				dst = append(dst, x...)
			case bool:
				dst = strconv.AppendBool(dst, x)
			case nil:
				dst = append(dst, "null"...)
			}
		}
		if len(stack) == 0 {
			if _, err := dec.Token(); err != io.EOF {
				return dst[:start], false
			}
			return dst, true
		}
	}
}

// time writes a time as its type wants it, ISO 8601 throughout. What DuckDB calls infinity stands at
// the ends of the range of 64 bits.
func (v *values) time(dst []byte, x time.Time, t *typ) []byte {
	switch t.kind {
	case kindDate:
		return x.AppendFormat(dst, "2006-01-02")
	case kindTime:
		return x.AppendFormat(dst, "15:04:05.999999999")
	case kindTimeTZ:
		return x.AppendFormat(dst, "15:04:05.999999999Z07:00")
	}
	switch x.UnixMicro() {
	case math.MaxInt64:
		return append(dst, "infinity"...)
	case -math.MaxInt64:
		return append(dst, "-infinity"...)
	}
	if t.kind == kindTimestamp {
		return x.AppendFormat(dst, "2006-01-02T15:04:05.999999999")
	}
	return x.In(v.zone).AppendFormat(dst, time.RFC3339Nano)
}

// appendFloat writes the shortest digits that read back as the same number, as JSON has them.
func appendFloat(dst []byte, f float64, bits int) ([]byte, form) {
	switch {
	case math.IsNaN(f):
		return append(dst, "NaN"...), nonfinite
	case math.IsInf(f, 1):
		return append(dst, "Infinity"...), nonfinite
	case math.IsInf(f, -1):
		return append(dst, "-Infinity"...), nonfinite
	}
	format := byte('f')
	if abs := math.Abs(f); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(dst, f, format, -1, bits), bare
}

func appendUUID(dst, b []byte) []byte {
	for i, part := range [][]byte{b[:4], b[4:6], b[6:8], b[8:10], b[10:]} {
		if i > 0 {
			dst = append(dst, '-')
		}
		dst = hex.AppendEncode(dst, part)
	}
	return dst
}

// blob writes bytes as DuckDB does: printable ASCII as it is, all else as \xAB.
func blob(b []byte) string {
	const upper = "0123456789ABCDEF"
	dst := make([]byte, 0, len(b))
	for _, c := range b {
		if c >= ' ' && c <= '~' && c != '\\' && c != '\'' && c != '"' {
			dst = append(dst, c)
		} else {
			dst = append(dst, '\\', 'x', upper[c>>4], upper[c&15])
		}
	}
	return string(dst)
}

// isNumber reports whether s is a JSON number.
func isNumber(s string) bool {
	return s != "" && (s[0] == '-' || s[0] >= '0' && s[0] <= '9') && json.Valid([]byte(s))
}
