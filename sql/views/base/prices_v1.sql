-- summary: The price book: what a million tokens cost at which model, tier and time, at list price.
-- grain: provider, model, effective_from, prompt_over, time_window, is_own
-- status: current
-- since: 0.1.0
-- columns:
--   provider                Who bills: a maker (anthropic, openai ...), or a gateway or agent with prices of its own.
--   model                   Canonical model id of that provider.
--   match_kind              exact, or prefix: the id may be followed by a date, latest or default, and nothing else.
--   effective_from          [UTC] First instant of the price.
--   effective_to            [UTC] End of the price, exclusive; NULL = no later change is known.
--   input                   [USD per 1M tokens] Input neither read from nor written to a cache.
--   output                  [USD per 1M tokens] Output, reasoning included.
--   cache_read              [USD per 1M tokens] Input read from a cache; NULL = as input.
--   cache_write_5m          [USD per 1M tokens] Input written to the short-lived cache; NULL = as input.
--   cache_write_1h          [USD per 1M tokens] Input written to the long-lived cache; NULL = as the short one.
--   reasoning               [USD per 1M tokens] Replaces output for the whole output of a call that reasons.
--   long_context_threshold  [tokens] Prompts above it pay the long rates for every token; NULL = flat.
--   long_input              [USD per 1M tokens] Input above the threshold.
--   long_output             [USD per 1M tokens] Output above the threshold.
--   long_cache_read         [USD per 1M tokens] Cache reads above the threshold.
--   long_cache_write        [USD per 1M tokens] Short-lived cache writes above the threshold.
--   batch_mult              [factor] On everything, for the batch API.
--   priority_mult           [factor] On everything, for the priority or fast tier.
--   currency                USD.
--   unit                    1M tokens.
--   source                  Where the figures are from: keys of the documentation.
--   long_cache_write_1h     [USD per 1M tokens] Long-lived cache writes above the threshold.
--   flex_mult               [factor] On everything, for the flex tier.
--   region_mult             [factor] On everything, for regional endpoints.
--   prompt_over             [tokens] The row holds for prompts larger than this; the largest that fits wins.
--   time_window             The row holds only in these hours (utc|days|spans) and then beats the others.
--   confidence              A = two sources or the provider's page, B = one source or an approximate day, C = doubtful.
--   notes                   What else is to know.
--   is_own                  A row of the user's own price file: it comes before all others.
SELECT
    provider, model, match_kind, effective_from, effective_to,
    input, output, cache_read, cache_write_5m, cache_write_1h, reasoning,
    long_context_threshold, long_input, long_output, long_cache_read, long_cache_write,
    batch_mult, priority_mult, currency, unit, source, long_cache_write_1h,
    flex_mult, region_mult, prompt_over, time_window, confidence, notes, is_own
FROM raw.prices
