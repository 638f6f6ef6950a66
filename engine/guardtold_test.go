package engine_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/scimsync/scimsync/engine"
)

// TestAGuardTellsAllThatIsAllowedWithIt: what allows the one thing that a guard
// has found allows whatever else the cycle would take away, so it says that too.
func TestAGuardTellsAllThatIsAllowedWithIt(t *testing.T) {
	for name, happen := range map[string]func(o *bureau){
		"the same application at another address": func(o *bureau) { o.job.Address = "other.test#" },
		"another list of groups": func(o *bureau) {
			o.groups = o.groups[:1]
			o.groups[0]["members"] = []any{}
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := newBureau(t, shape{people: 40, groups: 30})
			o.job.Address = "app.test#"
			o.cycle()
			happen(o)
			o.assignments = nil
			o.export()
			_, err := o.try()
			var stop *engine.GuardError
			if !errors.As(err, &stop) || stop.Reason == deletes || !strings.Contains(stop.Message, "disable or delete 40 of 40 active users") {
				t.Errorf("error %v", err)
			}
			equal(t, "writes", o.writes(), []string(nil))
		})
	}
}
