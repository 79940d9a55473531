package boot

import (
	"os"
	"runtime/debug"
)

// memoryVariable is Go's own setting of the same.
const memoryVariable = "GOMEMLIMIT"

// LimitMemory makes the garbage collector work harder instead of letting the process grow beyond so many megabytes, unless the
// environment says how many (GOMEMLIMIT). What is really needed is had all the same.
func LimitMemory(megabytes int64) {
	if os.Getenv(memoryVariable) == "" {
		debug.SetMemoryLimit(megabytes << 20)
	}
}
