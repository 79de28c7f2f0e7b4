-- The audit trail: one row an exchange, one row for many sheds alike, one row for what could not
-- be kept. Append only: see afterMigrate.sql.

CREATE TABLE audit_exchange (
    id             uuid PRIMARY KEY,  -- version 7: by time; the lower half names the instance's run
    received_at    timestamptz NOT NULL,
    caller         text NOT NULL,
    model          text NOT NULL,
    model_version  text,              -- null: it never came to choosing one
    backend        text,              -- null: likewise
    verdict        text NOT NULL,
    reason         text,
    status         integer NOT NULL,
    input_sha256   bytea,             -- null: the body was never read
    body_bytes     bigint NOT NULL,
    wait_micros    bigint NOT NULL,
    service_micros bigint NOT NULL,
    trace_id       text
);

CREATE TABLE audit_shed (
    id           uuid PRIMARY KEY,
    window_start timestamptz NOT NULL, -- of 10 s; several rows of one window add up
    caller       text NOT NULL,
    study        text,
    model        text NOT NULL,
    reason       text NOT NULL,
    n            bigint NOT NULL
);

CREATE TABLE audit_gap (
    id      uuid PRIMARY KEY,
    from_at timestamptz NOT NULL,
    to_at   timestamptz NOT NULL,
    cause   text NOT NULL,
    n       bigint NOT NULL
);
