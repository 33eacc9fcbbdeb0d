-- summary: What each model call cost at list price, kind by kind. An API-equivalent, no invoice.
-- grain: model_call_id
-- status: current
-- since: 0.1.0
-- columns:
--   model_call_id                   The call.
--   session_id                      The session.
--   run_id                          The run.
--   turn_id                         The turn.
--   seq                             Order within the session.
--   provider_name                   Provider as logged.
--   request_model                   Model that was asked for, as logged.
--   response_model                  Model that answered, as logged.
--   model                           Model after the aliases; NULL = unpriced.
--   price_provider                  Provider whose price applies.
--   price_model                     Row of the price book that applies.
--   price_effects                   What the logged name says beyond the model.
--   request_id                      Request id of the provider.
--   response_id                     Response id of the provider.
--   occurred_at                     Instant that decides price and period.
--   started_at                      Start, where logged.
--   first_token_at                  First token, where logged.
--   ended_at                        End, where logged.
--   uncached_input_tokens           Input neither read from nor written to a cache.
--   cache_read_input_tokens         Input read from a cache.
--   cache_creation_5m_input_tokens  Input written to the short-lived cache.
--   cache_creation_1h_input_tokens  Input written to the long-lived cache.
--   output_tokens                   Output, reasoning included.
--   reasoning_output_tokens         Part of the output spent on reasoning.
--   input_tokens                    All input: the prompt size.
--   context_window                  [tokens] Window of the model.
--   service_tier                    Tier, only with evidence in the log.
--   region                          Region, only with evidence.
--   is_batch                        Batch request, only with evidence.
--   finish_reason                   Why the answer ended, as logged.
--   status                          ok, error, interrupted.
--   error_type                      Class of the error.
--   http_status                     HTTP status.
--   attempt                         Number of the attempt.
--   usage_grain                     call, turn or session: what the counters are a total of.
--   usage_quality                   final, partial, placeholder, rounded, estimated, missing.
--   dedup_basis                     What the identity of the call rests on.
--   observation_count               How often the log states its usage.
--   reported_cost_usd               Cost as the agent states it; never added to cost_usd.
--   source_id                       The log file.
--   line                            Line in it.
--   price_source                    Where the price is from.
--   price_confidence                A, B or C, as in prices.
--   is_long                         Long-context rates apply.
--   is_estimated                    The price rests on an assumption: see model_call_rates.
--   mult                            [factor] Product of batch, tier, region and free factors.
--   r_in                            [USD per 1M tokens] Rate of uncached input.
--   r_read                          [USD per 1M tokens] Rate of cache reads.
--   r_out                           [USD per 1M tokens] Rate of output.
--   r_w5                            [USD per 1M tokens] Rate of short-lived cache writes.
--   r_w1                            [USD per 1M tokens] Rate of long-lived cache writes.
--   uncached_input_cost_usd         Cost of uncached input.
--   cache_read_cost_usd             Cost of cache reads.
--   cache_creation_5m_cost_usd      Cost of short-lived cache writes.
--   cache_creation_1h_cost_usd      Cost of long-lived cache writes.
--   output_cost_usd                 Cost of the output.
--   cost_usd                        Sum of the known kinds; NULL = unpriced or no counter known.
--   is_lower_bound                  A counter is missing that this log normally has, or the usage is not final.
--   agent                           The agent.
--   project_id                      The project.
--   machine_id                      The machine.
SELECT
    c.model_call_id, c.session_id, c.run_id, c.turn_id, c.seq,
    c.provider_name, c.request_model, c.response_model,
    c.model, c.price_provider, c.price_model, c.price_effects,
    c.request_id, c.response_id, c.occurred_at, c.started_at, c.first_token_at, c.ended_at,
    c.uncached_input_tokens, c.cache_read_input_tokens, c.cache_creation_5m_input_tokens,
    c.cache_creation_1h_input_tokens, c.output_tokens, c.reasoning_output_tokens, c.input_tokens,
    c.context_window, c.service_tier, c.region, c.is_batch, c.finish_reason, c.status, c.error_type,
    c.http_status, c.attempt, c.usage_grain, c.usage_quality, c.dedup_basis, c.observation_count,
    c.reported_cost_usd, c.source_id, c.line,
    p.price_source, p.price_confidence, p.is_long, p.is_estimated,
    p.mult, p.r_in, p.r_read, p.r_out, p.r_w5, p.r_w1,
    p.uncached_input_cost_usd, p.cache_read_cost_usd, p.cache_creation_5m_cost_usd,
    p.cache_creation_1h_cost_usd, p.output_cost_usd, p.cost_usd, p.is_lower_bound,
    s.agent, s.project_id, s.machine_id
FROM model_calls_v1 AS c
JOIN sessions_v1 AS s USING (session_id)
-- It adds nothing but a better guess of the number of calls, without which the engine would keep all of them in memory,
-- in place of their prices.
LEFT JOIN (SELECT model_call_id FROM call_costs_v1) AS n USING (model_call_id)
LEFT JOIN call_costs_v1 AS p USING (model_call_id)
