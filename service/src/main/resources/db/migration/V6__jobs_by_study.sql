-- Lets what has ended be found by study and age: how long it is kept is a study's own affair.

CREATE INDEX jobs_study_finished ON jobs (coalesce(study, ''), finished_at)
    WHERE finished_at IS NOT NULL;
DROP INDEX jobs_finished;
