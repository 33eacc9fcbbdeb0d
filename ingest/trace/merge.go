package trace

// Name gives traces the conversations that stand apart from their spans.
func (t *Spans) Name(conversations map[string]string) {
	for _, s := range t.list {
		if s.Conversation == "" {
			s.Conversation = conversations[s.Trace]
		}
	}
}

// Find returns a span, or nil.
func (t *Spans) Find(trace, id string) *Span { return t.seen[spanKey{trace, id}] }

// Merge adds to a span what another record of it knows.
func (s *Span) Merge(o *Span) {
	if s.Role == OtherSpan {
		s.Role, s.Tool, s.Agent = o.Role, o.Tool, o.Agent
	}
	text := func(have *string, now string) {
		if *have == "" {
			*have = now
		}
	}
	text(&s.Name, o.Name)
	text(&s.Parent, o.Parent)
	text(&s.Conversation, o.Conversation)
	text(&s.RequestModel, o.RequestModel)
	text(&s.ResponseModel, o.ResponseModel)
	text(&s.Finish, o.Finish)
	if s.Start == 0 {
		s.Start = o.Start
	}
	s.End, s.FirstToken = max(s.End, o.End), max(s.FirstToken, o.FirstToken)
	if o.Failed {
		s.Failed, s.ErrorType, s.Message = true, o.ErrorType, o.Message
	}
	larger(&s.Usage.UncachedInput, o.Usage.UncachedInput)
	larger(&s.Usage.CacheRead, o.Usage.CacheRead)
	larger(&s.Usage.CacheCreation5m, o.Usage.CacheCreation5m)
	larger(&s.Usage.Output, o.Usage.Output)
	larger(&s.Usage.Reasoning, o.Usage.Reasoning)
	larger(&s.Cost, o.Cost)
	if o.HasResult && !s.HasResult {
		s.Result, s.HasResult = o.Result, true
	}
	if len(s.Args) == 0 {
		s.Args = o.Args
	}
	if o.Outputs != nil && (s.Outputs == nil || len(s.Outputs()) == 0) {
		s.Outputs = o.Outputs
	}
	if o.Inputs != nil && (s.Inputs == nil || len(s.Inputs()) == 0) {
		s.Inputs = o.Inputs
	}
}
