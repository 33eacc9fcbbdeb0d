package schema

// SessionOf tells which session a row belongs to. Rows that say it of another row (texts, observations of
// usage) or of none (problems, ranges of lines) have none of their own.
func SessionOf(row Row) (session ID, ok bool) {
	switch x := row.(type) {
	case *Record:
		return x.SessionID, true
	case *Ledger:
		return x.SessionID, true
	case *Session:
		return x.SessionID, true
	case *Run:
		return x.SessionID, true
	case *Turn:
		return x.SessionID, true
	case *Message:
		return x.SessionID, true
	case *ModelCall:
		return x.SessionID, true
	case *ToolCall:
		return x.SessionID, true
	case *Command:
		return x.SessionID, true
	case *FileChange:
		return x.SessionID, true
	case *FileRead:
		return x.SessionID, true
	case *Event:
		return x.SessionID, true
	case *Error:
		return x.SessionID, true
	}
	return 0, false
}
