package yandexsim_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/shopspring/decimal"
	usage "github.com/yandex-cloud/go-genproto/yandex/cloud/billing/usage_records/v1"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/infrazen/infrazen/providers/world"
	"github.com/infrazen/infrazen/providers/yandex/yandexsim"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func now() time.Time { return time.Date(2026, 11, 18, 9, 0, 30, 0, time.UTC) }

type stand struct {
	t   *testing.T
	sim *yandexsim.Server
	acc *world.Account
	url string
	at  time.Time
}

func newStand(t *testing.T, every time.Duration) *stand {
	s := &stand{t: t, at: now(), acc: world.NewAccount(world.AccountConfig{
		Seed: 5, Catalog: world.YandexCatalog(), Start: now().Add(-5 * 24 * time.Hour).Truncate(time.Hour), Span: 10 * 24 * time.Hour, Servers: 3, Calm: world.Calmest,
	})}
	s.sim = yandexsim.New(yandexsim.Config{Accounts: []*world.Account{s.acc}, Now: func() time.Time { return s.at }, ReportEvery: every})
	srv := httptest.NewUnstartedServer(s.sim)
	srv.Config.Protocols = yandexsim.Protocols()
	srv.Start()
	t.Cleanup(srv.Close)
	s.url = srv.URL
	return s
}

func (s *stand) ask(method, path, token, body string) (int, map[string]any) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	transport := http.DefaultTransport.(*http.Transport).Clone()
	defer transport.CloseIdleConnections()
	resp, err := (&http.Client{Transport: transport}).Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	var out map[string]any
	_ = json.Unmarshal(b, &out)
	return resp.StatusCode, out
}

// keyOf reads the key file as a client does.
func (s *stand) keyOf() (id, account string, key *rsa.PrivateKey) {
	s.t.Helper()
	var f struct {
		ID         string `json:"id"`
		Account    string `json:"service_account_id"`
		PrivateKey string `json:"private_key"`
	}
	if err := json.Unmarshal([]byte(s.sim.Credentials()[0].KeyFile), &f); err != nil {
		s.t.Fatal(err)
	}
	before, rest, _ := strings.Cut(f.PrivateKey, "-----BEGIN")
	if before == "" {
		s.t.Error("no line of text before the key")
	}
	key, err := jwt.ParseRSAPrivateKeyFromPEM([]byte("-----BEGIN" + rest))
	if err != nil {
		s.t.Fatal(err)
	}
	return f.ID, f.Account, key
}

func (s *stand) sign(method jwt.SigningMethod, key any, change func(jwt.MapClaims)) string {
	s.t.Helper()
	id, account, own := s.keyOf()
	if key == nil {
		key = own
	}
	claims := jwt.MapClaims{"iss": account, "aud": "https://iam.api.cloud.yandex.net/iam/v1/tokens", "iat": s.at.Unix(), "exp": s.at.Add(time.Hour).Unix()}
	if change != nil {
		change(claims)
	}
	token := jwt.NewWithClaims(method, claims)
	token.Header["kid"] = id
	text, err := token.SignedString(key)
	if err != nil {
		s.t.Fatal(err)
	}
	return text
}

func (s *stand) token() string {
	s.t.Helper()
	status, got := s.ask("POST", "/iam/v1/tokens", "", `{"jwt":"`+s.sign(jwt.SigningMethodPS256, nil, nil)+`"}`)
	token, _ := got["iamToken"].(string)
	if status != http.StatusOK || token == "" || !strings.HasSuffix(got["expiresAt"].(string), ".000000000Z") {
		s.t.Fatalf("%d %v", status, got)
	}
	return token
}

func TestSignIn(t *testing.T) {
	s := newStand(t, -1)
	if first, second := s.token(), s.token(); first != second {
		t.Error("a token far from its end is not given again")
	}
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	refused := func(what, text string) {
		t.Helper()
		if status, got := s.ask("POST", "/iam/v1/tokens", "", `{"jwt":"`+text+`"}`); status != http.StatusUnauthorized || got["code"] != float64(16) {
			t.Errorf("%s: %d %v", what, status, got)
		}
	}
	refused("another key", s.sign(jwt.SigningMethodPS256, other, nil))
	refused("another algorithm", s.sign(jwt.SigningMethodRS256, nil, nil))
	refused("another audience", s.sign(jwt.SigningMethodPS256, nil, func(c jwt.MapClaims) { c["aud"] = "x" }))
	refused("two hours", s.sign(jwt.SigningMethodPS256, nil, func(c jwt.MapClaims) { c["exp"] = s.at.Add(2 * time.Hour).Unix() }))
	refused("an old one", s.sign(jwt.SigningMethodPS256, nil, func(c jwt.MapClaims) {
		c["iat"], c["exp"] = s.at.Add(-3*time.Hour).Unix(), s.at.Add(-2*time.Hour).Unix()
	}))
	if status, got := s.ask("GET", "/compute/v1/instances?folderId="+s.acc.Projects[0].ID, "nobody", ""); status != http.StatusUnauthorized || got["code"] != float64(16) {
		t.Errorf("without a token: %d %v", status, got)
	}
}

// TestSameKeyAtEveryStart: a stored connection opens the stand-in after a restart.
func TestSameKeyAtEveryStart(t *testing.T) {
	a, b := newStand(t, -1), newStand(t, -1)
	if a.sim.Credentials()[0].KeyFile != b.sim.Credentials()[0].KeyFile {
		t.Error("the key differs between starts")
	}
}

func TestForms(t *testing.T) {
	s := newStand(t, -1)
	token := s.token()
	for _, p := range s.acc.Projects {
		if status, got := s.ask("GET", "/managed-mysql/v1/clusters?folderId="+p.ID, token, ""); status != 200 || len(got) != 0 {
			t.Errorf("an empty list is %v", got)
		}
		_, got := s.ask("GET", "/compute/v1/instances?pageSize=1&folderId="+p.ID, token, "")
		list, _ := got["instances"].([]any)
		if len(list) == 0 {
			continue
		}
		memory, ok := list[0].(map[string]any)["resources"].(map[string]any)["memory"].(string)
		if !ok || memory == "" || len(list) != 1 {
			t.Errorf("instances %v", got)
		}
	}
	if status, got := s.ask("GET", "/compute/v1/disks?folderId=b1gother", token, ""); status != http.StatusForbidden || got["code"] != float64(7) {
		t.Errorf("another folder: %d %v", status, got)
	}
	if status, _ := s.ask("GET", "/billing/v1/skus", token, ""); status != http.StatusBadRequest {
		t.Errorf("prices without a currency: %d", status)
	}
}

func TestTooManySeries(t *testing.T) {
	s := newStand(t, -1)
	var ids []string
	for i := range 501 {
		id := "fhm" + decimal.NewFromInt(int64(i)).String()
		ids = append(ids, id)
		s.acc.Add(world.Resource{ID: id, ProjectID: s.acc.Projects[0].ID, Kind: world.Server, Created: s.at.Add(-time.Hour), States: []world.State{{From: s.at.Add(-time.Hour), Status: world.Running}}})
	}
	ask := func(ids []string) int {
		var body bytes.Buffer
		_ = json.NewEncoder(&body).Encode(map[string]any{
			"query": `cpu_usage{service="compute", resource_id="` + strings.Join(ids, "|") + `"}`, "fromTime": s.at.Add(-time.Hour), "toTime": s.at,
			"downsampling": map[string]string{"gridInterval": "600000"},
		})
		status, _ := s.ask("POST", "/monitoring/v2/data/read?folderId="+s.acc.Projects[0].ID, s.token(), body.String())
		return status
	}
	if a, b := ask(ids[:500]), ask(ids); a != http.StatusOK || b != http.StatusBadRequest {
		t.Errorf("500 series: %d, 501: %d", a, b)
	}
}

func TestReports(t *testing.T) {
	s := newStand(t, time.Minute)
	token := s.token()
	conn, err := grpc.NewClient(strings.TrimPrefix(s.url, "http://"), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	client := usage.NewConsumptionCoreServiceClient(conn)
	ctx := metadata.AppendToOutgoingContext(context.Background(), "authorization", "Bearer "+token)
	from := s.at.Add(-3 * 24 * time.Hour).Truncate(24 * time.Hour)
	in := &usage.UsageReportRequest{BillingAccountId: s.acc.ID, StartDate: timestamppb.New(from.Add(time.Hour)), EndDate: timestamppb.New(from.Add(30 * time.Hour))}
	services, err := client.GetServiceUsageReport(ctx, in)
	if err != nil {
		t.Fatal(err)
	}
	sum := decimal.Zero
	for _, e := range services.GetEntitiesData() {
		if len(e.GetPeriodic()) != 2 {
			t.Errorf("%d days of %s, want both", len(e.GetPeriodic()), e.GetService().GetName())
		}
		sum = sum.Add(decimal.RequireFromString(e.GetExpense().GetValue()))
	}
	if want := s.acc.Cost(from, from.Add(48*time.Hour), s.at); !sum.Equal(want) || services.GetExpense().GetValue() != want.String() {
		t.Errorf("services make %s of %s, %s", sum, services.GetExpense().GetValue(), want)
	}
	if _, err := client.GetResourceUsageReport(ctx, in); status.Code(err) != codes.ResourceExhausted {
		t.Errorf("a second report in a minute: %v", err)
	}
	s.at = s.at.Add(time.Minute)
	labels, err := client.GetLabelKeyUsageReport(ctx, in)
	if err != nil {
		t.Fatal(err)
	}
	double := decimal.Zero
	for _, e := range labels.GetEntitiesData() {
		double = double.Add(decimal.RequireFromString(e.GetExpense().GetValue()))
	}
	if !double.GreaterThan(decimal.RequireFromString(labels.GetExpense().GetValue())) {
		t.Errorf("the labels' keys add up to %s of %s: nothing is repeated", double, labels.GetExpense().GetValue())
	}
	in.BillingAccountId = "dn2other"
	if _, err := client.GetServiceUsageReport(ctx, in); status.Code(err) != codes.Unauthenticated {
		t.Errorf("another billing account: %v", err)
	}
}
