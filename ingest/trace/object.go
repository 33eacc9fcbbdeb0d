// Package trace reads what the traces of many tools have in common: JSON values of unknown shape, usage
// objects and instants in their many spellings, texts made of parts, and the arguments of tools.
//
// It serves formats that are read as documents. A value is found first and read only when asked for:
// an Object knows where its members stand and nothing of what they hold.
package trace

import (
	"bytes"
	"iter"
	"math"
	"strconv"
	"sync"

	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/schema"
)

// An Object is a JSON object whose members are found and not yet read. Methods on one without members
// find nothing.
type Object struct {
	members []member
	raw     []byte
	// Cut says that the text ended, or broke, inside the object; what stands before is there.
	Cut bool

	escaped bool // a name is written with escapes
}

// A member is where the name and the value of a member stand in the text of an object. It holds no
// pointers: objects are many, and the collector has nothing to look for in them.
type member struct{ name, value span }

// A span is a part of a text.
type span struct{ start, end uint32 }

func (o Object) name(i int) []byte {
	at := o.members[i].name
	name := o.raw[at.start:at.end]
	if o.escaped {
		return jscan.Text{Raw: name, Escaped: true}.Bytes(nil)
	}
	return name
}

func (o Object) value(i int) []byte {
	at := o.members[i].value
	return o.raw[at.start:at.end:at.end]
}

// slabs hold room for the members of many objects. What an object has taken of one stays its own.
var slabs = sync.Pool{New: func() any { return new([]member) }}

// slabSize is how many members a slab has room for.
const slabSize = 1 << 10

// ObjectOf takes an object apart. Anything else has no members.
func ObjectOf(raw []byte) Object {
	var s jscan.Scanner
	s.Reset(raw)
	if s.Kind() != jscan.Object || len(raw) > math.MaxUint32 {
		return Object{}
	}
	slab := slabs.Get().(*[]member)
	members, escaped := (*slab)[:0], false
	for s.Object(); s.Key(); {
		if len(members) == cap(members) {
			members = append(make([]member, 0, max(slabSize, 2*len(members))), members...)
		}
		from, to := s.NameAt()
		escaped = escaped || len(s.Name) != to-from
		s.Kind() // goes to where the value begins
		start := s.Pos()
		s.Skip()
		end := s.Pos()
		if s.Bad() {
			// What is cut may still hold whole elements.
			if start == len(raw) || raw[start] != '{' && raw[start] != '[' {
				break
			}
			end = len(raw)
		}
		members = append(members, member{span{uint32(from), uint32(to)}, span{uint32(start), uint32(end)}})
	}
	o := Object{members: members[:len(members):len(members)], raw: raw, Cut: s.Bad(), escaped: escaped}
	*slab = members[len(members):]
	slabs.Put(slab)
	return o
}

// Source is the text that the object was found in.
func (o Object) Source() []byte { return o.raw }

// Len is the number of members.
func (o Object) Len() int { return len(o.members) }

// Raw returns the value of a member as it stands, or nil. Of several of one name the last counts.
func (o Object) Raw(name string) []byte {
	for i := len(o.members) - 1; i >= 0; i-- {
		if string(o.name(i)) == name {
			return o.value(i)
		}
	}
	return nil
}

// Has reports whether there is a member that is not null.
func (o Object) Has(name string) bool { return !IsNull(o.Raw(name)) }

// First returns the first member of these names that is there and not null.
func (o Object) First(names ...string) []byte {
	for _, n := range names {
		if raw := o.Raw(n); !IsNull(raw) {
			return raw
		}
	}
	return nil
}

// Find is First with names compared without case, "_", "-", "." and blanks; names are given in that
// folded form.
func (o Object) Find(folded ...string) []byte {
	for _, f := range folded {
		for i := len(o.members) - 1; i >= 0; i-- {
			if equalFolded(o.name(i), f) && !IsNull(o.value(i)) {
				return o.value(i)
			}
		}
	}
	return nil
}

// Members goes through names and values in the order of the text.
func (o Object) Members() iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		for i := range o.members {
			if !yield(string(o.name(i)), o.value(i)) {
				return
			}
		}
	}
}

// Object, Str, Text, Int, Float and Bool read a member; what is of another kind is nothing.
func (o Object) Object(name string) Object   { return ObjectOf(o.Raw(name)) }
func (o Object) Str(name string) string      { return Str(o.Raw(name)) }
func (o Object) Text(name string) jscan.Text { return Text(o.Raw(name)) }
func (o Object) Int(name string) schema.Int  { return Int(o.Raw(name)) }
func (o Object) Float(name string) schema.Float {
	return Float(o.Raw(name))
}
func (o Object) Bool(name string) schema.Bool { return Bool(o.Raw(name)) }

// At follows a path of names.
func (o Object) At(path ...string) []byte {
	for _, name := range path[:len(path)-1] {
		o = o.Object(name)
	}
	return o.Raw(path[len(path)-1])
}

// Elems goes through the elements of an array; whole is false for a last one that is cut and yet an
// object or array. Anything else has none.
func Elems(raw []byte) iter.Seq2[[]byte, bool] {
	return func(yield func([]byte, bool) bool) {
		var s jscan.Scanner
		s.Reset(raw)
		if s.Kind() != jscan.Array {
			return
		}
		for s.Array(); s.Elem(); {
			start := s.Pos()
			value := s.Raw()
			if s.Bad() {
				rest := bytes.TrimLeft(raw[start:], " \t\r\n")
				if len(rest) > 0 && (rest[0] == '{' || rest[0] == '[') {
					yield(rest, false)
				}
				return
			}
			if !yield(value, true) {
				return
			}
		}
	}
}

// Kind is that of a value; None without one.
func Kind(raw []byte) jscan.Kind {
	var s jscan.Scanner
	s.Reset(raw)
	return s.Kind()
}

// IsNull reports whether there is no value, or null.
func IsNull(raw []byte) bool { return len(raw) == 0 || raw[0] == 'n' }

// Text takes a string without decoding it.
func Text(raw []byte) jscan.Text {
	if len(raw) == 0 || raw[0] != '"' {
		return jscan.Text{}
	}
	var s jscan.Scanner
	s.Reset(raw)
	return s.Text()
}

// Str decodes a string.
func Str(raw []byte) string {
	if t := Text(raw); len(t.Raw) > 0 {
		return t.String()
	}
	return ""
}

// Label is a string, or a number or truth as it is written.
func Label(raw []byte) string {
	switch Kind(raw) {
	case jscan.String:
		return Str(raw)
	case jscan.Number, jscan.True, jscan.False:
		return string(raw)
	}
	return ""
}

// Int reads a count: a whole number, also one in quotes or with a point. Negative ones are unknown.
func Int(raw []byte) schema.Int {
	v, ok := number(raw)
	if !ok || v < 0 || v != math.Trunc(v) {
		return schema.Int{}
	}
	if n, err := strconv.ParseInt(string(digits(raw)), 10, 64); err == nil {
		return schema.Known(n)
	}
	if v > 1<<53 {
		return schema.Int{}
	}
	return schema.Known(int64(v))
}

// Signed reads a whole number that may be negative, such as an exit code.
func Signed(raw []byte) schema.Int {
	v, ok := number(raw)
	if !ok || v != math.Trunc(v) || math.Abs(v) > 1<<31 {
		return schema.Int{}
	}
	return schema.Known(int64(v))
}

// Float reads a number, also one in quotes.
func Float(raw []byte) schema.Float {
	v, ok := number(raw)
	return schema.Float{V: v, Valid: ok}
}

// digits is a number without the quotes it may stand in.
func digits(raw []byte) []byte {
	if len(raw) > 1 && raw[0] == '"' {
		return raw[1 : len(raw)-1]
	}
	return raw
}

func number(raw []byte) (float64, bool) {
	d := digits(raw)
	if len(d) == 0 || len(d) > 40 || !(d[0] == '-' || d[0] >= '0' && d[0] <= '9') {
		return 0, false
	}
	v, err := strconv.ParseFloat(string(d), 64)
	return v, err == nil && !math.IsInf(v, 0)
}

// Bool reads true or false.
func Bool(raw []byte) schema.Bool {
	switch Kind(raw) {
	case jscan.True:
		return schema.Known(true)
	case jscan.False:
		return schema.Known(false)
	}
	return schema.Bool{}
}

// IsTrue reports whether a value is true.
func IsTrue(raw []byte) bool { return len(raw) > 0 && raw[0] == 't' }

// Unwrap returns the JSON value inside a string, or the value itself. Loggers often write arguments and
// messages as JSON in a string.
func Unwrap(raw []byte) []byte {
	t := Text(raw)
	if !t.Present {
		return raw
	}
	inner := bytes.TrimSpace(t.Bytes(nil))
	if len(inner) == 0 || inner[0] != '{' && inner[0] != '[' {
		return raw
	}
	var s jscan.Scanner
	s.Reset(inner)
	s.Skip()
	if s.End() != nil {
		return raw
	}
	return inner
}

// IsJSON reports whether raw is one JSON value.
func IsJSON(raw []byte) bool {
	var s jscan.Scanner
	s.Reset(raw)
	s.Skip()
	return s.End() == nil
}

// equalFolded compares a name with a folded one.
func equalFolded(name []byte, folded string) bool {
	k := 0
	for _, c := range name {
		switch {
		case c == '_' || c == '-' || c == '.' || c == ' ':
			continue
		case c >= 'A' && c <= 'Z':
			c |= 0x20
		}
		if k >= len(folded) || folded[k] != c {
			return false
		}
		k++
	}
	return k == len(folded)
}

// Fold is the form in which names are compared: without case, "_", "-", "." and blanks.
func Fold(name string) string {
	out := make([]byte, 0, len(name))
	for i := 0; i < len(name); i++ {
		switch c := name[i]; {
		case c == '_' || c == '-' || c == '.' || c == ' ':
		case c >= 'A' && c <= 'Z':
			out = append(out, c|0x20)
		default:
			out = append(out, c)
		}
	}
	return string(out)
}

// Plain makes JSON out of what Python writes where it has no number: NaN and Infinity become null.
// Text without them comes back as it is.
func Plain(data []byte) []byte {
	if !bytes.Contains(data, []byte("NaN")) && !bytes.Contains(data, []byte("Infinity")) {
		return data
	}
	out := make([]byte, 0, len(data)+64)
	inString := false
	for i := 0; i < len(data); i++ {
		c := data[i]
		switch {
		case inString:
			if c == '\\' && i+1 < len(data) {
				out = append(out, c)
				i++
				c = data[i]
			} else if c == '"' {
				inString = false
			}
		case c == '"':
			inString = true
		case c == 'N' && bytes.HasPrefix(data[i:], []byte("NaN")):
			out = append(out, "null"...)
			i += 2
			continue
		case (c == 'I' || c == '-') && bytes.HasPrefix(bytes.TrimPrefix(data[i:], []byte("-")), []byte("Infinity")):
			out = append(out, "null"...)
			i += len("Infinity") - 1
			if c == '-' {
				i++
			}
			continue
		}
		out = append(out, c)
	}
	return out
}

// Values goes through JSON values that stand one behind the other, with or without line ends between,
// and their offsets. whole is false for a last one that is cut; then nothing follows.
func Values(data []byte) iter.Seq2[[]byte, bool] {
	return func(yield func([]byte, bool) bool) {
		for {
			data = bytes.TrimLeft(data, " \t\r\n,\x1e")
			if len(data) == 0 {
				return
			}
			var s jscan.Scanner
			s.Reset(data)
			value := s.Raw()
			if s.Bad() {
				yield(data, false)
				return
			}
			if !yield(value, true) {
				return
			}
			data = data[s.Pos():]
		}
	}
}
