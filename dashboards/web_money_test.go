package dashboards_test

import (
	"path/filepath"
	"testing"

	"github.com/infrazen/infrazen/dashboards/internal/webbuild"
)

// TestMoneyPages opens the pages about money on accounts in a browser, against the stand-in API.
func TestMoneyPages(t *testing.T) {
	out := t.TempDir()
	if _, err := webbuild.App("web", out, false); err != nil {
		t.Fatal(err)
	}
	t.Setenv("WEB_DIST", out)
	node(t, "--test", filepath.Join("test", "money.test.mjs"))
}
