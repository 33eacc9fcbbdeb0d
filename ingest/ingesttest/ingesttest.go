// Package ingesttest holds what every parser's tests need: golden rows, fuzzing and conformance.
package ingesttest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"sort"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/schema"
)

var update = flag.Bool("update", false, "rewrite the golden rows in testdata")

// Golden runs p over every case below dir (testdata/<agent>): a case is a folder with input files, as
// the agent lays them out, and want.ndjson with the rows of all of them in order of path. -update
// rewrites want.ndjson; read the difference before you commit it.
func Golden(t *testing.T, p ingest.Parser, dir string) {
	t.Helper()
	cases, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	ran := 0
	for _, c := range cases {
		if !c.IsDir() || isDatabaseCase(t, filepath.Join(dir, c.Name())) {
			continue
		}
		ran++
		t.Run(c.Name(), func(t *testing.T) {
			root := filepath.Join(dir, c.Name())
			var got bytes.Buffer
			for _, path := range files(t, root) {
				rel, _ := filepath.Rel(root, path)
				fmt.Fprintf(&got, "{\"file\":%q}\n", filepath.ToSlash(rel))
				data, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				m := p.Match("/home/ana/"+filepath.ToSlash(rel), data[:min(len(data), ingest.HeadSize)])
				if m.Verdict < ingest.Weak {
					fmt.Fprintf(&got, "{\"refused\":%q}\n", m.Reason)
					continue
				}
				rows, src, err := Parse(p, "/home/ana/"+filepath.ToSlash(rel), root, data)
				if err != nil {
					t.Errorf("%s: %v", rel, err)
				}
				got.WriteString(rows)
				fmt.Fprintf(&got, "{\"records\":%d,\"unknown\":%d,\"parsed_offset\":%d}\n", src.Records, src.Unknown, src.ParsedOffset)
			}
			compare(t, filepath.Join(root, "want.ndjson"), got.Bytes())
		})
	}
	if ran == 0 {
		t.Fatalf("no cases in %s", dir)
	}
}

// compare holds rows against those of a file, or writes it.
func compare(t *testing.T, wantPath string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(wantPath, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(wantPath)
	if err != nil {
		t.Fatalf("%v (run with -update to write it)", err)
	}
	if d := firstDifference(string(got), string(want)); d != "" {
		t.Error(d)
	}
}

func files(t testing.TB, root string) []string {
	var out []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && d.Name() != "want.ndjson" {
			out = append(out, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	sort.Strings(out)
	return out
}

func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := 0; i < max(len(g), len(w)); i++ {
		var a, b string
		if i < len(g) {
			a = g[i]
		}
		if i < len(w) {
			b = w[i]
		}
		if a != b {
			return fmt.Sprintf("row %d\n got %s\nwant %s", i+1, a, b)
		}
	}
	return ""
}

// Parse runs p over data and returns its rows as NDJSON, unknown fields left out. Files beside are read
// from root, which stands for /home/ana. Every row is checked with Check.
func Parse(p ingest.Parser, path, root string, data []byte) (string, *ingest.Source, error) {
	var out strings.Builder
	src := NewSource(path, root, data)
	err := p.Parse(context.Background(), src, func(r schema.Row) error {
		if err := Check(r); err != nil {
			return err
		}
		out.WriteString(JSON(r))
		out.WriteByte('\n')
		return nil
	})
	return out.String(), src, err
}

// NewSource is a source over data.
func NewSource(path, root string, data []byte) *ingest.Source {
	return &ingest.Source{
		Path:   path,
		Reader: bytes.NewReader(data),
		ReadBeside: func(rel string) ([]byte, error) {
			full := filepath.Join(filepath.Dir(path), rel)
			rel, err := filepath.Rel("/home/ana", full)
			if err != nil {
				return nil, err
			}
			return os.ReadFile(filepath.Join(root, rel))
		},
		ListBeside: func(rel string) ([]string, error) {
			full := filepath.Join(filepath.Dir(path), rel)
			rel, err := filepath.Rel("/home/ana", full)
			if err != nil {
				return nil, err
			}
			entries, err := os.ReadDir(filepath.Join(root, rel))
			var names []string
			for _, e := range entries {
				names = append(names, e.Name())
			}
			return names, err
		},
		At: bytes.NewReader(data), Size: int64(len(data)),
	}
}

// JSON writes a row as one JSON object: the table first, then every known column in order.
func JSON(r schema.Row) string {
	var b strings.Builder
	fmt.Fprintf(&b, "{%q:{", r.TableName())
	first := true
	walk(reflect.ValueOf(r).Elem(), func(name string, v reflect.Value) {
		if name == "source_id" || name == "-" {
			return
		}
		var text string
		switch x := v.Interface().(type) {
		case schema.ID:
			if x == 0 {
				return
			}
			text = fmt.Sprintf("\"%016x\"", uint64(x))
		case schema.Instant:
			if x == 0 {
				return
			}
			text = x.Time().Format("\"2006-01-02T15:04:05.999999Z\"")
		case schema.Int:
			if !x.Valid {
				return
			}
			text = fmt.Sprint(x.V)
		case schema.Bool:
			if !x.Valid {
				return
			}
			text = fmt.Sprint(x.V)
		case string:
			if x == "" {
				return
			}
			j, _ := json.Marshal(x)
			text = string(j)
		default:
			text = fmt.Sprint(x)
		}
		if !first {
			b.WriteByte(',')
		}
		first = false
		fmt.Fprintf(&b, "%q:%s", name, text)
	})
	b.WriteString("}}")
	return b.String()
}

func walk(v reflect.Value, f func(name string, v reflect.Value)) {
	for i := 0; i < v.NumField(); i++ {
		ft := v.Type().Field(i)
		if ft.Anonymous {
			walk(v.Field(i), f)
			continue
		}
		f(ft.Tag.Get("col"), v.Field(i))
	}
}

// Check reports a row that no parser may emit: no place, negative counts, ends before starts, text
// that is not UTF-8, no ID where the table needs one.
func Check(r schema.Row) error {
	var errs []error
	v := reflect.ValueOf(r).Elem()
	if line := v.FieldByName("Line").Int(); line < 1 {
		if r.TableName() != "problems" {
			errs = append(errs, fmt.Errorf("line %d", line))
		}
	}
	walk(v, func(name string, f reflect.Value) {
		switch x := f.Interface().(type) {
		case string:
			if !utf8.ValidString(x) {
				errs = append(errs, fmt.Errorf("%s is not UTF-8", name))
			}
		case schema.Int:
			if x.Valid && x.V < 0 && name != "exit_code" {
				errs = append(errs, fmt.Errorf("%s is %d", name, x.V))
			}
		case schema.ID:
			if x == 0 && (name == "session_id" || name == "run_id") {
				errs = append(errs, fmt.Errorf("no %s", name))
			}
		}
	})
	switch x := r.(type) {
	case *schema.ModelCall:
		if x.ModelCallID == 0 || x.Status == "" || x.UsageGrain == "" || x.UsageQuality == "" || x.DedupBasis == "" || x.ObservedCount < 1 {
			errs = append(errs, errors.New("incomplete model call"))
		}
		if x.Reasoning.Valid && x.Output.Valid && x.Reasoning.V > x.Output.V {
			errs = append(errs, errors.New("more reasoning than output"))
		}
	case *schema.ToolCall:
		if x.ToolCallID == 0 || x.ToolNameRaw == "" || x.Status == "" {
			errs = append(errs, errors.New("incomplete tool call"))
		}
	case *schema.Problem:
		if x.ProblemKind == "" || x.OccurrenceCount < 1 {
			errs = append(errs, errors.New("incomplete problem"))
		}
	}
	if len(errs) > 0 {
		return fmt.Errorf("%s: %w", JSON(r), errors.Join(errs...))
	}
	return nil
}

// Fuzz feeds mutations of the golden inputs to p: no panic, every row valid, and the same rows again
// on a second reading.
func Fuzz(f *testing.F, p ingest.Parser, dir string) {
	seeds := 0
	for _, path := range files(f, dir) {
		if data, err := os.ReadFile(path); err == nil && len(data) < 64<<10 {
			f.Add(data)
			seeds++
		}
	}
	if seeds == 0 {
		f.Fatalf("no seeds in %s", dir)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		const path = "/home/ana/x/fuzz.jsonl"
		p.Match(path, data[:min(len(data), ingest.HeadSize)])
		one, src, err := Parse(p, path, dir, data)
		if err != nil {
			t.Fatal(err)
		}
		if src.ParsedOffset > int64(len(data)) || src.Unknown > src.Records {
			t.Fatalf("offset %d of %d, %d unknown of %d records", src.ParsedOffset, len(data), src.Unknown, src.Records)
		}
		two, _, _ := Parse(p, path, dir, data)
		if one != two {
			t.Fatal("two readings differ")
		}
	})
}

// Conform checks what every parser owes the core, on one input that it takes: an error of emit comes
// back unchanged, and a file cut inside a line still gives the rows before it.
func Conform(t *testing.T, p ingest.Parser, path, root string, data []byte) {
	t.Helper()
	stop := errors.New("stop")
	n := 0
	err := p.Parse(context.Background(), NewSource(path, root, data), func(schema.Row) error {
		n++
		if n == 2 {
			return stop
		}
		return nil
	})
	if !errors.Is(err, stop) || n != 2 {
		t.Errorf("%s: emit failed at its second row, but Parse returned %v after %d", path, err, n)
	}
	for _, cut := range []int{len(data) / 3, len(data) / 2, len(data) - 2} {
		if cut <= 0 {
			continue
		}
		if _, _, err := Parse(p, path, root, data[:cut]); err != nil {
			t.Errorf("%s cut at %d: %v", path, cut, err)
		}
	}
	f := p.Format()
	if f.Agent == "" || f.Title == "" || f.Version < 1 || f.StoreKind == "" || f.Roots == nil {
		t.Errorf("incomplete format %+v", f)
	}
}
