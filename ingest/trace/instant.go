package trace

import (
	"time"

	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/schema"
)

// zoneless are the spellings of instants that do not say their zone. They are taken as UTC: programs
// in containers write them so, and any other guess would be no better.
var zoneless = []string{
	"2006-01-02T15:04:05.999999999",
	"2006-01-02 15:04:05.999999999",
	"2006-01-02 15:04:05.999999999Z07:00",
	"2006-01-02T15:04:05.999999999Z0700",
	"2006-01-02 15:04:05 UTC",
	"2006-01-02",
}

// Instant reads a point in time: ISO 8601 with or without zone, or an epoch number in seconds,
// milli-, micro- or nanoseconds, told apart by its size; numbers may stand in quotes, and [s, ns] is
// a pair. Anything else is unknown.
func Instant(raw []byte) schema.Instant {
	switch Kind(raw) {
	case jscan.Number:
		return epoch(raw)
	case jscan.String:
		t := Text(raw)
		if i := schema.ParseInstant(t.Raw); i != 0 {
			return i
		}
		if len(t.Raw) > 0 && t.Raw[0] >= '0' && t.Raw[0] <= '9' {
			if i := epoch(raw); i != 0 {
				return i
			}
		}
		for _, layout := range zoneless {
			if at, err := time.Parse(layout, string(t.Raw)); err == nil {
				return schema.InstantOf(at)
			}
		}
	case jscan.Array:
		var pair [2]schema.Int
		n := 0
		for e := range Elems(raw) {
			if n < 2 {
				pair[n] = Int(e)
			}
			n++
		}
		if n == 2 && pair[0].Valid && pair[1].Valid && pair[0].V < 1e11 && pair[1].V < 1e9 {
			return schema.InstantOf(time.Unix(pair[0].V, pair[1].V))
		}
	}
	return 0
}

// epoch reads an epoch number by its magnitude.
func epoch(raw []byte) schema.Instant {
	f := Float(raw)
	if !f.Valid || f.V <= 0 {
		return 0
	}
	n := Int(raw)
	switch {
	case f.V < 1e11:
		return schema.UnixSeconds(f.V)
	case f.V < 1e14:
		return schema.InstantOf(time.UnixMicro(int64(f.V * 1e3)))
	case f.V < 1e17:
		return schema.InstantOf(time.UnixMicro(int64(f.V)))
	case n.Valid:
		// Nanoseconds exceed what a float holds exactly.
		return schema.InstantOf(time.Unix(0, n.V))
	}
	return 0
}

// Millis turns seconds into whole milliseconds; negative and absurd spans are unknown.
func Millis(seconds schema.Float) schema.Int {
	if !seconds.Valid || !(seconds.V >= 0 && seconds.V < 1e9) {
		return schema.Int{}
	}
	return schema.Known(int64(seconds.V*1000 + 0.5))
}
