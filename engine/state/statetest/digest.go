package statetest

import (
	"context"
	"maps"
	"slices"
	"testing"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/state"
)

// testDigest puts one thing after the other into a state, and expects the hash
// of that part, and of no other, to change.
func testDigest(t *testing.T, open Open) {
	ctx, s := context.Background(), open(t)
	digest := func(name string) map[string]string {
		t.Helper()
		parts, err := s.Digest(ctx, name)
		ok(t, err)
		return parts
	}
	seen := func(h byte) *state.Seen {
		return &state.Seen{Hash: directory.Hash{h}, Presence: directory.Present, Generation: 1}
	}
	with := func(change func(*state.Outcome)) state.Outcome {
		o := user("ada")
		change(&o)
		return o
	}
	connected := func(target string) state.Outcome {
		return with(func(o *state.Outcome) {
			c := connection(directory.User, "ada", target)
			o.Connect = &c
		})
	}
	failed := func(attempts int) state.Outcome {
		return with(func(o *state.Outcome) {
			o.Escrow = &state.Escrow{Type: directory.User, SourceAnchor: "ada", Attempts: attempts, First: noon(), Next: noon()}
		})
	}
	logged := event("e1", noon())
	steps := []struct {
		what    string
		outcome state.Outcome
		changed []string
	}{
		{"seen", with(func(o *state.Outcome) { o.Seen = seen(1) }), []string{state.PartSeen}},
		{"seen again", with(func(o *state.Outcome) { o.Seen = seen(1) }), nil},
		{"seen changed", with(func(o *state.Outcome) { o.Seen = seen(2) }), []string{state.PartSeen}},
		{"connected", connected("1"), []string{state.PartConnections}},
		{"connected again", connected("1"), nil},
		{"connected anew", connected("2"), []string{state.PartConnections}},
		{"linked", with(func(o *state.Outcome) { o.Link = []state.Link{{Attribute: "members", TargetAnchor: "7"}} }), []string{state.PartLinks}},
		{"waiting", with(func(o *state.Outcome) { o.Seen, o.Missing = seen(2), []string{"ben"} }), []string{state.PartMissing}},
		{"failed", failed(1), []string{state.PartEscrows}},
		{"failed again", failed(2), []string{state.PartEscrows}},
		{"unanswered", unanswered(directory.User, "ada", "a@x"), []string{state.PartUnanswered}},
		{"logged", with(func(o *state.Outcome) { o.Event = &logged }), nil},
		{"unlinked", with(func(o *state.Outcome) { o.Unlink = []state.Link{{Attribute: "members", TargetAnchor: "7"}} }), []string{state.PartLinks}},
		{"released", with(func(o *state.Outcome) { o.Release = true }), []string{state.PartEscrows}},
	}
	before, other := digest(job), digest("other")
	if len(before) != 6 {
		t.Errorf("%d parts: %v", len(before), before)
	}
	for _, step := range steps {
		record(t, s, step.outcome)
		after := digest(job)
		var changed []string
		for _, part := range slices.Sorted(maps.Keys(after)) {
			if after[part] != before[part] {
				changed = append(changed, part)
			}
		}
		if !slices.Equal(changed, step.changed) {
			t.Errorf("%s: changed %q, want %q", step.what, changed, step.changed)
		}
		before = after
	}
	// A pause and the job's own record are none of it, nor is another job.
	ok(t, s.SetPaused(ctx, job, noon()))
	record1, err := s.Job(ctx, job)
	ok(t, err)
	record1.Watermark = "later"
	ok(t, s.SaveJob(ctx, record1))
	check(t, digest(job), before)
	check(t, digest("other"), other)
	check(t, digest("other"), digest("no such job"))
	fromReadOnly, err := state.NewReadOnly(s).Digest(ctx, job)
	ok(t, err)
	check(t, fromReadOnly, before)
}
