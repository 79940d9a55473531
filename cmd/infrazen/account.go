package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/infrazen/infrazen/cmd/internal/boot"
	"github.com/infrazen/infrazen/cmd/internal/wire"
	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/postgres"
)

// linkLife is how long a one-time sign-in link opens.
const linkLife = 24 * time.Hour

const (
	firstTenant = "Моя организация"
	firstEmail  = "admin@localhost"
	firstName   = "Администратор"
)

// firstAdmin returns the administrator that links are made for, and its organisation. What is missing of them is made.
func firstAdmin(ctx context.Context, store *postgres.Store) (pipeline.User, pipeline.TenantID, error) {
	user, err := store.UserByEmail(ctx, firstEmail)
	if errors.Is(err, pipeline.ErrNotFound) {
		user, err = store.CreateUser(ctx, firstEmail, firstName, pipeline.Russian)
	}
	if err != nil {
		return pipeline.User{}, "", err
	}
	memberships, err := store.Memberships(ctx, user.ID)
	if err != nil {
		return pipeline.User{}, "", err
	}
	if len(memberships) > 0 {
		return user, memberships[0].Tenant.ID, nil
	}
	tenant, err := store.CreateTenant(ctx, firstTenant, "Europe/Moscow", "RUB")
	if err != nil {
		return pipeline.User{}, "", err
	}
	return user, tenant.ID, store.AddMember(ctx, tenant.ID, user.ID, pipeline.Admin)
}

// signInLink is an address that signs the user in once.
func signInLink(ctx context.Context, store *postgres.Store, publicURL string, user pipeline.UserID) (string, error) {
	token, err := store.CreateLink(ctx, user, linkLife)
	if err != nil {
		return "", err
	}
	return publicURL + "/sign-in?token=" + token, nil
}

// link prints a one-time sign-in link.
func link(ctx context.Context, env boot.Env) error {
	store, err := wire.OpenPeople(ctx, env)
	if err != nil {
		return err
	}
	defer store.Close()
	user, _, err := firstAdmin(ctx, store)
	if err != nil {
		return err
	}
	address, err := signInLink(ctx, store, env.Settings.PublicURL, user.ID)
	if err != nil {
		return err
	}
	fmt.Fprintln(env.Stdout, address)
	return nil
}
