package postgres

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/infrazen/infrazen/pipeline"
)

// Reserve takes the next slot under a limit without waiting for it.
func (s *Store) Reserve(ctx context.Context, key string, limit pipeline.RateLimit) (pause time.Duration, slot time.Time, err error) {
	return s.reserve(ctx, key, limit)
}

// Dump writes every row of every table as text.
func (s *Store) Dump(ctx context.Context) (string, error) {
	rows, err := s.pool.Query(ctx, `SELECT format('SELECT coalesce(string_agg(t::text, chr(10)), %L) FROM %I t', '', tablename) FROM pg_tables WHERE schemaname = 'public'`)
	statements, err := collectRows(rows, err, pgx.RowTo[string])
	if err != nil {
		return "", err
	}
	var dump strings.Builder
	for _, statement := range statements {
		text, err := s.Text(ctx, statement)
		if err != nil {
			return "", err
		}
		dump.WriteString(text + "\n")
	}
	return dump.String(), nil
}

// MoveSecrets gives one connection's stored secrets to another, as somebody with access to the database could.
func (s *Store) MoveSecrets(ctx context.Context, from, to pipeline.ConnectionID) error {
	tag, err := s.pool.Exec(ctx, `
		UPDATE connection_secrets t SET key_id = f.key_id, wrapped_key = f.wrapped_key, sealed = f.sealed
		FROM connection_secrets f WHERE f.connection_id = $1 AND t.connection_id = $2`, uuid(from), uuid(to))
	if err == nil && tag.RowsAffected() != 1 {
		err = fmt.Errorf("%d secrets moved", tag.RowsAffected())
	}
	return err
}

// Exec runs any statement.
func (s *Store) Exec(ctx context.Context, sql string, args ...any) error {
	_, err := s.pool.Exec(ctx, sql, args...)
	return err
}

// Text runs a query that gives one text.
func (s *Store) Text(ctx context.Context, sql string, args ...any) (string, error) {
	var text string
	err := s.pool.QueryRow(ctx, sql, args...).Scan(&text)
	return text, err
}
