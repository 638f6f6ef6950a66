package connectortest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/plan"
)

func testNothingToSend(t *testing.T, c *targetCase) {
	anchor := c.create(t, directory.User, ada()...)
	c.sendsNothing(t, "an update without changes", func() { c.update(t, directory.User, anchor) })
}

// everyOperation is one operation of each kind.
func everyOperation(anchor string) []plan.Operation {
	return []plan.Operation{
		{Action: plan.Create, Type: directory.User, Changes: ada()},
		{Action: plan.Create, Type: directory.Group, Changes: []plan.Change{text(attrDisplay, "Sales")}},
		{Action: plan.Update, Type: directory.User, TargetAnchor: anchor, Changes: []plan.Change{
			text(attrPhone, "+47 2"), replacing(text(attrDisplay, "x"), directory.Str("y")), text(attrDepartment, "z")}},
		{Action: plan.Disable, Type: directory.User, TargetAnchor: anchor, Changes: []plan.Change{text(attrActive, "False")}},
		{Action: plan.Update, Type: directory.Group, TargetAnchor: anchor, Changes: []plan.Change{reference(plan.Add, attrMembers, anchors("u1", "u2", "u3"))}},
		{Action: plan.Delete, Type: directory.User, TargetAnchor: anchor},
	}
}

func testRequests(t *testing.T, c *targetCase) {
	for _, op := range everyOperation("u1") {
		var first, second []plan.Request
		c.sendsNothing(t, "Requests", func() {
			var err error
			if first, err = c.Requests(op); err != nil {
				t.Fatalf("%s: %v", op.Action, err)
			}
			if second, err = c.Requests(op); err != nil {
				t.Fatalf("%s: %v", op.Action, err)
			}
		})
		if len(first) == 0 || first[0].Method == "" || first[0].Path == "" {
			t.Errorf("%s of a %s: no request is shown: %+v", op.Action, op.Type, first)
		}
		if diff := cmp.Diff(first, second); diff != "" {
			t.Errorf("%s: the same operation gives other requests the second time:\n%s", op.Action, diff)
		}
	}
	if p, ok := c.Target.(connectors.TestShown); ok {
		if made, err := p.TestShown(context.Background(), directory.User, directory.Group); len(made) != 2 || err != nil {
			t.Errorf("TestShown shows %v, and returns %v", made, err)
		}
	}
}

// testPending checks that what is known only after a create is shown and never sent.
func testPending(t *testing.T, c *targetCase) {
	pending := directory.KnownAfterCreate("source-anchor")
	operations := []plan.Operation{
		{Action: plan.Update, Type: directory.User, TargetAnchor: directory.PendingText, Changes: []plan.Change{text(attrDisplay, "x")}},
		{Action: plan.Update, Type: directory.User, TargetAnchor: "u1", Changes: []plan.Change{reference(plan.Add, attrManager, pending)}},
		{Action: plan.Update, Type: directory.Group, TargetAnchor: "g1", Changes: []plan.Change{reference(plan.Add, attrMembers, directory.Of(pending))}},
	}
	for i, op := range operations {
		shown, err := c.Requests(op)
		if err != nil {
			t.Fatalf("operation %d: %v", i, err)
		}
		if s := fmt.Sprintf("%s", shown); !strings.Contains(s, directory.PendingText) {
			t.Errorf("operation %d: %s does not say %q", i, s, directory.PendingText)
		}
		c.sendsNothing(t, "an operation that waits for a create", func() {
			if _, err := c.Apply(t.Context(), op); err == nil {
				t.Errorf("operation %d: no error", i)
			}
		})
	}
}

// testNoAnchor checks that no anchor can stand for a whole collection.
func testNoAnchor(t *testing.T, c *targetCase) {
	c.create(t, directory.User, ada()...)
	for _, anchor := range []string{"", " ", ".", ".."} {
		c.sendsNothing(t, fmt.Sprintf("an operation on the anchor %q", anchor), func() {
			if _, err := c.Get(t.Context(), directory.User, anchor, nil); err == nil {
				t.Errorf("get of the anchor %q: no error", anchor)
			}
			for _, action := range []plan.Action{plan.Update, plan.Delete} {
				op := plan.Operation{Action: action, Type: directory.User, TargetAnchor: anchor}
				if action == plan.Update {
					op.Changes = []plan.Change{text(attrDisplay, "x")}
				}
				if _, err := c.Apply(t.Context(), op); err == nil {
					t.Errorf("%s of the anchor %q: no error", action, anchor)
				}
			}
		})
	}
	c.sendsNothing(t, "a query without a value", func() {
		if _, err := c.Find(t.Context(), connectors.Query{Type: directory.User, Attribute: attrUserName}); err == nil {
			t.Error("find without a value: no error")
		}
	})
}

func testCancelled(t *testing.T, c *targetCase) {
	ctx := cancelled(t)
	_, err := c.Apply(ctx, plan.Operation{Action: plan.Create, Type: directory.User, Changes: ada()})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("create with a cancelled context: error %v, want context.Canceled in its chain", err)
	}
	if err := c.Test(ctx, directory.User); !errors.Is(err, context.Canceled) {
		t.Errorf("test with a cancelled context: error %v, want context.Canceled in its chain", err)
	}
	if found := c.find(t, directory.User, attrUserName, "ada@example.com"); len(found) != 0 {
		t.Errorf("the cancelled create made %v", found)
	}
}

func testConcurrent(t *testing.T, c *targetCase) {
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 5 {
				if err := c.life(t.Context(), fmt.Sprintf("user%d-%d@example.com", i, j)); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}

// life creates, finds, changes, reads and deletes one user.
func (c *targetCase) life(ctx context.Context, name string) error {
	o, err := c.Apply(ctx, plan.Operation{Action: plan.Create, Type: directory.User, Changes: []plan.Change{
		text(attrUserName, name), text(attrDisplay, "before "+name), isActive()}})
	if err != nil {
		return fmt.Errorf("create of %s: %w", name, err)
	}
	found, err := c.Find(ctx, connectors.Query{Type: directory.User, Attribute: attrUserName, Value: directory.Str(name)})
	if err != nil || len(found) != 1 || found[0].Anchor != o.Anchor {
		return fmt.Errorf("find of %s: %v, error %w", name, found, err)
	}
	op := plan.Operation{Action: plan.Update, Type: directory.User, TargetAnchor: o.Anchor, Changes: []plan.Change{
		replacing(text(attrDisplay, "after "+name), directory.Str("before "+name))}}
	if _, err := c.Apply(ctx, op); err != nil {
		return fmt.Errorf("update of %s: %w", name, err)
	}
	got, err := c.Get(ctx, directory.User, o.Anchor, []string{attrDisplay})
	if err != nil || got.Get(attrDisplay).Text() != "after "+name {
		return fmt.Errorf("get of %s: %v, error %w", name, got, err)
	}
	if _, err := c.Apply(ctx, plan.Operation{Action: plan.Delete, Type: directory.User, TargetAnchor: o.Anchor}); err != nil {
		return fmt.Errorf("delete of %s: %w", name, err)
	}
	return nil
}

func testReadOnly(t *testing.T, c *targetCase) {
	anchor := c.create(t, directory.User, ada()...)
	readOnly := connectors.NewReadOnly(c.Target)
	for _, op := range everyOperation(anchor) {
		c.sendsNothing(t, "a write on a dry run", func() {
			_, err := readOnly.Apply(t.Context(), op)
			c.expectClass(t, string(op.Action), err, connectors.ReadOnly)
		})
	}
	if _, err := readOnly.Get(t.Context(), directory.User, anchor, nil); err != nil {
		t.Errorf("a dry run reads: %v", err)
	}
}

func testFailing(t *testing.T, c *targetCase, class connectors.Class) {
	ctx := t.Context()
	c.expectClass(t, "test", c.Test(ctx, directory.User), class)
	_, err := c.Find(ctx, connectors.Query{Type: directory.User, Attribute: attrUserName, Value: directory.Str("ada@example.com")})
	c.expectClass(t, "find", err, class)
	_, err = c.Get(ctx, directory.User, "u1", []string{attrDisplay})
	c.expectClass(t, "get", err, class)
	for _, op := range everyOperation("u1") {
		_, err := c.Apply(ctx, op)
		c.expectClass(t, string(op.Action)+" of a "+string(op.Type), err, class)
	}
}
