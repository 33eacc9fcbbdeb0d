-- What the logs of each agent can tell. The rows are the program's own, written from what parsers declare.

CREATE TABLE raw.agent_capabilities (
    rank INTEGER NOT NULL,
    agent VARCHAR NOT NULL,
    field VARCHAR NOT NULL,
    available VARCHAR NOT NULL,
    note VARCHAR
);
COMMENT ON TABLE raw.agent_capabilities IS 'What the logs of each agent can tell, and what they cannot.';
COMMENT ON COLUMN raw.agent_capabilities.rank IS 'Order.';
COMMENT ON COLUMN raw.agent_capabilities.agent IS 'The agent.';
COMMENT ON COLUMN raw.agent_capabilities.field IS 'What it is about.';
COMMENT ON COLUMN raw.agent_capabilities.available IS 'yes, partial (in some files, versions or records) or no.';
COMMENT ON COLUMN raw.agent_capabilities.note IS 'What is special.';
