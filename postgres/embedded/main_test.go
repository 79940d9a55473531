package embedded_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// parentEnv makes this test binary play the part of a program that is killed: see TestParentKilled.
const parentEnv = "EMBEDDED_TEST_PARENT"

func TestMain(m *testing.M) {
	if dir := os.Getenv(parentEnv); dir != "" {
		playParent(dir)
		return
	}
	goleak.VerifyTestMain(m)
}
