package schema

// A SecretFinding is a place in a source where a secret stands. It never holds the value.
type SecretFinding struct {
	Line            int64
	SessionID       ID
	OwnerID         ID     // the message or tool call that holds it
	Location        string // prompt, answer, tool_args, tool_result, file
	RuleID          string
	ValueHash       ID     // hash of the value with a key of the store
	Confidence      string // high, medium, low
	OccurrenceCount int64
}
