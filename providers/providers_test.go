package providers_test

import (
	"testing"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/providers"
)

// TestList checks what the list promises: kinds of their own, found by kind.
func TestList(t *testing.T) {
	all := providers.All(providers.Options{})
	seen := map[pipeline.Kind]bool{}
	for _, p := range all {
		kind := p.Info().Kind
		if seen[kind] || kind == "" {
			t.Errorf("kind %q stands twice or is empty", kind)
		}
		seen[kind] = true
		found, ok := providers.ByKind(all, kind)
		if !ok || found.Info().Kind != kind {
			t.Errorf("kind %q is not found", kind)
		}
	}
	for _, kind := range []pipeline.Kind{"beget", "selectel", "yandex", "vk", "vk-kz", "focus", "table", "cloudru"} {
		if !seen[kind] {
			t.Errorf("kind %q is not in the list", kind)
		}
	}
	if _, ok := providers.ByKind(all, "none"); ok {
		t.Error("a kind that is not in the list is found")
	}
}
