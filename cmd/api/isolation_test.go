package main_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

// TestIsolation walks every operation of the document as somebody of one organisation with everything that names things of
// another. No answer may say a word of the other's, and nothing of the other's may change. An operation that is not in the
// table fails the test.
func (s suite) TestIsolation(t *testing.T) {
	w := s.world(t)
	isolation(t, w, func(conn pipeline.ConnectionID) { w.facts.fill(w.alpha.ID, conn, "alpha-secret") })
}

// isolation is the walk; fill gives the connection facts that all hold the words "alpha-secret".
func isolation(t *testing.T, w *world, fill func(pipeline.ConnectionID)) {
	t.Helper()
	owner, thief := w.asAdmin(), w.asOther()
	conn := owner.connect("alpha-secret connection")
	files := owner.connectTable("alpha-secret files")
	owner.post("/api/v1/connections/"+files+"/uploads", form{name: "a.csv", content: bill}).want(http.StatusCreated)
	fill(pipeline.ConnectionID(conn))
	document := map[string]any{"connection_id": conn, "month": "2026-10", "total": "1", "number": "alpha-secret"}
	owner.do(http.MethodPut, "/api/v1/closing-documents", document).want(http.StatusOK)
	budget := owner.post("/api/v1/budgets", budgetBody("alpha-secret budget")).want(http.StatusCreated).text("id")
	mapping := owner.post("/api/v1/type-mappings", mappingBody("alpha-secret")).want(http.StatusCreated).text("id")
	token := owner.post("/api/v1/tokens", map[string]string{"name": "alpha-secret token"}).want(http.StatusCreated).text("id")
	code := owner.post("/api/v1/telegram/code", nil).want(http.StatusCreated).text("code")
	_, err := w.store.LinkChat(t.Context(), code, pipeline.Chat{ChatID: 42, Title: "alpha-secret chat"})
	w.must(err)
	link, err := w.store.CreateLink(t.Context(), w.other.ID, time.Hour)
	w.must(err)
	w.must(w.store.SetPassword(t.Context(), w.other.ID, password))

	query := map[string]any{
		"from": "2026-11-01T00:00:00Z", "to": "2026-11-08T00:00:00Z", "group_by": []string{"connection"},
		"filter": map[string]any{"op": "equals", "dimension": "connection", "values": []string{conn}},
	}
	period := "&from=2026-11-01T00:00:00Z&to=2026-11-08T00:00:00Z"
	type attempt struct {
		path   string
		body   any
		status int
	}
	path := "/api/v1/connections/" + conn
	attempts := map[string]attempt{
		"sign-in":               {"/api/v1/session", map[string]string{"email": w.other.Email, "password": password}, 200},
		"sign-in-by-link":       {"/api/v1/session/link", map[string]string{"token": link}, 200},
		"get-session":           {"/api/v1/session", nil, 200},
		"switch-tenant":         {"/api/v1/session/tenant", map[string]any{"tenant_id": w.alpha.ID}, 404},
		"change-password":       {"/api/v1/session/password", map[string]string{"old": "alpha", "new": "long enough for all"}, 422},
		"update-user":           {"/api/v1/session/user", map[string]string{"name": "Thief"}, 200},
		"sign-out":              {"/api/v1/session", nil, 204},
		"list-providers":        {"/api/v1/providers", nil, 200},
		"list-connections":      {"/api/v1/connections", nil, 200},
		"create-connection":     {"/api/v1/connections", map[string]any{"kind": "toy", "name": "mine", "settings": toySettings("good")}, 201},
		"test-settings":         {"/api/v1/connections/test", map[string]any{"kind": "toy", "settings": toySettings("good")}, 200},
		"get-connection":        {path, nil, 404},
		"update-connection":     {path, map[string]any{"version": 1, "name": "stolen", "settings": map[string]string{"region": "ru-2"}}, 404},
		"delete-connection":     {path, nil, 404},
		"test-connection":       {path + "/test", map[string]any{"settings": map[string]string{"login": "thief"}}, 404},
		"sync-connection":       {path + "/sync", nil, 404},
		"get-connection-status": {path + "/status", nil, 404},
		"list-windows":          {path + "/windows", nil, 404},
		"list-runs":             {path + "/runs", nil, 404},
		"list-syncs":            {path + "/syncs", nil, 404},
		"list-resources":        {"/api/v1/resources?connection=" + conn + "&deleted=true", nil, 200},
		"get-resource":          {"/api/v1/resource?id=vm-1&connection=" + conn, nil, 404},
		"list-uploads":          {"/api/v1/connections/" + conn + "/uploads", nil, 404},
		"upload-file":           {"/api/v1/connections/" + files + "/uploads", form{name: "a.csv", content: bill}, 404},
		"remove-upload":         {"/api/v1/connections/" + files + "/uploads?name=a.csv", nil, 404},
		"preview-upload":        {"/api/v1/uploads/preview", form{fields: map[string]string{"kind": "table"}, name: "a.csv", content: bill}, 200},
		"get-resource-history":  {"/api/v1/resource/history?id=vm-1&connection=" + conn, nil, 404},
		"get-usage":             {"/api/v1/usage?resource=vm-1&connection=" + conn + period, nil, 200},
		"get-usage-summary":     {"/api/v1/usage/summary?connection=" + conn + period, nil, 200},
		"query-costs":           {"/api/v1/costs/query", query, 200},
		"list-dimensions":       {"/api/v1/dimensions", nil, 200},
		"list-dimension-values": {"/api/v1/dimensions/connection/values", nil, 200},
		"list-balances":         {"/api/v1/balances", nil, 200},
		"list-rates":            {"/api/v1/rates", nil, 200},
		"list-budgets":          {"/api/v1/budgets", nil, 200},
		"get-unrecognised":      {"/api/v1/unrecognised?" + period[1:], nil, 200},
		"list-type-mappings":    {"/api/v1/type-mappings", nil, 200},
		"create-type-mapping":   {"/api/v1/type-mappings", mappingBody("mine"), 201},
		"update-type-mapping":   {"/api/v1/type-mappings/" + mapping, mappingBody("stolen"), 404},
		"delete-type-mapping":   {"/api/v1/type-mappings/" + mapping, nil, 404},
		"list-snapshots":        {path + "/snapshots", nil, 404},
		"list-snapshot-changes": {path + "/snapshots/2026-11-18T08:30:00Z/changes", nil, 404},
		"create-budget":         {"/api/v1/budgets", budgetBody("mine"), 201},
		"get-budget":            {"/api/v1/budgets/" + budget, nil, 404},
		"update-budget":         {"/api/v1/budgets/" + budget, budgetBody("stolen"), 404},
		"delete-budget":         {"/api/v1/budgets/" + budget, nil, 404},
		"list-dashboards":       {"/api/v1/dashboards", nil, 200},
		"get-dashboard":         {"/api/v1/dashboards/overview", nil, 200},
		"create-chat-code":      {"/api/v1/telegram/code", nil, 201},
		"list-chats":            {"/api/v1/telegram/chats", nil, 200},
		"unlink-chat":           {"/api/v1/telegram/chats/42", nil, 404},
		"list-tokens":           {"/api/v1/tokens", nil, 200},
		"create-token":          {"/api/v1/tokens", map[string]string{"name": "mine"}, 201},
		"delete-token":          {"/api/v1/tokens/" + token, nil, 404},

		"get-runway":              {"/api/v1/runway", nil, 200},
		"list-closing-documents":  {"/api/v1/closing-documents", nil, 200},
		"put-closing-document":    {"/api/v1/closing-documents", document, 404},
		"delete-closing-document": {"/api/v1/closing-documents?month=2026-10&connection=" + conn, nil, 404},
		"get-reconciliation":      {"/api/v1/reconciliation?month=2026-10", nil, 200},
	}
	views := []string{path, "/api/v1/resources", "/api/v1/balances", "/api/v1/runway", "/api/v1/closing-documents", "/api/v1/reconciliation?month=2026-10", "/api/v1/connections", "/api/v1/budgets", "/api/v1/type-mappings", "/api/v1/tokens", "/api/v1/telegram/chats", "/api/v1/session", "/api/v1/connections/" + files + "/uploads"}
	before := make([]string, len(views))
	for i, v := range views {
		before[i] = string(owner.get(v).want(http.StatusOK).body)
	}
	if !strings.Contains(before[1], "alpha-secret") {
		t.Fatal("the owner does not see what is theirs")
	}
	w.facts.set(func(f *facts) { f.asked = nil })
	for _, op := range w.spec.ops {
		a, ok := attempts[op.id]
		if !ok {
			t.Errorf("%s is not in the table: say what a stranger gets", op.id)
			continue
		}
		c := thief
		if op.id == "sign-out" {
			c = w.asOther()
		}
		got := c.do(op.method, a.path, a.body)
		if got.status != a.status {
			t.Errorf("%s: status %d, want %d: %s", op.id, got.status, a.status, got.body)
		}
		if body := string(got.body); strings.Contains(body, "alpha-secret") || (got.status < 300 && strings.Contains(body, conn)) {
			t.Errorf("%s tells of another organisation: %s", op.id, got.body)
		}
	}
	if i := slices.Index(w.facts.asked, w.alpha.ID); i >= 0 {
		t.Error("a question for a stranger was asked in the owner's name")
	}
	for i, v := range views {
		if now := string(owner.get(v).want(http.StatusOK).body); now != before[i] {
			t.Errorf("%s changed:\nbefore %s\nnow    %s", v, before[i], now)
		}
	}
	if len(w.facts.deleted) > 0 {
		t.Errorf("a stranger deleted facts: %v", w.facts.deleted)
	}
}
