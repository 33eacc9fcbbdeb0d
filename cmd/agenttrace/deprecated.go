package main

import (
	"fmt"
	"strings"

	sqlfiles "github.com/agenttrace/agenttrace/sql"
)

// warnDeprecated says once for each view that a query names and that a newer version has taken the place of.
func (c *common) warnDeprecated(e *env, text string) error {
	if !strings.Contains(text, "_v") {
		return nil // reading the definitions takes its time
	}
	set, err := sqlfiles.Views()
	if err != nil {
		return err
	}
	for _, note := range deprecated(set, text) {
		if e.warned[note] {
			continue
		}
		if e.warned == nil {
			e.warned = map[string]bool{}
		}
		e.warned[note] = true
		c.notice(e, "%s", note)
	}
	return nil
}

// deprecated lists what is to be said of the superseded views that a text names.
func deprecated(set *sqlfiles.Set, text string) []string {
	var out []string
	for _, t := range sqlfiles.Tokens(text) {
		d := set.Get(strings.ToLower(t.Text))
		if t.Kind != sqlfiles.Word || d == nil || d.Status != sqlfiles.Superseded {
			continue
		}
		for _, now := range set.Definitions {
			if now.Family == d.Family && now.Status == sqlfiles.Current {
				out = append(out, fmt.Sprintf("%s is deprecated: %s has taken its place (agenttrace views diff %s v%d v%d shows what moves)", d.Name, now.Name, d.Family, d.Version, now.Version))
			}
		}
	}
	return out
}
