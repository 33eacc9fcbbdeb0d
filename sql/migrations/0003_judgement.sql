-- What judges: limits of the findings, their words, and the parameters of the health score. The rows are the
-- program's own and are loaded when those change; thresholds takes values of the user's file besides.

CREATE TABLE raw.thresholds (
    key VARCHAR NOT NULL,
    value DOUBLE NOT NULL,
    unit VARCHAR NOT NULL,
    help VARCHAR NOT NULL,
    own_value DOUBLE
);
COMMENT ON TABLE raw.thresholds IS 'Limits of the rules that find anomalies; own_value is the user''s.';

CREATE TABLE raw.anomaly_rules (
    rank INTEGER NOT NULL,
    anomaly VARCHAR NOT NULL,
    needs VARCHAR,
    unit VARCHAR NOT NULL,
    sentence VARCHAR NOT NULL,
    hint VARCHAR NOT NULL
);
COMMENT ON TABLE raw.anomaly_rules IS 'What each rule needs from a log, and how it speaks.';

CREATE TABLE raw.health_params (
    version INTEGER NOT NULL,
    sub VARCHAR NOT NULL,
    signal VARCHAR NOT NULL,
    max_loss DOUBLE NOT NULL,
    a DOUBLE NOT NULL,
    b DOUBLE NOT NULL,
    is_anchor BOOLEAN NOT NULL,
    unit VARCHAR NOT NULL,
    meaning VARCHAR NOT NULL,
    anomaly VARCHAR
);
COMMENT ON TABLE raw.health_params IS 'How much each signal takes from its sub-score of health.';

CREATE TABLE raw.health_weights (version INTEGER NOT NULL, sub VARCHAR NOT NULL, weight DOUBLE NOT NULL);
COMMENT ON TABLE raw.health_weights IS 'How much each sub-score counts.';

CREATE TABLE raw.health_caps (version INTEGER NOT NULL, cap_id VARCHAR NOT NULL, cap DOUBLE NOT NULL, meaning VARCHAR NOT NULL);
COMMENT ON TABLE raw.health_caps IS 'What bounds the score from above.';

COMMENT ON COLUMN raw.thresholds.key IS 'Rule and what of it: time.tool_hang.high.';
COMMENT ON COLUMN raw.thresholds.value IS 'The program''s value.';
COMMENT ON COLUMN raw.thresholds.unit IS 'Its unit.';
COMMENT ON COLUMN raw.thresholds.help IS 'What is compared with it.';
COMMENT ON COLUMN raw.thresholds.own_value IS 'The user''s value, which comes first.';
COMMENT ON COLUMN raw.anomaly_rules.rank IS 'Order of the rules.';
COMMENT ON COLUMN raw.anomaly_rules.anomaly IS 'The rule, as family.name.';
COMMENT ON COLUMN raw.anomaly_rules.needs IS 'What the log must tell: U usage, C cache, S tool status, A arguments, T instants, K compactions, E API errors, P approvals, X texts.';
COMMENT ON COLUMN raw.anomaly_rules.unit IS 'Unit of its value.';
COMMENT ON COLUMN raw.anomaly_rules.sentence IS 'What it says; {value} stands for the value.';
COMMENT ON COLUMN raw.anomaly_rules.hint IS 'What to do.';
COMMENT ON COLUMN raw.health_params.version IS 'Version of the score.';
COMMENT ON COLUMN raw.health_params.sub IS 'Sub-score.';
COMMENT ON COLUMN raw.health_params.signal IS 'Signal.';
COMMENT ON COLUMN raw.health_params.max_loss IS 'Points it takes at most.';
COMMENT ON COLUMN raw.health_params.a IS 'Up to here it takes nothing.';
COMMENT ON COLUMN raw.health_params.b IS 'From here on it takes all.';
COMMENT ON COLUMN raw.health_params.is_anchor IS 'The sub-score is known where an anchor is.';
COMMENT ON COLUMN raw.health_params.unit IS 'Unit of the signal.';
COMMENT ON COLUMN raw.health_params.meaning IS 'What it measures.';
COMMENT ON COLUMN raw.health_params.anomaly IS 'The rule that finds the same and knows the evidence.';
COMMENT ON COLUMN raw.health_weights.version IS 'Version of the score.';
COMMENT ON COLUMN raw.health_weights.sub IS 'Sub-score.';
COMMENT ON COLUMN raw.health_weights.weight IS 'Its weight; all add up to 100.';
COMMENT ON COLUMN raw.health_caps.version IS 'Version of the score.';
COMMENT ON COLUMN raw.health_caps.cap_id IS 'The reason.';
COMMENT ON COLUMN raw.health_caps.cap IS 'The score it allows at most.';
COMMENT ON COLUMN raw.health_caps.meaning IS 'What it says.';
