package table

import (
	"errors"
	"strings"

	"github.com/infrazen/infrazen/providers/tagtext"
)

// Bounds of the cache of tags.
const (
	maxTagTexts = 1 << 13
	maxTagBytes = 4 << 20
)

var errTags = errors.New("not tags")

// tagReader takes the tags out of rows. Charges with the same text of tags may share one map, which nobody may change.
type tagReader struct {
	columns []boundTag
	held    map[string]heldTags
	size    int
	words   words
}

type heldTags struct {
	tags map[string]string
	bad  bool
}

func newTagReader(columns []boundTag) tagReader {
	return tagReader{columns: columns, held: make(map[string]heldTags), words: newWords()}
}

// read gives the tags of a row, nil when there are none. bad tells that a text of tags could not be read.
func (t *tagReader) read(cells []string) (tags map[string]string, bad bool) {
	shared := false
	for _, column := range t.columns {
		s := cellAt(cells, column.at)
		if s == "" {
			continue
		}
		more := map[string]string{column.key: s}
		if column.key == "" {
			held := t.many(s)
			more, bad = held.tags, bad || held.bad
			if tags == nil {
				tags, shared = more, true
				continue
			}
		}
		if tags == nil || shared {
			tags, shared = cloneTags(tags), false
		}
		for k, v := range more {
			tags[t.words.keep(k)] = t.words.keep(v)
		}
	}
	return tags, bad
}

func cloneTags(tags map[string]string) map[string]string {
	out := make(map[string]string, len(tags)+4)
	for k, v := range tags {
		out[k] = v
	}
	return out
}

// many reads a text of many tags; the results of texts that repeat are kept.
func (t *tagReader) many(s string) heldTags {
	if h, found := t.held[s]; found {
		return h
	}
	tags, err := parseTags(s)
	if t.size += len(s); t.size > maxTagBytes || len(t.held) >= maxTagTexts {
		clear(t.held)
		t.size = len(s)
	}
	h := heldTags{tags: tags, bad: err != nil}
	t.held[strings.Clone(s)] = h
	return h
}

// parseTags reads JSON, pairs of JSON without braces, or "k=v;k2=v2" with commas, semicolons or bars between the pairs. A word
// without a value is a tag whose value is empty.
func parseTags(s string) (map[string]string, error) {
	s = strings.TrimFunc(s, isBlank)
	if s == "" {
		return nil, nil
	}
	if strings.ContainsRune(`{["`, rune(s[0])) || s == "null" {
		return tagtext.Parse([]byte(s))
	}
	sep := ";"
	for _, other := range []string{"|", ","} {
		if !strings.Contains(s, sep) && strings.Contains(s, other) {
			sep = other
		}
	}
	out := make(map[string]string)
	for pair := range strings.SplitSeq(s, sep) {
		if pair = strings.TrimFunc(pair, isBlank); pair == "" {
			continue
		}
		k, v, found := strings.Cut(pair, "=")
		if !found {
			k, v, _ = strings.Cut(pair, ":")
		}
		if k = strings.TrimFunc(k, isBlank); k == "" {
			return nil, errTags
		}
		out[strings.Clone(k)] = strings.Clone(strings.TrimFunc(v, isBlank))
	}
	return out, nil
}
