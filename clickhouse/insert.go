package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"strings"

	ch "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/column"
)

// block is the content of one INSERT, by columns.
type block struct {
	n     int
	parts []part
}

// part is one column of a block: its name and type, and how it is filled.
type part struct {
	ch.ColumnNameAndType
	fill func(column.Interface) error
}

// The types of columns that many tables have.
const (
	typeText    = "LowCardinality(String)"
	typeString  = "String"
	typeDecimal = "Decimal(38, 18)"
	typeSecond  = "DateTime('UTC')"
	typeInstant = "DateTime64(6, 'UTC')"
	typeInt     = "Int64"
)

func (b *block) add(name, kind string, fill func(column.Interface) error) {
	b.parts = append(b.parts, part{ch.ColumnNameAndType{Name: name, Type: kind}, fill})
}

// addSame adds a column with one value in every row.
func (b *block) addSame(name, kind string, value any) {
	b.add(name, kind, func(c column.Interface) error {
		for range b.n {
			if err := c.AppendRow(value); err != nil {
				return err
			}
		}
		return nil
	})
}

// addSlice adds a column of ready values.
func addSlice[T any](b *block, name, kind string, values []T) {
	b.add(name, kind, func(c column.Interface) error {
		_, err := c.Append(values)
		return err
	})
}

// addEach adds a column whose values are made of the rows one by one.
func addEach[R, T any](b *block, name, kind string, rows []R, value func(*R) T) {
	b.add(name, kind, func(c column.Interface) error {
		for i := range rows {
			if err := c.AppendRow(value(&rows[i])); err != nil {
				return err
			}
		}
		return nil
	})
}

func (b *block) fill(columns []column.Interface) error {
	for i, p := range b.parts {
		if err := p.fill(columns[i]); err != nil {
			return fmt.Errorf("column %s: %w", p.Name, err)
		}
	}
	return nil
}

// oneBlock makes the server take an INSERT as one block, whatever its size, under one token.
func oneBlock(token string) ch.Settings {
	return ch.Settings{
		"async_insert":                    0,
		"insert_deduplicate":              1,
		"insert_deduplication_token":      token,
		"max_insert_block_size":           1 << 40,
		"min_insert_block_size_rows":      1 << 40,
		"min_insert_block_size_bytes":     1 << 50,
		"max_partitions_per_insert_block": 0,
		"max_insert_threads":              1,
	}
}

// insert sends the content as one INSERT under a token: however often it is sent, it counts once.
func (s *Store) insert(ctx context.Context, table, token string, content *block) error {
	columns := make([]ch.ColumnNameAndType, len(content.parts))
	names := make([]string, len(columns))
	for i, p := range content.parts {
		columns[i], names[i] = p.ColumnNameAndType, p.Name
	}
	text := "INSERT INTO " + table + " (" + strings.Join(names, ", ") + ")"
	err := s.do(ctx, "insert_"+table, func(ctx context.Context) error {
		ctx = ch.Context(ctx, ch.WithSettings(oneBlock(token)), ch.WithColumnNamesAndTypes(columns))
		batch, err := s.conn.PrepareBatch(ctx, text)
		if err != nil {
			return err
		}
		if err := content.fill(batch.Columns()); err != nil {
			return errors.Join(fmt.Errorf("cannot fill the columns of %s: %w", table, err), batch.Abort())
		}
		return batch.Send()
	})
	if err != nil {
		return err
	}
	s.metrics.appended.WithLabelValues(table).Add(float64(content.n))
	return nil
}
