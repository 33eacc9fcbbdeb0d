CREATE TABLE schema_version(version INTEGER PRIMARY KEY, applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
CREATE TABLE sessions(id TEXT PRIMARY KEY, name TEXT NOT NULL DEFAULT '', description TEXT NOT NULL DEFAULT '', user_set_name BOOLEAN DEFAULT FALSE,
  session_type TEXT NOT NULL DEFAULT 'user', working_dir TEXT NOT NULL, created_at TIMESTAMP, updated_at TIMESTAMP, extension_data TEXT DEFAULT '{}',
  total_tokens INTEGER, input_tokens INTEGER, output_tokens INTEGER, accumulated_total_tokens INTEGER, accumulated_input_tokens INTEGER,
  accumulated_output_tokens INTEGER, accumulated_cache_read_tokens INTEGER, accumulated_cache_write_tokens INTEGER, accumulated_cost REAL,
  schedule_id TEXT, provider_name TEXT, model_config_json TEXT, parent_session_id TEXT);
CREATE TABLE messages(id INTEGER PRIMARY KEY AUTOINCREMENT, message_id TEXT, session_id TEXT NOT NULL, role TEXT NOT NULL, content_json TEXT NOT NULL,
  created_timestamp INTEGER NOT NULL, timestamp TIMESTAMP DEFAULT '2026-03-10 09:00:00', tokens INTEGER, metadata_json TEXT);
CREATE INDEX idx_messages_session ON messages(session_id);
CREATE TABLE usage_ledger(id INTEGER PRIMARY KEY, session_id TEXT, created_timestamp INTEGER, model TEXT, input_tokens INTEGER, output_tokens INTEGER,
  total_tokens INTEGER, cache_read_tokens INTEGER, cache_write_tokens INTEGER, cost REAL, cost_source TEXT, is_compaction INTEGER);
INSERT INTO schema_version(version) VALUES(15);
INSERT INTO sessions(id,name,session_type,working_dir,created_at,updated_at,provider_name,model_config_json,input_tokens,output_tokens,total_tokens,
  accumulated_input_tokens,accumulated_output_tokens,accumulated_total_tokens,accumulated_cache_read_tokens,accumulated_cache_write_tokens,accumulated_cost)
  VALUES('20260310_4','Rename module','user','/home/ana/api','2026-03-10 09:00:00','2026-03-10 09:02:11','anthropic',
  '{"model_name":"claude-sonnet-4-6","context_limit":200000}',5200,80,5280,9900,210,10110,4700,4900,0.0312);
INSERT INTO sessions(id,name,session_type,working_dir,created_at,updated_at,provider_name,model_config_json,parent_session_id)
  VALUES('20260310_5','Look','sub_agent','/home/ana/api','2026-03-10 09:01:00','2026-03-10 09:01:30','anthropic','{"model_name":"claude-haiku-4-5"}','20260310_4');
INSERT INTO sessions(id,description,session_type,working_dir,created_at,updated_at,accumulated_input_tokens,accumulated_output_tokens)
  VALUES('20250501_090000','Say hi','user','/home/ana/api','2026-03-10 09:00:00','2026-03-10 09:00:00',4000,100);
INSERT INTO messages(message_id,session_id,role,content_json,created_timestamp,metadata_json) VALUES
('msg_1','20260310_4','user','[{"type":"text","text":"rename foo to bar"}]',1773133200,'{"userVisible":true,"agentVisible":true}'),
('msg_2','20260310_4','assistant','[{"type":"thinking","thinking":"grep","signature":"s"},{"type":"toolRequest","id":"toolu_1","toolCall":{"status":"success","value":{"name":"developer__shell","arguments":{"command":"rg foo"}}}},{"type":"toolRequest","id":"toolu_2","toolCall":{"status":"error","error":"could not parse the arguments"}},{"type":"toolRequest","id":"toolu_3","toolCall":{"status":"success","value":{"name":"tracker__search","arguments":{"q":"foo"}}}}]',1773133204,'{"userVisible":true,"agentVisible":true}'),
('msg_3','20260310_4','user','[{"type":"toolResponse","id":"toolu_1","toolResult":{"status":"success","value":{"content":[{"type":"text","text":"a.py:1:foo","annotations":{"audience":["assistant"]}},{"type":"text","text":"a.py:1:foo","annotations":{"audience":["user"]}}],"isError":false}}},{"type":"toolResponse","id":"toolu_2","toolResult":{"status":"error","error":"could not parse the arguments"}},{"type":"toolResponse","id":"toolu_3","toolResult":{"status":"success","value":{"content":[{"type":"text","text":"no such tracker: not found"}],"isError":true}}}]',1773133205,'{"userVisible":true,"agentVisible":true}'),
('msg_4','20260310_4','assistant','[{"type":"toolRequest","id":"toolu_4","toolCall":{"status":"success","value":{"name":"developer__text_editor","arguments":{"command":"str_replace","path":"/home/ana/api/a.py","old_str":"foo","new_str":"bar\nbaz"}}}},{"type":"actionRequired","data":{"actionType":"toolConfirmation","toolName":"developer__text_editor"}}]',1773133260,NULL),
('msg_5','20260310_4','user','[{"type":"toolResponse","id":"toolu_4","toolResult":{"status":"error","error":"The user has declined to run this tool. DO NOT attempt to call this tool again."}}]',1773133270,NULL),
('msg_6','20260310_4','assistant','[{"type":"text","text":"We renamed foo."}]',1773133280,'{"userVisible":false,"agentVisible":true}'),
('msg_7','20260310_4','user','[{"type":"text","text":"go on"}]',1773133280,'{"userVisible":false,"agentVisible":true}'),
('msg_8','20260310_4','assistant','[{"type":"text","text":"Done."},{"type":"hologram"}]',1773133290,'{"userVisible":true,"agentVisible":true}'),
('msg_9','20260310_4','user','broken',1773133295,NULL),
('msg_1','20260310_5','user','[{"type":"text","text":"look"}]',1773133261,NULL),
('msg_2','20260310_5','assistant','[{"type":"text","text":"seen"}]',1773133262,NULL),
(NULL,'20250501_090000','user','[{"type":"text","text":"hi"}]',1746090000,NULL),
(NULL,'20250501_090000','assistant','[{"type":"toolRequest","id":"c1","toolCall":{"status":"success","value":{"name":"developer__shell","arguments":{"command":"ls"}}}}]',1746090003,NULL);
INSERT INTO usage_ledger(session_id,created_timestamp,model,input_tokens,output_tokens,total_tokens,cache_read_tokens,cache_write_tokens,cost,cost_source,is_compaction) VALUES
('20260310_4',1773133199,'claude-sonnet-4-6',300,40,340,NULL,NULL,0.002,'carried_forward',0),
('20260310_4',1773133204,'claude-sonnet-4-6',4700,130,4830,0,4600,0.019,'estimated',0),
('20260310_4',1773133279,'claude-sonnet-4-6',3000,20,3020,2900,0,0.002,'estimated',1),
('20260310_4',1773133291,'claude-opus-4-6',1900,20,1920,1800,0,0.008,'provider_reported',0);
