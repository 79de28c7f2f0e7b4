-- What operators change while the service runs: one row a change. Append only: see
-- afterMigrate.sql.

CREATE TABLE audit_change (
    id         uuid PRIMARY KEY,
    changed_at timestamptz NOT NULL,
    caller     text NOT NULL,
    setting    text NOT NULL,  -- such as mode
    target     text NOT NULL,  -- door, or a model
    from_value text NOT NULL,
    to_value   text NOT NULL
);
