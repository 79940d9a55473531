package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/infrazen/infrazen/pipeline"
)

// SignInKind tells a browser's session from a program's token.
type SignInKind string

// The kinds of sign-in.
const (
	SignInSession SignInKind = "session"
	SignInToken   SignInKind = "token"
)

// SignIn is who somebody is, where, and with what right.
type SignIn struct {
	ID     string
	Kind   SignInKind
	User   pipeline.User
	Tenant pipeline.Tenant
	// Role is the user's present role in the tenant.
	Role pipeline.Role
	// ExpiresAt is zero for a token that does not run out.
	ExpiresAt time.Time
}

// Token is an API token as shown to its owner: without the token.
type Token struct {
	ID        string
	Name      string
	UserID    pipeline.UserID
	CreatedAt time.Time
	ExpiresAt time.Time // zero when it does not run out
}

const sqlCreateLink = `/* create_link */
INSERT INTO links (hash, user_id, expires_at) VALUES ($1, $2, clock_timestamp() + $3::interval)`

// CreateLink makes the token of a sign-in link that works once, within ttl.
func (s *Store) CreateLink(ctx context.Context, user pipeline.UserID, ttl time.Duration) (string, error) {
	token, hash := newToken("izl_")
	_, err := s.pool.Exec(ctx, sqlCreateLink, hash, uuid(user), ttl)
	return token, wrap(err, "create a sign-in link for the user %s", user)
}

const sqlUseLink = `/* use_link */
UPDATE links l SET used_at = clock_timestamp() FROM users u
WHERE l.hash = $1 AND l.used_at IS NULL AND l.expires_at > clock_timestamp() AND u.id = l.user_id RETURNING ` + userColumns

// UseLink gives the user of a link's token, the first time only; afterwards, and when it ran out, pipeline.ErrBadCredentials.
func (s *Store) UseLink(ctx context.Context, token string) (pipeline.User, error) {
	u, err := scanUser(s.pool.QueryRow(ctx, sqlUseLink, hashToken(token)))
	if errors.Is(err, pgx.ErrNoRows) {
		return u, badCredentials("use the sign-in link")
	}
	return u, wrap(err, "use the sign-in link")
}

const sqlCreateSignIn = `/* create_sign_in */
INSERT INTO sign_ins (hash, kind, name, user_id, tenant_id, expires_at)
VALUES ($1, $2, $3, $4, $5, CASE WHEN $6::interval > interval '0' THEN clock_timestamp() + $6::interval END)
RETURNING id::text`

func (s *Store) createSignIn(ctx context.Context, hash []byte, kind SignInKind, name string, user pipeline.UserID, tenant pipeline.TenantID, ttl time.Duration) (string, error) {
	var id string
	err := s.pool.QueryRow(ctx, sqlCreateSignIn, hash, string(kind), name, uuid(user), uuid(tenant), ttl).Scan(&id)
	return id, err
}

// CreateSession signs a member in for ttl and returns the session's token. One who is no member: pipeline.ErrNotFound.
func (s *Store) CreateSession(ctx context.Context, user pipeline.UserID, tenant pipeline.TenantID, ttl time.Duration) (string, error) {
	token, hash := newToken("izs_")
	_, err := s.createSignIn(ctx, hash, SignInSession, "", user, tenant, ttl)
	return token, wrap(err, "sign in the user %s", user)
}

// CreateToken makes an API token of a member and returns it, for the only time, with its id. A ttl of zero never runs out.
func (s *Store) CreateToken(ctx context.Context, user pipeline.UserID, tenant pipeline.TenantID, name string, ttl time.Duration) (token, id string, err error) {
	token, hash := newToken("izt_")
	id, err = s.createSignIn(ctx, hash, SignInToken, name, user, tenant, ttl)
	return token, id, wrap(err, "create a token for the user %s", user)
}

const sqlSession = `/* session */
SELECT ` + userColumns + `, t.id::text, t.name, t.zone, t.currency, t.created_at, m.role, s.id::text, s.kind, s.expires_at
FROM sign_ins s
JOIN members m ON m.tenant_id = s.tenant_id AND m.user_id = s.user_id
JOIN tenants t ON t.id = s.tenant_id
JOIN users u ON u.id = s.user_id
WHERE s.hash = $1 AND (s.expires_at IS NULL OR s.expires_at > clock_timestamp())`

// Session tells who holds the token of a session or of the API; pipeline.ErrBadCredentials when nobody does.
func (s *Store) Session(ctx context.Context, token string) (SignIn, error) {
	var in SignIn
	var expires *time.Time
	t := &in.Tenant
	err := s.pool.QueryRow(ctx, sqlSession, hashToken(token)).Scan(append(userFields(&in.User),
		&t.ID, &t.Name, &t.Zone, &t.Currency, &t.CreatedAt, &in.Role, &in.ID, &in.Kind, &expires)...)
	if errors.Is(err, pgx.ErrNoRows) {
		return SignIn{}, badCredentials("sign in")
	}
	in.ExpiresAt, in.User.CreatedAt, t.CreatedAt = timeOf(expires), in.User.CreatedAt.UTC(), t.CreatedAt.UTC()
	return in, wrap(err, "read the session")
}

const sqlDeleteSession = `/* delete_session */ DELETE FROM sign_ins WHERE hash = $1 AND kind = 'session'`

// DeleteSession signs out. A session that is not there is signed out already.
func (s *Store) DeleteSession(ctx context.Context, token string) error {
	_, err := s.pool.Exec(ctx, sqlDeleteSession, hashToken(token))
	return wrap(err, "sign out")
}

const sqlDeleteSessions = `/* delete_sessions */ DELETE FROM sign_ins WHERE user_id = $1 AND kind = 'session' AND hash <> $2`

// DeleteOtherSessions signs a user out everywhere but in the session with this token: after a change of password.
func (s *Store) DeleteOtherSessions(ctx context.Context, user pipeline.UserID, token string) error {
	_, err := s.pool.Exec(ctx, sqlDeleteSessions, uuid(user), hashToken(token))
	return wrap(err, "sign out the user %s", user)
}

const sqlTokens = `/* tokens */
SELECT id::text, name, user_id::text, created_at, expires_at FROM sign_ins
WHERE tenant_id = $1 AND user_id = $2 AND kind = 'token' ORDER BY created_at, id`

// Tokens lists a user's API tokens in a tenant, oldest first.
func (s *Store) Tokens(ctx context.Context, tenant pipeline.TenantID, user pipeline.UserID) ([]Token, error) {
	rows, err := s.pool.Query(ctx, sqlTokens, uuid(tenant), uuid(user))
	tokens, err := collectRows(rows, err, func(row pgx.CollectableRow) (Token, error) {
		var t Token
		var expires *time.Time
		err := row.Scan(&t.ID, &t.Name, &t.UserID, &t.CreatedAt, &expires)
		t.CreatedAt, t.ExpiresAt = t.CreatedAt.UTC(), timeOf(expires)
		return t, err
	})
	return tokens, wrap(err, "list the tokens of the user %s", user)
}

const sqlDeleteToken = `/* delete_token */ DELETE FROM sign_ins WHERE tenant_id = $1 AND user_id = $2 AND id = $3 AND kind = 'token'`

// DeleteToken ends an API token of a user.
func (s *Store) DeleteToken(ctx context.Context, tenant pipeline.TenantID, user pipeline.UserID, id string) error {
	return wrap(one(s.pool.Exec(ctx, sqlDeleteToken, uuid(tenant), uuid(user), uuid(id))), "delete the token %s", id)
}
