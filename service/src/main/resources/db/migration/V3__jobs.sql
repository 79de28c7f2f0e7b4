-- Analyses that were submitted: one row each, from its acceptance to the end of its keeping time.

CREATE TABLE jobs (
    id              uuid PRIMARY KEY, -- version 7: by time
    caller          text NOT NULL,
    study           text,             -- null: submitted under /v2, which knows none
    site            text,
    subject         text,
    model           text NOT NULL,
    model_version   text NOT NULL,    -- pinned at acceptance
    criticality     smallint NOT NULL,
    idempotency_key text,
    body_sha256     bytea NOT NULL,   -- of the whole submission, for the key
    input           bytea NOT NULL,
    traceparent     text,
    batch_id        uuid,
    batch_line      bigint,
    -- attached: worked on by the request that brought it, which nobody else may take over
    state           text NOT NULL CHECK (state IN
                        ('attached', 'waiting', 'running', 'done', 'failed', 'dead', 'cancelled')),
    created_at      timestamptz NOT NULL,
    not_before      timestamptz NOT NULL DEFAULT now(),
    attempts        integer NOT NULL DEFAULT 0,
    fence           bigint NOT NULL DEFAULT 0, -- grows with each claim; an older holder writes nothing
    owner           uuid,                      -- the instance that holds the lease
    lease_until     timestamptz,
    revision        bigint NOT NULL DEFAULT 1,
    changed         xid8 NOT NULL DEFAULT pg_current_xact_id(),
    answered        smallint,         -- the status of the first answer, under an idempotency key
    answer_by       timestamptz,      -- until when the first request may still be giving it
    finished_at     timestamptz,
    status          smallint,         -- of the model's answer
    reason          text,
    detail          text,
    backend         text,
    result          bytea
);

CREATE UNIQUE INDEX jobs_key ON jobs (caller, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX jobs_waiting ON jobs (model, model_version, criticality, caller, id)
    WHERE state = 'waiting';
CREATE INDEX jobs_leased ON jobs (lease_until) WHERE state IN ('running', 'attached');
CREATE INDEX jobs_changed ON jobs (caller, changed, id);
CREATE INDEX jobs_finished ON jobs (finished_at) WHERE finished_at IS NOT NULL;
