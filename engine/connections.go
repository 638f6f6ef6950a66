package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/provlog"
	"github.com/scimsync/scimsync/engine/state"
)

// ConnectionFilter selects object connections. Empty fields select everything.
type ConnectionFilter struct {
	Type   directory.ObjectType
	Status state.ConnectionStatus
	Name   string // part of the display name, without case
}

// Connections calls yield with the object connections of the job that the
// filter selects, users before groups, sorted by source anchor. It streams.
func (e *Engine) Connections(ctx context.Context, job string, filter ConnectionFilter, yield func(state.Connection) error) error {
	name := provlog.Fold(filter.Name)
	return e.Store.AllConnections(ctx, job, func(c state.Connection) error {
		if filter.Type != "" && c.Type != filter.Type || filter.Status != "" && c.Status != filter.Status ||
			!strings.Contains(provlog.Fold(c.DisplayName), name) {
			return nil
		}
		return yield(c)
	})
}

// ConnectionDetails is an object connection with what else is remembered of
// its object.
type ConnectionDetails struct {
	state.Connection
	// Links are the numbers of references that are set, by target attribute.
	Links  map[string]int `json:"links"`
	Escrow *state.Escrow  `json:"escrow"` // nil if the object did not fail
	Last   *provlog.Event `json:"lastEntry"`
}

// NoConnectionError says that no object connection, or more than one, is known
// by an anchor or name.
type NoConnectionError struct {
	Job, ID string
	Found   []state.Connection // none, or the ones that share the name
}

// Error names the connections that share the name, so that one can be chosen.
func (e *NoConnectionError) Error() string {
	if len(e.Found) == 0 {
		return fmt.Sprintf("no object connection of job %s has the source anchor, target anchor or display name %q; "+
			"\"scimsync connections %s --name PART\" lists those whose name contains a part", e.Job, e.ID, e.Job)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d object connections of job %s are called %q; give the source anchor of one of them:", len(e.Found), e.Job, e.ID)
	for _, c := range e.Found {
		fmt.Fprintf(&b, "\n  %s  %s %s, target anchor %s", c.SourceAnchor, c.Type, c.DisplayName, c.TargetAnchor)
	}
	return b.String()
}

// errEnough ends a walk over the connections.
var errEnough = errors.New("enough")

// maxShared is how many connections of one name an error lists.
const maxShared = 10

// FindConnection returns the object connection with this source anchor, else
// with this target anchor (Microsoft Learn, "Manage provisioning object
// connections using Microsoft Graph"), else with this display name, compared
// without case, else with the userPrincipalName that the provisioning log has.
// Its error is a *NoConnectionError if that is not one.
func (e *Engine) FindConnection(ctx context.Context, job, id string) (state.Connection, error) {
	bySource, err := e.Store.Connections(ctx, job, []string{id})
	if err != nil {
		return state.Connection{}, err
	}
	if c, ok := bySource[id]; ok {
		return c, nil
	}
	var found []state.Connection
	for _, t := range []directory.ObjectType{directory.User, directory.Group} {
		c, ok, err := e.Store.ConnectionByTarget(ctx, job, t, id)
		if err != nil {
			return state.Connection{}, err
		}
		if ok {
			found = append(found, c)
		}
	}
	if len(found) == 0 {
		err = e.Store.AllConnections(ctx, job, func(c state.Connection) error {
			if strings.EqualFold(c.DisplayName, id) || strings.EqualFold(c.SourceAnchor, id) {
				if found = append(found, c); len(found) == maxShared {
					return errEnough
				}
			}
			return nil
		})
		if err != nil && !errors.Is(err, errEnough) {
			return state.Connection{}, err
		}
	}
	if len(found) == 0 {
		if found, err = e.connectionOf(ctx, job, id); err != nil {
			return state.Connection{}, err
		}
	}
	if len(found) != 1 {
		return state.Connection{}, &NoConnectionError{Job: job, ID: id, Found: found}
	}
	return found[0], nil
}

// connectionOf returns the connection, if there is one, of whom the provisioning
// log has known last by a userPrincipalName: of somebody who has left the source
// nothing else is left that has it.
func (e *Engine) connectionOf(ctx context.Context, job, principal string) (found []state.Connection, err error) {
	record, err := e.Store.Job(ctx, job)
	if err != nil {
		return nil, err
	}
	anchor := ""
	err = e.Store.Events(ctx, provlog.Query{JobID: record.ID, User: principal}, func(event provlog.Event) error {
		if strings.EqualFold(event.SourceIdentity.Details["UserPrincipalName"], principal) {
			anchor = event.SourceIdentity.ID
		}
		return nil
	})
	if err != nil || anchor == "" {
		return nil, err
	}
	connections, err := e.Store.Connections(ctx, job, []string{anchor})
	if c, ok := connections[anchor]; ok {
		found = append(found, c)
	}
	return found, err
}

// Connection returns the object connection that FindConnection finds, with
// what else is remembered of its object.
func (e *Engine) Connection(ctx context.Context, job Job, id string) (ConnectionDetails, error) {
	c, err := e.FindConnection(ctx, job.Name, id)
	if err != nil {
		return ConnectionDetails{}, err
	}
	d := ConnectionDetails{Connection: c, Links: map[string]int{}}
	if rule := job.rule(c.Type); rule != nil {
		for _, attribute := range rule.Mapping.References() {
			links, err := e.Store.Links(ctx, job.Name, c.SourceAnchor, attribute)
			if err != nil {
				return d, err
			}
			if len(links) > 0 {
				d.Links[attribute] = len(links)
			}
		}
	}
	if d.Escrow, err = e.escrowOf(ctx, job.Name, c.Type, c.SourceAnchor); err != nil {
		return d, err
	}
	d.Last, err = e.lastEntry(ctx, job.Name, c.SourceAnchor)
	return d, err
}

// escrowOf returns the object's escrow, nil if it has none.
func (e *Engine) escrowOf(ctx context.Context, job string, t directory.ObjectType, anchor string) (found *state.Escrow, err error) {
	err = e.Store.Escrows(ctx, job, func(x state.Escrow) error {
		if x.Type == t && x.SourceAnchor == anchor {
			found = &x
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return found, err
}

// lastEntry returns the newest entry of the provisioning log about a source
// object, nil if there is none.
func (e *Engine) lastEntry(ctx context.Context, job, anchor string) (last *provlog.Event, err error) {
	record, err := e.Store.Job(ctx, job)
	if err != nil {
		return nil, err
	}
	err = e.Store.Events(ctx, provlog.Query{JobID: record.ID, User: anchor}, func(event provlog.Event) error {
		if event.SourceIdentity.ID == anchor {
			last = &event
		}
		return nil
	})
	return last, err
}

// NotPausedError says that something needs the job to be paused.
type NotPausedError struct{ Job string }

// Error says how to pause the job.
func (e *NotPausedError) Error() string {
	return fmt.Sprintf("job %s is active: an object connection can be deleted only while the job is paused; call \"scimsync pause %s\" first", e.Job, e.Job)
}

// DeleteConnection drops the object connection that FindConnection finds and
// returns it. Nothing is written to the source or the target. The next cycle
// matches the object again, and looks at every object that was made to refer
// to it. The job must be paused, else the error is a *NotPausedError
// (Microsoft Learn, "Manage provisioning object connections using Microsoft
// Graph"), and no cycle may be ending, else it is state.ErrLocked.
func (e *Engine) DeleteConnection(ctx context.Context, job, id string) (c state.Connection, err error) {
	since, err := e.Store.Paused(ctx, job)
	if err != nil {
		return c, err
	}
	if since.IsZero() {
		return c, &NotPausedError{Job: job}
	}
	unlock, err := e.Store.Lock(ctx, job)
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	if c, err = e.FindConnection(ctx, job, id); err != nil {
		return c, err
	}
	found, err := e.Store.Unlink(ctx, job, c.SourceAnchor, inDoubt)
	if err == nil && !found { // only a cycle or an on-demand call drops it, and neither runs
		err = &NoConnectionError{Job: job, ID: id}
	}
	return c, err
}
