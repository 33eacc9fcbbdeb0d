package codex

import (
	"bytes"
	"errors"
	"io"

	"github.com/klauspost/compress/zstd"
)

// decoderMemory bounds what a hostile frame can make the decoder allocate.
const decoderMemory = 256 << 20

func isZstd(b []byte) bool {
	return bytes.HasPrefix(b, []byte{0x28, 0xB5, 0x2F, 0xFD})
}

// plainHead decompresses what a head allows.
func plainHead(head []byte) []byte {
	d, err := zstd.NewReader(bytes.NewReader(head), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(decoderMemory))
	if err != nil {
		return nil
	}
	defer d.Close()
	out := make([]byte, 256<<10)
	n, _ := io.ReadFull(d, out)
	return out[:n]
}

// A zstReader decompresses and tells a damaged frame from a file that could not be read: the first is
// a fact about the log, the second an error of reading it.
type zstReader struct {
	d       *zstd.Decoder
	src     *countingReader
	damaged error
}

func newZstReader(r io.Reader) (*zstReader, error) {
	src := &countingReader{r: r}
	d, err := zstd.NewReader(src, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(decoderMemory))
	if err != nil {
		return nil, err
	}
	return &zstReader{d: d, src: src}, nil
}

func (z *zstReader) Read(b []byte) (int, error) {
	n, err := z.d.Read(b)
	switch {
	case err == nil || err == io.EOF:
	case z.src.err != nil:
		err = z.src.err
	default:
		z.damaged, err = err, io.EOF
	}
	return n, err
}

// truncated reports whether the frame merely lacks its end.
func (z *zstReader) truncated() bool { return errors.Is(z.damaged, io.ErrUnexpectedEOF) }

type countingReader struct {
	r   io.Reader
	n   int64
	err error
}

func (c *countingReader) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.n += int64(n)
	if err != nil && err != io.EOF {
		c.err = err
	}
	return n, err
}
