package ingest

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/agenttrace/agenttrace/schema"
)

// edgeSize is how much of the head and the tail of a file vouch for the rest.
const edgeSize = 4 << 10

// headHash hashes the first 4 KiB, or all of a shorter file, together with how much that was.
func headHash(head []byte) string {
	head = head[:min(len(head), edgeSize)]
	return fmt.Sprintf("%d:%016x", len(head), uint64(schema.HashBytes(head)))
}

// tailHash hashes the 4 KiB before offset.
func tailHash(f io.ReaderAt, offset int64) string {
	n := min(offset, edgeSize)
	if n <= 0 {
		return ""
	}
	buf := make([]byte, n)
	if _, err := f.ReadAt(buf, offset-n); err != nil {
		return ""
	}
	return fmt.Sprintf("%016x", uint64(schema.HashBytes(buf)))
}

// continues reports whether the file still begins with what was read of it: then it only grew. A file
// that shrank, or whose head or last read record changed, is another one.
func continues(c Candidate, k *schema.Source) bool {
	if c.part != nil || c.db != nil {
		return true // the sessions of a database say for themselves who they are
	}
	if c.Size < k.ParsedOffset || k.HeadHash == "" {
		return false
	}
	f, err := os.Open(c.Path)
	if err != nil {
		return true // let the reading say why
	}
	defer f.Close()
	length, _, _ := strings.Cut(k.HeadHash, ":")
	n, err := strconv.Atoi(length)
	if err != nil || n <= 0 || n > edgeSize {
		return false
	}
	head := make([]byte, n)
	if _, err := io.ReadFull(f, head); err != nil || headHash(head) != k.HeadHash {
		return false
	}
	return tailHash(f, k.ParsedOffset) == k.TailHash
}
