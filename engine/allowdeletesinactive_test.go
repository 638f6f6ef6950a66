package engine_test

import (
	"context"
	"errors"
	"testing"

	"github.com/scimsync/scimsync/engine"
	"github.com/scimsync/scimsync/mapping"
	"github.com/scimsync/scimsync/scope"
)

// TestWhoIsOffAlreadyIsNotAllowedFor: the numbers that are allowed are of those who
// would lose something, whatever a mapping says of others who have nothing to lose.
func TestWhoIsOffAlreadyIsNotAllowedFor(t *testing.T) {
	const off = `Switch([department], Switch([IsSoftDeleted], , "False", "True", "True", "False"), "Finance", "False")`
	o := newBureau(t, shape{people: 120})
	o.job.Settings.Guard.Share = 0
	o.rules(activeBy(mapping.Attribute{Expression: off, Target: "active"}), defaultGroups(), scope.Settings{AssignedOnly: true})
	equal(t, "switched off", o.cycle(engine.Options{Initial: true}).Update, int64(40))
	o.later(25 * o.job.Settings.Guard.Window)
	o.job.Settings.Guard = guards

	o.job.Fingerprint = "2" // everybody is looked at again
	o.users = without(o.users, 0, 30)
	o.export()
	var stop *engine.GuardError
	if _, err := o.try(); !errors.As(err, &stop) || stop.Reason != ingestion {
		t.Fatalf("error %v", err)
	}
	equal(t, "held back", o.record().Held.Users, int64(30))
	if err := o.engine.AllowDeletes(context.Background(), o.job.Name); err != nil {
		t.Fatal(err)
	}
	o.block(0, 40)
	before, _, _ := o.held()
	_, err := o.try()
	after, _, _ := o.held()
	if !errors.As(err, &stop) || after != before {
		t.Errorf("%d of %d are active, error %v", after, before, err)
	}
}
