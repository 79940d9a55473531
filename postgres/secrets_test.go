package postgres_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/postgres"
	"github.com/infrazen/infrazen/postgres/pgtest"
)

const secret = "very-secret-пароль-4711"

func open(t *testing.T, dsn, key string) (*postgres.Store, *bytes.Buffer) {
	t.Helper()
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s, err := postgres.Open(t.Context(), postgres.Config{DSN: dsn, Key: key}, logger, prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s, &log
}

func TestSecrets(t *testing.T) {
	dsn, key := pgtest.DSN(t), postgres.NewKey()
	s, log := open(t, dsn, key)
	tn := tenant(t, s)
	c, err := s.CreateConnection(t.Context(), tn, pipeline.Connection{Kind: "beget", Name: "c", Settings: map[string]string{"login": "ivan"}},
		map[string]string{"password": secret, "unset": ""})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"password"}, c.SecretsSet); diff != "" {
		t.Error(diff)
	}
	wantSettings(t, s, tn, c.ID, pipeline.Settings{"login": "ivan", "password": secret})
	c, err = s.UpdateConnection(t.Context(), tn, c.ID, c.Version, postgres.ConnectionChange{Secrets: map[string]string{"key": secret + "2"}})
	if err != nil {
		t.Fatal(err)
	}
	wantSettings(t, s, tn, c.ID, pipeline.Settings{"login": "ivan", "password": secret, "key": secret + "2"})
	if c, err = s.UpdateConnection(t.Context(), tn, c.ID, c.Version, postgres.ConnectionChange{Secrets: map[string]string{"key": ""}}); err != nil {
		t.Fatal(err)
	}
	wantSettings(t, s, tn, c.ID, pipeline.Settings{"login": "ivan", "password": secret})
	dump, err := s.Dump(t.Context())
	if err != nil || !strings.Contains(dump, "ivan") {
		t.Fatalf("the dump holds no settings: %v", err)
	}
	for _, form := range []string{secret, base64.StdEncoding.EncodeToString([]byte(secret)), hex.EncodeToString([]byte(secret)), key} {
		if strings.Contains(dump, form) || strings.Contains(log.String(), form) {
			t.Error("the secret is in the database or in the log")
		}
	}
}

func wantSettings(t *testing.T, s *postgres.Store, tn pipeline.TenantID, id pipeline.ConnectionID, want pipeline.Settings) {
	t.Helper()
	got, err := s.Settings(t.Context(), tn, id)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestSecretsOfAnotherTenant(t *testing.T) {
	s := pgtest.Open(t)
	var ids []pipeline.ConnectionID
	var tenants []pipeline.TenantID
	for range 2 {
		tn := tenant(t, s)
		c, err := s.CreateConnection(t.Context(), tn, pipeline.Connection{Kind: "beget", Name: "c"}, map[string]string{"password": secret})
		if err != nil {
			t.Fatal(err)
		}
		ids, tenants = append(ids, c.ID), append(tenants, tn)
	}
	if _, err := s.Settings(t.Context(), tenants[1], ids[0]); !errors.Is(err, pipeline.ErrNotFound) {
		t.Errorf("another tenant's settings: %v", err)
	}
	if err := s.MoveSecrets(t.Context(), ids[0], ids[1]); err != nil {
		t.Fatal(err)
	}
	if settings, err := s.Settings(t.Context(), tenants[1], ids[1]); err == nil || len(settings) > 0 {
		t.Errorf("secrets moved to another connection open: %v", settings)
	}
}

func TestRotateKey(t *testing.T) {
	dsn, first, second := pgtest.DSN(t), postgres.NewKey(), postgres.NewKey()
	s, _ := open(t, dsn, first)
	tn := tenant(t, s)
	c, err := s.CreateConnection(t.Context(), tn, pipeline.Connection{Kind: "beget", Name: "c"}, map[string]string{"password": secret})
	if err != nil {
		t.Fatal(err)
	}
	stranger, _ := open(t, dsn, second)
	for _, err := range []error{settingsError(stranger, tn, c.ID), stranger.CheckKey(t.Context())} {
		if !errors.Is(err, postgres.ErrWrongKey) || !strings.Contains(fmt.Sprint(err), "key_file") {
			t.Errorf("a wrong key: %v", err)
		}
	}
	if _, err := stranger.RotateKey(t.Context(), nil, postgres.NewKey()); !errors.Is(err, postgres.ErrWrongKey) {
		t.Errorf("rotating without the old key: %v", err)
	}
	if n, err := stranger.RotateKey(t.Context(), []string{first}, second); n != 1 || err != nil {
		t.Fatalf("rotated %d: %v", n, err)
	}
	wantSettings(t, stranger, tn, c.ID, pipeline.Settings{"password": secret})
	if err := stranger.CheckKey(t.Context()); err != nil {
		t.Error(err)
	}
	if err := settingsError(s, tn, c.ID); !errors.Is(err, postgres.ErrWrongKey) {
		t.Errorf("the old key still opens the secrets: %v", err)
	}
	if _, err := s.UpdateConnection(t.Context(), tn, c.ID, c.Version, postgres.ConnectionChange{Secrets: map[string]string{"other": "x"}}); !errors.Is(err, postgres.ErrWrongKey) {
		t.Errorf("half of the secrets replaced with another key: %v", err)
	}
	if _, err := s.UpdateConnection(t.Context(), tn, c.ID, c.Version, postgres.ConnectionChange{Secrets: map[string]string{"password": "new"}}); err != nil {
		t.Errorf("all of the secrets replaced after the key was lost: %v", err)
	}
}

func settingsError(s *postgres.Store, tn pipeline.TenantID, id pipeline.ConnectionID) error {
	_, err := s.Settings(context.Background(), tn, id)
	return err
}

func TestNoKey(t *testing.T) {
	dsn := pgtest.DSN(t)
	s, _ := open(t, dsn, "")
	_, err := s.CreateConnection(t.Context(), tenant(t, s), pipeline.Connection{Kind: "beget", Name: "c"}, map[string]string{"password": secret})
	if !errors.Is(err, postgres.ErrNoKey) || strings.Contains(err.Error(), secret) {
		t.Errorf("got %v", err)
	}
	bad := postgres.Config{DSN: dsn, Key: "c2hvcnQ=", KeySetting: "the.key"}
	if _, err := postgres.Open(t.Context(), bad, slog.New(slog.DiscardHandler), prometheus.NewRegistry()); err == nil || !strings.Contains(err.Error(), "the.key") {
		t.Errorf("a short key: %v", err)
	}
}
