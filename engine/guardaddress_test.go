package engine_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/scimsync/scimsync/connectors/scim/sandbox"
	"github.com/scimsync/scimsync/engine"
	"github.com/scimsync/scimsync/scope"
)

// moved returns a bureau whose tenant URL leads to another application by now,
// which numbers its accounts as the first did, and has other people.
func moved(t *testing.T) *bureau {
	t.Helper()
	o := newBureau(t, shape{people: 30})
	o.job.Address = "old.example.com#1"
	o.cycle() // a state that does not know the address yet learns it
	n := 0
	o.app = sandbox.New(sandbox.Options{Token: token, NewID: func() string {
		n++
		return fmt.Sprintf("t%d", n)
	}})
	for i := range 30 {
		o.byHand("POST", "/Users", fmt.Sprintf(
			`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"stranger%d@fabrikam.com","active":true}`, i))
	}
	o.job.Address, o.job.Fingerprint = "new.example.com#2", "2"
	return o
}

// strangers returns how many accounts are still those of other people.
func (o *bureau) strangers() (n int) {
	for _, u := range o.app.Users() {
		if strings.HasPrefix(u["userName"].(string), "stranger") && u["active"] == true {
			n++
		}
	}
	return n
}

// TestAnotherTenantURLTouchesNobody: connections hold the ids of one application,
// which are other people's in the next.
func TestAnotherTenantURLTouchesNobody(t *testing.T) {
	o := moved(t)
	o.block(0, 3)
	planned, err := o.engine.Cycle(context.Background(), o.job, engine.Options{DryRun: true})
	if err != nil || !strings.Contains(planned.Guard, "the job's 30 connections are to objects of the application at old.example.com, and it is at new.example.com now") {
		t.Errorf("the plan says %q, error %v", planned.Guard, err)
	}
	for range 2 {
		var stop *engine.GuardError
		if _, err := o.try(); !errors.As(err, &stop) || stop.Message != planned.Guard {
			t.Fatalf("error %v", err)
		}
		equal(t, "writes", o.writes(), []string(nil))
	}
	if _, err := o.engine.Provision(context.Background(), o.job, "p0029@contoso.com", engine.Options{}); err == nil || !strings.Contains(err.Error(), "tenant URL") {
		t.Errorf("on demand: error %v", err)
	}
	equal(t, "people who were there", o.strangers(), 30)
	equal(t, "told", o.told.heard(), "quarantined")
	t.Run("corrected", func(t *testing.T) {
		o := moved(t)
		_, _ = o.try()
		o.job.Address = "old.example.com#1"
		if _, err := o.try(); err != nil {
			t.Error(err)
		}
	})
	t.Run("matched again", func(t *testing.T) {
		o := moved(t)
		_, _ = o.try()
		if err := o.engine.Restart(context.Background(), o.job.Name, engine.ResetScope{Connections: true, Watermark: true}); err != nil {
			t.Fatal(err)
		}
		equal(t, "created", o.cycle().Create, int64(30))
		equal(t, "people who were there", o.strangers(), 30)
		equal(t, "another cycle", o.cycle().Changes(), int64(0))
	})
}

// TestAnotherApplicationIsNotAskedWhoIsWho: what it says of the ids of this one
// says nothing, and nobody is allowed for whom nobody has counted.
func TestAnotherApplicationIsNotAskedWhoIsWho(t *testing.T) {
	o := newBureau(t, shape{people: 100})
	o.job.Address = "old.example.com#1"
	o.cycle()
	o.job.Address, o.job.Fingerprint = "new.example.com#2", "2"
	o.rules(switched("False"), defaultGroups(), scope.Settings{AssignedOnly: true})
	var stop *engine.GuardError
	if _, err := o.try(); !errors.As(err, &stop) || !strings.Contains(stop.Message, "tenant URL") {
		t.Fatalf("error %v", err)
	}
	for _, sent := range o.sent {
		if strings.HasPrefix(sent, "GET /Users/") {
			t.Fatalf("the other application was asked: %s", sent)
		}
	}
	if err := o.engine.AllowDeletes(context.Background(), o.job.Name); err != nil {
		t.Fatal(err)
	}
	if _, err := o.try(); !errors.As(err, &stop) || !strings.Contains(stop.Message, "disable or delete 100 of 100") {
		t.Errorf("who is switched off was not told of, and allowed: error %v", err)
	}
	equal(t, "writes", o.writes(), []string(nil))
}

// TestTheSameApplicationAtAnotherAddress goes on with its connections once
// somebody says that it is the same, and for this address alone.
func TestTheSameApplicationAtAnotherAddress(t *testing.T) {
	o := newBureau(t, shape{people: 30})
	o.job.Address = "old.example.com#1"
	o.cycle()
	o.job.Address = "new.example.com#2"
	var stop *engine.GuardError
	if _, err := o.try(); !errors.As(err, &stop) {
		t.Fatalf("error %v", err)
	}
	allow := func() {
		t.Helper()
		if err := o.engine.AllowDeletes(context.Background(), o.job.Name); err != nil {
			t.Fatal(err)
		}
	}
	allow()
	o.job.Address = "third.example.com#3"
	if _, err := o.try(); !errors.As(err, &stop) {
		t.Fatalf("what was allowed is another address, error %v", err)
	}
	allow()
	equal(t, "changes", o.cycle().Changes(), int64(0))
	equal(t, "changes afterwards", o.cycle().Changes(), int64(0))
}

// TestToAllowDeletionsIsToAllowNoOtherTenant: what is allowed beforehand is not
// the accounts of strangers.
func TestToAllowDeletionsIsToAllowNoOtherTenant(t *testing.T) {
	o := moved(t)
	if err := o.engine.AllowDeletes(context.Background(), o.job.Name); err != nil {
		t.Fatal(err)
	}
	var stop *engine.GuardError
	if _, err := o.try(); !errors.As(err, &stop) {
		t.Fatalf("error %v", err)
	}
	equal(t, "people who were there", o.strangers(), 30)
}

// TestAJobUnderAnotherName knows nobody whom the job has made by its old name, and
// says so.
func TestAJobUnderAnotherName(t *testing.T) {
	o := newBureau(t, shape{people: 30})
	o.job.Address = "app.example.com#1"
	o.cycle()
	for i, tt := range []struct {
		name, address string
		warns         bool
	}{{"renamed", "app.example.com#1", true}, {"renamed", "app.example.com#1", false}, {"elsewhere", "other.example.com#2", false}} {
		o.job.Name, o.job.Address = tt.name, tt.address
		x, err := o.engine.Cycle(context.Background(), o.job, engine.Options{})
		if warns := strings.Contains(strings.Join(x.Warnings, " "), "a job test with 30 connections to the application at app.example.com"); err != nil || warns != tt.warns {
			t.Errorf("%d: warnings %q, error %v", i, x.Warnings, err)
		}
	}
}

// TestNewIDsForEverybody: after a migration of the directory the guards see all
// of them leave; matched again, they keep their accounts.
func TestNewIDsForEverybody(t *testing.T) {
	o := newBureau(t, shape{people: 30, all: true})
	o.edit(func(u map[string]any) { u["id"] = id(u["id"].(string)) })
	o.export()
	o.stopped(t, incident{reason: deletes, says: "the cycle would disable or delete 30 of 30"})
	if err := o.engine.Restart(context.Background(), o.job.Name, engine.ResetScope{Connections: true, Watermark: true}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if sum := o.cycle(); sum.Changes()+sum.Fail > 0 {
			t.Errorf("matched again: %s", sum)
		}
	}
	active, _, _ := o.held()
	equal(t, "active accounts", active, 30)
}
