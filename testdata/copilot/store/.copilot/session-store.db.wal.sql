INSERT INTO assistant_usage_events(session_id,turn_index,model,input_tokens,output_tokens,duration_ms,finish_reason,created_at) VALUES
  ('0d6a0000-0000-4000-8000-000000000008',2,'gpt-5.2',70,7,1000,'stop','2026-08-21T09:10:00Z');
