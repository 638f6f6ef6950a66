package statetest

import (
	"context"
	"testing"
	"time"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/state"
)

// testMissing: an object that waits for others is due once one of them is
// connected, until it is recorded anew.
func testMissing(t *testing.T, open Open) {
	s := open(t)
	waits := seen(directory.Group, "g", state.Seen{Hash: hash(1), Generation: 1})
	waits.Missing = []string{"a", "b", "b"}
	record(t, s, waits, seen(directory.User, "u", state.Seen{Hash: hash(2), Generation: 1}))
	status := func() connectors.Status { return observe(snapshot(t, s, 1, noon()), directory.Group, "g", hash(1)) }
	if got := status(); got != connectors.Unchanged {
		t.Errorf("while both are missing: %v", got)
	}
	connect := func(anchor string) state.Outcome {
		o, c := user(anchor), connection(directory.User, anchor, "t-"+anchor)
		o.Connect = &c
		return o
	}
	record(t, s, connect("b"))
	if got := status(); got != connectors.Changed {
		t.Errorf("once one is connected: %v", got)
	}
	if got := observe(snapshot(t, s, 1, noon()), directory.User, "u", hash(2)); got != connectors.Unchanged {
		t.Errorf("an object that does not wait: %v", got)
	}
	waits.Missing = []string{"a"}
	record(t, s, waits)
	if got := status(); got != connectors.Unchanged {
		t.Errorf("while the other is missing: %v", got)
	}
	waits.Missing = nil
	record(t, s, waits, connect("a"))
	if got := status(); got != connectors.Unchanged {
		t.Errorf("when it waits no more: %v", got)
	}
}

// testReset: a reset forgets what it is told to of one job, and nothing else.
func testReset(t *testing.T, open Open) {
	s := open(t)
	c := connection(directory.User, "a", "t-a")
	o := seen(directory.User, "a", state.Seen{Hash: hash(1), Generation: 1})
	o.Connect, o.Link = &c, []state.Link{{Attribute: "members", TargetAnchor: "x"}}
	f := failed(escrow("b", time.Hour))
	f.Seen = &state.Seen{Hash: hash(2), Generation: 1}
	for _, name := range []string{job, "other"} {
		ok(t, s.Record(context.Background(), name, []state.Outcome{o, f}))
	}
	b := func() connectors.Status { return observe(snapshot(t, s, 1, noon()), directory.User, "b", hash(2)) }
	counts := func(name string) [3]int64 {
		n, err := s.Counts(context.Background(), name)
		ok(t, err)
		links, err := s.Links(context.Background(), name, "a", "members")
		ok(t, err)
		return [3]int64{n.Connections[directory.User], n.Escrows, int64(len(links))}
	}
	ok(t, s.Reset(context.Background(), job, state.Reset{}))
	check(t, counts(job), [3]int64{1, 1, 1})
	check(t, b(), connectors.Unchanged)
	ok(t, s.Reset(context.Background(), job, state.Reset{Escrows: true}))
	check(t, counts(job), [3]int64{1, 0, 1})
	check(t, b(), connectors.Changed) // what failed is looked at again, and not lost
	ok(t, s.Reset(context.Background(), job, state.Reset{Connections: true, Doubt: "?"}))
	check(t, counts(job), [3]int64{0, 0, 0})
	doubtful, err := s.Links(context.Background(), job, "a", "members?")
	ok(t, err)
	check(t, doubtful, map[string]struct{}{"x": {}})
	ok(t, s.Reset(context.Background(), job, state.Reset{Connections: true, Doubt: "?"}))
	doubtful, err = s.Links(context.Background(), job, "a", "members?")
	ok(t, err)
	check(t, doubtful, map[string]struct{}{"x": {}})
	sent := user("a")
	sent.Sent = []state.Sent{{Type: directory.User, SourceAnchor: "a", Attribute: "userName", Value: "x"}}
	ok(t, s.Record(context.Background(), job, []state.Outcome{sent}))
	ok(t, s.Reset(context.Background(), job, state.Reset{Doubts: true}))
	check(t, links(t, s, "a", "members?"), set())
	check(t, allUnanswered(t, s, job), []state.Sent(nil))
	check(t, counts("other"), [3]int64{1, 1, 1})
	if got := observe(snapshot(t, s, 1, noon()), directory.User, "a", hash(1)); got != connectors.Unchanged {
		t.Errorf("what was seen of the source: %v", got)
	}
	is(t, state.NewReadOnly(s).Reset(context.Background(), job, state.Reset{Connections: true}), state.ErrReadOnly)
}
