package postgres_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/postgres"
	"github.com/infrazen/infrazen/postgres/pgtest"
)

func member(t *testing.T, s *postgres.Store, tn pipeline.TenantID, email string) pipeline.User {
	t.Helper()
	u, err := s.CreateUser(t.Context(), email, "Иван", pipeline.Russian)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.AddMember(t.Context(), tn, u.ID, pipeline.Admin); err != nil {
		t.Fatal(err)
	}
	return u
}

func TestUsers(t *testing.T) {
	s := pgtest.Open(t)
	tn := tenant(t, s)
	u := member(t, s, tn, " Ivan@Example.RU ")
	if got, err := s.UserByEmail(t.Context(), "IVAN@example.ru"); err != nil || got != u {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, err := s.CreateUser(t.Context(), "ivan@example.ru", "", pipeline.Russian); !errors.Is(err, pipeline.ErrConflict) {
		t.Errorf("the same e-mail twice: %v", err)
	}
	u.Name, u.Lang = "Ivan", pipeline.English
	if got, err := s.UpdateUser(t.Context(), u); err != nil || got != u {
		t.Errorf("got %+v, %v", got, err)
	}
	if got, err := s.User(t.Context(), u.ID); err != nil || got != u {
		t.Errorf("got %+v, %v", got, err)
	}
	for _, id := range []pipeline.UserID{"", "no uuid", "00000000-0000-4000-8000-000000000000"} {
		if _, err := s.User(t.Context(), id); !errors.Is(err, pipeline.ErrNotFound) {
			t.Errorf("user %q: %v", id, err)
		}
	}
	if n, err := s.CountUsers(t.Context()); n != 1 || err != nil {
		t.Errorf("%d users, %v", n, err)
	}
	memberships, err := s.Memberships(t.Context(), u.ID)
	if err != nil || len(memberships) != 1 || memberships[0].Tenant.ID != tn || memberships[0].Role != pipeline.Admin {
		t.Errorf("got %+v, %v", memberships, err)
	}
}

func TestPasswords(t *testing.T) {
	s := pgtest.Open(t)
	u := member(t, s, tenant(t, s), "ivan@example.ru")
	if _, err := s.CheckPassword(t.Context(), u.Email, ""); !errors.Is(err, pipeline.ErrBadCredentials) {
		t.Errorf("no password set: %v", err)
	}
	if err := s.SetPassword(t.Context(), u.ID, secret); err != nil {
		t.Fatal(err)
	}
	if got, err := s.CheckPassword(t.Context(), u.Email, secret); err != nil || got != u {
		t.Errorf("got %+v, %v", got, err)
	}
	for _, try := range [][2]string{{u.Email, "wrong"}, {"nobody@example.ru", secret}, {u.Email, ""}} {
		if _, err := s.CheckPassword(t.Context(), try[0], try[1]); !errors.Is(err, pipeline.ErrBadCredentials) {
			t.Errorf("%v: %v", try, err)
		}
	}
}

func TestLinks(t *testing.T) {
	s := pgtest.Open(t)
	u := member(t, s, tenant(t, s), "ivan@example.ru")
	token, err := s.CreateLink(t.Context(), u.ID, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	late, err := s.CreateLink(t.Context(), u.ID, -time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.UseLink(t.Context(), token); err != nil || got != u {
		t.Errorf("got %+v, %v", got, err)
	}
	for _, bad := range []string{token, late, "", "izl_x"} {
		if _, err := s.UseLink(t.Context(), bad); !errors.Is(err, pipeline.ErrBadCredentials) {
			t.Errorf("link %q: %v", bad, err)
		}
	}
	wantNotStored(t, s, token)
}

func wantNotStored(t *testing.T, s *postgres.Store, token string) {
	t.Helper()
	dump, err := s.Dump(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(dump, token) {
		t.Error("the token is in the database")
	}
}

func TestSessions(t *testing.T) {
	s := pgtest.Open(t)
	tn := tenant(t, s)
	u := member(t, s, tn, "ivan@example.ru")
	session, err := s.CreateSession(t.Context(), u.ID, tn, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	token, id, err := s.CreateToken(t.Context(), u.ID, tn, "ci", 0)
	if err != nil {
		t.Fatal(err)
	}
	wantNotStored(t, s, session)
	wantNotStored(t, s, token)
	for tok, kind := range map[string]postgres.SignInKind{session: postgres.SignInSession, token: postgres.SignInToken} {
		in, err := s.Session(t.Context(), tok)
		if err != nil || in.User != u || in.Tenant.ID != tn || in.Role != pipeline.Admin || in.Kind != kind || in.ExpiresAt.IsZero() != (kind == postgres.SignInToken) {
			t.Errorf("got %+v, %v", in, err)
		}
	}
	if list, err := s.Tokens(t.Context(), tn, u.ID); err != nil || len(list) != 1 || list[0].ID != id || list[0].Name != "ci" {
		t.Errorf("got %+v, %v", list, err)
	}
	if err := s.DeleteToken(t.Context(), tenant(t, s), u.ID, id); !errors.Is(err, pipeline.ErrNotFound) {
		t.Errorf("a token deleted from another tenant: %v", err)
	}
	if _, err := s.CreateSession(t.Context(), u.ID, tenant(t, s), time.Hour); !errors.Is(err, pipeline.ErrNotFound) {
		t.Errorf("a session in a tenant that the user is not in: %v", err)
	}
	if err := errors.Join(s.DeleteSession(t.Context(), session), s.DeleteSession(t.Context(), session)); err != nil {
		t.Error(err)
	}
	if _, err := s.Session(t.Context(), session); !errors.Is(err, pipeline.ErrBadCredentials) {
		t.Errorf("after signing out: %v", err)
	}
	if err := s.RemoveMember(t.Context(), tn, u.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Session(t.Context(), token); !errors.Is(err, pipeline.ErrBadCredentials) {
		t.Errorf("after leaving the tenant: %v", err)
	}
}

func TestBudgets(t *testing.T) {
	s := pgtest.Open(t)
	tn := tenant(t, s)
	u := member(t, s, tn, "ivan@example.ru")
	want := pipeline.Budget{
		Name: "прод", Amount: decimal.RequireFromString("12345678901234.123456789012345678"), Currency: "RUB", Period: pipeline.StepMonth,
		Metric: pipeline.MetricBilledCost, Thresholds: []int{50, 100}, CreatedBy: u.ID,
		Filter: &pipeline.Filter{Op: pipeline.OpNot, Args: []pipeline.Filter{{Op: pipeline.OpEquals, Dimension: pipeline.TagDimension("env"), Values: []string{"test"}}}},
	}
	made, err := s.CreateBudget(t.Context(), tn, want)
	if err != nil {
		t.Fatal(err)
	}
	want.ID, want.TenantID, want.CreatedAt, want.UpdatedAt = made.ID, tn, made.CreatedAt, made.UpdatedAt
	if diff := cmp.Diff(want, made); diff != "" {
		t.Error(diff)
	}
	if _, err := s.CreateBudget(t.Context(), tn, want); !errors.Is(err, pipeline.ErrConflict) {
		t.Errorf("two budgets of one name: %v", err)
	}
	want.Amount, want.Filter = decimal.NewFromInt(5), nil
	if changed, err := s.UpdateBudget(t.Context(), tn, want); err != nil || !changed.Amount.Equal(want.Amount) || changed.Filter != nil {
		t.Errorf("got %+v, %v", changed, err)
	}
	other := tenant(t, s)
	if _, err := s.Budget(t.Context(), other, made.ID); !errors.Is(err, pipeline.ErrNotFound) {
		t.Errorf("another tenant's budget: %v", err)
	}
	if _, err := s.UpdateBudget(t.Context(), other, want); !errors.Is(err, pipeline.ErrNotFound) {
		t.Errorf("another tenant's budget changed: %v", err)
	}
	if err := s.DeleteBudget(t.Context(), other, made.ID); !errors.Is(err, pipeline.ErrNotFound) {
		t.Errorf("another tenant's budget deleted: %v", err)
	}
	if all, err := s.AllBudgets(t.Context()); err != nil || len(all) != 1 {
		t.Errorf("got %+v, %v", all, err)
	}
	if err := s.DeleteBudget(t.Context(), tn, made.ID); err != nil {
		t.Error(err)
	}
	if all, err := s.Budgets(t.Context(), tn); err != nil || len(all) != 0 {
		t.Errorf("got %+v, %v", all, err)
	}
}

func TestIdempotency(t *testing.T) {
	s := pgtest.Open(t)
	tn := tenant(t, s)
	begin := func(hash string) (*postgres.StoredResponse, error) {
		return s.Idempotent(t.Context(), tn, "key", []byte(hash))
	}
	if r, err := begin("a"); r != nil || err != nil {
		t.Fatal(r, err)
	}
	if _, err := begin("a"); !errors.Is(err, pipeline.ErrStale) {
		t.Errorf("while the first one runs: %v", err)
	}
	if err := s.DropIdempotent(t.Context(), tn, "key"); err != nil {
		t.Fatal(err)
	}
	if r, err := begin("a"); r != nil || err != nil {
		t.Fatal(r, err)
	}
	want := postgres.StoredResponse{Status: 201, Header: map[string][]string{"Location": {"/x"}}, Body: []byte("{}")}
	if err := s.StoreIdempotent(t.Context(), tn, "key", want); err != nil {
		t.Fatal(err)
	}
	got, err := begin("a")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&want, got); diff != "" {
		t.Error(diff)
	}
	if _, err := begin("b"); !errors.Is(err, pipeline.ErrConflict) {
		t.Errorf("another request with the same key: %v", err)
	}
	if r, err := s.Idempotent(t.Context(), tenant(t, s), "key", []byte("b")); r != nil || err != nil {
		t.Errorf("another tenant's key: %v, %v", r, err)
	}
	if err := s.Prune(t.Context()); err != nil {
		t.Error(err)
	}
}
