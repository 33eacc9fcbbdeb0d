CREATE TABLE sessions(id TEXT PRIMARY KEY, parent_session_id TEXT, title TEXT NOT NULL, message_count INTEGER NOT NULL DEFAULT 0,
  prompt_tokens INTEGER NOT NULL DEFAULT 0, completion_tokens INTEGER NOT NULL DEFAULT 0, cost REAL NOT NULL DEFAULT 0.0,
  updated_at INTEGER NOT NULL, created_at INTEGER NOT NULL, summary_message_id TEXT);
CREATE TABLE messages(id TEXT PRIMARY KEY, session_id TEXT NOT NULL, role TEXT NOT NULL, parts TEXT NOT NULL DEFAULT '[]', model TEXT,
  created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, finished_at INTEGER);
INSERT INTO sessions VALUES('s1',NULL,'Say hello',2,100,5,0.001,1748000010,1748000000000,NULL);
INSERT INTO messages VALUES('g1','s1','user','[{"type":"text","data":{"text":"hello"}}]',NULL,1748000000000,1748000000,NULL);
INSERT INTO messages VALUES('g2','s1','assistant','[{"type":"text","data":{"text":"hi"}},{"type":"finish","data":{"reason":"canceled","time":1748000009}}]','gpt-4.1',1748000001000,1748000010,NULL);
