package redact

import "strings"

// Version of the rules: raised when they find more, less, or other values, so that logs are searched again.
const Version = 1

// A Confidence says how sure it is that what a rule found is a secret.
type Confidence string

// The grades of confidence.
const (
	High   Confidence = "high"   // the form of the value proves it
	Medium Confidence = "medium" // it stands where secrets stand, and looks random
	Low    Confidence = "low"    // it may be a sample, a test key or a word
)

// Confidence grades a match of a rule.
func (m Match) Confidence(s string) Confidence {
	if m.Cut {
		return Low
	}
	val := s[m.Start:m.End]
	for _, sample := range []string{"EXAMPLE", "example", "sample", "SAMPLE", "dummy", "xxxx", "XXXX", "0000000000", "1234567890", "_test_", "fake", "FAKE"} {
		if strings.Contains(val, sample) {
			return Low
		}
	}
	switch m.Rule {
	case "password", "secret", "authorization", "url-password", "bearer-token":
		if len(val) >= 8 && hasDigit(val) && classes(val) >= 2 && entropy(val) >= 2.5 {
			return Medium
		}
		return Low
	}
	return High
}
