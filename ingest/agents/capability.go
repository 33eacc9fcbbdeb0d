package agents

import (
	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/aider"
	"github.com/agenttrace/agenttrace/ingest/amp"
	"github.com/agenttrace/agenttrace/ingest/claude"
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

// A Declaration says what the logs of one agent can tell, whichever parser reads them.
type Declaration struct {
	Agent        string
	Capabilities []ingest.Capability
}

// Capabilities lists what each agent declares, by agent.
func Capabilities() []Declaration {
	return []Declaration{
		{"aider", aider.Capabilities()},
		{"amp", amp.Capabilities()},
		{"claude-code", claude.Capabilities()},
		{"cline", cline.Cline{}.Capabilities()},
		{"codebuff", codebuff.Capabilities()},
		{"codex", codex.Capabilities()},
		{"continue", continuedev.Capabilities()},
		{"copilot", copilot.Capabilities()},
		{"crush", crush.Capabilities()},
		{"cursor", cursor.Capabilities()},
		{"droid", droid.Capabilities()},
		{"gemini", gemini.Capabilities()},
		{"generic", generic.Capabilities()},
		{"goose", goose.Capabilities()},
		{"grok", grok.Capabilities()},
		{"hermes", hermes.Capabilities()},
		{"iflow", iflow.Capabilities()},
		{"inspect", inspect.Capabilities()},
		{"kilo", cline.Kilo{}.Capabilities()},
		{"kimi", kimi.Capabilities()},
		{"langfuse", langfuse.Capabilities()},
		{"mini-swe-agent", sweagent.MiniCapabilities()},
		{"omp", pi.Capabilities()},
		{"openclaw", pi.Capabilities()},
		{"opencode", opencode.Capabilities()},
		{"openhands", openhands.Capabilities()},
		{"otel", otel.Capabilities()},
		{"pi", pi.Capabilities()},
		{"qwen", qwen.Capabilities()},
		{"roo", cline.Roo{}.Capabilities()},
		{"swe-agent", sweagent.Capabilities()},
		{"zed", zed.Capabilities()},
	}
}
