package mapping

import (
	"errors"
	"fmt"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/mapping/expr"
)

// Explained says what became of one attribute mapping for one object.
type Explained struct {
	Target string
	Kind   Kind
	Source string          // source attribute, expression or constant; "" for None, RedactedText where it calls Redact
	Value  directory.Value // what the mapping gives; RedactedText where it is redacted
	Reason string          // what flows, when, and if nothing why

	Apply      Apply  // Always or OnCreate
	Precedence int    // of a matching attribute; 0 for any other
	Default    string // "" for none
	Reference  bool   // the value refers to other objects
	Redacted   bool   // the value is never shown
	// Considered: the mapping is evaluated at all. It is not if it looks for a
	// unique value, or if the object leaves scope and it takes no access away.
	Considered bool
}

// RedactedText stands for a redacted value in what people read (Microsoft
// Learn, "Reference for writing expressions", Redact).
const RedactedText = "[Redact]"

// Explain returns for each attribute mapping, in order, the value that Map
// would give it and why.
func (m *Mapping) Explain(o directory.Object, in Input) []Explained {
	e := m.evaluation(o, in)
	all := make([]Explained, len(m.rows))
	for i := range m.rows {
		all[i] = e.explain(&m.rows[i])
	}
	return all
}

func (e *evaluation) explain(r *row) Explained {
	x := Explained{
		Target: r.target, Kind: r.kind, Source: r.source, Apply: Always, Precedence: r.precedence, Default: r.fallback.Text(),
		Reference: r.reference, Redacted: r.redacted, Considered: r.considered(e.in),
	}
	if r.onCreate {
		x.Apply = OnCreate
	}
	if r.kind == Constant {
		x.Source = r.constant.Text()
	}
	if !x.Considered {
		x.Reason = "does not flow when an object leaves scope"
		if !e.in.Deprovision {
			x.Reason = "looks for a unique value, on creation only"
		}
		return x
	}
	v, err := e.value(r)
	var fault *ValueError
	switch {
	case errors.Is(err, expr.ErrIgnoreObject):
		x.Reason = "IgnoreObjectFlow: the object is left alone"
	case errors.Is(err, expr.ErrIgnoreAttribute):
		x.Reason = "dropped by IgnoreAttributeFlow or IgnoreFlowIfNullOrEmpty"
	case errors.As(err, &fault):
		x.Reason = "error: " + fault.Err.Error()
	default:
		x.Value, x.Reason = v, r.reason(v, e.in)
	}
	if r.redacted && !x.Value.IsEmpty() {
		x.Value = directory.Str(RedactedText)
	}
	return x
}

// reason says what flows of a value.
func (r *row) reason(v directory.Value, in Input) string {
	flows := r.appendValues(nil, v, in)
	var s string
	switch {
	case len(flows) == 0:
		s = "empty: nothing flows"
	case len(flows) == 2:
		s = fmt.Sprintf("empty: the default %q flows on creation, and updates clear the target", r.fallback.Text())
	case flows[0].FlowNull:
		s = "empty: updates clear the target"
	case v.IsEmpty():
		s = fmt.Sprintf("empty: the default %q flows on creation", r.fallback.Text())
	case r.onCreate:
		s = "flows on creation"
	case r.reference:
		s = "flows after the object itself, as the target's ids"
	default:
		s = "flows"
	}
	if r.precedence > 0 && !in.Deprovision {
		s += fmt.Sprintf("; matching attribute of precedence %d", r.precedence)
		if v.IsEmpty() {
			s += ", passed over because it is empty"
		}
	}
	return s
}
