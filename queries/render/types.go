package render

import "strings"

// kind says how a value of a type is written.
type kind uint8

const (
	kindAny kind = iota
	kindNumber
	kindDecimal
	kindText
	kindJSON
	kindBlob
	kindUUID
	kindDate
	kindTime
	kindTimeTZ
	kindTimestamp
	kindTimestampTZ
	kindList
	kindStruct
	kindMap
	kindUnion
)

// typ is a DuckDB type read from its name. It is needed beyond the Go value because a time.Time may be
// a date or either sort of timestamp, and because the fields of a struct arrive without their order.
type typ struct {
	kind   kind
	elem   *typ // of a list; of the values of a map
	key    *typ // of the keys of a map
	fields []field
}

type field struct {
	name string
	typ  *typ
}

var anyType = &typ{}

// maxTypeDepth bounds the recursion of parseType; deeper parts are written by what their values are.
const maxTypeDepth = 64

// parseType reads a type name. What it does not know becomes a type that goes by the value.
func parseType(name string) *typ { return parseTypeAt(name, 0) }

func parseTypeAt(name string, depth int) *typ {
	name = strings.TrimSpace(name)
	if depth > maxTypeDepth || name == "" {
		return anyType
	}
	if strings.HasSuffix(name, "]") {
		if open := strings.LastIndexByte(name, '['); open > 0 {
			return &typ{kind: kindList, elem: parseTypeAt(name[:open], depth+1)}
		}
		return anyType
	}
	word, args := name, ""
	if open := strings.IndexByte(name, '('); open >= 0 && strings.HasSuffix(name, ")") {
		word, args = strings.TrimSpace(name[:open]), name[open+1:len(name)-1]
	}
	switch strings.ToUpper(word) {
	case "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT",
		"UHUGEINT", "BIGNUM", "VARINT", "FLOAT", "REAL", "DOUBLE":
		return &typ{kind: kindNumber}
	case "DECIMAL", "NUMERIC":
		return &typ{kind: kindDecimal}
	case "VARCHAR", "TEXT", "ENUM":
		return &typ{kind: kindText}
	case "JSON":
		return &typ{kind: kindJSON}
	case "BLOB", "BYTEA":
		return &typ{kind: kindBlob}
	case "UUID":
		return &typ{kind: kindUUID}
	case "DATE":
		return &typ{kind: kindDate}
	case "TIME":
		return &typ{kind: kindTime}
	case "TIMETZ", "TIME WITH TIME ZONE":
		return &typ{kind: kindTimeTZ}
	case "TIMESTAMP", "DATETIME", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS":
		return &typ{kind: kindTimestamp}
	case "TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE":
		return &typ{kind: kindTimestampTZ}
	case "STRUCT", "UNION":
		t := &typ{kind: kindStruct}
		if strings.EqualFold(word, "UNION") {
			t.kind = kindUnion
		}
		for _, arg := range splitArgs(args) {
			fieldName, rest := cutName(strings.TrimSpace(arg))
			t.fields = append(t.fields, field{fieldName, parseTypeAt(rest, depth+1)})
		}
		return t
	case "MAP":
		t := &typ{kind: kindMap, key: anyType, elem: anyType}
		if parts := splitArgs(args); len(parts) == 2 {
			t.key, t.elem = parseTypeAt(parts[0], depth+1), parseTypeAt(parts[1], depth+1)
		}
		return t
	}
	return anyType
}

// splitArgs cuts at the commas that stand in no bracket and no quote.
func splitArgs(s string) []string {
	var parts []string
	depth, start := 0, 0
	var quote byte
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quote != 0:
			if c == quote {
				quote = 0 // a doubled quote opens again at once
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '(' || c == '[':
			depth++
		case c == ')' || c == ']':
			depth--
		case c == ',' && depth == 0:
			parts = append(parts, s[start:i])
			start = i + 1
		}
	}
	if start < len(s) {
		parts = append(parts, s[start:])
	}
	return parts
}

// cutName splits the field of a struct into its name and its type.
func cutName(s string) (name, rest string) {
	if !strings.HasPrefix(s, `"`) {
		name, rest, _ = strings.Cut(s, " ")
		return name, rest
	}
	for i := 1; i < len(s); i++ {
		if s[i] != '"' {
			continue
		}
		if i+1 < len(s) && s[i+1] == '"' {
			i++
			continue
		}
		return strings.ReplaceAll(s[1:i], `""`, `"`), s[i+1:]
	}
	return s, ""
}

// rightAligned reports whether values of the type are numbers.
func (t *typ) rightAligned() bool { return t.kind == kindNumber || t.kind == kindDecimal }

// cuttable reports whether a part of a value still tells something. Half a number or half a timestamp
// would be a wrong one.
func (t *typ) cuttable() bool {
	switch t.kind {
	case kindNumber, kindDecimal, kindDate, kindTime, kindTimeTZ, kindTimestamp, kindTimestampTZ:
		return false
	}
	return true
}
