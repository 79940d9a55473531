-- +goose Up
-- What a tenant says of types that no provider recognises. The cloud's own words are matched to the letter.
CREATE TABLE type_mappings (
    id            uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id     uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
    kind          text NOT NULL,
    resource_type text NOT NULL,
    service_name  text NOT NULL DEFAULT '',
    sku_prefix    text NOT NULL DEFAULT '',
    to_type       text NOT NULL,
    to_category   text NOT NULL DEFAULT '',
    to_service    text NOT NULL DEFAULT '',
    created_by    uuid REFERENCES users ON DELETE SET NULL,
    created_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (tenant_id, kind, resource_type, service_name, sku_prefix)
);

-- The work that a change of mappings makes: one row for each connection whose history is to be relabelled.
CREATE TABLE retypings (
    connection_id uuid PRIMARY KEY,
    tenant_id     uuid NOT NULL,
    -- wanted grows with every change of the mappings; begun is the edition that was claimed last, done the one that the history has.
    wanted        bigint NOT NULL DEFAULT 1,
    begun         bigint NOT NULL DEFAULT 0,
    done          bigint NOT NULL DEFAULT 0,
    asked_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- When the edition was first claimed: windows that were being collected then may have begun with an older one.
    begun_at      timestamptz,
    finished_at   timestamptz,
    due_at        timestamptz DEFAULT clock_timestamp(),
    attempt       integer NOT NULL DEFAULT 0,
    lease         bigint NOT NULL DEFAULT 0,
    holder        text NOT NULL DEFAULT '',
    leased_until  timestamptz,
    days_done     bigint NOT NULL DEFAULT 0,
    days_total    bigint NOT NULL DEFAULT 0,
    lines         bigint NOT NULL DEFAULT 0,
    fault         jsonb,
    FOREIGN KEY (tenant_id, connection_id) REFERENCES connections (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX retypings_due ON retypings (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX retypings_by_tenant ON retypings (tenant_id);
