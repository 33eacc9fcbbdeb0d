package lake

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/agenttrace/agenttrace/schema/store"
)

// partRows is how many rows a file holds at most: of the widest table, some hundred megabytes.
var partRows int64 = 2_000_000

// A Result says what a writing did.
type Result struct {
	Manifest  *Manifest
	Written   int // files that are new or changed
	Unchanged int
	Removed   int
	Rows      int64
	Bytes     int64 // of all files of the machine
	Machine   string
}

// WriteParquet brings the machine's part of a lake up to the store: what did not change stays as it is, files
// take each other's place whole, those that are too many go last, and the manifest is written after all.
func (x *Export) WriteParquet(ctx context.Context, dir string) (*Result, error) {
	names, err := choose(x.o.Relations)
	if err != nil {
		return nil, err
	}
	if !machinePattern.MatchString(x.machine) {
		return nil, fmt.Errorf("machine %q cannot name a folder", x.machine)
	}
	old, err := readManifest(dir, x.machine)
	if errors.Is(err, os.ErrNotExist) {
		old, err = &Manifest{}, nil
	}
	if err != nil {
		return nil, err
	}
	m, err := x.manifest(ctx)
	if err != nil {
		return nil, err
	}
	if names, err = x.carryOver(old, m, names); err != nil {
		return nil, err
	}
	tables, err := x.tables(ctx, names)
	if err != nil {
		return nil, err
	}
	res := &Result{Manifest: m, Machine: x.machine}
	for _, t := range tables {
		mt, err := x.writeTable(ctx, dir, t, old.table(t.name), res)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", t.name, err)
		}
		m.Tables = append(m.Tables, *mt)
	}
	if err := m.sweep(dir, res); err != nil {
		return nil, err
	}
	for _, t := range m.Tables {
		for _, mo := range t.Months {
			res.Rows += mo.Rows
			for _, p := range mo.Parts {
				res.Bytes += p.Bytes
			}
		}
	}
	return res, m.write(dir)
}

// carryOver decides what an earlier export leaves: without --relations every table that it has and this
// program knows is written anew; tables that were not asked for stay as they are.
func (x *Export) carryOver(old, m *Manifest, names []string) ([]string, error) {
	partly := !x.o.Since.IsZero()
	for _, t := range old.Tables {
		if slices.Contains(names, t.Table) {
			continue
		}
		if len(x.o.Relations) > 0 {
			partly = true
			m.Tables = append(m.Tables, t)
		} else if again, err := choose([]string{t.Table}); err == nil {
			names = append(names, again...)
		}
	}
	if partly && len(old.Tables) > 0 && (old.Content != m.Content || old.Anonymized != m.Anonymized) {
		return nil, fmt.Errorf("this folder holds an export with other settings (--content %s, anonymized: %t): export all of it, or into another folder", old.Content, old.Anonymized)
	}
	return names, nil
}

func (x *Export) writeTable(ctx context.Context, dir string, t *table, old *ManifestTable, res *Result) (*ManifestTable, error) {
	if err := x.fill(ctx, t); err != nil {
		return nil, err
	}
	out := &ManifestTable{Table: t.name, SHA256: t.sum, Columns: t.list(), Months: []ManifestMonth{}}
	months, err := x.months(ctx)
	if err != nil {
		return nil, err
	}
	for _, mo := range months {
		for from := int64(0); from < mo.Rows; from += partRows {
			p, changed, err := x.writePart(ctx, dir, t, mo.Month, len(mo.Parts), from)
			if err != nil {
				return nil, err
			}
			p.Rows = min(partRows, mo.Rows-from)
			mo.Parts = append(mo.Parts, *p)
			if changed {
				res.Written++
			} else {
				res.Unchanged++
			}
		}
		out.Months = append(out.Months, mo)
	}
	if old != nil && !x.o.Since.IsZero() {
		first := x.o.Since.UTC().Format("2006-01")
		for _, mo := range old.Months {
			if mo.Month < first {
				out.Months = append(out.Months, mo)
			}
		}
	}
	slices.SortFunc(out.Months, func(a, b ManifestMonth) int { return strings.Compare(a.Month, b.Month) })
	return out, nil
}

// writePart writes one file beside its place and moves it there if it differs from what is there.
func (x *Export) writePart(ctx context.Context, dir string, t *table, month string, n int, from int64) (*ManifestPart, bool, error) {
	folder := monthDir(dir, t.name, month, x.machine)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, false, err
	}
	place := filepath.Join(folder, partName(n))
	temp := filepath.Join(folder, fmt.Sprintf(".part-%03d.tmp-%d", n, os.Getpid()))
	// The engine would make a file that others can read.
	f, err := os.OpenFile(temp, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, false, err
	}
	if err := f.Close(); err != nil {
		return nil, false, err
	}
	defer os.Remove(temp)
	err = x.conn.Exec(ctx, fmt.Sprintf(`COPY (
			SELECT * EXCLUDE (lake_at, lake_month, lake_row) FROM temp.lake_rows
			WHERE lake_month = %s AND lake_row > %d AND lake_row <= %d ORDER BY lake_row
		) TO %s (FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false, KV_METADATA {layout: %s, "table": %s, schema_version: '%d'})`,
		store.Quote(month), from, from+partRows, store.Quote(temp), store.Quote(layoutName), store.Quote(t.name), Layout))
	if err != nil {
		return nil, false, err
	}
	var p ManifestPart
	if p.SHA256, p.Bytes, err = hashFile(temp); err != nil {
		return nil, false, err
	}
	if sum, _, err := hashFile(place); err == nil && sum == p.SHA256 {
		return &p, false, nil
	}
	if err := os.Chmod(temp, 0o600); err != nil {
		return nil, false, err
	}
	return &p, true, os.Rename(temp, place)
}

// sweep removes the machine's files that the manifest does not name: months and parts that are gone, and what
// a killed export left.
func (m *Manifest) sweep(dir string, res *Result) error {
	keep := map[string]bool{}
	for _, t := range m.Tables {
		for _, mo := range t.Months {
			for i := range mo.Parts {
				keep[filepath.Join(monthDir(dir, t.Table, mo.Month, m.Machine), partName(i))] = true
			}
		}
	}
	tables, err := os.ReadDir(versionDir(dir))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, t := range tables {
		name, ok := strings.CutPrefix(t.Name(), "table=")
		if !ok || !tablePattern.MatchString(name) {
			continue
		}
		months, err := os.ReadDir(tableDir(dir, name))
		if err != nil {
			return err
		}
		for _, mo := range months {
			month, ok := strings.CutPrefix(mo.Name(), "month=")
			if !ok || !monthPattern.MatchString(month) {
				continue
			}
			if err := sweepFolder(monthDir(dir, name, month, m.Machine), keep, res); err != nil {
				return err
			}
		}
	}
	return nil
}

func sweepFolder(folder string, keep map[string]bool, res *Result) error {
	files, err := os.ReadDir(folder)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, f := range files {
		path := filepath.Join(folder, f.Name())
		ours := strings.HasPrefix(f.Name(), "part-") && strings.HasSuffix(f.Name(), ".parquet") || strings.HasPrefix(f.Name(), ".part-")
		if !ours || keep[path] {
			continue
		}
		if err := os.Remove(path); err != nil {
			return err
		}
		res.Removed++
	}
	// Folders that are empty now go too; others stay.
	for _, d := range []string{folder, filepath.Dir(folder), filepath.Dir(filepath.Dir(folder))} {
		if os.Remove(d) != nil {
			break
		}
	}
	return nil
}
