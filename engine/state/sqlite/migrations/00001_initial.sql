-- +goose Up

-- One row: what is true of the whole database. The tenant id is 32 random
-- hexadecimal digits.
CREATE TABLE meta (
    id        INTEGER PRIMARY KEY CHECK (id = 1),
    tenant_id TEXT NOT NULL
);
INSERT INTO meta (id, tenant_id) VALUES (1, lower(hex(randomblob(16))));

-- Every job that anything is remembered of. The other tables know it by its
-- key. record is null until the job itself was saved.
CREATE TABLE jobs (
    key    INTEGER PRIMARY KEY,
    name   TEXT NOT NULL UNIQUE,
    id     TEXT,
    record TEXT
);

-- What was seen of the source, a row for each object. It is keyed by what it
-- is looked up by, without a rowid: a snapshot reads one job's rows alone and
-- in order, and the anchors are stored once.
-- type: 1 User, 2 Group. since: microseconds of Unix time, 0 for none.
CREATE TABLE source_records (
    job        INTEGER NOT NULL,
    type       INTEGER NOT NULL,
    anchor     TEXT    NOT NULL,
    hash       BLOB    NOT NULL,
    presence   INTEGER NOT NULL,
    listed     INTEGER NOT NULL,
    since      INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    PRIMARY KEY (job, type, anchor)
) WITHOUT ROWID;

-- Object connections. A source object has one at the most, and so has a
-- target object of a type.
CREATE TABLE connections (
    job           INTEGER NOT NULL,
    source_anchor TEXT    NOT NULL,
    type          INTEGER NOT NULL,
    target_anchor TEXT    NOT NULL,
    display_name  TEXT    NOT NULL,
    status        TEXT    NOT NULL,
    since         INTEGER NOT NULL,
    updated       INTEGER NOT NULL,
    PRIMARY KEY (job, source_anchor)
) WITHOUT ROWID;
CREATE UNIQUE INDEX connections_target ON connections (job, type, target_anchor);

-- References that were set in the target.
CREATE TABLE links (
    job           INTEGER NOT NULL,
    source_anchor TEXT    NOT NULL,
    attribute     TEXT    NOT NULL,
    target_anchor TEXT    NOT NULL,
    PRIMARY KEY (job, source_anchor, attribute, target_anchor)
) WITHOUT ROWID;
CREATE INDEX links_target ON links (job, target_anchor);

-- Source objects that references of others wait for.
CREATE TABLE missing (
    job            INTEGER NOT NULL,
    type           INTEGER NOT NULL,
    source_anchor  TEXT    NOT NULL,
    missing_anchor TEXT    NOT NULL,
    PRIMARY KEY (job, type, source_anchor, missing_anchor)
) WITHOUT ROWID;

-- Objects that failed and wait for another try.
CREATE TABLE escrows (
    job           INTEGER NOT NULL,
    type          INTEGER NOT NULL,
    source_anchor TEXT    NOT NULL,
    display_name  TEXT    NOT NULL,
    reference     INTEGER NOT NULL,
    code          TEXT    NOT NULL,
    message       TEXT    NOT NULL,
    attempts      INTEGER NOT NULL,
    first         INTEGER NOT NULL,
    next          INTEGER NOT NULL,
    PRIMARY KEY (job, type, source_anchor)
) WITHOUT ROWID;
CREATE INDEX escrows_next ON escrows (job, next, type, source_anchor);

-- Job ids of the provisioning log, spelled once.
CREATE TABLE log_jobs (
    key INTEGER PRIMARY KEY,
    id  TEXT NOT NULL UNIQUE
);

-- The provisioning log: what it is searched by, in a narrow table, and the
-- entries themselves, as JSON, in another. seq is the order of recording,
-- over all processes; a number is never used again, so that one who follows
-- the log misses nothing.
CREATE TABLE events (
    seq    INTEGER PRIMARY KEY AUTOINCREMENT,
    id     TEXT    NOT NULL UNIQUE,
    job    INTEGER NOT NULL,
    time   INTEGER NOT NULL, -- microseconds of Unix time
    cycle  TEXT    NOT NULL,
    action TEXT    NOT NULL,
    status TEXT    NOT NULL,
    names  TEXT    NOT NULL  -- what a search for a user looks in
);
CREATE INDEX events_job ON events (job);
CREATE INDEX events_time ON events (time);
CREATE INDEX events_cycle ON events (cycle);

CREATE TABLE event_bodies (
    seq  INTEGER PRIMARY KEY,
    body TEXT NOT NULL
);
