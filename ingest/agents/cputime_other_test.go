//go:build !unix

package agents

import "time"

// cpuTime is not known here.
func cpuTime() time.Duration { return 0 }
