package engine_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/scimsync/scimsync/connectors/export"
	"github.com/scimsync/scimsync/engine"
	"github.com/scimsync/scimsync/engine/plan"
)

// TestAListOfTheDeletedThatIsEmpty: whoever was listed as deleted and is not any
// more is purged, and the account is deleted. That of everybody at once is what a
// right that the export has lost looks like.
func TestAListOfTheDeletedThatIsEmpty(t *testing.T) {
	o := newBureau(t, shape{people: 200})
	source, err := export.New(export.Options{
		Users: filepath.Join(o.dir, "users-*.json"), Assignments: filepath.Join(o.dir, "assignments.json"),
		DeletedUsers: filepath.Join(o.dir, "deleted.json"),
	})
	if err != nil {
		t.Fatal(err)
	}
	o.job.Source = source
	people := o.users
	list := func(deleted []map[string]any) {
		o.later(25 * time.Hour)
		o.export()
		o.file("deleted.json", deleted)
	}
	o.users = people[25:]
	list(people[:25])
	equal(t, "disabled", o.cycle().Disable, int64(25))
	list(people[5:25])
	equal(t, "some are purged", o.cycle(), plan.Summary{Delete: 5})

	list(nil)
	did, err := o.try()
	var stop *engine.GuardError
	if !errors.As(err, &stop) || stop.Reason != ingestion || !strings.HasPrefix(stop.Message, "the source has no users with deletedDateTime any more; it had 20") {
		t.Errorf("%s, error %v", did, err)
	}
	equal(t, "accounts", len(o.app.Users()), 195)
	list(people[10:25])
	equal(t, "some more are purged", o.cycle(), plan.Summary{Delete: 5})
}
