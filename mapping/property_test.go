package mapping

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/scimsync/scimsync/connectors/directory"
)

func anyValue() *rapid.Generator[directory.Value] {
	single := rapid.OneOf(
		rapid.Just(directory.Value{}),
		rapid.Map(rapid.StringN(0, 12, -1), directory.Str),
		rapid.Map(rapid.Bool(), directory.Bool),
		rapid.Map(rapid.Int64(), directory.Int),
		rapid.Map(rapid.String(), directory.Ref),
	)
	return rapid.OneOf(single, rapid.Map(rapid.SliceOfN(single, 0, 4), func(l []directory.Value) directory.Value { return directory.Of(l...) }))
}

func anyObject() *rapid.Generator[directory.Object] {
	names := schemaNames(directory.User)
	return rapid.Custom(func(t *rapid.T) directory.Object {
		return directory.Object{
			Type:       directory.User,
			Attributes: rapid.MapOf(rapid.SampledFrom(names), anyValue()).Draw(t, "attributes"),
			Presence:   directory.Presence(rapid.IntRange(0, 2).Draw(t, "presence")),
			Tombstone:  rapid.Bool().Draw(t, "tombstone"),
		}
	})
}

// anyMapping draws some of the default mapping and of every other kind, in
// any order and with any setting that Compile accepts.
func anyMapping() *rapid.Generator[[]Attribute] {
	pool := append(DefaultUsers()[1:],
		Attribute{Constant: text("c"), Target: "constant"},
		Attribute{Default: text("d"), Target: "none"},
		Attribute{Expression: `IIF([accountEnabled]="True", [mail], IgnoreAttributeFlow)`, Target: "ignored"},
		Attribute{Expression: `Redact([mail])`, Target: "redacted"})
	return rapid.Custom(func(t *rapid.T) []Attribute {
		some := rapid.Permutation(pool).Draw(t, "order")
		some = slices.Clone(some[:rapid.IntRange(0, len(some)).Draw(t, "length")])
		for i := range some {
			some[i].FlowNullValues = rapid.Bool().Draw(t, "flowNull")
			if rapid.Bool().Draw(t, "onCreate") {
				some[i].Apply = OnCreate
			}
			if some[i].Source != "manager" && rapid.Bool().Draw(t, "default") {
				some[i].Default = text("d")
			}
		}
		return append(some, DefaultUsers()[0])
	})
}

// Whatever the object: mapping it does not panic, its values come in the order
// of the mapping, empty ones only to clear, and nothing but what takes access
// away flows when it leaves.
func TestMapProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, err := Compile(directory.User, anyMapping().Draw(t, "mapping"))
		if err != nil {
			t.Fatal(err)
		}
		in := Input{Now: now, SoftDeleted: rapid.Bool().Draw(t, "softDeleted"), Deprovision: rapid.Bool().Draw(t, "deprovision")}
		o := anyObject().Draw(t, "object")
		res, err := m.Map(o, in)
		if err != nil {
			return
		}
		targets, last := m.Targets(), 0
		for i, v := range res.Values {
			at := slices.Index(targets, v.Target)
			if at < last {
				t.Fatalf("%s out of order in %v", v.Target, res.Values)
			}
			last = at
			if v.Value.IsEmpty() != v.FlowNull || v.FlowNull && v.OnCreate {
				t.Fatalf("value %+v", v)
			}
			if i > 0 && res.Values[i-1].Target == v.Target && (!res.Values[i-1].OnCreate || !v.FlowNull) {
				t.Fatalf("%s twice: %+v", v.Target, res.Values)
			}
			if in.Deprovision && (v.OnCreate || v.FlowNull || v.Target != "active" && v.Target != "ignored") {
				t.Fatalf("%+v flows when the object leaves", v)
			}
		}
		if in.Deprovision && len(res.Match) > 0 {
			t.Fatalf("matches %v", res.Match)
		}
		for _, q := range res.Match {
			if q.Value.IsEmpty() {
				t.Fatalf("match without a value: %+v", q)
			}
		}
		if len(m.Explain(o, in)) != len(targets) {
			t.Fatal("Explain leaves attributes out")
		}
	})
}

func BenchmarkMapDefault(b *testing.B) {
	m := compile(b, directory.User, DefaultUsers()...)
	o, in := ada(), Input{Now: now}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := m.Map(o, in); err != nil {
			b.Fatal(err)
		}
	}
}
