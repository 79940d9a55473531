// Package collectbench measures what collecting costs beside plain appending.
package collectbench

import (
	"context"
	"fmt"
	"time"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/collect"
	"github.com/shopspring/decimal"
)

// Config says how much is measured.
type Config struct {
	// Rows is how many hourly charges are written; they lie in slices of SliceRows, each an hour long.
	Rows, SliceRows int
	// Start is the first hour.
	Start time.Time
}

// DefaultConfig is a million rows in slices of 50,000.
func DefaultConfig() Config {
	return Config{Rows: 1_000_000, SliceRows: 50_000, Start: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)}
}

// Figures are what was measured.
type Figures struct {
	// Collected and Plain are rows a second: read, compared, appended and looked at again; and appended alone.
	Collected, Plain float64
	// Again is rows a second of collecting the same rows once more, AppendedAgain how many rows that appended: 0.
	Again         float64
	AppendedAgain int64
}

// Ratio is Collected over Plain.
func (f Figures) Ratio() float64 { return f.Collected / f.Plain }

// Run writes the same rows twice into the ledger, to one account by plain appends and to another by collecting them, and
// collects them once more. Both accounts must be empty. plain appends rows as one batch without reading anything.
func Run(ctx context.Context, l collect.Ledger, plain func(context.Context, collect.Account, []pipeline.Charge) error, one, two collect.Account, c Config) (Figures, error) {
	var f Figures
	var err error
	if f.Plain, _, err = measure(c, func(s pipeline.Slice, rows []pipeline.Charge) (int64, error) {
		return int64(len(rows)), plain(ctx, one, rows)
	}); err != nil {
		return f, fmt.Errorf("cannot append plainly: %w", err)
	}
	write := func(s pipeline.Slice, rows []pipeline.Charge) (int64, error) {
		w := collect.NewWriter(l, two, s, collect.SliceOptions{
			MaxLines: c.SliceRows + 1, Now: func(context.Context) (time.Time, error) { return time.Now().UTC(), nil },
		})
		for i := range rows {
			if err := w.Add(ctx, rows[i]); err != nil {
				return 0, err
			}
		}
		err := w.Commit(ctx)
		return w.Appended, err
	}
	if f.Collected, _, err = measure(c, write); err != nil {
		return f, fmt.Errorf("cannot collect: %w", err)
	}
	if f.Again, f.AppendedAgain, err = measure(c, write); err != nil {
		return f, fmt.Errorf("cannot collect again: %w", err)
	}
	return f, nil
}

// measure writes all slices and returns rows a second, making of the rows left out, and how many rows were appended.
func measure(c Config, write func(pipeline.Slice, []pipeline.Charge) (int64, error)) (rate float64, appended int64, err error) {
	var spent time.Duration
	for n := 0; n < c.Rows; n += c.SliceRows {
		from := c.Start.Add(time.Duration(n/c.SliceRows) * time.Hour)
		rows := Rows(from, min(c.SliceRows, c.Rows-n))
		began := time.Now()
		got, err := write(pipeline.Slice{Source: "bench", From: from, To: from.Add(time.Hour)}, rows)
		spent += time.Since(began)
		if err != nil {
			return 0, 0, err
		}
		appended += got
	}
	return float64(c.Rows) / spent.Seconds(), appended, nil
}

// Rows are the charges of as many resources in one hour.
func Rows(hour time.Time, n int) []pipeline.Charge {
	rows := make([]pipeline.Charge, n)
	services := []string{"VPS", "Database", "Object storage", "Volume"}
	for i := range rows {
		cost := decimal.New(int64(i%9973)*1_000_003+hour.Unix()%997, -9)
		rows[i] = pipeline.Charge{
			Line: pipeline.Line{
				ProviderName: "Bench", PublisherName: "Bench", InvoiceIssuerName: "Bench", BillingAccountID: "1", BillingCurrency: "RUB",
				SubAccountID: fmt.Sprint("project-", i%40), ServiceCategory: "Compute", ServiceName: services[i%4],
				ResourceID: fmt.Sprintf("resource-%08d", i), ResourceName: fmt.Sprintf("web-%d.example.ru", i), ResourceType: "server",
				RegionID: fmt.Sprint("ru-", i%5), SkuID: fmt.Sprint("sku-", i%200), ChargeCategory: pipeline.Usage, ChargeFrequency: "Usage-Based",
				PricingUnit: "Hours", ConsumedUnit: "Hours", CostStatus: pipeline.Billed,
				Tags: map[string]string{"team": fmt.Sprint("team-", i%12), "env": "prod"}, BillingPeriodStart: time.Date(hour.Year(), hour.Month(), 1, 0, 0, 0, 0, time.UTC),
			},
			Start: hour, End: hour.Add(time.Hour),
			Measures: pipeline.Measures{LineCount: 1, BilledCost: cost, EffectiveCost: cost, ListCost: cost, ContractedCost: cost, ConsumedQuantity: decimal.New(1, 0), PricingQuantity: decimal.New(1, 0)},
		}
	}
	return rows
}
