package export

import (
	"context"
	"time"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/directory"
)

// reading is one read of all files.
type reading struct {
	ctx  context.Context
	opts Options

	users, groups, assigned, deleted fileSet

	user, group  *builder
	assignments  *assignments
	wantedUsers  *wanted
	wantedGroups *wanted
	nesting      *nesting // nil if groups are not flattened
	census       census
}

func (r *reading) sets() []*fileSet {
	return []*fileSet{&r.users, &r.groups, &r.assigned, &r.deleted}
}

func (r *reading) resolve() error {
	patterns := []string{r.opts.Users, r.opts.Groups, r.opts.Assignments, r.opts.DeletedUsers}
	for i, set := range r.sets() {
		var err error
		if *set, err = resolve(patterns[i]); err != nil {
			return err
		}
	}
	return nil
}

func (r *reading) unchanged() error {
	for _, set := range r.sets() {
		if err := set.unchanged(); err != nil {
			return err
		}
	}
	return nil
}

// asOf returns when the older one of the lists of users and groups was written:
// the other one, made anew day after day, does not make it any younger.
func (r *reading) asOf() time.Time {
	users, groups := r.users.newest(), r.groups.newest()
	if !groups.IsZero() && groups.Before(users) {
		return groups
	}
	return users
}

// written returns when the lists of users and of groups were written.
func (r *reading) written() map[string]time.Time {
	times := map[string]time.Time{"users": r.users.newest()}
	if groups := r.groups.newest(); !groups.IsZero() {
		times["groups"] = groups
	}
	return times
}

// newest returns when the youngest of all files was written.
func (r *reading) newest() time.Time {
	var t time.Time
	for _, set := range r.sets() {
		if m := set.newest(); m.After(t) {
			t = m
		}
	}
	return t
}

// assignees reads who is assigned, before the first user is delivered: the
// list of assignments, and where a group is assigned, the groups for their
// members. Members of member groups count only if groups are flattened
// (Microsoft Learn, "How Application Provisioning works in Microsoft Entra ID",
// scoping).
func (r *reading) assignees() error {
	if err := r.assignments.read(r.ctx, &r.assigned); err != nil {
		return err
	}
	assigned := r.assignments.groups || !r.wantedGroups.empty()
	switch {
	case assigned && r.opts.Groups == "":
		return &connectors.ReadError{Place: r.place(), Reason: "groups are assigned to the application, and the export has no file of groups to find their members in"}
	case !assigned && (r.opts.Groups == "" || !r.opts.FlattenNestedGroups):
		return nil
	}
	if err := r.survey(); err != nil {
		return err
	}
	err := r.each(&r.groups, r.group, func(o directory.Object) error {
		if r.wantedGroups.match(o) {
			r.assignments.add(r.assignments.direct, directory.IDOf(o.Anchor), grant{})
		}
		r.assignments.confer(o)
		if r.nesting != nil {
			r.nesting.enter(o)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if r.nesting != nil {
		if err := r.assignments.conferNested(r.ctx, r.nesting); err != nil {
			return err
		}
	}
	return r.wantedGroups.check(r.opts.Groups, func(yield func(directory.Object) error) error {
		return r.each(&r.groups, r.group, yield)
	})
}

// survey finds out, where groups are flattened, which groups there are and
// which of them may be in another.
func (r *reading) survey() error {
	if !r.opts.FlattenNestedGroups {
		return nil
	}
	r.nesting = newNesting()
	b := newBuilder(directory.Group)
	b.survey = r.nesting.surveyed
	return r.each(&r.groups, b, func(o directory.Object) error {
		r.nesting.isGroup(directory.IDOf(o.Anchor))
		return nil
	})
}

// place names what assigns.
func (r *reading) place() string {
	if r.assignments.groups {
		return r.opts.Assignments
	}
	return r.opts.Users
}

// eachUser calls f with every user, then with every deleted user, assignments
// filled in, and checks that the users who are assigned by name exist.
func (r *reading) eachUser(f func(entry, place) error) error {
	assign := func(e entry, p place) error {
		r.census.user(e.object)
		r.assignments.assign(&e.object, r.wantedUsers.match(e.object))
		return f(e, p)
	}
	if err := r.list(&r.users, r.user, directory.Present, assign); err != nil {
		return err
	}
	if err := r.list(&r.deleted, r.user, directory.SoftDeleted, assign); err != nil {
		return err
	}
	return r.wantedUsers.check(r.opts.Users, func(yield func(directory.Object) error) error {
		return r.each(&r.users, r.user, yield)
	})
}

// eachGroup calls f with every group, assignments filled in and members
// flattened if they are to be.
func (r *reading) eachGroup(f func(entry, place) error) error {
	return r.list(&r.groups, r.group, directory.Present, func(e entry, p place) error {
		r.census.group(e.object)
		if r.nesting != nil {
			if err := r.ctx.Err(); err != nil {
				return err
			}
			r.nesting.flatten(&e.object)
		}
		r.assignments.assign(&e.object, false)
		return f(e, p)
	})
}

func (r *reading) list(set *fileSet, b *builder, presence directory.Presence, f func(entry, place) error) error {
	return (&lister{ctx: r.ctx, set: set, builder: b, presence: presence, each: f}).list()
}

// each is list for present objects that are only looked at.
func (r *reading) each(set *fileSet, b *builder, f func(directory.Object) error) error {
	return r.list(set, b, directory.Present, func(e entry, _ place) error {
		err := f(e.object)
		b.recycle(e.object)
		return err
	})
}
