package clickhouse

import (
	"fmt"
	"strings"
	"unicode"
)

// foldPattern is a regular expression that finds text wherever its letters stand in whatever case, as far as Unicode's
// simple lower case tells. The engine's own functions for that follow other rules for some letters (İ, ſ, ς).
func foldPattern(text string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(text) {
		b.WriteByte('[')
		for _, same := range sameLower(r) {
			fmt.Fprintf(&b, `\x{%x}`, same)
		}
		b.WriteByte(']')
	}
	return b.String()
}

// sameLower lists the letters whose lower case is r.
func sameLower(r rune) []rune {
	out := []rune{r}
	if r == 'i' {
		out = append(out, 'İ') // the one letter that its lower case does not lead back to
	}
	for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
		if unicode.ToLower(other) == r {
			out = append(out, other)
		}
	}
	return out
}
