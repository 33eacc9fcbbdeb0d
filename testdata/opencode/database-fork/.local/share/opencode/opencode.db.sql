CREATE TABLE project(id TEXT PRIMARY KEY, worktree TEXT NOT NULL, vcs TEXT, time_created INTEGER, time_updated INTEGER);
CREATE TABLE session(id TEXT PRIMARY KEY, project_id TEXT NOT NULL, parent_id TEXT, slug TEXT, directory TEXT, title TEXT, version TEXT,
  revert TEXT, time_created INTEGER, time_updated INTEGER);
CREATE TABLE message(id TEXT PRIMARY KEY, session_id TEXT NOT NULL, time_created INTEGER, time_updated INTEGER, data TEXT NOT NULL);
CREATE TABLE part(id TEXT PRIMARY KEY, message_id TEXT NOT NULL, session_id TEXT NOT NULL, time_created INTEGER, time_updated INTEGER, data TEXT NOT NULL);
INSERT INTO project VALUES('3f2a9c','/home/ana/app','git',1767600000000,1767600000000);
INSERT INTO session(id,project_id,slug,directory,title,version,time_created,time_updated) VALUES
  ('ses_a','3f2a9c','calm-otter','/home/ana/app','Fix flaky test','1.1.3',1767600000000,1767600060000),
  ('ses_b','3f2a9c','kind-otter','/home/ana/app','Fix flaky test (fork #1)','1.1.3',1767600100000,1767600160000);
INSERT INTO message VALUES('msg_a1','ses_a',1767600001000,1767600001000,'{"role": "user", "time": {"created": 1767600001000}, "agent": "build"}');
INSERT INTO part VALUES('msg_a1_p0','msg_a1','ses_a',1,1,'{"type": "text", "text": "fix the flaky test"}');
INSERT INTO message VALUES('msg_a2','ses_a',1767600001500,1767600001500,'{"role": "assistant", "time": {"created": 1767600001500, "completed": 1767600020000}, "modelID": "claude-sonnet-4-5", "providerID": "anthropic", "cost": 0.021, "tokens": {"input": 12, "output": 210, "reasoning": 0, "cache": {"read": 14800, "write": 320}}, "finish": "stop", "parentID": "msg_a1"}');
INSERT INTO part VALUES('msg_a2_p0','msg_a2','ses_a',1,1,'{"type": "tool", "callID": "toolu_1", "tool": "bash", "state": {"status": "completed", "input": {"command": "go test ./..."}, "output": "ok", "metadata": {"exit": 0}, "time": {"start": 1767600005000, "end": 1767600009000}}}');
INSERT INTO part VALUES('msg_a2_p1','msg_a2','ses_a',1,1,'{"type": "text", "text": "It is fixed."}');
-- The fork repeats both under new ids, and goes on.
INSERT INTO message VALUES('msg_b1','ses_b',1767600001000,1767600001000,'{"role": "user", "time": {"created": 1767600001000}, "agent": "build"}');
INSERT INTO part VALUES('msg_b1_p0','msg_b1','ses_b',1,1,'{"type": "text", "text": "fix the flaky test"}');
INSERT INTO message VALUES('msg_b2','ses_b',1767600001500,1767600001500,'{"role": "assistant", "time": {"created": 1767600001500, "completed": 1767600020000}, "modelID": "claude-sonnet-4-5", "providerID": "anthropic", "cost": 0.021, "tokens": {"input": 12, "output": 210, "reasoning": 0, "cache": {"read": 14800, "write": 320}}, "finish": "stop", "parentID": "msg_b1"}');
INSERT INTO part VALUES('msg_b2_p0','msg_b2','ses_b',1,1,'{"type": "tool", "callID": "toolu_1", "tool": "bash", "state": {"status": "completed", "input": {"command": "go test ./..."}, "output": "ok", "metadata": {"exit": 0}, "time": {"start": 1767600005000, "end": 1767600009000}}}');
INSERT INTO part VALUES('msg_b2_p1','msg_b2','ses_b',1,1,'{"type": "text", "text": "It is fixed."}');
INSERT INTO message VALUES('msg_b3','ses_b',1767600101000,1767600101000,'{"role": "user", "time": {"created": 1767600101000}, "agent": "build"}');
INSERT INTO part VALUES('msg_b3_p0','msg_b3','ses_b',1,1,'{"type": "text", "text": "now the docs"}');
INSERT INTO message VALUES('msg_b4','ses_b',1767600101500,1767600101500,'{"role": "assistant", "time": {"created": 1767600101500, "completed": 1767600120000}, "modelID": "claude-sonnet-4-5", "providerID": "anthropic", "cost": 0.021, "tokens": {"input": 5, "output": 30, "reasoning": 0, "cache": {"read": 15000, "write": 100}}, "finish": "stop", "parentID": "msg_b3"}');
INSERT INTO part VALUES('msg_b4_p0','msg_b4','ses_b',1,1,'{"type": "text", "text": "Done."}');
-- The same instant and text twice in one session are two prompts.
INSERT INTO message VALUES('msg_b5','ses_b',1767600130000,1767600130000,'{"role": "user", "time": {"created": 1767600130000}, "agent": "build"}');
INSERT INTO part VALUES('msg_b5_p0','msg_b5','ses_b',1,1,'{"type": "text", "text": "again"}');
INSERT INTO message VALUES('msg_b6','ses_b',1767600130000,1767600130000,'{"role": "user", "time": {"created": 1767600130000}, "agent": "build"}');
INSERT INTO part VALUES('msg_b6_p0','msg_b6','ses_b',1,1,'{"type": "text", "text": "again"}');
