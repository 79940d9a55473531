package postgres

import (
	"context"

	"github.com/infrazen/infrazen/pipeline"
)

const sqlHasPassword = `/* has_password */ SELECT u.password_hash <> '' FROM users u WHERE u.id = $1`

// HasPassword tells whether a user has a password: who came by a one-time link has none until they set one.
func (s *Store) HasPassword(ctx context.Context, user pipeline.UserID) (bool, error) {
	var has bool
	err := s.pool.QueryRow(ctx, sqlHasPassword, uuid(user)).Scan(&has)
	return has, wrap(err, "tell whether the user %s has a password", user)
}
