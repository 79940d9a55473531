package question

import (
	"slices"
	"strings"

	"github.com/infrazen/infrazen/pipeline"
)

// spokenNames are how Russians write the clouds' names.
var spokenNames = map[string]string{
	"селектел": "selectel", "бегет": "beget", "яндекс": "yandex", "вк": "vk", "авс": "aws", "амазон": "aws",
	"ажур": "azure", "азур": "azure", "гугл": "gcp", "оракл": "oracle", "клауд": "cloud",
}

// dimensionOrder decides between names that are spelled alike in several dimensions: the wider meaning wins.
var dimensionOrder = []pipeline.Dimension{
	pipeline.DimProvider, pipeline.DimConnection, pipeline.DimProject, pipeline.DimService, pipeline.DimResource, pipeline.DimRegion,
}

// places finds the tenant's own names in the sentence, the longest first.
func (p *parser) places() {
	names := slices.Clone(p.Names)
	slices.SortStableFunc(names, func(a, b Name) int {
		if d := len(split(b.Label)) - len(split(a.Label)); d != 0 {
			return d
		}
		return slices.Index(dimensionOrder, a.Dimension) - slices.Index(dimensionOrder, b.Dimension)
	})
	for _, n := range names {
		parts := split(n.Label)
		if len(parts) == 0 {
			continue
		}
		for i := range p.words {
			if p.matches(i, parts) {
				p.use(i, len(parts))
				p.question.Places = append(p.question.Places, n)
			}
		}
	}
}

func (p *parser) matches(i int, parts []word) bool {
	for j, part := range parts {
		if !sameName(p.at(i+j), part.folded) {
			return false
		}
	}
	return true
}

// sameName tells whether a typed word means a name: to the letter, with a Russian case ending, or in Russian letters.
func sameName(typed, name string) bool {
	if typed == "" {
		return false
	}
	if typed == name || inflected(typed, name) {
		return true
	}
	for spoken, latin := range spokenNames {
		if latin == name && (typed == spoken || inflected(typed, spoken)) {
			return true
		}
	}
	return false
}

// inflected tells whether typed is a Russian name with a case ending, or a foreign one with an ending after a dash or apostrophe.
func inflected(typed, name string) bool {
	if len([]rune(name)) < 4 {
		return false
	}
	stem := strings.TrimRight(name, "аеиоуыэюяьй")
	rest, ok := strings.CutPrefix(typed, stem)
	if !ok || len([]rune(stem)) < 3 {
		return false
	}
	return anyOf(rest, "а е и о у ы ю я й ь ом ем ой ей ов ев ам ям ах ях ами ями -е -а -у -ом 's")
}
