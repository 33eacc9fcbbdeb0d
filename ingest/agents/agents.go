// Package agents lists the parsers.
package agents

import (
	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/claude"
	"github.com/agenttrace/agenttrace/ingest/codex"
)

// All returns one parser of every agent.
func All() []ingest.Parser {
	return []ingest.Parser{
		claude.Parser{},
		codex.Parser{},
	}
}
