package engine

import (
	"context"
	"fmt"
	"strings"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/state"
)

// Connections hold the ids of one application. In another one the same ids may be
// of other people, whose accounts would be overwritten, disabled and deleted.

// guardAddress returns a *GuardError if the connections are of another
// application than the one that the job provisions to now. Where they are of this
// one, it sees to it that this is remembered before anything is written.
func (c *cycle) guardAddress(ctx context.Context) error {
	then, now := c.record.Address, c.job.Address
	if now == "" || now == then {
		return nil
	}
	if allowed := c.record.Allowed; then != "" && (allowed == nil || allowed.Address != now) {
		counts, err := c.store.Counts(ctx, c.job.Name)
		if err != nil {
			return err
		}
		if n := counts.Connections[directory.User] + counts.Connections[directory.Group]; n > 0 {
			from, to := place(then), place(now)
			if from == to {
				to = "another path there"
			}
			return &GuardError{Reason: quarantineException, Message: fmt.Sprintf(
				"the tenant URL is another one: the job's %d connections are to objects of the application at %s, and it is at %s now, where the same ids may be of others. Nothing was written. "+
					"If that is the same application, \"scimsync allow-deletes %s\" lets the next cycle go on; if it is another one, \"scimsync restart %s --reset connections\" has every object matched again; "+
					"else correct the tenant URL", n, from, to, c.job.Name, c.job.Name)}
		}
		if err := c.forgetDoubts(ctx); err != nil {
			return err
		}
	}
	if then == "" {
		if err := c.warnOfOthers(ctx); err != nil {
			return err
		}
	}
	c.record.Address = now
	if c.opts.DryRun {
		return nil
	}
	return c.store.SaveJob(ctx, c.record)
}

// elsewhere reports whether the connections are of another application than the
// one that answers: who has which id in it says nothing.
func (c *cycle) elsewhere() bool {
	then, now := c.record.Address, c.job.Address
	return then != "" && now != "" && then != now
}

// forgetDoubts forgets what may have been done in another application: here the
// account of that name, and the object of that id, are somebody else's.
func (c *cycle) forgetDoubts(ctx context.Context) error {
	clear(c.unanswered)
	if c.opts.DryRun {
		return nil
	}
	return c.store.Reset(ctx, c.job.Name, state.Reset{Doubts: true})
}

// warnOfOthers warns of other jobs with connections to the application: this one
// may be one of them under another name, and does not know whom that has made.
func (c *cycle) warnOfOthers(ctx context.Context) error {
	jobs, err := c.store.Jobs(ctx)
	if err != nil {
		return err
	}
	for _, other := range jobs {
		if other.Address != c.job.Address || other.Name == c.job.Name {
			continue
		}
		counts, err := c.store.Counts(ctx, other.Name)
		if err != nil {
			return err
		}
		if n := counts.Connections[directory.User] + counts.Connections[directory.Group]; n > 0 {
			c.warn(fmt.Sprintf("The state has a job %s with %d connections to the application at %s. If this is that job under another name, give it the old one again: "+
				"it does not know them, and whoever has left since the last cycle of %s stays active. If both are to run, nobody may be in scope of both: what leaves the scope of one is disabled",
				other.Name, n, place(other.Address), other.Name))
		}
	}
	return nil
}

// place is what people know an address by.
func place(address string) string {
	name, _, _ := strings.Cut(address, "#")
	return name
}
