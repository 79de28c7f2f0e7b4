-- Lets a claim pass by what is not to be tried yet within the index: without a look at its row.

CREATE INDEX jobs_due ON jobs (model, model_version, criticality, caller, id, not_before)
    WHERE state = 'waiting';
DROP INDEX jobs_waiting;
