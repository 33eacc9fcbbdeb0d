package main

import (
	"os"
	"os/exec"
	"testing"
)

// TestSkill runs every command of the skill over the sample logs.
func TestSkill(t *testing.T) {
	t.Parallel()
	list := examples(t, skillText)
	if len(list) < 6 {
		t.Fatalf("only %d commands", len(list))
	}
	home, db := sampleStore(t)
	for _, e := range list {
		cmd := exec.Command("sh", "-c", e.command)
		cmd.Env = append(os.Environ(), "HOME="+home, "TZ=UTC", "AGENTTRACE_DB="+db)
		if out, err := cmd.CombinedOutput(); err != nil || len(out) == 0 {
			t.Errorf("%s: %v\n%s", e.command, err, out)
		}
	}
}
