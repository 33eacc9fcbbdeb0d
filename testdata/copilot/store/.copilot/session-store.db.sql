CREATE TABLE schema_version(version INTEGER);
INSERT INTO schema_version VALUES (8);
CREATE TABLE sessions(id TEXT PRIMARY KEY, cwd TEXT, repository TEXT, branch TEXT, created_at TEXT, updated_at TEXT);
CREATE TABLE turns(session_id TEXT, turn_index INTEGER, user_message TEXT, assistant_response TEXT);
CREATE TABLE assistant_usage_events(id INTEGER PRIMARY KEY AUTOINCREMENT, session_id TEXT, turn_index INTEGER, model TEXT, copilot_usage_model TEXT,
  reasoning_effort TEXT, input_tokens INTEGER, output_tokens INTEGER, cache_read_tokens INTEGER, cache_write_tokens INTEGER, reasoning_tokens INTEGER,
  token_details_json TEXT, total_nano_aiu INTEGER, request_multiplier REAL, duration_ms INTEGER, time_to_first_token_ms INTEGER,
  inter_token_latency_ms REAL, finish_reason TEXT, content_filter_triggered INTEGER, initiator TEXT, agent_id TEXT, parent_tool_call_id TEXT, created_at TEXT);
INSERT INTO sessions VALUES
  ('0d6a0000-0000-4000-8000-000000000007','/home/dev/app','Acme/App','main','2026-08-20T09:00:00.000Z','2026-08-20T09:05:00.000Z'),
  ('0d6a0000-0000-4000-8000-000000000008','/home/dev/lost',NULL,'HEAD','2026-08-21T09:00:00.000Z','2026-08-21T09:05:00.000Z'),
  ('0d6a0000-0000-4000-8000-000000000009','/home/dev/idle',NULL,NULL,'2026-08-21T09:00:00.000Z','2026-08-21T09:00:00.000Z');
INSERT INTO turns VALUES ('0d6a0000-0000-4000-8000-000000000007',0,'a prompt that the log tells','an answer');
-- The session whose event log is there: its calls alone, and those of a sub-agent and of a compaction.
INSERT INTO assistant_usage_events(session_id,turn_index,model,input_tokens,output_tokens,cache_read_tokens,cache_write_tokens,reasoning_tokens,total_nano_aiu,duration_ms,time_to_first_token_ms,finish_reason,initiator,agent_id,parent_tool_call_id,created_at) VALUES
  ('0d6a0000-0000-4000-8000-000000000007',0,'claude-sonnet-4.6',15200,64,12000,3000,10,1500000000,2900,800,'tool_calls',NULL,NULL,NULL,'2026-08-20T09:00:08.000Z'),
  ('0d6a0000-0000-4000-8000-000000000007',0,'claude-haiku-4.5',900,9,0,0,NULL,20000000,500,100,'stop',NULL,'agent-7777777','toolu_b00000001','2026-08-20 09:00:10'),
  ('0d6a0000-0000-4000-8000-000000000007',0,'claude-sonnet-4.6',15400,30,15100,200,NULL,300000000,1900,700,'stop',NULL,NULL,NULL,'2026-08-20T09:00:13.000Z'),
  ('0d6a0000-0000-4000-8000-000000000007',1,'claude-sonnet-4.6',15500,40,15300,100,NULL,300000000,900,300,'stop',NULL,NULL,NULL,'2026-08-20T09:01:01.000Z');
-- The session whose event log is gone: turns by their numbers; auto is no model; without counters nothing is known; cached over input is none.
INSERT INTO assistant_usage_events(session_id,turn_index,model,copilot_usage_model,input_tokens,output_tokens,cache_read_tokens,cache_write_tokens,reasoning_tokens,total_nano_aiu,duration_ms,time_to_first_token_ms,finish_reason,initiator,created_at) VALUES
  ('0d6a0000-0000-4000-8000-000000000008',0,'auto','gpt-5.2',2000,100,500,NULL,40,7,4000,NULL,'tool_calls',NULL,'2026-08-21T09:00:08.000Z'),
  ('0d6a0000-0000-4000-8000-000000000008',0,'gpt-5.2',NULL,0,0,0,0,0,NULL,NULL,NULL,NULL,NULL,'2026-08-21T09:00:12.000Z'),
  ('0d6a0000-0000-4000-8000-000000000008',0,'gpt-5.2',NULL,90000,700,NULL,NULL,NULL,9,4000,4500,'stop','compaction','2026-08-21T09:00:20.000Z'),
  ('0d6a0000-0000-4000-8000-000000000008',1,'gpt-5.2',NULL,100,5,400,NULL,9,9,NULL,NULL,'stop',NULL,'when it rained');
