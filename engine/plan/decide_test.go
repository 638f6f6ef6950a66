package plan_test

import (
	"testing"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/plan"
)

var all = plan.Actions{Create: true, Update: true, Delete: true}

// TestDecide states the decision table once more, row by row.
func TestDecide(t *testing.T) {
	user := func(f func(*plan.Situation)) plan.Situation {
		s := plan.Situation{Type: directory.User, InScope: true, Standing: plan.Managed, Actions: all, CanDisable: true}
		f(&s)
		return s
	}
	for name, tt := range map[string]struct {
		s    plan.Situation
		want plan.Intent
	}{
		"in scope, connected":              {user(func(*plan.Situation) {}), plan.Align},
		"in scope, not connected":          {user(func(s *plan.Situation) { s.Standing = plan.Unconnected }), plan.Match},
		"in scope, connected, no updates":  {user(func(s *plan.Situation) { s.Actions.Update = false }), plan.Leave},
		"in scope again after suspension":  {user(func(s *plan.Situation) { s.Standing = plan.Suspended }), plan.Align},
		"in scope again after abandonment": {user(func(s *plan.Situation) { s.Standing = plan.Abandoned }), plan.Align},
		"out, not connected":               {user(func(s *plan.Situation) { s.InScope, s.Standing = false, plan.Unconnected }), plan.Leave},
		"out, connected":                   {user(func(s *plan.Situation) { s.InScope = false }), plan.Deprovision},
		"out, skipOutOfScopeDeletions":     {user(func(s *plan.Situation) { s.InScope, s.SkipOutOfScopeDeletions = false, true }), plan.Leave},
		"out, nothing disables":            {user(func(s *plan.Situation) { s.InScope, s.CanDisable = false, false }), plan.Leave},
		"out, no updates":                  {user(func(s *plan.Situation) { s.InScope, s.Actions.Update = false, false }), plan.Leave},
		"out, no deletes":                  {user(func(s *plan.Situation) { s.InScope, s.Actions.Delete = false, false }), plan.Deprovision},
		"out, suspended":                   {user(func(s *plan.Situation) { s.InScope, s.Standing = false, plan.Suspended }), plan.Leave},
		"out, suspended, initial cycle": {user(func(s *plan.Situation) {
			s.InScope, s.Standing, s.Initial = false, plan.Suspended, true
		}), plan.Deprovision},
		"out, abandoned, initial cycle": {user(func(s *plan.Situation) {
			s.InScope, s.Standing, s.Initial = false, plan.Abandoned, true
		}), plan.Leave},
		"a group out, connected":  {user(func(s *plan.Situation) { s.Type, s.InScope = directory.Group, false }), plan.Erase},
		"a group out, no deletes": {user(func(s *plan.Situation) { s.Type, s.InScope, s.Actions.Delete = directory.Group, false, false }), plan.Leave},
		"purged, managed":         {user(func(s *plan.Situation) { s.InScope, s.Presence = false, directory.HardDeleted }), plan.Erase},
		"purged, suspended": {user(func(s *plan.Situation) {
			s.InScope, s.Presence, s.Standing = false, directory.HardDeleted, plan.Suspended
		}), plan.Erase},
		"purged, abandoned": {user(func(s *plan.Situation) {
			s.InScope, s.Presence, s.Standing = false, directory.HardDeleted, plan.Abandoned
		}), plan.Release},
		"purged, not connected": {user(func(s *plan.Situation) {
			s.InScope, s.Presence, s.Standing = false, directory.HardDeleted, plan.Unconnected
		}), plan.Release},
		"purged, no deletes": {user(func(s *plan.Situation) { s.InScope, s.Presence, s.Actions.Delete = false, directory.HardDeleted, false }), plan.Release},
		"purged, with skipOutOfScopeDeletions": {user(func(s *plan.Situation) {
			s.InScope, s.Presence, s.SkipOutOfScopeDeletions = false, directory.HardDeleted, true
		}), plan.Release},
	} {
		got, reason := plan.Decide(tt.s)
		if got != tt.want || reason == "" {
			t.Errorf("%s: %v (%s), want %v", name, got, reason, tt.want)
		}
	}
}

func TestAfter(t *testing.T) {
	for name, tt := range map[string]struct {
		s       plan.Situation
		blocked bool
		want    plan.Standing
	}{
		"in scope":                      {plan.Situation{InScope: true}, false, plan.Managed},
		"unassigned":                    {plan.Situation{}, false, plan.Abandoned},
		"blocked":                       {plan.Situation{}, true, plan.Suspended},
		"soft-deleted":                  {plan.Situation{Presence: directory.SoftDeleted}, false, plan.Suspended},
		"unassigned, then soft-deleted": {plan.Situation{Presence: directory.SoftDeleted, Standing: plan.Abandoned}, false, plan.Abandoned},
	} {
		if got := plan.After(tt.s, tt.blocked); got != tt.want {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}
