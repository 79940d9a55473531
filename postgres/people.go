package postgres

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/infrazen/infrazen/pipeline"
)

// userColumns are what scanUser reads, of the table users called u.
const userColumns = `u.id::text, u.email, u.name, u.lang, u.created_at`

func userFields(u *pipeline.User) []any {
	return []any{&u.ID, &u.Email, &u.Name, &u.Lang, &u.CreatedAt}
}

func scanUser(row pgx.Row) (pipeline.User, error) {
	var u pipeline.User
	err := row.Scan(userFields(&u)...)
	u.CreatedAt = u.CreatedAt.UTC()
	return u, err
}

// mailbox is an e-mail address as it is kept and compared.
func mailbox(email string) string { return strings.ToLower(strings.TrimSpace(email)) }

const sqlCreateUser = `/* create_user */
INSERT INTO users AS u (email, name, lang) VALUES ($1, $2, $3) RETURNING ` + userColumns

// CreateUser makes a person without a password; pipeline.ErrConflict when the e-mail is known.
func (s *Store) CreateUser(ctx context.Context, email, name string, lang pipeline.Lang) (pipeline.User, error) {
	u, err := scanUser(s.pool.QueryRow(ctx, sqlCreateUser, mailbox(email), name, string(lang)))
	return u, wrap(err, "create the user %s", mailbox(email))
}

const sqlUser = `/* user */ SELECT ` + userColumns + ` FROM users u WHERE u.id = $1`

// User gives a person.
func (s *Store) User(ctx context.Context, id pipeline.UserID) (pipeline.User, error) {
	u, err := scanUser(s.pool.QueryRow(ctx, sqlUser, uuid(id)))
	return u, wrap(err, "read the user %s", id)
}

const sqlUserByEmail = `/* user_by_email */ SELECT ` + userColumns + ` FROM users u WHERE u.email = $1`

// UserByEmail gives the person with an e-mail address, in whatever case it is written.
func (s *Store) UserByEmail(ctx context.Context, email string) (pipeline.User, error) {
	u, err := scanUser(s.pool.QueryRow(ctx, sqlUserByEmail, mailbox(email)))
	return u, wrap(err, "read the user %s", mailbox(email))
}

const sqlUpdateUser = `/* update_user */
UPDATE users u SET email = $2, name = $3, lang = $4 WHERE u.id = $1 RETURNING ` + userColumns

// UpdateUser changes e-mail, name and language.
func (s *Store) UpdateUser(ctx context.Context, u pipeline.User) (pipeline.User, error) {
	changed, err := scanUser(s.pool.QueryRow(ctx, sqlUpdateUser, uuid(u.ID), mailbox(u.Email), u.Name, string(u.Lang)))
	return changed, wrap(err, "change the user %s", u.ID)
}

const sqlCountUsers = `/* count_users */ SELECT count(*) FROM users`

// CountUsers tells how many people there are: none right after the installation.
func (s *Store) CountUsers(ctx context.Context) (int, error) {
	var n int
	err := s.pool.QueryRow(ctx, sqlCountUsers).Scan(&n)
	return n, wrap(err, "count the users")
}

const sqlAddMember = `/* add_member */
INSERT INTO members (tenant_id, user_id, role) VALUES ($1, $2, $3)
ON CONFLICT (tenant_id, user_id) DO UPDATE SET role = excluded.role`

// AddMember lets a user into a tenant, or changes the role of one who is in.
func (s *Store) AddMember(ctx context.Context, tenant pipeline.TenantID, user pipeline.UserID, role pipeline.Role) error {
	_, err := s.pool.Exec(ctx, sqlAddMember, uuid(tenant), uuid(user), string(role))
	return wrap(err, "add the member %s", user)
}

const sqlRemoveMember = `/* remove_member */ DELETE FROM members WHERE tenant_id = $1 AND user_id = $2`

// RemoveMember takes a user out of a tenant; sessions, tokens and chats in it end.
func (s *Store) RemoveMember(ctx context.Context, tenant pipeline.TenantID, user pipeline.UserID) error {
	return wrap(one(s.pool.Exec(ctx, sqlRemoveMember, uuid(tenant), uuid(user))), "remove the member %s", user)
}

const sqlMemberships = `/* memberships */
SELECT t.id::text, t.name, t.zone, t.currency, t.created_at, m.role
FROM members m JOIN tenants t ON t.id = m.tenant_id WHERE m.user_id = $1 ORDER BY t.name, t.id`

// Memberships lists the tenants that a user is in, by name.
func (s *Store) Memberships(ctx context.Context, user pipeline.UserID) ([]pipeline.Membership, error) {
	rows, err := s.pool.Query(ctx, sqlMemberships, uuid(user))
	memberships, err := collectRows(rows, err, func(row pgx.CollectableRow) (pipeline.Membership, error) {
		var m pipeline.Membership
		err := row.Scan(&m.Tenant.ID, &m.Tenant.Name, &m.Tenant.Zone, &m.Tenant.Currency, &m.Tenant.CreatedAt, &m.Role)
		m.Tenant.CreatedAt = m.Tenant.CreatedAt.UTC()
		return m, err
	})
	return memberships, wrap(err, "list the tenants of the user %s", user)
}
