package render

import (
	"fmt"
	"math"
	"math/big"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// The functions of this file write numbers for people. They take what a query yields: any Go number,
// *big.Int, Decimal, a pointer to a number, or nil. NULL, NaN and what is no number are "unknown".

// number makes an exact fraction of a value.
func number(v any) (*big.Rat, bool) {
	switch x := v.(type) {
	case nil:
		return nil, false
	case *big.Int:
		if x == nil {
			return nil, false
		}
		return new(big.Rat).SetInt(x), true
	}
	r := reflect.ValueOf(v)
	if r.Kind() == reflect.Pointer {
		if r.IsNil() {
			return nil, false
		}
		return number(r.Elem().Interface())
	}
	switch {
	case r.CanInt():
		return new(big.Rat).SetInt64(r.Int()), true
	case r.CanUint():
		return new(big.Rat).SetUint64(r.Uint()), true
	case r.CanFloat():
		// The shortest digits rather than the binary fraction: 0.005 is meant where 0.005 is written.
		f := r.Float()
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return nil, false
		}
		bits := 64
		if r.Kind() == reflect.Float32 {
			bits = 32
		}
		return new(big.Rat).SetString(strconv.FormatFloat(f, 'g', -1, bits))
	}
	if s, ok := v.(fmt.Stringer); ok && r.Kind() == reflect.Struct {
		if text := s.String(); isNumber(text) {
			return new(big.Rat).SetString(text)
		}
	}
	return nil, false
}

// fixed rounds half away from zero to the given decimals and groups the digits.
func fixed(r *big.Rat, decimals int) string {
	s := r.FloatString(decimals)
	whole, frac, hasFrac := strings.Cut(s, ".")
	if strings.Trim(s, "-0.") == "" {
		whole = strings.TrimPrefix(whole, "-")
	}
	if s = group(whole); hasFrac {
		s += "." + frac
	}
	return s
}

func rat(num, den int64) *big.Rat { return big.NewRat(num, den) }

// Int is a whole number with thousands separators: 12,311.
func Int(v any) string {
	r, ok := number(v)
	if !ok {
		return Unknown
	}
	return fixed(r, 0)
}

// scaled writes a number with one decimal in the largest unit that leaves at least 1 before the point.
func scaled(r *big.Rat, units []string, plain func(*big.Rat) string) string {
	thousand := rat(1000, 1)
	abs := new(big.Rat).Abs(r)
	unit := -1
	// 999.95 of a unit would be written as 1000.0, so it goes to the next.
	for limit := thousand; abs.Cmp(limit) >= 0 && unit+1 < len(units); limit = rat(99995, 100) {
		abs = new(big.Rat).Quo(abs, thousand)
		unit++
	}
	if unit < 0 {
		return plain(r)
	}
	s := fixed(abs, 1) + units[unit]
	if r.Sign() < 0 {
		s = "-" + s
	}
	return s
}

// Tokens is a count in short: 950, 12.3k, 4.5M, 1.2B.
func Tokens(v any) string {
	r, ok := number(v)
	if !ok {
		return Unknown
	}
	return scaled(r, []string{"k", "M", "B", "T"}, func(r *big.Rat) string { return fixed(r, 0) })
}

// Bytes is a size in powers of a thousand: 950 B, 12.3 kB, 4.5 MB.
func Bytes(v any) string {
	r, ok := number(v)
	if !ok {
		return Unknown
	}
	return scaled(r, []string{" kB", " MB", " GB", " TB", " PB"}, func(r *big.Rat) string { return fixed(r, 0) + " B" })
}

// USD is an amount in dollars and cents, rounded half up from its exact digits. $0.00 is nothing at all;
// what would only look like nothing is <$0.01.
func USD(v any) string {
	r, ok := number(v)
	if !ok {
		return Unknown
	}
	abs := new(big.Rat).Abs(r)
	small := abs.Sign() > 0 && abs.Cmp(rat(1, 100)) < 0
	switch {
	case small && r.Sign() < 0:
		return ">-$0.01"
	case small:
		return "<$0.01"
	case r.Sign() < 0:
		return "-$" + fixed(abs, 2)
	}
	return "$" + fixed(abs, 2)
}

// Percent writes a ratio, 1 being all, with one decimal. 0% and 100% are exact; what would only round to
// them is <0.1% or >99.9%.
func Percent(v any) string {
	r, ok := number(v)
	if !ok {
		return Unknown
	}
	one := rat(1, 1)
	switch {
	case r.Sign() == 0:
		return "0%"
	case r.Cmp(one) == 0:
		return "100%"
	case r.Sign() > 0 && r.Cmp(rat(5, 10000)) < 0:
		return "<0.1%"
	case r.Cmp(one) < 0 && r.Cmp(rat(9995, 10000)) >= 0:
		return ">99.9%"
	}
	return fixed(new(big.Rat).Mul(r, rat(100, 1)), 1) + "%"
}

// Duration writes milliseconds, or a time.Duration, in its two largest units: 850ms, 12.3s, 3m 04s,
// 1h 02m, 3d 04h.
func Duration(v any) string {
	switch x := v.(type) {
	case time.Duration:
		v = float64(x) / float64(time.Millisecond)
	case *time.Duration:
		if x == nil {
			return Unknown
		}
		v = float64(*x) / float64(time.Millisecond)
	}
	r, ok := number(v)
	if !ok {
		return Unknown
	}
	sign := ""
	if r.Sign() < 0 {
		sign = "-"
		r = new(big.Rat).Abs(r)
	}
	if r.Sign() > 0 && r.Cmp(rat(1, 1)) < 0 {
		return "<1ms"
	}
	if r.Cmp(rat(9995, 10)) < 0 {
		return sign + fixed(r, 0) + "ms"
	}
	sec := new(big.Rat).Quo(r, rat(1000, 1))
	if sec.Cmp(rat(5995, 100)) < 0 {
		return sign + fixed(sec, 1) + "s"
	}
	whole := func(unit int64) (int64, bool) {
		n, err := strconv.ParseInt(new(big.Rat).Quo(sec, rat(unit, 1)).FloatString(0), 10, 64)
		return n, err == nil
	}
	two := func(n, per int64, big, small string) string {
		return sign + thousands(n/per) + big + " " + fmt.Sprintf("%02d", n%per) + small
	}
	if n, ok := whole(1); ok && n < 3600 {
		return two(n, 60, "m", "s")
	}
	if n, ok := whole(60); ok && n < 48*60 {
		return two(n, 60, "h", "m")
	}
	n, ok := whole(3600)
	if !ok {
		return Unknown
	}
	return two(n, 24, "d", "h")
}

// Ago says how long before now t was. The zero time is unknown.
func Ago(t, now time.Time) string {
	if t.IsZero() {
		return Unknown
	}
	d := now.Sub(t)
	before, after := "", " ago"
	if d < 0 {
		d, before, after = -d, "in ", ""
	}
	count := func(n time.Duration, unit string) string {
		return before + strconv.FormatInt(int64(n), 10) + unit + after
	}
	const day = 24 * time.Hour
	switch {
	case d < time.Minute:
		return "just now"
	case d < time.Hour:
		return count(d/time.Minute, "m")
	case d < day:
		return count(d/time.Hour, "h")
	case d < 60*day:
		return count(d/day, "d")
	}
	return t.In(now.Location()).Format("2006-01-02")
}

// Spark draws a line of small bars over a scale that begins at zero. Zero is the lowest mark and nothing
// else is; what is unknown (NaN) is a dot.
func Spark(list []float64) string {
	top := 0.0
	for _, v := range list {
		if v > top && !math.IsInf(v, 0) {
			top = v
		}
	}
	marks := []rune("▁▂▃▄▅▆▇█")
	var b strings.Builder
	for _, v := range list {
		switch {
		case math.IsNaN(v):
			b.WriteRune('·')
		case v <= 0:
			b.WriteRune(marks[0])
		case v >= top:
			b.WriteRune(marks[7])
		default:
			b.WriteRune(marks[1+min(int(v/top*7), 6)])
		}
	}
	return b.String()
}
