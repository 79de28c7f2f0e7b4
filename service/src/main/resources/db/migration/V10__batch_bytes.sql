-- Batches and their lines that were refused count to what their callers keep, as rows without input
-- and result, in the same ledger as jobs.

-- Null: written by an instance of an older version. Such lines are not counted.
ALTER TABLE batch_refusals ADD COLUMN caller text;

UPDATE batch_refusals SET caller = batches.caller FROM batches WHERE batches.id = batch_id;

CREATE FUNCTION count_batch_rows_added() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    INSERT INTO triage.job_bytes
    SELECT caller, NULL, count(*), 0 FROM added WHERE caller IS NOT NULL GROUP BY caller;
    RETURN NULL;
END $$;

CREATE FUNCTION count_batch_rows_gone() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    INSERT INTO triage.job_bytes
    SELECT caller, NULL, -count(*), 0 FROM gone WHERE caller IS NOT NULL GROUP BY caller;
    RETURN NULL;
END $$;

-- Nobody writes to either table between its triggers and the first sum: the first of them locks it.
CREATE TRIGGER batch_rows_added AFTER INSERT ON batches
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION count_batch_rows_added();
CREATE TRIGGER batch_rows_gone AFTER DELETE ON batches
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION count_batch_rows_gone();
CREATE TRIGGER batch_rows_added AFTER INSERT ON batch_refusals
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION count_batch_rows_added();
CREATE TRIGGER batch_rows_gone AFTER DELETE ON batch_refusals
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION count_batch_rows_gone();

INSERT INTO job_bytes
SELECT caller, NULL, count(*), 0
FROM (SELECT caller FROM batches UNION ALL SELECT caller FROM batch_refusals) AS kept
WHERE caller IS NOT NULL GROUP BY caller;
