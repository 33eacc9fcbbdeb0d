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
	"regexp"
	"strconv"
	"strings"

	sqlfiles "github.com/agenttrace/agenttrace/sql"
)

// A parameterTable is one of the program's own tables: a CSV file and where it goes.
type parameterTable struct {
	file   string // below data/
	table  string
	into   string // columns, where they are not the file's in its order
	fields []string
	ranked bool   // the order of the rows matters: a column rank is put first
	clear  string // what is removed before; default all
	// What was made by the rows before, and is to be made again.
	invalidates string
}

// Times are read as text first: a plain date means midnight UTC, whatever the zone of the connection.
var parameterTables = []parameterTable{
	{
		file: "prices.csv", table: "prices", clear: "WHERE NOT is_own",
		fields: strings.Fields("VARCHAR VARCHAR VARCHAR TIME TIME RATE RATE RATE RATE RATE RATE BIGINT RATE RATE RATE RATE FACTOR FACTOR VARCHAR VARCHAR VARCHAR RATE FACTOR FACTOR BIGINT VARCHAR VARCHAR VARCHAR"),
		into:   "provider, model, match_kind, effective_from, effective_to, input, output, cache_read, cache_write_5m, cache_write_1h, reasoning, long_context_threshold, long_input, long_output, long_cache_read, long_cache_write, batch_mult, priority_mult, currency, unit, source, long_cache_write_1h, flex_mult, region_mult, prompt_over, time_window, confidence, notes, is_own",

		invalidates: "model_names",
	},
	{
		file: "model-aliases.csv", table: "model_aliases", ranked: true,
		fields:      strings.Fields("VARCHAR VARCHAR VARCHAR INTEGER VARCHAR TIME TIME VARCHAR VARCHAR VARCHAR"),
		invalidates: "model_names",
	},
	{
		file: "tool-kinds.csv", table: "tool_kinds", ranked: true,
		fields:      strings.Fields("VARCHAR VARCHAR VARCHAR VARCHAR"),
		invalidates: "tool_names",
	},
	{
		file: "command-rules.csv", table: "command_rules",
		fields:      strings.Fields("VARCHAR INTEGER VARCHAR VARCHAR VARCHAR VARCHAR VARCHAR"),
		invalidates: "command_classes",
	},
	{file: "thresholds.csv", table: "thresholds", fields: strings.Fields("VARCHAR DOUBLE VARCHAR VARCHAR"), into: "key, value, unit, help"},
	{file: "anomaly-rules.csv", table: "anomaly_rules", ranked: true, fields: strings.Fields("VARCHAR VARCHAR VARCHAR VARCHAR VARCHAR")},
	{file: "health-params.csv", table: "health_params", fields: strings.Fields("INTEGER VARCHAR VARCHAR DOUBLE DOUBLE DOUBLE BOOLEAN VARCHAR VARCHAR VARCHAR")},
	{file: "health-weights.csv", table: "health_weights", fields: strings.Fields("INTEGER VARCHAR DOUBLE")},
	{file: "health-caps.csv", table: "health_caps", fields: strings.Fields("INTEGER VARCHAR DOUBLE VARCHAR")},
	{file: "agent-capabilities.csv", table: "agent_capabilities", ranked: true, fields: strings.Fields("VARCHAR VARCHAR VARCHAR VARCHAR")},
	{file: "settings.csv", table: "settings", fields: strings.Fields("VARCHAR DOUBLE VARCHAR VARCHAR VARCHAR")},
}

var parameterTypes = map[string]string{"TIME": "TIMESTAMPTZ", "RATE": "DECIMAL(12,6)", "FACTOR": "DECIMAL(9,4)"}

// LoadParameters brings prices, aliases, rules and settings in the store up to those of the program.
// Where one changed, what was derived by the old one is derived anew: names and classes at once, findings
// by the next Derive.
func LoadParameters(ctx context.Context, conn *sql.Conn) error {
	return loadParameters(ctx, conn, false)
}

// loadParameters is LoadParameters; of a store that is new nothing was derived, and its rows are not looked
// at: others may be writing the first of them (see Prepare).
func loadParameters(ctx context.Context, conn *sql.Conn, isNew bool) error {
	known, err := infos(ctx, conn, "data/")
	if err != nil {
		return err
	}
	type change struct {
		parameterTable
		text []byte
		sum  string
	}
	var changes []change
	for _, p := range parameterTables {
		text, err := sqlfiles.Data.ReadFile("data/" + p.file)
		if err != nil {
			return err
		}
		h := sha256.Sum256(text)
		sum := hex.EncodeToString(h[:16])
		if known["data/"+p.file] != sum {
			changes = append(changes, change{p, text, sum})
		}
	}
	if len(changes) == 0 {
		return nil
	}
	err = transact(ctx, conn, func(conn *sql.Conn) error {
		for _, c := range changes {
			if err := c.load(ctx, conn, c.text); err != nil {
				return fmt.Errorf("load %s: %w", c.file, err)
			}
			if c.invalidates != "" {
				if _, err := conn.ExecContext(ctx, "DELETE FROM raw."+c.invalidates); err != nil {
					return err
				}
			}
			if err := setInfo(ctx, conn, "data/"+c.file, c.sum); err != nil {
				return err
			}
		}
		if isNew {
			return nil
		}
		return MarkAllStale(ctx, conn, sqlfiles.KeptFindings)
	})
	if err != nil || isNew {
		return err
	}
	return errors.Join(FoldTools(ctx, conn), ClassifyCommands(ctx, conn), ResolveModels(ctx, conn))
}

// packRows writes rows of texts as one text, with the control characters made for that: a unit
// separator between values, a record separator between rows. The engine takes it apart much faster than
// it reads literals.
func packRows(rows [][]string) string {
	var b strings.Builder
	for i, row := range rows {
		if i > 0 {
			b.WriteByte(0x1e)
		}
		for j, value := range row {
			if j > 0 {
				b.WriteByte(0x1f)
			}
			b.WriteString(value)
		}
	}
	return b.String()
}

var plainDate = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}$`)

func (p parameterTable) load(ctx context.Context, conn *sql.Conn, text []byte) error {
	r := csv.NewReader(bytes.NewReader(text))
	r.FieldsPerRecord = len(p.fields)
	records, err := r.ReadAll()
	if err != nil {
		return err
	}
	rows := make([][]string, 0, len(records))
	for n, record := range records[1:] {
		for i, value := range record {
			if p.fields[i] == "TIME" && plainDate.MatchString(value) {
				record[i] += "T00:00:00Z"
			}
		}
		if p.ranked {
			record = append([]string{strconv.Itoa(n + 1)}, record...)
		}
		rows = append(rows, record)
	}
	if _, err := conn.ExecContext(ctx, "DELETE FROM raw."+p.table+" "+p.clear); err != nil {
		return err
	}
	return p.insert(ctx, conn, rows, false)
}

// insert adds rows; own are those of the user.
func (p parameterTable) insert(ctx context.Context, conn *sql.Conn, rows [][]string, own bool) error {
	var exprs []string
	if p.ranked {
		exprs = append(exprs, "f[1]::INTEGER")
	}
	for _, field := range p.fields {
		if t, ok := parameterTypes[field]; ok {
			field = t
		}
		exprs = append(exprs, fmt.Sprintf("nullif(f[%d], '')::%s", len(exprs)+1, field))
	}
	into := ""
	if p.into != "" {
		into = " (" + p.into + ")"
	}
	if p.table == "prices" {
		exprs = append(exprs, strconv.FormatBool(own))
	}
	_, err := conn.ExecContext(ctx, fmt.Sprintf(`INSERT INTO raw.%s%s SELECT %s FROM (
		SELECT string_split(record, chr(31)) AS f FROM (SELECT unnest(string_split(?, chr(30))) AS record))`,
		p.table, into, strings.Join(exprs, ", ")), packRows(rows))
	return err
}

// infos reads all facts about the store whose key begins with prefix.
func infos(ctx context.Context, conn *sql.Conn, prefix string) (map[string]string, error) {
	rows, err := conn.QueryContext(ctx, `SELECT key, coalesce(value, '') FROM raw.store_info WHERE starts_with(key, ?)`, prefix)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[string]string{}
	for rows.Next() {
		var key, value string
		if err := rows.Scan(&key, &value); err != nil {
			return nil, err
		}
		out[key] = value
	}
	return out, rows.Err()
}
