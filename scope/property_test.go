package scope

import (
	"encoding/json"
	"testing"

	"pgregory.net/rapid"

	"github.com/scimsync/scimsync/connectors/directory"
)

func anyValue() *rapid.Generator[directory.Value] {
	single := rapid.OneOf(
		rapid.Just(directory.Value{}),
		rapid.Map(rapid.StringN(0, 12, -1), directory.Str),
		rapid.Map(rapid.SampledFrom([]string{"Sales", "sales", "7", "true"}), directory.Str),
		rapid.Map(rapid.Bool(), directory.Bool),
		rapid.Map(rapid.Int64(), directory.Int),
		rapid.Map(rapid.String(), directory.Ref),
	)
	return rapid.OneOf(single, rapid.Map(rapid.SliceOfN(single, 0, 4), func(l []directory.Value) directory.Value { return directory.Of(l...) }))
}

var attributeChoice = []string{"department", "jobTitle", "accountEnabled", "ownColumn"}

func anyObject() *rapid.Generator[directory.Object] {
	return rapid.Custom(func(t *rapid.T) directory.Object {
		o := directory.Object{
			Type:       directory.User,
			Attributes: rapid.MapOf(rapid.SampledFrom(attributeChoice), anyValue()).Draw(t, "attributes"),
			Presence:   directory.Presence(rapid.IntRange(0, 2).Draw(t, "presence")),
			Tombstone:  rapid.Bool().Draw(t, "tombstone"),
		}
		for range rapid.IntRange(0, 2).Draw(t, "assignments") {
			o.Assignments = append(o.Assignments, directory.Assignment{Via: rapid.String().Draw(t, "via")})
		}
		return o
	})
}

func anyFilters() *rapid.Generator[[]Filter] {
	clause := rapid.Custom(func(t *rapid.T) Clause {
		op := rapid.SampledFrom(operators).Draw(t, "operator")
		c := Clause{Attribute: rapid.SampledFrom(attributeChoice).Draw(t, "attribute"), Operator: op.Name}
		if !op.Unary {
			c.Values = rapid.SliceOfN(rapid.SampledFrom([]string{"7", "12"}), 1, 2).Draw(t, "values")
		}
		return c
	})
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Filter {
		return Filter{Title: rapid.String().Draw(t, "title"), Clauses: rapid.SliceOfN(clause, 0, 3).Draw(t, "clauses")}
	}), 0, 3)
}

// Whatever the object and the filters: a decision is made without a panic, it
// has a reason, its details agree with it, and it is the same every time.
func TestDecideProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, err := Compile(directory.User, Settings{AssignedOnly: rapid.Bool().Draw(t, "assigned")}, anyFilters().Draw(t, "filters"))
		if err != nil {
			t.Fatal(err)
		}
		o := anyObject().Draw(t, "object")
		d := s.Decide(o)
		if d.Reason == "" || d.Reason != s.Decide(o).Reason {
			t.Fatalf("reason %q", d.Reason)
		}
		facts := d.Details[DetailActive] == "True" && d.Details[DetailAssigned] == "True" && d.Details[DetailFilter] == "True"
		if facts != d.InScope {
			t.Fatalf("in scope %v, details %v", d.InScope, d.Details)
		}
		if d.InScope && (o.Presence != directory.Present || o.Tombstone) {
			t.Fatalf("%v object in scope", o.Presence)
		}
		var clauses map[string]bool
		if err := json.Unmarshal([]byte(d.Details[DetailResult]), &clauses); err != nil {
			t.Fatalf("ScopeEvaluationResult %q: %v", d.Details[DetailResult], err)
		}
	})
}

func BenchmarkDecide(b *testing.B) {
	for _, c := range []struct {
		name   string
		object directory.Object
	}{
		{"in", user(ada(), "")},
		{"out", user(with("department", directory.Str("Sales")), "")},
	} {
		b.Run(c.name, func(b *testing.B) {
			s, err := Compile(directory.User, Settings{AssignedOnly: true}, []Filter{engineering()})
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				s.Decide(c.object)
			}
		})
	}
}
