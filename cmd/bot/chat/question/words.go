package question

import (
	"strings"
	"unicode"
)

// word is one word of a sentence: as typed, as compared, and whether a rule has used it.
type word struct {
	typed, folded string
	used          bool
}

// split cuts a sentence into words. Dots, dashes and the like inside a word stay: dates and host names are words.
func split(sentence string) []word {
	var words []word
	for _, f := range strings.FieldsFunc(sentence, isGap) {
		typed := strings.Trim(f, ".-–—:_/@")
		if typed != "" {
			words = append(words, word{typed: typed, folded: fold(typed)})
		}
	}
	return words
}

func isGap(r rune) bool {
	if unicode.IsLetter(r) || unicode.IsDigit(r) {
		return false
	}
	return !strings.ContainsRune(".-–—:_/@", r)
}

// fold makes words comparable: lower case, ё as е.
func fold(s string) string {
	return strings.ReplaceAll(strings.ToLower(s), "ё", "е")
}

// at returns the folded word i places from i0, "" beyond the end or when it is used.
func (p *parser) at(i int) string {
	if i < 0 || i >= len(p.words) || p.words[i].used {
		return ""
	}
	return p.words[i].folded
}

func (p *parser) use(from, n int) {
	for i := from; i < from+n && i < len(p.words); i++ {
		p.words[i].used = true
	}
}

// anyOf tells whether s is one of the blank-separated words of list.
func anyOf(s, list string) bool {
	if s == "" {
		return false
	}
	for _, w := range strings.Fields(list) {
		if w == s {
			return true
		}
	}
	return false
}

// begins tells whether s begins with one of the blank-separated stems of list.
func begins(s, list string) bool {
	for _, stem := range strings.Fields(list) {
		if strings.HasPrefix(s, stem) {
			return true
		}
	}
	return false
}
