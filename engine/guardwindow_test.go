package engine_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine"
	"github.com/scimsync/scimsync/mapping"
	"github.com/scimsync/scimsync/scope"
)

// Slow drips: each cycle takes away less than a cycle may, and together they
// take too much. Each step is a cycle an hour after the one before; the last is
// the one that is stopped.
func TestGuardsOfTheWindow(t *testing.T) {
	people := func(from, to int) (names []string) {
		for i := from; i < to; i++ {
			names = append(names, fmt.Sprintf("p%03d", i))
		}
		return names
	}
	switchOff := func(from, to int) func(w *world) {
		return func(w *world) {
			for _, name := range people(from, to) {
				w.source.set(name, "department", directory.Str("left"))
			}
		}
	}
	unassign := func(from, to int) func(w *world) {
		return func(w *world) {
			for _, name := range people(from, to) {
				w.source.unassign(name)
			}
		}
	}
	members := func(from, to int) func(w *world) {
		return func(w *world) { w.source.group("All", people(from, to)...) }
	}
	const byMapping = `Switch([department], Switch([IsSoftDeleted], , "False", "True", "True", "False"), "left", "False")`
	for name, tt := range map[string]struct {
		steps []func(w *world)
		says  string // "" if the last step is not stopped either
	}{
		"whom the mapping switches off": {[]func(*world){switchOff(0, 15), switchOff(15, 30), switchOff(30, 31)},
			"disable or delete 1 of 100 active users (1 of them are in scope, and the attribute mapping makes active false), after 30 in the last 24 hours, more than 30 % of 100"},
		"first by the mapping, then unassigned": {[]func(*world){switchOff(0, 19), unassign(50, 65)}, "disable or delete 15 of 100 active users, after 19 in the last 24 hours, more than 30 % of 100"},
		"back and off again":                    {[]func(*world){switchOff(0, 15), unassign(0, 0), unassign(20, 30)}, ""},
		"members of a group":                    {[]func(*world){members(30, 100), members(50, 100), unassign(0, 0)}, ""},
		"too many members of a group": {[]func(*world){members(25, 100), members(45, 100), members(60, 100)},
			"remove 15 of 55 members from their groups, after 45 in the last 24 hours, more than 50 % of 100"},
		"groups with their members": {[]func(*world){
			func(w *world) { w.source.disband("Sales") }, members(30, 100), members(35, 100), members(36, 100),
		}, "remove 1 of 66 members from their groups, after 65 in the last 24 hours, more than 50 % of 131"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.job.Settings.Guard = guards
			for _, name := range people(0, 100) {
				w.source.hire(name)
			}
			w.source.group("All", people(0, 100)...)
			if strings.HasPrefix(name, "groups") {
				w.source.group("Sales", people(0, 30)...)
				w.source.group("Tiny", "p099")
				w.job.Settings.Guard.Share = 0 // one group of three is more than a fifth of them
			}
			w.rules(activeBy(mapping.Attribute{Expression: byMapping, Target: "active"}), defaultGroups(), scope.Settings{AssignedOnly: true})
			w.cycle()
			for i, step := range tt.steps {
				w.now = w.now.Add(time.Hour)
				step(w)
				_, err := w.try()
				var stop *engine.GuardError
				switch last := i == len(tt.steps)-1; {
				case !last || tt.says == "":
					if err != nil {
						t.Fatalf("step %d: %v", i+1, err)
					}
				case !errors.As(err, &stop) || !strings.Contains(stop.Message, tt.says):
					t.Fatalf("the last step: %v", err)
				default:
					equal(t, "writes", w.writes(), []string(nil))
				}
			}
			if tt.says == "" {
				return
			}
			// A day later it is forgotten.
			w.now = w.now.Add(25 * time.Hour)
			if _, err := w.try(); err != nil {
				t.Errorf("a day later: %v", err)
			}
		})
	}
}
