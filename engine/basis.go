package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"strings"
	"time"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/plan"
)

// planOutdated is the error code of a plan, or of one object of it, that does
// not hold any more.
const planOutdated = "PlanOutdated"

// StalePlanError says that a saved plan is not carried out, since what it was
// made from has changed. Nothing was written, to the application or to the state.
type StalePlanError struct {
	Job     string
	Made    time.Time
	Changed []string // sentences without their end
}

// Error says what has changed and what to do.
func (e *StalePlanError) Error() string {
	return fmt.Sprintf("the plan of %s for job %s is out of date: %s. Nothing was written. Make it again: scimsync plan %s --out FILE",
		e.Made.UTC().Format(time.RFC3339), e.Job, strings.Join(e.Changed, "; "), e.Job)
}

// checkPlan returns a *StalePlanError if the plan that is to be carried out was
// made from something else than what is there now.
func (c *cycle) checkPlan(ctx context.Context) error {
	if err := c.connect(ctx); err != nil {
		return err
	}
	if _, err := c.readSource(ctx); err != nil {
		return err
	}
	now, err := c.basis(ctx)
	if err != nil {
		return err
	}
	then := c.opts.Approved.basis
	changed := then.Changed(now)
	if c.toCome(then.Made) { // by its clock somebody may have been gone for long enough to be deleted
		changed = append(changed, "by the clock of this machine its time is yet to come: the clock is wrong now, or was then")
	}
	if len(changed) > 0 {
		return &StalePlanError{Job: c.job.Name, Made: then.Made, Changed: changed}
	}
	return nil
}

// basis returns what this cycle is made from.
func (c *cycle) basis(ctx context.Context) (plan.Basis, error) {
	parts, err := c.store.Digest(ctx, c.job.Name)
	if err != nil {
		return plan.Basis{}, err
	}
	r := c.record
	decides, err := json.Marshal([]any{r.Generation, r.Configuration, r.InitialCompleted})
	if err != nil {
		return plan.Basis{}, err
	}
	parts["cycles that ran"] = digest(decides)
	parts["the watermark"] = digest([]byte(r.Watermark))
	allowed, err := json.Marshal([]any{r.AllowDeletes, r.Allowed})
	if err != nil {
		return plan.Basis{}, err
	}
	parts["whether deletions are allowed"] = digest(allowed)
	x := c.execution
	return plan.Basis{
		Made: c.now, Initial: c.opts.Initial, Job: c.job.Digest, Configuration: c.job.Fingerprint, Address: c.job.Address,
		State: parts, Source: hex.EncodeToString(c.delivered.sum.Sum(nil)), Looked: c.delivered.looked,
		Users: x.Users, Groups: x.Groups, Changes: x.ImportedDeltas, SourceTime: x.SourceTime,
	}, nil
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}

// intake is what a source delivered, as a plan remembers it.
type intake struct {
	sum    hash.Hash
	looked []plan.Looked // none if there are too many
	count  int
}

func newIntake() *intake { return &intake{sum: sha256.New()} }

// add takes one change and the bytes that it is encoded as.
func (d *intake) add(ch directory.Change, encoded []byte) {
	d.sum.Write(encoded)
	if d.count++; d.count > plan.MaxLooked {
		d.looked = nil
		return
	}
	name := ch.Object.DisplayName()
	d.looked = append(d.looked, plan.Looked{Anchor: ch.Object.Anchor, Name: name, Hash: digest(encoded)})
}
