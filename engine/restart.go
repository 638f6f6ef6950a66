package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/state"
)

// ResetScope is what a restart forgets, a set of these words (Microsoft Graph,
// synchronizationJobRestartCriteria.resetScope).
type ResetScope struct {
	Watermark   bool `json:"watermark"` // every object is evaluated again: a new initial cycle
	Escrows     bool `json:"escrows"`   // objects that failed are tried as if they never had
	Quarantine  bool `json:"quarantine"`
	Connections bool `json:"connections"` // every object is matched again (ConnectorDataStore)
}

var resetWords = []string{"watermark", "escrows", "quarantine", "connections", "full"}

// ParseResetScope reads a list of watermark, escrows, quarantine, connections
// and full, separated by commas.
func ParseResetScope(words string) (s ResetScope, err error) {
	for word := range strings.SplitSeq(words, ",") {
		switch word = strings.ToLower(strings.TrimSpace(word)); word {
		case "watermark":
			s.Watermark = true
		case "escrows":
			s.Escrows = true
		case "quarantine":
			s.Quarantine = true
		case "connections":
			s.Connections, s.Watermark = true, true
		case "full":
			s = ResetScope{Watermark: true, Escrows: true, Quarantine: true, Connections: true}
		default:
			hint := "it can be " + strings.Join(resetWords, ", ")
			if near := directory.Nearest(word, resetWords); near != "" && !slices.Contains(resetWords, word) {
				hint = "did you mean " + near + "?"
			}
			return s, fmt.Errorf("unknown reset scope %q: %s", word, hint)
		}
	}
	return s, nil
}

// Restart forgets what the scope says of the job. It writes to no application;
// the next cycle does the work.
func (e *Engine) Restart(ctx context.Context, name string, scope ResetScope) error {
	return e.alter(ctx, name, func(record *state.Job) error {
		if scope.Watermark {
			record.Generation++
			record.Watermark, record.InitialCompleted = "", time.Time{}
		}
		if scope.Quarantine {
			record.Quarantine, record.CompleteFailures = nil, 0
		}
		// First what has every object looked at again: a restart that is cut off
		// after that has forgotten too little, and never too much.
		if err := e.Store.SaveJob(ctx, *record); err != nil {
			return err
		}
		return e.Store.Reset(ctx, name, state.Reset{Connections: scope.Connections, Doubt: inDoubt, Escrows: scope.Escrows})
	})
}

// AllowDeletes lets the next cycle of the job that runs to its end do what a
// guard has held back, and whatever it would if none has: what comes on top of
// what was held back is guarded as ever.
func (e *Engine) AllowDeletes(ctx context.Context, name string) error {
	return e.alter(ctx, name, func(record *state.Job) error {
		if record.AllowDeletes && record.Allowed != nil {
			return nil // it is allowed already, and a cycle that was stopped may have done a part
		}
		record.AllowDeletes, record.Allowed = true, nil
		if record.Held != nil {
			allowed := *record.Held
			allowed.Since = e.Now().UTC()
			record.Allowed = &allowed
		}
		return nil
	})
}

// alter changes the record of a job that no cycle is running of.
func (e *Engine) alter(ctx context.Context, name string, change func(*state.Job) error) (err error) {
	unlock, err := e.Store.Lock(ctx, name)
	if err != nil {
		return busy(name, err)
	}
	defer func() { err = errors.Join(err, unlock()) }()
	record, err := e.Store.Job(ctx, name)
	if err == nil {
		err = change(&record)
	}
	if err == nil {
		err = e.Store.SaveJob(ctx, record)
	}
	if err != nil {
		return fmt.Errorf("job %s: %w", name, err)
	}
	return nil
}

// busy adds to the error of a lock, which names the job, what to do about it.
func busy(job string, err error) error {
	if !errors.Is(err, state.ErrLocked) {
		return err
	}
	return fmt.Errorf("%w; try again once it has ended: \"scimsync pause %s\" ends it between two objects", err, job)
}
