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
