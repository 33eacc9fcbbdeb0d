CREATE TABLE schema_version(version INTEGER);
INSERT INTO schema_version VALUES (1);
CREATE TABLE spans(span_id TEXT PRIMARY KEY, trace_id TEXT NOT NULL, parent_span_id TEXT, name TEXT, start_time_ms INTEGER, end_time_ms INTEGER,
  status_code INTEGER, status_message TEXT, operation_name TEXT, provider_name TEXT, agent_name TEXT, conversation_id TEXT, request_model TEXT,
  response_model TEXT, input_tokens INTEGER, output_tokens INTEGER, cached_tokens INTEGER, reasoning_tokens INTEGER, tool_name TEXT,
  tool_call_id TEXT, tool_type TEXT, chat_session_id TEXT, turn_index INTEGER, ttft_ms REAL);
CREATE TABLE span_attributes(span_id TEXT, key TEXT, value TEXT);
CREATE TABLE span_events(id INTEGER PRIMARY KEY, span_id TEXT, name TEXT, timestamp_ms INTEGER, attributes TEXT);
CREATE VIEW sessions AS SELECT chat_session_id AS id, sum(input_tokens) AS input FROM spans WHERE operation_name='chat' GROUP BY chat_session_id;
-- The chat whose own log is there: its requests alone. The session of its sub-agent is the chat's.
INSERT INTO spans(span_id,trace_id,parent_span_id,name,start_time_ms,end_time_ms,status_code,operation_name,provider_name,agent_name,conversation_id,request_model,response_model,input_tokens,output_tokens,cached_tokens,reasoning_tokens,tool_name,tool_call_id,chat_session_id,ttft_ms) VALUES
  ('s1','t1',NULL,'invoke_agent',1787216400000,1787216410000,1,'invoke_agent',NULL,'GitHub Copilot Chat','c-1',NULL,NULL,8100,95,NULL,NULL,NULL,NULL,'v-traced',NULL),
  ('s2','t1','s1','chat claude-sonnet-4.5',1787216403000,1787216406000,1,'chat','github',NULL,'c-1','claude-sonnet-4.5','claude-sonnet-4.5',8100,95,8000,5,NULL,NULL,'v-traced',700),
  ('s3','t1','s1','execute_tool read_file',1787216406000,1787216407000,1,'execute_tool',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'read_file','call_f1','v-traced',NULL),
  ('s4','t2',NULL,'chat claude-haiku-4.5',1787216407000,1787216409000,1,'chat','github',NULL,'c-2','claude-haiku-4.5','claude-haiku-4.5',500,5,0,NULL,NULL,NULL,'v-child',NULL);
INSERT INTO span_attributes VALUES ('s2','gen_ai.usage.cache_creation.input_tokens','60'),('s2','gen_ai.response.finish_reasons','["tool_calls"]'),
  ('s2','copilot_chat.debug_log_label','panel/editAgent'),('s4','copilot_chat.parent_chat_session_id','v-traced');
-- A chat that VS Code has let go, and a request of no chat.
INSERT INTO spans(span_id,trace_id,parent_span_id,name,start_time_ms,end_time_ms,status_code,status_message,operation_name,request_model,input_tokens,output_tokens,tool_name,tool_call_id,chat_session_id) VALUES
  ('s5','t3',NULL,'invoke_agent',1787217400000,1787217410000,0,NULL,'invoke_agent',NULL,NULL,NULL,NULL,NULL,'v-gone'),
  ('s6','t3','s5','chat gpt-5.2',1787217401000,1787217402000,0,NULL,'chat','gpt-5.2',1000,20,NULL,NULL,'v-gone'),
  ('s7','t3','s5','execute_tool grep_search',1787217402000,1787217403000,2,'bad pattern','execute_tool',NULL,NULL,NULL,'grep_search','call_f2','v-gone'),
  ('s8','t4',NULL,'chat gpt-4o-mini',1787217500000,1787217501000,0,NULL,'chat','gpt-4o-mini',50,3,NULL,NULL,NULL);
INSERT INTO span_attributes VALUES ('s7','gen_ai.tool.call.arguments','{"query":"("}'),('s7','gen_ai.tool.call.result','bad pattern');
