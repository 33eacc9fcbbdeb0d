// Package agents lists the parsers.
package agents

import (
	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/aider"
	"github.com/agenttrace/agenttrace/ingest/amp"
	"github.com/agenttrace/agenttrace/ingest/aside"
	"github.com/agenttrace/agenttrace/ingest/claude"
	"github.com/agenttrace/agenttrace/ingest/claudestream"
	"github.com/agenttrace/agenttrace/ingest/cline"
	"github.com/agenttrace/agenttrace/ingest/codebuff"
	"github.com/agenttrace/agenttrace/ingest/codex"
	"github.com/agenttrace/agenttrace/ingest/continuedev"
	"github.com/agenttrace/agenttrace/ingest/copilot"
	"github.com/agenttrace/agenttrace/ingest/crush"
	"github.com/agenttrace/agenttrace/ingest/cursor"
	"github.com/agenttrace/agenttrace/ingest/droid"
	"github.com/agenttrace/agenttrace/ingest/gemini"
	"github.com/agenttrace/agenttrace/ingest/generic"
	"github.com/agenttrace/agenttrace/ingest/goose"
	"github.com/agenttrace/agenttrace/ingest/grok"
	"github.com/agenttrace/agenttrace/ingest/hermes"
	"github.com/agenttrace/agenttrace/ingest/iflow"
	"github.com/agenttrace/agenttrace/ingest/inspect"
	"github.com/agenttrace/agenttrace/ingest/kimi"
	"github.com/agenttrace/agenttrace/ingest/langfuse"
	"github.com/agenttrace/agenttrace/ingest/opencode"
	"github.com/agenttrace/agenttrace/ingest/openhands"
	"github.com/agenttrace/agenttrace/ingest/otel"
	"github.com/agenttrace/agenttrace/ingest/pi"
	"github.com/agenttrace/agenttrace/ingest/qwen"
	"github.com/agenttrace/agenttrace/ingest/sweagent"
	"github.com/agenttrace/agenttrace/ingest/zed"
)

// All returns the parsers of every agent.
func All() []ingest.Parser {
	return append([]ingest.Parser{
		aider.Parser{},
		amp.Parser{},
		claude.Parser{},
		claudestream.Parser{},
		cline.Cline{},
		cline.Kilo{},
		cline.Roo{},
		codebuff.Parser{},
		codex.Parser{},
		continuedev.Parser{},
		copilot.Parser{},
		copilot.Store{},
		crush.OpenCode{},
		crush.Parser{},
		cursor.Editor{},
		cursor.Export{},
		cursor.Parser{},
		cursor.Store{},
		droid.Parser{},
		gemini.Parser{},
		generic.Parser{},
		goose.Database{},
		goose.Parser{},
		grok.Parser{},
		hermes.Database{},
		hermes.Parser{},
		iflow.Parser{},
		inspect.Parser{},
		kimi.Parser{},
		langfuse.Parser{},
		opencode.Database{},
		opencode.Kilo{},
		opencode.Parser{},
		openhands.Parser{},
		otel.Copilot{},
		otel.CopilotDatabase{},
		otel.Parser{},
		pi.OMP{},
		pi.OpenClaw{},
		pi.OpenClawDatabase{},
		pi.Parser{},
		qwen.Parser{},
		sweagent.Mini{},
		sweagent.Parser{},
		zed.Parser{},
	}, aside.All()...)
}
