package boot

import (
	"runtime/debug"
	"testing"
)

func TestLimitMemoryLeavesTheEnvironmentsWord(t *testing.T) {
	before := debug.SetMemoryLimit(-1)
	t.Cleanup(func() { debug.SetMemoryLimit(before) })
	t.Setenv(memoryVariable, "1GiB")
	LimitMemory(100)
	if got := debug.SetMemoryLimit(-1); got != before {
		t.Errorf("the limit is %d, want %d as before", got, before)
	}
	t.Setenv(memoryVariable, "")
	LimitMemory(900)
	if got := debug.SetMemoryLimit(-1); got != 900<<20 {
		t.Errorf("the limit is %d", got)
	}
}
