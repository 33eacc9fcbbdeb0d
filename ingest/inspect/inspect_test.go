package inspect

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/ingesttest"
	"github.com/agenttrace/agenttrace/schema"
)

const testdata = "../../testdata/inspect"

func TestGolden(t *testing.T) { ingesttest.Golden(t, Parser{}, testdata) }

func FuzzParse(f *testing.F) { ingesttest.Fuzz(f, Parser{}, testdata) }

func TestConform(t *testing.T) {
	for _, rel := range []string{"document/logs/a.json", "container/logs/c.eval"} {
		data, err := os.ReadFile(filepath.Join(testdata, rel))
		if err != nil {
			t.Fatal(err)
		}
		ingesttest.Conform(t, Parser{}, "/home/ana/"+rel, testdata, data)
	}
}

func TestCorpus(t *testing.T) {
	sum := ingesttest.Corpus(t, "inspect", Parser{})
	if sum.Taken != 19 || sum.Unknown != 0 {
		t.Errorf("%d files taken, %d unknown records", sum.Taken, sum.Unknown)
	}
}

const header = `{"version":2,"status":"started","eval":{"eval_id":"e","task":"t","model":"m"}}`

const sample = `{"id":1,"epoch":1,"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":"hello"}]}`

// pack makes a container; the method of each member is given before its name, as in "zstd samples/…".
func pack(t *testing.T, members map[string]io.Reader) []byte {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	z.RegisterCompressor(methodZstd, func(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w) })
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestSpeed) })
	for name, r := range members {
		h := &zip.FileHeader{Name: name, Method: zip.Deflate}
		if rest, ok := strings.CutPrefix(name, "zstd "); ok {
			h.Name, h.Method = rest, methodZstd
		}
		w, err := z.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(w, r); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// read counts the rows of a container, and its problems by kind.
func read(t *testing.T, data []byte) (map[string]int, error) {
	t.Helper()
	count := map[string]int{}
	src := ingesttest.NewSource("/home/ana/x.eval", "/nonexistent", data)
	err := (Parser{}).Parse(context.Background(), src, func(r schema.Row) error {
		count[r.TableName()]++
		if p, ok := r.(*schema.Problem); ok {
			count[p.ProblemKind]++
		}
		return ingesttest.Check(r)
	})
	return count, err
}

func TestZstd(t *testing.T) {
	got, err := read(t, pack(t, map[string]io.Reader{"zstd header.json": strings.NewReader(header), "zstd samples/1_epoch_1.json": strings.NewReader(sample)}))
	if err != nil || got["messages"] != 2 || got["problems"] != 0 {
		t.Errorf("got %v, %v", got, err)
	}
}

// zeros are n blanks.
func zeros(n int64) io.Reader { return io.LimitReader(blanks{}, n) }

type blanks struct{}

func (blanks) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = ' '
	}
	return len(b), nil
}

// TestBombs reads containers made to fill memory: members that are far larger than they look are left
// out and counted, the others are read.
func TestBombs(t *testing.T) {
	for _, method := range []string{"", "zstd "} {
		data := pack(t, map[string]io.Reader{
			"header.json":                     strings.NewReader(header),
			"samples/1_epoch_1.json":          strings.NewReader(sample),
			method + "samples/2_epoch_1.json": zeros(maxMember + 1),
		})
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		got, err := read(t, data)
		runtime.ReadMemStats(&after)
		if err != nil || got["sessions"] != 1 || got[schema.ProblemOversized] != 1 {
			t.Errorf("%q: got %v, %v", method, got, err)
		}
		// Growing buffers add up to several times the limit, a little more under the race detector.
		if grown := after.TotalAlloc - before.TotalAlloc; grown > 10*maxMember {
			t.Errorf("%q: %d MiB allocated", method, grown>>20)
		}
	}
	data := pack(t, map[string]io.Reader{"samples/1_epoch_1.json": zeros(1 << 20)})
	c, err := openContainer(&ingest.Source{At: bytes.NewReader(data), Size: int64(len(data))})
	if err != nil {
		t.Fatal(err)
	}
	c.left = 1 << 19
	if _, err := c.read(c.samples[0]); err == nil || errors.Is(err, errTooLarge) || errors.Is(err, errDamaged) {
		t.Errorf("a container over its limit as a whole gives %v", err)
	}
}
