package postgres

import (
	"context"

	"github.com/infrazen/infrazen/pipeline"
)

const sqlCreateTenant = `/* create_tenant */
INSERT INTO tenants (name, zone, currency) VALUES ($1, $2, $3) RETURNING id::text, created_at`

// CreateTenant makes an organisation. Zone is the IANA zone of its days, currency is in ISO 4217.
func (s *Store) CreateTenant(ctx context.Context, name, zone, currency string) (pipeline.Tenant, error) {
	t := pipeline.Tenant{Name: name, Zone: zone, Currency: currency}
	err := s.pool.QueryRow(ctx, sqlCreateTenant, name, zone, currency).Scan(&t.ID, &t.CreatedAt)
	t.CreatedAt = t.CreatedAt.UTC()
	return t, wrap(err, "create the tenant %q", name)
}

const sqlTenant = `/* tenant */
SELECT id::text, name, zone, currency, created_at FROM tenants WHERE id = $1`

// Tenant gives an organisation.
func (s *Store) Tenant(ctx context.Context, id pipeline.TenantID) (pipeline.Tenant, error) {
	var t pipeline.Tenant
	err := s.pool.QueryRow(ctx, sqlTenant, uuid(id)).Scan(&t.ID, &t.Name, &t.Zone, &t.Currency, &t.CreatedAt)
	t.CreatedAt = t.CreatedAt.UTC()
	return t, wrap(err, "read the tenant %s", id)
}

const sqlTenants = `/* tenants */
SELECT id::text, name, zone, currency, created_at FROM tenants ORDER BY created_at, id`

// Tenants lists all organisations, for work that is done for each of them.
func (s *Store) Tenants(ctx context.Context) ([]pipeline.Tenant, error) {
	rows, err := s.pool.Query(ctx, sqlTenants)
	tenants, err := collectRows(rows, err, scanTenant)
	return tenants, wrap(err, "list the tenants")
}
