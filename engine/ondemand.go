package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"go.uber.org/zap"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/state"
)

// NotFoundError says that nothing, or more than one object, in the source has
// the name that was asked for.
type NotFoundError struct {
	Name  string
	Found []directory.Object // empty, or the objects that share the name
}

// Error names the objects that share the name, so that one can be chosen.
func (e *NotFoundError) Error() string {
	if len(e.Found) == 0 {
		return fmt.Sprintf("nothing in the source is called %q: no user or group has this object id, userPrincipalName, mail or displayName", e.Name)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d objects in the source are called %q; give the object id of one of them:", len(e.Found), e.Name)
	for _, o := range e.Found {
		fmt.Fprintf(&b, "\n  %s  %s %s", o.Anchor, o.Type, o.DisplayName())
	}
	return b.String()
}

// one returns the only object of the job that has this name.
func (j Job) one(ctx context.Context, name string) (directory.Object, error) {
	found, err := j.Source.Find(ctx, name)
	if err != nil {
		return directory.Object{}, fmt.Errorf("reading the source: %w", err)
	}
	if len(found) != 1 {
		return directory.Object{}, &NotFoundError{Name: name, Found: found}
	}
	if j.rule(found[0].Type) == nil {
		return directory.Object{}, fmt.Errorf("%s is a %s, and job %s does not provision %ss",
			name, strings.ToLower(string(found[0].Type)), j.Name, strings.ToLower(string(found[0].Type)))
	}
	return found[0], nil
}

// onDemand returns the only object of this name, if it is one that can be
// provisioned on demand: one that is in the source, and no user who is blocked.
// Unassigning somebody disables the account on demand, blocking and deleting
// them does not (Microsoft Learn, "On-demand provisioning", Known limitations).
func (e *Engine) onDemand(ctx context.Context, job Job, name string) (directory.Object, error) {
	object, err := job.one(ctx, name)
	var missing *NotFoundError
	if errors.As(err, &missing) && len(missing.Found) == 0 {
		if c, findErr := e.FindConnection(ctx, job.Name, name); findErr == nil {
			return object, fmt.Errorf("%s (%s) has left the source: on demand, only objects that are present are provisioned; the next cycle deals with it",
				c.DisplayName, c.SourceAnchor)
		}
	}
	if err != nil {
		return object, err
	}
	if why := notOnDemand(object); why != "" {
		return object, fmt.Errorf("%s is %s", name, why)
	}
	return object, nil
}

// notOnDemand says what an object is that is not provisioned on demand, "" if
// it is.
func notOnDemand(o directory.Object) string {
	enabled, told := o.Get("accountEnabled").Boolean()
	switch {
	case o.Presence != directory.Present:
		return fmt.Sprintf("%s in the source: on demand, only objects that are present are provisioned; the next cycle deals with it", o.Presence)
	case o.Type == directory.User && told && !enabled:
		return "blocked in the source (accountEnabled is False): on demand, neither blocked nor deleted users are provisioned; " +
			"the next cycle deals with them"
	default:
		return ""
	}
}

// Provision carries one user or group through the flow now, its references
// included, whether it changed or not (Microsoft Learn, "On-demand
// provisioning"). It returns what the flow made of it: one result, and a
// second one if references were set. It works on a paused job too.
func (e *Engine) Provision(ctx context.Context, job Job, name string, opts Options) ([]Result, error) {
	if job.OnDemand != nil {
		job.Target = job.OnDemand
	}
	object, err := e.onDemand(ctx, job, name)
	if err != nil {
		return nil, err
	}
	chosen, err := e.chosen(ctx, job, object, opts.Members)
	if err != nil {
		return nil, err
	}
	var results []Result
	opts.Initial, opts.Observe = false, func(r Result) error {
		results = append(results, r)
		return nil
	}
	c := e.newCycle(job, opts)
	c.onDemand = true
	defer c.closeSpools()
	unlock, err := c.store.Lock(ctx, job.Name)
	if err != nil {
		return nil, busy(job.Name, err)
	}
	err = contained(func() error { return c.provision(ctx, object, chosen) })
	e.report(err, zap.String("job", job.Name), zap.String("object", object.Anchor))
	if e := unlock(); err == nil && e != nil {
		err = e
	}
	return results, err
}

// provision carries the object through the flow, of its members the chosen
// ones alone, if any were.
func (c *cycle) provision(ctx context.Context, object directory.Object, chosen []string) error {
	if err := c.load(ctx); err != nil {
		return err
	}
	if err := c.target.Test(ctx, c.job.Types()...); err != nil {
		return fmt.Errorf("testing the connection: %w", err)
	}
	if err := c.guardAddress(ctx); err != nil {
		return err
	}
	if err := c.enter(ctx); err != nil { // a job that never ran is remembered from now on
		return err
	}
	change := directory.Change{Object: object, Hash: object.Hash()}
	connections, err := c.store.Connections(ctx, c.job.Name, []string{object.Anchor})
	if err != nil {
		return err
	}
	_, connected := connections[object.Anchor]
	change.New = !connected
	if len(chosen) > 0 {
		if change.Object, err = c.choose(ctx, object, chosen); err != nil {
			return err
		}
	}
	err = c.imports[object.Type].append(func(b []byte) []byte { return directory.AppendChange(b, change) })
	if err != nil {
		return err
	}
	rule := c.job.rule(object.Type)
	if err := c.objects(ctx, rule); err != nil {
		return err
	}
	return c.references(ctx, rule)
}

// load reads what is remembered of the job.
func (c *cycle) load(ctx context.Context) (err error) {
	if c.record, err = c.store.Job(ctx, c.job.Name); err != nil {
		return fmt.Errorf("job %s: %w", c.job.Name, err)
	}
	if c.job.Application.ID == "" {
		c.job.Application.ID = c.record.ID
	}
	if err := c.readUnanswered(ctx); err != nil {
		return err
	}
	return c.store.Escrows(ctx, c.job.Name, func(e state.Escrow) error {
		e.Message, e.DisplayName = "", "" // there may be many
		c.escrows[e.SourceAnchor] = e
		return nil
	})
}
