package clickhouse

import (
	"context"
	"embed"
	"fmt"
	"strings"

	ch "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

//go:embed queries/*.sql
var queryFiles embed.FS

// readQueries gives the statements of queries/ by the names of their files.
func readQueries() (map[string]string, error) {
	files, err := queryFiles.ReadDir("queries")
	if err != nil {
		return nil, fmt.Errorf("cannot list the statements: %w", err)
	}
	texts := make(map[string]string, len(files))
	for _, file := range files {
		text, err := queryFiles.ReadFile("queries/" + file.Name())
		if err != nil {
			return nil, fmt.Errorf("cannot read the statement %s: %w", file.Name(), err)
		}
		texts[strings.TrimSuffix(file.Name(), ".sql")] = string(text)
	}
	return texts, nil
}

// args are the values bound to the {name:Type} places of a statement.
type args map[string]any

func (a args) named() []any {
	out := make([]any, 0, len(a))
	for name, value := range a {
		out = append(out, ch.Named(name, value))
	}
	return out
}

// rows runs the statement of that name and hands over each row of its answer. When the server goes away before the
// first row was handed over, the statement is sent again.
func (s *Store) rows(ctx context.Context, name string, a args, row func(driver.Rows) error) error {
	return s.rowsOf(ctx, name, s.texts[name], a, row)
}

func (s *Store) rowsOf(ctx context.Context, name, text string, a args, row func(driver.Rows) error) error {
	handed := false
	var late error
	err := s.do(ctx, name, func(ctx context.Context) error {
		err := s.once(ctx, text, a, func(r driver.Rows) error {
			handed = true
			return row(r)
		})
		if handed {
			late = err
			return nil
		}
		return err
	})
	if err == nil && late != nil {
		s.metrics.failures.WithLabelValues(name).Inc()
		return fmt.Errorf("cannot run %s: %w", name, redact(late))
	}
	return err
}

func (s *Store) once(ctx context.Context, text string, a args, row func(driver.Rows) error) (err error) {
	rows, err := s.conn.Query(ctx, text, a.named()...)
	if err != nil {
		return err
	}
	defer func() {
		if closing := rows.Close(); err == nil {
			err = closing
		}
	}()
	for rows.Next() {
		if err := row(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// exec runs the statement of that name, which may be repeated without harm.
func (s *Store) exec(ctx context.Context, name string, a args, settings ch.Settings) error {
	return s.execText(ctx, name, s.texts[name], a, settings)
}

func (s *Store) execText(ctx context.Context, name, text string, a args, settings ch.Settings) error {
	return s.do(ctx, name, func(ctx context.Context) error {
		if len(settings) > 0 {
			ctx = ch.Context(ctx, ch.WithSettings(settings))
		}
		return s.conn.Exec(ctx, text, a.named()...)
	})
}
