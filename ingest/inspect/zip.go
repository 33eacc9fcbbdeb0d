package inspect

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"sort"
	"strings"

	"github.com/klauspost/compress/zstd"

	"github.com/agenttrace/agenttrace/ingest"
)

// Limits of a container, against files made to fill memory or time: a member is in memory as a whole,
// and what is larger is left out; all members together may hold so many times the size of the file.
const (
	maxMember  = 64 << 20
	maxMembers = 200_000
	maxTotal   = 4 << 30
	maxRatio   = 64
)

// methodZstd is what newer versions pack members with.
const methodZstd = 93

// A container is an opened .eval file.
type container struct {
	members map[string]*zip.File
	samples []*zip.File
	left    int64 // bytes that may still be unpacked
}

// errDamaged says that a container has no list of its members, or a wrong one.
var errDamaged = errors.New("damaged container")

// errTooLarge says that a member is larger than is read.
var errTooLarge = errors.New("member too large")

// openContainer reads the list of members.
func openContainer(src *ingest.Source) (*container, error) {
	at, size := src.At, src.Size
	if at == nil {
		data, err := io.ReadAll(io.LimitReader(src.Reader, 256<<20+1))
		if err != nil {
			return nil, err
		}
		if len(data) > 256<<20 {
			return nil, errors.New("the container is larger than 256 MiB and cannot be read from its end")
		}
		at, size = bytes.NewReader(data), int64(len(data))
		src.Size = size
	}
	zr, err := zip.NewReader(at, size)
	if err != nil {
		return nil, errDamaged
	}
	if len(zr.File) > maxMembers {
		return nil, fmt.Errorf("the container has more than %d members", maxMembers)
	}
	zr.RegisterDecompressor(methodZstd, func(r io.Reader) io.ReadCloser {
		d, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxMember))
		if err != nil {
			return io.NopCloser(failing{err})
		}
		return d.IOReadCloser()
	})
	c := &container{members: map[string]*zip.File{}, left: max(maxTotal, maxRatio*size)}
	for _, f := range zr.File {
		c.members[f.Name] = f
		if strings.HasPrefix(f.Name, "samples/") && strings.HasSuffix(f.Name, ".json") {
			c.samples = append(c.samples, f)
		}
	}
	sort.SliceStable(c.samples, func(i, k int) bool { return c.samples[i].Name < c.samples[k].Name })
	return c, nil
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// maxBelieved is how much memory a member gets for what its header says of its size.
const maxBelieved = 4 << 20

// read unpacks a member. What its header says of its size decides nothing.
func (c *container) read(f *zip.File) ([]byte, error) {
	if f == nil {
		return nil, errDamaged
	}
	r, err := f.Open()
	if err != nil {
		return nil, errDamaged
	}
	defer r.Close()
	var buf bytes.Buffer
	buf.Grow(int(min(f.UncompressedSize64, maxBelieved)) + bytes.MinRead)
	n, err := io.Copy(&buf, io.LimitReader(r, maxMember+1))
	if c.left -= n; c.left < 0 {
		return nil, errors.New("the container unpacks to far more than a log would")
	}
	switch {
	case n > maxMember:
		return nil, errTooLarge
	case err != nil:
		return nil, errDamaged
	}
	return buf.Bytes(), nil
}
