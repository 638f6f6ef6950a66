package expr

import (
	"errors"
	"slices"
)

// flowFunctions say whether and how a value flows.
var flowFunctions = []*builtin{
	{
		Function: Function{
			Name: "IgnoreFlowIfNullOrEmpty", Result: TypeAny, Page: pageReference,
			Parameters:    []Parameter{required("expression", TypeAny, "the value that flows")},
			Description:   "Drops the attribute from the flow if the value is null or empty: the target keeps what it has.",
			Example:       `IgnoreFlowIfNullOrEmpty("Sales")`,
			ExampleResult: "Sales",
		},
		run: func(_ *machine, _ *callOp, args []result) (result, error) {
			if args[0].v.IsEmpty() {
				return result{signal: ignoreAttribute}, nil
			}
			return args[0], nil
		},
	},
	{
		Function: Function{
			Name: "Redact", Result: TypeAny, Page: pageReference,
			Parameters:    []Parameter{required("attribute/value", TypeAny, "the value that flows")},
			Description:   "Lets the value flow, and hides it in logs, plans and errors, where [Redact] stands instead.",
			Example:       `Redact("secret")`,
			ExampleResult: "secret",
		},
		run: func(_ *machine, _ *callOp, args []result) (result, error) { return args[0], nil },
	},
	{
		Function: Function{
			Name: "SelectUniqueValue", Result: TypeString, Page: pageReference,
			Parameters: []Parameter{
				repeating(required("uniqueValueRule", TypeAny, "an expression that makes a candidate")),
			},
			Description:   "Returns the first candidate that no object of the target has yet; if all are taken, the object fails and is tried again. Only outermost, for attributes that are mapped on creation alone and do not match.",
			Example:       `SelectUniqueValue("adele", "adele1")`,
			ExampleResult: "adele",
		},
		twice: true, top: true,
		run: runSelectUnique,
	},
	{
		Function: Function{
			Name: "Error", Result: TypeAny, Page: pageCloudSync,
			Parameters:  []Parameter{required("ErrorMessage", TypeString, "the message")},
			Description: "Fails the object with a message, where it becomes the result: in a branch that is not taken it does nothing.",
			Example:     `IIF(IsPresent("x"), "x", Error("x is required"))`, ExampleResult: "x",
		},
		run: func(m *machine, c *callOp, args []result) (result, error) {
			message := str(args, 0)
			if m.program.redacted {
				message = redactedText
			}
			err := m.fault(c.node.At, c, nil, "%s", message)
			return result{signal: &signal{err}}, nil
		},
	},
	{
		Function: Function{
			Name: "DefaultDomain", Result: TypeString, Page: pageGraph,
			Description: "Returns the default domain of the directory: the job's global parameter DefaultDomain.",
			Example:     `DefaultDomain()`,
		},
		run: func(m *machine, c *callOp, _ []result) (result, error) {
			domain, ok := m.env.Globals["DefaultDomain"]
			if !ok {
				return result{}, m.fault(c.node.At, c, nil, "the global parameter DefaultDomain is not set for this job")
			}
			return text(domain), nil
		},
	},
}

// runSelectUnique asks for each candidate once. An empty candidate is none.
func runSelectUnique(m *machine, c *callOp, args []result) (result, error) {
	var asked []string
	for i, a := range args {
		if a.v.IsEmpty() {
			continue
		}
		candidate := a.v.Text()
		if m.env.Unique == nil {
			return a, nil
		}
		if slices.Contains(asked, candidate) {
			continue
		}
		free, err := m.env.Unique(candidate)
		if err != nil {
			return result{}, c.uniqueFault(m, i, err)
		}
		if free {
			return a, nil
		}
		asked = append(asked, candidate)
	}
	none := &UniqueError{Rules: len(args)}
	if !m.program.redacted {
		none.Candidates = asked
	}
	return result{}, c.uniqueFault(m, 0, none)
}

func (c *callOp) uniqueFault(m *machine, i int, err error) error {
	message := err.Error()
	var none *UniqueError
	if !errors.As(err, &none) {
		message = "the target could not be asked whether the value is free: " + m.hide(err).Error()
	}
	fault := m.fault(c.argumentAt(i), c, nil, "%s", message)
	fault.Err = err
	return fault
}
