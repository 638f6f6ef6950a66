package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/scimsync/scimsync/engine/provlog"
)

// names finds what objects of the source are called that a log knows by id.
type names struct {
	*session
	jobID string
	known map[string]string // display names by source anchor; "" if nobody knows
	// searches is how many times more the log is searched, which takes a while if
	// it is long and does not have the object.
	searches int
}

func newNames(s *session, jobID string) *names {
	return &names{session: s, jobID: jobID, known: map[string]string{}, searches: 200}
}

// list returns the names of the objects in a list that a step of the log has
// in its details, such as "ID, ID and 3 more". Who has no name keeps the id.
func (n *names) list(ctx context.Context, ids string) (string, error) {
	ids, more, cut := strings.Cut(ids, " and ")
	anchors := strings.Split(ids, ", ")
	connections, err := n.store.Connections(ctx, n.job.Job.Name, anchors)
	if err != nil {
		return "", err
	}
	for i, anchor := range anchors {
		name := connections[anchor].DisplayName
		if name == "" {
			if name, err = n.logged(ctx, anchor); err != nil {
				return "", err
			}
		}
		if name != "" {
			anchors[i] = name
		}
	}
	list := strings.Join(anchors, ", ")
	if cut {
		list = fmt.Sprintf("%s and %s", list, more)
	}
	return list, nil
}

// The parts of a failure's text between which it lists objects by id, and after
// which it says what its escrow knows better.
const (
	failedReferences = "could not be provisioned: "
	retriedSoFar     = ". Retried "
)

// named returns what a failure says with the names of the objects that it
// lists.
func (n *names) named(ctx context.Context, message string) (string, error) {
	before, ids, found := strings.Cut(message, failedReferences)
	if !found {
		return message, nil
	}
	ids, _, _ = strings.Cut(ids, retriedSoFar)
	list, err := n.list(ctx, ids)
	return before + failedReferences + list, err
}

// logged returns the name that the newest entry of the log has for an object.
func (n *names) logged(ctx context.Context, anchor string) (name string, err error) {
	if name, known := n.known[anchor]; known || n.searches == 0 {
		return name, nil
	}
	n.searches--
	err = n.store.Events(ctx, provlog.Query{JobID: n.jobID, User: anchor, Limit: 1}, func(e provlog.Event) error {
		if e.SourceIdentity.ID == anchor {
			name = e.SourceIdentity.DisplayName
		}
		return nil
	})
	n.known[anchor] = name
	return name, err
}
