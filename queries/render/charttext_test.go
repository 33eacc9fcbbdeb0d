package render

import (
	"math"
	"strings"
	"testing"
)

func TestTextLines(t *testing.T) {
	long := make([]float64, 300)
	for i := range long {
		long[i] = float64(i)
	}
	labels := make([]string, len(long))
	labels[0], labels[299] = "first", "last"
	for _, width := range []int{0, 40, 80, 200} {
		got := doc(t, Doc{Sections: []Section{{Chart: &Chart{Title: "cost", Unit: "USD", Labels: []string{"a", "b", "c", "d"}, Series: []Series{
			{Name: "x", Values: []float64{1, 2, math.NaN(), 3}}, {Name: "y", Values: []float64{math.NaN(), math.NaN(), math.NaN(), math.NaN()}}, {Name: "z", Values: []float64{0, 0, 0, 0}}}}},
			{Chart: &Chart{Title: "long", Unit: "tokens", Labels: labels, Series: []Series{{Values: long}}}}}}, DocOptions{Width: width})
		for _, want := range []string{"  cost x\n", "$3.00 ┤", "$0.00 ┤", "  cost y\n  unknown\n", "  cost z\n", "last\n"} {
			if !strings.Contains(got, want) {
				t.Errorf("%d: no %q in\n%s", width, want, got)
			}
		}
		for _, l := range strings.Split(got, "\n") {
			if width > 0 && displayWidth(l) > width {
				t.Errorf("%d: a line of %d: %s", width, displayWidth(l), l)
			}
		}
		if strings.Contains(got, "\x1b") {
			t.Error("colour without being asked")
		}
	}
}
