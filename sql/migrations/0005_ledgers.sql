-- Agents that write down the same requests, or the same session, in several places: one counts.

CREATE TABLE raw.ledgers (
    source_id BIGINT NOT NULL,
    line BIGINT NOT NULL,
    session_id UBIGINT,
    whole_run_id UBIGINT,
    rank BIGINT NOT NULL
);
COMMENT ON TABLE raw.ledgers IS 'Sources that keep account of the requests of a session, or tell a whole run, as other sources may do too.';
COMMENT ON COLUMN raw.ledgers.source_id IS 'The log file or database the row was read from: raw.sources.';
COMMENT ON COLUMN raw.ledgers.line IS 'Line in the source, counted from 1; where a format has no lines, the ordinal of the element.';
COMMENT ON COLUMN raw.ledgers.session_id IS 'The session, by its hash of agent and native id.';
COMMENT ON COLUMN raw.ledgers.whole_run_id IS 'The run that is told as a whole; NULL = only requests are.';
COMMENT ON COLUMN raw.ledgers.rank IS 'Which of several is taken: the lowest; of accounts of requests, of those that state the most.';
