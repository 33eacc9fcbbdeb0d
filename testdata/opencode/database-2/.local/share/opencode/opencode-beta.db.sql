CREATE TABLE project(id TEXT PRIMARY KEY, worktree TEXT NOT NULL);
CREATE TABLE session(id TEXT PRIMARY KEY, project_id TEXT, parent_id TEXT, directory TEXT, title TEXT, version TEXT, time_created INTEGER, time_updated INTEGER);
CREATE TABLE message(id TEXT PRIMARY KEY, session_id TEXT NOT NULL, time_created INTEGER, time_updated INTEGER, data TEXT NOT NULL);
CREATE TABLE part(id TEXT PRIMARY KEY, message_id TEXT NOT NULL, session_id TEXT NOT NULL, time_created INTEGER, time_updated INTEGER, data TEXT NOT NULL);
CREATE TABLE session_v2(id TEXT PRIMARY KEY, project_id TEXT, parent_id TEXT, fork_session_id TEXT, fork_boundary TEXT, directory TEXT, title TEXT, version TEXT,
  revert TEXT, time_created INTEGER, time_updated INTEGER, time_idle INTEGER, idle_outcome TEXT);
CREATE TABLE session_message(id TEXT PRIMARY KEY, session_id TEXT NOT NULL, type TEXT NOT NULL, seq INTEGER NOT NULL, time_created INTEGER, time_updated INTEGER, data TEXT NOT NULL, UNIQUE(session_id, seq));
INSERT INTO project VALUES('p1','/home/ana/app');
-- Of the old version and never touched since: read by the old tables.
INSERT INTO session VALUES('ses_old','p1',NULL,'/home/ana/app','Old one','1.18.3',1767600000000,1767600000000);
INSERT INTO message VALUES('msg_o1','ses_old',1767600001000,1767600001000,'{"role":"user","time":{"created":1767600001000}}');
INSERT INTO part VALUES('prt_o1','msg_o1','ses_old',1,1,'{"type":"text","text":"hello"}');
-- Of both: the old rows are a frozen copy.
INSERT INTO session VALUES('ses_new','p1',NULL,'/home/ana/app','New one','2.0.15',1790000000000,1790000000000);
INSERT INTO message VALUES('msg_n1','ses_new',1790000001000,1790000001000,'{"role":"user","time":{"created":1790000001000}}');
INSERT INTO session_v2 VALUES('ses_new','p1',NULL,NULL,NULL,'/home/ana/app','New one','2.0.15',NULL,1790000000000,1790000020000,1790000020000,'succeeded');
INSERT INTO session_v2 VALUES('ses_fork','p1',NULL,'ses_new','msg_n3','/home/ana/app',NULL,'2.0.15',NULL,1790000030000,1790000040000,NULL,NULL);
INSERT INTO session_v2 VALUES('ses_empty','p1',NULL,NULL,NULL,'/home/ana/app',NULL,'2.0.15',NULL,1790000030000,1790000040000,NULL,NULL);
INSERT INTO session_message VALUES('msg_n1','ses_new','user',1,1790000001000,1790000001000,'{"text":"fix the flaky test","time":{"created":1790000001000}}');
INSERT INTO session_message VALUES('msg_n2','ses_new','assistant',2,1790000001200,1790000006100,
  '{"agent":"build","model":{"id":"claude-sonnet-4-5","providerID":"anthropic"},"content":[{"type":"reasoning","text":"look at timers"},{"type":"tool","id":"toolu_1","name":"shell","state":{"status":"completed","input":{"command":"go test ./..."},"content":[{"type":"text","text":"FAIL"}],"metadata":{"exit":1}},"time":{"created":1790000002000,"ran":1790000002100,"completed":1790000006000}}],"finish":"tool-calls","cost":0.009,"tokens":{"input":10,"output":90,"reasoning":20,"cache":{"read":14400,"write":300}},"time":{"created":1790000001200,"streamed":1790000001900,"completed":1790000006100}}');
INSERT INTO session_message VALUES('msg_n3','ses_new','assistant',3,1790000007000,1790000009000,
  '{"agent":"build","model":{"id":"gpt-5.2","providerID":"openai"},"content":[{"type":"tool","id":"toolu_2","name":"edit","state":{"status":"error","input":{"filePath":"a_test.go","oldString":"x","newString":"y"},"error":{"type":"unknown","message":"The user rejected permission to use this specific tool call."}},"time":{"created":1790000007500,"completed":1790000008000}},{"type":"tool","id":"toolu_3","name":"read","state":{"status":"streaming","input":"{\"filePa"},"time":{"created":1790000008500}},{"type":"text","text":"I stop here."}],"finish":"stop","cost":0,"tokens":{"input":400,"output":30,"reasoning":50,"cache":{"read":0,"write":0}},"time":{"created":1790000007000,"completed":1790000009000}}');
INSERT INTO session_message VALUES('msg_n4','ses_new','compaction',4,1790000010000,1790000012000,
  '{"status":"completed","reason":"auto","summary":"The test races.","recent":"","model":{"id":"gpt-5.2","providerID":"openai"},"cost":0.001,"tokens":{"input":700,"output":60,"reasoning":0,"cache":{"read":0,"write":0}},"time":{"created":1790000010000}}');
INSERT INTO session_message VALUES('msg_n5','ses_new','shell',5,1790000013000,1790000013500,
  '{"shellID":"s1","command":"git status","status":"completed","exit":0,"output":{"output":"clean"},"time":{"created":1790000013000,"completed":1790000013500}}');
INSERT INTO session_message VALUES('msg_n6','ses_new','assistant',6,1790000014000,1790000014500,
  '{"agent":"plan","model":{"id":"gpt-5.2","providerID":"openai"},"content":[],"finish":"error","error":{"type":"api","message":"429 Too Many Requests: rate limit"},"retry":{"attempt":2,"at":1790000014400,"error":{"type":"api","message":"overloaded"}},"time":{"created":1790000014000}}');
INSERT INTO session_message VALUES('msg_n7','ses_new','idle',7,1790000015000,1790000015000,'{"outcome":"failed","time":{"created":1790000015000}}');
INSERT INTO session_message VALUES('msg_n8','ses_new','hologram',8,1790000016000,1790000016000,'{"time":{"created":1790000016000}}');
INSERT INTO session_message VALUES('msg_n9','ses_new','user',9,1790000017000,1790000017000,'[1]');
INSERT INTO session_message VALUES('msg_f1','ses_fork','user',1,1790000001000,1790000031000,'{"text":"fix the flaky test","time":{"created":1790000001000}}');
INSERT INTO session_message VALUES('msg_f2','ses_fork','user',2,1790000032000,1790000032000,'{"text":"another way","time":{"created":1790000032000}}');
