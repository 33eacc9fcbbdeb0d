package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/csv"
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	sqlfiles "github.com/agenttrace/agenttrace/sql"
)

// Thresholds are the user's own limits for the rules that find anomalies, by their keys.
type Thresholds map[string]float64

// ParseThresholds reads a file of thresholds, a small part of TOML: "key = number" a line, with comments and
// tables. name is the file in errors; an unknown key is one.
//
//	time.tool_hang.high = 600
//	[tool.failure_rate]
//	low = 0.2
func ParseThresholds(name string, text []byte) (Thresholds, error) {
	known, err := thresholdKeys()
	if err != nil {
		return nil, err
	}
	out := Thresholds{}
	table := ""
	for n, line := range strings.Split(string(bytes.TrimPrefix(text, []byte("\ufeff"))), "\n") {
		fail := func(format string, args ...any) error {
			return fmt.Errorf("%s:%d: %s", name, n+1, fmt.Sprintf(format, args...))
		}
		line, _, _ = strings.Cut(line, "#")
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		if inner, ok := strings.CutPrefix(line, "["); ok {
			inner, ok = strings.CutSuffix(inner, "]")
			if table = strings.TrimSpace(inner); !ok || table == "" || strings.ContainsAny(table, "[]= \t") {
				return nil, fail("want [rule], such as [tool.failure_rate]")
			}
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		if !ok || key == "" || value == "" {
			return nil, fail("want key = number, such as time.tool_hang.high = 600")
		}
		if table != "" {
			key = table + "." + key
		}
		if !slices.Contains(known, key) {
			return nil, fail("there is no threshold %s; the nearest is %s (agenttrace sql \"from thresholds\" lists all)", key, nearestKey(key, known))
		}
		number, err := strconv.ParseFloat(strings.ReplaceAll(value, "_", ""), 64)
		if err != nil || math.IsNaN(number) || math.IsInf(number, 0) {
			return nil, fail("%s: want a number, not %s", key, value)
		}
		if _, twice := out[key]; twice {
			return nil, fail("%s is given twice", key)
		}
		out[key] = number
	}
	return out, nil
}

// nearestKey is the known key that shares the longest beginning with a misspelt one.
func nearestKey(key string, known []string) string {
	best, length := "", -1
	for _, k := range known {
		n := 0
		for n < len(k) && n < len(key) && k[n] == key[n] {
			n++
		}
		if n > length {
			best, length = k, n
		}
	}
	return best
}

func thresholdKeys() ([]string, error) {
	text, err := sqlfiles.Data.ReadFile("data/thresholds.csv")
	if err != nil {
		return nil, err
	}
	records, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		return nil, err
	}
	var out []string
	for _, r := range records[1:] {
		out = append(out, r[0])
	}
	return out, nil
}

// sum identifies thresholds together with the program's own.
func (t Thresholds) sum() (string, error) {
	text, err := sqlfiles.Data.ReadFile("data/thresholds.csv")
	if err != nil {
		return "", err
	}
	h := sha256.New()
	h.Write(text)
	for _, key := range t.keys() {
		fmt.Fprintf(h, "%s=%v\n", key, t[key])
	}
	return hex.EncodeToString(h.Sum(nil)[:16]), nil
}

func (t Thresholds) keys() []string {
	var out []string
	for key := range t {
		out = append(out, key)
	}
	slices.Sort(out)
	return out
}

// ThresholdsCurrent reports whether the findings of the store were made with these thresholds.
func (s *Store) ThresholdsCurrent(ctx context.Context, own Thresholds) (bool, error) {
	want, err := own.sum()
	if err != nil {
		return false, err
	}
	has, err := s.Info(ctx, "thresholds")
	if has == "" && len(own) == 0 {
		return true, err
	}
	return has == want, err
}

// SetThresholds makes these the user's own, in the place of those before. Where that changes one, findings
// wait to be derived anew.
func (s *Store) SetThresholds(ctx context.Context, own Thresholds) error {
	if current, err := s.ThresholdsCurrent(ctx, own); current || err != nil {
		return err
	}
	sum, err := own.sum()
	if err != nil {
		return err
	}
	return s.Transact(ctx, func(tx *sql.Conn) error {
		if _, err := tx.ExecContext(ctx, "UPDATE raw.thresholds SET own_value = NULL WHERE own_value IS NOT NULL"); err != nil {
			return err
		}
		for _, key := range own.keys() {
			if _, err := tx.ExecContext(ctx, "UPDATE raw.thresholds SET own_value = ? WHERE key = ?", own[key], key); err != nil {
				return err
			}
		}
		if err := setInfo(ctx, tx, "thresholds", sum); err != nil {
			return err
		}
		return MarkAllStale(ctx, tx, sqlfiles.KeptFindings)
	})
}
