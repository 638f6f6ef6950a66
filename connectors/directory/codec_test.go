package directory_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/scimsync/scimsync/connectors/directory"
)

func anyValue(depth int) *rapid.Generator[directory.Value] {
	simple := rapid.OneOf(
		rapid.Just(directory.Value{}),
		rapid.Map(rapid.String(), directory.Str),
		rapid.Map(rapid.Bool(), directory.Bool),
		rapid.Map(rapid.Int64(), directory.Int),
		rapid.Map(rapid.Int64Range(0, 253402300799), func(s int64) directory.Value { return directory.Time(time.Unix(s, 0)) }),
		rapid.Map(rapid.String(), directory.Ref),
		rapid.Map(rapid.String(), directory.KnownAfterCreate),
	)
	if depth == 0 {
		return simple
	}
	return rapid.OneOf(simple,
		rapid.Map(rapid.SliceOfN(anyValue(depth-1), 1, 4), func(l []directory.Value) directory.Value { return directory.Of(l...) }),
		rapid.Map(rapid.MapOfN(rapid.String(), anyValue(depth-1), 1, 3), func(m map[string]directory.Value) directory.Value {
			var fields []directory.Field
			for name, v := range m {
				fields = append(fields, directory.Field{Name: name, Value: v})
			}
			return directory.Struct(fields...)
		}))
}

func anyChange(t *rapid.T) directory.Change {
	c := directory.Change{Object: directory.Object{
		Type:     rapid.SampledFrom([]directory.ObjectType{directory.User, directory.Group}).Draw(t, "type"),
		Anchor:   rapid.String().Draw(t, "anchor"),
		Presence: rapid.SampledFrom([]directory.Presence{directory.Present, directory.SoftDeleted, directory.HardDeleted}).Draw(t, "presence"),
	}, New: rapid.Bool().Draw(t, "new"), Listed: rapid.Bool().Draw(t, "listed")}
	c.Object.Tombstone = rapid.Bool().Draw(t, "tombstone")
	if m := rapid.MapOf(rapid.String(), anyValue(2)).Draw(t, "attributes"); len(m) > 0 {
		c.Object.Attributes = m
	}
	for range rapid.IntRange(0, 3).Draw(t, "assignments") {
		c.Object.Assignments = append(c.Object.Assignments, directory.Assignment{
			Role: anyValue(1).Draw(t, "role"), Via: rapid.String().Draw(t, "via"),
		})
	}
	if rapid.Bool().Draw(t, "since") {
		c.Since = time.Unix(rapid.Int64Range(1, 1<<33).Draw(t, "at"), 0).UTC()
	}
	c.Hash = c.Object.Hash()
	return c
}

func TestChangesRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := anyChange(t)
		got, err := directory.DecodeChange(directory.AppendChange(nil, want))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(directory.Value{})); diff != "" {
			t.Fatal(diff)
		}
		if got.Object.Hash() != want.Hash {
			t.Fatal("the hash differs")
		}
	})
}

func TestHashSeesEveryDifference(t *testing.T) {
	base := directory.Object{Type: directory.User, Anchor: "a", Attributes: map[string]directory.Value{"x": directory.Str("1"), "y": directory.Str("2")}}
	hashes := map[directory.Hash]string{base.Hash(): "base"}
	for name, change := range map[string]func(*directory.Object){
		"value":      func(o *directory.Object) { o.Attributes["x"] = directory.Str("2") },
		"kind":       func(o *directory.Object) { o.Attributes["x"] = directory.Int(1) },
		"gone":       func(o *directory.Object) { delete(o.Attributes, "x") },
		"moved":      func(o *directory.Object) { o.Attributes["x"], o.Attributes["y"] = o.Attributes["y"], o.Attributes["x"] },
		"presence":   func(o *directory.Object) { o.Presence = directory.SoftDeleted },
		"assignment": func(o *directory.Object) { o.Assignments = []directory.Assignment{{}} },
		"via":        func(o *directory.Object) { o.Assignments = []directory.Assignment{{Via: "Sales"}} },
	} {
		o := base
		o.Attributes = map[string]directory.Value{"x": base.Attributes["x"], "y": base.Attributes["y"]}
		change(&o)
		if other, same := hashes[o.Hash()]; same {
			t.Errorf("%s has the hash of %s", name, other)
		}
		hashes[o.Hash()] = name
	}
}

func FuzzDecodeChange(f *testing.F) {
	f.Add(directory.AppendChange(nil, directory.Change{Object: directory.Object{
		Type: directory.User, Anchor: "a", Attributes: map[string]directory.Value{"x": directory.Strs("1", "2")},
	}}))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := directory.DecodeChange(b)
		if err != nil {
			return
		}
		again, err := directory.DecodeChange(directory.AppendChange(nil, c))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c, again, cmp.AllowUnexported(directory.Value{})); diff != "" {
			t.Fatal(diff)
		}
	})
}
