-- What the views read beside the logs: prices, rules, settings, and what was made of names by them.
-- The first group is loaded from the program's own tables whenever those change.

CREATE TABLE raw.prices (
    provider VARCHAR NOT NULL,
    model VARCHAR NOT NULL,
    match_kind VARCHAR NOT NULL,
    effective_from TIMESTAMPTZ NOT NULL,
    effective_to TIMESTAMPTZ,
    input DECIMAL(12,6),
    output DECIMAL(12,6),
    cache_read DECIMAL(12,6),
    cache_write_5m DECIMAL(12,6),
    cache_write_1h DECIMAL(12,6),
    reasoning DECIMAL(12,6),
    long_context_threshold BIGINT,
    long_input DECIMAL(12,6),
    long_output DECIMAL(12,6),
    long_cache_read DECIMAL(12,6),
    long_cache_write DECIMAL(12,6),
    batch_mult DECIMAL(9,4),
    priority_mult DECIMAL(9,4),
    currency VARCHAR NOT NULL,
    unit VARCHAR NOT NULL,
    source VARCHAR,
    long_cache_write_1h DECIMAL(12,6),
    flex_mult DECIMAL(9,4),
    region_mult DECIMAL(9,4),
    prompt_over BIGINT,
    time_window VARCHAR,
    confidence VARCHAR,
    notes VARCHAR,
    is_own BOOLEAN NOT NULL
);
COMMENT ON TABLE raw.prices IS 'The price book: list prices in USD per one million tokens, and the user''s own rows.';

CREATE TABLE raw.model_aliases (
    rank INTEGER NOT NULL,
    alias VARCHAR NOT NULL,
    model VARCHAR,
    rule VARCHAR NOT NULL,
    step INTEGER NOT NULL,
    effect VARCHAR,
    valid_from TIMESTAMPTZ,
    valid_to TIMESTAMPTZ,
    seen_in VARCHAR,
    notes VARCHAR,
    only_provider VARCHAR
);
COMMENT ON TABLE raw.model_aliases IS 'Rules that lead from a logged model name to a row of the price book.';

CREATE TABLE raw.tool_kinds (
    rank INTEGER NOT NULL,
    key VARCHAR NOT NULL,
    match VARCHAR NOT NULL,
    tool_kind VARCHAR NOT NULL,
    note VARCHAR
);
COMMENT ON TABLE raw.tool_kinds IS 'What kind of tool a folded tool name is.';

CREATE TABLE raw.command_rules (
    rule_set VARCHAR NOT NULL,
    rank INTEGER NOT NULL,
    program_re VARCHAR,
    text_re VARCHAR,
    result VARCHAR NOT NULL,
    verification_kind VARCHAR,
    note VARCHAR
);
COMMENT ON TABLE raw.command_rules IS 'Ordered rules: class of a shell command, destructive commands, outcome of a verification.';

CREATE TABLE raw.settings (key VARCHAR NOT NULL, num DOUBLE, txt VARCHAR, unit VARCHAR, help VARCHAR);
COMMENT ON TABLE raw.settings IS 'Cut-offs that views read.';

-- Results of those rules, one row per distinct name or command that was met.

CREATE TABLE raw.model_names (
    raw_model VARCHAR NOT NULL,
    provider_name VARCHAR,
    valid_from TIMESTAMPTZ,
    valid_to TIMESTAMPTZ,
    model VARCHAR,
    price_provider VARCHAR,
    price_model VARCHAR,
    price_effects VARCHAR
);
COMMENT ON TABLE raw.model_names IS 'What each logged pair of model name and provider means, by date; NULL as price_model = unpriced.';

CREATE TABLE raw.tool_names (
    tool_name_raw VARCHAR NOT NULL,
    tool_name VARCHAR NOT NULL,
    tool_kind VARCHAR NOT NULL,
    mcp_server VARCHAR
);
COMMENT ON TABLE raw.tool_names IS 'What each logged tool name means.';

CREATE TABLE raw.command_classes (
    command_key UBIGINT NOT NULL,
    command_class VARCHAR NOT NULL,
    verification_kind VARCHAR,
    is_destructive BOOLEAN NOT NULL
);
COMMENT ON TABLE raw.command_classes IS 'What each distinct shell command is for.';

CREATE TABLE raw.view_catalog (
    name VARCHAR NOT NULL,
    family VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    layer VARCHAR NOT NULL,
    status VARCHAR NOT NULL,
    since VARCHAR NOT NULL,
    grain VARCHAR[] NOT NULL,
    kept VARCHAR,
    parameters VARCHAR[],
    sha256 VARCHAR NOT NULL,
    kept_sha256 VARCHAR NOT NULL,
    summary VARCHAR NOT NULL,
    changes VARCHAR,
    columns STRUCT(name VARCHAR, type VARCHAR, unit VARCHAR, meaning VARCHAR)[] NOT NULL,
    reads VARCHAR[] NOT NULL,
    definition VARCHAR NOT NULL
);
COMMENT ON TABLE raw.view_catalog IS 'The definitions that are installed in this store.';

COMMENT ON COLUMN raw.prices.provider IS 'Who bills.';
COMMENT ON COLUMN raw.prices.model IS 'Canonical model id, lower case.';
COMMENT ON COLUMN raw.prices.match_kind IS 'exact: the id is that string; prefix: it may carry a dated or moving suffix.';
COMMENT ON COLUMN raw.prices.effective_from IS 'First instant at which the row holds, UTC.';
COMMENT ON COLUMN raw.prices.effective_to IS 'End, exclusive, UTC; NULL = no later change known.';
COMMENT ON COLUMN raw.prices.input IS 'USD per 1M input tokens neither read from nor written to a cache.';
COMMENT ON COLUMN raw.prices.output IS 'USD per 1M output tokens.';
COMMENT ON COLUMN raw.prices.cache_read IS 'USD per 1M input tokens read from a cache; NULL = the input rate.';
COMMENT ON COLUMN raw.prices.cache_write_5m IS 'USD per 1M tokens written to the short-lived cache; NULL = the input rate.';
COMMENT ON COLUMN raw.prices.cache_write_1h IS 'USD per 1M tokens written to the long-lived cache; NULL = as the short-lived one.';
COMMENT ON COLUMN raw.prices.reasoning IS 'USD per 1M: replaces output for the whole output of a call that reasons.';
COMMENT ON COLUMN raw.prices.long_context_threshold IS 'Prompt size in tokens above which the long rates hold for the whole call.';
COMMENT ON COLUMN raw.prices.long_input IS 'USD per 1M above the threshold.';
COMMENT ON COLUMN raw.prices.long_output IS 'USD per 1M above the threshold.';
COMMENT ON COLUMN raw.prices.long_cache_read IS 'USD per 1M above the threshold.';
COMMENT ON COLUMN raw.prices.long_cache_write IS 'USD per 1M above the threshold, short-lived cache.';
COMMENT ON COLUMN raw.prices.long_cache_write_1h IS 'USD per 1M above the threshold, long-lived cache.';
COMMENT ON COLUMN raw.prices.batch_mult IS 'Factor of the batch API; NULL = unknown or not offered.';
COMMENT ON COLUMN raw.prices.flex_mult IS 'Factor of the flex tier.';
COMMENT ON COLUMN raw.prices.priority_mult IS 'Factor of the priority or fast tier.';
COMMENT ON COLUMN raw.prices.region_mult IS 'Factor of data residency and regional endpoints.';
COMMENT ON COLUMN raw.prices.currency IS 'USD.';
COMMENT ON COLUMN raw.prices.unit IS '1M tokens.';
COMMENT ON COLUMN raw.prices.source IS 'Keys of the sources.';
COMMENT ON COLUMN raw.prices.prompt_over IS 'The row holds for prompts larger than this, in tokens.';
COMMENT ON COLUMN raw.prices.time_window IS 'utc|days|spans: the row holds only inside these hours.';
COMMENT ON COLUMN raw.prices.confidence IS 'A: a provider page or two independent files; B: one file, or an approximate day; C: sources disagree.';
COMMENT ON COLUMN raw.prices.notes IS 'Remarks.';
COMMENT ON COLUMN raw.prices.is_own IS 'A row of the user, which comes first.';

COMMENT ON COLUMN raw.model_aliases.rank IS 'Order of the rules.';
COMMENT ON COLUMN raw.model_aliases.alias IS 'Name or pattern as logged.';
COMMENT ON COLUMN raw.model_aliases.model IS 'What it stands for; NULL = no model.';
COMMENT ON COLUMN raw.model_aliases.rule IS 'exact or regex.';
COMMENT ON COLUMN raw.model_aliases.step IS '1 = names, 2 = patterns.';
COMMENT ON COLUMN raw.model_aliases.effect IS 'Effect on the price.';
COMMENT ON COLUMN raw.model_aliases.valid_from IS 'From, UTC.';
COMMENT ON COLUMN raw.model_aliases.valid_to IS 'Until, exclusive, UTC.';
COMMENT ON COLUMN raw.model_aliases.seen_in IS 'Agents that write it.';
COMMENT ON COLUMN raw.model_aliases.notes IS 'Remarks.';
COMMENT ON COLUMN raw.model_aliases.only_provider IS 'Holds for this provider only.';

COMMENT ON COLUMN raw.tool_kinds.rank IS 'Order of the rules.';
COMMENT ON COLUMN raw.tool_kinds.key IS 'Folded tool name or part of one.';
COMMENT ON COLUMN raw.tool_kinds.match IS 'How the key is compared.';
COMMENT ON COLUMN raw.tool_kinds.tool_kind IS 'Kind of tool.';
COMMENT ON COLUMN raw.tool_kinds.note IS 'Remarks.';

COMMENT ON COLUMN raw.command_rules.rule_set IS 'class, destructive or outcome.';
COMMENT ON COLUMN raw.command_rules.rank IS 'Order within the set: the first match wins.';
COMMENT ON COLUMN raw.command_rules.program_re IS 'Pattern that the whole program matches; NULL = any.';
COMMENT ON COLUMN raw.command_rules.text_re IS 'Pattern found in the rest or, for outcome, in the output; NULL = any.';
COMMENT ON COLUMN raw.command_rules.result IS 'What the rule says.';
COMMENT ON COLUMN raw.command_rules.verification_kind IS 'test, build or lint.';
COMMENT ON COLUMN raw.command_rules.note IS 'Remarks.';

COMMENT ON COLUMN raw.settings.key IS 'Name of the setting.';
COMMENT ON COLUMN raw.settings.num IS 'Its value, where it is a number.';
COMMENT ON COLUMN raw.settings.txt IS 'Its value, where it is a text.';
COMMENT ON COLUMN raw.settings.unit IS 'Unit of the number.';
COMMENT ON COLUMN raw.settings.help IS 'What it does.';

COMMENT ON COLUMN raw.model_names.raw_model IS 'Model name as logged.';
COMMENT ON COLUMN raw.model_names.provider_name IS 'Provider as logged.';
COMMENT ON COLUMN raw.model_names.valid_from IS 'The resolution holds from here, UTC; NULL = always.';
COMMENT ON COLUMN raw.model_names.valid_to IS 'Until here, exclusive, UTC.';
COMMENT ON COLUMN raw.model_names.model IS 'The model it names; NULL = unknown.';
COMMENT ON COLUMN raw.model_names.price_provider IS 'Provider in the price book; NULL = unpriced.';
COMMENT ON COLUMN raw.model_names.price_model IS 'Model in the price book; NULL = unpriced.';
COMMENT ON COLUMN raw.model_names.price_effects IS 'Effects of the rules that led there.';

COMMENT ON COLUMN raw.tool_names.tool_name_raw IS 'Tool name as logged.';
COMMENT ON COLUMN raw.tool_names.tool_name IS 'Name folded: lower case, without decoration and server.';
COMMENT ON COLUMN raw.tool_names.tool_kind IS 'Kind of tool.';
COMMENT ON COLUMN raw.tool_names.mcp_server IS 'MCP server in the name.';

COMMENT ON COLUMN raw.command_classes.command_key IS 'The command: raw.command_texts.';
COMMENT ON COLUMN raw.command_classes.command_class IS 'Class by the first rule that matches.';
COMMENT ON COLUMN raw.command_classes.verification_kind IS 'test, build or lint; NULL = no verification.';
COMMENT ON COLUMN raw.command_classes.is_destructive IS 'A rule calls it destructive.';

COMMENT ON COLUMN raw.view_catalog.name IS 'Name with version.';
COMMENT ON COLUMN raw.view_catalog.family IS 'Name without version.';
COMMENT ON COLUMN raw.view_catalog.version IS 'Version.';
COMMENT ON COLUMN raw.view_catalog.layer IS 'base, core, metrics, anomalies, health or trends.';
COMMENT ON COLUMN raw.view_catalog.status IS 'draft, current or superseded.';
COMMENT ON COLUMN raw.view_catalog.since IS 'First release that has it.';
COMMENT ON COLUMN raw.view_catalog.grain IS 'Columns that identify a row.';
COMMENT ON COLUMN raw.view_catalog.kept IS 'facts or findings: its result is stored; NULL = computed when asked.';
COMMENT ON COLUMN raw.view_catalog.parameters IS 'Parameters of a table macro.';
COMMENT ON COLUMN raw.view_catalog.sha256 IS 'Checksum of the statement.';
COMMENT ON COLUMN raw.view_catalog.kept_sha256 IS 'Checksum of the statement and of all it reads.';
COMMENT ON COLUMN raw.view_catalog.summary IS 'What it shows.';
COMMENT ON COLUMN raw.view_catalog.changes IS 'Changes against the version before.';
COMMENT ON COLUMN raw.view_catalog.columns IS 'Columns with types, units and meanings.';
COMMENT ON COLUMN raw.view_catalog.reads IS 'Definitions that it reads.';
COMMENT ON COLUMN raw.view_catalog.definition IS 'The statement.';
