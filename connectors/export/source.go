package export

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/directory"
)

// Source reads a directory export. It may be read any number of times; each
// read looks for the files anew.
type Source struct{ opts Options }

// New returns a source of these files. Whether they exist and what they hold
// is found out by each read. It returns an error if no users are named.
func New(opts Options) (*Source, error) {
	if opts.Users == "" {
		return nil, errors.New("an export needs a file of users")
	}
	return &Source{opts: opts}, nil
}

var _ connectors.Source = (*Source)(nil)

// Read implements connectors.Source: it reads all files and finds out by
// content hash what has changed. A file that changes meanwhile is a *ReadError
// of connectors.ErrSourceChanged. The watermark tells the time of the newest
// file and the number of objects; it is for people alone.
func (s *Source) Read(ctx context.Context, req connectors.ReadRequest, yield func(directory.Change) error) (connectors.ReadResult, error) {
	if req.Snapshot == nil {
		req.Snapshot = connectors.NewSnapshot()
	}
	var result connectors.ReadResult
	err := s.session(ctx, func(r *reading) error {
		d := &delta{reading: r, request: req, yield: yield}
		if err := d.run(); err != nil {
			return err
		}
		result = connectors.ReadResult{
			Watermark: fmt.Sprintf("%s users=%d groups=%d", r.newest().UTC().Format(time.RFC3339), d.userCount, d.groupCount),
			Users:     d.userCount, Groups: d.groupCount, Newest: r.asOf(), Written: r.written(), Has: r.census.has(r.opts),
			Warnings: r.census.warnings(r.opts, r.assignments.missing),
		}
		return nil
	})
	return result, err
}

// Find implements connectors.Source. It reads all files, so that assignments
// are those that Read would deliver.
func (s *Source) Find(ctx context.Context, name string) ([]directory.Object, error) {
	var found []directory.Object
	err := s.session(ctx, func(r *reading) error {
		keep := func(b *builder) func(entry, place) error {
			return func(e entry, _ place) error {
				if answersTo(e.object, name) {
					found = append(found, e.object)
				} else {
					b.recycle(e.object)
				}
				return nil
			}
		}
		if err := r.eachUser(keep(r.user)); err != nil {
			return err
		}
		return r.eachGroup(keep(r.group))
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

func answersTo(o directory.Object, name string) bool {
	if name == "" {
		return false
	}
	if strings.EqualFold(o.Anchor, name) {
		return true
	}
	for _, attribute := range []string{"userPrincipalName", "originalUserPrincipalName", "mail", "displayName"} {
		if v := o.Attributes[attribute]; v.Kind() == directory.String && strings.EqualFold(v.Text(), name) {
			return true
		}
	}
	return false
}

// session resolves the files, runs f, and sees to it that the files are after
// it what they were before.
func (s *Source) session(ctx context.Context, f func(*reading) error) error {
	r := &reading{
		ctx: ctx, opts: s.opts, assignments: newAssignments(),
		user: newBuilder(directory.User), group: newBuilder(directory.Group),
		wantedUsers: wantUsers(s.opts.Assigned.Users), wantedGroups: wantGroups(s.opts.Assigned.Groups),
	}
	if err := r.resolve(); err != nil {
		return err
	}
	err := r.assignees()
	if err == nil {
		err = f(r)
	}
	var content *connectors.ReadError
	if err != nil && !errors.As(err, &content) {
		return err
	}
	// A file that changes is often half written: then that is what is wrong.
	if changed := r.unchanged(); changed != nil {
		return changed
	}
	return err
}
