package ask

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/shopspring/decimal"
	"golang.org/x/sync/errgroup"

	"github.com/infrazen/infrazen/pipeline"
)

// MonthLedger is the store that knows what was charged in a month.
type MonthLedger interface {
	MonthCharges(ctx context.Context, tenant pipeline.TenantID, q pipeline.MonthQuery) ([]pipeline.MonthCharges, error)
	// AccountStates gives the states of an account within a period, oldest first, after the last one before it.
	AccountStates(ctx context.Context, tenant pipeline.TenantID, conn pipeline.ConnectionID, from, to time.Time) ([]pipeline.AccountState, error)
}

// Documents is the store that knows closing documents and what was collected.
type Documents interface {
	Freshness
	// ClosingDocuments lists the documents of a month.
	ClosingDocuments(ctx context.Context, tenant pipeline.TenantID, month time.Time) ([]pipeline.ClosingDocument, error)
}

// Months gathers what is known of the connections' months.
type Months struct {
	Ledger MonthLedger
	Work   Documents
	// Kinds describe the providers, by kind.
	Kinds map[pipeline.Kind]pipeline.Info
}

// ClosingMonth is a month of a connection, or of one billing account of it, with its document when there is one.
type ClosingMonth struct {
	Connection     pipeline.Connection
	BillingAccount string
	Document       *pipeline.ClosingDocument
	Facts          pipeline.MonthFacts
}

// Infos are the descriptions of the providers, by kind.
func Infos(kinds []pipeline.Provider) map[pipeline.Kind]pipeline.Info {
	infos := map[pipeline.Kind]pipeline.Info{}
	for _, p := range kinds {
		info := p.Info()
		infos[info.Kind] = info
	}
	return infos
}

// Closing gives the month, named by its first day at midnight UTC, of every connection, or of one when it is named, by name. A
// connection with documents for some of its billing accounts is there once for each of these.
func (m *Months) Closing(ctx context.Context, tenant pipeline.TenantID, month time.Time, only pipeline.ConnectionID, now time.Time) ([]ClosingMonth, error) {
	conns, err := m.Work.ConnectionsOf(ctx, tenant)
	if err != nil {
		return nil, fmt.Errorf("cannot name connections: %w", err)
	}
	docs, err := m.Work.ClosingDocuments(ctx, tenant, month)
	if err != nil {
		return nil, fmt.Errorf("cannot read closing documents: %w", err)
	}
	var out []ClosingMonth
	for _, c := range conns {
		if only == "" || only == c.ID {
			out = append(out, monthsOf(c, docs)...)
		}
	}
	slices.SortStableFunc(out, func(a, b ClosingMonth) int {
		return cmp.Or(cmp.Compare(a.Connection.Name, b.Connection.Name), cmp.Compare(a.Connection.ID, b.Connection.ID), cmp.Compare(a.BillingAccount, b.BillingAccount))
	})
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(4)
	for i := range out {
		group.Go(func() (err error) {
			out[i].Facts, err = m.facts(ctx, tenant, &out[i], month, now)
			return err
		})
	}
	return out, group.Wait()
}

func monthsOf(c pipeline.Connection, docs []pipeline.ClosingDocument) []ClosingMonth {
	var out []ClosingMonth
	for i, d := range docs {
		if d.ConnectionID == c.ID {
			out = append(out, ClosingMonth{Connection: c, BillingAccount: d.BillingAccount, Document: &docs[i]})
		}
	}
	if len(out) == 0 {
		out = append(out, ClosingMonth{Connection: c})
	}
	return out
}

func (m *Months) facts(ctx context.Context, tenant pipeline.TenantID, one *ClosingMonth, month, now time.Time) (pipeline.MonthFacts, error) {
	info := m.Kinds[one.Connection.Kind]
	zone, err := time.LoadLocation(info.BillingZone)
	if err != nil {
		zone = time.UTC
	}
	y, mon, _ := month.Date()
	from, to := time.Date(y, mon, 1, 0, 0, 0, 0, zone).UTC(), time.Date(y, mon+1, 1, 0, 0, 0, 0, zone).UTC()
	q := pipeline.MonthQuery{Connection: one.Connection.ID, BillingAccount: one.BillingAccount, From: from, To: to, AsOf: issued(one.Document, zone)}
	facts := pipeline.MonthFacts{Rule: info.Closing, Open: to.After(now)}
	if facts.Charges, err = m.Ledger.MonthCharges(ctx, tenant, q); err != nil {
		return facts, fmt.Errorf("cannot add up the month of connection %s: %w", q.Connection, err)
	}
	states, err := m.Ledger.AccountStates(ctx, tenant, q.Connection, from, to)
	if err != nil {
		return facts, fmt.Errorf("cannot read the account of connection %s: %w", q.Connection, err)
	}
	facts.BonusUsed, facts.BonusCurrency = bonusUsed(states)
	facts.CorrectionsKnown = q.AsOf.Before(now) && one.Connection.CreatedAt.Before(q.AsOf) && linesThen(facts.Charges) > 0
	if to.After(now) {
		to = now
	}
	if !to.After(from) {
		return facts, nil
	}
	data, err := m.Work.DataState(ctx, tenant, []pipeline.ConnectionID{q.Connection}, from, to)
	if err != nil {
		return facts, fmt.Errorf("cannot tell what of connection %s was collected: %w", q.Connection, err)
	}
	addMissing(&facts, data, info, one.Connection.CreatedAt, from, to)
	return facts, nil
}

// issued is the end of the document's day in the billing zone; zero without a date.
func issued(d *pipeline.ClosingDocument, zone *time.Location) time.Time {
	if d == nil || d.IssuedOn.IsZero() {
		return time.Time{}
	}
	y, m, day := d.IssuedOn.Date()
	return time.Date(y, m, day+1, 0, 0, 0, 0, zone).UTC()
}

func linesThen(charges []pipeline.MonthCharges) int64 {
	n := int64(0)
	for _, c := range charges {
		n += c.LinesAsOf
	}
	return n
}

// bonusUsed is by how much bonus money went down from one state to the next. What was given in between makes no difference.
func bonusUsed(states []pipeline.AccountState) (used decimal.Decimal, currency string) {
	for i := 1; i < len(states); i++ {
		before, after := states[i-1], states[i]
		if before.Bonus == nil || after.Bonus == nil || before.Currency != after.Currency {
			continue
		}
		if less := before.Bonus.Sub(*after.Bonus); less.IsPositive() {
			used, currency = used.Add(less), after.Currency
		}
	}
	return used, currency
}

// addMissing counts the hours of the month, and those without charges: gaps of the feeds that bear charges, and what was before the first
// charge of a connection that was made within the month.
func addMissing(facts *pipeline.MonthFacts, data pipeline.DataState, info pipeline.Info, made, from, to time.Time) {
	type span struct{ from, to time.Time }
	var spans []span
	for _, g := range data.Gaps {
		if g.Feed == pipeline.FeedFiles {
			facts.MoreMissing = true // a file has no period of its own
			continue
		}
		if bearsCharges(info, g.Feed) {
			spans = append(spans, span{g.From, g.To})
		}
	}
	facts.MoreMissing = facts.MoreMissing || data.GapCount > len(data.Gaps)
	if first := firstCharge(facts.Charges); made.After(from) && first.After(from) {
		spans = append(spans, span{from, first})
	}
	slices.SortFunc(spans, func(a, b span) int { return a.from.Compare(b.from) })
	missing, counted := time.Duration(0), from
	for _, s := range spans {
		start, end := later(s.from, counted), s.to
		if end.After(to) {
			end = to
		}
		if end.After(start) {
			missing, counted = missing+end.Sub(start), end
		}
	}
	facts.Hours, facts.Missing = int64(to.Sub(from)/time.Hour), int64((missing+time.Hour-1)/time.Hour)
}

// bearsCharges tells whether what is missing of a feed are charges: an inventory only where its prices are turned into charges.
func bearsCharges(info pipeline.Info, feed pipeline.Feed) bool {
	return slices.ContainsFunc(info.Feeds, func(s pipeline.FeedSpec) bool {
		return s.Feed == feed && (s.Feed == pipeline.FeedCharges || s.Accrues)
	})
}

func firstCharge(charges []pipeline.MonthCharges) time.Time {
	var first time.Time
	for _, c := range charges {
		if first.IsZero() || c.First.Before(first) {
			first = c.First
		}
	}
	return first
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
