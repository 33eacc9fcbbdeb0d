package render

import (
	"math"
	"strconv"
	"strings"

	"github.com/guptarohit/asciigraph"
)

const (
	lineHeight  = 8
	minLineRoom = 16
)

// textLines draws each series of a chart in characters, one below the other: without colours, lines in one
// picture could not be told apart. The axis begins at zero, or below it.
func (w *docWriter) textLines(c *Chart) {
	width := w.opt.Width
	if width <= 0 {
		width = pageWidth
	}
	for n, s := range c.Series {
		if n > 0 {
			w.line()
		}
		if title := visible(strings.TrimSpace(c.Title + " " + s.Name)); n > 0 || s.Name != "" || c.Title != "" {
			w.line(indent, w.bold(title))
		}
		low, high, label := 0.0, math.Inf(-1), 0
		for _, v := range s.Values {
			if !math.IsNaN(v) {
				low, high = min(low, v), max(high, v)
			}
		}
		if math.IsInf(high, -1) {
			w.line(indent, Unknown)
			continue
		}
		if high <= low {
			high = low + 1
		}
		for i := 0; i <= lineHeight; i++ {
			label = max(label, displayWidth(c.amount(low+(high-low)*float64(i)/lineHeight)))
		}
		room := max(width-len(indent)-label-4, minLineRoom)
		// Each period gets as many places as there is room for, so that none is lost or moved.
		step := max(1, min(8, (room-1)/max(len(s.Values)-1, 1)))
		values := spread(s.Values, step)
		if len(values) > room { // more periods than places: the latest
			values = values[len(values)-room:]
		}
		plot := asciigraph.Plot(values, asciigraph.Height(lineHeight), asciigraph.LowerBound(low), asciigraph.UpperBound(high), asciigraph.YAxisValueFormatter(c.amount))
		axis := 0
		for _, l := range strings.Split(plot, "\n") {
			if i := strings.IndexAny(l, "┤┼"); i >= 0 {
				axis = max(axis, displayWidth(l[:i])+1)
			}
			w.line(indent, w.cyan(strings.TrimRight(l, " ")))
		}
		first, last := at(c.Labels, len(c.Labels)-1-(len(values)-1)/step), at(c.Labels, len(c.Labels)-1)
		gap := max(len(values)-displayWidth(first)-displayWidth(last), 2)
		w.line(indent, strings.Repeat(" ", axis), w.dim(visible(first)+strings.Repeat(" ", gap)+visible(last)))
	}
	if c.More != "" {
		w.paragraph(indent, c.More, true)
	}
}

// spread puts step places between neighbours and joins them straight; what is unknown stays a gap.
func spread(values []float64, step int) []float64 {
	var out []float64
	for i, v := range values {
		if i > 0 {
			before := values[i-1]
			for n := 1; n < step; n++ {
				out = append(out, before+(v-before)*float64(n)/float64(step))
			}
		}
		out = append(out, v)
	}
	return out
}

// amount writes a value of the chart by its unit.
func (c *Chart) amount(v float64) string {
	switch c.Unit {
	case "USD":
		return USD(v)
	case "ratio", "share":
		return Percent(v)
	case "ms":
		return Duration(v)
	case "bytes":
		return Bytes(v)
	case "tokens":
		return Tokens(v)
	}
	if v == math.Trunc(v) {
		return Int(v)
	}
	return strconv.FormatFloat(math.Round(v*100)/100, 'f', -1, 64)
}
