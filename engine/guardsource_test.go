package engine_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/scimsync/scimsync/engine"
	"github.com/scimsync/scimsync/scope"
)

// TestAnExportThatLostAColumn: an export without accountEnabled would give
// everybody who is blocked their account back, and one without managers would take
// everybody's. That is seen before anything is written.
func TestAnExportThatLostAColumn(t *testing.T) {
	manage := func(o *bureau) {
		for _, u := range o.users[1:] {
			u["manager"] = map[string]any{"id": o.users[0]["id"]}
		}
	}
	for name, tt := range map[string]struct {
		people int
		lose   func(o *bureau)
		says   string // "" if the cycle runs
	}{
		"accountEnabled of all": {30, func(o *bureau) { o.edit(func(u map[string]any) { delete(u, "accountEnabled") }) },
			"the source has no users with accountEnabled any more; it had 30"},
		"accountEnabled of all in a small firm": {4, func(o *bureau) { o.edit(func(u map[string]any) { delete(u, "accountEnabled") }) },
			"the source has no users with accountEnabled any more; it had 4"},
		"accountEnabled of most": {30, func(o *bureau) {
			for _, u := range o.users[:25] {
				delete(u, "accountEnabled")
			}
		}, "the source has shrunk from 30 to 5 users with accountEnabled, by more than 20 %"},
		"the managers of all": {30, func(o *bureau) { o.edit(func(u map[string]any) { delete(u, "manager") }) },
			"the source has no users with manager any more; it had 29"},
		"the managers of a few": {30, func(o *bureau) {
			for _, u := range o.users[:5] {
				delete(u, "manager")
			}
		}, ""},
		"the only manager of a small firm": {4, func(o *bureau) { o.edit(func(u map[string]any) { delete(u, "manager") }) }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			o := newBureau(t, shape{people: tt.people})
			manage(o)
			o.users[2]["accountEnabled"] = false
			o.export()
			o.cycle()
			o.later(time.Hour)
			mend := o.keep()
			tt.lose(o)
			o.export()
			if tt.says == "" {
				o.cycle()
				return
			}
			o.stopped(t, incident{reason: ingestion, says: tt.says})
			mend()
			equal(t, "changes once it is mended", o.cycle().Changes(), int64(0))
			tt.lose(o)
			o.export()
			o.stopped(t, incident{reason: ingestion, says: tt.says})
			if err := o.engine.AllowDeletes(context.Background(), o.job.Name); err != nil {
				t.Fatal(err)
			}
			if o.cycle().Changes() == 0 {
				t.Error("allowed, and nothing was done")
			}
			equal(t, "changes afterwards", o.cycle().Changes(), int64(0))
		})
	}
}

// TestManagersThatDoNotFlowMayGo: what the job does not use is not missed.
func TestManagersThatDoNotFlowMayGo(t *testing.T) {
	o := newBureau(t, shape{people: 30})
	attributes := defaultUsers()
	for i, a := range attributes {
		if a.Source == "manager" {
			attributes = append(attributes[:i], attributes[i+1:]...)
			break
		}
	}
	o.rules(attributes, defaultGroups(), scope.Settings{AssignedOnly: true})
	o.job.Fingerprint = "2"
	for _, u := range o.users[1:] {
		u["manager"] = map[string]any{"id": o.users[0]["id"]}
	}
	o.export()
	o.cycle()
	o.edit(func(u map[string]any) { delete(u, "manager") })
	o.export()
	o.cycle()
}

// TestAListThatIsMadeAnewDoesNotHideAnOldOne: each night the groups are exported,
// and the users have not been for weeks, or come from a backup.
func TestAListThatIsMadeAnewDoesNotHideAnOldOne(t *testing.T) {
	start := func(t *testing.T) *bureau {
		o := newBureau(t, shape{people: 100, groups: 1})
		o.job.Settings.Guard.StaleAfter = 7 * 24 * time.Hour
		return o
	}
	at := func(o *bureau, when time.Time, write func()) {
		now := o.now
		o.now = when
		write()
		o.now = now
	}
	users := func(o *bureau) { o.file("users-00.json", o.users[:25]); o.file("users-01.json", o.users[25:50]) }
	all := func(o *bureau) {
		users(o)
		o.file("users-02.json", o.users[50:75])
		o.file("users-03.json", o.users[75:])
	}
	t.Run("stale", func(t *testing.T) {
		o := start(t)
		o.later(20 * 24 * time.Hour)
		o.file("groups.json", o.groups)
		o.file("assignments.json", o.assignments)
		x, err := o.engine.Cycle(context.Background(), o.job, engine.Options{})
		if err != nil || !strings.Contains(fmt.Sprint(x.Warnings), "The source was written 20 days ago") {
			t.Errorf("warnings %q, error %v", x.Warnings, err)
		}
	})
	t.Run("stale groups", func(t *testing.T) {
		o := start(t)
		o.later(20 * 24 * time.Hour)
		all(o)
		x, err := o.engine.Cycle(context.Background(), o.job, engine.Options{})
		if err != nil || !strings.Contains(fmt.Sprint(x.Warnings), "The source was written 20 days ago") {
			t.Errorf("warnings %q, error %v", x.Warnings, err)
		}
	})
	t.Run("one part of a list that is made anew", func(t *testing.T) {
		o := start(t)
		o.later(20 * 24 * time.Hour)
		users(o) // the other half has not changed
		o.file("groups.json", o.groups)
		x, err := o.engine.Cycle(context.Background(), o.job, engine.Options{})
		if err != nil || len(x.Warnings) > 0 {
			t.Errorf("warnings %q, error %v", x.Warnings, err)
		}
	})
	t.Run("restored", func(t *testing.T) {
		o := start(t)
		o.later(20 * 24 * time.Hour)
		o.export()
		o.cycle()
		o.users[0]["accountEnabled"] = false
		at(o, o.now.Add(-10*24*time.Hour), func() { all(o) })
		o.file("groups.json", o.groups)
		var stop *engine.GuardError
		if _, err := o.try(); !errors.As(err, &stop) || !strings.HasPrefix(stop.Message, "the source is older than the one before") {
			t.Errorf("error %v", err)
		}
		equal(t, "writes", o.writes(), []string(nil))
	})
}

// TestAListThatIsSeldomMadeDoesNotHideAnOldOne: the groups are exported once a
// month, or the users are, and the other list comes from a backup.
func TestAListThatIsSeldomMadeDoesNotHideAnOldOne(t *testing.T) {
	for list, write := range map[string]func(o *bureau, by time.Duration){
		"users": func(o *bureau, by time.Duration) {
			o.later(-by)
			o.file("users-00.json", o.users[:25])
			for i := 1; i < 4; i++ {
				o.file(fmt.Sprintf("users-%02d.json", i), o.users[i*25:(i+1)*25])
			}
			o.later(by)
		},
		"groups": func(o *bureau, by time.Duration) {
			o.later(-by)
			o.file("groups.json", o.groups)
			o.later(by)
		},
	} {
		t.Run(list, func(t *testing.T) {
			o := newBureau(t, shape{people: 100, groups: 1})
			o.later(20 * 24 * time.Hour)
			write(o, 0)
			o.cycle()
			o.later(time.Hour)
			o.users[0]["jobTitle"], o.groups[0]["description"] = "Clerk", "Everybody"
			write(o, 3*24*time.Hour)
			var stop *engine.GuardError
			if _, err := o.try(); !errors.As(err, &stop) || !strings.Contains(stop.Message, "its list of "+list+" is of ") {
				t.Fatalf("error %v", err)
			}
			equal(t, "writes", o.writes(), []string(nil))
			if err := o.engine.AllowDeletes(context.Background(), o.job.Name); err != nil {
				t.Fatal(err)
			}
			o.cycle()
		})
	}
}

// TestAnOldCopyOfTheSameExportOpensNoDoor: an export that is the same and older is
// let pass, and an old one with other content is refused after it as before it.
func TestAnOldCopyOfTheSameExportOpensNoDoor(t *testing.T) {
	o := newBureau(t, shape{people: 30})
	aged := func(by time.Duration) {
		o.later(-by)
		o.export()
		o.later(by)
	}
	o.later(20 * 24 * time.Hour)
	aged(0)
	o.cycle()
	o.later(time.Hour)
	aged(10 * 24 * time.Hour)
	equal(t, "an older copy", o.cycle().Changes(), int64(0))
	o.users[0]["accountEnabled"] = false
	aged(5 * 24 * time.Hour)
	var stop *engine.GuardError
	if _, err := o.try(); !errors.As(err, &stop) || !strings.HasPrefix(stop.Message, "the source is older than the one before") {
		t.Errorf("error %v", err)
	}
	equal(t, "writes", o.writes(), []string(nil))
}

// TestAnOldExportIsSeenAlsoWhereTheExportersClockIsAhead: files that bear a time
// to come are read soon after they were written all the same.
func TestAnOldExportIsSeenAlsoWhereTheExportersClockIsAhead(t *testing.T) {
	o := newBureau(t, shape{people: 30})
	ahead := func(by time.Duration) {
		o.later(by)
		o.export()
		o.later(-by)
	}
	ahead(10 * time.Minute)
	o.cycle()
	o.later(24 * time.Hour)
	o.users[0]["jobTitle"] = "Clerk"
	ahead(10 * time.Minute)
	equal(t, "a good export", o.cycle().Update, int64(1))
	o.users[1]["accountEnabled"] = false
	ahead(-24 * time.Hour)
	var stop *engine.GuardError
	if _, err := o.try(); !errors.As(err, &stop) || !strings.HasPrefix(stop.Message, "the source is older than the one before") {
		t.Errorf("error %v", err)
	}
	o.later(time.Hour)
	ahead(0) // the clock was set, and the export made again
	equal(t, "once it is made again", o.cycle().Disable, int64(1))
}
