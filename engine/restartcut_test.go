package engine_test

import (
	"context"
	"errors"
	"testing"

	"github.com/scimsync/scimsync/engine"
	"github.com/scimsync/scimsync/engine/plan"
	"github.com/scimsync/scimsync/engine/state"
)

// unsaved is a store that cannot save a job's record: its disk is full, or the
// process is killed there.
type unsaved struct{ state.Store }

func (unsaved) SaveJob(context.Context, state.Job) error { return errors.New("the disk is full") }

// TestARestartThatIsCutOff has forgotten nothing, or is made up for by the next
// cycle: nobody is forgotten without being looked at again.
func TestARestartThatIsCutOff(t *testing.T) {
	w := newWorld(t)
	w.source.hire("ada")
	w.source.hire("bo")
	w.cycle()
	store := w.engine.Store
	w.engine.Store = unsaved{store}
	if err := w.engine.Restart(context.Background(), w.job.Name, engine.ResetScope{Connections: true, Watermark: true}); err == nil {
		t.Fatal("no error")
	}
	w.engine.Store = store
	w.cycle()
	w.source.unassign("bo")
	equal(t, "who leaves", w.cycle(), plan.Summary{Disable: 1})
}
