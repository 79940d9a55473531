-- +goose Up
CREATE TABLE budgets (
    id         uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id  uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
    name       text NOT NULL,
    amount     numeric NOT NULL,
    currency   text NOT NULL,
    period     text NOT NULL,
    filter     jsonb,
    metric     text NOT NULL,
    thresholds integer[] NOT NULL,
    created_by uuid REFERENCES users ON DELETE SET NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (tenant_id, name)
);

-- Telegram chats. A chat, or a topic of it, belongs to one tenant at a time.
CREATE TABLE chats (
    chat_id   bigint NOT NULL,
    thread_id bigint NOT NULL,
    tenant_id uuid NOT NULL,
    user_id   uuid NOT NULL,
    lang      text NOT NULL,
    title     text NOT NULL,
    linked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- The greatest id of a message in the chat that the bot has seen or written.
    last_message_id bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (chat_id, thread_id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES members ON DELETE CASCADE
);
CREATE INDEX chats_by_tenant ON chats (tenant_id);

-- One-time codes that link a chat. Only a hash is here.
CREATE TABLE chat_codes (
    hash       bytea PRIMARY KEY,
    tenant_id  uuid NOT NULL,
    user_id    uuid NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at    timestamptz,
    FOREIGN KEY (tenant_id, user_id) REFERENCES members ON DELETE CASCADE
);

CREATE TABLE incidents (
    id         uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id  uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
    key        text NOT NULL,
    kind       text NOT NULL,
    text_ru    text NOT NULL,
    text_en    text NOT NULL,
    opened_at  timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    closed_at  timestamptz,
    revision   bigint NOT NULL DEFAULT 1,
    UNIQUE (tenant_id, key)
);

-- The outbox: one message of one incident owed to one chat.
CREATE TABLE deliveries (
    id             uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id      uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
    incident_id    uuid NOT NULL REFERENCES incidents ON DELETE CASCADE,
    chat_id        bigint NOT NULL,
    thread_id      bigint NOT NULL,
    -- owed is the revision that the chat is to show, sent the one that it shows, begun the one whose sending was begun.
    owed           bigint NOT NULL,
    sent           bigint NOT NULL DEFAULT 0,
    begun          bigint NOT NULL DEFAULT 0,
    -- The chat's last_message_id when the sending was begun: a message that was sent and not marked stands behind it.
    probe_after    bigint NOT NULL DEFAULT 0,
    message_id     bigint NOT NULL DEFAULT 0,
    attempts       integer NOT NULL DEFAULT 0,
    not_before     timestamptz NOT NULL DEFAULT '-infinity',
    lease          bigint NOT NULL DEFAULT 0,
    holder         text NOT NULL DEFAULT '',
    leased_until   timestamptz,
    reason         text NOT NULL DEFAULT '',
    abandoned_at   timestamptz,
    created_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (incident_id, chat_id, thread_id),
    FOREIGN KEY (chat_id, thread_id) REFERENCES chats ON DELETE CASCADE
);
CREATE INDEX deliveries_owed ON deliveries (not_before) WHERE sent < owed AND abandoned_at IS NULL;
CREATE INDEX deliveries_by_chat ON deliveries (chat_id, thread_id);

CREATE TABLE bot_state (
    name   text PRIMARY KEY,
    value  bigint NOT NULL
);
