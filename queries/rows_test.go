package queries

import (
	"math"
	"math/big"
	"reflect"
	"testing"
)

func TestDecimalString(t *testing.T) {
	for _, c := range []struct {
		value string
		scale uint8
		want  string
	}{
		{"0", 0, "0"},
		{"0", 12, "0"},
		{"5", 1, "0.5"},
		{"-5", 1, "-0.5"},
		{"300", 2, "3"},
		{"1000", 0, "1000"},
		{"100010", 2, "1000.1"},
		{"1", 12, "0.000000000001"},
		{"-1", 12, "-0.000000000001"},
		{"-123456789012", 12, "-0.123456789012"},
		{"1230000000000", 12, "1.23"},
		{"99999999999999999999999999999999999999", 10, "9999999999999999999999999999.9999999999"},
	} {
		v, _ := new(big.Int).SetString(c.value, 10)
		if got := (Decimal{v, c.scale}).String(); got != c.want {
			t.Errorf("%s scale %d: got %s, want %s", c.value, c.scale, got, c.want)
		}
		if got := string(Decimal{v, c.scale}.Append([]byte("x="))); got != "x="+c.want {
			t.Errorf("%s scale %d appended: got %s, want x=%s", c.value, c.scale, got, c.want)
		}
	}
	if got := (Decimal{}).String(); got != "NULL" {
		t.Errorf("unknown decimal: got %s", got)
	}
}

func TestIntervalString(t *testing.T) {
	for _, c := range []struct {
		in   Interval
		want string
	}{
		{Interval{}, "00:00:00"},
		{Interval{Months: 1}, "1 month"},
		{Interval{Months: 14, Days: -1, Micros: 3723500000}, "14 months -1 day 01:02:03.5"},
		{Interval{Micros: -1}, "-00:00:00.000001"},
		{Interval{Micros: 360000 * 1e6}, "100:00:00"},
		{Interval{Micros: math.MinInt64}, "-2562047788:00:54.775808"},
	} {
		if got := c.in.String(); got != c.want {
			t.Errorf("%+v: got %q, want %q", c.in, got, c.want)
		}
	}
}

func TestNewRows(t *testing.T) {
	r := NewRows([]Column{{"a", "BIGINT"}}, []any{int64(1)}, []any{nil})
	var got []any
	for r.Next() {
		got = append(got, r.Values()[0])
	}
	if want := []any{int64(1), nil}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if r.Next() || r.Err() != nil {
		t.Errorf("after the end: Next true or Err %v", r.Err())
	}
	r = NewRows(nil, []any{}, []any{})
	r.Next()
	if r.Close(); r.Next() {
		t.Error("Next after Close")
	}
}
