// Command agenttrace answers questions about the session logs of AI coding agents.
package main

import (
	"os"
	"runtime/debug"
)

func main() {
	// The program's own heap is small beside the engine's: collecting it less often costs little memory and
	// saves time while logs are read.
	debug.SetGCPercent(400)
	os.Exit(run(systemEnv(), os.Args[1:]))
}
