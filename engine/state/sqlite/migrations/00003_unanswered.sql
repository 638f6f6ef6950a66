-- +goose Up

-- What the target objects would be found by whose create got no answer. It
-- outlives the escrow of the object.
CREATE TABLE unanswered (
    job           INTEGER NOT NULL,
    type          INTEGER NOT NULL,
    source_anchor TEXT    NOT NULL,
    attribute     TEXT    NOT NULL,
    value         TEXT    NOT NULL,
    PRIMARY KEY (job, type, source_anchor, attribute, value)
) WITHOUT ROWID;
