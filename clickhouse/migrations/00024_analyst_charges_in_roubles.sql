-- The charges with their costs in roubles by the rate of their Moscow day; NULL where no rate is known.
-- +goose NO TRANSACTION
-- +goose Up
-- +goose StatementBegin
CREATE OR REPLACE VIEW {{analyst}}.charges_in_roubles {{onCluster}} AS
SELECT
    c.*,
    multiIf(c.BillingCurrency = 'RUB', toNullable(toDecimal256(1, 18)),
        r.price.2 > 0 AND c.x_day - r.holds_from < 15, divideDecimal(toDecimal256(r.price.1, 18), toDecimal256(r.price.2, 0), 18),
        NULL) AS x_roubles_for_one,
    toDecimal256(c.BilledCost, 18) * x_roubles_for_one AS x_billed_roubles,
    toDecimal256(c.EffectiveCost, 18) * x_roubles_for_one AS x_effective_roubles
FROM (
    SELECT *, toUInt16(toDate(ChargePeriodStart + 10800, 'UTC')) AS x_day FROM {{analyst}}.charges
) AS c
ASOF LEFT JOIN (
    SELECT toString(currency) AS currency, toUInt16(date) AS holds_from, argMax((value, nominal), seen_at) AS price
    FROM {{database}}.exchange_rates
    GROUP BY currency, holds_from
) AS r ON r.currency = c.BillingCurrency AND c.x_day >= r.holds_from
-- +goose StatementEnd
