package yandex

import (
	"context"
	"time"

	usage "github.com/yandex-cloud/go-genproto/yandex/cloud/billing/usage_records/v1"

	"github.com/infrazen/infrazen/pipeline"
)

// sourceReport is the source of the charges that come from usage reports.
const sourceReport = "usage-report"

// collectCharges reads the usage reports, when there is no export. Their days are days of UTC, while windows are cut in the
// billing zone: a window takes the days of UTC that begin in it, so that each of them is in one window and none is cut.
//
// One report gives every resource with its service and folder; the labels' report would repeat a resource under each of its
// labels. When the resources do not make up the account's total, one more report tells the days' totals, and what no resource
// accounts for is a line without one.
func (s *session) collectCharges(ctx context.Context, task pipeline.Task, sink pipeline.Sink) (pipeline.Outcome, error) {
	var rep report
	if s.bucket != nil {
		rep.skip(scopeReport, scopeLabel(scopeReport), pipeline.Text{
			RU: "Расходы берутся из файлов детализации в бакете, отчёты API не нужны.", EN: "Costs come from the export in the bucket; the API's reports are not needed.",
		})
		return s.outcome(&rep), nil
	}
	first, last, ok := daysOf(task.From, task.To)
	if !ok || first.After(s.edge.Now()) {
		rep.scope(scopeReport, scopeLabel(scopeReport), 0, nil)
		return s.outcome(&rep), nil
	}
	lines, err := s.readReport(ctx, first, last)
	if stop := stopped(ctx); stop != nil {
		return s.outcome(&rep), stop
	}
	if err == nil {
		err = s.writeReport(ctx, sink, first, last, lines)
		if err != nil {
			return s.outcome(&rep), err
		}
	}
	rep.scope(scopeReport, scopeLabel(scopeReport), int64(len(lines)), err)
	out := s.outcome(&rep)
	if now := s.edge.Now().UTC().Truncate(time.Hour); now.Before(task.To) {
		out.CompleteThrough = now
	}
	return out, nil
}

// daysOf are the first and the last midnight of UTC in [from, to); ok is false when there is none.
func daysOf(from, to time.Time) (first, last time.Time, ok bool) {
	first = from.UTC().Truncate(day)
	if first.Before(from) {
		first = first.Add(day)
	}
	last = to.UTC().Add(-time.Nanosecond).Truncate(day)
	return first, last, !last.Before(first)
}

// readReport gives the lines of the days. Each spans its day.
func (s *session) readReport(ctx context.Context, first, last time.Time) ([]pipeline.Charge, error) {
	account, err := s.findAccount(ctx)
	if err != nil {
		return nil, err
	}
	resources, err := s.resourceReport(ctx, account.ID, first, last)
	if err != nil {
		return nil, err
	}
	var lines []pipeline.Charge
	sum := amounts{}
	for i := range resources.entries {
		e := &resources.entries[i]
		sum.cost, sum.expense = sum.cost.Add(e.cost), sum.expense.Add(e.expense)
		lines = append(lines, e.charges(account, resources.currency)...)
	}
	if sum.cost.Equal(resources.total.cost) && sum.expense.Equal(resources.total.expense) {
		return lines, nil
	}
	whole, err := s.accountReport(ctx, account.ID, first, last)
	if err != nil {
		return nil, err
	}
	for _, e := range unaccounted(whole.entries, resources.entries) {
		lines = append(lines, e.charges(account, resources.currency)...)
	}
	return lines, nil
}

// unaccounted is what the days of the account have beyond its resources.
func unaccounted(whole, resources []entry) []entry {
	for i := range whole {
		w := &whole[i]
		for j := range resources {
			r := &resources[j]
			if !r.day.Equal(w.day) {
				continue
			}
			w.cost, w.expense = w.cost.Sub(r.cost), w.expense.Sub(r.expense)
			for p := range w.parts {
				w.parts[p].amount = w.parts[p].amount.Sub(r.parts[p].amount)
			}
		}
	}
	return whole
}

// charges are the line of use and the lines of credit of an entry. The expense is taken as given: the credits are what lies
// between it and the cost.
func (e *entry) charges(account billingAccount, currency string) []pipeline.Charge {
	if e.cost.IsZero() && e.expense.IsZero() {
		return nil
	}
	use := pipeline.Charge{
		Line: pipeline.Line{
			ProviderName: cloudName, PublisherName: cloudName, InvoiceIssuerName: cloudName,
			BillingAccountID: account.ID, BillingAccountName: account.Name, BillingCurrency: currency,
			ChargeCategory: pipeline.Usage, ChargeFrequency: "Usage-Based", PricingCategory: "Standard",
			CostStatus: pipeline.Billed, BillingPeriodStart: monthOf(e.day),
		},
		Start: e.day, End: e.day.Add(day), Measures: pipeline.Measures{LineCount: 1},
	}
	nameResource(&use.Line, e.resource)
	setCost(&use.Measures, e.cost)
	return append([]pipeline.Charge{use}, creditCharges(use, e.expense.Sub(e.cost), e.parts)...)
}

func nameResource(l *pipeline.Line, r *usage.Resource) {
	if r == nil {
		l.ServiceName, l.ResourceType = cloudName, string(pipeline.OtherType)
		return
	}
	m := r.GetMeta()
	kind, known := typeOfMeta(m.GetService(), m.GetResourceType())
	l.ResourceID, l.ResourceName, l.ResourceType, l.Unrecognised = r.GetId(), r.GetName(), string(kind), !known
	l.SubAccountID, l.ServiceName = m.GetFolderId(), serviceTitle(m.GetService())
	if l.ServiceName == "" {
		l.ServiceName = cloudName
	}
}

// writeReport replaces every day of the window, also those without a line.
func (s *session) writeReport(ctx context.Context, sink pipeline.Sink, first, last time.Time, lines []pipeline.Charge) error {
	through := s.edge.Now().UTC().Truncate(time.Second)
	for at := first; !at.After(last) && at.Before(through); at = at.Add(day) {
		w, err := sink.Slice(ctx, pipeline.Slice{Source: sourceReport, From: at, To: at.Add(day), Cumulative: true, Through: through})
		if err != nil {
			return err
		}
		for i := range lines {
			if !lines[i].Start.Equal(at) {
				continue
			}
			if err := w.Add(ctx, lines[i]); err != nil {
				w.Abort()
				return err
			}
		}
		if err := w.Commit(ctx); err != nil {
			return err
		}
	}
	return nil
}
