-- The views that analysts see: names and types of FOCUS 1.2, ours in snake case with the prefix x_.
-- +goose NO TRANSACTION
-- +goose Up
-- +goose StatementBegin
CREATE DATABASE IF NOT EXISTS {{analyst}} {{onCluster}}
-- +goose StatementEnd
