package codex

import (
	"github.com/agenttrace/agenttrace/ingest/jscan"
)

// A field is a key that any record of Codex may have. Records are read into one flat table, since the
// same keys stand in the payload of enveloped lines and at the top of bare and flattened ones.
type field uint8

const (
	fNone field = iota
	fAction
	fAgentID
	fAgentPath
	fAgentRole
	fApproval
	fArguments
	fAuthor
	fCallID
	fChanges
	fCLIVersion
	fCodexError
	fContent
	fContextWindow
	fCwd
	fDuration
	fDurationMS
	fEncrypted
	fError
	fEventID
	fExitCode
	fFirstToken
	fForkedFrom
	fGit
	fHistoryBase
	fID
	fInfo
	fInput
	fInstructions
	fInvocation
	fItem
	fItems
	fKind
	fMessage
	fModel
	fName
	fNamespace
	fNewThread
	fNumTurns
	fOriginator
	fOutput
	fParentThread
	fPath
	fProvider
	fRateLimits
	fReason
	fRecordType
	fResponseID
	fResult
	fRole
	fSession
	fSessionID
	fSource
	fStatus
	fSub
	fSuccess
	fSummary
	fText
	fThreadID
	fThreadName
	fThreadSource
	fTimestamp
	fTools
	fTurnID
	fUsage
	fieldCount
)

func fieldOf(name []byte) field {
	switch string(name) {
	case "action":
		return fAction
	case "agent_path":
		return fAgentPath
	case "agent_role":
		return fAgentRole
	case "agent_thread_id":
		return fAgentID
	case "approval_policy":
		return fApproval
	case "arguments":
		return fArguments
	case "author":
		return fAuthor
	case "call_id":
		return fCallID
	case "changes":
		return fChanges
	case "cli_version":
		return fCLIVersion
	case "codex_error_info":
		return fCodexError
	case "content":
		return fContent
	case "model_context_window":
		return fContextWindow
	case "cwd":
		return fCwd
	case "duration":
		return fDuration
	case "duration_ms":
		return fDurationMS
	case "encrypted_content":
		return fEncrypted
	case "error":
		return fError
	case "event_id":
		return fEventID
	case "exit_code":
		return fExitCode
	case "time_to_first_token_ms":
		return fFirstToken
	case "forked_from_id":
		return fForkedFrom
	case "git":
		return fGit
	case "history_base":
		return fHistoryBase
	case "id":
		return fID
	case "info":
		return fInfo
	case "input":
		return fInput
	case "instructions":
		return fInstructions
	case "invocation":
		return fInvocation
	case "item":
		return fItem
	case "items":
		return fItems
	case "kind":
		return fKind
	case "message":
		return fMessage
	case "model":
		return fModel
	case "name":
		return fName
	case "namespace":
		return fNamespace
	case "new_thread_id":
		return fNewThread
	case "num_turns":
		return fNumTurns
	case "originator":
		return fOriginator
	case "output":
		return fOutput
	case "parent_thread_id":
		return fParentThread
	case "path":
		return fPath
	case "model_provider":
		return fProvider
	case "rate_limits":
		return fRateLimits
	case "reason":
		return fReason
	case "record_type":
		return fRecordType
	case "response_id":
		return fResponseID
	case "result":
		return fResult
	case "role":
		return fRole
	case "session":
		return fSession
	case "session_id":
		return fSessionID
	case "source":
		return fSource
	case "status":
		return fStatus
	case "type":
		return fSub
	case "success":
		return fSuccess
	case "summary":
		return fSummary
	case "text":
		return fText
	case "thread_id":
		return fThreadID
	case "thread_name":
		return fThreadName
	case "thread_source":
		return fThreadSource
	case "timestamp":
		return fTimestamp
	case "tools":
		return fTools
	case "turn_id":
		return fTurnID
	case "usage":
		return fUsage
	}
	return fNone
}

// A value is one value of a record as it stands in the line: a string without its quotes, anything
// else whole. The zero value is that of a missing key.
type value struct {
	raw     []byte
	kind    jscan.Kind
	escaped bool
}

func (v value) present() bool { return v.kind != 0 && v.kind != jscan.Null }

func (v value) text() jscan.Text {
	return jscan.Text{Raw: v.raw, Escaped: v.escaped, Present: v.kind == jscan.String}
}

// str is the decoded string; other values give "".
func (v value) str() string {
	if v.kind != jscan.String || len(v.raw) == 0 {
		return ""
	}
	return v.text().String()
}

func (v value) is(s string) bool {
	return v.kind == jscan.String && string(v.raw) == s
}

func (v value) int() (int64, bool) {
	if v.kind != jscan.Number {
		return 0, false
	}
	var s jscan.Scanner
	s.Reset(v.raw)
	return s.Int()
}

// isTrue and isFalse tell the three states of a flag apart.
func (v value) isTrue() bool  { return v.kind == jscan.True }
func (v value) isFalse() bool { return v.kind == jscan.False }

// A record is one line.
type record struct {
	ts      jscan.Text
	typ     value // the type of the line
	payload bool  // the fields below come from a payload
	v       [fieldCount]value
	used    []field
}

// scan reads one line. It reports whether the line is one whole JSON object; what a cut line gave is
// there all the same.
func (r *record) scan(line []byte) bool {
	r.reset()
	var s jscan.Scanner
	s.Reset(line)
	if s.Kind() != jscan.Object {
		return false
	}
	for s.Object(); s.Key(); {
		switch string(s.Name) {
		case "timestamp":
			r.ts = s.Text()
		case "type":
			r.typ = valueOf(&s)
		case "payload":
			if s.Kind() != jscan.Object {
				s.Skip()
				continue
			}
			r.payload = true
			for s.Object(); s.Key(); {
				r.take(&s)
			}
		default:
			r.take(&s)
		}
	}
	return s.End() == nil
}

// scanObject reads an object that stands inside a record, as if it were a payload.
func (r *record) scanObject(raw []byte) bool {
	r.reset()
	var s jscan.Scanner
	s.Reset(raw)
	if s.Kind() != jscan.Object {
		return false
	}
	r.payload = true
	for s.Object(); s.Key(); {
		r.take(&s)
	}
	return s.End() == nil
}

func (r *record) reset() {
	for _, f := range r.used {
		r.v[f] = value{}
	}
	r.used = r.used[:0]
	r.ts, r.typ, r.payload = jscan.Text{}, value{}, false
}

func (r *record) take(s *jscan.Scanner) {
	f := fieldOf(s.Name)
	if f == fNone {
		s.Skip()
		return
	}
	r.v[f] = valueOf(s)
	r.used = append(r.used, f)
}

func valueOf(s *jscan.Scanner) value {
	k := s.Kind()
	if k == jscan.String {
		t := s.Text()
		return value{raw: t.Raw, kind: k, escaped: t.Escaped}
	}
	return value{raw: s.Raw(), kind: k}
}
