package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/alexedwards/argon2id"
	"github.com/jackc/pgx/v5"

	"github.com/infrazen/infrazen/pipeline"
)

const sqlSetPassword = `/* set_password */ UPDATE users SET password_hash = $2 WHERE id = $1`

// SetPassword makes plaintext the user's password. Only its argon2id hash is kept. Whether it is long enough is the
// caller's to say.
func (s *Store) SetPassword(ctx context.Context, user pipeline.UserID, plaintext string) error {
	hash, err := argon2id.CreateHash(plaintext, s.cfg.Password)
	if err != nil {
		return fmt.Errorf("cannot hash the password: %w", err)
	}
	return wrap(one(s.pool.Exec(ctx, sqlSetPassword, uuid(user), hash)), "set the password of the user %s", user)
}

const sqlPassword = `/* password */ SELECT ` + userColumns + `, u.password_hash FROM users u WHERE u.email = $1`

// CheckPassword gives the user whose e-mail and password these are, else pipeline.ErrBadCredentials. It takes the same work
// whether the e-mail is known or not.
func (s *Store) CheckPassword(ctx context.Context, email, plaintext string) (pipeline.User, error) {
	var u pipeline.User
	var hash string
	err := s.pool.QueryRow(ctx, sqlPassword, mailbox(email)).Scan(append(userFields(&u), &hash)...)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return pipeline.User{}, wrap(err, "check a password")
	}
	if err != nil || hash == "" {
		return pipeline.User{}, s.pretendToCheck(plaintext)
	}
	same, params, err := argon2id.CheckHash(plaintext, hash)
	if err != nil {
		return pipeline.User{}, fmt.Errorf("cannot check the password of the user %s: %w", u.ID, err)
	}
	if !same {
		return pipeline.User{}, badCredentials("check the password")
	}
	u.CreatedAt = u.CreatedAt.UTC()
	return u, s.refreshHash(ctx, u.ID, plaintext, *params)
}

// pretendToCheck does the work of comparing with a password that nobody has.
func (s *Store) pretendToCheck(plaintext string) error {
	if _, err := argon2id.CreateHash(plaintext, s.cfg.Password); err != nil {
		return fmt.Errorf("cannot check a password: %w", err)
	}
	return badCredentials("check the password")
}

// refreshHash hashes anew a password that was hashed at another cost than is configured now.
func (s *Store) refreshHash(ctx context.Context, user pipeline.UserID, plaintext string, params argon2id.Params) error {
	if params == *s.cfg.Password {
		return nil
	}
	return s.SetPassword(ctx, user, plaintext)
}

func badCredentials(what string) error {
	return fmt.Errorf("cannot %s: %w", strings.TrimSpace(what), pipeline.ErrBadCredentials)
}
