-- The raw tables: what each source says, all copies, nothing judged. Ids and hashes are 64-bit numbers
-- here; the public views show them as text. A released migration is never edited.

CREATE TABLE raw.sources (
    source_id BIGINT NOT NULL,
    machine_id VARCHAR NOT NULL,
    agent VARCHAR NOT NULL,
    store_kind VARCHAR NOT NULL,
    path VARCHAR NOT NULL,
    file_id VARCHAR,
    size_bytes BIGINT NOT NULL,
    modified_at TIMESTAMPTZ,
    head_hash VARCHAR,
    tail_hash VARCHAR,
    parsed_offset BIGINT NOT NULL DEFAULT 0,
    parsed_record_count BIGINT NOT NULL DEFAULT 0,
    unknown_record_count BIGINT NOT NULL DEFAULT 0,
    parser VARCHAR NOT NULL,
    parser_version INTEGER NOT NULL,
    parser_state BLOB,
    source_state VARCHAR NOT NULL DEFAULT 'present',
    state_reason VARCHAR,
    first_import_id BIGINT,
    last_import_id BIGINT
);
COMMENT ON TABLE raw.sources IS 'One row per log file or database ever read. Rows stay when the file goes.';
COMMENT ON COLUMN raw.sources.source_id IS 'The source.';
COMMENT ON COLUMN raw.sources.machine_id IS 'The machine it was read on.';
COMMENT ON COLUMN raw.sources.agent IS 'The agent that wrote it.';
COMMENT ON COLUMN raw.sources.store_kind IS 'jsonl, json, sqlite, markdown, zst, otlp.';
COMMENT ON COLUMN raw.sources.path IS 'Absolute path when last seen.';
COMMENT ON COLUMN raw.sources.file_id IS 'Device and inode, where the system gives stable ones.';
COMMENT ON COLUMN raw.sources.size_bytes IS 'Size when last read.';
COMMENT ON COLUMN raw.sources.modified_at IS 'Modification time when last read, UTC.';
COMMENT ON COLUMN raw.sources.head_hash IS 'Hash of the first 4 KiB or of all, if shorter, with their length.';
COMMENT ON COLUMN raw.sources.tail_hash IS 'Hash of the 4 KiB before parsed_offset.';
COMMENT ON COLUMN raw.sources.parsed_offset IS 'Offset behind the last record that was understood or recorded as a problem.';
COMMENT ON COLUMN raw.sources.parsed_record_count IS 'Records read, understood or not.';
COMMENT ON COLUMN raw.sources.unknown_record_count IS 'Records of unknown type.';
COMMENT ON COLUMN raw.sources.parser IS 'Parser that read it.';
COMMENT ON COLUMN raw.sources.parser_version IS 'Version of that parser.';
COMMENT ON COLUMN raw.sources.parser_state IS 'What the parser must remember to go on; NULL where a grown source is read as a whole.';
COMMENT ON COLUMN raw.sources.source_state IS 'present, missing, replaced, unreadable, refused.';
COMMENT ON COLUMN raw.sources.state_reason IS 'Why a source is unreadable or refused.';
COMMENT ON COLUMN raw.sources.first_import_id IS 'Import that saw it first.';
COMMENT ON COLUMN raw.sources.last_import_id IS 'Import that read it last.';

CREATE TABLE raw.imports (
    import_id BIGINT NOT NULL,
    started_at TIMESTAMPTZ NOT NULL,
    ended_at TIMESTAMPTZ,
    tool_version VARCHAR NOT NULL,
    schema_version INTEGER NOT NULL,
    price_book VARCHAR,
    seen_source_count BIGINT,
    read_source_count BIGINT,
    skipped_source_count BIGINT,
    failed_source_count BIGINT,
    read_bytes BIGINT,
    record_count BIGINT,
    unknown_record_count BIGINT,
    status VARCHAR NOT NULL
);
COMMENT ON TABLE raw.imports IS 'One row per run of ingest that had something to do; a run that finds nothing new only reads.';
COMMENT ON COLUMN raw.imports.import_id IS 'The import.';
COMMENT ON COLUMN raw.imports.started_at IS 'Start, UTC.';
COMMENT ON COLUMN raw.imports.ended_at IS 'End, UTC; NULL while it runs or when it was killed.';
COMMENT ON COLUMN raw.imports.tool_version IS 'Version of agenttrace.';
COMMENT ON COLUMN raw.imports.schema_version IS 'Newest migration at that time.';
COMMENT ON COLUMN raw.imports.price_book IS 'Version of the price book.';
COMMENT ON COLUMN raw.imports.seen_source_count IS 'Sources found.';
COMMENT ON COLUMN raw.imports.read_source_count IS 'Sources read because new or changed.';
COMMENT ON COLUMN raw.imports.skipped_source_count IS 'Sources unchanged, or refused with a reason.';
COMMENT ON COLUMN raw.imports.failed_source_count IS 'Sources that could not be read.';
COMMENT ON COLUMN raw.imports.read_bytes IS 'Bytes read.';
COMMENT ON COLUMN raw.imports.record_count IS 'Records read.';
COMMENT ON COLUMN raw.imports.unknown_record_count IS 'Records of unknown type.';
COMMENT ON COLUMN raw.imports.status IS 'running, ok, partial, failed.';

CREATE TABLE raw.store_info (key VARCHAR NOT NULL, value VARCHAR);
COMMENT ON TABLE raw.store_info IS 'Facts about this store: machine id, content setting, checksums of what is installed.';
COMMENT ON COLUMN raw.store_info.key IS 'Name of the fact.';
COMMENT ON COLUMN raw.store_info.value IS 'Its value.';

CREATE TABLE raw.copies (source_id BIGINT NOT NULL, line BIGINT NOT NULL);
COMMENT ON TABLE raw.copies IS 'Lines that repeat a record of another place: history copied by resumes, forks, sub-agents and moved files. They never count.';
COMMENT ON COLUMN raw.copies.source_id IS 'The source that holds the copy.';
COMMENT ON COLUMN raw.copies.line IS 'Its line.';

CREATE TABLE raw.call_copies (kind VARCHAR NOT NULL, source_id BIGINT NOT NULL, line BIGINT NOT NULL, call_id UBIGINT NOT NULL, is_owner BOOLEAN NOT NULL);
COMMENT ON TABLE raw.call_copies IS 'Rows of raw.model_calls (kind model) and raw.tool_calls (kind tool) whose call is seen in several places: one merged row stands for them.';
COMMENT ON COLUMN raw.call_copies.kind IS 'model or tool.';
COMMENT ON COLUMN raw.call_copies.source_id IS 'Source of the row.';
COMMENT ON COLUMN raw.call_copies.line IS 'Line of the row.';
COMMENT ON COLUMN raw.call_copies.call_id IS 'The call.';
COMMENT ON COLUMN raw.call_copies.is_owner IS 'The call belongs to the place of this row.';

CREATE TABLE raw.stale_sessions (session_id UBIGINT NOT NULL, level VARCHAR NOT NULL);
COMMENT ON TABLE raw.stale_sessions IS 'Sessions whose kept results are to be derived anew.';
COMMENT ON COLUMN raw.stale_sessions.session_id IS 'The session.';
COMMENT ON COLUMN raw.stale_sessions.level IS 'findings.';

CREATE TABLE raw.command_texts (command_key UBIGINT NOT NULL, program VARCHAR, rest VARCHAR);
COMMENT ON TABLE raw.command_texts IS 'Distinct shell commands, for the rules that classify them; rest is NULL in a store without content.';
COMMENT ON COLUMN raw.command_texts.command_key IS 'Hash of program and rest.';
COMMENT ON COLUMN raw.command_texts.program IS 'Program, lower case.';
COMMENT ON COLUMN raw.command_texts.rest IS 'What follows the program, white space folded, cut at 2,000 bytes.';

CREATE TABLE raw.new_command_texts (command_key UBIGINT NOT NULL, program VARCHAR, rest VARCHAR);
COMMENT ON TABLE raw.new_command_texts IS 'Commands met by the running ingest; empty otherwise.';
COMMENT ON COLUMN raw.new_command_texts.command_key IS 'Hash of program and rest.';
COMMENT ON COLUMN raw.new_command_texts.program IS 'Program, lower case.';
COMMENT ON COLUMN raw.new_command_texts.rest IS 'What follows the program.';

CREATE TABLE raw.problems (
    source_id BIGINT NOT NULL,
    line BIGINT NOT NULL,
    byte_offset BIGINT,
    problem_kind VARCHAR,
    record_type VARCHAR,
    field VARCHAR,
    agent_version VARCHAR,
    occurrence_count BIGINT NOT NULL
);
COMMENT ON TABLE raw.problems IS 'What could not be understood while reading. Never the content.';
COMMENT ON COLUMN raw.problems.source_id IS 'The log file or database the row was read from: raw.sources.';
COMMENT ON COLUMN raw.problems.line IS 'Line in the source, counted from 1; where a format has no lines, the ordinal of the element.';
COMMENT ON COLUMN raw.problems.byte_offset IS 'Offset of the line in bytes.';
COMMENT ON COLUMN raw.problems.problem_kind IS 'unknown_type, unknown_field, bad_json, truncated, oversized, bad_time, orphan_result, bad_encoding.';
COMMENT ON COLUMN raw.problems.record_type IS 'Record type as the log names it.';
COMMENT ON COLUMN raw.problems.field IS 'Field or subtype that was not understood.';
COMMENT ON COLUMN raw.problems.agent_version IS 'Version of the agent as logged.';
COMMENT ON COLUMN raw.problems.occurrence_count IS 'How often in this source.';

CREATE TABLE raw.records (
    source_id BIGINT NOT NULL,
    line BIGINT NOT NULL,
    record_key UBIGINT,
    session_id UBIGINT,
    run_id UBIGINT,
    occurred_at TIMESTAMPTZ
);
COMMENT ON TABLE raw.records IS 'One row per record of a conversation: equal keys are copies.';
COMMENT ON COLUMN raw.records.source_id IS 'The log file or database the row was read from: raw.sources.';
COMMENT ON COLUMN raw.records.line IS 'Line in the source, counted from 1; where a format has no lines, the ordinal of the element.';
COMMENT ON COLUMN raw.records.record_key IS 'Hash of the record''s own id: equal keys are copies of one record.';
COMMENT ON COLUMN raw.records.session_id IS 'The session, by its hash of agent and native id.';
COMMENT ON COLUMN raw.records.run_id IS 'The run (main or sub-agent) that did it.';
COMMENT ON COLUMN raw.records.occurred_at IS 'Instant, UTC.';

CREATE TABLE raw.dead_branches (
    source_id BIGINT NOT NULL,
    line BIGINT NOT NULL,
    last_line BIGINT NOT NULL
);
COMMENT ON TABLE raw.dead_branches IS 'Ranges of lines that the user rewound; still billed.';
COMMENT ON COLUMN raw.dead_branches.source_id IS 'The log file or database the row was read from: raw.sources.';
COMMENT ON COLUMN raw.dead_branches.line IS 'Line in the source, counted from 1; where a format has no lines, the ordinal of the element.';
COMMENT ON COLUMN raw.dead_branches.last_line IS 'Last line.';

CREATE TABLE raw.sessions (
    source_id BIGINT NOT NULL,
    line BIGINT NOT NULL,
    session_id UBIGINT,
    agent VARCHAR,
    native_session_id VARCHAR,
    is_main BOOLEAN NOT NULL,
    agent_version VARCHAR,
    account VARCHAR,
    relation VARCHAR,
    parent_session_id UBIGINT,
    is_marked_copy BOOLEAN NOT NULL,
    workspace VARCHAR,
    git_branch VARCHAR,
    git_commit VARCHAR,
    git_remote VARCHAR,
    entrypoint VARCHAR,
    is_headless BOOLEAN,
    session_kind VARCHAR,
    title VARCHAR,
    is_complete BOOLEAN,
    fidelity VARCHAR,
    has_usage BOOLEAN NOT NULL,
    has_cache_counters BOOLEAN NOT NULL,
    has_tool_status BOOLEAN NOT NULL,
    has_tool_args BOOLEAN NOT NULL,
    has_times BOOLEAN NOT NULL,
    has_compactions BOOLEAN NOT NULL,
    has_api_errors BOOLEAN NOT NULL,
    has_approvals BOOLEAN NOT NULL,
    has_reasoning BOOLEAN NOT NULL,
    reported_cost_usd DECIMAL(18,12),
    replay_until_line BIGINT NOT NULL
);
COMMENT ON TABLE raw.sessions IS 'What each source says of each session.';
COMMENT ON COLUMN raw.sessions.source_id IS 'The log file or database the row was read from: raw.sources.';
COMMENT ON COLUMN raw.sessions.line IS 'Line in the source, counted from 1; where a format has no lines, the ordinal of the element.';
COMMENT ON COLUMN raw.sessions.session_id IS 'The session, by its hash of agent and native id.';
COMMENT ON COLUMN raw.sessions.agent IS 'The agent that wrote the log.';
COMMENT ON COLUMN raw.sessions.native_session_id IS 'The session id as the agent writes it.';
COMMENT ON COLUMN raw.sessions.is_main IS 'Whether the source holds the main run.';
COMMENT ON COLUMN raw.sessions.agent_version IS 'Version of the agent as logged.';
COMMENT ON COLUMN raw.sessions.account IS 'Account, where a log names one by a plain label.';
COMMENT ON COLUMN raw.sessions.relation IS 'resume, fork, continuation or import, as far as the source itself tells.';
COMMENT ON COLUMN raw.sessions.parent_session_id IS 'Session that this one continues or was forked from, as far as the source itself tells.';
COMMENT ON COLUMN raw.sessions.is_marked_copy IS 'The source marks itself as a hand-off copy.';
COMMENT ON COLUMN raw.sessions.workspace IS 'First working directory.';
COMMENT ON COLUMN raw.sessions.git_branch IS 'First branch; HEAD and empty are NULL.';
COMMENT ON COLUMN raw.sessions.git_commit IS 'First commit.';
COMMENT ON COLUMN raw.sessions.git_remote IS 'Remote as host/owner/name, lower case, without credentials.';
COMMENT ON COLUMN raw.sessions.entrypoint IS 'How the agent was started, as logged.';
COMMENT ON COLUMN raw.sessions.is_headless IS 'Started without a person at the terminal.';
COMMENT ON COLUMN raw.sessions.session_kind IS 'user, automation, review, memory, background.';
COMMENT ON COLUMN raw.sessions.title IS 'Title, only where content may be kept.';
COMMENT ON COLUMN raw.sessions.is_complete IS 'Whether the last record was whole.';
COMMENT ON COLUMN raw.sessions.fidelity IS 'full, partial, outline.';
COMMENT ON COLUMN raw.sessions.has_usage IS 'The log can state token counters.';
COMMENT ON COLUMN raw.sessions.has_cache_counters IS 'The log can state cache counters.';
COMMENT ON COLUMN raw.sessions.has_tool_status IS 'The log can state how a tool call ended.';
COMMENT ON COLUMN raw.sessions.has_tool_args IS 'The log carries tool arguments and commands.';
COMMENT ON COLUMN raw.sessions.has_times IS 'The log carries instants.';
COMMENT ON COLUMN raw.sessions.has_compactions IS 'The log reports compactions.';
COMMENT ON COLUMN raw.sessions.has_api_errors IS 'The log reports API errors.';
COMMENT ON COLUMN raw.sessions.has_approvals IS 'The log reports approvals.';
COMMENT ON COLUMN raw.sessions.has_reasoning IS 'The log can state reasoning tokens.';
COMMENT ON COLUMN raw.sessions.reported_cost_usd IS 'Cost as the agent states it, USD; never added to calculated cost.';
COMMENT ON COLUMN raw.sessions.replay_until_line IS 'Lines up to here may replay the parent session, by evidence of this source alone; 0 = no evidence.';

CREATE TABLE raw.runs (
    source_id BIGINT NOT NULL,
    line BIGINT NOT NULL,
    run_id UBIGINT,
    session_id UBIGINT,
    own_session_id UBIGINT,
    parent_run_id UBIGINT,
    spawn_tool_call_id UBIGINT,
    depth BIGINT,
    run_kind VARCHAR,
    agent_type VARCHAR,
    native_run_id VARCHAR,
    is_background BOOLEAN,
    end_state VARCHAR,
    last_line BIGINT NOT NULL
);
COMMENT ON TABLE raw.runs IS 'What each source says of each run.';
COMMENT ON COLUMN raw.runs.source_id IS 'The log file or database the row was read from: raw.sources.';
COMMENT ON COLUMN raw.runs.line IS 'Line in the source, counted from 1; where a format has no lines, the ordinal of the element.';
COMMENT ON COLUMN raw.runs.run_id IS 'The run.';
COMMENT ON COLUMN raw.runs.session_id IS 'The session, by its hash of agent and native id.';
COMMENT ON COLUMN raw.runs.own_session_id IS 'The id this run would have as a session of its own.';
COMMENT ON COLUMN raw.runs.parent_run_id IS 'Run that started this one.';
COMMENT ON COLUMN raw.runs.spawn_tool_call_id IS 'Tool call that started this run.';
COMMENT ON COLUMN raw.runs.depth IS '0 = main run, 1 = its sub-agents, and so on.';
COMMENT ON COLUMN raw.runs.run_kind IS 'main, subagent, side_question, review, compaction, guardian, workflow.';
COMMENT ON COLUMN raw.runs.agent_type IS 'Type of sub-agent as named by its caller.';
COMMENT ON COLUMN raw.runs.native_run_id IS 'The run id as the agent writes it.';
COMMENT ON COLUMN raw.runs.is_background IS 'The caller did not wait for it.';
COMMENT ON COLUMN raw.runs.end_state IS 'How the run ended in this source, by its last record.';
COMMENT ON COLUMN raw.runs.last_line IS 'Last line.';

CREATE TABLE raw.turns (
    source_id BIGINT NOT NULL,
    line BIGINT NOT NULL,
    turn_id UBIGINT,
    session_id UBIGINT,
    run_id UBIGINT,
    native_turn_key UBIGINT,
    seq BIGINT NOT NULL,
    trigger VARCHAR,
    started_at TIMESTAMPTZ,
    ended_at TIMESTAMPTZ,
    duration_reported_ms BIGINT,
    time_to_first_token_ms BIGINT,
    end_reason VARCHAR,
    prompt_char_count BIGINT,
    prompt_hash UBIGINT,
    is_pushback BOOLEAN
);
COMMENT ON TABLE raw.turns IS 'Turns as each source shows them, copies included.';
COMMENT ON COLUMN raw.turns.source_id IS 'The log file or database the row was read from: raw.sources.';
COMMENT ON COLUMN raw.turns.line IS 'Line in the source, counted from 1; where a format has no lines, the ordinal of the element.';
COMMENT ON COLUMN raw.turns.turn_id IS 'The turn.';
COMMENT ON COLUMN raw.turns.session_id IS 'The session, by its hash of agent and native id.';
COMMENT ON COLUMN raw.turns.run_id IS 'The run (main or sub-agent) that did it.';
COMMENT ON COLUMN raw.turns.native_turn_key IS 'Hash of the agent''s own turn id.';
COMMENT ON COLUMN raw.turns.seq IS 'Order within the session: rises in file order, and is near the instant in microseconds, so that files of one session compare.';
COMMENT ON COLUMN raw.turns.trigger IS 'user, queued, command, hook, schedule, parent, continuation.';
COMMENT ON COLUMN raw.turns.started_at IS 'Start, UTC.';
COMMENT ON COLUMN raw.turns.ended_at IS 'End, UTC.';
COMMENT ON COLUMN raw.turns.duration_reported_ms IS 'Duration as the log states it, milliseconds.';
COMMENT ON COLUMN raw.turns.time_to_first_token_ms IS 'Time to first token as the log states it, milliseconds.';
COMMENT ON COLUMN raw.turns.end_reason IS 'answered, interrupted, error, superseded, unknown.';
COMMENT ON COLUMN raw.turns.prompt_char_count IS 'Length of the prompt in Unicode characters.';
COMMENT ON COLUMN raw.turns.prompt_hash IS 'Hash of the prompt.';
COMMENT ON COLUMN raw.turns.is_pushback IS 'The prompt begins with a correction; NULL in a first turn and where the text is not readable.';

CREATE TABLE raw.messages (
    source_id BIGINT NOT NULL,
    line BIGINT NOT NULL,
    message_id UBIGINT,
    session_id UBIGINT,
    run_id UBIGINT,
    turn_id UBIGINT,
    model_call_id UBIGINT,
    seq BIGINT NOT NULL,
    role VARCHAR,
    kind VARCHAR,
    occurred_at TIMESTAMPTZ,
    char_count BIGINT,
    text_hash UBIGINT,
    is_redacted BOOLEAN NOT NULL
);
COMMENT ON TABLE raw.messages IS 'Texts of conversations, copies included: sizes and hashes, no content.';
COMMENT ON COLUMN raw.messages.source_id IS 'The log file or database the row was read from: raw.sources.';
COMMENT ON COLUMN raw.messages.line IS 'Line in the source, counted from 1; where a format has no lines, the ordinal of the element.';
COMMENT ON COLUMN raw.messages.message_id IS 'The message.';
COMMENT ON COLUMN raw.messages.session_id IS 'The session, by its hash of agent and native id.';
COMMENT ON COLUMN raw.messages.run_id IS 'The run (main or sub-agent) that did it.';
COMMENT ON COLUMN raw.messages.turn_id IS 'The turn it belongs to.';
COMMENT ON COLUMN raw.messages.model_call_id IS 'The model call it belongs to.';
COMMENT ON COLUMN raw.messages.seq IS 'Order within the session: rises in file order, and is near the instant in microseconds, so that files of one session compare.';
COMMENT ON COLUMN raw.messages.role IS 'user, assistant, system, tool.';
COMMENT ON COLUMN raw.messages.kind IS 'prompt, text, reasoning, summary, injected, command.';
COMMENT ON COLUMN raw.messages.occurred_at IS 'Instant, UTC.';
COMMENT ON COLUMN raw.messages.char_count IS 'Length in Unicode characters.';
COMMENT ON COLUMN raw.messages.text_hash IS 'Hash of the text.';
COMMENT ON COLUMN raw.messages.is_redacted IS 'Reasoning that is there but cannot be read.';

CREATE TABLE raw.usage_records (
    source_id BIGINT NOT NULL,
    line BIGINT NOT NULL,
    model_call_id UBIGINT,
    uncached_input_tokens BIGINT,
    cache_read_input_tokens BIGINT,
    cache_creation_5m_input_tokens BIGINT,
    cache_creation_1h_input_tokens BIGINT,
    output_tokens BIGINT,
    reasoning_output_tokens BIGINT,
    occurred_at TIMESTAMPTZ,
    reason VARCHAR
);
COMMENT ON TABLE raw.usage_records IS 'Every place where a log states the usage of a request.';
COMMENT ON COLUMN raw.usage_records.source_id IS 'The log file or database the row was read from: raw.sources.';
COMMENT ON COLUMN raw.usage_records.line IS 'Line in the source, counted from 1; where a format has no lines, the ordinal of the element.';
COMMENT ON COLUMN raw.usage_records.model_call_id IS 'The request whose usage this is.';
COMMENT ON COLUMN raw.usage_records.uncached_input_tokens IS 'Input tokens neither read from nor written to a cache.';
COMMENT ON COLUMN raw.usage_records.cache_read_input_tokens IS 'Input tokens read from a cache.';
COMMENT ON COLUMN raw.usage_records.cache_creation_5m_input_tokens IS 'Input tokens written to the short-lived cache.';
COMMENT ON COLUMN raw.usage_records.cache_creation_1h_input_tokens IS 'Input tokens written to the long-lived cache.';
COMMENT ON COLUMN raw.usage_records.output_tokens IS 'Output tokens, reasoning included.';
COMMENT ON COLUMN raw.usage_records.reasoning_output_tokens IS 'Part of output_tokens spent on reasoning.';
COMMENT ON COLUMN raw.usage_records.occurred_at IS 'Instant, UTC.';
COMMENT ON COLUMN raw.usage_records.reason IS 'Why this observation is no call of its own, where the source shows it.';

CREATE TABLE raw.model_calls (
    source_id BIGINT NOT NULL,
    line BIGINT NOT NULL,
    model_call_id UBIGINT,
    request_key UBIGINT,
    session_id UBIGINT,
    run_id UBIGINT,
    turn_id UBIGINT,
    seq BIGINT NOT NULL,
    is_sidechain BOOLEAN NOT NULL,
    provider_name VARCHAR,
    request_model VARCHAR,
    response_model VARCHAR,
    request_id VARCHAR,
    response_id VARCHAR,
    occurred_at TIMESTAMPTZ,
    started_at TIMESTAMPTZ,
    first_token_at TIMESTAMPTZ,
    ended_at TIMESTAMPTZ,
    uncached_input_tokens BIGINT,
    cache_read_input_tokens BIGINT,
    cache_creation_5m_input_tokens BIGINT,
    cache_creation_1h_input_tokens BIGINT,
    output_tokens BIGINT,
    reasoning_output_tokens BIGINT,
    context_window BIGINT,
    service_tier VARCHAR,
    region VARCHAR,
    is_batch BOOLEAN,
    finish_reason VARCHAR,
    status VARCHAR,
    error_type VARCHAR,
    http_status BIGINT,
    attempt BIGINT,
    usage_grain VARCHAR,
    usage_quality VARCHAR,
    dedup_basis VARCHAR,
    observation_count BIGINT NOT NULL,
    reported_cost_usd DECIMAL(18,12)
);
COMMENT ON TABLE raw.model_calls IS 'Requests and responses as each source shows them, copies in other sources included.';
COMMENT ON COLUMN raw.model_calls.source_id IS 'The log file or database the row was read from: raw.sources.';
COMMENT ON COLUMN raw.model_calls.line IS 'Line in the source, counted from 1; where a format has no lines, the ordinal of the element.';
COMMENT ON COLUMN raw.model_calls.model_call_id IS 'The request: hash of agent and response id, or a fingerprint.';
COMMENT ON COLUMN raw.model_calls.request_key IS 'Hash of the request id: tells calls apart whose response id repeats.';
COMMENT ON COLUMN raw.model_calls.session_id IS 'The session, by its hash of agent and native id.';
COMMENT ON COLUMN raw.model_calls.run_id IS 'The run (main or sub-agent) that did it.';
COMMENT ON COLUMN raw.model_calls.turn_id IS 'The turn it belongs to.';
COMMENT ON COLUMN raw.model_calls.seq IS 'Order within the session: rises in file order, and is near the instant in microseconds, so that files of one session compare.';
COMMENT ON COLUMN raw.model_calls.is_sidechain IS 'Seen only in a sub-agent''s records.';
COMMENT ON COLUMN raw.model_calls.provider_name IS 'Provider as logged.';
COMMENT ON COLUMN raw.model_calls.request_model IS 'Model asked for.';
COMMENT ON COLUMN raw.model_calls.response_model IS 'Model that answered, as logged.';
COMMENT ON COLUMN raw.model_calls.request_id IS 'Request id of the provider.';
COMMENT ON COLUMN raw.model_calls.response_id IS 'Response id of the provider.';
COMMENT ON COLUMN raw.model_calls.occurred_at IS 'Instant, UTC.';
COMMENT ON COLUMN raw.model_calls.started_at IS 'Start, UTC.';
COMMENT ON COLUMN raw.model_calls.first_token_at IS 'First token, UTC, only where logged.';
COMMENT ON COLUMN raw.model_calls.ended_at IS 'End, UTC.';
COMMENT ON COLUMN raw.model_calls.uncached_input_tokens IS 'Input tokens neither read from nor written to a cache.';
COMMENT ON COLUMN raw.model_calls.cache_read_input_tokens IS 'Input tokens read from a cache.';
COMMENT ON COLUMN raw.model_calls.cache_creation_5m_input_tokens IS 'Input tokens written to the short-lived cache.';
COMMENT ON COLUMN raw.model_calls.cache_creation_1h_input_tokens IS 'Input tokens written to the long-lived cache.';
COMMENT ON COLUMN raw.model_calls.output_tokens IS 'Output tokens, reasoning included.';
COMMENT ON COLUMN raw.model_calls.reasoning_output_tokens IS 'Part of output_tokens spent on reasoning.';
COMMENT ON COLUMN raw.model_calls.context_window IS 'Context window in tokens, as logged.';
COMMENT ON COLUMN raw.model_calls.service_tier IS 'Service tier, only with evidence.';
COMMENT ON COLUMN raw.model_calls.region IS 'Region, only with evidence.';
COMMENT ON COLUMN raw.model_calls.is_batch IS 'Batch request, only with evidence.';
COMMENT ON COLUMN raw.model_calls.finish_reason IS 'Finish reason as logged.';
COMMENT ON COLUMN raw.model_calls.status IS 'ok, error, interrupted.';
COMMENT ON COLUMN raw.model_calls.error_type IS 'Class of the error.';
COMMENT ON COLUMN raw.model_calls.http_status IS 'HTTP status.';
COMMENT ON COLUMN raw.model_calls.attempt IS 'Attempt number.';
COMMENT ON COLUMN raw.model_calls.usage_grain IS 'call, turn or session: what the counters are a total of.';
COMMENT ON COLUMN raw.model_calls.usage_quality IS 'final, partial, placeholder, rounded, estimated, missing.';
COMMENT ON COLUMN raw.model_calls.dedup_basis IS 'provider_id, fingerprint or position: what the identity rests on.';
COMMENT ON COLUMN raw.model_calls.observation_count IS 'How often the usage of this call stands in this source.';
COMMENT ON COLUMN raw.model_calls.reported_cost_usd IS 'Cost as the agent states it, USD; never added to calculated cost.';

CREATE TABLE raw.tool_calls (
    source_id BIGINT NOT NULL,
    line BIGINT NOT NULL,
    result_line BIGINT,
    tool_call_id UBIGINT,
    session_id UBIGINT,
    run_id UBIGINT,
    turn_id UBIGINT,
    model_call_id UBIGINT,
    seq BIGINT NOT NULL,
    tool_name_raw VARCHAR,
    mcp_server VARCHAR,
    native_call_id VARCHAR,
    args_hash UBIGINT,
    args_norm_hash UBIGINT,
    args_bytes BIGINT,
    target_path VARCHAR,
    range_start BIGINT,
    range_end BIGINT,
    requested_at TIMESTAMPTZ,
    started_at TIMESTAMPTZ,
    ended_at TIMESTAMPTZ,
    duration_ms BIGINT,
    duration_basis VARCHAR,
    status VARCHAR,
    error_type VARCHAR,
    exit_code BIGINT,
    result_bytes BIGINT,
    result_hash UBIGINT,
    is_result_truncated BOOLEAN,
    approval VARCHAR,
    approval_wait_ms BIGINT,
    is_polling BOOLEAN NOT NULL,
    child_run_id UBIGINT
);
COMMENT ON TABLE raw.tool_calls IS 'Tool calls and results as each source shows them, copies included.';
COMMENT ON COLUMN raw.tool_calls.source_id IS 'The log file or database the row was read from: raw.sources.';
COMMENT ON COLUMN raw.tool_calls.line IS 'Line in the source, counted from 1; where a format has no lines, the ordinal of the element.';
COMMENT ON COLUMN raw.tool_calls.result_line IS 'Line of the result.';
COMMENT ON COLUMN raw.tool_calls.tool_call_id IS 'The call: hash of agent and native id.';
COMMENT ON COLUMN raw.tool_calls.session_id IS 'The session, by its hash of agent and native id.';
COMMENT ON COLUMN raw.tool_calls.run_id IS 'The run (main or sub-agent) that did it.';
COMMENT ON COLUMN raw.tool_calls.turn_id IS 'The turn it belongs to.';
COMMENT ON COLUMN raw.tool_calls.model_call_id IS 'The model call it belongs to.';
COMMENT ON COLUMN raw.tool_calls.seq IS 'Order within the session: rises in file order, and is near the instant in microseconds, so that files of one session compare.';
COMMENT ON COLUMN raw.tool_calls.tool_name_raw IS 'Tool name as logged.';
COMMENT ON COLUMN raw.tool_calls.mcp_server IS 'MCP server.';
COMMENT ON COLUMN raw.tool_calls.native_call_id IS 'The call id as the agent writes it.';
COMMENT ON COLUMN raw.tool_calls.args_hash IS 'Hash of tool name and arguments.';
COMMENT ON COLUMN raw.tool_calls.args_norm_hash IS 'The same without arguments that do not change the effect.';
COMMENT ON COLUMN raw.tool_calls.args_bytes IS 'Size of the arguments in bytes.';
COMMENT ON COLUMN raw.tool_calls.target_path IS 'File or folder the call is about.';
COMMENT ON COLUMN raw.tool_calls.range_start IS 'First line of a range.';
COMMENT ON COLUMN raw.tool_calls.range_end IS 'Last line of a range.';
COMMENT ON COLUMN raw.tool_calls.requested_at IS 'When the call was requested, UTC.';
COMMENT ON COLUMN raw.tool_calls.started_at IS 'Start, UTC.';
COMMENT ON COLUMN raw.tool_calls.ended_at IS 'End, UTC.';
COMMENT ON COLUMN raw.tool_calls.duration_ms IS 'Duration in milliseconds.';
COMMENT ON COLUMN raw.tool_calls.duration_basis IS 'reported = by the log; derived = result minus request, approval included.';
COMMENT ON COLUMN raw.tool_calls.status IS 'ok, error, denied, interrupted, no_result, unknown.';
COMMENT ON COLUMN raw.tool_calls.error_type IS 'Class of the error.';
COMMENT ON COLUMN raw.tool_calls.exit_code IS 'Exit code.';
COMMENT ON COLUMN raw.tool_calls.result_bytes IS 'Real size of the result in bytes, also when the log keeps a stub.';
COMMENT ON COLUMN raw.tool_calls.result_hash IS 'Hash of the result without volatile parts.';
COMMENT ON COLUMN raw.tool_calls.is_result_truncated IS 'The log keeps less than the whole result.';
COMMENT ON COLUMN raw.tool_calls.approval IS 'auto, user, denied, rule.';
COMMENT ON COLUMN raw.tool_calls.approval_wait_ms IS 'Wait for the approval, milliseconds.';
COMMENT ON COLUMN raw.tool_calls.is_polling IS 'Only waits, or asks for the state of a job.';
COMMENT ON COLUMN raw.tool_calls.child_run_id IS 'Run that the call started.';

CREATE TABLE raw.commands (
    source_id BIGINT NOT NULL,
    line BIGINT NOT NULL,
    command_id UBIGINT,
    tool_call_id UBIGINT,
    session_id UBIGINT,
    run_id UBIGINT,
    seq BIGINT NOT NULL,
    part_no INTEGER NOT NULL,
    program VARCHAR,
    subcommand VARCHAR,
    command_key UBIGINT,
    command_hash UBIGINT,
    is_piped_into BOOLEAN NOT NULL,
    writes_file BOOLEAN NOT NULL,
    exit_code BIGINT,
    summary VARCHAR,
    failure_signature UBIGINT,
    passed_test_count BIGINT,
    failed_test_count BIGINT
);
COMMENT ON TABLE raw.commands IS 'Simple commands of shell calls.';
COMMENT ON COLUMN raw.commands.source_id IS 'The log file or database the row was read from: raw.sources.';
COMMENT ON COLUMN raw.commands.line IS 'Line in the source, counted from 1; where a format has no lines, the ordinal of the element.';
COMMENT ON COLUMN raw.commands.command_id IS 'The command.';
COMMENT ON COLUMN raw.commands.tool_call_id IS 'The tool call it belongs to.';
COMMENT ON COLUMN raw.commands.session_id IS 'The session, by its hash of agent and native id.';
COMMENT ON COLUMN raw.commands.run_id IS 'The run (main or sub-agent) that did it.';
COMMENT ON COLUMN raw.commands.seq IS 'Order within the session: rises in file order, and is near the instant in microseconds, so that files of one session compare.';
COMMENT ON COLUMN raw.commands.part_no IS 'Position in the shell call, from 0.';
COMMENT ON COLUMN raw.commands.program IS 'Program, lower case, without path and extension.';
COMMENT ON COLUMN raw.commands.subcommand IS 'Subcommand.';
COMMENT ON COLUMN raw.commands.command_key IS 'Hash of program and rest, as the rules see them: raw.command_texts.';
COMMENT ON COLUMN raw.commands.command_hash IS 'Hash of the command with white space folded.';
COMMENT ON COLUMN raw.commands.is_piped_into IS 'Stands behind a pipe.';
COMMENT ON COLUMN raw.commands.writes_file IS 'Redirects into a file other than the null device.';
COMMENT ON COLUMN raw.commands.exit_code IS 'Exit code.';
COMMENT ON COLUMN raw.commands.summary IS 'pass, fail or blocked by a summary in the output.';
COMMENT ON COLUMN raw.commands.failure_signature IS 'Hash of the error lines without numbers and paths that vary.';
COMMENT ON COLUMN raw.commands.passed_test_count IS 'Tests passed, by the output.';
COMMENT ON COLUMN raw.commands.failed_test_count IS 'Tests failed, by the output.';

CREATE TABLE raw.file_changes (
    source_id BIGINT NOT NULL,
    line BIGINT NOT NULL,
    file_change_id UBIGINT,
    session_id UBIGINT,
    run_id UBIGINT,
    turn_id UBIGINT,
    tool_call_id UBIGINT,
    seq BIGINT NOT NULL,
    path VARCHAR,
    op VARCHAR,
    is_applied BOOLEAN,
    file_role VARCHAR,
    is_in_workspace BOOLEAN,
    added_line_count BIGINT,
    removed_line_count BIGINT,
    self_removed_line_count BIGINT,
    before_hash UBIGINT,
    after_hash UBIGINT,
    basis VARCHAR
);
COMMENT ON TABLE raw.file_changes IS 'Changes of files.';
COMMENT ON COLUMN raw.file_changes.source_id IS 'The log file or database the row was read from: raw.sources.';
COMMENT ON COLUMN raw.file_changes.line IS 'Line in the source, counted from 1; where a format has no lines, the ordinal of the element.';
COMMENT ON COLUMN raw.file_changes.file_change_id IS 'The change.';
COMMENT ON COLUMN raw.file_changes.session_id IS 'The session, by its hash of agent and native id.';
COMMENT ON COLUMN raw.file_changes.run_id IS 'The run (main or sub-agent) that did it.';
COMMENT ON COLUMN raw.file_changes.turn_id IS 'The turn it belongs to.';
COMMENT ON COLUMN raw.file_changes.tool_call_id IS 'The tool call it belongs to.';
COMMENT ON COLUMN raw.file_changes.seq IS 'Order within the session: rises in file order, and is near the instant in microseconds, so that files of one session compare.';
COMMENT ON COLUMN raw.file_changes.path IS 'Path as logged.';
COMMENT ON COLUMN raw.file_changes.op IS 'create, modify, delete, move.';
COMMENT ON COLUMN raw.file_changes.is_applied IS 'Whether it took effect; NULL = no result seen.';
COMMENT ON COLUMN raw.file_changes.file_role IS 'code, test, config, doc, data, generated.';
COMMENT ON COLUMN raw.file_changes.is_in_workspace IS 'Inside the working directory.';
COMMENT ON COLUMN raw.file_changes.added_line_count IS 'Lines added.';
COMMENT ON COLUMN raw.file_changes.removed_line_count IS 'Lines removed.';
COMMENT ON COLUMN raw.file_changes.self_removed_line_count IS 'Removed lines that the session itself had added.';
COMMENT ON COLUMN raw.file_changes.before_hash IS 'Hash of the whole file before, when known.';
COMMENT ON COLUMN raw.file_changes.after_hash IS 'Hash of the whole file after, when known.';
COMMENT ON COLUMN raw.file_changes.basis IS 'tool_args, patch, shell, snapshot, vcs.';

CREATE TABLE raw.file_reads (
    source_id BIGINT NOT NULL,
    line BIGINT NOT NULL,
    session_id UBIGINT,
    run_id UBIGINT,
    tool_call_id UBIGINT,
    seq BIGINT NOT NULL,
    path VARCHAR,
    range_start BIGINT,
    range_end BIGINT,
    basis VARCHAR
);
COMMENT ON TABLE raw.file_reads IS 'Files read.';
COMMENT ON COLUMN raw.file_reads.source_id IS 'The log file or database the row was read from: raw.sources.';
COMMENT ON COLUMN raw.file_reads.line IS 'Line in the source, counted from 1; where a format has no lines, the ordinal of the element.';
COMMENT ON COLUMN raw.file_reads.session_id IS 'The session, by its hash of agent and native id.';
COMMENT ON COLUMN raw.file_reads.run_id IS 'The run (main or sub-agent) that did it.';
COMMENT ON COLUMN raw.file_reads.tool_call_id IS 'The tool call it belongs to.';
COMMENT ON COLUMN raw.file_reads.seq IS 'Order within the session: rises in file order, and is near the instant in microseconds, so that files of one session compare.';
COMMENT ON COLUMN raw.file_reads.path IS 'Path as logged.';
COMMENT ON COLUMN raw.file_reads.range_start IS 'First line of a range.';
COMMENT ON COLUMN raw.file_reads.range_end IS 'Last line of a range.';
COMMENT ON COLUMN raw.file_reads.basis IS 'tool_args, shell_parse, search_result, attachment.';

CREATE TABLE raw.events (
    source_id BIGINT NOT NULL,
    line BIGINT NOT NULL,
    event_id UBIGINT,
    session_id UBIGINT,
    run_id UBIGINT,
    turn_id UBIGINT,
    seq BIGINT NOT NULL,
    occurred_at TIMESTAMPTZ,
    event VARCHAR,
    tokens_before BIGINT,
    tokens_after BIGINT,
    duration_ms BIGINT,
    detail VARCHAR
);
COMMENT ON TABLE raw.events IS 'Interrupts, compactions, hooks, changes of model and mode.';
COMMENT ON COLUMN raw.events.source_id IS 'The log file or database the row was read from: raw.sources.';
COMMENT ON COLUMN raw.events.line IS 'Line in the source, counted from 1; where a format has no lines, the ordinal of the element.';
COMMENT ON COLUMN raw.events.event_id IS 'The event.';
COMMENT ON COLUMN raw.events.session_id IS 'The session, by its hash of agent and native id.';
COMMENT ON COLUMN raw.events.run_id IS 'The run (main or sub-agent) that did it.';
COMMENT ON COLUMN raw.events.turn_id IS 'The turn it belongs to.';
COMMENT ON COLUMN raw.events.seq IS 'Order within the session: rises in file order, and is near the instant in microseconds, so that files of one session compare.';
COMMENT ON COLUMN raw.events.occurred_at IS 'Instant, UTC.';
COMMENT ON COLUMN raw.events.event IS 'interrupt, approval_requested, approval_resolved, compaction, compaction_start, compaction_end, model_changed, mode_changed, hook, rewind, limit_seen, version_changed, workspace_changed, branch_changed.';
COMMENT ON COLUMN raw.events.tokens_before IS 'Context in tokens before.';
COMMENT ON COLUMN raw.events.tokens_after IS 'Context in tokens after.';
COMMENT ON COLUMN raw.events.duration_ms IS 'Duration in milliseconds.';
COMMENT ON COLUMN raw.events.detail IS 'A name or short class, never content.';

CREATE TABLE raw.errors (
    source_id BIGINT NOT NULL,
    line BIGINT NOT NULL,
    error_id UBIGINT,
    session_id UBIGINT,
    run_id UBIGINT,
    turn_id UBIGINT,
    seq BIGINT NOT NULL,
    occurred_at TIMESTAMPTZ,
    source VARCHAR,
    error_type VARCHAR,
    http_status BIGINT,
    retry_after_ms BIGINT,
    attempt BIGINT,
    is_final BOOLEAN,
    message_hash UBIGINT
);
COMMENT ON TABLE raw.errors IS 'Failures of provider, tools, hooks and agent.';
COMMENT ON COLUMN raw.errors.source_id IS 'The log file or database the row was read from: raw.sources.';
COMMENT ON COLUMN raw.errors.line IS 'Line in the source, counted from 1; where a format has no lines, the ordinal of the element.';
COMMENT ON COLUMN raw.errors.error_id IS 'The error.';
COMMENT ON COLUMN raw.errors.session_id IS 'The session, by its hash of agent and native id.';
COMMENT ON COLUMN raw.errors.run_id IS 'The run (main or sub-agent) that did it.';
COMMENT ON COLUMN raw.errors.turn_id IS 'The turn it belongs to.';
COMMENT ON COLUMN raw.errors.seq IS 'Order within the session: rises in file order, and is near the instant in microseconds, so that files of one session compare.';
COMMENT ON COLUMN raw.errors.occurred_at IS 'Instant, UTC.';
COMMENT ON COLUMN raw.errors.source IS 'api, tool, agent, hook.';
COMMENT ON COLUMN raw.errors.error_type IS 'Class of the error.';
COMMENT ON COLUMN raw.errors.http_status IS 'HTTP status.';
COMMENT ON COLUMN raw.errors.retry_after_ms IS 'Wait before the next attempt, milliseconds.';
COMMENT ON COLUMN raw.errors.attempt IS 'Attempt number.';
COMMENT ON COLUMN raw.errors.is_final IS 'No further attempt was made.';
COMMENT ON COLUMN raw.errors.message_hash IS 'Hash of the message.';

CREATE TABLE raw.texts (
    source_id BIGINT NOT NULL,
    line BIGINT NOT NULL,
    owner_kind VARCHAR,
    owner_id UBIGINT,
    part VARCHAR,
    body VARCHAR,
    is_whole BOOLEAN NOT NULL
);
COMMENT ON TABLE raw.texts IS 'Previews of content, or all of it; empty in a store without content.';
COMMENT ON COLUMN raw.texts.source_id IS 'The log file or database the row was read from: raw.sources.';
COMMENT ON COLUMN raw.texts.line IS 'Line in the source, counted from 1; where a format has no lines, the ordinal of the element.';
COMMENT ON COLUMN raw.texts.owner_kind IS 'message or tool_call.';
COMMENT ON COLUMN raw.texts.owner_id IS 'The message or tool call.';
COMMENT ON COLUMN raw.texts.part IS 'text, args or result.';
COMMENT ON COLUMN raw.texts.body IS 'The text, as much as the content setting keeps.';
COMMENT ON COLUMN raw.texts.is_whole IS 'Nothing was cut.';
-- A call seen in several places has one merged row, with the columns of its table.
CREATE TABLE raw.merged_model_calls AS SELECT * FROM raw.model_calls LIMIT 0;
COMMENT ON TABLE raw.merged_model_calls IS 'One row for each model call that several places show: every counter the largest seen, the place that of its owner.';
CREATE TABLE raw.merged_tool_calls AS SELECT * FROM raw.tool_calls LIMIT 0;
COMMENT ON TABLE raw.merged_tool_calls IS 'One row for each tool call that several places show.';
COMMENT ON COLUMN raw.merged_model_calls.source_id IS 'The log file or database the row was read from: raw.sources.';
COMMENT ON COLUMN raw.merged_model_calls.line IS 'Line in the source, counted from 1; where a format has no lines, the ordinal of the element.';
COMMENT ON COLUMN raw.merged_model_calls.model_call_id IS 'The request: hash of agent and response id, or a fingerprint.';
COMMENT ON COLUMN raw.merged_model_calls.request_key IS 'Hash of the request id: tells calls apart whose response id repeats.';
COMMENT ON COLUMN raw.merged_model_calls.session_id IS 'The session, by its hash of agent and native id.';
COMMENT ON COLUMN raw.merged_model_calls.run_id IS 'The run (main or sub-agent) that did it.';
COMMENT ON COLUMN raw.merged_model_calls.turn_id IS 'The turn it belongs to.';
COMMENT ON COLUMN raw.merged_model_calls.seq IS 'Order within the session: rises in file order, and is near the instant in microseconds, so that files of one session compare.';
COMMENT ON COLUMN raw.merged_model_calls.is_sidechain IS 'Seen only in a sub-agent''s records.';
COMMENT ON COLUMN raw.merged_model_calls.provider_name IS 'Provider as logged.';
COMMENT ON COLUMN raw.merged_model_calls.request_model IS 'Model asked for.';
COMMENT ON COLUMN raw.merged_model_calls.response_model IS 'Model that answered, as logged.';
COMMENT ON COLUMN raw.merged_model_calls.request_id IS 'Request id of the provider.';
COMMENT ON COLUMN raw.merged_model_calls.response_id IS 'Response id of the provider.';
COMMENT ON COLUMN raw.merged_model_calls.occurred_at IS 'Instant, UTC.';
COMMENT ON COLUMN raw.merged_model_calls.started_at IS 'Start, UTC.';
COMMENT ON COLUMN raw.merged_model_calls.first_token_at IS 'First token, UTC, only where logged.';
COMMENT ON COLUMN raw.merged_model_calls.ended_at IS 'End, UTC.';
COMMENT ON COLUMN raw.merged_model_calls.uncached_input_tokens IS 'Input tokens neither read from nor written to a cache.';
COMMENT ON COLUMN raw.merged_model_calls.cache_read_input_tokens IS 'Input tokens read from a cache.';
COMMENT ON COLUMN raw.merged_model_calls.cache_creation_5m_input_tokens IS 'Input tokens written to the short-lived cache.';
COMMENT ON COLUMN raw.merged_model_calls.cache_creation_1h_input_tokens IS 'Input tokens written to the long-lived cache.';
COMMENT ON COLUMN raw.merged_model_calls.output_tokens IS 'Output tokens, reasoning included.';
COMMENT ON COLUMN raw.merged_model_calls.reasoning_output_tokens IS 'Part of output_tokens spent on reasoning.';
COMMENT ON COLUMN raw.merged_model_calls.context_window IS 'Context window in tokens, as logged.';
COMMENT ON COLUMN raw.merged_model_calls.service_tier IS 'Service tier, only with evidence.';
COMMENT ON COLUMN raw.merged_model_calls.region IS 'Region, only with evidence.';
COMMENT ON COLUMN raw.merged_model_calls.is_batch IS 'Batch request, only with evidence.';
COMMENT ON COLUMN raw.merged_model_calls.finish_reason IS 'Finish reason as logged.';
COMMENT ON COLUMN raw.merged_model_calls.status IS 'ok, error, interrupted.';
COMMENT ON COLUMN raw.merged_model_calls.error_type IS 'Class of the error.';
COMMENT ON COLUMN raw.merged_model_calls.http_status IS 'HTTP status.';
COMMENT ON COLUMN raw.merged_model_calls.attempt IS 'Attempt number.';
COMMENT ON COLUMN raw.merged_model_calls.usage_grain IS 'call, turn or session: what the counters are a total of.';
COMMENT ON COLUMN raw.merged_model_calls.usage_quality IS 'final, partial, placeholder, rounded, estimated, missing.';
COMMENT ON COLUMN raw.merged_model_calls.dedup_basis IS 'provider_id, fingerprint or position: what the identity rests on.';
COMMENT ON COLUMN raw.merged_model_calls.observation_count IS 'How often the usage of this call stands in this source.';
COMMENT ON COLUMN raw.merged_model_calls.reported_cost_usd IS 'Cost as the agent states it, USD; never added to calculated cost.';
COMMENT ON COLUMN raw.merged_tool_calls.source_id IS 'The log file or database the row was read from: raw.sources.';
COMMENT ON COLUMN raw.merged_tool_calls.line IS 'Line in the source, counted from 1; where a format has no lines, the ordinal of the element.';
COMMENT ON COLUMN raw.merged_tool_calls.result_line IS 'Line of the result.';
COMMENT ON COLUMN raw.merged_tool_calls.tool_call_id IS 'The call: hash of agent and native id.';
COMMENT ON COLUMN raw.merged_tool_calls.session_id IS 'The session, by its hash of agent and native id.';
COMMENT ON COLUMN raw.merged_tool_calls.run_id IS 'The run (main or sub-agent) that did it.';
COMMENT ON COLUMN raw.merged_tool_calls.turn_id IS 'The turn it belongs to.';
COMMENT ON COLUMN raw.merged_tool_calls.model_call_id IS 'The model call it belongs to.';
COMMENT ON COLUMN raw.merged_tool_calls.seq IS 'Order within the session: rises in file order, and is near the instant in microseconds, so that files of one session compare.';
COMMENT ON COLUMN raw.merged_tool_calls.tool_name_raw IS 'Tool name as logged.';
COMMENT ON COLUMN raw.merged_tool_calls.mcp_server IS 'MCP server.';
COMMENT ON COLUMN raw.merged_tool_calls.native_call_id IS 'The call id as the agent writes it.';
COMMENT ON COLUMN raw.merged_tool_calls.args_hash IS 'Hash of tool name and arguments.';
COMMENT ON COLUMN raw.merged_tool_calls.args_norm_hash IS 'The same without arguments that do not change the effect.';
COMMENT ON COLUMN raw.merged_tool_calls.args_bytes IS 'Size of the arguments in bytes.';
COMMENT ON COLUMN raw.merged_tool_calls.target_path IS 'File or folder the call is about.';
COMMENT ON COLUMN raw.merged_tool_calls.range_start IS 'First line of a range.';
COMMENT ON COLUMN raw.merged_tool_calls.range_end IS 'Last line of a range.';
COMMENT ON COLUMN raw.merged_tool_calls.requested_at IS 'When the call was requested, UTC.';
COMMENT ON COLUMN raw.merged_tool_calls.started_at IS 'Start, UTC.';
COMMENT ON COLUMN raw.merged_tool_calls.ended_at IS 'End, UTC.';
COMMENT ON COLUMN raw.merged_tool_calls.duration_ms IS 'Duration in milliseconds.';
COMMENT ON COLUMN raw.merged_tool_calls.duration_basis IS 'reported = by the log; derived = result minus request, approval included.';
COMMENT ON COLUMN raw.merged_tool_calls.status IS 'ok, error, denied, interrupted, no_result, unknown.';
COMMENT ON COLUMN raw.merged_tool_calls.error_type IS 'Class of the error.';
COMMENT ON COLUMN raw.merged_tool_calls.exit_code IS 'Exit code.';
COMMENT ON COLUMN raw.merged_tool_calls.result_bytes IS 'Real size of the result in bytes, also when the log keeps a stub.';
COMMENT ON COLUMN raw.merged_tool_calls.result_hash IS 'Hash of the result without volatile parts.';
COMMENT ON COLUMN raw.merged_tool_calls.is_result_truncated IS 'The log keeps less than the whole result.';
COMMENT ON COLUMN raw.merged_tool_calls.approval IS 'auto, user, denied, rule.';
COMMENT ON COLUMN raw.merged_tool_calls.approval_wait_ms IS 'Wait for the approval, milliseconds.';
COMMENT ON COLUMN raw.merged_tool_calls.is_polling IS 'Only waits, or asks for the state of a job.';
COMMENT ON COLUMN raw.merged_tool_calls.child_run_id IS 'Run that the call started.';

CREATE TABLE raw.lineage (session_id UBIGINT NOT NULL, parent_session_id UBIGINT NOT NULL, relation VARCHAR NOT NULL, root_session_id UBIGINT NOT NULL, shared_record_count BIGINT NOT NULL);
COMMENT ON TABLE raw.lineage IS 'Which session continues or copies which, found by the records they share or by what they say themselves.';
COMMENT ON COLUMN raw.lineage.session_id IS 'The session.';
COMMENT ON COLUMN raw.lineage.parent_session_id IS 'The session it comes from.';
COMMENT ON COLUMN raw.lineage.relation IS 'resume, fork, continuation, import.';
COMMENT ON COLUMN raw.lineage.root_session_id IS 'The first session of the family.';
COMMENT ON COLUMN raw.lineage.shared_record_count IS 'Records of the parent that it repeats.';

-- What of each source counts: its rows without the copies. Kept facts are derived from these.
CREATE VIEW raw.own_records AS SELECT r.* FROM raw.records AS r ANTI JOIN raw.copies AS c USING (source_id, line);
CREATE VIEW raw.own_turns AS SELECT t.* FROM raw.turns AS t ANTI JOIN raw.copies AS c USING (source_id, line);
CREATE VIEW raw.own_runs AS SELECT * FROM raw.runs;
CREATE VIEW raw.own_copied_runs AS SELECT DISTINCT r.session_id, r.run_id FROM raw.records AS r SEMI JOIN raw.copies AS c USING (source_id, line);
CREATE VIEW raw.own_sessions AS SELECT s.*, x.machine_id FROM raw.sessions AS s JOIN raw.sources AS x USING (source_id);
CREATE VIEW raw.own_spawns AS SELECT session_id, child_run_id, tool_call_id FROM raw.tool_calls WHERE child_run_id IS NOT NULL;
CREATE VIEW raw.own_lineage AS SELECT * FROM raw.lineage;
CREATE VIEW raw.usage_observations AS
SELECT u.source_id, u.line, lower(hex(u.model_call_id)) AS model_call_id,
    (m.line IS NOT NULL AND c.line IS NULL AND (k.line IS NULL OR o.line IS NOT NULL)) AS is_chosen,
    u.uncached_input_tokens, u.cache_read_input_tokens, u.cache_creation_5m_input_tokens, u.cache_creation_1h_input_tokens,
    u.output_tokens, u.reasoning_output_tokens, u.occurred_at,
    coalesce(u.reason, CASE WHEN c.line IS NOT NULL THEN 'copied_record' WHEN k.line IS NOT NULL AND o.line IS NULL THEN 'copied_call' END) AS reason
FROM raw.usage_records AS u
LEFT JOIN raw.model_calls AS m USING (source_id, line, model_call_id)
LEFT JOIN raw.copies AS c USING (source_id, line)
LEFT JOIN (SELECT source_id, line, call_id FROM raw.call_copies WHERE kind = 'model') AS k
    ON k.source_id = u.source_id AND k.line = u.line AND k.call_id = u.model_call_id
LEFT JOIN raw.merged_model_calls AS o ON o.source_id = u.source_id AND o.line = u.line AND o.model_call_id = u.model_call_id;
COMMENT ON VIEW raw.usage_observations IS 'Every place where a log states the usage of a request, and whether it is the one that is counted.';
