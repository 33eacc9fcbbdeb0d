// Package agents lists the parsers.
package agents

import (
	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/claude"
	"github.com/agenttrace/agenttrace/ingest/codex"
	"github.com/agenttrace/agenttrace/ingest/gemini"
	"github.com/agenttrace/agenttrace/ingest/iflow"
	"github.com/agenttrace/agenttrace/ingest/kimi"
	"github.com/agenttrace/agenttrace/ingest/qwen"
)

// All returns one parser of every agent.
func All() []ingest.Parser {
	return []ingest.Parser{
		claude.Parser{},
		codex.Parser{},
		gemini.Parser{},
		iflow.Parser{},
		kimi.Parser{},
		qwen.Parser{},
	}
}
