package clickhouse

import (
	"slices"
	"testing"
	"unicode"
)

func TestSameLowerKnowsEveryLetter(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if low := unicode.ToLower(r); !slices.Contains(sameLower(low), r) {
			t.Errorf("%U %c is not among the letters whose lower case is %U %c", r, r, low, low)
		}
		for _, same := range sameLower(unicode.ToLower(r)) {
			if unicode.ToLower(same) != unicode.ToLower(r) {
				t.Errorf("%U is taken for %U", same, r)
			}
		}
	}
}
