// Package engine runs synchronization jobs: initial and incremental cycles,
// provision on demand and dry runs, all through one flow that carries one
// object from the source to the target (see flow.go), and the schedule that
// starts them.
package engine

import (
	"time"

	"go.uber.org/zap"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/plan"
	"github.com/scimsync/scimsync/engine/state"
	"github.com/scimsync/scimsync/mapping"
	"github.com/scimsync/scimsync/scope"
)

// Job is one synchronization job, wired to its source and target.
type Job struct {
	Name   string
	Source connectors.Source
	Target connectors.Target
	// OnDemand is the target that on-demand calls write to; nil means Target.
	// With Entra they do not honour the tenant URL's feature flags
	// (scim-client-wire 1.10).
	OnDemand connectors.Target
	Rules    []Rule // users first, then groups
	// Fingerprint changes when mappings, scope or settings do: that starts a new
	// initial cycle, which keeps the connections.
	Fingerprint string
	// Digest changes whenever the job file does: a saved plan holds for one digest.
	Digest   string
	Settings Settings
	// Address tells the job's application from any other, and begins with what
	// people know it by, up to a number sign; "" if that is not known.
	Address string
	// Application is where the job provisions to, for the provisioning log.
	Application Application
	// Notifiers are told when the job goes into quarantine and when it leaves it.
	// May be empty.
	Notifiers []Notifier
}

// Rule is how objects of one type are provisioned (Graph objectMapping).
type Rule struct {
	Type    directory.ObjectType
	Scope   *scope.Scope
	Mapping *mapping.Mapping
	Actions plan.Actions
}

// Settings are the settings of a job that the engine keeps to.
type Settings struct {
	Concurrency             int           // requests to the target at a time; at least 1
	RecycleBin              time.Duration // how long an object that left the export counts as soft-deleted
	SkipOutOfScopeDeletions bool
	Guard                   Guard
	Tempo                   Tempo // how fast Entra's times pass
	// HealReferences: an object that refers to one that is not provisioned is
	// looked at again once that one is. Entra leaves it until a restart.
	HealReferences bool
	// RematchMissing: a connected object that the application no longer has is
	// matched again, and created if need be. With Entra it fails.
	RematchMissing  bool
	MembersPerPatch int // how many members one PATCH adds or removes; at least 1
	// AlwaysAddMembers: members are added also to a group whose members the
	// application showed although they were excluded. With Entra they replace
	// what is there (scim-client-wire 5.7).
	AlwaysAddMembers bool
	// KeepClearedReferences: a manager that the source has cleared stays.
	KeepClearedReferences bool
	// FindBeforeUpdate: a connected object is asked for by its matching attribute
	// too before it is updated, as Entra did in 2018 (scim-client-wire 3.6).
	FindBeforeUpdate bool
}

// Application names the application in the provisioning log.
type Application struct {
	ID          string // the service principal's id in Microsoft's log; the job's id here
	DisplayName string
}

// Engine runs jobs. All its fields are required. Its methods may be called
// from many goroutines.
type Engine struct {
	Store    state.Store
	TenantID string
	SpoolDir string // for the temporary files of a cycle
	Now      func() time.Time
	NewID    func() string // UUIDs, increasing: UUIDv7
	Logger   *zap.Logger
}

// rule returns the rule for objects of type t, nil if the job has none.
func (j Job) rule(t directory.ObjectType) *Rule {
	for i := range j.Rules {
		if j.Rules[i].Type == t {
			return &j.Rules[i]
		}
	}
	return nil
}

// Types returns the object types that the job provisions, users first.
func (j Job) Types() []directory.ObjectType {
	types := make([]directory.ObjectType, len(j.Rules))
	for i, r := range j.Rules {
		types[i] = r.Type
	}
	return types
}
