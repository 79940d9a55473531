package postgres

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations/*.sql
var migrations embed.FS

// ErrNewerSchema means that a newer InfraZen has already migrated the database.
var ErrNewerSchema = errors.New("the database was migrated by a newer InfraZen: run that version, or restore a backup of before")

// Migrate brings the database's schema up to what this program needs. Several processes may do so at once: one works, the
// others wait. It fails with ErrNewerSchema when the database is ahead of this program.
func (s *Store) Migrate(ctx context.Context) error {
	db := stdlib.OpenDBFromPool(s.pool)
	defer func() { _ = db.Close() }()
	provider, err := s.migrator(db)
	if err != nil {
		return fmt.Errorf("cannot migrate PostgreSQL: %w", err)
	}
	if err := checkNotNewer(ctx, provider); err != nil {
		return fmt.Errorf("cannot migrate PostgreSQL: %w", err)
	}
	done, err := provider.Up(ctx)
	if err != nil {
		return fmt.Errorf("cannot migrate PostgreSQL: %w", err)
	}
	for _, m := range done {
		s.log.Info("postgres migrated", "version", m.Source.Version, "file", m.Source.Path, "duration", m.Duration)
	}
	return nil
}

func (s *Store) migrator(db *sql.DB) (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300))
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(database.DialectPostgres, db, files, goose.WithSessionLocker(locker), goose.WithDisableGlobalRegistry(true), goose.WithSlog(s.log))
}

func checkNotNewer(ctx context.Context, provider *goose.Provider) error {
	got, want, err := provider.GetVersions(ctx)
	if err != nil {
		return err
	}
	if got > want {
		return fmt.Errorf("its schema is version %d and this program knows %d: %w", got, want, ErrNewerSchema)
	}
	return nil
}
