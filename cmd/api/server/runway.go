package server

import (
	"context"
	"net/http"
	"time"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/analyze"
)

// runwayAhead is how far ahead a date may be that money should last to.
const runwayAhead = 2 * 366 * 24 * time.Hour

type runwayView struct {
	ConnectionID   string             `json:"connection_id"`
	ConnectionName string             `json:"connection_name"`
	Kind           string             `json:"kind"`
	State          string             `json:"state" enum:"runs,out,long,idle,postpaid,no_balance,no_history,currency" doc:"runs and out have an end; the others say why there is none"`
	Currency       string             `json:"currency"`
	Balance        *string            `json:"balance" doc:"As the cloud told it at observed_at; null when it does not tell"`
	Bonus          *string            `json:"bonus"`
	BonusPays      bool               `json:"bonus_pays" doc:"Bonus money pays for use as well"`
	ObservedAt     *time.Time         `json:"observed_at" doc:"When the balance was last seen to change"`
	CheckedAt      *time.Time         `json:"checked_at" doc:"When the connection was last collected"`
	Left           *string            `json:"left" doc:"What should be left now: the balance less the charges since"`
	Burn           maybe[burnView]    `json:"burn" doc:"Null when nothing is known of it"`
	EndsAt         *time.Time         `json:"ends_at"`
	EndsEarly      *time.Time         `json:"ends_early" doc:"At the high end of the burn"`
	EndsLate       *time.Time         `json:"ends_late" doc:"At the low end of the burn; null when years away"`
	SuspendedAt    *time.Time         `json:"suspended_at"`
	DeletedAt      *time.Time         `json:"deleted_at" doc:"Null when the cloud does not say"`
	AtMost         bool               `json:"at_most" doc:"Something runs whose price is unknown: the money lasts for so long at most"`
	Unpriced       int64              `json:"unpriced" doc:"Lines of the latest day without a known price"`
	Foreign        []string           `json:"foreign" doc:"Currencies of charges that are not the account's and are left out"`
	TopUp          string             `json:"top_up" doc:"Whole units of the currency to reach until; 0 when there is enough"`
	TopUpHigh      string             `json:"top_up_high" doc:"The same at the high end of the burn"`
	Rule           string             `json:"rule" doc:"What the cloud does without money"`
	RuleSource     string             `json:"rule_source" doc:"Where the cloud says so; empty when that was not found"`
	Cloud          maybe[cloudRunway] `json:"cloud" doc:"The cloud's own forecast; null when there is none"`
}

type burnView struct {
	Daily     string `json:"daily" doc:"The mean of a day"`
	Estimated string `json:"estimated" doc:"The part of daily that no bill has stated"`
	Low       string `json:"low"`
	High      string `json:"high"`
	Basis     string `json:"basis" enum:"weeks,days,day" doc:"What it was worked out from"`
}

type cloudRunway struct {
	Days       int64     `json:"days"`
	EndsAt     time.Time `json:"ends_at"`
	DailyRate  *string   `json:"daily_rate"`
	Difference string    `json:"difference" doc:"Why ours is another"`
}

type runwayIn struct {
	Until string `query:"until" maxLength:"10" doc:"The last day that the money should last through, as 2026-12-31; the last of the next month by default"`
}

type runwayOut struct {
	Body struct {
		Until    string       `json:"until" doc:"The last day that the money should last through"`
		Accounts []runwayView `json:"accounts" doc:"Those that run out first come first"`
	}
}

func (s *Server) routeRunway() {
	add(s, operation{id: "get-runway", method: http.MethodGet, path: "/runway", tag: "costs", summary: "For how long the money on the accounts lasts", access: members, timeout: s.Config.CostTimeout}, s.getRunway)
}

// lastDay reads a day of the organisation's zone and gives it with the instant that it ends at.
func lastDay(text string, now time.Time, zone string) (day, end time.Time, err error) {
	loc, zoneErr := time.LoadLocation(zone)
	if zoneErr != nil {
		loc = time.UTC
	}
	y, m, d := now.In(loc).Date()
	today := time.Date(y, m, d, 0, 0, 0, 0, loc)
	day = time.Date(y, m+2, 0, 0, 0, 0, 0, loc)
	if text != "" {
		if day, err = time.ParseInLocation(time.DateOnly, text, loc); err != nil || day.Before(today) || day.Sub(today) > runwayAhead {
			return day, end, invalid(fault{location: "query.until", text: pipeline.Textf(
				"нужен день не раньше сегодняшнего и не дальше двух лет, например 2026-12-31", "give a day, not before today and within two years, such as 2026-12-31")})
		}
	}
	y, m, d = day.Date()
	return day, time.Date(y, m, d+1, 0, 0, 0, 0, loc).UTC(), nil
}

func (s *Server) getRunway(ctx context.Context, c caller, in *runwayIn) (*runwayOut, error) {
	now := s.Now()
	day, until, err := lastDay(in.Until, now, c.Tenant.Zone)
	if err != nil {
		return nil, err
	}
	accounts, err := s.accounts.Prepaid(ctx, c.tenant(), now)
	if err != nil {
		return nil, err
	}
	out := &runwayOut{}
	out.Body.Until = day.Format(time.DateOnly)
	out.Body.Accounts = mapped(analyze.Runways(accounts, now, until), func(r pipeline.Runway) runwayView { return viewRunway(r, c.lang) })
	return out, nil
}

func viewRunway(r pipeline.Runway, lang pipeline.Lang) runwayView {
	state := r.PrepaidAccount.State
	v := runwayView{
		ConnectionID: string(r.ConnectionID), ConnectionName: r.Name, Kind: string(r.Kind), State: string(r.State), Currency: state.Currency,
		Balance: money(state.Balance), Bonus: money(state.Bonus), ObservedAt: when(state.ObservedAt), CheckedAt: when(r.CheckedAt),
		EndsAt: when(r.EndsAt), EndsEarly: when(r.EndsEarly), EndsLate: when(r.EndsLate), SuspendedAt: when(r.SuspendedAt), DeletedAt: when(r.DeletedAt),
		AtMost: r.AtMost, Unpriced: r.Unpriced, Foreign: orNone(r.Foreign), TopUp: r.TopUp.String(), TopUpHigh: r.TopUpHigh.String(),
	}
	if state.Balance != nil {
		v.Left = money(&r.Left)
	}
	if r.Rule != nil {
		v.BonusPays, v.Rule, v.RuleSource = r.Rule.BonusPays, r.Rule.Text.In(lang), r.Rule.Source
	}
	if r.Basis != "" {
		v.Burn = just(burnView{
			Daily: r.Daily.String(), Estimated: r.DailyEstimated.String(), Low: r.DailyLow.String(), High: r.DailyHigh.String(), Basis: string(r.Basis),
		})
	}
	if !r.CloudEndsAt.IsZero() {
		v.Cloud = just(cloudRunway{Days: *state.DaysToSuspension, EndsAt: r.CloudEndsAt, DailyRate: money(state.DailyRate), Difference: r.Difference.In(lang)})
	}
	return v
}
