-- On a cluster, the table over all shards; a currency lives on one shard. Elsewhere there is nothing to do.
-- +goose NO TRANSACTION
-- +goose Up
-- +goose StatementBegin
{{distributed "exchange_rates" "currency"}}
-- +goose StatementEnd
