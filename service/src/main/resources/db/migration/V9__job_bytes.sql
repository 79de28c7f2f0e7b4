-- How many bytes jobs keep, by caller and study: a ledger to which every change adds a row, so that
-- nobody waits for another's total, and whose sum is exact at any moment. It is summed up now and
-- then by those who read it. What a row takes beside its input and result is left to them.

CREATE TABLE job_bytes (
    caller text NOT NULL,
    study  text,
    jobs   bigint NOT NULL,
    bytes  bigint NOT NULL
) WITH (
    -- All of it turns over, so that its share of dead rows says nothing.
    autovacuum_vacuum_scale_factor = 0,
    autovacuum_vacuum_threshold = 10000,
    autovacuum_vacuum_insert_threshold = -1,
    vacuum_truncate = false
);

-- They write with their owner's rights: those of the service come with a later transaction, and
-- instances of an older version write jobs before that.
CREATE FUNCTION count_job_bytes_added() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    INSERT INTO triage.job_bytes
    SELECT caller, study, count(*), sum(octet_length(input) + coalesce(octet_length(result), 0))
    FROM added GROUP BY caller, study;
    RETURN NULL;
END $$;

CREATE FUNCTION count_job_bytes_gone() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    INSERT INTO triage.job_bytes
    SELECT caller, study, -count(*), -sum(octet_length(input) + coalesce(octet_length(result), 0))
    FROM gone GROUP BY caller, study;
    RETURN NULL;
END $$;

CREATE FUNCTION count_job_bytes_of_result() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    INSERT INTO triage.job_bytes VALUES (NEW.caller, NEW.study, 0,
        coalesce(octet_length(NEW.result), 0) - coalesce(octet_length(OLD.result), 0));
    RETURN NULL;
END $$;

-- Nobody writes to jobs between the triggers and the first sum: the first of them locks it.
CREATE TRIGGER job_bytes_added AFTER INSERT ON jobs
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION count_job_bytes_added();
CREATE TRIGGER job_bytes_gone AFTER DELETE ON jobs
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION count_job_bytes_gone();
CREATE TRIGGER job_bytes_of_result AFTER UPDATE OF result ON jobs
    FOR EACH ROW WHEN (octet_length(NEW.result) IS DISTINCT FROM octet_length(OLD.result))
    EXECUTE FUNCTION count_job_bytes_of_result();

INSERT INTO job_bytes
SELECT caller, study, count(*), sum(octet_length(input) + coalesce(octet_length(result), 0))
FROM jobs GROUP BY caller, study;
