package state

import (
	"context"
	"time"
)

// NewReadOnly returns a store that reads from s and refuses every write with
// ErrReadOnly. Its Lock is granted without taking the job's lock: a dry run
// may run beside a cycle.
func NewReadOnly(s Store) Store { return readOnly{s} }

type readOnly struct{ Store }

func (readOnly) SaveJob(context.Context, Job) error              { return ErrReadOnly }
func (readOnly) Record(context.Context, string, []Outcome) error { return ErrReadOnly }
func (readOnly) LogBegun(context.Context, string) (int64, error) { return 0, ErrReadOnly }
func (readOnly) Purge(context.Context, time.Time) (int64, error) { return 0, ErrReadOnly }
func (readOnly) Lock(context.Context, string) (func() error, error) {
	return func() error { return nil }, nil
}
func (readOnly) Reset(context.Context, string, Reset) error         { return ErrReadOnly }
func (readOnly) SetPaused(context.Context, string, time.Time) error { return ErrReadOnly }
func (readOnly) Unlink(context.Context, string, string, string) (bool, error) {
	return false, ErrReadOnly
}
func (readOnly) Close() error { return nil }
