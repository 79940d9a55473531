package clickhouse

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/infrazen/infrazen/pipeline"
)

// recentDays is how far back values of dimensions and keys of tags are looked for.
const recentDays = 90

// DimensionValues gives the values that a dimension had in the last 90 days, ordered, with their labels. Text is looked for
// in values and labels, case folded; the empty value is left out. At most limit are given, 100 when limit is zero.
func (s *Store) DimensionValues(ctx context.Context, tenant pipeline.TenantID, d pipeline.Dimension, text string, limit int) ([]pipeline.GroupKey, error) {
	if !d.Known() {
		return nil, &pipeline.QueryError{Field: "dimension", Text: pipeline.Textf("измерение %q не известно", "dimension %q is not known", d)}
	}
	if limit <= 0 {
		limit = defaultPage
	}
	b := &costSQL{args: args{"tenant": string(tenant), "since": dayNumber(time.Now()) - recentDays, "pattern": foldPattern(text), "limit": limit}}
	value := b.column(d)
	label := map[pipeline.Dimension]string{pipeline.DimResource: "ResourceName", pipeline.DimProject: "SubAccountName"}[d]
	if label == "" {
		label = "''"
	}
	statement := strings.NewReplacer("{{value}}", value, "{{label}}", label).Replace(s.texts["dimension_values"])
	var out []pipeline.GroupKey
	err := s.rowsOf(ctx, "dimension_values", statement, b.args, func(r driver.Rows) error {
		var k pipeline.GroupKey
		if err := r.Scan(&k.Value, &k.Label); err != nil {
			return err
		}
		if k.Label == "" {
			k.Label = k.Value
		}
		out = append(out, k)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("cannot list the values of %s: %w", d, err)
	}
	return out, nil
}

// TagKeys gives the keys of the tags that charges of the last 90 days have, ordered.
func (s *Store) TagKeys(ctx context.Context, tenant pipeline.TenantID) ([]string, error) {
	var out []string
	err := s.rows(ctx, "tag_keys", args{"tenant": string(tenant), "since": dayNumber(time.Now()) - recentDays, "reserved": pipeline.ReservedTagPrefix}, func(r driver.Rows) error {
		var key string
		err := r.Scan(&key)
		out = append(out, key)
		return err
	})
	return out, err
}
