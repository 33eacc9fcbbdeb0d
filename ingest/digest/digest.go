// Package digest computes the hashes by which calls and results are compared.
//
// Two results are equal when nothing happened between them, though a clock ticked, a process got
// another number or a temporary folder another name. So such parts are left out before hashing.
package digest

import (
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/schema"
	"github.com/cespare/xxhash/v2"
)

// Result hashes a tool result after removing what changes from run to run though nothing happened. An
// empty result has a hash too, so that "no output" equals "no output"; an absent one has none.
//
// It works on the bytes as they stand in the log. The same text with other escapes may have another
// hash; one agent always escapes alike.
func Result(t jscan.Text) schema.ID {
	if !t.Present {
		return 0
	}
	return ResultBytes(t.Raw)
}

// ResultBytes is Result of text that is not in JSON form.
func ResultBytes(b []byte) schema.ID {
	start, end := nextVolatile(b, 0)
	if start < 0 {
		return id(xxhash.Sum64(b))
	}
	var w pieces
	w.h.Reset()
	from := 0
	for start >= 0 {
		w.write(b[from:start])
		w.write(marker[:])
		from = end
		start, end = nextVolatile(b, end)
	}
	w.write(b[from:])
	w.h.Write(w.buf[:w.n])
	return id(w.h.Sum64())
}

// pieces hashes a text that comes in small pieces: a hash takes each write as a call of its own.
type pieces struct {
	h   xxhash.Digest
	n   int
	buf [1 << 10]byte
}

func (w *pieces) write(b []byte) {
	if len(b) > len(w.buf)-w.n {
		w.h.Write(w.buf[:w.n])
		w.n = 0
		if len(b) > len(w.buf) {
			w.h.Write(b)
			return
		}
	}
	w.n += copy(w.buf[w.n:], b)
}

// marker stands for what was taken out, so that "took 5 ms" and "took ms" stay apart.
var marker = [1]byte{0}

// id keeps zero free for "no hash".
func id(v uint64) schema.ID {
	if v == 0 {
		return 1
	}
	return schema.ID(v)
}
