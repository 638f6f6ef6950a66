package config

import (
	"time"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/connectors/export"
	"github.com/scimsync/scimsync/connectors/scim"
	"github.com/scimsync/scimsync/connectors/scim/oauth"
	"github.com/scimsync/scimsync/engine/plan"
	"github.com/scimsync/scimsync/mapping"
	"github.com/scimsync/scimsync/scope"
)

// Job is one job file: everything that defines a synchronization job.
type Job struct {
	File     string // path of the file, made relative to the working directory
	Digest   string // SHA-256 of the file's text, in hexadecimal
	Name     string
	Source   Source
	Target   Target
	Settings Settings
	// Users and Groups say how objects of a type are provisioned; nil where they
	// are not, or where that is switched off.
	Users  *ObjectMapping
	Groups *ObjectMapping

	// Warnings are what is allowed and yet likely a mistake.
	Warnings Errors
	// Referenced are the files that ${file:PATH} names, made relative to the
	// working directory; also where secrets were skipped.
	Referenced []string

	secrets []Secret
	nameAt  *Error // the place of the name
	mailAt  *Error // the place of notificationEmail
	files   []sourceFile
}

// Source is where users and groups are read from.
type Source struct {
	Kind   string         // export
	Export export.Options // paths made relative to the working directory
}

// Target is the application that objects are provisioned to.
type Target struct {
	Kind        string // scim
	SecretToken Secret
	// HealReferences and RematchMissing repair what Entra leaves: references to
	// objects that are provisioned later, and connected objects that the
	// application has lost.
	HealReferences bool
	RematchMissing bool
	// AlwaysAddMembers, KeepClearedReferences and FindBeforeUpdate are the
	// engine's settings of these names.
	AlwaysAddMembers      bool
	KeepClearedReferences bool
	FindBeforeUpdate      bool
	CompressClock         int // how many times faster Entra's times pass; at least 1
	// SCIM are the options of the SCIM target without the secret token, so that
	// they may be printed.
	SCIM scim.Options

	profile profile

	// tokens are where access tokens come from, without the client secret and the
	// transport; nil where the secret token is used, and where secrets were skipped.
	tokens       *oauth.Options
	clientSecret Secret
}

// Options returns the options of the SCIM target with the secret token.
func (t Target) Options() scim.Options {
	o := t.SCIM
	o.SecretToken = t.SecretToken.Reveal()
	return o
}

// Settings are the settings of a job.
type Settings struct {
	AssignedOnly bool          // scope: assigned, rather than all
	Interval     time.Duration // from the end of a cycle to the next; 0 where Cron is set
	Cron         string        // a valid cron expression; "" where Interval is set
	// NotificationEmail are the addresses that get a mail when the job goes into
	// quarantine and when it leaves it.
	NotificationEmail []string
	// NotificationWebhook is the web address that is told then; zero for none.
	NotificationWebhook     Secret
	AccidentalDeletions     AccidentalDeletions
	SourceCheck             SourceCheck
	SkipOutOfScopeDeletions bool
	RecycleBin              time.Duration // how long an object that left the export counts as soft-deleted
	Concurrency             int           // requests to the target at a time
}

// AccidentalDeletions says when deletions are held back (Microsoft Learn,
// "Enable accidental deletions prevention").
type AccidentalDeletions struct {
	Enabled   bool
	Threshold int // objects deleted or disabled
	Share     int // the same, in percent of the active users, or groups
	Members   int // percent of the memberships removed
	// Window and WindowThreshold: objects deleted or disabled in so long a time,
	// in percent of the users that were active before it, and members removed in
	// percent of the memberships then.
	Window                                      time.Duration
	WindowThreshold, WindowShare, WindowMembers int
}

// SourceCheck says when a source has lost too much to be believed.
type SourceCheck struct {
	Enabled bool
	Share   int           // percent of its users, or groups, that it may lose
	Age     time.Duration // how much older than the last one it may be
	// StaleAfter is how old it may be before a cycle warns of it.
	StaleAfter time.Duration
}

// ObjectMapping says how objects of one type are provisioned (Graph
// objectMapping).
type ObjectMapping struct {
	Type       directory.ObjectType
	Actions    plan.Actions
	Filters    []scope.Filter
	Attributes []mapping.Attribute

	// Filters and Attributes made ready.
	Scope   *scope.Scope
	Mapping *mapping.Mapping
}

// Mappings returns the object mappings of the job, users before groups.
func (j *Job) Mappings() []*ObjectMapping {
	var all []*ObjectMapping
	for _, m := range []*ObjectMapping{j.Users, j.Groups} {
		if m != nil {
			all = append(all, m)
		}
	}
	return all
}

// Secrets returns the secrets of the job: its token or client secret, its key,
// and what references in the queries of its URLs stand for.
func (j *Job) Secrets() []Secret { return j.secrets }
