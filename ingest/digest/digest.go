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
	var h xxhash.Digest
	h.Reset()
	from := 0
	for at := 0; ; {
		start, end := nextVolatile(b, at)
		if start < 0 {
			break
		}
		h.Write(b[from:start])
		h.Write(marker[:])
		from, at = end, end
	}
	if from == 0 {
		return id(xxhash.Sum64(b))
	}
	h.Write(b[from:])
	return id(h.Sum64())
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
