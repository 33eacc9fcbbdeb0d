// Package schema defines the rows that parsers emit and the store keeps: one plain struct per raw
// table, one field per column. It knows neither the logs nor the database.
package schema

import (
	"encoding/binary"
	"math"
	"time"

	"github.com/cespare/xxhash/v2"
)

// An ID names one real thing (a session, a call, a file) on every machine in the same way: it is a
// hash of the agent and the agent's own ids. The zero ID is "none" and is stored as NULL.
//
// 64 bits of xxHash keep joins and the store small; among ten million things the chance that any two
// share an ID is below one in three hundred thousand.
type ID uint64

// IDOf hashes the parts, each with its length, so that ("ab","c") and ("a","bc") differ. It returns
// zero when the last part is empty: a thing without a name has no ID.
func IDOf(parts ...string) ID {
	if len(parts) == 0 || parts[len(parts)-1] == "" {
		return 0
	}
	var h xxhash.Digest
	h.Reset()
	var n [4]byte
	for _, p := range parts {
		binary.LittleEndian.PutUint32(n[:], uint32(len(p)))
		h.Write(n[:])
		h.WriteString(p)
	}
	return nonzero(h.Sum64())
}

// With derives the ID of a part of a thing (its n-th block, say). The part of no thing is no thing.
func (id ID) With(n uint64) ID {
	if id == 0 {
		return 0
	}
	var b [16]byte
	binary.LittleEndian.PutUint64(b[:8], uint64(id))
	binary.LittleEndian.PutUint64(b[8:], n)
	return nonzero(xxhash.Sum64(b[:]))
}

// HashBytes is the content hash behind every *_hash column. Empty content has no hash.
func HashBytes(b []byte) ID {
	if len(b) == 0 {
		return 0
	}
	return nonzero(xxhash.Sum64(b))
}

// HashString is HashBytes of a string.
func HashString(s string) ID {
	if s == "" {
		return 0
	}
	return nonzero(xxhash.Sum64String(s))
}

func nonzero(v uint64) ID {
	if v == 0 {
		return 1
	}
	return ID(v)
}

// An Instant is a point in time in microseconds since 1970, UTC. The zero Instant is "unknown" and is
// stored as NULL.
type Instant int64

// The years that a log can sensibly carry. What lies outside is a broken clock or a broken record.
var (
	minInstant = Instant(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro())
	maxInstant = Instant(time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro())
)

// InstantOf converts a time; the zero time and absurd years are unknown.
func InstantOf(t time.Time) Instant {
	if t.IsZero() {
		return 0
	}
	return sane(Instant(t.UnixMicro()))
}

// UnixMillis and UnixSeconds convert epoch numbers as agents write them.
func UnixMillis(ms int64) Instant {
	if ms > math.MaxInt64/1000 || ms < 0 {
		return 0
	}
	return sane(Instant(ms * 1000))
}

func UnixSeconds(s float64) Instant {
	if !(s > 0 && s < 1e11) {
		return 0
	}
	return sane(Instant(s * 1e6))
}

func sane(i Instant) Instant {
	if i < minInstant || i > maxInstant {
		return 0
	}
	return i
}

// Time returns the instant as a UTC time; unknown is the zero time.
func (i Instant) Time() time.Time {
	if i == 0 {
		return time.Time{}
	}
	return time.UnixMicro(int64(i)).UTC()
}

// ParseInstant reads an RFC 3339 timestamp (any offset, any fraction). It returns zero when b is none.
func ParseInstant(b []byte) Instant {
	if i, ok := parseZulu(b); ok {
		return sane(i)
	}
	if len(b) < len("2006-01-02T5:04:05Z") || b[4] != '-' {
		return 0 // not worth an error, which costs more than all else here
	}
	t, err := time.Parse(time.RFC3339Nano, string(b))
	if err != nil {
		return 0
	}
	return InstantOf(t)
}

// parseZulu reads the form that nearly every log uses, 2026-01-31T12:00:00[.fraction]Z, without
// allocation.
func parseZulu(b []byte) (Instant, bool) {
	if len(b) < 20 || b[len(b)-1] != 'Z' || b[4] != '-' || b[7] != '-' || b[10] != 'T' || b[13] != ':' || b[16] != ':' {
		return 0, false
	}
	num := func(from, to int) int {
		n := 0
		for _, c := range b[from:to] {
			if c < '0' || c > '9' {
				return -1
			}
			n = n*10 + int(c-'0')
		}
		return n
	}
	y, mo, d, h, mi, s := num(0, 4), num(5, 7), num(8, 10), num(11, 13), num(14, 16), num(17, 19)
	if y < 0 || mo < 1 || mo > 12 || d < 1 || d > daysIn(y, mo) || h < 0 || h > 23 || mi < 0 || mi > 59 || s < 0 || s > 59 {
		return 0, false
	}
	micros := 0
	if len(b) > 20 {
		if b[19] != '.' || len(b) == 21 {
			return 0, false
		}
		scale := 100000
		for _, c := range b[20 : len(b)-1] {
			if c < '0' || c > '9' {
				return 0, false
			}
			micros += int(c-'0') * scale
			scale /= 10
		}
	}
	days := daysFromCivil(y, mo, d)
	return Instant(((days*24+int64(h))*60+int64(mi))*60+int64(s))*1_000_000 + Instant(micros), true
}

func daysIn(y, m int) int {
	switch m {
	case 2:
		if y%4 == 0 && (y%100 != 0 || y%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// daysFromCivil counts days since 1970-01-01 in the proleptic Gregorian calendar.
func daysFromCivil(y, m, d int) int64 {
	if m <= 2 {
		y--
	}
	era := y / 400
	yoe := y - era*400
	mp := (m + 9) % 12
	doy := (153*mp+2)/5 + d - 1
	doe := yoe*365 + yoe/4 - yoe/100 + doy
	return int64(era)*146097 + int64(doe) - 719468
}
