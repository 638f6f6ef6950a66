package engine_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/scimsync/scimsync/engine"
)

// refuses answers every request of this method as an application does that will
// not have it, or is down.
func refuses(method string, status int) func(r *http.Request, body string) *http.Response {
	return func(r *http.Request, _ string) *http.Response {
		if r.Method == method {
			return answer(status, `{"detail":"administrators stay"}`)
		}
		return nil
	}
}

// TestWhatWasAllowedAndFailedIsTriedAgain: who has allowed that people are disabled
// is not asked again at each try, and nobody else waits for an application that
// refuses some of them.
func TestWhatWasAllowedAndFailedIsTriedAgain(t *testing.T) {
	for name, status := range map[string]int{"it is down": 500, "it refuses them": 400} {
		t.Run(name, func(t *testing.T) {
			o := newBureau(t, shape{people: 100})
			o.block(0, 40)
			var stop *engine.GuardError
			if _, err := o.try(); !errors.As(err, &stop) {
				t.Fatalf("error %v", err)
			}
			if err := o.engine.AllowDeletes(context.Background(), o.job.Name); err != nil {
				t.Fatal(err)
			}
			o.intercept = refuses(http.MethodPatch, status)
			equal(t, "failed", o.cycle().Fail, int64(40))
			o.later(time.Hour)
			o.block(40, 41) // somebody else
			equal(t, "failed, one more", o.cycle().Fail, int64(41))
			o.later(25 * time.Hour)
			o.intercept = nil
			equal(t, "disabled", o.cycle().Disable, int64(41))

			o.later(25 * time.Hour)
			o.block(41, 71)
			if _, err := o.try(); !errors.As(err, &stop) {
				t.Errorf("what comes later is not guarded: error %v", err)
			}
		})
	}
}

// TestWhoIsRefusedDayAfterDay does not add up to a number that stops the job.
func TestWhoIsRefusedDayAfterDay(t *testing.T) {
	o := newBureau(t, shape{people: 100})
	o.intercept = refuses(http.MethodPatch, 400)
	for day := range 4 {
		o.later(25 * time.Hour)
		o.block(day*10, (day+1)*10)
		equal(t, "failed", o.cycle().Fail, int64((day+1)*10))
	}
}

// TestATryThatFailedCounts: what failed today is among what is taken away today,
// for it will be as soon as the application is up again.
func TestATryThatFailedCounts(t *testing.T) {
	o := newBureau(t, shape{people: 100})
	o.intercept = refuses(http.MethodPatch, 500)
	for hour := range 3 {
		o.later(time.Hour)
		o.block(hour*10, (hour+1)*10)
		o.cycle()
	}
	o.later(time.Hour)
	o.block(30, 40)
	var stop *engine.GuardError
	if _, err := o.try(); !errors.As(err, &stop) || !strings.Contains(stop.Message, "10 of 100 active users, after 30 in the last 24 hours") {
		t.Errorf("error %v", err)
	}
}

// TestWhoFailedForSomethingElseCounts: an update that is refused is no removal that
// was let pass.
func TestWhoFailedForSomethingElseCounts(t *testing.T) {
	o := newBureau(t, shape{people: 100})
	o.intercept = refuses(http.MethodPatch, 400)
	for _, u := range o.users {
		u["jobTitle"] = "Clerk"
	}
	o.export()
	equal(t, "failed", o.cycle().Fail, int64(100))
	var stop *engine.GuardError
	for name, leave := range map[string]func(){
		"blocked":  func() { o.block(0, 40) },
		"filtered": func() { o.job.Fingerprint = "2"; o.assignments = o.assignments[:50]; o.export() },
	} {
		mend := o.keep()
		leave()
		if _, err := o.try(); !errors.As(err, &stop) {
			t.Errorf("%s: error %v", name, err)
		}
		mend()
	}
}

// TestMembersThatAnApplicationWillNotRemove are not held back again and again.
func TestMembersThatAnApplicationWillNotRemove(t *testing.T) {
	o := newBureau(t, shape{people: 120, groups: 1, all: true})
	o.groups[0]["members"] = o.groups[0]["members"].([]any)[:70]
	o.export()
	var stop *engine.GuardError
	if _, err := o.try(); !errors.As(err, &stop) || !strings.Contains(stop.Message, "50 of 120 members") {
		t.Fatalf("error %v", err)
	}
	if err := o.engine.AllowDeletes(context.Background(), o.job.Name); err != nil {
		t.Fatal(err)
	}
	o.intercept = refuses(http.MethodPatch, 400)
	equal(t, "failed", o.cycle().Fail, int64(1))
	o.later(time.Hour)
	equal(t, "failed again", o.cycle().Fail, int64(1))
	o.later(25 * time.Hour)
	o.intercept = nil
	equal(t, "removed", o.cycle().Update, int64(1))
	_, _, members := o.held()
	equal(t, "members", members, 70)
}

// TestMembersOfAGroupThatFailedCountOnceTheyGo: a group whose own update is refused
// has lost no members yet. They count when they go, so that drips do.
func TestMembersOfAGroupThatFailedCountOnceTheyGo(t *testing.T) {
	o := newBureau(t, shape{people: 120, groups: 1, all: true})
	members := o.groups[0]["members"].([]any)
	shrink := func(to int) {
		o.later(time.Hour)
		o.groups[0]["members"] = members[:to]
		o.export()
	}
	o.intercept = refuses(http.MethodPatch, 400)
	o.groups[0]["displayName"] = "Everybody"
	shrink(90)
	equal(t, "failed", o.cycle().Fail, int64(1))
	o.intercept = nil
	o.later(time.Hour)
	equal(t, "tried again", o.cycle().Update, int64(1))
	shrink(65)
	o.cycle()
	shrink(50)
	var stop *engine.GuardError
	if _, err := o.try(); !errors.As(err, &stop) || !strings.Contains(stop.Message, "15 of 65 members from their groups, after 55 in") {
		t.Errorf("error %v", err)
	}
}
