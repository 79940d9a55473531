package main_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/collect"
)

const (
	bill = "Дата;Услуга;Стоимость, руб.\n01.07.2026;ВМ;1 234,56\n02.07.2026;Диск;0,44\nИтого;;1 235,00\n"
	// billMapping is what the bill's columns are.
	billMapping = `{"version":1,"period":"day","decimal":",","currency":"RUB","columns":{"start":"Дата","cost":"Стоимость, руб.","service":"Услуга"},` +
		`"leave_out":[{"column":"Дата","prefix":"Итого"}]}`
)

// connectTable makes a connection that takes files.
func (c *client) connectTable(name string) string {
	c.w.t.Helper()
	body := map[string]any{"kind": "table", "name": name, "settings": map[string]string{"mapping": billMapping}}
	return c.post("/api/v1/connections", body).want(http.StatusCreated).text("id")
}

func (s suite) TestUploads(t *testing.T) {
	w := s.world(t)
	admin := w.asAdmin()
	conn := admin.connectTable("Файлы")
	at := "/api/v1/connections/" + conn + "/uploads"
	if list, _ := admin.get(at).want(http.StatusOK).at("uploads").([]any); len(list) != 0 {
		t.Errorf("files of a new connection: %v", list)
	}
	made := admin.post(at, form{name: "июль (1).csv", content: bill}).want(http.StatusCreated)
	if made.text("name") != "июль (1).csv" || made.text("state") != "waiting" {
		t.Errorf("made %s", made.body)
	}
	up := w.store.UploadsOf(collect.Account{Tenant: w.alpha.ID, Connection: pipeline.ConnectionID(conn)})
	list, err := up.List(t.Context())
	w.must(err)
	if len(list) != 1 || list[0].UploadedBy != w.admin.ID || list[0].Version != made.text("version") {
		t.Fatalf("kept %+v", list)
	}
	in, err := up.Open(t.Context(), list[0].Name, list[0].Version)
	w.must(err)
	kept, err := io.ReadAll(in)
	w.must(err)
	if diff := cmp.Diff(bill, string(kept)); diff != "" {
		t.Error(diff)
	}
	if got := w.asViewer().get(at).want(http.StatusOK).text("uploads", 0, "name"); got != "июль (1).csv" {
		t.Errorf("a viewer sees %q", got)
	}
	remove := at + "?name=%D0%B8%D1%8E%D0%BB%D1%8C%20(1).csv"
	for what, c := range map[string]struct {
		got    *answer
		status int
	}{
		"a viewer uploads":         {w.asViewer().post(at, form{name: "a.csv", content: bill}), 403},
		"a viewer removes":         {w.asViewer().do(http.MethodDelete, remove, nil), 403},
		"nobody uploads":           {w.nobody().post(at, form{name: "a.csv", content: bill}), 401},
		"without a file":           {admin.post(at, form{}), 422},
		"another ending":           {admin.post(at, form{name: "a.exe", content: "MZ"}), 422},
		"JSON in place of a form":  {admin.post(at, map[string]string{"file": "x"}), 415},
		"a field that is not one":  {admin.post(at, form{fields: map[string]string{"x": "1"}, name: "a.csv"}), 422},
		"a name that is too long":  {admin.post(at, form{name: strings.Repeat("я", 101) + ".csv", content: "x"}), 422},
		"a file that is too large": {admin.post(at, form{name: "a.csv", content: strings.Repeat("0", 64<<20+1)}), 413},
		"a cloud without files":    {admin.post("/api/v1/connections/"+admin.connect("Облако")+"/uploads", form{name: "a.csv"}), 409},
		"a file that is not there": {admin.do(http.MethodDelete, at+"?name=none.csv", nil), 404},
	} {
		if c.got.status != c.status {
			t.Errorf("%s: status %d, want %d: %s", what, c.got.status, c.status, c.got.body)
		}
	}
	admin.do(http.MethodDelete, remove, nil).want(http.StatusNoContent)
	if list, _ := admin.get(at).want(http.StatusOK).at("uploads").([]any); len(list) != 0 {
		t.Errorf("after the removal: %v", list)
	}
}

func (s suite) TestPreview(t *testing.T) {
	w := s.world(t)
	admin := w.asAdmin()
	preview := func(mapping string) *answer {
		t.Helper()
		return admin.post("/api/v1/uploads/preview", form{fields: map[string]string{"kind": "table", "mapping": mapping}, name: "b.csv", content: bill})
	}
	guessed := preview("").want(http.StatusOK)
	for i, role := range []string{"start", "service", "cost"} {
		if got := guessed.text("columns", i, "role"); got != role {
			t.Errorf("column %d is %q, want %q", i, got, role)
		}
	}
	if guessed.at("fault") != nil || guessed.text("totals", 0, "cost") != "1235" || guessed.text("totals", 0, "currency") != "RUB" {
		t.Errorf("guessed: %s", guessed.body)
	}
	if guessed.text("left_out", 0, "totals", 0, "cost") != "1235" || guessed.text("first") != "2026-06-30T21:00:00Z" {
		t.Errorf("guessed: %s", guessed.body)
	}
	again := preview(guessed.text("mapping")).want(http.StatusOK)
	if again.at("guessed") != false || again.text("totals", 0, "cost") != "1235" {
		t.Errorf("by the guess: %s", again.body)
	}
	wrong := preview(strings.Replace(billMapping, `"leave_out":[{"column":"Дата","prefix":"Итого"}]`, `"leave_out":[]`, 1)).want(http.StatusOK)
	if wrong.at("problems", 0, "row") != float64(4) || !strings.Contains(wrong.text("fault", "text"), "строка 4") {
		t.Errorf("without the rule: %s", wrong.body)
	}
	if got := preview("{").want(http.StatusUnprocessableEntity).locations(); fmt.Sprint(got) != "[body.mapping]" {
		t.Errorf("a broken mapping: %v", got)
	}
	for what, c := range map[string]struct {
		by     *client
		kind   string
		status int
	}{"a kind that is not known": {admin, "none", 422}, "a kind without files": {admin, "toy", 422}, "a viewer": {w.asViewer(), "table", 403}} {
		got := c.by.post("/api/v1/uploads/preview", form{fields: map[string]string{"kind": c.kind}, name: "b.csv", content: bill})
		if got.status != c.status {
			t.Errorf("%s: %d %s", what, got.status, got.body)
		}
	}
	if kinds := admin.get("/api/v1/providers").want(http.StatusOK); kinds.at(1, "previews") != true || kinds.at(0, "uploads") != nil || kinds.at(1, "fields", 0, "mapping") != true {
		t.Errorf("kinds: %s", kinds.body)
	}
}

// TestEditedMappingLooksAtFiles: an edit of the mapping makes the list of files due at once.
func (s suite) TestEditedMappingLooksAtFiles(t *testing.T) {
	w := s.world(t)
	admin := w.asAdmin()
	conn := admin.connectTable("Правка")
	a := collect.Account{Tenant: w.alpha.ID, Connection: pipeline.ConnectionID(conn)}
	hour := now()
	w.must(w.store.Plan(t.Context(), a, []collect.WindowPlan{{Feed: pipeline.FeedFiles, Grain: pipeline.GrainSnapshot, From: hour.Truncate(0), To: hour.Add(1), DueAt: hour.AddDate(20, 0, 0)}}))
	due := func() bool {
		list, err := w.store.WindowsOf(t.Context(), a.Tenant, a.Connection, 10)
		w.must(err)
		return len(list) == 1 && !list[0].DueAt.After(list[0].From.AddDate(10, 0, 0))
	}
	if due() {
		t.Fatal("the list of files is due before anything happened")
	}
	admin.do(http.MethodPatch, "/api/v1/connections/"+conn, map[string]any{"version": 1, "settings": map[string]string{"mapping": strings.Replace(billMapping, "day", "month", 1)}}).want(http.StatusOK)
	if !due() {
		t.Error("the list of files is not due after an edit of the mapping")
	}
}
