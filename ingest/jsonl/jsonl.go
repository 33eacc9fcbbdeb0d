// Package jsonl splits a stream into lines, each with its number and offset, in bounded memory.
package jsonl

import (
	"bytes"
	"errors"
	"io"
)

// MaxLine is the longest line that is kept. Agents write lines of tens of megabytes (images, whole
// conversations in one record); what is longer is reported, not kept.
const MaxLine = 128 << 20

// MinBuffer is the size of buffer that a reader begins with.
const MinBuffer = 256 << 10

// MaxKept is the largest buffer that is kept from one source to the next.
const MaxKept = 4 << 20

// A Line is one line without its line end.
type Line struct {
	Bytes     []byte // valid until the next call of Next; nil when Oversized
	No        int64  // counted from 1
	Offset    int64  // of its first byte
	Size      int64  // bytes, line end included
	Ended     bool   // a line end was there; only the last line may lack it
	Oversized bool   // longer than MaxLine
}

// A Reader reads lines. It accepts LF and CRLF, drops a byte order mark at the start, and passes
// blank lines over (they count as lines).
type Reader struct {
	src    io.Reader
	buf    []byte
	start  int // first byte of the next line
	end    int // bytes in buf
	offset int64
	no     int64
	eof    bool
	err    error
	max    int
}

// NewReader reads from src. buf, which may be nil, is used as the buffer while lines fit in it.
func NewReader(src io.Reader, buf []byte) *Reader {
	if cap(buf) < MinBuffer {
		buf = make([]byte, MinBuffer)
	}
	return &Reader{src: src, buf: buf[:cap(buf)], max: MaxLine}
}

// Buffer returns the buffer, for use in another reader once this one is done.
func (r *Reader) Buffer() []byte {
	if len(r.buf) > MaxKept {
		return nil
	}
	return r.buf
}

// Peek returns the first n bytes of the source, or all of it if it has fewer, without taking them. It must
// come before the first Next, and what it returns is valid until then. n may not exceed 256 KiB.
func (r *Reader) Peek(n int) ([]byte, error) {
	for r.end < n && !r.eof {
		r.fill()
	}
	return r.buf[:min(n, r.end)], r.err
}

// Unread returns a reader of what Next has not taken yet; r is done then.
func (r *Reader) Unread() io.Reader {
	return io.MultiReader(bytes.NewReader(r.buf[r.start:r.end]), r.src)
}

// Lines is the number of lines seen, blank ones included; Offset the offset behind the last one.
func (r *Reader) Lines() int64  { return r.no }
func (r *Reader) Offset() int64 { return r.offset }

// Next returns the next line that is not blank, or io.EOF. Any other error is the source's own.
func (r *Reader) Next() (Line, error) {
	for {
		for r.start < r.end && r.buf[r.start] == '\n' { // prose has many
			r.start++
			r.offset++
			r.no++
		}
		line, err := r.next()
		if err != nil {
			return Line{}, err
		}
		if b := line.Bytes; line.Oversized || len(b) > 0 && (b[0] > ' ' || len(bytes.TrimSpace(b)) > 0) {
			return line, nil
		}
	}
}

func (r *Reader) next() (Line, error) {
	searched := r.start
	for {
		if i := bytes.IndexByte(r.buf[searched:r.end], '\n'); i >= 0 {
			return r.take(searched+i, 1), nil
		}
		searched = r.end
		if r.eof {
			if r.start == r.end {
				if r.err != nil {
					return Line{}, r.err
				}
				return Line{}, io.EOF
			}
			return r.take(r.end, 0), nil
		}
		if r.end-r.start > r.max {
			return r.discard()
		}
		searched -= r.fill()
	}
}

// take cuts the line that ends before index end; endLen bytes of line end follow it.
func (r *Reader) take(end, endLen int) Line {
	b := r.buf[r.start:end]
	size := int64(len(b) + endLen)
	r.no++
	line := Line{No: r.no, Offset: r.offset, Size: size, Ended: endLen > 0}
	if r.no == 1 {
		b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	}
	if n := len(b); n > 0 && b[n-1] == '\r' {
		b = b[:n-1]
	}
	line.Bytes = b
	r.start = end + endLen
	r.offset += size
	return line
}

// fill reads more behind what is there and returns by how much it moved the rest to the front.
func (r *Reader) fill() (moved int) {
	if r.start > 0 && r.end == len(r.buf) {
		moved = r.start
		copy(r.buf, r.buf[r.start:r.end])
		r.end -= moved
		r.start = 0
	}
	if r.end == len(r.buf) {
		grown := make([]byte, min(2*len(r.buf), r.max+MinBuffer))
		copy(grown, r.buf[:r.end])
		r.buf = grown
	} else if len(r.buf) > 8<<20 && r.end-r.start < MinBuffer {
		// A giant line has passed: give its memory back.
		small := make([]byte, MinBuffer)
		n := copy(small, r.buf[r.start:r.end])
		moved += r.start
		r.buf, r.start, r.end = small, 0, n
	}
	n, err := r.src.Read(r.buf[r.end:])
	r.end += n
	if err != nil {
		r.eof = true
		if !errors.Is(err, io.EOF) {
			r.err = err
		}
	}
	return moved
}

// discard passes over the rest of a line that is too long.
func (r *Reader) discard() (Line, error) {
	r.no++
	line := Line{No: r.no, Offset: r.offset, Size: int64(r.end - r.start), Oversized: true}
	for {
		r.start, r.end = 0, 0
		r.fill()
		if i := bytes.IndexByte(r.buf[:r.end], '\n'); i >= 0 {
			r.start = i + 1
			line.Size += int64(i + 1)
			line.Ended = true
			break
		}
		line.Size += int64(r.end)
		if r.eof {
			r.start = r.end
			break
		}
	}
	r.offset += line.Size
	return line, nil
}
