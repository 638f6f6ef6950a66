package engine_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/scimsync/scimsync/engine"
	"github.com/scimsync/scimsync/engine/plan"
	"github.com/scimsync/scimsync/engine/state"
)

// Hardship is turmoil in which the process dies too, at any record, and in which
// people help: they provision on demand, restart, pause, and apply plans.

// dying is a store that takes no more than so many records: what comes after
// them is what a process that died did not come to write.
type dying struct {
	state.Store
	left *atomic.Int64
}

var errDied = errors.New("the process died")

func (d dying) Record(ctx context.Context, job string, outcomes []state.Outcome) error {
	if d.left.Add(-1) < 0 {
		return errDied
	}
	return d.Store.Record(ctx, job, outcomes)
}

func (d dying) SaveJob(ctx context.Context, job state.Job) error {
	if d.left.Load() < 0 {
		return errDied
	}
	return d.Store.SaveJob(ctx, job)
}

func TestLifeSettlesAfterHardship(t *testing.T) {
	for name, concurrency := range map[string]int{"one request at a time": 1, "many requests at a time": 8} {
		t.Run(name, func(t *testing.T) {
			lives(t, func(tb testing.TB, rt *rapid.T) { hardship(rt, newLife(tb, rt, concurrency)) })
		})
	}
}

func hardship(rt *rapid.T, l *life) {
	l.job.Settings.RecycleBin = 5 * 24 * time.Hour
	s := l.m.switches
	s.keepOut = false
	l.set(s)
	begun := l.now
	ctx := context.Background()
	store := l.engine.Store
	ok := func(err error) {
		if err != nil {
			rt.Fatal(err)
		}
	}
	// mortally lets something be done by a process that may die, in any weather.
	mortally := func(do func() error) {
		left := &atomic.Int64{}
		left.Store(int64(rapid.IntRange(0, 12).Draw(rt, "records until it dies")))
		if rapid.Bool().Draw(rt, "storm too") {
			l.weather.faults = drawFaults(rt)
		}
		l.engine.Store = dying{store, left}
		err := do()
		l.engine.Store, l.weather.faults = store, nil
		var stale *engine.StalePlanError
		if err != nil && left.Load() >= 0 && !errors.As(err, &stale) {
			rt.Fatalf("error %v", err)
		}
	}
	cycle := func(opts engine.Options) error {
		l.deliver()
		l.weather.begin()
		_, err := l.engine.Cycle(ctx, l.job, opts)
		return err
	}
	demand := func() error {
		l.deliver()
		l.weather.begin()
		for _, p := range l.people {
			if p.where == present && !p.blocked && rapid.Bool().Draw(rt, "who") {
				_, err := l.engine.Provision(ctx, l.job, id(p.nick), engine.Options{})
				return err
			}
		}
		for _, g := range l.teams {
			if g.where == present && rapid.Bool().Draw(rt, "which") {
				_, err := l.engine.Provision(ctx, l.job, id(g.key), engine.Options{})
				return err
			}
		}
		return nil
	}
	rt.Repeat(map[string]func(*rapid.T){
		"change": l.change,
		"cycle":  func(rt *rapid.T) { l.try(rt, nil, "") },
		"storm":  func(rt *rapid.T) { l.try(rt, drawFaults(rt), "") },
		"refuse": func(rt *rapid.T) {
			if keys := l.externalIDs(); len(keys) > 0 {
				l.try(rt, nil, rapid.SampledFrom(keys).Draw(rt, "victim"))
			}
		},
		"die":    func(rt *rapid.T) { mortally(func() error { return cycle(engine.Options{}) }) },
		"demand": func(rt *rapid.T) { mortally(demand) },
		"help":   func(rt *rapid.T) { ok(demand()) },
		"plan": func(rt *rapid.T) {
			saved := plan.Saved{Format: plan.SavedFormat}
			opts := engine.Options{DryRun: true, Basis: func(b plan.Basis) error {
				saved.Basis = b
				return nil
			}}
			_, _, entries := l.preview(rt, opts)
			approved := approve(rt, plan.Head{Saved: &saved}, entries)
			mortally(func() error { return cycle(engine.Options{Approved: approved}) })
		},
		"restart": func(rt *rapid.T) {
			ok(l.engine.Restart(ctx, l.job.Name, engine.ResetScope{
				Watermark: rapid.Bool().Draw(rt, "watermark"), Escrows: rapid.Bool().Draw(rt, "escrows"), Quarantine: true,
			}))
		},
		"reconfigure": func(rt *rapid.T) {
			l.names++
			l.job.Fingerprint = l.name()
		},
		"interrupt": func(rt *rapid.T) {
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			l.weather.stop, l.weather.stopAt = cancel, rapid.IntRange(1, 15).Draw(rt, "stopped at request")
			defer func() { l.weather.stop = nil }()
			if _, err := l.run(ctx, rt, engine.Options{}); err != nil && !errors.Is(err, engine.ErrInterrupted) {
				rt.Fatalf("interrupted cycle: %v", err)
			}
		},
		"wait": func(rt *rapid.T) {
			if l.now.Sub(begun) < 20*24*time.Hour {
				l.now = l.now.Add(rapid.SampledFrom([]time.Duration{40 * time.Minute, 7 * time.Hour, 25 * time.Hour, 6 * 24 * time.Hour}).Draw(rt, "time"))
			}
		},
	})
	l.clear(rt)
	l.settled(rt, false)
	x, err := l.run(ctx, rt, engine.Options{Initial: true})
	if err != nil || x.Summary.Fail > 0 {
		rt.Fatalf("the initial cycle failed: %s, error %v\n%s", x.Summary, err, strings.Join(l.failures(x.CycleID), "\n"))
	}
	l.settled(rt, true)
}
