-- On a cluster, the table over all shards; a tenant lives on one shard. Elsewhere there is nothing to do.
-- +goose NO TRANSACTION
-- +goose Up
-- +goose StatementBegin
{{distributed "samples"}}
-- +goose StatementEnd
