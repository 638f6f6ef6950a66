package plan

import "github.com/scimsync/scimsync/connectors/directory"

// Intent is what is to be done about one source object, before the target is
// asked.
type Intent uint8

// The intents.
const (
	// Leave: no request is sent.
	Leave Intent = iota
	// Match: find the target object by the matching attributes, then update or create.
	Match
	// Align: read the connected target object and update what differs.
	Align
	// Deprovision: disable the connected target object by what its mapping
	// makes of IsSoftDeleted.
	Deprovision
	// Erase: delete the connected target object.
	Erase
	// Release: drop the connection without a request; the object is no longer managed.
	Release
)

// Standing is how a source object stands with the target.
type Standing uint8

// The standings.
const (
	Unconnected Standing = iota
	Managed              // connected
	Suspended            // connected; disabled, for the source object is soft-deleted or blocked
	Abandoned            // connected; left scope, disabled, and not managed until it returns
)

// Actions are the target object actions that are ticked in an object mapping
// (Microsoft Learn, "Customize user provisioning attribute-mappings").
type Actions struct {
	Create bool
	Update bool
	Delete bool
}

// Situation is everything that the decision depends on.
type Situation struct {
	Type     directory.ObjectType
	Presence directory.Presence
	InScope  bool
	Standing Standing
	Actions  Actions

	// CanDisable: the mapping turns IsSoftDeleted into a target attribute. Only
	// then can an object be disabled.
	CanDisable bool
	// SkipOutOfScopeDeletions is the job setting of that name.
	SkipOutOfScopeDeletions bool
	// Initial: every object is evaluated again, also one that is disabled already.
	Initial bool
}

// Decide returns what is to be done, and the reason in a sentence without a
// full stop. It is this table; the first row that fits counts.
//
//	source object           connection   more                         intent
//	hard-deleted            none                                      Release
//	hard-deleted            abandoned                                 Release (unassigned first: no DELETE)
//	hard-deleted            connected    delete not ticked            Release
//	hard-deleted            connected    skipOutOfScopeDeletions      Release
//	hard-deleted            connected                                 Erase
//	in scope                none                                      Match
//	in scope                connected    update not ticked            Leave
//	in scope                connected                                 Align
//	out of scope            none                                      Leave (never asked about, never created)
//	out of scope            connected    skipOutOfScopeDeletions      Leave
//	out of scope, a group   connected    delete not ticked            Leave
//	out of scope, a group   connected                                 Erase (groups have no active)
//	out of scope, a user    abandoned                                 Leave
//	out of scope, a user    suspended    not an initial cycle         Leave (disabled already)
//	out of scope, a user    connected    nothing maps IsSoftDeleted   Leave
//	out of scope, a user    connected    update not ticked            Leave
//	out of scope, a user    connected                                 Deprovision
//
// "Out of scope" covers unassigned, filtered out, soft-deleted and blocked
// (Microsoft Learn, "How provisioning works", Deprovisioning).
func Decide(s Situation) (Intent, string) {
	switch {
	case s.Presence == directory.HardDeleted:
		return decideHardDeleted(s)
	case s.InScope:
		return decideInScope(s)
	default:
		return decideOutOfScope(s)
	}
}

func decideHardDeleted(s Situation) (Intent, string) {
	switch {
	case s.Standing == Unconnected:
		return Release, "hard-deleted in the source, and never provisioned"
	case s.Standing == Abandoned:
		return Release, "hard-deleted in the source after it had left scope: it was no longer managed, so it is not deleted"
	case !s.Actions.Delete:
		return Release, "hard-deleted in the source, but the Delete action is not enabled"
	case s.SkipOutOfScopeDeletions:
		return Release, "hard-deleted in the source, but skipOutOfScopeDeletions is set"
	default:
		return Erase, "hard-deleted in the source"
	}
}

func decideInScope(s Situation) (Intent, string) {
	switch {
	case s.Standing == Unconnected:
		return Match, "in scope, not connected yet"
	case !s.Actions.Update:
		return Leave, "the Update action is not enabled"
	default:
		return Align, "in scope"
	}
}

func decideOutOfScope(s Situation) (Intent, string) {
	switch {
	case s.Standing == Unconnected:
		return Leave, "never provisioned"
	case s.SkipOutOfScopeDeletions:
		return Leave, "skipOutOfScopeDeletions is set"
	case s.Type == directory.Group && !s.Actions.Delete:
		return Leave, "the Delete action is not enabled"
	case s.Type == directory.Group:
		return Erase, "a group cannot be disabled"
	case s.Standing == Abandoned:
		return Leave, "out of scope since earlier, and no longer managed"
	case s.Standing == Suspended && !s.Initial:
		return Leave, "disabled already"
	case !s.CanDisable:
		return Leave, "no attribute mapping reads IsSoftDeleted, so it is not disabled"
	case !s.Actions.Update:
		return Leave, "the Update action is not enabled"
	default:
		return Deprovision, "out of scope"
	}
}

// After returns how the object stands once the intent was carried out.
// Presence soft-deleted and a blocked account suspend; everything else that
// leaves scope abandons, and stays abandoned until it returns.
func After(s Situation, blocked bool) Standing {
	switch {
	case s.InScope && s.Presence == directory.Present:
		return Managed
	case s.Standing == Abandoned:
		return Abandoned
	case s.Presence != directory.Present || blocked:
		return Suspended
	default:
		return Abandoned
	}
}
