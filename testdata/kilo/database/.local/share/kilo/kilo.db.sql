CREATE TABLE project(id TEXT PRIMARY KEY, worktree TEXT NOT NULL, vcs TEXT, time_created INTEGER, time_updated INTEGER);
CREATE TABLE session(id TEXT PRIMARY KEY, project_id TEXT NOT NULL, parent_id TEXT, slug TEXT, directory TEXT, title TEXT, version TEXT,
  summary_additions INTEGER, revert TEXT, permission TEXT, cost REAL DEFAULT 0, tokens_input INTEGER DEFAULT 0,
  time_created INTEGER, time_updated INTEGER, time_compacting INTEGER, time_archived INTEGER);
CREATE TABLE message(id TEXT PRIMARY KEY, session_id TEXT NOT NULL, time_created INTEGER, time_updated INTEGER, data TEXT NOT NULL);
CREATE TABLE part(id TEXT PRIMARY KEY, message_id TEXT NOT NULL, session_id TEXT NOT NULL, time_created INTEGER, time_updated INTEGER, data TEXT NOT NULL);
CREATE INDEX message_session_idx ON message(session_id);
CREATE INDEX part_message_idx ON part(message_id);
CREATE INDEX part_session_idx ON part(session_id);
-- An incomplete projection, as versions 1.17 and 1.18 keep one: it counts for nothing.
CREATE TABLE session_message(id TEXT PRIMARY KEY, session_id TEXT, type TEXT, seq INTEGER, time_created INTEGER, time_updated INTEGER, data TEXT);
INSERT INTO session_message VALUES('msg_01','ses_7a01','user',1,1767600001000,1767600001000,'{"text":"make the tests faster"}');
INSERT INTO project VALUES('3f2a9c','/home/ana/app','git',1767600000000,1767600000000);
INSERT INTO session(id,project_id,slug,directory,title,version,cost,tokens_input,time_created,time_updated)
  VALUES('ses_7a01','3f2a9c','quick-lynx','/home/ana/app','Speed up tests','7.0.33',9.9,99999,1767600000000,1767600060000);
INSERT INTO session(id,project_id,parent_id,slug,directory,title,version,time_created,time_updated)
  VALUES('ses_7a02','3f2a9c','ses_7a01','calm-owl','/','Child session - 2026-01-05','7.0.33',1767600010000,1767600014000);
INSERT INTO message VALUES('msg_01','ses_7a01',1767600001000,1767600001000,
  '{"role":"user","time":{"created":1767600001000},"agent":"build","model":{"providerID":"anthropic","modelID":"claude-sonnet-4-5"}}');
INSERT INTO message VALUES('msg_02','ses_7a01',1767600001500,1767600020000,
  '{"role":"assistant","parentID":"msg_01","time":{"created":1767600001500,"completed":1767600020000},"modelID":"claude-sonnet-4-5","providerID":"anthropic","mode":"build","agent":"build","path":{"cwd":"/home/ana/app","root":"/home/ana/app"},"cost":0.021,"tokens":{"input":12,"output":210,"reasoning":0,"cache":{"read":14800,"write":320}},"finish":"stop"}');
INSERT INTO message VALUES('msg_11','ses_7a02',1767600010000,1767600010000,'{"role":"user","time":{"created":1767600010000},"agent":"general"}');
INSERT INTO message VALUES('msg_12','ses_7a02',1767600010500,1767600013000,
  '{"role":"assistant","parentID":"msg_11","time":{"created":1767600010500,"completed":1767600013000},"modelID":"claude-haiku-4-5","providerID":"anthropic","agent":"general","path":{"cwd":"/home/ana/app","root":"/home/ana/app"},"cost":0,"tokens":{"input":30,"output":40,"reasoning":0,"cache":{"read":0,"write":500}},"finish":"stop"}');
INSERT INTO part VALUES('prt_01','msg_01','ses_7a01',1,1,'{"type":"text","text":"make the tests faster"}');
INSERT INTO part VALUES('prt_00','msg_01','ses_7a01',1,1,'{"type":"text","text":"the user is in plan mode","synthetic":true}');
INSERT INTO part VALUES('prt_02','msg_02','ses_7a01',1,1,
  '{"type":"tool","callID":"toolu_1","tool":"bash","state":{"status":"completed","input":{"command":"go test ./...","description":"run tests"},"output":"FAIL\n","title":"run tests","metadata":{"output":"FAIL\n","exit":1},"time":{"start":1767600005000,"end":1767600009000}}}');
INSERT INTO part VALUES('prt_03','msg_02','ses_7a01',1,1,
  '{"type":"step-finish","reason":"tool-calls","cost":0.009,"tokens":{"input":10,"output":90,"reasoning":0,"cache":{"read":14400,"write":300}}}');
INSERT INTO part VALUES('prt_04','msg_02','ses_7a01',1,1,
  '{"type":"tool","callID":"toolu_2","tool":"task","state":{"status":"completed","input":{"description":"look","prompt":"look at timers"},"output":"they race","title":"look","metadata":{"sessionId":"ses_7a02"},"time":{"start":1767600009500,"end":1767600014000}}}');
INSERT INTO part VALUES('prt_11','msg_11','ses_7a02',1,1,'{"type":"text","text":"look at timers"}');
INSERT INTO part VALUES('prt_12','msg_12','ses_7a02',1,1,'{"type":"text","text":"they race","time":{"start":1767600011000,"end":1767600012000}}');
