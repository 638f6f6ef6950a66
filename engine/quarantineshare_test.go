package engine_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/state"
)

// TestTheShareThatFails is one of all objects, of which one that is connected and
// fails is one.
func TestTheShareThatFails(t *testing.T) {
	for failing, want := range map[int]string{6000: "EncounteredEscrowProportionThreshold", 5000: ""} {
		t.Run(fmt.Sprint(failing), func(t *testing.T) {
			w := newWorld(t)
			var outcomes []state.Outcome
			for i := range 13000 {
				o := state.Outcome{Type: directory.User, SourceAnchor: fmt.Sprint("u", i)}
				o.Connect = &state.Connection{Type: directory.User, SourceAnchor: o.SourceAnchor, TargetAnchor: fmt.Sprint("t", i), Status: state.Active}
				if i < failing {
					o.Escrow = &state.Escrow{Type: directory.User, SourceAnchor: o.SourceAnchor, Attempts: 1, First: w.now, Next: w.now.Add(time.Hour)}
				}
				outcomes = append(outcomes, o)
			}
			if err := w.engine.Store.Record(context.Background(), w.job.Name, outcomes); err != nil {
				t.Fatal(err)
			}
			w.cycle()
			reason := ""
			if q := w.record().Quarantine; q != nil {
				reason = q.Reason
			}
			equal(t, "reason", reason, want)
		})
	}
}
