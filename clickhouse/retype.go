package clickhouse

import (
	"context"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/collect"
)

var _ collect.RetypeLedger = (*Store)(nil)

// retypeMark is what the tags of a line that a mapping has given a type contain as they are stored.
func retypeMark() string { return quoteJSON(pipeline.TagCloudType) + ":" }

// RetypeDays implements [collect.RetypeLedger]. Days are those of the column day.
func (s *Store) RetypeDays(ctx context.Context, a collect.Account) ([]pipeline.Slice, error) {
	var out []pipeline.Slice
	bound := args{"tenant": string(a.Tenant), "connection": string(a.Connection), "mark": retypeMark()}
	err := s.rows(ctx, "retype_days", bound, func(r driver.Rows) error {
		var source string
		var day uint16
		if err := r.Scan(&source, &day); err != nil {
			return err
		}
		from := time.Unix(int64(day)*86400, 0).UTC().Add(-dayOffset)
		out = append(out, pipeline.Slice{Source: source, From: from, To: from.Add(24 * time.Hour)})
		return nil
	})
	return out, err
}

// RetypeLines implements [collect.RetypeLedger].
func (s *Store) RetypeLines(ctx context.Context, a collect.Account, sl pipeline.Slice, f func(pipeline.Charge) error) error {
	text := strings.ReplaceAll(s.texts["retype_lines"], "{{line}}", lineSelect())
	bound := sliceArgs(a, sl)
	bound["mark"] = retypeMark()
	var h heldScan
	return s.rowsOf(ctx, "retype_lines", text, bound, func(r driver.Rows) error {
		line, held, err := h.scanWithLine(r)
		if err != nil {
			return err
		}
		return f(pipeline.Charge{Line: line, Start: held.Start, End: held.End, Measures: held.Measures})
	})
}
