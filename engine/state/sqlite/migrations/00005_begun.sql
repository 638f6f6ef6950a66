-- +goose Up

-- Log entries of what was about to be written, one of an object at the most: they
-- enter the log if nobody came to record what became of it. What they are searched
-- by, and the entry itself, are as in events and event_bodies.
CREATE TABLE begun (
    job           INTEGER NOT NULL,
    type          INTEGER NOT NULL,
    source_anchor TEXT    NOT NULL,
    id            TEXT    NOT NULL,
    log_job       INTEGER NOT NULL,
    time          INTEGER NOT NULL, -- microseconds of Unix time
    cycle         TEXT    NOT NULL,
    action        TEXT    NOT NULL,
    status        TEXT    NOT NULL,
    names         TEXT    NOT NULL,
    body          TEXT    NOT NULL,
    PRIMARY KEY (job, type, source_anchor)
) WITHOUT ROWID;
