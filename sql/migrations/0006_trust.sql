-- What a user had removed, and what was found that should not stand in a log.

CREATE TABLE raw.forgotten_sessions (session_id UBIGINT NOT NULL, forgotten_at TIMESTAMPTZ NOT NULL);
COMMENT ON TABLE raw.forgotten_sessions IS 'Sessions that agenttrace forget removed: their logs may lie there still, and are not taken in again.';
COMMENT ON COLUMN raw.forgotten_sessions.session_id IS 'The session, by its hash of agent and native id: nothing else is left of it.';
COMMENT ON COLUMN raw.forgotten_sessions.forgotten_at IS 'When it was removed, UTC.';

CREATE TABLE raw.secret_findings (
    source_id BIGINT NOT NULL,
    line BIGINT NOT NULL,
    session_id UBIGINT,
    owner_id UBIGINT,
    location VARCHAR NOT NULL,
    rule_id VARCHAR NOT NULL,
    rules_version INTEGER NOT NULL,
    value_hash UBIGINT NOT NULL,
    confidence VARCHAR NOT NULL,
    occurrence_count BIGINT NOT NULL
);
COMMENT ON TABLE raw.secret_findings IS 'Where secrets stand in the logs, found when asked for. Never the value.';
COMMENT ON COLUMN raw.secret_findings.source_id IS 'The log file or database that holds it: raw.sources.';
COMMENT ON COLUMN raw.secret_findings.line IS 'Line in the source, counted from 1; where a format has no lines, the ordinal of the element.';
COMMENT ON COLUMN raw.secret_findings.session_id IS 'The session, where the place belongs to one.';
COMMENT ON COLUMN raw.secret_findings.owner_id IS 'The message or tool call that holds it.';
COMMENT ON COLUMN raw.secret_findings.location IS 'prompt, answer, tool_args, tool_result, file (elsewhere in the log).';
COMMENT ON COLUMN raw.secret_findings.rule_id IS 'Kind of secret: the rule that found it.';
COMMENT ON COLUMN raw.secret_findings.rules_version IS 'Version of the rules.';
COMMENT ON COLUMN raw.secret_findings.value_hash IS 'Hash of the value with a key of this store: tells equal secrets, and not what they are.';
COMMENT ON COLUMN raw.secret_findings.confidence IS 'high: the form proves it; medium: it stands beside a telling name; low: it may be a sample or a word.';
COMMENT ON COLUMN raw.secret_findings.occurrence_count IS 'How often in this line.';

CREATE TABLE raw.secret_scans (source_id BIGINT NOT NULL, rules_version INTEGER NOT NULL, size_bytes BIGINT NOT NULL, modified_at TIMESTAMPTZ, tail_hash VARCHAR, scanned_at TIMESTAMPTZ NOT NULL);
COMMENT ON TABLE raw.secret_scans IS 'Which sources were searched for secrets, and as what they were then.';
COMMENT ON COLUMN raw.secret_scans.source_id IS 'The source.';
COMMENT ON COLUMN raw.secret_scans.rules_version IS 'Version of the rules.';
COMMENT ON COLUMN raw.secret_scans.size_bytes IS 'Its size then.';
COMMENT ON COLUMN raw.secret_scans.modified_at IS 'Its modification time then, UTC.';
COMMENT ON COLUMN raw.secret_scans.tail_hash IS 'Its tail then.';
COMMENT ON COLUMN raw.secret_scans.scanned_at IS 'When it was searched, UTC.';
