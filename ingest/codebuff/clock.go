package codebuff

import (
	"strconv"
	"strings"
	"time"

	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

// A clock makes instants out of times of day. It begins at the chat's own start; a time that lies
// before the last one is of the next day.
type clock struct {
	zone *time.Location
	day  time.Time // midnight of the current day
	last int       // minutes of the last time of day
	ok   bool
}

func (c *clock) begin(start time.Time, known bool, zone *time.Location) {
	c.zone, c.ok = zone, known
	if known {
		local := start.In(zone)
		c.day = time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, zone)
		c.last = local.Hour()*60 + local.Minute()
		if start.Equal(start.Truncate(24 * time.Hour)) {
			// The name has the day alone.
			c.day = time.Date(start.Year(), start.Month(), start.Day(), 0, 0, 0, 0, zone)
			c.last = 0
		}
	}
}

// at reads a timestamp: a full one, or a time of day such as "03:04 PM" or "15:04".
func (c *clock) at(log *rows.Log, stamp string) schema.Instant {
	if stamp == "" {
		return 0
	}
	if len(stamp) >= 20 && stamp[4] == '-' {
		at := schema.ParseInstant([]byte(stamp))
		if at == 0 {
			log.Problem(schema.ProblemBadTime, "message", "timestamp")
		}
		return at
	}
	if ms, err := strconv.ParseInt(stamp, 10, 64); err == nil && ms > 1e11 {
		return schema.UnixMillis(ms)
	}
	minutes, ok := timeOfDay(stamp)
	if !ok {
		log.Problem(schema.ProblemBadTime, "message", "timestamp")
		return 0
	}
	if !c.ok {
		return 0 // a time without a day
	}
	if minutes < c.last {
		c.day = c.day.AddDate(0, 0, 1)
	}
	c.last = minutes
	return schema.InstantOf(time.Date(c.day.Year(), c.day.Month(), c.day.Day(), minutes/60, minutes%60, 0, 0, c.zone))
}

// timeOfDay reads hours and minutes, with or without halves of the day.
func timeOfDay(text string) (minutes int, ok bool) {
	text = strings.ToUpper(strings.TrimSpace(strings.ReplaceAll(text, "\u202f", " ")))
	half := ""
	for _, h := range []string{"AM", "PM"} {
		if rest, ok := strings.CutSuffix(text, h); ok {
			half, text = h, strings.TrimSpace(rest)
		}
	}
	hh, mm, ok := strings.Cut(text, ":")
	mm, _, _ = strings.Cut(mm, ":")
	h, err1 := strconv.Atoi(hh)
	m, err2 := strconv.Atoi(mm)
	if !ok || err1 != nil || err2 != nil || h < 0 || h > 23 || m < 0 || m > 59 || half != "" && (h == 0 || h > 12) {
		return 0, false
	}
	if half != "" {
		h %= 12
		if half == "PM" {
			h += 12
		}
	}
	return h*60 + m, true
}
