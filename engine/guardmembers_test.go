package engine_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine"
	"github.com/scimsync/scimsync/engine/state"
)

// TestMembersThatAreInDoubtCount: who forgets the connections, or one of them,
// does not forget the members: the guard counts them as before.
func TestMembersThatAreInDoubtCount(t *testing.T) {
	for name, forget := range map[string]func(w *world) error{
		"the connections are forgotten": func(w *world) error {
			return w.engine.Restart(context.Background(), w.job.Name, engine.ResetScope{Connections: true, Watermark: true})
		},
		"the group's connection is deleted": func(w *world) error {
			_, err := w.engine.Store.Unlink(context.Background(), w.job.Name, id("All"), "?")
			return err
		},
		"a cycle was killed before it recorded the members": func(w *world) error {
			o := state.Outcome{Type: directory.Group, SourceAnchor: id("All")}
			for _, u := range w.app.Users() {
				o.Unlink = append(o.Unlink, state.Link{Attribute: "members", TargetAnchor: u["id"].(string)})
				o.Link = append(o.Link, state.Link{Attribute: "members?", TargetAnchor: u["id"].(string)})
			}
			return w.engine.Store.Record(context.Background(), w.job.Name, []state.Outcome{o})
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := firm(t, 120)
			equal(t, "members", len(w.members("All")), 120)
			if err := forget(w); err != nil {
				t.Fatal(err)
			}
			w.source.group("All")
			_, err := w.try()
			var stop *engine.GuardError
			if !errors.As(err, &stop) || !strings.Contains(stop.Message, "remove 120 of 120 members") {
				t.Errorf("error %v", err)
			}
			equal(t, "members", len(w.members("All")), 120)
			equal(t, "writes", w.writes(), []string(nil))

			var names []string
			for i := range 120 {
				names = append(names, fmt.Sprintf("p%03d", i))
			}
			w.source.group("All", names[:119]...)
			if _, err := w.try(); err != nil {
				t.Errorf("one of them leaves: %v", err)
			}
			equal(t, "members", len(w.members("All")), 119)
		})
	}
}
