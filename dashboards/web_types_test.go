package dashboards_test

import (
	"os"
	"os/exec"
	"testing"

	"github.com/infrazen/infrazen/dashboards/internal/webbuild"
)

// TestWebPagesOfTypes shows the pages about what nobody recognised, about snapshots and about what is wrong with resources in a browser.
func TestWebPagesOfTypes(t *testing.T) {
	out := t.TempDir()
	if _, err := webbuild.App("web", out, false); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "node", "--test", "--test-reporter=spec", "test/types.test.mjs")
	cmd.Dir, cmd.Env = "web", append(os.Environ(), "INFRAZEN_WEB_DIST="+out)
	if told, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, told)
	}
}
