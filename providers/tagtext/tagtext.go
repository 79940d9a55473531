// Package tagtext reads tags that a bill holds as one text.
package tagtext

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"unicode/utf8"
)

var errTags = errors.New("tags are no JSON object")

// Parse reads FOCUS Tags: a JSON object, or the pairs of one without its braces as Azure writes them.
// A value that is no string is kept as its JSON text, a null as an empty string. No tags are a nil map.
func Parse(b []byte) (map[string]string, error) {
	b = bytes.TrimSpace(b)
	if len(b) == 0 {
		return nil, nil
	}
	if !utf8.Valid(b) {
		return nil, errTags
	}
	if b[0] == '"' {
		b = bytes.Join([][]byte{{'{'}, b, {'}'}}, nil)
	}
	if b[0] == '[' {
		return parsePairs(b)
	}
	return parseObject(b)
}

func parseObject(b []byte) (map[string]string, error) {
	var raw map[string]json.RawMessage
	if err := decodeWhole(b, &raw); err != nil || raw == nil {
		return nil, errTags
	}
	out := make(map[string]string, len(raw))
	for k, v := range raw {
		out[k] = tagText(v)
	}
	return nonEmpty(out), nil
}

// parsePairs reads [{"key": "a", "value": "b"}], the shape that BigQuery gives.
func parsePairs(b []byte) (map[string]string, error) {
	var raw []map[string]json.RawMessage
	if err := decodeWhole(b, &raw); err != nil {
		return nil, errTags
	}
	out := make(map[string]string, len(raw))
	for _, pair := range raw {
		k, v, ok := keyAndValue(pair)
		if !ok {
			return nil, errTags
		}
		out[k] = v
	}
	return nonEmpty(out), nil
}

func keyAndValue(pair map[string]json.RawMessage) (key, value string, ok bool) {
	for name, raw := range pair {
		switch strings.ToLower(name) {
		case "key":
			key, ok = tagText(raw), true
		case "value":
			value = tagText(raw)
		}
	}
	return key, value, ok
}

func decodeWhole(b []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(b))
	if err := dec.Decode(into); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errTags
	}
	return nil
}

func tagText(raw json.RawMessage) string {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || string(raw) == "null" {
		return ""
	}
	var s string
	if raw[0] == '"' && json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}

func nonEmpty(m map[string]string) map[string]string {
	if len(m) == 0 {
		return nil
	}
	return m
}
