-- Batches: many submissions in one upload, one a line. A line that was accepted is a job; one that
-- was refused is kept with what was wrong.

CREATE TABLE batches (
    id              uuid PRIMARY KEY, -- version 7: by time
    caller          text NOT NULL,
    idempotency_key text,
    created_at      timestamptz NOT NULL,
    uploader        uuid,             -- the upload under way; null: none
    upload_until    timestamptz,      -- until when that one has the batch to itself
    taken_to        bigint NOT NULL DEFAULT 0, -- all lines up to this one have their outcome
    -- The rest is null until an upload has come to its end.
    lines           bigint,
    accepted        bigint,
    refused         bigint,
    body_sha256     bytea
);

CREATE UNIQUE INDEX batches_key ON batches (caller, idempotency_key)
    WHERE idempotency_key IS NOT NULL;
CREATE INDEX batches_created ON batches (created_at);

CREATE TABLE batch_refusals (
    batch_id    uuid NOT NULL,
    line        bigint NOT NULL,
    line_sha256 bytea NOT NULL,
    status      smallint NOT NULL,
    detail      text NOT NULL,
    pointer     text,                 -- to the member that is wrong, where it is one
    PRIMARY KEY (batch_id, line)
);

-- A line of a batch is one job, however often it is sent.
CREATE UNIQUE INDEX jobs_batch ON jobs (batch_id, batch_line) INCLUDE (state)
    WHERE batch_id IS NOT NULL;
