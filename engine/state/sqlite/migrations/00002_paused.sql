-- +goose Up

-- Since when the job is paused, in microseconds of Unix time; null if it is
-- not. It stands beside the record, which a cycle saves whole at its end.
ALTER TABLE jobs ADD COLUMN paused INTEGER;
