INSERT INTO part VALUES('prt_05','msg_02','ses_7a01',1767600019000,1767600019000,'{"type":"text","text":"They share a clock."}');
INSERT INTO part VALUES('prt_06','msg_02','ses_7a01',1767600020000,1767600020000,
  '{"type":"step-finish","reason":"stop","cost":0.012,"tokens":{"input":12,"output":210,"reasoning":0,"cache":{"read":14800,"write":320}}}');
INSERT INTO message VALUES('msg_03','ses_7a01',1767600030000,1767600030000,'{"role":"user","time":{"created":1767600030000}}');
INSERT INTO part VALUES('prt_07','msg_03','ses_7a01',1767600030000,1767600030000,'{"type":"text","text":"no, keep the clock"}');
INSERT INTO part VALUES('prt_08','msg_03','ses_7a01',1767600030000,1767600030000,'cut off {');
INSERT INTO message VALUES('msg_04','ses_7a01',1767600030500,1767600031000,
  '{"role":"assistant","parentID":"msg_03","time":{"created":1767600030500},"modelID":"claude-sonnet-4-5","providerID":"anthropic","agent":"build","path":{"cwd":"/home/ana/app"},"cost":0,"tokens":{"input":0,"output":0,"reasoning":0,"cache":{"read":0,"write":0}},"error":{"name":"MessageAbortedError","data":{"message":"aborted"}}}');
UPDATE session SET time_updated = 1767600031000, revert = '{"messageID":"msg_03"}' WHERE id = 'ses_7a01';
