package yandex

import (
	"context"
	"crypto/tls"
	"fmt"
	"time"

	"github.com/shopspring/decimal"
	usage "github.com/yandex-cloud/go-genproto/yandex/cloud/billing/usage_records/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/infrazen/infrazen/pipeline"
)

// reportLimit is Yandex Cloud's own: one request a minute from one address, whatever the account. All collectors share it.
func reportLimit() pipeline.RateLimit { return pipeline.RateLimit{Burst: 1, Per: time.Minute} }

const (
	reportKey     = "yandex/usage-report"
	reportTimeout = 2 * time.Minute
	maxReport     = 256 << 20
)

// amounts are the three sums of a report's entry.
type amounts struct {
	cost, expense decimal.Decimal
	parts         []creditPart
}

// entry is what a report says of one resource and one day in UTC.
type entry struct {
	day      time.Time
	resource *usage.Resource // nil for the whole account
	amounts
}

// usageReport is a report of days in UTC.
type usageReport struct {
	currency string
	total    amounts
	entries  []entry
}

func (s *session) reports() (usage.ConsumptionCoreServiceClient, error) {
	if s.grpc == nil {
		creds := credentials.NewTLS(&tls.Config{MinVersion: tls.VersionTLS12})
		if s.conf.plain {
			creds = insecure.NewCredentials()
		}
		conn, err := grpc.NewClient(s.conf.reports, grpc.WithTransportCredentials(creds), grpc.WithDisableRetry(),
			grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxReport)))
		if err != nil {
			return nil, settingsFault("Адрес отчётов Yandex Cloud записан неверно. Исправьте его в настройках подключения.",
				"The address of Yandex Cloud's reports is wrong. Correct it in the connection's settings.")
		}
		s.grpc = conn
	}
	return usage.NewConsumptionCoreServiceClient(s.grpc), nil
}

// ask makes one call of a report. A token that is refused is replaced once.
func ask[T any](ctx context.Context, s *session, call func(context.Context, usage.ConsumptionCoreServiceClient) (T, error)) (T, error) {
	var none T
	client, err := s.reports()
	if err != nil {
		return none, err
	}
	for first := true; ; first = false {
		bearer, err := s.bearer(ctx)
		if err != nil {
			return none, err
		}
		if err := s.waitFor(ctx, reportKey, reportLimit()); err != nil {
			return none, err
		}
		rctx, cancel := context.WithTimeout(ctx, reportTimeout)
		out, err := call(metadata.AppendToOutgoingContext(rctx, "authorization", "Bearer "+bearer), client)
		cancel()
		if err == nil {
			return out, nil
		}
		if stop := stopped(ctx); stop != nil {
			return none, stop
		}
		f := s.codeFault(scopeReport, status.Code(err))
		if f.Code != pipeline.FaultExpired || !first {
			return none, f
		}
		s.token = token{}
	}
}

func (s *session) reportRequest(account string, first, last time.Time) *usage.UsageReportRequest {
	return &usage.UsageReportRequest{
		BillingAccountId: account, StartDate: timestamppb.New(first), EndDate: timestamppb.New(last), AggregationPeriod: usage.TimeGrouping_DAY,
	}
}

// resourceReport asks for the cost of every resource on every day from first to last, both inclusive.
func (s *session) resourceReport(ctx context.Context, account string, first, last time.Time) (usageReport, error) {
	resp, err := ask(ctx, s, func(ctx context.Context, c usage.ConsumptionCoreServiceClient) (*usage.ResourceUsageReportResponse, error) {
		return c.GetResourceUsageReport(ctx, s.reportRequest(account, first, last))
	})
	if err != nil {
		return usageReport{}, err
	}
	var rep usageReport
	if rep.total, err = amountsOf(resp); err != nil {
		return usageReport{}, s.edge.Malformed(scopeReport, err.Error())
	}
	if rep.currency, err = currencyOf(resp.GetCurrency()); err != nil {
		return usageReport{}, s.edge.Malformed(scopeReport, err.Error())
	}
	for _, e := range resp.GetEntitiesData() {
		if err := rep.add(e.GetResource(), e.GetPeriodic()); err != nil {
			return usageReport{}, s.edge.Malformed(scopeReport, err.Error())
		}
	}
	return rep, nil
}

// accountReport asks for the cost of the whole account on every day.
func (s *session) accountReport(ctx context.Context, account string, first, last time.Time) (usageReport, error) {
	resp, err := ask(ctx, s, func(ctx context.Context, c usage.ConsumptionCoreServiceClient) (*usage.BillingAccountUsageReportResponse, error) {
		return c.GetBillingAccountUsageReport(ctx, s.reportRequest(account, first, last))
	})
	if err != nil {
		return usageReport{}, err
	}
	var rep usageReport
	for _, e := range resp.GetEntitiesData() {
		if err := rep.add(nil, e.GetPeriodic()); err != nil {
			return usageReport{}, s.edge.Malformed(scopeReport, err.Error())
		}
	}
	return rep, nil
}

func (r *usageReport) add(resource *usage.Resource, periodic []*usage.UsageReportPeriodicData) error {
	for _, p := range periodic {
		a, err := amountsOf(p)
		if err != nil {
			return err
		}
		if p.GetTimestamp() == nil {
			return fmt.Errorf("a day is missing")
		}
		r.entries = append(r.entries, entry{day: p.GetTimestamp().AsTime().Truncate(day), resource: resource, amounts: a})
	}
	return nil
}

// charged is what all levels of a report have.
type charged interface {
	GetCost() *usage.StringDecimal
	GetExpense() *usage.StringDecimal
	GetCreditDetails() *usage.CreditDetails
}

func amountsOf(c charged) (amounts, error) {
	var a amounts
	var err error
	read := func(d *usage.StringDecimal) decimal.Decimal {
		if d.GetValue() == "" {
			return decimal.Zero
		}
		v, e := parseDecimal(d.GetValue())
		if e != nil && err == nil {
			err = fmt.Errorf("a sum: %w", e)
		}
		v, _ = fit(v)
		return v
	}
	a.cost, a.expense = read(c.GetCost()), read(c.GetExpense())
	d := c.GetCreditDetails()
	for _, p := range []struct {
		name string
		of   *usage.StringDecimal
	}{
		{"monetary_grant_credit", d.GetMonetaryGrantCredit()},
		{"volume_incentive_credit", d.GetVolumeIncentiveCredit()},
		{"cud_credit", d.GetCudCredit()},
		{"free_credit", d.GetFreeCredit()},
	} {
		a.parts = append(a.parts, creditPart{p.name, read(p.of)})
	}
	return a, err
}

func currencyOf(c usage.Currency) (string, error) {
	switch c {
	case usage.Currency_RUB, usage.Currency_USD, usage.Currency_KZT, usage.Currency_EUR:
		return c.String(), nil
	}
	return "", fmt.Errorf("currency %d is not known", int32(c))
}
