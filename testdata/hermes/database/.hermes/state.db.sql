CREATE TABLE schema_version(version INTEGER);
CREATE TABLE sessions(id TEXT PRIMARY KEY, source TEXT NOT NULL, model TEXT, model_config TEXT, parent_session_id TEXT, started_at REAL NOT NULL, ended_at REAL,
  end_reason TEXT, message_count INTEGER DEFAULT 0, tool_call_count INTEGER DEFAULT 0, input_tokens INTEGER DEFAULT 0, output_tokens INTEGER DEFAULT 0,
  cache_read_tokens INTEGER DEFAULT 0, cache_write_tokens INTEGER DEFAULT 0, reasoning_tokens INTEGER DEFAULT 0, cwd TEXT, git_branch TEXT,
  billing_provider TEXT, billing_mode TEXT, estimated_cost_usd REAL, actual_cost_usd REAL, cost_status TEXT, cost_source TEXT, title TEXT,
  api_call_count INTEGER DEFAULT 0, rewind_count INTEGER DEFAULT 0, last_activity_at REAL);
CREATE TABLE messages(id INTEGER PRIMARY KEY AUTOINCREMENT, session_id TEXT NOT NULL, role TEXT NOT NULL, content TEXT, tool_call_id TEXT, tool_calls TEXT,
  tool_name TEXT, timestamp REAL NOT NULL, token_count INTEGER, finish_reason TEXT, reasoning TEXT, reasoning_details TEXT, active INTEGER DEFAULT 1,
  compacted INTEGER DEFAULT 0, _compressed_summary INTEGER DEFAULT 0, display_kind TEXT);
CREATE INDEX idx_messages_session ON messages(session_id);
CREATE TABLE session_model_usage(session_id TEXT, model TEXT, billing_provider TEXT DEFAULT '', billing_base_url TEXT DEFAULT '', billing_mode TEXT DEFAULT '',
  task TEXT DEFAULT '', api_call_count INTEGER, input_tokens INTEGER, output_tokens INTEGER, cache_read_tokens INTEGER, cache_write_tokens INTEGER,
  reasoning_tokens INTEGER, estimated_cost_usd REAL, actual_cost_usd REAL, first_seen REAL, last_seen REAL,
  PRIMARY KEY(session_id, model, billing_provider, billing_base_url, billing_mode, task));
-- Its own counters hold more than the rows by model.
INSERT INTO sessions(id,source,model,started_at,ended_at,end_reason,message_count,input_tokens,output_tokens,cache_read_tokens,cache_write_tokens,reasoning_tokens,cwd,git_branch,billing_provider,estimated_cost_usd,title,api_call_count)
 VALUES('20260903_101500_a1b2c3d4','cli','claude-sonnet-4-6',1788430500.25,1788430620.9,'compression',6,520,330,9000,1200,80,'/home/ana/app','main','anthropic',0.0141,'Fix build',3);
INSERT INTO messages(session_id,role,content,timestamp) VALUES('20260903_101500_a1b2c3d4','user','why does it fail?',1788430501.0);
INSERT INTO messages(session_id,role,content,tool_calls,finish_reason,reasoning,timestamp) VALUES('20260903_101500_a1b2c3d4','assistant','','[{"id":"call_1","type":"function","function":{"name":"terminal","arguments":"{\"command\": \"make\"}"}}]','tool_calls','run make first',1788430505.5);
INSERT INTO messages(session_id,role,content,tool_call_id,tool_name,timestamp) VALUES('20260903_101500_a1b2c3d4','tool','{"output": "error: x", "exit_code": 2, "error": null}','call_1','terminal',1788430507.0);
-- Undone by the user.
INSERT INTO messages(session_id,role,content,timestamp,active,compacted) VALUES('20260903_101500_a1b2c3d4','user','never mind',1788430510.0,0,0);
-- A list of parts, written as a text that begins with NUL.
INSERT INTO messages(session_id,role,content,timestamp) VALUES('20260903_101500_a1b2c3d4','user',CAST(x'00' || CAST('json:[{"type":"text","text":"look at this"},{"type":"image_url"}]' AS BLOB) AS TEXT),1788430520.0);
INSERT INTO messages(session_id,role,content,timestamp,_compressed_summary) VALUES('20260903_101500_a1b2c3d4','user','[CONTEXT COMPACTION] the build failed',1788430530.0,1);
-- Kept by the compaction, and written again.
INSERT INTO messages(session_id,role,content,timestamp) VALUES('20260903_101500_a1b2c3d4','user','why does it fail?',1788430501.0);
INSERT INTO messages(session_id,role,content,finish_reason,timestamp) VALUES('20260903_101500_a1b2c3d4','assistant','x is missing','stop',1788430540.0);
INSERT INTO session_model_usage(session_id,model,billing_provider,task,api_call_count,input_tokens,output_tokens,cache_read_tokens,cache_write_tokens,reasoning_tokens,estimated_cost_usd,first_seen,last_seen) VALUES
 ('20260903_101500_a1b2c3d4','claude-sonnet-4-6','anthropic','',2,420,310,9000,1200,80,0.0131,1788430505.6,1788430510.0),
 ('20260903_101500_a1b2c3d4','gemini-3.1-flash-lite','google','title_generation',1,200,12,0,0,0,0.00003,1788430512.0,1788430512.0);
INSERT INTO sessions(id,source,model,parent_session_id,model_config,started_at,message_count,input_tokens,output_tokens) VALUES
 ('20260903_101800_cont','cli','claude-sonnet-4-6','20260903_101500_a1b2c3d4',NULL,1788430700,1,10,5),
 ('20260903_101900_fork','cli','claude-sonnet-4-6','20260903_101800_cont','{"_branched_from":"20260903_101800_cont"}',1788430800,0,0,0),
 ('20260903_102000_sub','tool','claude-haiku-4-5','20260903_101800_cont','{"_branched_from":"20260903_101500_a1b2c3d4"}',1788430900,1,7,3),
 ('20260903_110000_cron','cron','claude-haiku-4-5',NULL,NULL,1788433200,1,0,0);
INSERT INTO messages(session_id,role,content,timestamp) VALUES
 ('20260903_101800_cont','user','go on',1788430701), ('20260903_102000_sub','user','look for x',1788430901),
 ('20260903_110000_cron','user','morning report',1e300);
