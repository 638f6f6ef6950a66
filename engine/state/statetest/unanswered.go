package statetest

import (
	"context"
	"errors"
	"testing"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/state"
)

func allUnanswered(t *testing.T, s state.Store, job string) []state.Sent {
	t.Helper()
	var list []state.Sent
	ok(t, s.Unanswered(context.Background(), job, func(x state.Sent) error {
		list = append(list, x)
		return nil
	}))
	return list
}

// unanswered returns an outcome of a create without an answer, which would be
// found by these values of userName.
func unanswered(kind directory.ObjectType, anchor string, values ...string) state.Outcome {
	o := state.Outcome{Type: kind, SourceAnchor: anchor}
	for _, v := range values {
		o.Sent = append(o.Sent, state.Sent{Type: kind, SourceAnchor: anchor, Attribute: "userName", Value: v})
	}
	return o
}

func testUnanswered(t *testing.T, open Open) {
	ctx, s := context.Background(), open(t)
	ada, ben, sales := unanswered(directory.User, "ada", "a@x", "a@y"), unanswered(directory.User, "ben", "b@x"), unanswered(directory.Group, "ada", "Ada's")
	record(t, s, sales, ben, ada)
	ok(t, s.Record(ctx, "other-job", []state.Outcome{ben}))
	all := append(append(append([]state.Sent{}, ada.Sent...), ben.Sent...), sales.Sent...)
	check(t, allUnanswered(t, s, job), all)

	// What else becomes of the object changes nothing.
	gone := user("ada")
	gone.Disconnect, gone.Forget, gone.Release = true, true, true
	record(t, s, gone, ada) // nor does hearing of it once more
	ok(t, s.Reset(ctx, job, state.Reset{Connections: true, Escrows: true}))
	check(t, allUnanswered(t, s, job), all)

	// Answered is of one object of one job, and goes before Sent.
	renamed := unanswered(directory.User, "ada", "a@z")
	renamed.Answered = true
	answered := user("ben")
	answered.Answered = true
	record(t, s, renamed, answered)
	check(t, allUnanswered(t, s, job), append(append([]state.Sent{}, renamed.Sent...), sales.Sent...))
	check(t, allUnanswered(t, s, "other-job"), ben.Sent)
	check(t, allUnanswered(t, s, "no-job"), []state.Sent(nil))

	stop := errors.New("enough")
	is(t, s.Unanswered(ctx, job, func(state.Sent) error { return stop }), stop)
	other := unanswered(directory.User, "ada", "a@x")
	other.SourceAnchor = "ben"
	if err := s.Record(ctx, job, []state.Outcome{other}); err == nil {
		t.Error("recorded a create of another object")
	}
}
