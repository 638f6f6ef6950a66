-- +goose Up

-- What was taken away, by when: what guards against slow drips count. A row is
-- the sum of an instant.
CREATE TABLE taken (
    job     INTEGER NOT NULL,
    time    INTEGER NOT NULL, -- microseconds of Unix time
    type    INTEGER NOT NULL,
    objects INTEGER NOT NULL, -- disabled and deleted
    kept    INTEGER NOT NULL, -- of these, those whose connection is active still
    members INTEGER NOT NULL, -- removed from their groups
    PRIMARY KEY (job, time, type)
) WITHOUT ROWID;
