package pipeline_test

import (
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/infrazen/infrazen/pipeline"
)

func someMapping(t *rapid.T) pipeline.TypeMapping {
	word := func(name string, of ...string) string { return rapid.SampledFrom(of).Draw(t, name) }
	return pipeline.TypeMapping{
		ID:    word("id", "1", "2", "3"),
		Match: pipeline.TypeMatch{ResourceType: word("word", "", "GPU_BOX", "volume"), ServiceName: word("service", "", "GPU", "AI"), SkuPrefix: word("sku", "", "g", "gpu-")},
		To: pipeline.TypeTarget{
			ResourceType:    rapid.SampledFrom(pipeline.ResourceTypes()).Draw(t, "to"),
			ServiceCategory: word("category", "", "Compute", "Other"), ServiceName: word("name", "", "GPU", "Видеокарты"),
		},
	}
}

func someLine(t *rapid.T) pipeline.Line {
	word := func(name string, of ...string) string { return rapid.SampledFrom(of).Draw(t, name) }
	l := pipeline.Line{
		ResourceType: word("type", "", "GPU_BOX", "volume", "tape"), ServiceName: word("line service", "", "GPU", "AI"), SkuID: word("line sku", "", "gpu-1", "gx"),
		ServiceCategory: word("line category", "", "Compute", "Other"), Unrecognised: rapid.Bool().Draw(t, "unrecognised"),
	}
	if tag := word("tag", "", "web"); tag != "" {
		l.Tags = map[string]string{"team": tag}
	}
	return l
}

// Whatever mappings a line has been through, it can be made again as it was billed, and what the last mappings make of it does not
// depend on those before.
func TestRelabelForgetsEarlierMappings(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		billed := someLine(t)
		tags := maps.Clone(billed.Tags)
		held := pipeline.TypeMappings(nil).Incoming(billed)
		for range rapid.IntRange(0, 3).Draw(t, "editions") {
			held = pipeline.TypeMappings(rapid.SliceOfN(rapid.Custom(someMapping), 0, 3).Draw(t, "mappings")).Relabel(held)
		}
		if d := cmp.Diff(billed, pipeline.AsBilled(held)); d != "" {
			t.Fatalf("as billed: %s", d)
		}
		last := pipeline.TypeMappings(rapid.SliceOfN(rapid.Custom(someMapping), 0, 3).Draw(t, "last mappings"))
		want := last.Incoming(billed)
		if got := last.Relabel(held); got.Key() != want.Key() {
			t.Fatalf("relabelled: %s", cmp.Diff(want, got))
		}
		if !billed.Unrecognised && want.Key() != billed.Key() {
			t.Fatal("a line that was recognised was touched")
		}
		if d := cmp.Diff(tags, billed.Tags); d != "" {
			t.Fatalf("the line's own tags were written to: %s", d)
		}
	})
}

func TestTheMappingThatSaysMostWins(t *testing.T) {
	to := func(id, service, sku string, typ pipeline.ResourceType) pipeline.TypeMapping {
		return pipeline.TypeMapping{
			ID: id, Match: pipeline.TypeMatch{ResourceType: "X", ServiceName: service, SkuPrefix: sku}, To: pipeline.TypeTarget{ResourceType: typ},
		}
	}
	ms := pipeline.TypeMappings{
		to("1", "", "", pipeline.Server), to("2", "AI", "", pipeline.Database), to("3", "", "gpu", pipeline.Volume),
		to("4", "", "gpu-a", pipeline.Bucket), to("5", "AI", "gpu", pipeline.CDN),
	}
	f := func(service, sku, want string) {
		t.Helper()
		if got := ms.Incoming(pipeline.Line{ResourceType: "X", ServiceName: service, SkuID: sku, Unrecognised: true}).ResourceType; got != want {
			t.Errorf("service %q and SKU %q became %q, want %q", service, sku, got, want)
		}
	}
	f("", "", "server")
	f("AI", "", "database")
	f("", "gpu-b", "volume")
	f("AI", "gpu-b", "cdn")
	f("AI", "gpu-a7", "bucket")
	if l := ms.Incoming(pipeline.Line{ResourceType: "x", Unrecognised: true}); l.ResourceType != "x" || !l.Unrecognised {
		t.Errorf("a word in other letters was mapped: %+v", l)
	}
}

func TestACloudsTagsUnderOurKeysAreDropped(t *testing.T) {
	l := pipeline.Line{ResourceType: "server", Tags: map[string]string{pipeline.TagCloudType: "forged", "team": "web"}}
	if d := cmp.Diff(pipeline.Line{ResourceType: "server", Tags: map[string]string{"team": "web"}}, pipeline.TypeMappings(nil).Incoming(l)); d != "" {
		t.Error(d)
	}
}

func TestResourcesKeepTheCloudsWord(t *testing.T) {
	ms := pipeline.TypeMappings{{ID: "1", Match: pipeline.TypeMatch{ResourceType: "TAPE"}, To: pipeline.TypeTarget{ResourceType: pipeline.Backup}}}
	known := pipeline.Resource{ID: "a", Type: pipeline.Server}
	if d := cmp.Diff(known, ms.Resource(known)); d != "" {
		t.Error(d)
	}
	r := ms.Resource(pipeline.Resource{ID: "b", Type: "TAPE", Attributes: map[string]string{"slot": "7"}})
	if r.Type != pipeline.Backup || r.CloudType() != "TAPE" || r.Attributes["slot"] != "7" {
		t.Errorf("mapped: %+v", r)
	}
}
