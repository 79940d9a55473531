package clickhouse

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/collect"
)

const (
	// stageRows is about how many lines Apply compares at once.
	stageRows = 100_000
	// stageAge is when a stage is taken to be left over by a dead process. No slice takes that long.
	stageAge = 24 * time.Hour
)

// stage implements [collect.Stage] by the table charges_staged.
type stage struct {
	store   *Store
	account collect.Account
	slice   pipeline.Slice
	id      string
	at      time.Time
	adds    int
}

// Stage implements [collect.Ledger]. What dead processes left behind is dropped first.
func (s *Store) Stage(ctx context.Context, a collect.Account, sl pipeline.Slice) (collect.Stage, error) {
	if err := s.dropOldStages(ctx); err != nil {
		return nil, err
	}
	var random [16]byte
	_, _ = rand.Read(random[:]) // never fails
	return &stage{store: s, account: a, slice: sl, id: hex.EncodeToString(random[:]), at: time.Now().UTC()}, nil
}

// Add implements [collect.Stage].
func (t *stage) Add(ctx context.Context, lines []pipeline.Charge) error {
	if len(lines) == 0 {
		return nil
	}
	if err := inSlice(t.slice, lines); err != nil {
		return err
	}
	b, err := newChargeBlock(lines)
	if err != nil {
		return err
	}
	t.adds++
	b.addSame("tenant_id", typeText, string(t.account.Tenant))
	b.addSame("stage_id", typeString, t.id)
	b.addSame("staged_at", typeSecond, t.at)
	b.layout()
	return t.store.insert(ctx, "charges_staged", tokenOf("stage", t.id, t.adds), &b.block)
}

// chunk is a part of a slice that fits in memory: one day in UTC, and of its lines those whose keys lie in a range.
type chunk struct {
	day       time.Time
	low, high byte // the first byte of the key, both inclusive
}

// Apply implements [collect.Stage]. It goes day by day, and within a day of many lines by ranges of their keys. Each part
// is one INSERT whose token is made of the difference and of how many rows the ledger had there when it was compared.
func (t *stage) Apply(ctx context.Context, seenAt time.Time) (int64, error) {
	chunks, err := t.chunks(ctx)
	if err != nil {
		return 0, err
	}
	var appended int64
	for _, c := range chunks {
		n, err := t.apply(ctx, c, seenAt)
		if err != nil {
			return appended, err
		}
		appended += n
	}
	t.store.metrics.appended.WithLabelValues("charges").Add(float64(appended))
	return appended, nil
}

func (t *stage) args() args {
	bound := sliceArgs(t.account, t.slice)
	bound["stage"] = t.id
	return bound
}

func (t *stage) chunks(ctx context.Context) ([]chunk, error) {
	var out []chunk
	err := t.store.rows(ctx, "stage_days", t.args(), func(r driver.Rows) error {
		var day time.Time
		var rows uint64
		if err := r.Scan(&day, &rows); err != nil {
			return err
		}
		parts := min(256, 1+int(rows/stageRows))
		for i := range parts {
			out = append(out, chunk{day: day, low: byte(i * 256 / parts), high: byte((i+1)*256/parts - 1)})
		}
		return nil
	})
	return out, err
}

func (t *stage) apply(ctx context.Context, c chunk, seenAt time.Time) (int64, error) {
	bound := t.args()
	from, to := bounds(t.slice)
	bound["from"], bound["to"] = seconds(latest(from, c.day)), seconds(earliest(to, c.day.AddDate(0, 0, 1)))
	bound["low"], bound["high"] = fmt.Sprintf("%02x", c.low), fmt.Sprintf("%02x", c.high)
	var differ, rows, hash uint64
	// The rows are counted before the difference is read: an append that lands in between changes the difference.
	if err := t.store.rows(ctx, "stage_held_rows", bound, func(r driver.Rows) error { return r.Scan(&rows) }); err != nil {
		return 0, err
	}
	if err := t.store.rows(ctx, "stage_difference", bound, func(r driver.Rows) error { return r.Scan(&differ, &hash) }); err != nil {
		return 0, err
	}
	if differ == 0 {
		return 0, nil
	}
	bound["seen_at"] = micros(seenAt)
	settings := oneBlock(tokenOf("apply", t.account.Tenant, t.account.Connection, t.slice.Source, from.Unix(), to.Unix(), c.day.Unix(), c.low, c.high, rows, differ, hash))
	err := t.store.execText(ctx, "stage_apply", stageApply(t.store.texts["stage_apply"]), bound, settings)
	return int64(differ), err
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earliest(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// stageApply fills in the columns of a line.
func stageApply(text string) string {
	var names []string
	for _, c := range lineColumns() {
		names = append(names, c.name)
	}
	columns := strings.Join(append(names, "Tags", "unrecognised", "BillingPeriodStart"), ", ")
	text = strings.ReplaceAll(text, "{{line}}", lineSelect())
	return strings.ReplaceAll(text, "{{columns}}", columns)
}

// Drop implements [collect.Stage].
func (t *stage) Drop(ctx context.Context) error { return t.store.dropStage(ctx, t.id) }

func (s *Store) dropStage(ctx context.Context, id string) error {
	return s.execText(ctx, "stage_drop", "ALTER TABLE "+s.names().Local("charges_staged")+" DROP PARTITION {stage:String}", args{"stage": id}, nil)
}

func (s *Store) dropOldStages(ctx context.Context) error {
	var old []string
	err := s.rows(ctx, "stage_left_over", args{"before": seconds(time.Now().Add(-stageAge))}, func(r driver.Rows) error {
		var id string
		err := r.Scan(&id)
		old = append(old, id)
		return err
	})
	if err != nil {
		return err
	}
	for _, id := range old {
		s.log.InfoContext(ctx, "dropping a stage that a dead process left", "stage", id)
		if err := s.dropStage(ctx, id); err != nil {
			return err
		}
	}
	return nil
}
