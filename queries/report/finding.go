package report

import (
	"fmt"
	"math"
	"strings"

	"github.com/agenttrace/agenttrace/queries/render"
)

// sentences say what a rule found; %s is the value with its unit.
var sentences = map[string]string{
	"legacy.hanging":          "nothing happened for %s",
	"legacy.latency":          "one pause in twenty is longer than %s",
	"legacy.tool_failures":    "%s of the tool results are errors",
	"legacy.shallow_thinking": "reasoning of %s on average",
	"legacy.redaction":        "reasoning hidden in %s",
	"legacy.no_tools":         "no tool used in %s",
}

// finding says in words what a rule found: a struct with anomaly, value, unit and, in a score, points.
func finding(m map[string]any) string {
	name, _ := m["anomaly"].(string)
	unit, _ := m["unit"].(string)
	text := name
	if value := Number(m["value"]); !math.IsNaN(value) {
		if s, ok := sentences[name]; ok {
			text = fmt.Sprintf(s, measure(value, unit))
		} else {
			text = name + " " + measure(value, unit)
		}
	}
	if reason, ok := m["reason"].(string); ok {
		text = reason
	}
	if points := Number(m["points"]); m["points"] != nil && !math.IsNaN(points) {
		text += " (−" + decimal(math.Round(10*points)/10) + ")"
	}
	return text
}

// measure writes a value with its unit.
func measure(value float64, unit string) string {
	switch unit {
	case "s":
		return render.Duration(value * 1000)
	case "ms":
		return render.Duration(value)
	case "share":
		return render.Percent(value)
	case "":
		return decimal(value)
	}
	if value == 1 {
		unit = strings.TrimSuffix(unit, "s")
	} else {
		value = math.Round(value)
	}
	return decimal(value) + " " + unit
}
