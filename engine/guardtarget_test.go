package engine_test

import (
	"errors"
	"testing"

	"github.com/scimsync/scimsync/engine"
	"github.com/scimsync/scimsync/mapping"
	"github.com/scimsync/scimsync/scope"
)

// TestActiveByItsFullName: a mapping may name the attribute with its schema.
func TestActiveByItsFullName(t *testing.T) {
	for _, name := range []string{"urn:ietf:params:scim:schemas:core:2.0:User:active", "Active"} {
		t.Run(name, func(t *testing.T) {
			w := firm(t, 40)
			off := "False"
			w.rules(activeBy(mapping.Attribute{Constant: &off, Target: name}), defaultGroups(), scope.Settings{AssignedOnly: true})
			w.job.Fingerprint = "2"
			did, err := w.try()
			var stop *engine.GuardError
			if !errors.As(err, &stop) {
				t.Errorf("%s, error %v; %v", did, err, w.writes()[:min(2, len(w.writes()))])
			}
			equal(t, "active", w.user("p000@contoso.com")["active"], any(true))
		})
	}
}
