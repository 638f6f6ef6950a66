// Package state is what scimsync remembers between cycles: jobs with their
// watermark and status, object connections, what was seen of the source,
// which references were set, and the objects to try again. The Store contract
// lives here; its implementations are in the folders below, and statetest
// holds the suite that each of them passes.
package state

import (
	"context"
	"errors"
	"time"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/plan"
	"github.com/scimsync/scimsync/engine/provlog"
)

// Errors of a store.
var (
	ErrLocked   = errors.New("another cycle of this job is running")
	ErrReadOnly = errors.New("a dry run never writes to the state")
	ErrDamaged  = errors.New("the state is damaged")
	ErrNewer    = errors.New("the state was written by a newer version")
	ErrAnchor   = errors.New("the target object is connected to another source object")
)

// Store keeps the state of many jobs, each by its name. Its methods may be
// called from many goroutines. What a method wrote is seen by every later
// call, also of another process.
type Store interface {
	provlog.Log

	// Job returns the job's record, and a new one with a fresh ID if the job is
	// not known yet (which is not stored before SaveJob).
	Job(ctx context.Context, name string) (Job, error)
	// SaveJob stores the record whole.
	SaveJob(ctx context.Context, job Job) error
	// Jobs returns the records of all jobs, sorted by name.
	Jobs(ctx context.Context) ([]Job, error)

	// Lock takes the right to run a cycle of the job, between goroutines and
	// processes, and returns ErrLocked at once if it is taken. A lock ends with
	// its process, however that ends.
	Lock(ctx context.Context, job string) (unlock func() error, err error)

	// Locked reports whether somebody has the lock. Who asks never keeps others from
	// taking it.
	Locked(ctx context.Context, job string) (bool, error)

	// Snapshot returns what was seen of the source. Records of another
	// generation than this, objects whose escrow is due at now, and objects that
	// waited for one that is connected by now, are Due.
	Snapshot(ctx context.Context, job string, generation int64, now time.Time) (*connectors.Snapshot, error)

	// Connections returns the object connections of these source objects, by
	// source anchor. Anchors that have none are left out. A batch of a thousand
	// anchors is one query.
	Connections(ctx context.Context, job string, anchors []string) (map[string]Connection, error)
	// ConnectionByTarget returns the connection of a target object; ok is false
	// if there is none.
	ConnectionByTarget(ctx context.Context, job string, t directory.ObjectType, targetAnchor string) (c Connection, ok bool, err error)
	// AllConnections calls yield with every connection of the job, users before
	// groups, sorted by source anchor.
	AllConnections(ctx context.Context, job string, yield func(Connection) error) error

	// Links returns the target anchors that an attribute of a source object
	// (such as a group's members) was made to refer to, as a set.
	Links(ctx context.Context, job, sourceAnchor, attribute string) (map[string]struct{}, error)

	// Escrows calls yield with the objects that failed and wait for another
	// try, sorted by the time of the next one.
	Escrows(ctx context.Context, job string, yield func(Escrow) error) error

	// Unanswered calls yield with what the target objects would be found by whose
	// create got no answer, sorted by type and source anchor.
	Unanswered(ctx context.Context, job string, yield func(Sent) error) error

	// Record stores the outcomes in one transaction, in order: all of them or
	// none. It returns ErrAnchor, naming both source objects, if an outcome
	// would connect a target object that is connected to another source object.
	Record(ctx context.Context, job string, outcomes []Outcome) error

	// LogBegun moves to the log, in one transaction, what was Begun in the job and
	// never Ended, and returns how many entries that were: whoever wrote it has died,
	// or was told to stop. The caller holds the job's lock.
	LogBegun(ctx context.Context, job string) (int64, error)

	// Reset forgets what it is told to of the job, in one transaction. The
	// provisioning log stays.
	Reset(ctx context.Context, job string, what Reset) error

	// SetPaused notes since when the job is paused, or, with the zero time, that
	// it is not. One that is paused already stays so since then. It is kept apart
	// from the job's record: it may be called while a cycle of the job runs,
	// which saves the record whole at its end.
	SetPaused(ctx context.Context, job string, since time.Time) error
	// Paused returns since when the job is paused, the zero time if it is not. It
	// is quick enough to be asked after each Record.
	Paused(ctx context.Context, job string) (since time.Time, err error)

	// Seen returns what was seen of a source object; ok is false if it never was.
	// Due is set as Snapshot sets it for its generation alone.
	Seen(ctx context.Context, job string, t directory.ObjectType, anchor string, generation int64) (r connectors.Record, ok bool, err error)

	// Unlink drops the connection of a source object and nothing else of it, so
	// that the object is matched again, in one transaction; found is false if
	// there is none. The object is Due, and so is every object that was made to
	// refer to its target object, whose links stay: the target still holds them.
	// Of the object's own links nobody knows to which target object they will
	// belong: doubt is put behind their attribute.
	Unlink(ctx context.Context, job, sourceAnchor, doubt string) (found bool, err error)

	// Digest returns a hash of each part of what decides what the job's next cycle
	// does, by what people call it: PartSeen and the others. The job's record and
	// the provisioning log are none of them, nor is a pause.
	Digest(ctx context.Context, job string) (map[string]string, error)

	// Counts returns how many connections and escrows the job has, by object type.
	Counts(ctx context.Context, job string) (Counts, error)
	// Taken returns the sum of the losses that were recorded from since to until,
	// both included. Those that are older than what the log has are purged with it.
	Taken(ctx context.Context, job string, since, until time.Time) (Taken, error)
	// Memberships returns how many references of groups were set, those in doubt
	// included, and each once.
	Memberships(ctx context.Context, job string) (int64, error)

	// Close releases the store. The locks that it holds end.
	Close() error
}

// The parts of a Digest.
const (
	PartSeen        = "what was seen of the source"
	PartConnections = "object connections"
	PartLinks       = "references that were set"
	PartMissing     = "references that wait for their object"
	PartEscrows     = "objects that failed"
	PartUnanswered  = "creates without an answer"
)

// Job is what is remembered of one synchronization job.
type Job struct {
	Name string `json:"name"`
	ID   string `json:"id"` // Graph's form: scim.<32 hex digits>.<GUID>
	// Generation counts the initial cycles: a record of the source that bears
	// an earlier generation is evaluated again.
	Generation int64 `json:"generation"`
	// Configuration is a hash of what, when it changes, starts a new initial
	// cycle: mappings, scope and settings.
	Configuration string `json:"configuration"`
	// Address tells which application the connections are of; "" if not known.
	Address string `json:"address,omitempty"`
	// InitialCompleted is when the initial cycle of this generation ended.
	InitialCompleted time.Time `json:"initialCompleted"`
	Watermark        string    `json:"watermark"`

	// Running is when the cycle began that is under way, or whose process died; zero
	// if the last one came to its end.
	Running          time.Time  `json:"running,omitzero"`
	Last             *Execution `json:"last,omitempty"`            // the last cycle, however it ended
	LastSuccess      *Execution `json:"lastSuccess,omitempty"`     // the last one without an error
	LastWithExports  *Execution `json:"lastWithExports,omitempty"` // the last successful one that wrote
	SteadyStateFirst time.Time  `json:"steadyStateFirst"`          // first cycle that left nothing to do
	SteadyStateLast  time.Time  `json:"steadyStateLast"`           // last such cycle
	// AllowDeletes lets the next cycle disable and delete as many objects as it
	// would, once (Graph's reset scope ForceDeletes).
	AllowDeletes bool `json:"allowDeletes"`
	// Allowed is what of it was held back when somebody allowed it: what comes on
	// top is guarded as ever. nil if nothing was held back: then all is allowed.
	Allowed *Held `json:"allowed,omitempty"`
	// Held is what a guard held back last, nil once a cycle ran to its end. It
	// outlives the quarantine, which another reason or a person may end.
	Held *Held `json:"held,omitempty"`
	// DeletesAllowed is when the last cycle ended that was let so: what was
	// disabled and deleted before does not count to any guard.
	DeletesAllowed   time.Time   `json:"deletesAllowed"`
	Quarantine       *Quarantine `json:"quarantine,omitempty"`
	CompleteFailures int64       `json:"completeFailures"` // cycles in a row that could not run
	// Told is what those who are told of the job were told last, by the name of
	// the notifier. Who knows of no quarantine is not in it.
	Told map[string]Told `json:"told,omitempty"`
}

// Quarantine says why a job cannot do its work until somebody acts (Graph
// synchronizationQuarantine).
type Quarantine struct {
	// Reason is Graph's: EncounteredQuarantineException,
	// EncounteredEscrowProportionThreshold, EncounteredBaseEscrowThreshold,
	// EncounteredTotalEscrowThreshold, TooManyDeletes or IngestionInterrupted.
	Reason  string    `json:"reason"`
	Code    string    `json:"code"` // the error code behind it
	Message string    `json:"message"`
	Began   time.Time `json:"began"` // of this reason
	// The series of cycles in quarantine, whatever their reasons: when it began
	// and how many there were.
	SeriesBegan time.Time `json:"seriesBegan"`
	SeriesCount int64     `json:"seriesCount"`
	NextAttempt time.Time `json:"nextAttempt"` // no cycle begins by itself before
	Expires     time.Time `json:"expires"`     // none does afterwards: the job is disabled
}

// Held is what a cycle would have done that a guard has stopped.
type Held struct {
	Users        int64            `json:"users"`   // disabled or deleted
	Groups       int64            `json:"groups"`  // disabled or deleted
	Members      int64            `json:"members"` // removed from their groups
	SourceUsers  int64            `json:"sourceUsers"`
	SourceGroups int64            `json:"sourceGroups"`
	SourceHas    map[string]int64 `json:"sourceHas,omitempty"`
	SourceTime   time.Time        `json:"sourceTime"` // when the source was written
	// SourceLists is when each of its lists was.
	SourceLists map[string]time.Time `json:"sourceLists,omitempty"`
	Address     string               `json:"address,omitempty"`
	Since       time.Time            `json:"since"` // when somebody allowed it: what was done by then is no part of it
}

// Told is a quarantine that somebody was told of.
type Told struct {
	Reason string    `json:"reason"`
	Began  time.Time `json:"began"`
}

// Execution is one cycle that ended (Graph synchronizationTaskExecution).
type Execution struct {
	CycleID string    `json:"cycleId"`
	Initial bool      `json:"initial"`
	State   string    `json:"state"` // Succeeded | Failed | EntryLevelErrors
	Began   time.Time `json:"began"`
	Ended   time.Time `json:"ended"`
	// Summary counts objects, by what happened to them.
	Summary plan.Summary `json:"summary"`
	// Counts of Graph's synchronizationTaskExecution.
	Imported int64 `json:"imported"` // objects present in the source
	Users    int64 `json:"users"`    // of these
	Groups   int64 `json:"groups"`   // of these
	// SourceHas counts the users of the source who have some attributes.
	SourceHas  map[string]int64 `json:"sourceHas,omitempty"`
	SourceTime time.Time        `json:"sourceTime"` // when the source was written
	// SourceLists is when each of its lists was.
	SourceLists    map[string]time.Time `json:"sourceLists,omitempty"`
	ImportedDeltas int64                `json:"importedDeltas"` // objects that the cycle had to look at
	Entitled       int64                `json:"entitled"`       // of those, in scope
	Exported       int64                `json:"exported"`       // objects written
	Exports        int64                `json:"exports"`        // write requests
	Escrowed       int64                `json:"escrowed"`       // objects that failed in this cycle
	ErrorCode      string               `json:"errorCode,omitempty"`
	ErrorMessage   string               `json:"errorMessage,omitempty"`
	Guard          string               `json:"guard,omitempty"`      // of a plan: why a guard would stop the cycle
	Quarantine     string               `json:"quarantine,omitempty"` // the reason for which the job is in quarantine since
	// Warnings are what went well and yet is likely a mistake, of the source or of
	// the application.
	Warnings []string `json:"warnings,omitempty"`
}

// ConnectionStatus says how a connected object stands.
type ConnectionStatus string

// The statuses of a connection.
const (
	Active     ConnectionStatus = "active"
	Disabled   ConnectionStatus = "disabled"   // soft-deleted or blocked in the source, disabled in the target
	Unassigned ConnectionStatus = "unassigned" // left scope; disabled and no longer managed until it returns
	Deleting   ConnectionStatus = "deleting"   // was to be deleted, and no answer says whether it was
)

// Connection links a source object to its target object (Microsoft Learn,
// "Manage object connections").
type Connection struct {
	Type         directory.ObjectType `json:"objectType"`
	SourceAnchor string               `json:"sourceAnchor"`
	TargetAnchor string               `json:"targetAnchor"`
	DisplayName  string               `json:"displayName"` // of the source object when last seen
	Status       ConnectionStatus     `json:"status"`
	Since        time.Time            `json:"since"`            // when connected
	Updated      time.Time            `json:"updated,omitzero"` // when last written to; zero if never
}

// Escrow is an object whose last try failed (Microsoft Learn, "Application
// provisioning in quarantine status").
type Escrow struct {
	Type         directory.ObjectType `json:"objectType"`
	SourceAnchor string               `json:"sourceAnchor"`
	DisplayName  string               `json:"displayName"`
	Reference    bool                 `json:"reference"` // only a reference of it failed
	Code         string               `json:"errorCode"`
	Message      string               `json:"errorMessage"`
	Attempts     int                  `json:"attempts"`
	First        time.Time            `json:"firstFailure"`
	Next         time.Time            `json:"nextAttempt"`
}

// Sent is what a target object would be found by that was to be created, where
// no answer says whether it was: one of the matching attributes of the request.
type Sent struct {
	Type         directory.ObjectType
	SourceAnchor string
	Attribute    string // target attribute name
	Value        string
}

// Reset says what is forgotten of a job (Graph's reset scopes; Microsoft Graph,
// synchronizationJobRestartCriteria).
type Reset struct {
	// Connections: every object is matched again. The references that were set stay,
	// for the target still holds them: Doubt is put behind their attribute, as
	// Unlink does.
	Connections bool
	Doubt       string
	// Escrows: what was seen of the objects in escrow is Due, so that the next cycle
	// looks at them, and they are not lost.
	Escrows bool
	// Doubts: the references that were set and the creates without an answer. They
	// are of another application.
	Doubts bool
}

// Counts are the numbers of connections and escrows of a job.
type Counts struct {
	Connections map[directory.ObjectType]int64
	Active      map[directory.ObjectType]int64 // of these, those with the status active
	Escrows     int64
	References  int64 // escrows of which a reference alone failed
	Failing     int64 // connected objects that are in escrow, not for a reference alone
}

// Outcome is everything that is to be remembered of one object's flow, stored
// as one. Nil and empty fields leave alone what is stored.
type Outcome struct {
	Type         directory.ObjectType
	SourceAnchor string

	Seen       *Seen       // what was seen of the source object
	Forget     bool        // drop what was seen: the object is gone for good
	Connect    *Connection // the connection as it is now
	Disconnect bool        // drop the connection, the object's links, and links to its target object
	// Await: the objects that have links to the target object, or had them until
	// Disconnect, wait for this one to be connected, as if it were Missing of
	// theirs. With Disconnect alone, they wait no more.
	Await  bool
	Link   []Link // references that were set
	Unlink []Link // references that were removed
	// Missing are the source objects that references of this one wait for. It is
	// stored with Seen, and replaces what was noted before: once one of them is
	// connected, this object is Due.
	Missing []string
	Escrow  *Escrow // the object failed
	Release bool    // the object has left escrow
	// Sent is added to what is known of creates without an answer. Answered drops
	// what was known of the object's before: it is not in doubt any more.
	Sent     []Sent
	Answered bool
	Loss     *Loss // what was taken away
	// Begun is the log entry of what is about to be written to the object, should
	// nobody come to record what became of it: LogBegun logs it. It takes the place
	// of an earlier one, and Ended drops it.
	Begun *provlog.Event
	Ended bool
	Event *provlog.Event
}

// Seen is what a source object looked like when it was done.
type Seen struct {
	Hash       directory.Hash
	Presence   directory.Presence
	Listed     bool
	Since      time.Time
	Generation int64
}

// Link says that an attribute of a source object was made to refer to a
// target object.
type Link struct {
	Attribute    string
	TargetAnchor string
}
