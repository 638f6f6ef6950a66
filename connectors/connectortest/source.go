package connectortest

import (
	"context"
	"testing"
	"time"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/directory"
)

// SourceContent is what a source is to hold: users and groups by the names of
// the provisioning schema, each with its anchor.
type SourceContent struct {
	Users   []directory.Object
	Groups  []directory.Object
	Deleted []directory.Object // users in the list of deleted objects
}

// SourceHarness makes what TestSource needs of one kind of source.
type SourceHarness struct {
	// New returns a source of its own, which holds nothing, and a function that
	// makes it hold content, whatever it held before, in the source's real
	// format or protocol. The objects have the attributes displayName,
	// userPrincipalName, mail, department, accountEnabled and manager; groups
	// have displayName and members.
	New func(t *testing.T) (s connectors.Source, lay func(SourceContent))

	// Groups says that the source holds groups.
	Groups bool
	// Deleted says that the source has a list of deleted objects.
	Deleted bool
	// Broken are sources that hold objects and cannot be read to their end.
	Broken map[string]func(t *testing.T) connectors.Source
}

// TestSource checks that a source keeps the contract of connectors.Source: what
// is delivered first and later, in which order, what is said of an object that
// has left, and that nothing is delivered as complete that is not. A new
// source joins with a harness.
func TestSource(t *testing.T, h SourceHarness) {
	for _, check := range []struct {
		name string
		run  func(*testing.T, *sourceCase)
	}{
		{"empty", testSourceEmpty},
		{"first read", testFirstRead},
		{"values", testSourceValues},
		{"references", testSourceReferences},
		{"nothing changed", testNothingChanged},
		{"changed", testChanged},
		{"left and returned", testLeft},
		{"left for good", testLeftForGood},
		{"listed as deleted", testListed},
		{"due", testDue},
		{"membership", testMembership},
		{"order", testOrder},
		{"yield fails", testYieldFails},
		{"cancelled", testSourceCancelled},
		{"find", testSourceFind},
	} {
		t.Run(check.name, func(t *testing.T) {
			c := &sourceCase{h: h, now: time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC), records: map[recordKey]connectors.Record{}}
			c.Source, c.lay = h.New(t)
			check.run(t, c)
		})
	}
	for name, broken := range h.Broken {
		t.Run("broken, "+name, func(t *testing.T) { testBroken(t, broken(t)) })
	}
}

// sourceCase is one source, and what an engine would remember of it.
type sourceCase struct {
	connectors.Source
	lay       func(SourceContent)
	h         SourceHarness
	now       time.Time
	records   map[recordKey]connectors.Record
	watermark string
}

type recordKey struct {
	t      directory.ObjectType
	anchor string
}

// recycleBin is how long the suite's cycles keep what is gone.
const recycleBin = 24 * time.Hour

// request returns the request of the next cycle.
func (c *sourceCase) request() connectors.ReadRequest {
	snapshot := connectors.NewSnapshot()
	for _, r := range c.records {
		snapshot.Add(r)
	}
	return connectors.ReadRequest{Snapshot: snapshot, Watermark: c.watermark, Now: c.now, RecycleBin: recycleBin}
}

// cycle reads, remembers what an engine would, and returns what was delivered.
func (c *sourceCase) cycle(t *testing.T) ([]directory.Change, connectors.ReadResult) {
	t.Helper()
	changes, result, err := c.read()
	if err != nil {
		t.Fatalf("Read: %v", err)
	}
	c.watermark = result.Watermark
	for _, change := range changes {
		o := change.Object
		key := recordKey{o.Type, o.Anchor}
		if o.Presence == directory.HardDeleted {
			delete(c.records, key)
			continue
		}
		c.records[key] = connectors.Record{
			Type: o.Type, Anchor: o.Anchor, Hash: change.Hash,
			Presence: o.Presence, Listed: change.Listed, Since: change.Since,
		}
	}
	return changes, result
}

func (c *sourceCase) read() ([]directory.Change, connectors.ReadResult, error) {
	var changes []directory.Change
	result, err := c.Read(context.Background(), c.request(), func(change directory.Change) error {
		changes = append(changes, change)
		return nil
	})
	return changes, result, err
}

// The suite's people. Their anchors are GUIDs, as in every real directory.
const (
	adaID     = "00000000-0000-4000-8000-0000000000a1"
	boID      = "00000000-0000-4000-8000-0000000000b2"
	cyID      = "00000000-0000-4000-8000-0000000000c3"
	salesID   = "00000000-0000-4000-8000-0000000000d4"
	nestingID = "00000000-0000-4000-8000-0000000000e5"
)

func user(id, name, department string, more ...directory.Field) directory.Object {
	return sourceObject(directory.User, id, append([]directory.Field{
		{Name: "displayName", Value: directory.Str(name)},
		{Name: "userPrincipalName", Value: directory.Str(name + "@contoso.com")},
		{Name: "mail", Value: directory.Str(name + "@mail.contoso.com")},
		{Name: "department", Value: directory.Str(department)},
		{Name: "accountEnabled", Value: directory.Bool(true)},
	}, more...)...)
}

func group(id, name string, members ...string) directory.Object {
	list := make([]directory.Value, len(members))
	for i, m := range members {
		list[i] = directory.Ref(m)
	}
	return sourceObject(directory.Group, id,
		directory.Field{Name: "displayName", Value: directory.Str(name)},
		directory.Field{Name: "members", Value: directory.Of(list...)})
}

func sourceObject(t directory.ObjectType, id string, fields ...directory.Field) directory.Object {
	o := directory.Object{Type: t, Anchor: id, Attributes: map[string]directory.Value{"objectId": directory.Str(id)}}
	for _, f := range fields {
		o.Attributes[f.Name] = f.Value
	}
	return o
}

// people is the content that most checks begin with.
func (c *sourceCase) people() SourceContent {
	content := SourceContent{Users: []directory.Object{
		user(adaID, "ada", "Sales"), user(boID, "bo", "Sales"), user(cyID, "cy", "IT"),
	}}
	if c.h.Groups {
		content.Groups = []directory.Object{group(salesID, "Sales", adaID, boID), group(nestingID, "Everybody", salesID, cyID)}
	}
	return content
}
