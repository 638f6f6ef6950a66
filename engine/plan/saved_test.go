package plan

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/scimsync/scimsync/connectors/directory"
)

func savedPlan() (Head, []Entry) {
	anchor := "t1"
	head := Head{
		Job: "blogin", Cycle: "incremental", Summary: Summary{Update: 1, Fail: 1}, Warnings: []string{"a <b>"},
		Saved: &Saved{Format: SavedFormat, Basis: Basis{
			Made: time.Date(2026, 11, 24, 1, 2, 3, 0, time.UTC), Job: "j", Configuration: "c", Source: "s", Users: 2, Groups: 1, Changes: 1,
			State: map[string]string{"object connections": "x"}, Looked: []Looked{{Anchor: "a", Name: "Ada", Hash: "h"}},
		}},
	}
	return head, []Entry{
		{Action: Update, ObjectType: directory.User, SourceAnchor: "a", DisplayName: "Ada <&>", TargetAnchor: &anchor, Reason: "differs: title",
			ModifiedProperties: []Property{}, Requests: []Request{}, Steps: []Step{{1}, {2}}},
		{Action: Fail, ObjectType: directory.Group, SourceAnchor: "g", ModifiedProperties: []Property{}, Requests: []Request{},
			Error: &EntryError{Code: "X", Message: "y"}},
	}
}

func written(t testing.TB, head Head, entries []Entry) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := WriteJSON(&b, head, func(yield func(Entry, error) bool) {
		for _, e := range entries {
			if !yield(e, nil) {
				return
			}
		}
	}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestSavedPlanComesBack(t *testing.T) {
	head, entries := savedPlan()
	var back []Entry
	got, err := ReadSaved(bytes.NewReader(written(t, head, entries)), func(e Entry) error {
		back = append(back, e)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(head, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(entries, back); diff != "" {
		t.Error(diff)
	}
	stop := errors.New("enough")
	if _, err := ReadSaved(bytes.NewReader(written(t, head, entries)), func(Entry) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("an error of yield: %v", err)
	}
}

// A plan that is cut off anywhere is refused whole.
func TestSavedPlanCutOff(t *testing.T) {
	head, entries := savedPlan()
	file := bytes.TrimSpace(written(t, head, entries))
	for n := range file {
		if _, err := ReadSaved(bytes.NewReader(file[:n]), func(Entry) error { return nil }); err == nil {
			t.Fatalf("the first %d of %d bytes are taken for a plan", n, len(file))
		}
	}
}

func TestSavedPlanRefused(t *testing.T) {
	for file, want := range map[string]string{
		`[]`:                 "found [ where { was expected",
		`{"job": 7}`:         "cannot unmarshal number",
		`{"job": "x"}`:       "it has no operations",
		`{"operations": []}`: "made with plan --out",
		`{"saved": {"format": 1}, "operations": {}}`:                  "found { where [ was expected",
		`{"saved": {"format": 1}, "operations": [{"steps": ["zz"]}]}`: `"zz" is no step of a plan`,
		`{"saved": {"format": 1}, "operations": [{"steps": ["00"]}]}`: `"00" is no step of a plan`,
		`{"saved": {"format": 9}, "operations": []}`:                  "it has format 9",
		`{"saved": {"format": 1}, "operations": [], "other": 1}`:      `"other" is no part of a saved plan`,
	} {
		if _, err := ReadSaved(strings.NewReader(file), func(Entry) error { return nil }); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", file, err, want)
		}
	}
}

func FuzzReadSaved(f *testing.F) {
	head, entries := savedPlan()
	f.Add(written(f, head, entries))
	f.Add([]byte(`{"saved": {"format": 1}, "operations": [{"steps": ["00"]}]}`))
	f.Fuzz(func(t *testing.T, file []byte) {
		var back []Entry
		head, err := ReadSaved(bytes.NewReader(file), func(e Entry) error {
			back = append(back, e)
			return nil
		})
		if err != nil {
			return
		}
		again, err := ReadSaved(bytes.NewReader(written(t, head, back)), func(Entry) error { return nil })
		if err != nil || again.Job != head.Job {
			t.Errorf("what was read cannot be read again: %v", err)
		}
	})
}

// Two things that a plan may do have two steps; values that nobody may know
// have none.
func TestSteps(t *testing.T) {
	hidden := func(attribute string) bool { return attribute == "password" }
	op := func(change func(*Operation)) Operation {
		o := Operation{Action: Update, Type: directory.User, TargetAnchor: "t1", Changes: []Change{
			{Attribute: "title", Verb: Add, New: directory.Str("Clerk")}, {Attribute: "password", Verb: Add, New: directory.Str("secret")},
		}}
		change(&o)
		return o
	}
	base := ObjectStep("a", op(func(*Operation) {}), hidden)
	if base != ObjectStep("a", op(func(o *Operation) {
		o.Changes[0].Old, o.Changes[1].New = directory.Str("before"), directory.Str("other")
	}), hidden) {
		t.Error("an old value or a hidden one counts")
	}
	seen := map[Step]string{base: "itself"}
	differs := func(what string, s Step) {
		if other, taken := seen[s]; taken {
			t.Errorf("%s has the step of %s", what, other)
		}
		seen[s] = what
	}
	differs("another object", ObjectStep("b", op(func(*Operation) {}), hidden))
	for what, change := range map[string]func(*Operation){
		"action": func(o *Operation) { o.Action = Disable }, "type": func(o *Operation) { o.Type = directory.Group },
		"target": func(o *Operation) { o.TargetAnchor = "t2" }, "attribute": func(o *Operation) { o.Changes[0].Attribute = "nickName" },
		"verb": func(o *Operation) { o.Changes[0].Verb = Replace }, "value": func(o *Operation) { o.Changes[0].New = directory.Str("Clark") },
		"kind": func(o *Operation) { o.Changes[0].New = directory.Bool(true) }, "fewer": func(o *Operation) { o.Changes = o.Changes[:1] },
		"shifted": func(o *Operation) { o.Changes[0].Attribute, o.Changes[0].Verb = "titlea", "dd" },
	} {
		differs(what, ObjectStep("a", op(change), hidden))
	}
	reference := func(source, target, attribute string, verb Verb, v directory.Value) Step {
		return ReferenceStep(directory.Group, source, target, attribute, verb, v)
	}
	differs("member", reference("g", "t9", "members", Add, directory.Ref("t1")))
	differs("member to create", reference("g", "t9", "members", Add, directory.KnownAfterCreate("t1")))
	differs("member going", reference("g", "t9", "members", Remove, directory.Ref("t1")))
	differs("another member", reference("g", "t9", "members", Add, directory.Ref("t2")))
	differs("another group", reference("h", "t9", "members", Add, directory.Ref("t1")))
	differs("another target", reference("g", "t8", "members", Add, directory.Ref("t1")))
	differs("another attribute", reference("g", "t9", "owners", Add, directory.Ref("t1")))
	differs("anchor", AnchorStep("g"))
}

func TestBasisChanged(t *testing.T) {
	then := Basis{Job: "j", Configuration: "c", Source: "s", Users: 2, Changes: 2, State: map[string]string{"a": "1", "b": "1"},
		Looked: []Looked{{"1", "Ada", "h1"}, {"2", "Bo", "h2"}}}
	for what, test := range map[string]struct {
		change func(*Basis)
		want   string
	}{
		"nothing":   {func(*Basis) {}, ""},
		"the clock": {func(b *Basis) { b.Made, b.SourceTime = time.Unix(1, 0), time.Unix(2, 0) }, ""},
		"the file":  {func(b *Basis) { b.Job = "k" }, "the job file has changed"},
		"the state": {func(b *Basis) { b.State = map[string]string{"a": "2", "b": "1", "c": "1"}; b.Source = "t" }, "the state has changed: a, c"},
		"the source": {func(b *Basis) { b.Source, b.Looked = "t", []Looked{{"1", "Ada", "x"}, {"3", "Cai", "h3"}} },
			"the source has changed: it has 2 users and 0 groups, 2 of them to look at, and had 2 users and 0 groups, 2 of them to look at; different: Ada, Cai, Bo"},
		"the order": {func(b *Basis) { b.Source = "t" }, "the source has changed: it has 2 users and 0 groups, 2 of them to look at, and had 2 users and 0 groups, 2 of them to look at"},
		"too many to name": {func(b *Basis) { b.Source, b.Looked, b.Changes = "t", nil, 5000 },
			"the source has changed: it has 2 users and 0 groups, 5000 of them to look at, and had 2 users and 0 groups, 2 of them to look at"},
	} {
		now := then
		test.change(&now)
		if got := strings.Join(then.Changed(now), "; "); got != test.want {
			t.Errorf("%s: %q, want %q", what, got, test.want)
		}
	}
}
