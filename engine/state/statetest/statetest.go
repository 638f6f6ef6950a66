// Package statetest is the conformance suite of state stores: what every
// implementation of state.Store promises, sentence by sentence, as tests.
package statetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/provlog"
	"github.com/scimsync/scimsync/engine/state"
)

// Open returns a handle on the database of t, which is empty at first. Called
// again with the same t it returns a second handle on the same database, as
// another process would have. The handles are closed when t ends.
type Open func(t *testing.T) state.Store

// Run puts the store through the suite.
func Run(t *testing.T, open func(t *testing.T) state.Store) {
	t.Helper()
	tests := []struct {
		name string
		run  func(*testing.T, Open)
	}{
		{"Job", testJob},
		{"Jobs", testJobs},
		{"Paused", testPaused},
		{"PausedWhileLocked", testPausedWhileLocked},
		{"Lock", testLock},
		{"LockEndsWithStore", testLockEndsWithStore},
		{"LockAsked", testLockAsked},
		{"LockContention", testLockContention},
		{"Snapshot", testSnapshot},
		{"SnapshotGeneration", testSnapshotGeneration},
		{"SnapshotEscrows", testSnapshotEscrows},
		{"Missing", testMissing},
		{"Reset", testReset},
		{"Seen", testSeen},
		{"Unlink", testUnlink},
		{"UnlinkApart", testUnlinkApart},
		{"Forget", testForget},
		{"Connect", testConnect},
		{"ConnectionsBatch", testConnectionsBatch},
		{"AllConnections", testAllConnections},
		{"AnchorTaken", testAnchorTaken},
		{"AnchorFreedInBatch", testAnchorFreedInBatch},
		{"AnchorMoves", testAnchorMoves},
		{"AnchorsAreUnlike", testAnchorsAreUnlike},
		{"Links", testLinks},
		{"Disconnect", testDisconnect},
		{"DisconnectAndConnect", testDisconnectAndConnect},
		{"Await", testAwait},
		{"AwaitAnotherTarget", testAwaitAnotherTarget},
		{"Escrows", testEscrows},
		{"EscrowsPages", testEscrowsPages},
		{"Unanswered", testUnanswered},
		{"Taken", testTaken},
		{"Begun", testBegun},
		{"Digest", testDigest},
		{"Counts", testCounts},
		{"NilLeavesAlone", testNilLeavesAlone},
		{"OrderInBatch", testOrderInBatch},
		{"Atomic", testAtomic},
		{"RecordNothing", testRecordNothing},
		{"RecordRefuses", testRecordRefuses},
		{"JobsApart", testJobsApart},
		{"OtherHandle", testOtherHandle},
		{"Parallel", testParallel},
		{"ParallelSameJob", testParallelSameJob},
		{"WriteWhileReading", testWriteWhileReading},
		{"YieldError", testYieldError},
		{"Cancelled", testCancelled},
		{"CancelledAnywhere", testCancelledAnywhere},
		{"EventRoundTrip", testEventRoundTrip},
		{"EventsSearch", testEventsSearch},
		{"EventsFollow", testEventsFollow},
		{"EventsModel", testEventsModel},
		{"EventsLong", testEventsLong},
		{"EventTwice", testEventTwice},
		{"Purge", testPurge},
		{"ReadOnly", testReadOnly},
		{"Close", testClose},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { test.run(t, open) })
	}
}

// noon is the instant that the suite's times are counted from.
func noon() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 123456000, time.UTC) }

const job = "blogin"

// sameContent compares what was stored with what came back: instants as
// instants, an empty list or map like none.
func sameContent() cmp.Option {
	return cmp.Options{cmpopts.EquateEmpty(), cmpopts.EquateApproxTime(0)}
}

func check(t *testing.T, got, want any, opts ...cmp.Option) {
	t.Helper()
	if diff := cmp.Diff(want, got, append(opts, sameContent())...); diff != "" {
		t.Errorf("want (-), got (+):\n%s", diff)
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func is(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got error %v, want one that is %q", err, want)
	}
}

func record(t *testing.T, s state.Store, outcomes ...state.Outcome) {
	t.Helper()
	ok(t, s.Record(context.Background(), job, outcomes))
}

// guid returns a GUID that bears the number n.
func guid(n int) string { return fmt.Sprintf("%08x-0000-4000-8000-%012x", n*2654435761%(1<<32), n) }

func connection(kind directory.ObjectType, source, target string) state.Connection {
	return state.Connection{
		Type: kind, SourceAnchor: source, TargetAnchor: target, DisplayName: "Name of " + source,
		Status: state.Active, Since: noon(), Updated: noon().Add(time.Minute),
	}
}

func connected(kind directory.ObjectType, source, target string) state.Outcome {
	c := connection(kind, source, target)
	return state.Outcome{Type: kind, SourceAnchor: source, Connect: &c}
}

func user(anchor string) state.Outcome {
	return state.Outcome{Type: directory.User, SourceAnchor: anchor}
}

func group(anchor string) state.Outcome {
	return state.Outcome{Type: directory.Group, SourceAnchor: anchor}
}

// escrow returns an escrow of a user that is tried again so long after noon.
func escrow(anchor string, next time.Duration) state.Escrow {
	return state.Escrow{
		Type: directory.User, SourceAnchor: anchor, DisplayName: "Name of " + anchor, Reference: true,
		Code: "SystemForCrossDomainIdentityManagementServiceIncompatible", Message: "400: no 'userName' <here>",
		Attempts: 3, First: noon().Add(-time.Hour), Next: noon().Add(next),
	}
}

// event returns a log entry with something in every field.
func event(id string, at time.Time) provlog.Event {
	old := "Clerk"
	return provlog.Event{
		ID: id, ActivityDateTime: at, TenantID: "0123456789abcdef0123456789abcdef", JobID: "scim.1.a", CycleID: "cycle-1",
		ChangeID: "change-1", ProvisioningAction: provlog.ActionUpdate, DurationInMilliseconds: 42,
		ProvisioningStatusInfo: provlog.StatusInfo{Status: provlog.Failure, ErrorInformation: &provlog.ErrorInformation{
			ErrorCode: "DuplicateTargetEntries", Reason: "two <matches> & more", AdditionalDetails: "…",
			ErrorCategory: "failure", RecommendedAction: "remove one",
		}},
		ProvisioningSteps: []provlog.Step{{
			Name: "EntryImportUpdate", ProvisioningStepType: provlog.StepImport, Status: provlog.Success,
			Description: "Received user 'Ada Ito'", Details: map[string]string{"objectId": "u-1"},
		}},
		ModifiedProperties: []provlog.ModifiedProperty{{DisplayName: "title", OldValue: &old}},
		ServicePrincipal:   provlog.Principal{ID: "sp", DisplayName: "BlogIn"},
		SourceSystem:       provlog.System{ID: "s", DisplayName: "Directory", Details: map[string]string{"a": "b"}},
		TargetSystem:       provlog.System{ID: "t", DisplayName: "customappsso"},
		InitiatedBy:        provlog.Initiator{DisplayName: "Azure AD Provisioning Service", InitiatorType: "system"},
		SourceIdentity: provlog.Identity{ID: "u-1", DisplayName: "Ada Ito", IdentityType: "User",
			Details: map[string]string{"userPrincipalName": "ada@contoso.com"}},
		TargetIdentity: provlog.Identity{ID: "42", DisplayName: "ada", IdentityType: "User"},
	}
}

func logged(e provlog.Event) state.Outcome {
	return state.Outcome{Type: directory.User, SourceAnchor: e.SourceIdentity.ID, Event: &e}
}

func events(t *testing.T, s provlog.Log, q provlog.Query) []provlog.Event {
	t.Helper()
	var list []provlog.Event
	ok(t, s.Events(context.Background(), q, func(e provlog.Event) error {
		list = append(list, e)
		return nil
	}))
	return list
}

func ids(list []provlog.Event) []string {
	names := []string{}
	for _, e := range list {
		names = append(names, e.ID)
	}
	return names
}

func allConnections(t *testing.T, s state.Store, job string) []state.Connection {
	t.Helper()
	var list []state.Connection
	ok(t, s.AllConnections(context.Background(), job, func(c state.Connection) error {
		list = append(list, c)
		return nil
	}))
	return list
}

func allEscrows(t *testing.T, s state.Store, job string) []state.Escrow {
	t.Helper()
	var list []state.Escrow
	ok(t, s.Escrows(context.Background(), job, func(e state.Escrow) error {
		list = append(list, e)
		return nil
	}))
	return list
}

func links(t *testing.T, s state.Store, anchor, attribute string) map[string]struct{} {
	t.Helper()
	set, err := s.Links(context.Background(), job, anchor, attribute)
	ok(t, err)
	return set
}

func set(anchors ...string) map[string]struct{} {
	m := map[string]struct{}{}
	for _, a := range anchors {
		m[a] = struct{}{}
	}
	return m
}
