-- +goose Up
-- What the clouds' closing documents say: one for a billing account ('' for all of the connection) and a month.
CREATE TABLE closing_documents (
    tenant_id          uuid NOT NULL,
    connection_id      uuid NOT NULL,
    billing_account    text NOT NULL DEFAULT '',
    -- The first day of the month.
    month              date NOT NULL CHECK (extract(day FROM month) = 1),
    number             text NOT NULL DEFAULT '',
    issued_on          date,
    total              numeric NOT NULL,
    currency           text NOT NULL,
    -- Percent; NULL for a document without VAT.
    vat_rate           numeric,
    -- NULL to go by what the cloud declares.
    prices_include_vat boolean,
    note               text NOT NULL DEFAULT '',
    entered_by         uuid REFERENCES users ON DELETE SET NULL,
    updated_at         timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (connection_id, billing_account, month),
    FOREIGN KEY (tenant_id, connection_id) REFERENCES connections (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX closing_documents_by_month ON closing_documents (tenant_id, month);
