package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
)

// maxNesting is how deep a body may be nested: the deepest filter fits twice.
const maxNesting = 64

// jsonFormats reads and writes JSON; it is stricter in reading than encoding/json.
func jsonFormats() map[string]huma.Format {
	f := huma.Format{
		Marshal:   func(w io.Writer, v any) error { return json.NewEncoder(w).Encode(v) },
		Unmarshal: unmarshalStrict,
	}
	return map[string]huma.Format{"application/json": f, "json": f}
}

// unmarshalStrict reads one JSON value into v. It refuses text that is not UTF-8 or that no database keeps, fields given twice in whatever case
// (encoding/json would take the last one, after another was checked), and anything behind the value.
func unmarshalStrict(data []byte, v any) error {
	if !utf8.Valid(data) {
		return errors.New("the text is not UTF-8")
	}
	if _, generic := v.(*any); generic { // huma reads each body twice, first like this
		if err := checkFields(data); err != nil {
			return err
		}
	}
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("the JSON cannot be read: %w", err)
	}
	return nil
}

// checkFields refuses a field that is given twice in one object.
func checkFields(data []byte) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var open []map[string]bool // the fields seen of each open object; nil for a list
	key := false
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("the JSON cannot be read: %w", err)
		}
		if text, ok := t.(string); ok && strings.ContainsRune(text, 0) {
			return errors.New("the text holds a zero byte")
		}
		if delim, ok := t.(json.Delim); ok {
			if open = nest(open, delim); len(open) > maxNesting {
				return errors.New("the JSON is nested too deep")
			}
		} else if name, ok := t.(string); ok && key {
			folded := strings.Map(foldRune, name)
			if open[len(open)-1][folded] {
				return fmt.Errorf("a field is given twice: %s", name)
			}
			open[len(open)-1][folded] = true
			key = false
			continue
		}
		if len(open) == 0 {
			return onlyOne(d)
		}
		key = open[len(open)-1] != nil
	}
}

// foldRune maps runes that encoding/json takes for the same letter of a field's name to one of them.
func foldRune(r rune) rune {
	least := r
	for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
		least = min(least, f)
	}
	return least
}

func nest(open []map[string]bool, d json.Delim) []map[string]bool {
	switch d {
	case '{':
		return append(open, map[string]bool{})
	case '[':
		return append(open, nil)
	}
	return open[:len(open)-1]
}

func onlyOne(d *json.Decoder) error {
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the JSON value")
	}
	return nil
}
