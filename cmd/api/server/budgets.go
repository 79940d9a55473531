package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/shopspring/decimal"
	"golang.org/x/sync/errgroup"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/ask"
)

// budgetView is a budget with what is spent of it in the period that runs now.
type budgetView struct {
	ID         string                 `json:"id"`
	Name       string                 `json:"name"`
	Amount     string                 `json:"amount"`
	Currency   string                 `json:"currency"`
	Period     string                 `json:"period" enum:"month,week,day"`
	Filter     maybe[pipeline.Filter] `json:"filter"`
	Metric     string                 `json:"metric"`
	Thresholds []int                  `json:"thresholds" doc:"Percents of the amount, ascending"`
	CreatedAt  *time.Time             `json:"created_at"`
	UpdatedAt  *time.Time             `json:"updated_at"`
	Spent      *string                `json:"spent" doc:"Null while nothing was collected"`
	Percent    *string                `json:"percent" doc:"Spent in percent of the amount, to two digits"`
	Unpriced   int64                  `json:"unpriced" doc:"Lines without a known price: they are not in spent"`
	// Unconverted is what could not be converted.
	Unconverted []string  `json:"unconverted" doc:"Currencies of charges that no rate was known for: they are not in spent"`
	From        time.Time `json:"from" doc:"The start of the period that runs now"`
	To          time.Time `json:"to"`
	Data        dataView  `json:"data"`
}

// budgetBody is a budget as it comes over the wire.
type budgetBody struct {
	Name       string           `json:"name" minLength:"1" maxLength:"200"`
	Amount     string           `json:"amount" maxLength:"40" pattern:"^[0-9]{1,18}(\\.[0-9]{1,9})?$" patternDescription:"a decimal number such as 100000.50"`
	Currency   string           `json:"currency,omitempty" pattern:"^([A-Z]{3})?$" patternDescription:"a currency code such as RUB" doc:"The organisation's by default"`
	Period     string           `json:"period,omitempty" enum:"month,week,day," doc:"month by default"`
	Filter     *pipeline.Filter `json:"filter,omitempty"`
	Metric     string           `json:"metric,omitempty" enum:"billed_cost,effective_cost,list_cost,contracted_cost,"`
	Thresholds []int            `json:"thresholds,omitempty" maxItems:"10" doc:"Percents of the amount; 50, 80 and 100 by default"`
}

type budgetID struct {
	ID string `path:"id" format:"uuid"`
}

type createBudgetIn struct{ Body budgetBody }

type updateBudgetIn struct {
	ID   string `path:"id" format:"uuid"`
	Body budgetBody
}

type budgetOut struct{ Body budgetView }

type budgetsOut struct {
	Body struct {
		Budgets []budgetView `json:"budgets"`
	}
}

func (s *Server) routeBudgets() {
	const tag = "budgets"
	add(s, operation{id: "list-budgets", method: http.MethodGet, path: "/budgets", tag: tag, summary: "Budgets and what is spent of them", access: members, timeout: s.Config.CostTimeout}, s.listBudgets)
	add(s, operation{id: "create-budget", method: http.MethodPost, path: "/budgets", tag: tag, summary: "Set a budget", access: admins, status: http.StatusCreated, once: true, timeout: s.Config.CostTimeout}, s.createBudget)
	add(s, operation{id: "get-budget", method: http.MethodGet, path: "/budgets/{id}", tag: tag, summary: "One budget", access: members, timeout: s.Config.CostTimeout}, s.getBudget)
	add(s, operation{id: "update-budget", method: http.MethodPut, path: "/budgets/{id}", tag: tag, summary: "Change a budget", access: admins, timeout: s.Config.CostTimeout}, s.updateBudget)
	add(s, operation{id: "delete-budget", method: http.MethodDelete, path: "/budgets/{id}", tag: tag, summary: "Drop a budget", access: admins}, s.deleteBudget)
}

// budget checks the body and gives the budget it describes.
func (b budgetBody) budget(c caller) (pipeline.Budget, error) {
	amount, err := decimal.NewFromString(b.Amount)
	var faults []fault
	if err != nil || !amount.IsPositive() {
		faults = append(faults, fault{location: "body.amount", text: pipeline.Textf("сумма должна быть больше нуля", "the amount must be greater than zero")})
	}
	faults = append(faults, thresholdFaults(b.Thresholds)...)
	out := pipeline.Budget{
		TenantID: c.tenant(), Name: strings.TrimSpace(b.Name), Amount: amount, Currency: or(b.Currency, c.Tenant.Currency),
		Period: pipeline.Step(or(b.Period, "month")), Filter: b.Filter, Metric: pipeline.Metric(or(b.Metric, "billed_cost")),
		Thresholds: b.Thresholds, CreatedBy: c.User.ID,
	}
	if len(b.Thresholds) == 0 {
		out.Thresholds = []int{50, 80, 100}
	}
	if out.Name == "" {
		faults = append(faults, fault{location: "body.name", text: pipeline.Textf("укажите название", "give a name")})
	}
	if err := ask.Check(budgetQuery(out, time.Unix(1_700_000_000, 0), c.Tenant.Zone)); err != nil {
		faults = append(faults, badQuestionFaults(err)...)
	}
	return out, invalid(faults...)
}

func badQuestionFaults(err error) []fault {
	var bad *ask.BadQuestion
	if !errors.As(err, &bad) {
		return []fault{{location: "body", text: pipeline.Textf("%s", "%s", err.Error())}}
	}
	return badQuestion(bad).faults
}

func thresholdFaults(thresholds []int) []fault {
	var faults []fault
	for i, t := range thresholds {
		if t < 1 || t > 1000 || (i > 0 && t <= thresholds[i-1]) {
			faults = append(faults, fault{
				location: fmt.Sprintf("body.thresholds[%d]", i),
				text:     pipeline.Textf("пороги — проценты от 1 до 1000 по возрастанию", "thresholds are percents from 1 to 1000, ascending"),
			})
		}
	}
	return faults
}

func or(v, fallback string) string {
	if v == "" {
		return fallback
	}
	return v
}

func (s *Server) listBudgets(ctx context.Context, c caller, _ *struct{}) (*budgetsOut, error) {
	budgets, err := s.Store.Budgets(ctx, c.tenant())
	if err != nil {
		return nil, err
	}
	out := &budgetsOut{}
	out.Body.Budgets = make([]budgetView, len(budgets))
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(4)
	for i, b := range budgets {
		group.Go(func() error {
			view, err := s.viewBudget(gctx, c, b)
			out.Body.Budgets[i] = view
			return err
		})
	}
	return out, group.Wait()
}

func (s *Server) getBudget(ctx context.Context, c caller, in *budgetID) (*budgetOut, error) {
	b, err := s.Store.Budget(ctx, c.tenant(), in.ID)
	if err != nil {
		return nil, err
	}
	return s.budgetAnswer(ctx, c, b)
}

func (s *Server) createBudget(ctx context.Context, c caller, in *createBudgetIn) (*budgetOut, error) {
	b, err := in.Body.budget(c)
	if err != nil {
		return nil, err
	}
	if b, err = s.Store.CreateBudget(ctx, c.tenant(), b); err != nil {
		return nil, err
	}
	return s.budgetAnswer(ctx, c, b)
}

func (s *Server) updateBudget(ctx context.Context, c caller, in *updateBudgetIn) (*budgetOut, error) {
	b, err := in.Body.budget(c)
	if err != nil {
		return nil, err
	}
	b.ID = in.ID
	if b, err = s.Store.UpdateBudget(ctx, c.tenant(), b); err != nil {
		return nil, err
	}
	return s.budgetAnswer(ctx, c, b)
}

func (s *Server) deleteBudget(ctx context.Context, c caller, in *budgetID) (*struct{}, error) {
	return nil, s.Store.DeleteBudget(ctx, c.tenant(), in.ID)
}

func (s *Server) budgetAnswer(ctx context.Context, c caller, b pipeline.Budget) (*budgetOut, error) {
	view, err := s.viewBudget(ctx, c, b)
	return &budgetOut{Body: view}, err
}

// budgetQuery asks for everything in the budget's scope, in the budget's currency, in the period around now.
func budgetQuery(b pipeline.Budget, now time.Time, zone string) pipeline.CostQuery {
	from, to := periodAround(b.Period, now, zone)
	return pipeline.CostQuery{From: from, To: to, Zone: zone, Filter: b.Filter, Metric: b.Metric, Currency: b.Currency}
}

// periodAround is the day, the week from Monday or the month of the zone that holds the instant.
func periodAround(period pipeline.Step, now time.Time, zone string) (from, to time.Time) {
	loc, err := time.LoadLocation(zone)
	if err != nil {
		loc = time.UTC
	}
	y, m, d := now.In(loc).Date()
	midnight := func(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, loc).UTC() }
	switch period {
	case pipeline.StepDay:
		return midnight(y, m, d), midnight(y, m, d+1)
	case pipeline.StepWeek:
		d -= (int(now.In(loc).Weekday()) + 6) % 7
		return midnight(y, m, d), midnight(y, m, d+7)
	}
	return midnight(y, m, 1), midnight(y, m+1, 1)
}

func (s *Server) viewBudget(ctx context.Context, c caller, b pipeline.Budget) (budgetView, error) {
	q := budgetQuery(b, s.Now(), c.Tenant.Zone)
	answer, err := s.asker.Ask(ctx, c.tenant(), q)
	if err != nil {
		return budgetView{}, fmt.Errorf("cannot tell what is spent of budget %s: %w", b.ID, err)
	}
	v := budgetView{
		ID: b.ID, Name: b.Name, Amount: b.Amount.String(), Currency: b.Currency, Period: string(b.Period), Filter: maybe[pipeline.Filter]{b.Filter},
		Metric: string(b.Metric), Thresholds: orNone(b.Thresholds), CreatedAt: when(b.CreatedAt), UpdatedAt: when(b.UpdatedAt),
		From: q.From, To: q.To, Data: viewData(answer.Data, c.lang), Unconverted: orNone(answer.Unconverted),
	}
	if answer.Data.CollectedAt.IsZero() && len(answer.Totals) == 0 {
		return v, nil
	}
	spent := decimal.Zero
	for _, t := range answer.Totals {
		if t.Currency == b.Currency {
			spent, v.Unpriced = t.Cost, t.Unpriced
		}
	}
	v.Spent = money(&spent)
	if b.Amount.IsPositive() {
		percent := spent.Mul(decimal.NewFromInt(100)).DivRound(b.Amount, 2)
		v.Percent = money(&percent)
	}
	return v, nil
}
