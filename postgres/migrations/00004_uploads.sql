-- +goose Up
-- Files that users gave to a connection. A removed one stays as a tombstone, so that its charges are taken back.
CREATE TABLE uploads (
    tenant_id     uuid NOT NULL,
    connection_id uuid NOT NULL,
    name          text NOT NULL,
    -- The hexadecimal SHA-256 of the content; of a removed file what no content has.
    version       text NOT NULL,
    size          bigint NOT NULL,
    -- The content: so many chunks under this name. NULL when the file is removed.
    content       uuid,
    chunks        integer NOT NULL,
    uploaded_by   uuid REFERENCES users ON DELETE SET NULL,
    uploaded_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    removed       boolean NOT NULL DEFAULT false,
    PRIMARY KEY (connection_id, name),
    FOREIGN KEY (tenant_id, connection_id) REFERENCES connections (tenant_id, id) ON DELETE CASCADE
);

-- The content of uploads in pieces, each compressed by itself (Zstandard).
CREATE TABLE upload_chunks (
    connection_id uuid NOT NULL REFERENCES connections ON DELETE CASCADE,
    content       uuid NOT NULL,
    n             integer NOT NULL,
    packed        bytea NOT NULL,
    PRIMARY KEY (connection_id, content, n)
);
