package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/pipeline"
)

// budgetColumns are what scanBudget reads, of the table budgets called b. Money passes as text, to the last digit.
const budgetColumns = `b.id::text, b.tenant_id::text, b.name, b.amount::text, b.currency, b.period, b.filter, b.metric, b.thresholds,
    coalesce(b.created_by::text, ''), b.created_at, b.updated_at`

func scanBudget(row pgx.CollectableRow) (pipeline.Budget, error) { return readBudget(row) }

func readBudget(row pgx.Row) (pipeline.Budget, error) {
	var b pipeline.Budget
	var amount string
	err := row.Scan(&b.ID, &b.TenantID, &b.Name, &amount, &b.Currency, &b.Period, &b.Filter, &b.Metric, &b.Thresholds, &b.CreatedBy, &b.CreatedAt, &b.UpdatedAt)
	if err != nil {
		return b, err
	}
	b.CreatedAt, b.UpdatedAt = b.CreatedAt.UTC(), b.UpdatedAt.UTC()
	b.Amount, err = decimal.NewFromString(amount)
	return b, err
}

const sqlCreateBudget = `/* create_budget */
INSERT INTO budgets AS b (tenant_id, name, amount, currency, period, filter, metric, thresholds, created_by)
VALUES ($1, $2, $3::text::numeric, $4, $5, $6, $7, $8, $9) RETURNING ` + budgetColumns

// CreateBudget makes a budget of a tenant. Names are unique within a tenant: pipeline.ErrConflict otherwise.
func (s *Store) CreateBudget(ctx context.Context, tenant pipeline.TenantID, b pipeline.Budget) (pipeline.Budget, error) {
	var by any
	if b.CreatedBy != "" {
		by = uuid(b.CreatedBy)
	}
	made, err := readBudget(s.pool.QueryRow(ctx, sqlCreateBudget, uuid(tenant), b.Name, b.Amount.String(), b.Currency, string(b.Period), b.Filter,
		string(b.Metric), thresholds(b), by))
	return made, wrap(err, "create the budget %q", b.Name)
}

func thresholds(b pipeline.Budget) []int { return append([]int{}, b.Thresholds...) }

const sqlUpdateBudget = `/* update_budget */
UPDATE budgets b SET name = $3, amount = $4::text::numeric, currency = $5, period = $6, filter = $7, metric = $8, thresholds = $9,
       updated_at = clock_timestamp()
WHERE b.tenant_id = $1 AND b.id = $2 RETURNING ` + budgetColumns

// UpdateBudget replaces the budget with b's ID.
func (s *Store) UpdateBudget(ctx context.Context, tenant pipeline.TenantID, b pipeline.Budget) (pipeline.Budget, error) {
	changed, err := readBudget(s.pool.QueryRow(ctx, sqlUpdateBudget, uuid(tenant), uuid(b.ID), b.Name, b.Amount.String(), b.Currency, string(b.Period),
		b.Filter, string(b.Metric), thresholds(b)))
	return changed, wrap(err, "change the budget %s", b.ID)
}

const sqlDeleteBudget = `/* delete_budget */ DELETE FROM budgets WHERE tenant_id = $1 AND id = $2`

// DeleteBudget removes a budget. What was told of it stays told.
func (s *Store) DeleteBudget(ctx context.Context, tenant pipeline.TenantID, id string) error {
	return wrap(one(s.pool.Exec(ctx, sqlDeleteBudget, uuid(tenant), uuid(id))), "delete the budget %s", id)
}

const sqlBudget = `/* budget */ SELECT ` + budgetColumns + ` FROM budgets b WHERE b.tenant_id = $1 AND b.id = $2`

// Budget gives a budget.
func (s *Store) Budget(ctx context.Context, tenant pipeline.TenantID, id string) (pipeline.Budget, error) {
	b, err := readBudget(s.pool.QueryRow(ctx, sqlBudget, uuid(tenant), uuid(id)))
	return b, wrap(err, "read the budget %s", id)
}

const sqlBudgets = `/* budgets */ SELECT ` + budgetColumns + ` FROM budgets b WHERE b.tenant_id = $1 ORDER BY b.name, b.id`

// Budgets lists a tenant's budgets by name.
func (s *Store) Budgets(ctx context.Context, tenant pipeline.TenantID) ([]pipeline.Budget, error) {
	rows, err := s.pool.Query(ctx, sqlBudgets, uuid(tenant))
	budgets, err := collectRows(rows, err, scanBudget)
	return budgets, wrap(err, "list the budgets")
}

const sqlAllBudgets = `/* all_budgets */ SELECT ` + budgetColumns + ` FROM budgets b ORDER BY b.tenant_id, b.name, b.id`

// AllBudgets lists the budgets of all tenants, for analysis.
func (s *Store) AllBudgets(ctx context.Context) ([]pipeline.Budget, error) {
	rows, err := s.pool.Query(ctx, sqlAllBudgets)
	budgets, err := collectRows(rows, err, scanBudget)
	return budgets, wrap(err, "list the budgets of all tenants")
}
