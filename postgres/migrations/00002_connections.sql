-- +goose Up
CREATE TABLE connections (
    id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id   uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
    kind        text NOT NULL,
    name        text NOT NULL,
    settings    jsonb NOT NULL DEFAULT '{}',
    secrets_set text[] NOT NULL DEFAULT '{}',
    paused      boolean NOT NULL DEFAULT false,
    version     bigint NOT NULL DEFAULT 1,
    created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (tenant_id, name),
    UNIQUE (tenant_id, id)
);

-- The secret settings of a connection, sealed with a data key of its own, which is wrapped by the key-encryption key.
CREATE TABLE connection_secrets (
    tenant_id     uuid NOT NULL,
    connection_id uuid PRIMARY KEY,
    key_id        text NOT NULL,
    wrapped_key   bytea NOT NULL,
    sealed        bytea NOT NULL,
    FOREIGN KEY (tenant_id, connection_id) REFERENCES connections (tenant_id, id) ON DELETE CASCADE
);

-- A claim locks the lane of a connection: whose turn it is, and whether it is to be left alone for a while.
CREATE TABLE lanes (
    connection_id uuid PRIMARY KEY REFERENCES connections ON DELETE CASCADE,
    served_at     timestamptz NOT NULL DEFAULT '-infinity',
    not_before    timestamptz NOT NULL DEFAULT '-infinity'
);

CREATE SEQUENCE lease_tokens;

-- The work: one row for each window of a connection.
CREATE TABLE windows (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id        uuid NOT NULL,
    connection_id    uuid NOT NULL,
    feed             text NOT NULL,
    grain            text NOT NULL,
    from_at          timestamptz,
    to_at            timestamptz,
    object_key       text NOT NULL DEFAULT '',
    object_version   text NOT NULL DEFAULT '',
    object_size      bigint NOT NULL DEFAULT 0,
    object_modified  timestamptz,
    priority         integer NOT NULL,
    due_at           timestamptz,
    attempt          integer NOT NULL DEFAULT 0,
    -- The lease: its token, its holder, the settings it began with, and when it runs out. NULL when nobody holds it.
    lease            bigint NOT NULL DEFAULT 0,
    holder           text NOT NULL DEFAULT '',
    lease_version    bigint NOT NULL DEFAULT 0,
    leased_at        timestamptz,
    leased_until     timestamptz,
    -- How the latest attempt ended.
    attempted_at     timestamptz,
    succeeded_at     timestamptz,
    complete         boolean NOT NULL DEFAULT false,
    complete_through timestamptz,
    -- whole: complete, and nothing of the period is still to come.
    whole            boolean NOT NULL GENERATED ALWAYS AS (complete AND coalesce(complete_through >= to_at, true)) STORED,
    done_version     text NOT NULL DEFAULT '',
    fault            jsonb,
    UNIQUE NULLS NOT DISTINCT (connection_id, feed, from_at, to_at, object_key),
    FOREIGN KEY (tenant_id, connection_id) REFERENCES connections (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX windows_due ON windows (connection_id, priority, from_at DESC NULLS LAST, id)
    INCLUDE (due_at, leased_until) WHERE due_at IS NOT NULL;
CREATE INDEX windows_leased ON windows (connection_id) INCLUDE (leased_until) WHERE leased_until IS NOT NULL;
CREATE INDEX windows_not_whole ON windows (connection_id, feed, from_at) WHERE NOT whole;

-- What was asked of a cloud and how it went. The latest 200 of a connection are kept.
CREATE TABLE runs (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id        uuid NOT NULL,
    connection_id    uuid NOT NULL,
    window_id        bigint NOT NULL,
    feed             text NOT NULL,
    grain            text NOT NULL,
    from_at          timestamptz,
    to_at            timestamptz,
    object_key       text NOT NULL,
    object_version   text NOT NULL,
    holder           text NOT NULL,
    attempt          integer NOT NULL,
    started_at       timestamptz NOT NULL,
    finished_at      timestamptz NOT NULL,
    complete         boolean NOT NULL,
    complete_through timestamptz,
    cloud_time       timestamptz,
    found            bigint NOT NULL,
    appended         bigint NOT NULL,
    retry_at         timestamptz,
    fault            jsonb,
    scopes           jsonb NOT NULL,
    notes            jsonb NOT NULL,
    FOREIGN KEY (tenant_id, connection_id) REFERENCES connections (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX runs_by_connection ON runs (connection_id, id DESC);

-- How each feed of a connection stands: the latest run of it (0 before the first), and when it last collected a window whole.
CREATE TABLE feeds (
    connection_id uuid NOT NULL REFERENCES connections ON DELETE CASCADE,
    feed          text NOT NULL,
    grain         text NOT NULL,
    run_id        bigint NOT NULL DEFAULT 0,
    collected_at  timestamptz,
    PRIMARY KEY (connection_id, feed)
);

-- The latest instants that requests under a key were allowed at, as many as its burst.
CREATE TABLE rate_limits (
    key   text PRIMARY KEY,
    slots timestamptz[] NOT NULL
);
