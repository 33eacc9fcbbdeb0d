-- summary: One row per request to a model and its response, whichever files show it and how often.
-- grain: model_call_id
-- status: current
-- since: 0.1.0
-- columns:
--   model_call_id                   The call.
--   session_id                      Its session.
--   run_id                          Its run.
--   turn_id                         Its turn.
--   seq                             Order within the session.
--   provider_name                   Provider as logged.
--   request_model                   Model asked for, as logged.
--   response_model                  Model that answered, as logged; else the one asked for.
--   model                           Model after resolving names; NULL = not known to the price book.
--   price_provider                  Provider in the price book; NULL = unpriced.
--   price_model                     Model in the price book; NULL = unpriced.
--   price_effects                   Effects of the name on the price.
--   request_id                      Request id of the provider.
--   response_id                     Response id of the provider.
--   occurred_at                     Instant for prices and periods, UTC.
--   started_at                      Start, UTC, only where logged.
--   first_token_at                  First token, UTC, only where logged.
--   ended_at                        End, UTC, only where logged.
--   uncached_input_tokens           Input neither read from nor written to a cache.
--   cache_read_input_tokens         Input read from a cache.
--   cache_creation_5m_input_tokens  Input written to the short-lived cache.
--   cache_creation_1h_input_tokens  Input written to the long-lived cache.
--   output_tokens                   Output, reasoning included.
--   reasoning_output_tokens         Part of output spent on reasoning.
--   input_tokens                    All input, cached included: the sum of the four; NULL if the log gives none.
--   context_window                  Context window in tokens, as logged.
--   service_tier                    Service tier, with evidence.
--   region                          Region, with evidence.
--   is_batch                        Batch request, with evidence.
--   finish_reason                   Finish reason as logged.
--   status                          ok, error, interrupted.
--   error_type                      Class of error.
--   http_status                     HTTP status.
--   attempt                         Attempt number.
--   usage_grain                     call, turn, session: what the counters are a total of.
--   usage_quality                   final, partial, placeholder, rounded, estimated, missing.
--   dedup_basis                     provider_id, fingerprint, position.
--   observation_count               How often the log states this usage.
--   reported_cost_usd               Cost as the agent states it, USD.
--   source_id                       File.
--   line                            Line that the counters are taken from.
WITH every AS (
    -- Copies are taken out last, and by one condition: see tool_calls.
    SELECT *, source_id AS copy_source_id FROM raw.model_calls
    UNION ALL BY NAME
    SELECT *, NULL AS copy_source_id FROM raw.merged_model_calls
)

SELECT
    m.model_call_id,
    m.session_id,
    m.run_id,
    m.turn_id,
    m.seq,
    m.provider_name,
    m.request_model,
    coalesce(m.response_model, m.request_model) AS response_model,
    n.model,
    n.price_provider,
    n.price_model,
    n.price_effects,
    m.request_id,
    m.response_id,
    m.occurred_at,
    m.started_at,
    m.first_token_at,
    m.ended_at,
    m.uncached_input_tokens,
    m.cache_read_input_tokens,
    m.cache_creation_5m_input_tokens,
    m.cache_creation_1h_input_tokens,
    m.output_tokens,
    m.reasoning_output_tokens,
    CASE
        WHEN coalesce(
            m.uncached_input_tokens, m.cache_read_input_tokens, m.cache_creation_5m_input_tokens, m.cache_creation_1h_input_tokens
        ) IS NOT NULL
            THEN coalesce(m.uncached_input_tokens, 0) + coalesce(m.cache_read_input_tokens, 0)
                + coalesce(m.cache_creation_5m_input_tokens, 0) + coalesce(m.cache_creation_1h_input_tokens, 0)
    END AS input_tokens,
    m.context_window,
    m.service_tier,
    m.region,
    m.is_batch,
    m.finish_reason,
    m.status,
    m.error_type,
    m.http_status::INTEGER AS http_status,
    m.attempt::INTEGER AS attempt,
    m.usage_grain,
    m.usage_quality,
    m.dedup_basis,
    m.observation_count::INTEGER AS observation_count,
    m.reported_cost_usd::DECIMAL(24, 12) AS reported_cost_usd,
    m.source_id,
    m.line
FROM every AS m
LEFT JOIN raw.model_names AS n
    -- Written as comparisons of one side with the other, so that it is a hash join.
    ON n.raw_model = coalesce(m.response_model, m.request_model)
    AND coalesce(n.provider_name, '') = coalesce(m.provider_name, '')
    AND coalesce(n.valid_from, '-infinity'::TIMESTAMPTZ) <= coalesce(m.occurred_at, '-infinity'::TIMESTAMPTZ)
    AND coalesce(n.valid_to, 'infinity'::TIMESTAMPTZ) > coalesce(m.occurred_at, '-infinity'::TIMESTAMPTZ)
LEFT JOIN (SELECT source_id, line, call_id FROM raw.call_copies WHERE kind = 'model') AS k
    ON k.source_id = m.copy_source_id AND k.line = m.line AND k.call_id = m.model_call_id
LEFT JOIN raw.copies AS c ON c.source_id = m.copy_source_id AND c.line = m.line
WHERE coalesce(k.line, c.line) IS NULL
