package main_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// document is the API's own description, read without the library that wrote it.
type document struct {
	root map[string]any
	ops  []specOp
	seen *coverage
}

// coverage counts the answers of each operation by the hundred of their status.
type coverage struct {
	mu      sync.Mutex
	all     []specOp
	classes map[string]map[int]int
}

func (c *coverage) note(d *document, op specOp, status int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = d.ops
	if c.classes[op.id] == nil {
		c.classes[op.id] = map[int]int{}
	}
	c.classes[op.id][status/100]++
}

// check fails unless every operation was asked well and, if one can, badly.
func (c *coverage) check(t *testing.T) {
	t.Helper()
	for _, op := range c.all {
		if c.classes[op.id][2] == 0 {
			t.Errorf("%s was never asked well", op.id)
		}
		if c.classes[op.id][4] == 0 && op.id != "sign-out" {
			t.Errorf("%s was never asked badly", op.id)
		}
	}
}

type specOp struct {
	id, method, path string
	match            *regexp.Regexp
	spec             map[string]any
}

func object(v any) map[string]any { m, _ := v.(map[string]any); return m }

func readDocument(t *testing.T, raw []byte) *document {
	t.Helper()
	d := &document{}
	if err := json.Unmarshal(raw, &d.root); err != nil {
		t.Fatal(err)
	}
	for path, methods := range object(d.root["paths"]) {
		pattern := regexp.MustCompile(`\\\{[a-z_]+\\\}`).ReplaceAllString(regexp.QuoteMeta(path), `[^/]+`)
		for method, op := range object(methods) {
			id, _ := object(op)["operationId"].(string)
			d.ops = append(d.ops, specOp{id, strings.ToUpper(method), path, regexp.MustCompile("^" + pattern + "$"), object(op)})
		}
	}
	// An address without parameters goes before one with them: /connections/test before /connections/{id}.
	slices.SortFunc(d.ops, func(a, b specOp) int {
		if n := strings.Count(a.path, "{") - strings.Count(b.path, "{"); n != 0 {
			return n
		}
		return strings.Compare(a.id, b.id)
	})
	return d
}

func (d *document) find(method, path string) (specOp, bool) {
	for _, op := range d.ops {
		if op.method == method && op.match.MatchString(path) {
			return op, true
		}
	}
	return specOp{}, false
}

// check fails the test when an answer is not what the document says.
func (d *document) check(t *testing.T, method, path string, a *answer) {
	t.Helper()
	op, ok := d.find(method, path)
	if !ok {
		return
	}
	if d.seen != nil {
		d.seen.note(d, op, a.status)
	}
	responses := object(op.spec["responses"])
	response, ok := responses[strconv.Itoa(a.status)]
	if !ok && a.status >= 400 {
		response, ok = responses["default"]
	}
	if !ok {
		t.Errorf("%s: the document knows no status %d", op.id, a.status)
		return
	}
	content := object(object(response)["content"])
	if len(content) == 0 {
		if len(a.body) > 0 {
			t.Errorf("%s: a body where the document has none: %s", op.id, a.body)
		}
		return
	}
	media, ok := content[a.header.Get("Content-Type")]
	if !ok {
		t.Errorf("%s: content type %q is not in the document", op.id, a.header.Get("Content-Type"))
		return
	}
	var body any
	if err := json.Unmarshal(a.body, &body); err != nil {
		t.Errorf("%s: %v", op.id, err)
		return
	}
	for _, fault := range d.faults(object(media)["schema"], body, "body") {
		t.Errorf("%s %d: %s", op.id, a.status, fault)
	}
}

// faults says where a value is not what a schema says. It knows the words of JSON Schema that the document uses.
func (d *document) faults(schema, v any, at string) []string {
	s := object(schema)
	if ref, ok := s["$ref"].(string); ok {
		target, err := d.resolve(ref)
		if err != nil {
			return []string{err.Error()}
		}
		return d.faults(target, v, at)
	}
	if options, ok := s["anyOf"].([]any); ok {
		for _, o := range options {
			if len(d.faults(o, v, at)) == 0 {
				return nil
			}
		}
		return []string{at + ": none of anyOf"}
	}
	if !hasType(s["type"], v) {
		return []string{fmt.Sprintf("%s: %v is not of type %v", at, v, s["type"])}
	}
	var out []string
	if enum, ok := s["enum"].([]any); ok && v != nil && !slices.Contains(enum, v) {
		out = append(out, fmt.Sprintf("%s: %v is not one of %v", at, v, enum))
	}
	switch v := v.(type) {
	case map[string]any:
		out = append(out, d.objectFaults(s, v, at)...)
	case []any:
		for i, item := range v {
			out = append(out, d.faults(s["items"], item, fmt.Sprintf("%s[%d]", at, i))...)
		}
	case string:
		if s["format"] == "date-time" {
			if at2, err := time.Parse(time.RFC3339Nano, v); err != nil || !strings.HasSuffix(v, "Z") {
				out = append(out, fmt.Sprintf("%s: %s is no instant in UTC: %v", at, v, at2))
			}
		}
	}
	return out
}

func (d *document) objectFaults(s, v map[string]any, at string) []string {
	var out []string
	properties := object(s["properties"])
	required, _ := s["required"].([]any)
	for _, name := range required {
		if _, ok := v[name.(string)]; !ok {
			out = append(out, fmt.Sprintf("%s: %v is missing", at, name))
		}
	}
	for name, value := range v {
		if property, ok := properties[name]; ok {
			out = append(out, d.faults(property, value, at+"."+name)...)
		} else if s["additionalProperties"] == false {
			out = append(out, fmt.Sprintf("%s: %s is not in the document", at, name))
		} else if values, ok := s["additionalProperties"].(map[string]any); ok {
			out = append(out, d.faults(values, value, at+"."+name)...)
		}
	}
	return out
}

func (d *document) resolve(ref string) (any, error) {
	var v any = d.root
	for part := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
		next, ok := object(v)[part]
		if !ok {
			return nil, fmt.Errorf("the document has no %s", ref)
		}
		v = next
	}
	return v, nil
}

func hasType(types, v any) bool {
	switch t := types.(type) {
	case nil:
		return true
	case []any:
		return slices.ContainsFunc(t, func(one any) bool { return hasType(one, v) })
	case string:
		switch v := v.(type) {
		case nil:
			return t == "null"
		case bool:
			return t == "boolean"
		case float64:
			return t == "number" || (t == "integer" && v == float64(int64(v)))
		case string:
			return t == "string"
		case []any:
			return t == "array"
		case map[string]any:
			return t == "object"
		}
	}
	return false
}

// TestDocument checks the form of the document: OpenAPI 3.1, every reference leads somewhere, every operation has a name of
// its own, declares the parameters of its address, and says what it answers when something is wrong.
func (s suite) TestDocument(t *testing.T) {
	w := s.world(t)
	raw := w.nobody().get("/api/v1/openapi.json").want(http.StatusOK)
	if got := raw.header.Get("Content-Type"); got != "application/openapi+json" {
		t.Errorf("content type %q", got)
	}
	d := readDocument(t, raw.body)
	if v, _ := d.root["openapi"].(string); !strings.HasPrefix(v, "3.1.") {
		t.Errorf("openapi %q", v)
	}
	ids := map[string]bool{}
	for _, op := range d.ops {
		if op.id == "" || ids[op.id] {
			t.Errorf("%s %s has no operationId of its own", op.method, op.path)
		}
		ids[op.id] = true
		if object(op.spec["responses"])["default"] == nil || op.spec["summary"] == "" || op.spec["security"] == nil {
			t.Errorf("%s does not say what it is, whom it serves and what it answers when something is wrong", op.id)
		}
		for _, name := range regexp.MustCompile(`\{([a-z_]+)\}`).FindAllStringSubmatch(op.path, -1) {
			params, _ := op.spec["parameters"].([]any)
			if !slices.ContainsFunc(params, func(p any) bool { return object(p)["name"] == name[1] && object(p)["in"] == "path" }) {
				t.Errorf("%s does not declare %s", op.id, name[1])
			}
		}
	}
	walk(d.root, func(m map[string]any) {
		if ref, ok := m["$ref"].(string); ok {
			if _, err := d.resolve(ref); err != nil {
				t.Error(err)
			}
		}
		if m["nullable"] != nil {
			t.Error("nullable is not a word of OpenAPI 3.1")
		}
	})
	if strings.Contains(string(raw.body), "ErrorModel") {
		t.Error("the document speaks of an error's form that no answer has")
	}
}

func walk(v any, f func(map[string]any)) {
	switch v := v.(type) {
	case map[string]any:
		f(v)
		for _, value := range v {
			walk(value, f)
		}
	case []any:
		for _, value := range v {
			walk(value, f)
		}
	}
}
