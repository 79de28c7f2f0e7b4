-- What the service may do. Runs after every migration, also where there was nothing to migrate, so
-- that new tables and a role that was made later are covered: all may be read and written, what an
-- audit table holds is never changed. Outside this one transaction nobody sees it half done.
DO $$
DECLARE
    audit_table name;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('triage grants'));
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'triage_app') THEN
        GRANT USAGE ON SCHEMA triage TO triage_app;
        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA triage TO triage_app;
        GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA triage TO triage_app;
        REVOKE ALL ON triage.flyway_schema_history FROM triage_app;
        FOR audit_table IN
            SELECT tablename FROM pg_tables
            WHERE schemaname = 'triage' AND starts_with(tablename, 'audit_')
        LOOP
            EXECUTE format(
                'REVOKE UPDATE, DELETE, TRUNCATE ON triage.%I FROM triage_app', audit_table);
        END LOOP;
    END IF;
END
$$;
