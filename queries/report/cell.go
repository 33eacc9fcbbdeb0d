package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/agenttrace/agenttrace/queries"
	"github.com/agenttrace/agenttrace/queries/render"
)

// Units stand in the names of columns: the suffix decides how a value reads.
var suffixes = []struct{ suffix, label string }{
	{"_usd", ""}, {"_tokens", " tokens"}, {"_ratio", ""}, {"_share", " share"}, {"_ms", ""}, {"_bytes", ""}, {"_count", "s"}, {"_at", ""}, {"_id", ""},
}

// Label is the heading of a column for people.
func Label(name string) string {
	for _, s := range suffixes {
		if base, ok := strings.CutSuffix(name, s.suffix); ok && base != "" {
			base = strings.ReplaceAll(base, "_", " ")
			if s.label == "s" && strings.HasSuffix(base, "s") {
				return base
			}
			return base + s.label
		}
	}
	return strings.ReplaceAll(name, "_", " ")
}

// Cell writes a value for people, by the unit in its column's name. What is not known is "unknown" where
// money or tokens are expected, as nobody should take it for nothing, and "-" elsewhere.
func Cell(c queries.Column, v any, zone *time.Location) string {
	if v == nil {
		if strings.HasSuffix(c.Name, "_usd") || strings.HasSuffix(c.Name, "_tokens") {
			return render.Unknown
		}
		return "-"
	}
	switch x := v.(type) {
	case time.Time:
		switch {
		case c.Type == "DATE":
			return x.Format("2006-01-02")
		case c.Name == "at": // of a step, where the second matters
			return x.In(zone).Format("2006-01-02 15:04:05")
		}
		return x.In(zone).Format("2006-01-02 15:04")
	case string:
		return x
	case bool:
		if x {
			return "yes"
		}
		return "no"
	case []any:
		parts := make([]string, len(x))
		for i, e := range x {
			parts[i] = Cell(queries.Column{Type: "VARCHAR"}, e, zone)
		}
		return strings.Join(parts, "; ")
	case map[string]any:
		if unit, ok := x["unit"].(string); ok && x["anomaly"] == nil {
			return Quantity(x["value"], unit)
		}
		return finding(x)
	}
	switch {
	case strings.HasSuffix(c.Name, "_usd"):
		return render.USD(v)
	case strings.HasSuffix(c.Name, "_tokens"):
		return render.Tokens(v)
	case strings.HasSuffix(c.Name, "_ratio"), strings.HasSuffix(c.Name, "_share"):
		return render.Percent(v)
	case strings.HasSuffix(c.Name, "_ms"):
		return render.Duration(v)
	case strings.HasSuffix(c.Name, "_bytes"):
		return render.Bytes(v)
	case isInteger(c.Type):
		return render.Int(v)
	}
	if f, ok := v.(float64); ok {
		return decimal(f)
	}
	return fmt.Sprint(v)
}

// Quantity writes a number with the unit that a column beside it names.
func Quantity(v any, unit string) string {
	f := Number(v)
	if math.IsNaN(f) {
		return "-"
	}
	switch unit {
	case "USD":
		return render.USD(v)
	case "tokens":
		return render.Tokens(v)
	case "ratio", "share":
		return render.Percent(v)
	case "ms":
		return render.Duration(v)
	case "bytes":
		return render.Bytes(v)
	}
	if f == math.Trunc(f) {
		return render.Int(v)
	}
	return decimal(f)
}

// decimal writes a number with two decimals at most.
func decimal(f float64) string {
	return strconv.FormatFloat(math.Round(f*100)/100, 'f', -1, 64)
}

// isQuantity tells the type of a number that carries its unit.
func isQuantity(t string) bool {
	fields := strings.Split(strings.ReplaceAll(t, `"`, ""), ", ")
	return strings.HasPrefix(t, "STRUCT(") && strings.HasPrefix(fields[0], "STRUCT(value ") && fields[len(fields)-1] == "unit VARCHAR)"
}

func isInteger(t string) bool {
	switch t {
	case "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT":
		return true
	}
	return false
}

func isNumeric(t string) bool {
	return isInteger(t) || t == "DOUBLE" || t == "FLOAT" || strings.HasPrefix(t, "DECIMAL")
}

// Number is a value as a bar's length; NaN where unknown.
func Number(v any) float64 {
	switch x := v.(type) {
	case int64:
		return float64(x)
	case int32:
		return float64(x)
	case float64:
		return x
	case queries.Decimal:
		if x.Value == nil {
			return math.NaN()
		}
		f, _ := x.Value.Float64()
		return f / math.Pow10(int(x.Scale))
	}
	return math.NaN()
}
