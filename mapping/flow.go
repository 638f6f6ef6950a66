package mapping

import (
	"errors"
	"io"
	"slices"
	"time"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/mapping/expr"
)

// Input is what a mapping needs beside the object.
type Input struct {
	// SoftDeleted is the value of IsSoftDeleted: the object is out of scope,
	// soft-deleted, or disabled in the source.
	SoftDeleted bool
	// Deprovision: the object has left. Only what takes access away flows: the
	// attributes that apply on updates and whose mapping reads IsSoftDeleted or
	// accountEnabled. Nothing matches.
	Deprovision bool
	Now         time.Time // the clock of the cycle
	// Unique reports whether no object of the target has this value in this
	// attribute. Where it is nil, attributes that look for a unique value are
	// left out: they are for creation alone, and asking costs a request.
	Unique  func(target, candidate string) (bool, error)
	Globals map[string]string // values of %NAME% in expressions
	Random  io.Reader         // for Guid and RandomString; nil means crypto/rand
}

// Map returns the values that the object is to have in the target, in the
// order of the mapping.
//
// A null or empty value does not flow (Microsoft Learn, "Known issues for
// provisioning"), with two exceptions: a default takes its place on creation,
// and FlowNullValues clears the target on updates. A mapping with both gives
// two values for its target, in this order.
//
// An error joins a *ValueError for each attribute that could not be evaluated;
// there is no result then.
func (m *Mapping) Map(o directory.Object, in Input) (Result, error) {
	e := m.evaluation(o, in)
	res := Result{Values: make([]Value, 0, len(m.rows))}
	match := make([]Match, len(m.matching))
	var errs []error
	for i := range m.rows {
		r := &m.rows[i]
		if !r.considered(in) {
			continue
		}
		v, err := e.value(r)
		if err != nil {
			switch {
			case errors.Is(err, expr.ErrIgnoreObject):
				return Result{Skip: true, SkippedBy: r.target}, nil
			case !errors.Is(err, expr.ErrIgnoreAttribute):
				errs = append(errs, err)
			}
			continue
		}
		res.Values = r.appendValues(res.Values, v, in)
		if r.reference && !r.onCreate && r.kind != None && !in.Deprovision && v.IsEmpty() {
			res.Cleared = append(res.Cleared, r.target)
		}
		if r.precedence > 0 && !in.Deprovision && !v.IsEmpty() {
			match[r.rank] = Match{Target: r.target, Value: v, Redacted: r.redacted}
		}
	}
	if len(errs) > 0 {
		return Result{}, errors.Join(errs...)
	}
	res.Match = slices.DeleteFunc(match, func(q Match) bool { return q.Target == "" })
	return res, nil
}

// considered reports whether the row is evaluated at all.
func (r *row) considered(in Input) bool {
	if in.Deprovision {
		return r.deprovisions && !r.onCreate
	}
	return !r.unique || in.Unique != nil
}

// appendValues appends what flows of the value that the row was given.
func (r *row) appendValues(values []Value, v directory.Value, in Input) []Value {
	flow := Value{Target: r.target, Value: v, OnCreate: r.onCreate, Reference: r.reference, Redacted: r.redacted}
	if !v.IsEmpty() {
		return append(values, flow)
	}
	if in.Deprovision {
		return values // of a tombstone nothing is known, which clears nothing
	}
	if !r.fallback.IsEmpty() {
		values = append(values, Value{Target: r.target, Value: r.fallback, OnCreate: true})
	}
	if r.flowNull && !r.onCreate && r.kind != None {
		flow.Value, flow.FlowNull = directory.Value{}, true
		values = append(values, flow)
	}
	return values
}

// evaluation evaluates rows for one object. It is what expressions read their
// attributes from.
type evaluation struct {
	mapping *Mapping
	object  directory.Object
	in      Input
	env     expr.Env
}

func (m *Mapping) evaluation(o directory.Object, in Input) *evaluation {
	e := &evaluation{mapping: m, object: o, in: in}
	e.env = expr.Env{Attributes: e, Now: in.Now, Globals: in.Globals, Random: in.Random}
	return e
}

// value returns what the row makes of the object. Its error is a *ValueError,
// or one of the two keywords of the expression language.
func (e *evaluation) value(r *row) (directory.Value, error) {
	switch r.kind {
	case Constant:
		return r.constant, nil
	case Direct:
		v := e.attribute(r.source)
		if r.reference {
			v = references(v)
		}
		return v, nil
	case Expression:
		return e.evaluate(r)
	default:
		return directory.Value{}, nil
	}
}

func (e *evaluation) evaluate(r *row) (directory.Value, error) {
	env := e.env
	if r.unique {
		env.Unique = func(candidate string) (bool, error) { return e.in.Unique(r.target, candidate) }
	}
	v, err := r.program.Eval(env)
	switch {
	case err == nil && r.assertive:
		return assertiveRoles(v), nil
	case err == nil, errors.Is(err, expr.ErrIgnoreObject), errors.Is(err, expr.ErrIgnoreAttribute):
		return v, err
	case r.redacted:
		err = redacted(err)
	}
	return directory.Value{}, &ValueError{Target: r.target, Source: r.source, Err: err}
}

// Get returns the attribute by the name that an expression gives it.
func (e *evaluation) Get(name string) directory.Value {
	if canonical, ok := e.mapping.names[name]; ok {
		name = canonical
	}
	return e.attribute(name)
}

func (e *evaluation) attribute(name string) directory.Value {
	switch name {
	case isSoftDeleted:
		return directory.Bool(e.in.SoftDeleted)
	case roles:
		if v := e.object.Get(roles); !v.IsNull() {
			return v
		}
		return assignedRoles(e.object.Assignments)
	default:
		return e.object.Get(name)
	}
}

// assignedRoles returns the app roles of the assignments, each once. Default
// access is no role.
func assignedRoles(assignments []directory.Assignment) directory.Value {
	var list []directory.Value
	for _, a := range assignments {
		if !a.Role.IsNull() && !slices.ContainsFunc(list, a.Role.Equal) {
			list = append(list, a.Role)
		}
	}
	if list == nil {
		return directory.Value{}
	}
	return directory.Of(list...)
}

// references returns v with texts as references: a source that does not know
// the attribute delivers object ids as strings.
func references(v directory.Value) directory.Value {
	switch v.Kind() {
	case directory.String:
		return directory.Ref(v.Text())
	case directory.List:
		if !slices.ContainsFunc(v.Elements(), func(e directory.Value) bool { return e.Kind() == directory.String }) {
			return v
		}
		list := make([]directory.Value, len(v.Elements()))
		for i, e := range v.Elements() {
			list[i] = references(e)
		}
		return directory.Of(list...)
	default:
		return v
	}
}
