package dashboards_test

import (
	"encoding/json"
	"io"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/infrazen/infrazen/dashboards"
)

func TestProductDashboardsLoad(t *testing.T) {
	all, err := dashboards.Load(dashboards.Files())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, d := range all {
		names = append(names, d.Name)
	}
	if diff := cmp.Diff([]string{"overview", "servers"}, names); diff != "" {
		t.Errorf("dashboards (-want +got):\n%s", diff)
	}
}

const good = `name: one
title: {ru: Один, en: One}
panels:
  - id: total
    title: {ru: Всего, en: Total}
    type: stat
    grid: {x: 0, y: 0, w: 12, h: 4}
    query: {kind: cost, step: auto, compare: previous_period}
`

func TestLoadFillsDefaults(t *testing.T) {
	all, err := dashboards.Load(fstest.MapFS{"one.yaml": {Data: []byte(good)}, "note.txt": {Data: []byte("not ours")}})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	want := `[{"name":"one","title":{"ru":"Один","en":"One"},"about":{"ru":"","en":""},"range":"30d","refresh":"1m","variables":[],` +
		`"panels":[{"id":"total","title":{"ru":"Всего","en":"Total"},"help":{"ru":"","en":""},"type":"stat","grid":{"x":0,"y":0,"w":12,"h":4},` +
		`"query":{"kind":"cost","metric":"billed_cost","step":"auto","group_by":[],"filter":null,"compare":"previous_period","metrics":[],"top":0},` +
		`"draw":"","previous_line":false}]}]`
	if diff := cmp.Diff(want, string(raw)); diff != "" {
		t.Errorf("JSON (-want +got):\n%s", diff)
	}
}

func TestLoadRefuses(t *testing.T) {
	refused := func(old, new string, want ...string) {
		t.Helper()
		if !strings.Contains(good, old) {
			t.Fatalf("the good file has no %q", old)
		}
		_, err := dashboards.Load(fstest.MapFS{"one.yaml": {Data: []byte(strings.Replace(good, old, new, 1))}})
		if err == nil {
			t.Errorf("%q in place of %q was taken", new, old)
			return
		}
		for _, w := range append(want, "one.yaml") {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%q in place of %q: the error does not say %q: %v", new, old, w, err)
			}
		}
	}
	refused("name: one", "name: two", `"one"`)
	refused("name: one", "name: one\ncolour: red", "colour", "line 2")
	refused("title: {ru: Один, en: One}", "title: {ru: Один}", "title", "both ru and en")
	refused("type: stat", "type: pie", `panel 1 ("total")`, `"pie"`)
	refused("type: stat", "type: donut", "total", "group_by")
	refused("type: stat", "type: load", "total", `["usage"]`, `"cost"`)
	refused("w: 12", "w: 13", "total", "at most 12")
	refused("h: 4", "h: 1", "total", "h at least 2")
	refused("step: auto", "step: minute", "total", "minute")
	refused("kind: cost", "kind: sql", "total", `"sql"`)
	refused("kind: cost", "kind: cost, metric: price", "total", `"price"`)
	refused("kind: cost", "kind: cost, group_by: [colour], top: 5", "total", `"colour"`)
	refused("kind: cost", "kind: cost, group_by: [service]", "total", "top")
	refused("kind: cost", "kind: cost, metrics: [cpu_percent]", "total", "metrics")
	refused("kind: cost", "kind: cost, filter: {op: near}", "total", `"near"`)
	refused("id: total", "id: Total", "Total", "lower-case")
	refused("panels:\n", "range: 2y\npanels:\n", "range", `"2y"`)
	refused("panels:\n", "refresh: 1s\npanels:\n", "refresh", `"1s"`)
	refused("panels:\n", "variables: [{name: a, title: {ru: а, en: a}, dimension: nothing}]\npanels:\n", "variable 1", `"nothing"`)
	refused(good, "", "empty")
	refused(good, "name: one\n---\nname: two\n", "more than one")
	refused(good, "name: one\ntitle: {ru: Один, en: One}\n", "panels", "at least one")
	refused("compare: previous_period}\n", "compare: previous_period}\n"+strings.SplitAfterN(good, "panels:\n", 2)[1], "used twice", "overlaps")
}

func TestLoadNamesEveryFile(t *testing.T) {
	_, err := dashboards.Load(fstest.MapFS{"a.yaml": {Data: []byte("x: 1")}, "b.yaml": {Data: []byte("y: 1")}})
	if err == nil || !strings.Contains(err.Error(), "a.yaml") || !strings.Contains(err.Error(), "b.yaml") {
		t.Errorf("the error does not name both files: %v", err)
	}
}

func TestWebHasAPage(t *testing.T) {
	web, err := dashboards.Web()
	if err != nil {
		t.Fatal(err)
	}
	f, err := web.Open("index.html")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	page, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(page), "<title>InfraZen</title>") {
		t.Errorf("the page is not ours:\n%s", page)
	}
	if _, err := fs.Stat(web, "../load.go"); err == nil {
		t.Error("a path out of the app opens")
	}
}
