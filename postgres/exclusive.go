package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
)

const sqlExclusive = `/* exclusive */ SELECT pg_advisory_xact_lock(hashtext('infrazen migrate facts'))`

// Exclusively runs f while no other process that shares the database does so: the lock under which the store of facts migrates.
func (s *Store) Exclusively(ctx context.Context, f func(context.Context) error) error {
	return s.inTx(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, sqlExclusive); err != nil {
			return wrap(err, "wait for the migration of another process")
		}
		return f(ctx)
	})
}
