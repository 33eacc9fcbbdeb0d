package copilot

import (
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/rows"
	"github.com/agenttrace/agenttrace/schema"
)

// An event is one line of the log, as far as it is read.
type event struct {
	typ, id, ts, agentID jscan.Text
	hasData              bool
	data
}

// data are the fields of all types of event.
type data struct {
	content, reasoning, message       jscan.Text
	sessionID, messageID, apiCallID   jscan.Text
	toolCallID, parentCall, requestID jscan.Text
	model, newModel, selectedModel    jscan.Text
	chosenModel, newMode, agentName   jscan.Text
	toolName, server, source, reason  jscan.Text
	errorType, hookType, errorText    jscan.Text
	cliVersion, editorVersion         jscan.Text
	detached, hookID                  jscan.Text
	args, toolRequests, result, fault []byte
	context, metrics, used            []byte
	permission                        []byte
	output, status, chunk, nanoAIU    schema.Int
	before, after, beforeCut, cut     schema.Int
	success                           schema.Bool
	autopilot, byUser, encrypted      bool
	cancelled                         bool
	parentTask                        bool
}

func (e *event) scan(line []byte) bool {
	*e = event{}
	var s jscan.Scanner
	s.Reset(line)
	if s.Kind() != jscan.Object {
		return false
	}
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "type":
			e.typ = s.Text()
		case "id":
			e.id = s.Text()
		case "timestamp":
			e.ts = s.Text()
		case "agentId":
			e.agentID = s.Text()
		case "data":
			if s.Kind() != jscan.Object {
				s.Skip()
				continue
			}
			e.hasData = true
			e.data.scan(&s)
		default:
			s.Skip()
		}
	}
	return s.End() == nil
}

func (d *data) scan(s *jscan.Scanner) {
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "content":
			d.content = s.Text()
		case "reasoningText":
			d.reasoning = s.Text()
		case "message", "summary":
			d.message = s.Text()
		case "sessionId":
			d.sessionID = s.Text()
		case "messageId":
			d.messageID = s.Text()
		case "apiCallId":
			d.apiCallID = s.Text()
		case "toolCallId":
			d.toolCallID = s.Text()
		case "parentToolCallId":
			d.parentCall = s.Text()
		case "requestId":
			d.requestID = s.Text()
		case "model":
			d.model = s.Text()
		case "newModel":
			d.newModel = s.Text()
		case "selectedModel":
			d.selectedModel = s.Text()
		case "chosenModel":
			d.chosenModel = s.Text()
		case "newMode", "mode":
			d.newMode = s.Text()
		case "agentName":
			d.agentName = s.Text()
		case "toolName":
			d.toolName = s.Text()
		case "mcpServerName":
			d.server = s.Text()
		case "source":
			d.source = s.Text()
		case "reason":
			d.reason = s.Text()
		case "errorType":
			d.errorType = s.Text()
		case "hookType":
			d.hookType = s.Text()
		case "hookInvocationId":
			d.hookID = s.Text()
		case "copilotVersion":
			d.cliVersion = s.Text()
		case "vscodeVersion":
			d.editorVersion = s.Text()
		case "detachedFromSpawningParentSessionId":
			d.detached = s.Text()
		case "arguments":
			d.args = argumentText(s)
		case "toolRequests":
			d.toolRequests = s.Raw()
		case "result":
			d.result = s.Raw()
		case "error":
			if s.Kind() == jscan.String {
				d.errorText = s.Text()
			} else {
				d.fault = s.Raw()
			}
		case "context":
			d.context = s.Raw()
		case "modelMetrics":
			d.metrics = s.Raw()
		case "compactionTokensUsed":
			d.used = s.Raw()
		case "permissionRequest":
			d.permission = s.Raw()
		case "outputTokens":
			d.output = rows.Count(s)
		case "statusCode":
			d.status = rows.Count(s)
		case "chunkIndex":
			d.chunk = rows.Count(s)
		case "totalNanoAiu":
			d.nanoAIU = rows.Count(s)
		case "preCompactionTokens":
			d.before = rows.Count(s)
		case "postCompactionTokens":
			d.after = rows.Count(s)
		case "preTruncationTokensInMessages":
			d.beforeCut = rows.Count(s)
		case "postTruncationTokensInMessages":
			d.cut = rows.Count(s)
		case "success":
			if v, ok := s.Bool(); ok {
				d.success = schema.Known(v)
			}
		case "isAutopilotContinuation":
			d.autopilot, _ = s.Bool()
		case "isUserRequested":
			d.byUser, _ = s.Bool()
		case "cancelled":
			d.cancelled, _ = s.Bool()
		case "parentAgentTaskId":
			d.parentTask = s.Kind() == jscan.String
			s.Skip()
		case "encryptedContent", "reasoningOpaque":
			d.encrypted = d.encrypted || s.Kind() == jscan.String
			s.Skip()
		default:
			s.Skip()
		}
	}
}
