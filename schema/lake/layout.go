// Package lake writes the facts of one machine as a folder of Parquet files, and reads such folders of any
// number of machines.
//
//	v=1/table=T/month=2026-11/machine=M/part-000.parquet
//	v=1/manifest/machine=M/manifest.json
//
// Every machine owns the folders with its name and nothing else, so a lake needs no locks and can be synced by
// any means. Tables whose names begin with raw_ hold what the logs say, all copies: from these a store works
// out again which request counts. The others are relations as the store has them, for other engines.
package lake

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Layout is the version of the folder's layout, and the v of v=1.
const Layout = 1

// layoutName is what makes a manifest one of ours.
const layoutName = "agenttrace-parquet"

// unknownMonth holds the rows whose instant is not known.
const unknownMonth = "unknown"

// Errors that callers decide by.
var (
	// ErrDamaged: what lies there is not what the manifest says.
	ErrDamaged = errors.New("the export is damaged or being written")
	// ErrForeign: no export of this program.
	ErrForeign = errors.New("no export of agenttrace")
	// ErrNewer: the export was made by a newer program.
	ErrNewer = errors.New("the export was made by a newer agenttrace")
)

// A Manifest says what a machine has in a lake. It holds no instant of its own, so that an export in which
// nothing changed leaves every byte as it was.
type Manifest struct {
	Name          string           `json:"layout"`
	SchemaVersion int              `json:"schema_version"`
	Machine       string           `json:"machine"`
	ToolVersion   string           `json:"tool_version"`
	TablesVersion int              `json:"tables_version"` // number of migrations
	ViewsSum      string           `json:"views_sum"`
	PriceBook     string           `json:"price_book"`
	Parsers       map[string]int32 `json:"parsers"`
	Content       string           `json:"content"`
	Anonymized    bool             `json:"anonymized"`
	Tables        []ManifestTable  `json:"tables"`
}

// A ManifestTable is one table of a machine.
type ManifestTable struct {
	Table   string          `json:"table"`
	SHA256  string          `json:"definition_sha256,omitempty"` // of the view; raw tables have none
	Columns []Column        `json:"columns"`
	Months  []ManifestMonth `json:"months"`
}

// A Column is a column of a table: its type in the engine, and what is done to its values.
type Column struct {
	Name   string `json:"name"`
	Type   string `json:"type"`
	Policy string `json:"policy"`
}

// A ManifestMonth is one month of a table.
type ManifestMonth struct {
	Month   string         `json:"month"`
	Rows    int64          `json:"row_count"`
	MinTime *time.Time     `json:"min_time,omitempty"`
	MaxTime *time.Time     `json:"max_time,omitempty"`
	Parts   []ManifestPart `json:"parts"` // part-000.parquet, part-001.parquet, …
}

// A ManifestPart is one file.
type ManifestPart struct {
	Rows   int64  `json:"row_count"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

var (
	machinePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`)
	tablePattern   = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)
	monthPattern   = regexp.MustCompile(`^([0-9]{4}-[0-9]{2}|unknown)$`)
)

func versionDir(dir string) string { return filepath.Join(dir, fmt.Sprintf("v=%d", Layout)) }

func tableDir(dir, table string) string { return filepath.Join(versionDir(dir), "table="+table) }

func monthDir(dir, table, month, machine string) string {
	return filepath.Join(tableDir(dir, table), "month="+month, "machine="+machine)
}

func partName(n int) string { return fmt.Sprintf("part-%03d.parquet", n) }

func manifestPath(dir, machine string) string {
	return filepath.Join(versionDir(dir), "manifest", "machine="+machine, "manifest.json")
}

// Manifests reads the manifests of all machines in a lake, in the order of their names.
func Manifests(dir string) ([]*Manifest, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("%s: %w: it is a file, not a folder", dir, ErrForeign)
	}
	entries, err := os.ReadDir(filepath.Join(versionDir(dir), "manifest"))
	if errors.Is(err, os.ErrNotExist) {
		return nil, absent(dir)
	}
	if err != nil {
		return nil, err
	}
	var out []*Manifest
	for _, e := range entries {
		machine, ok := strings.CutPrefix(e.Name(), "machine=")
		if !ok {
			continue
		}
		m, err := readManifest(dir, machine)
		if err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	if len(out) == 0 {
		return nil, absent(dir)
	}
	return out, nil
}

// absent says what is there instead of manifests.
func absent(dir string) error {
	others, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, o := range others {
		if v, ok := strings.CutPrefix(o.Name(), "v="); ok && v != fmt.Sprint(Layout) {
			return fmt.Errorf("%s: %w: layout %s, this program knows %d", dir, ErrNewer, v, Layout)
		}
	}
	return fmt.Errorf("%s: %w: it has no %s", dir, ErrForeign, filepath.Join(fmt.Sprintf("v=%d", Layout), "manifest"))
}

// readManifest reads one machine's manifest and holds it to the layout.
func readManifest(dir, machine string) (*Manifest, error) {
	path := manifestPath(dir, machine)
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var m Manifest
	if err := json.Unmarshal(text, &m); err != nil {
		return nil, fmt.Errorf("%s: %w: %w", path, ErrDamaged, err)
	}
	switch {
	case m.Name != layoutName:
		return nil, fmt.Errorf("%s: %w", path, ErrForeign)
	case m.SchemaVersion > Layout:
		return nil, fmt.Errorf("%s: %w: layout %d, this program knows %d", path, ErrNewer, m.SchemaVersion, Layout)
	case m.SchemaVersion < 1, m.Machine != machine, !machinePattern.MatchString(machine):
		return nil, fmt.Errorf("%s: %w: machine %q, layout %d", path, ErrDamaged, m.Machine, m.SchemaVersion)
	}
	for _, t := range m.Tables {
		if !tablePattern.MatchString(t.Table) {
			return nil, fmt.Errorf("%s: %w: table %q", path, ErrDamaged, t.Table)
		}
		for _, mo := range t.Months {
			if !monthPattern.MatchString(mo.Month) {
				return nil, fmt.Errorf("%s: %w: month %q", path, ErrDamaged, mo.Month)
			}
		}
	}
	return &m, nil
}

func (m *Manifest) table(name string) *ManifestTable {
	for i := range m.Tables {
		if m.Tables[i].Table == name {
			return &m.Tables[i]
		}
	}
	return nil
}

func (t *ManifestTable) month(month string) *ManifestMonth {
	if t == nil {
		return nil
	}
	for i := range t.Months {
		if t.Months[i].Month == month {
			return &t.Months[i]
		}
	}
	return nil
}

// write puts the manifest in its place, whole, unless it is there already.
func (m *Manifest) write(dir string) error {
	slices.SortFunc(m.Tables, func(a, b ManifestTable) int { return strings.Compare(a.Table, b.Table) })
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	text = append(text, '\n')
	path := manifestPath(dir, m.Machine)
	if old, err := os.ReadFile(path); err == nil && string(old) == string(text) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	temp := filepath.Join(filepath.Dir(path), fmt.Sprintf(".manifest.tmp-%d", os.Getpid()))
	if err := os.WriteFile(temp, text, 0o600); err != nil {
		return err
	}
	if err := os.Rename(temp, path); err != nil {
		return errors.Join(err, os.Remove(temp))
	}
	return nil
}

// verify compares the files of a table with the manifest and lists them.
func (m *Manifest) verify(dir string, t *ManifestTable) ([]string, error) {
	var out []string
	for _, mo := range t.Months {
		for i, p := range mo.Parts {
			path := filepath.Join(monthDir(dir, t.Table, mo.Month, m.Machine), partName(i))
			sum, size, err := hashFile(path)
			switch {
			case errors.Is(err, os.ErrNotExist):
				return nil, fmt.Errorf("%s: %w: the manifest of %s names it, and it is not there", path, ErrDamaged, m.Machine)
			case err != nil:
				return nil, err
			case size != p.Bytes || sum != p.SHA256:
				return nil, fmt.Errorf("%s: %w: it is not what the manifest of %s says", path, ErrDamaged, m.Machine)
			}
			out = append(out, path)
		}
	}
	return out, nil
}

func hashFile(path string) (sum string, size int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", 0, err
	}
	defer f.Close()
	h := sha256.New()
	if size, err = io.Copy(h, f); err != nil {
		return "", 0, err
	}
	return hex.EncodeToString(h.Sum(nil)), size, nil
}
