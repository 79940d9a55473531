-- +goose NO TRANSACTION
-- +goose Up
-- +goose StatementBegin
CREATE OR REPLACE VIEW {{analyst}}.balances {{onCluster}} AS
SELECT
    tenant_id AS x_tenant_id,
    connection_id AS x_connection_id,
    observed_at,
    toString(currency) AS BillingCurrency,
    balance,
    bonus,
    daily_rate,
    days_to_suspension
FROM {{database}}.accounts
-- +goose StatementEnd
