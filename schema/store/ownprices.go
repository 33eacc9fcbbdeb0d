package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/big"
	"slices"
	"strings"
	"time"

	sqlfiles "github.com/agenttrace/agenttrace/sql"
)

// OwnPrices are the user's own rows of the price book, in the columns of PriceColumns.
type OwnPrices [][]string

// PriceColumns are the columns of a price file, in the order of the program's own.
func PriceColumns() []string {
	into := strings.Split(parameterTables[0].into, ", ")
	return into[:len(into)-1] // without is_own
}

// ParsePrices reads a price file: CSV with a header that names columns of the price book. provider, model,
// input and output must be there; a row without effective_from holds since ever. Every wrong row is an
// error with its line.
func ParsePrices(name string, text []byte) (OwnPrices, error) {
	columns := PriceColumns()
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\ufeff"))))
	r.Comment = '#'
	header, err := r.Read()
	if errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: empty: want a header such as provider,model,input,output", name)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	place := make([]int, len(header))
	for i, h := range header {
		header[i] = strings.TrimSpace(h)
		if place[i] = slices.Index(columns, header[i]); place[i] < 0 {
			return nil, fmt.Errorf("%s:1: no column %q; the nearest is %s", name, header[i], nearestKey(header[i], columns))
		}
	}
	for _, want := range []string{"provider", "model", "input", "output"} {
		if !slices.Contains(header, want) {
			return nil, fmt.Errorf("%s:1: the column %s is missing", name, want)
		}
	}
	var out OwnPrices
	var errs []error
	lines := map[string][]int{} // what must not overlap: rows
	var at []int
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
			if _, ok := errors.AsType[*csv.ParseError](err); ok && errors.Is(err, csv.ErrFieldCount) {
				continue
			}
			break
		}
		line, _ := r.FieldPos(0)
		row := make([]string, len(columns))
		for i, value := range record {
			row[place[i]] = strings.TrimSpace(value)
		}
		if err := checkPrice(row, columns); err != nil {
			errs = append(errs, fmt.Errorf("%s:%d: %w", name, line, err))
			continue
		}
		key := strings.Join([]string{row[0], row[1], row[24], row[25]}, "\x00")
		for _, other := range lines[key] {
			if overlap(row, out[other]) {
				errs = append(errs, fmt.Errorf("%s:%d: %s %s overlaps in time with line %d", name, line, row[0], row[1], at[other]))
			}
		}
		lines[key] = append(lines[key], len(out))
		out, at = append(out, row), append(at, line)
	}
	return out, errors.Join(errs...)
}

// checkPrice looks at one row and fills in what may be left out.
func checkPrice(row, columns []string) error {
	for i, column := range columns {
		value := row[i]
		switch kind := parameterTables[0].fields[i]; {
		case value == "" && slices.Contains([]string{"provider", "model", "input", "output"}, column):
			return fmt.Errorf("%s is empty", column)
		case value == "":
			row[i] = map[string]string{"match_kind": "exact", "effective_from": "1970-01-01", "currency": "USD", "unit": "1M tokens", "source": "own"}[column]
		case kind == "TIME":
			if _, err := priceTime(value); err != nil {
				return fmt.Errorf("%s: want a date or a UTC timestamp, not %q", column, value)
			}
		case kind == "RATE", kind == "FACTOR", kind == "BIGINT":
			n, ok := new(big.Rat).SetString(value)
			if !ok || n.Sign() < 0 || strings.ContainsAny(value, "/eExX_") || n.Cmp(big.NewRat(100000, 1)) >= 0 && kind != "BIGINT" {
				return fmt.Errorf("%s: want a number in USD per million tokens, not %q", column, value)
			}
			digits := map[string]int{"RATE": 6, "FACTOR": 4, "BIGINT": 0}[kind]
			if _, fraction, _ := strings.Cut(value, "."); len(fraction) > digits {
				return fmt.Errorf("%s: more than %d decimals in %q", column, digits, value)
			}
		}
	}
	switch {
	case row[1] != strings.ToLower(row[1]) || row[0] != strings.ToLower(row[0]):
		return errors.New("provider and model are written in lower case")
	case row[2] != "exact" && row[2] != "prefix":
		return fmt.Errorf("match_kind: want exact or prefix, not %q", row[2])
	case row[18] != "USD" || row[19] != "1M tokens":
		return errors.New(`currency and unit: want "USD" and "1M tokens"`)
	}
	from, _ := priceTime(row[3])
	if to, err := priceTime(row[4]); err == nil && !from.Before(to) {
		return errors.New("effective_to is not after effective_from")
	}
	return nil
}

func priceTime(text string) (time.Time, error) {
	if plainDate.MatchString(text) {
		text += "T00:00:00Z"
	}
	return time.Parse(time.RFC3339, text)
}

// overlap reports whether two rows hold at one instant.
func overlap(a, b []string) bool {
	before := func(end, start string) bool { // end <= start
		to, err := priceTime(end)
		from, _ := priceTime(start)
		return err == nil && !to.After(from)
	}
	return !before(a[4], b[3]) && !before(b[4], a[3])
}

func (p OwnPrices) sum() string {
	if len(p) == 0 {
		return ""
	}
	h := sha256.Sum256([]byte(packRows(p)))
	return hex.EncodeToString(h[:16])
}

// OwnPricesCurrent reports whether costs in the store were made with these prices of the user.
func (s *Store) OwnPricesCurrent(ctx context.Context, own OwnPrices) (bool, error) {
	has, err := s.Info(ctx, "own_prices")
	return has == own.sum(), err
}

// SetOwnPrices puts the user's rows in the place of those before. Where that changes one, models are
// resolved anew, and findings wait to be derived anew.
func (s *Store) SetOwnPrices(ctx context.Context, own OwnPrices) error {
	if current, err := s.OwnPricesCurrent(ctx, own); current || err != nil {
		return err
	}
	return s.Transact(ctx, func(tx *sql.Conn) error {
		if _, err := tx.ExecContext(ctx, "DELETE FROM raw.prices WHERE is_own; DELETE FROM raw.model_names"); err != nil {
			return err
		}
		rows := make([][]string, 0, len(own))
		for _, row := range own {
			row = slices.Clone(row)
			for i, value := range row {
				if parameterTables[0].fields[i] == "TIME" && plainDate.MatchString(value) {
					row[i] += "T00:00:00Z"
				}
			}
			rows = append(rows, row)
		}
		if len(rows) > 0 {
			if err := parameterTables[0].insert(ctx, tx, rows, true); err != nil {
				return err
			}
		}
		if err := setInfo(ctx, tx, "own_prices", own.sum()); err != nil {
			return err
		}
		if err := MarkAllStale(ctx, tx, sqlfiles.KeptFindings); err != nil {
			return err
		}
		return ResolveModels(ctx, tx)
	})
}
