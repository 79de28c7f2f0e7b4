-- Up to where in the order of their changes jobs have been deleted because their time was over: who
-- listens to changes and was away for longer than that is told that it missed some.

CREATE TABLE job_removals (
    caller  text NOT NULL,
    study   text NOT NULL, -- empty: none
    changed xid8 NOT NULL, -- with the id, the place of the last of them
    id      uuid NOT NULL,
    PRIMARY KEY (caller, study)
);
