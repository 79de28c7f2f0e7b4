-- Lets dead jobs be counted every few seconds, however many have ended well.

CREATE INDEX jobs_dead ON jobs (id) WHERE state = 'dead';
