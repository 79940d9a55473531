-- The rates that hold, and what was seen before them.
-- +goose NO TRANSACTION
-- +goose Up
-- +goose StatementBegin
CREATE OR REPLACE VIEW {{analyst}}.exchange_rates {{onCluster}} AS
SELECT
    toString(currency) AS currency,
    date AS holds_from,
    nominal,
    value AS roubles,
    divideDecimal(value, toDecimal128(nominal, 0), 18) AS roubles_for_one,
    toString(source) AS source,
    seen_at,
    toBool(row_number() OVER (PARTITION BY currency, date ORDER BY seen_at DESC) = 1) AS current
FROM {{database}}.exchange_rates
-- +goose StatementEnd
