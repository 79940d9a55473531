package bench

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strconv"
	"time"

	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/collect"
)

// sliceRows is how many rows a slice, and a plain batch, has: a day of two thousand resources.
const sliceRows = 48_000

// charges makes the rows of the n-th slice: hours of a day of many resources.
func charges(n, rows int) (pipeline.Slice, []pipeline.Charge) {
	from := time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, n)
	out := make([]pipeline.Charge, rows)
	for i := range out {
		resource, hour := i/24, i%24
		name := strconv.Itoa(resource)
		cost := decimal.New(int64(resource%9973+1)*1_000_000_007, -12)
		c := pipeline.Charge{
			Line: pipeline.Line{
				ProviderName: "Selectel", PublisherName: "Selectel", InvoiceIssuerName: "Selectel", BillingAccountID: "account-1",
				BillingCurrency: "RUB", SubAccountID: "p-" + strconv.Itoa(resource%7), SubAccountName: "project " + strconv.Itoa(resource%7),
				ServiceCategory: "Compute", ServiceName: "Virtual servers", ResourceID: "5f6c1d0e-" + name, ResourceName: "web-" + name,
				ResourceType: "server", RegionID: "ru-1", RegionName: "Москва", AvailabilityZone: "ru-1a", SkuID: "sku-" + strconv.Itoa(resource%40),
				ChargeCategory: pipeline.Usage, ChargeDescription: "Virtual server web-" + name, ChargeFrequency: "Usage-Based",
				PricingCategory: "Standard", PricingUnit: "hour", ConsumedUnit: "hour", ListUnitPrice: cost.String(),
				ContractedUnitPrice: cost.String(), CostStatus: pipeline.Billed,
				Tags: map[string]string{"env": "prod", "team": "alpha", "owner": "user" + strconv.Itoa(resource%40), "role": "web"},
			},
			Start: from.Add(time.Duration(hour) * time.Hour), End: from.Add(time.Duration(hour+1) * time.Hour),
		}
		c.LineCount = 1
		c.BilledCost, c.EffectiveCost, c.ListCost, c.ContractedCost = cost, cost, cost, cost
		c.ConsumedQuantity, c.PricingQuantity = decimal.NewFromInt(1), decimal.NewFromInt(1)
		out[i] = c
	}
	return pipeline.Slice{Source: "consumption", From: from, To: from.AddDate(0, 0, 1)}, out
}

// appends compares collecting slices with plain batches of the same rows into the same table, by turns, and then collects
// the same slices once more.
func (b *bench) appends(ctx context.Context) error {
	account := collect.Account{Tenant: Tenant(1), Connection: "00000000-0000-4000-9000-000000000001"}
	var ledger, plain, again time.Duration
	var rows, appended, repeated int64
	for n := 0; rows < int64(b.Rows); n++ {
		slice, lines := charges(n, min(sliceRows, b.Rows-int(rows)))
		rows += int64(len(lines))
		start := time.Now()
		took, err := b.collect(ctx, account, slice, lines)
		if err != nil {
			return err
		}
		ledger, appended = ledger+time.Since(start), appended+took
		start = time.Now()
		if err := b.plain(ctx, lines); err != nil {
			return err
		}
		plain += time.Since(start)
		start = time.Now()
		if took, err = b.collect(ctx, account, slice, lines); err != nil {
			return err
		}
		again, repeated = again+time.Since(start), repeated+took
	}
	if appended != rows {
		return fmt.Errorf("collecting %d rows appended %d", rows, appended)
	}
	perSecond := func(d time.Duration) float64 { return float64(rows) / d.Seconds() }
	b.tell("rows/s through collect", fmt.Sprintf("%.0f", perSecond(ledger)))
	b.tell("rows/s of plain clickhouse-go batches", fmt.Sprintf("%.0f", perSecond(plain)))
	b.judge("rows/s through collect over plain clickhouse-go batches", fmt.Sprintf("%.2f", plain.Seconds()/ledger.Seconds()),
		">= 0.5", 2*plain >= ledger)
	b.tell("rows/s compared when nothing has changed", fmt.Sprintf("%.0f", perSecond(again)))
	b.judge(fmt.Sprintf("rows appended by collecting the same %d rows again", rows), strconv.FormatInt(repeated, 10), "0", repeated == 0)
	return nil
}

// collect brings a slice as a provider's session does: read what is held, compare, append the difference.
func (b *bench) collect(ctx context.Context, a collect.Account, s pipeline.Slice, lines []pipeline.Charge) (int64, error) {
	w := collect.NewWriter(b.store, a, s, collect.SliceOptions{
		MaxLines: collect.DefaultConfig().MaxLines,
		Now:      func(context.Context) (time.Time, error) { return time.Now(), nil },
	})
	defer w.Abort()
	for i := range lines {
		if err := w.Add(ctx, lines[i]); err != nil {
			return 0, err
		}
	}
	err := w.Commit(ctx)
	return w.Appended, err
}

// plain appends the rows as a program does that uses clickhouse-go and nothing else.
func (b *bench) plain(ctx context.Context, lines []pipeline.Charge) error {
	batch, err := b.conn.PrepareBatch(ctx, `INSERT INTO charges (tenant_id, connection_id, source, seen_at, line_key, ChargePeriodStart,
		ChargePeriodEnd, ProviderName, PublisherName, InvoiceIssuerName, BillingAccountId, BillingCurrency, SubAccountId,
		SubAccountName, ServiceCategory, ServiceName, ResourceId, ResourceName, ResourceType, RegionId, RegionName,
		AvailabilityZone, SkuId, ChargeCategory, ChargeDescription, ChargeFrequency, PricingCategory, PricingUnit, ConsumedUnit,
		ListUnitPrice, ContractedUnitPrice, cost_status, Tags, line_count, BilledCost, ConsumedQuantity)`)
	if err != nil {
		return err
	}
	tags := `{"env":"prod","owner":"user1","role":"web","team":"alpha"}`
	key := string(make([]byte, 16))
	for i := range lines {
		c := &lines[i]
		if err := batch.Append("plain", "plain", "plain", c.End, key, c.Start,
			c.End, c.ProviderName, c.PublisherName, c.InvoiceIssuerName, c.BillingAccountID, c.BillingCurrency, c.SubAccountID,
			c.SubAccountName, c.ServiceCategory, c.ServiceName, c.ResourceID, c.ResourceName, c.ResourceType, c.RegionID, c.RegionName,
			c.AvailabilityZone, c.SkuID, string(c.ChargeCategory), c.ChargeDescription, c.ChargeFrequency, c.PricingCategory, c.PricingUnit, c.ConsumedUnit,
			c.ListUnitPrice, c.ContractedUnitPrice, string(c.CostStatus), tags, c.LineCount, c.BilledCost, c.ConsumedQuantity); err != nil {
			return err
		}
	}
	return batch.Send()
}

// Plain tells how many rows a second plain clickhouse-go batches bring into the ledger of a database of its own.
func Plain(ctx context.Context, dsn string, rows int) (perSecond float64, err error) {
	b := &bench{Options: Options{DSN: dsn, Rows: rows}.withDefaults()}
	if err := b.open(ctx); err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, b.close(context.WithoutCancel(ctx))) }()
	var took time.Duration
	done := 0
	for n := 0; done < rows; n++ {
		_, lines := charges(n, min(sliceRows, rows-done))
		start := time.Now()
		if err := b.plain(ctx, lines); err != nil {
			return 0, err
		}
		took, done = took+time.Since(start), done+len(lines)
	}
	return float64(done) / took.Seconds(), nil
}

// samples appends the traces as samples of CPU and measures what they take.
func (b *bench) samples(ctx context.Context) error {
	if b.Traces == "" {
		b.tell("bytes a CPU sample", "not measured: the file is not there")
		return nil
	}
	account := collect.Account{Tenant: Tenant(1), Connection: "00000000-0000-4000-9000-000000000001"}
	var total int64
	start := time.Now()
	err := readTraces(b.Traces, 100_000, func(samples []pipeline.Sample) error {
		n, err := b.store.AppendSamples(ctx, account, samples)
		total += n
		return err
	})
	if err != nil {
		return fmt.Errorf("cannot append the traces: %w", err)
	}
	b.tell("samples/s appended", fmt.Sprintf("%.0f", float64(total)/time.Since(start).Seconds()))
	raw, err := b.bytesOf(ctx, "samples")
	if err != nil {
		return err
	}
	hourly, err := b.bytesOf(ctx, "samples_hourly")
	if err != nil {
		return err
	}
	each := raw / float64(total)
	b.judge("bytes a CPU sample", fmt.Sprintf("%.2f", each), "<= 1.1", each <= 1.1)
	b.tell("bytes of hourly sums for each CPU sample", fmt.Sprintf("%.2f (%d samples)", hourly/float64(total), total))
	return nil
}

// bytesOf merges a table and tells what it takes on disk.
func (b *bench) bytesOf(ctx context.Context, table string) (float64, error) {
	if err := b.conn.Exec(ctx, "OPTIMIZE TABLE "+table+" FINAL"); err != nil {
		return 0, fmt.Errorf("cannot merge %s: %w", table, err)
	}
	var bytes uint64
	text := "SELECT sum(bytes_on_disk) FROM system.parts WHERE database = currentDatabase() AND active AND table = '" + table + "'"
	if err := b.conn.QueryRow(ctx, text).Scan(&bytes); err != nil {
		return 0, fmt.Errorf("cannot measure %s: %w", table, err)
	}
	return float64(bytes), nil
}

// readTraces hands over the samples of the archive: a folder is a day, a file a machine, a line five minutes.
func readTraces(name string, atOnce int, hand func([]pipeline.Sample) error) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	unzipped, err := gzip.NewReader(bufio.NewReader(file))
	if err != nil {
		return err
	}
	archive := tar.NewReader(unzipped)
	var samples []pipeline.Sample
	// The days are those before today, so that none is too old to be kept.
	first := time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -20)
	days := map[string]int{}
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return hand(samples)
		}
		if err != nil {
			return err
		}
		if header.Typeflag != tar.TypeReg {
			continue
		}
		day, machine := path.Split(header.Name)
		if _, ok := days[day]; !ok {
			days[day] = len(days)
		}
		lines := bufio.NewScanner(archive)
		for at := first.AddDate(0, 0, days[day]); lines.Scan(); at = at.Add(5 * time.Minute) {
			value, err := strconv.ParseFloat(lines.Text(), 64)
			if err != nil {
				return fmt.Errorf("cannot read the trace %s: %w", header.Name, err)
			}
			samples = append(samples, pipeline.Sample{ResourceID: machine, Metric: pipeline.CPUPercent, Time: at, Value: value})
		}
		if len(samples) >= atOnce {
			if err := hand(samples); err != nil {
				return err
			}
			samples = samples[:0]
		}
	}
}
