package config

import "github.com/scimsync/scimsync/mapping"

// profile is a set of switches under one name: what those keys of
// target.behavior mean that a job file leaves out.
type profile struct {
	healReferences      bool
	rematchMissing      bool
	flattenNestedGroups bool
	alwaysAddMembers    bool
	flowNullValues      bool // of every attribute mapping that can be cleared

	findBeforeUpdate  bool
	memberRefNull     bool
	legacyGroupSchema bool
}

// The names of the profiles.
const (
	profileEntra     = "entra"     // Entra as it is today
	profileEntra2018 = "entra2018" // Entra as captures and samples of 2018 and 2019 show it
	profileExtended  = "extended"  // Entra, with its admitted shortcomings repaired
)

// profileNamed returns the profile of this name, and that of today's Entra for
// any other.
func profileNamed(name string) profile {
	switch name {
	case profileExtended:
		return profile{
			healReferences: true, rematchMissing: true, flattenNestedGroups: true, alwaysAddMembers: true, flowNullValues: true,
		}
	case profileEntra2018:
		return profile{findBeforeUpdate: true, memberRefNull: true, legacyGroupSchema: true}
	default:
		return profile{}
	}
}

// clears reports whether an attribute mapping that does not say so lets a
// cleared source value clear the target. What an object is matched by, what is
// written once and what has no source to be cleared do not.
func (p profile) clears(a mapping.Attribute) bool {
	return p.flowNullValues && a.MatchingPrecedence == 0 && a.Apply != mapping.OnCreate && a.Source+a.Expression != ""
}
