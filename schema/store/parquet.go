package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"math/big"
	"os"
	"regexp"
	"strings"
	"time"

	duckdb "github.com/duckdb/duckdb-go/v2"

	"github.com/agenttrace/agenttrace/queries"
)

// parquetMemory bounds the engine that writes a Parquet file; above it, rows wait in a temporary folder.
const parquetMemory = 128 << 20

// WriteParquet writes rows to a Parquet file (zstd) and returns how many there were. An engine of its own
// does it, to which nothing but these rows is known: the one that a user's query runs in need not be
// allowed to touch files. Names that repeat must have been made different.
//
// Integers beyond 64 bits become DECIMAL(38, 0), as Parquet would keep them as floating-point numbers;
// types that Parquet lacks become text.
func WriteParquet(ctx context.Context, path string, rows queries.Rows) (n int64, err error) {
	temp, err := os.MkdirTemp("", "agenttrace-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(temp)
	connector, err := duckdb.NewConnector("", func(conn driver.ExecerContext) error {
		for _, text := range []string{
			fmt.Sprintf("SET memory_limit='%dMiB'", parquetMemory>>20), "SET temp_directory=" + Quote(temp), "SET TimeZone='UTC'",
			"SET autoinstall_known_extensions=false", "SET autoload_known_extensions=false",
		} {
			if _, err := conn.ExecContext(ctx, text, nil); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	defer connector.Close()
	conn, err := connector.Connect(ctx)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	exec := func(text string) error {
		_, err := conn.(driver.ExecerContext).ExecContext(ctx, text, nil)
		return err
	}
	var defs []string
	var types []string
	for _, c := range rows.Columns() {
		t := parquetType(c.Type)
		types = append(types, t)
		defs = append(defs, quoteName(c.Name)+" "+t)
	}
	if err := exec("CREATE TABLE result (" + strings.Join(defs, ", ") + ")"); err != nil {
		return 0, err
	}
	if n, err = appendAll(ctx, conn, types, rows); err != nil {
		return n, err
	}
	return n, exec("COPY result TO " + Quote(path) + " (FORMAT parquet, COMPRESSION zstd)")
}

func appendAll(ctx context.Context, conn driver.Conn, types []string, rows queries.Rows) (n int64, err error) {
	a, err := duckdb.NewAppenderFromConn(conn, "", "result")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	values := make([]driver.Value, len(types))
	for rows.Next() {
		for i, v := range rows.Values() {
			values[i] = parquetValue(v, types[i])
		}
		if err := a.AppendRow(values...); err != nil {
			return n, err
		}
		if n++; n%chunkRows == 0 && ctx.Err() != nil {
			return n, context.Cause(ctx)
		}
	}
	return n, rows.Err()
}

func quoteName(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

var (
	enumType = regexp.MustCompile(`\bENUM(\((?:'(?:[^']|'')*'(?:, )?)*\))?`)
	asText   = regexp.MustCompile(`^(BIT|BIGNUM|TIMETZ|TIME WITH TIME ZONE|VARIANT|GEOMETRY|UNION.*)$`)
)

// parquetType is the type of a column in the file.
func parquetType(t string) string {
	t = enumType.ReplaceAllString(t, "VARCHAR")
	switch {
	case t == "HUGEINT", t == "UHUGEINT":
		return "DECIMAL(38,0)"
	case t == "", t == "SQLNULL", t == "NULL", t == `"NULL"`:
		return "INTEGER"
	case asText.MatchString(t):
		return "VARCHAR"
	}
	return t
}

// parquetValue turns a value of a result back into what the driver takes.
func parquetValue(v any, t string) any {
	switch x := v.(type) {
	case nil:
		return nil
	case *big.Int:
		if t == "DECIMAL(38,0)" {
			return duckdb.Decimal{Width: 38, Value: x}
		}
		if t == "VARCHAR" {
			return x.String()
		}
	case queries.Decimal:
		var width uint8
		fmt.Sscanf(t, "DECIMAL(%d,", &width)
		return duckdb.Decimal{Width: width, Scale: x.Scale, Value: x.Value}
	case queries.Interval:
		return duckdb.Interval{Months: x.Months, Days: x.Days, Micros: x.Micros}
	case map[any]any:
		out := make(duckdb.Map, len(x))
		for k, e := range x {
			out[parquetValue(k, "")] = parquetValue(e, "")
		}
		return out
	case []any:
		for i, e := range x {
			x[i] = parquetValue(e, "")
		}
	case map[string]any:
		for k, e := range x {
			x[k] = parquetValue(e, "")
		}
	case string:
		if t == "UUID" {
			var id duckdb.UUID
			if id.Scan(x) == nil {
				return id
			}
		}
	case time.Time:
		if t == "VARCHAR" { // a time of day with its offset
			return x.Format("15:04:05.999999Z07:00")
		}
	default:
		if t == "VARCHAR" {
			return fmt.Sprint(x)
		}
	}
	return v
}
