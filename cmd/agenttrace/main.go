// Command agenttrace answers questions about the session logs of AI coding agents.
package main

import "os"

func main() { os.Exit(run(systemEnv(), os.Args[1:])) }
