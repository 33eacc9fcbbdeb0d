-- summary: Turns: a prompt and all that follows until the next.
-- grain: turn_id
-- status: current
-- since: 0.1.0
-- kept: facts
-- columns:
--   turn_id                 The turn.
--   session_id              Its session.
--   run_id                  Its run.
--   turn_no                 Number in its run, from 1.
--   seq                     Order within the session.
--   trigger                 user, queued, command, hook, schedule, parent, continuation.
--   started_at              The prompt's instant, UTC.
--   ended_at                The turn's last instant, UTC.
--   duration_reported_ms    Duration as the log states it, milliseconds.
--   time_to_first_token_ms  As the log states it, milliseconds.
--   end_reason              answered, interrupted, error, superseded, unknown.
--   prompt_char_count       Length of the prompt in characters.
--   prompt_hash             Hash of the prompt.
--   is_pushback             The prompt begins with a correction; NULL in the first turn and where the text is not readable.
--   source_id               File.
--   line                    Line.
WITH once AS (
    SELECT *
    FROM own_turns
    QUALIFY row_number() OVER (PARTITION BY turn_id ORDER BY source_id, line) = 1
)

SELECT
    turn_id,
    session_id,
    run_id,
    row_number() OVER (PARTITION BY run_id ORDER BY seq, source_id, line)::INTEGER AS turn_no,
    seq,
    coalesce(trigger, 'user') AS trigger,
    started_at,
    ended_at,
    duration_reported_ms,
    time_to_first_token_ms,
    coalesce(end_reason, 'unknown') AS end_reason,
    prompt_char_count,
    prompt_hash,
    is_pushback,
    source_id,
    line
FROM once
