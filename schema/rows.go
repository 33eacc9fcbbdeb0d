package schema

// Where is where a row was read: the source and its line, counted from 1. For formats without lines
// (databases, documents) it is the ordinal of the element.
//
// SourceID is filled by the writer; parsers leave it alone.
type Where struct {
	SourceID int64 `col:"source_id"`
	Line     int64 `col:"line"`
}

// A Problem is something in a source that could not be understood. It never holds content.
type Problem struct {
	Where
	ByteOffset      Int    `col:"byte_offset"`
	ProblemKind     string `col:"problem_kind"` // see Problem* constants
	RecordType      string `col:"record_type"`
	Field           string `col:"field"`
	AgentVersion    string `col:"agent_version"`
	OccurrenceCount int64  `col:"occurrence_count"`
}

func (*Problem) TableName() string { return "problems" }

// Kinds of problem.
const (
	ProblemUnknownType  = "unknown_type"  // a record type this parser does not know; counted by type and version
	ProblemUnknownField = "unknown_field" // a block or subtype it does not know
	ProblemBadJSON      = "bad_json"      // a line that is no JSON value, or not an object
	ProblemTruncated    = "truncated"     // a last line without its end
	ProblemOversized    = "oversized"     // a line over the limit
	ProblemBadTime      = "bad_time"      // an instant that cannot be read or cannot be
	ProblemOrphanResult = "orphan_result" // a tool result whose call is not in the source
	ProblemBadEncoding  = "bad_encoding"  // invalid UTF-8 or lone surrogates, replaced
)

// A Record is one record of a conversation as the log numbers it. Records with equal keys in several
// places are copies of each other (resumed and forked sessions copy their history).
type Record struct {
	Where
	RecordKey  ID      `col:"record_key"` // hash of the agent's own record id, or of thread and line
	SessionID  ID      `col:"session_id"`
	RunID      ID      `col:"run_id"`
	OccurredAt Instant `col:"occurred_at"`
}

func (*Record) TableName() string { return "records" }

// A DeadBranch is a range of lines that the user rewound: Line to LastLine, both included.
type DeadBranch struct {
	Where
	LastLine int64 `col:"last_line"`
}

func (*DeadBranch) TableName() string { return "dead_branches" }

// A Ledger says that a source keeps account of the requests of a session, or tells a whole run, of which
// other sources may do the same: of several, one counts.
type Ledger struct {
	Where
	SessionID  ID    `col:"session_id"`
	WholeRunID ID    `col:"whole_run_id"` // the run that is told as a whole; unknown = only requests are
	Rank       int64 `col:"rank"`         // 1 = first choice
}

func (*Ledger) TableName() string { return "ledgers" }

// A Session is what one source says of one session. A session may have several (its main file, its
// sub-agents' files, continuations).
type Session struct {
	Where
	SessionID       ID     `col:"session_id"`
	Agent           string `col:"agent"`
	NativeSessionID string `col:"native_session_id"`
	IsMain          bool   `col:"is_main"` // the source holds the main run
	AgentVersion    string `col:"agent_version"`
	Account         string `col:"account"`
	Relation        string `col:"relation"`          // resume, fork, continuation, import: as far as the source itself tells
	ParentSessionID ID     `col:"parent_session_id"` // likewise
	IsMarkedCopy    bool   `col:"is_marked_copy"`    // the source marks itself as a hand-off copy
	Workspace       string `col:"workspace"`         // first working directory
	GitBranch       string `col:"git_branch"`
	GitCommit       string `col:"git_commit"`
	GitRemote       string `col:"git_remote"` // host/owner/name, lower case, no credentials
	Entrypoint      string `col:"entrypoint"`
	IsHeadless      Bool   `col:"is_headless"`
	SessionKind     string `col:"session_kind"` // user, automation, review, memory, background
	Title           string `col:"title"`        // only where content may be kept
	IsComplete      Bool   `col:"is_complete"`  // the last record was whole
	Fidelity        string `col:"fidelity"`     // full, partial, outline
	HasUsage        bool   `col:"has_usage"`
	HasCache        bool   `col:"has_cache_counters"`
	HasToolStatus   bool   `col:"has_tool_status"`
	HasToolArgs     bool   `col:"has_tool_args"`
	HasTimes        bool   `col:"has_times"`
	HasCompactions  bool   `col:"has_compactions"`
	HasAPIErrors    bool   `col:"has_api_errors"`
	HasApprovals    bool   `col:"has_approvals"`
	HasReasoning    bool   `col:"has_reasoning"`
	// ReportedCostUSD is a cost that the agent states for the whole session: never added to calls.
	ReportedCostUSD Picodollars `col:"reported_cost_usd"`
	// ReplayUntilLine: lines up to here may replay the parent (forks of agents that re-stamp them); the
	// source alone gives this as evidence, SQL decides (0 = no evidence).
	ReplayUntilLine int64 `col:"replay_until_line"`
}

func (*Session) TableName() string { return "sessions" }

// A Run is one agent at work: the main run of a session, or a sub-agent.
type Run struct {
	Where
	RunID           ID     `col:"run_id"`
	SessionID       ID     `col:"session_id"`
	OwnSessionID    ID     `col:"own_session_id"` // the id this run would have as a session, where an agent gives sub-agents threads of their own
	ParentRunID     ID     `col:"parent_run_id"`
	SpawnToolCallID ID     `col:"spawn_tool_call_id"`
	Depth           Int    `col:"depth"` // main = 0
	RunKind         string `col:"run_kind"`
	AgentType       string `col:"agent_type"`
	NativeRunID     string `col:"native_run_id"`
	IsBackground    Bool   `col:"is_background"`
	EndState        string `col:"end_state"` // by the last record of the run in this source
	LastLine        int64  `col:"last_line"`
}

func (*Run) TableName() string { return "runs" }

// A Turn is a prompt and all that follows until the next.
type Turn struct {
	Where
	TurnID             ID      `col:"turn_id"`
	SessionID          ID      `col:"session_id"`
	RunID              ID      `col:"run_id"`
	NativeTurnKey      ID      `col:"native_turn_key"` // hash of the agent's own turn id
	Seq                int64   `col:"seq"`
	Trigger            string  `col:"trigger"` // user, queued, command, hook, schedule, parent, continuation
	StartedAt          Instant `col:"started_at"`
	EndedAt            Instant `col:"ended_at"`
	DurationReportedMS Int     `col:"duration_reported_ms"`
	TimeToFirstTokenMS Int     `col:"time_to_first_token_ms"`
	EndReason          string  `col:"end_reason"` // answered, interrupted, error, superseded, unknown
	PromptCharCount    Int     `col:"prompt_char_count"`
	PromptHash         ID      `col:"prompt_hash"`
	IsPushback         Bool    `col:"is_pushback"`
}

func (*Turn) TableName() string { return "turns" }

// A Message is one text of a conversation.
type Message struct {
	Where
	MessageID   ID      `col:"message_id"`
	SessionID   ID      `col:"session_id"`
	RunID       ID      `col:"run_id"`
	TurnID      ID      `col:"turn_id"`
	ModelCallID ID      `col:"model_call_id"`
	Seq         int64   `col:"seq"`
	Role        string  `col:"role"` // user, assistant, system, tool
	Kind        string  `col:"kind"` // prompt, text, reasoning, summary, injected, command
	OccurredAt  Instant `col:"occurred_at"`
	CharCount   Int     `col:"char_count"` // Unicode code points; NULL where the text is not readable
	TextHash    ID      `col:"text_hash"`
	IsRedacted  bool    `col:"is_redacted"`
}

func (*Message) TableName() string { return "messages" }

// Usage are five disjoint counters of one request and the reasoning part of its output.
type Usage struct {
	UncachedInput   Int `col:"uncached_input_tokens"`
	CacheRead       Int `col:"cache_read_input_tokens"`
	CacheCreation5m Int `col:"cache_creation_5m_input_tokens"`
	CacheCreation1h Int `col:"cache_creation_1h_input_tokens"`
	Output          Int `col:"output_tokens"`
	Reasoning       Int `col:"reasoning_output_tokens"` // inside Output
}

// A UsageObservation is one place where a log states the usage of a request.
type UsageObservation struct {
	Where
	ModelCallID ID `col:"model_call_id"`
	Usage
	OccurredAt Instant `col:"occurred_at"`
	Reason     string  `col:"reason"` // why a copy is not counted, where the source itself shows it
}

func (*UsageObservation) TableName() string { return "usage_records" }

// A ModelCall is one request and its response as one source shows it, its copies within the source
// merged: each counter is the largest seen.
type ModelCall struct {
	Where
	ModelCallID     ID          `col:"model_call_id"` // hash of the agent and the response's id, or a fingerprint
	RequestKey      ID          `col:"request_key"`   // hash of the request id; tells calls apart whose response id repeats
	SessionID       ID          `col:"session_id"`
	RunID           ID          `col:"run_id"`
	TurnID          ID          `col:"turn_id"`
	Seq             int64       `col:"seq"`
	IsSidechain     bool        `col:"is_sidechain"` // seen only in a sub-agent's records
	ProviderName    string      `col:"provider_name"`
	RequestModel    string      `col:"request_model"`
	ResponseModel   string      `col:"response_model"`
	RequestID       string      `col:"request_id"`
	ResponseID      string      `col:"response_id"`
	OccurredAt      Instant     `col:"occurred_at"` // start if logged, else the record that the counters are taken from
	StartedAt       Instant     `col:"started_at"`
	FirstTokenAt    Instant     `col:"first_token_at"`
	EndedAt         Instant     `col:"ended_at"`
	Usage                       // largest value of each counter
	ContextWindow   Int         `col:"context_window"`
	ServiceTier     string      `col:"service_tier"` // standard, priority, flex, batch, fast: only with evidence
	Region          string      `col:"region"`
	IsBatch         Bool        `col:"is_batch"`
	FinishReason    string      `col:"finish_reason"`
	Status          string      `col:"status"` // ok, error, interrupted
	ErrorType       string      `col:"error_type"`
	HTTPStatus      Int         `col:"http_status"`
	Attempt         Int         `col:"attempt"`
	UsageGrain      string      `col:"usage_grain"`   // call, turn, session
	UsageQuality    string      `col:"usage_quality"` // final, partial, placeholder, rounded, estimated, missing
	DedupBasis      string      `col:"dedup_basis"`   // provider_id, fingerprint, position
	ObservedCount   int64       `col:"observation_count"`
	ReportedCostUSD Picodollars `col:"reported_cost_usd"`
}

func (*ModelCall) TableName() string { return "model_calls" }

// A ToolCall is one tool invocation and, where the source has it, its result.
type ToolCall struct {
	Where
	ResultLine        Int     `col:"result_line"`
	ToolCallID        ID      `col:"tool_call_id"` // hash of the agent and the call's own id
	SessionID         ID      `col:"session_id"`
	RunID             ID      `col:"run_id"`
	TurnID            ID      `col:"turn_id"`
	ModelCallID       ID      `col:"model_call_id"`
	Seq               int64   `col:"seq"`
	ToolNameRaw       string  `col:"tool_name_raw"`
	MCPServer         string  `col:"mcp_server"`
	NativeCallID      string  `col:"native_call_id"`
	ArgsHash          ID      `col:"args_hash"`
	ArgsNormHash      ID      `col:"args_norm_hash"`
	ArgsBytes         Int     `col:"args_bytes"`
	TargetPath        string  `col:"target_path"`
	RangeStart        Int     `col:"range_start"`
	RangeEnd          Int     `col:"range_end"`
	RequestedAt       Instant `col:"requested_at"`
	StartedAt         Instant `col:"started_at"`
	EndedAt           Instant `col:"ended_at"`
	DurationMS        Int     `col:"duration_ms"`
	DurationBasis     string  `col:"duration_basis"` // reported, derived
	Status            string  `col:"status"`         // ok, error, denied, interrupted, no_result, unknown
	ErrorType         string  `col:"error_type"`     // nonzero_exit, bad_args, not_found, unknown_tool, timeout, permission, tool_error, empty_search
	ExitCode          Int     `col:"exit_code"`
	ResultBytes       Int     `col:"result_bytes"` // real size in UTF-8 bytes, also when the log keeps a stub
	ResultHash        ID      `col:"result_hash"`
	IsResultTruncated Bool    `col:"is_result_truncated"`
	Approval          string  `col:"approval"` // auto, user, denied, rule
	ApprovalWaitMS    Int     `col:"approval_wait_ms"`
	IsPolling         bool    `col:"is_polling"`
	ChildRunID        ID      `col:"child_run_id"`
}

func (*ToolCall) TableName() string { return "tool_calls" }

// A Command is one simple command of a shell call.
type Command struct {
	Where
	CommandID        ID     `col:"command_id"` // tool call and part number
	ToolCallID       ID     `col:"tool_call_id"`
	SessionID        ID     `col:"session_id"`
	RunID            ID     `col:"run_id"`
	Seq              int64  `col:"seq"`
	PartNo           int32  `col:"part_no"`
	Program          string `col:"program"` // lower case, without path and extension
	Subcommand       string `col:"subcommand"`
	CommandKey       ID     `col:"command_key"`   // hash of program and rest: rules look at nothing else
	CommandHash      ID     `col:"command_hash"`  // program and rest with white space folded
	IsPipedInto      bool   `col:"is_piped_into"` // stands behind a pipe
	WritesFile       bool   `col:"writes_file"`   // redirects into a file other than the null device
	ExitCode         Int    `col:"exit_code"`     // only when it is surely this part's
	Summary          string `col:"summary"`       // pass, fail or blocked, by an outcome rule on the call's output
	FailureSignature ID     `col:"failure_signature"`
	PassedTestCount  Int    `col:"passed_test_count"`
	FailedTestCount  Int    `col:"failed_test_count"`
	// CommandNorm is the text behind the program with white space folded, cut at 2,000 bytes. It is no
	// column: the store keeps it once per CommandKey, in command_texts, for the rules to look at.
	CommandNorm string `col:"-"`
}

func (*Command) TableName() string { return "commands" }

// A FileChange is one change of one file.
type FileChange struct {
	Where
	FileChangeID         ID     `col:"file_change_id"`
	SessionID            ID     `col:"session_id"`
	RunID                ID     `col:"run_id"`
	TurnID               ID     `col:"turn_id"`
	ToolCallID           ID     `col:"tool_call_id"`
	Seq                  int64  `col:"seq"`
	Path                 string `col:"path"`
	Op                   string `col:"op"`         // create, modify, delete, move
	IsApplied            Bool   `col:"is_applied"` // NULL = no result seen
	FileRole             string `col:"file_role"`  // code, test, config, doc, data, generated
	IsInWorkspace        Bool   `col:"is_in_workspace"`
	AddedLineCount       Int    `col:"added_line_count"`
	RemovedLineCount     Int    `col:"removed_line_count"`
	SelfRemovedLineCount Int    `col:"self_removed_line_count"`
	BeforeHash           ID     `col:"before_hash"`
	AfterHash            ID     `col:"after_hash"`
	Basis                string `col:"basis"` // tool_args, patch, shell, snapshot, vcs
}

func (*FileChange) TableName() string { return "file_changes" }

// A FileRead is one file that a tool call read.
type FileRead struct {
	Where
	SessionID  ID     `col:"session_id"`
	RunID      ID     `col:"run_id"`
	ToolCallID ID     `col:"tool_call_id"`
	Seq        int64  `col:"seq"`
	Path       string `col:"path"`
	RangeStart Int    `col:"range_start"`
	RangeEnd   Int    `col:"range_end"`
	Basis      string `col:"basis"` // tool_args, shell_parse, search_result, attachment
}

func (*FileRead) TableName() string { return "file_reads" }

// An Event is something that happened in a session beside messages and calls.
type Event struct {
	Where
	EventID      ID      `col:"event_id"`
	SessionID    ID      `col:"session_id"`
	RunID        ID      `col:"run_id"`
	TurnID       ID      `col:"turn_id"`
	Seq          int64   `col:"seq"`
	OccurredAt   Instant `col:"occurred_at"`
	Event        string  `col:"event"` // interrupt, approval_requested, approval_resolved, compaction, compaction_start, compaction_end, model_changed, mode_changed, hook, rewind, limit_seen, version_changed, workspace_changed, branch_changed
	TokensBefore Int     `col:"tokens_before"`
	TokensAfter  Int     `col:"tokens_after"`
	DurationMS   Int     `col:"duration_ms"`
	Detail       string  `col:"detail"` // a name or a short class, never content
}

func (*Event) TableName() string { return "events" }

// An Error is a failure of the provider, a tool, a hook or the agent itself.
type Error struct {
	Where
	ErrorID      ID      `col:"error_id"`
	SessionID    ID      `col:"session_id"`
	RunID        ID      `col:"run_id"`
	TurnID       ID      `col:"turn_id"`
	Seq          int64   `col:"seq"`
	OccurredAt   Instant `col:"occurred_at"`
	Source       string  `col:"source"`     // api, tool, agent, hook
	ErrorType    string  `col:"error_type"` // rate_limit, overloaded, timeout, auth, invalid_request, context_length, network, server, api_retry, unknown
	HTTPStatus   Int     `col:"http_status"`
	RetryAfterMS Int     `col:"retry_after_ms"`
	Attempt      Int     `col:"attempt"`
	IsFinal      Bool    `col:"is_final"`
	MessageHash  ID      `col:"message_hash"`
}

func (*Error) TableName() string { return "errors" }

// A Text is a preview of content, or the whole of it: what is kept is the user's choice.
type Text struct {
	Where
	OwnerKind string `col:"owner_kind"` // message, tool_call
	OwnerID   ID     `col:"owner_id"`
	Part      string `col:"part"` // text, args, result
	Body      string `col:"body"`
	IsWhole   bool   `col:"is_whole"`
}

func (*Text) TableName() string { return "texts" }
