package directory_test

import (
	"encoding/json"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/scimsync/scimsync/connectors/directory"
)

func TestText(t *testing.T) {
	for _, tt := range []struct {
		v          directory.Value
		text, json string
		empty      bool
	}{
		{directory.Value{}, "", "null", true},
		{directory.Str(""), "", `""`, true},
		{directory.Str("a<b>&\"c"), "a<b>&\"c", `"a<b>&\"c"`, false},
		{directory.Bool(true), "True", "true", false},
		{directory.Bool(false), "False", "false", false},
		{directory.Int(-7), "-7", "-7", false},
		{directory.Time(time.Date(2026, 11, 23, 15, 4, 5, 0, time.UTC)), "11/23/2026 3:04:05 PM", `"2026-11-23T15:04:05Z"`, false},
		{directory.Time(time.Date(1601, 1, 1, 0, 0, 0, 0, time.UTC)), "1/1/1601 12:00:00 AM", `"1601-01-01T00:00:00Z"`, false},
		{directory.Time(time.Date(9999, 12, 31, 23, 59, 59, 999999900, time.UTC)), "12/31/9999 11:59:59 PM", `"9999-12-31T23:59:59.9999999Z"`, false},
		{directory.Ref("x"), "x", `"x"`, false},
		{directory.Of(), "", "[]", true},
		{directory.Strs("", ""), ", ", `["",""]`, true},
		{directory.Strs("a", "b"), "a, b", `["a","b"]`, false},
		{directory.Struct(directory.Field{Name: "z", Value: directory.Int(1)}, directory.Field{Name: "a"}), `{"z":1,"a":null}`, `{"z":1,"a":null}`, false},
		{directory.KnownAfterCreate("x"), directory.PendingText, `"(known after create)"`, false},
	} {
		if got := tt.v.Text(); got != tt.text {
			t.Errorf("text %q, want %q", got, tt.text)
		}
		b, err := json.Marshal(tt.v)
		if err != nil || !jsonEqual(t, string(b), tt.json) {
			t.Errorf("JSON %s, want %s, error %v", b, tt.json, err)
		}
		if got := tt.v.IsEmpty(); got != tt.empty {
			t.Errorf("%s: empty %v", tt.json, got)
		}
	}
}

func jsonEqual(t *testing.T, a, b string) bool {
	t.Helper()
	var x, y any
	if json.Unmarshal([]byte(a), &x) != nil || json.Unmarshal([]byte(b), &y) != nil {
		t.Errorf("no JSON: %s, %s", a, b)
	}
	xs, _ := json.Marshal(x)
	ys, _ := json.Marshal(y)
	return string(xs) == string(ys)
}

func TestTimesRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := time.Unix(rapid.Int64Range(-62135596800, 253402300799).Draw(t, "seconds"), rapid.Int64Range(0, 9_999_999).Draw(t, "ticks")*100).UTC()
		got, ok := directory.Time(at).Time()
		if !ok || !got.Equal(at) {
			t.Fatalf("%v became %v", at, got)
		}
	})
}

func TestConversions(t *testing.T) {
	for _, tt := range []struct {
		v         directory.Value
		truth, ok bool
	}{
		{directory.Bool(true), true, true}, {directory.Str("TRUE"), true, true}, {directory.Str("false"), false, true},
		{directory.Str("yes"), false, false}, {directory.Int(1), false, false}, {directory.Value{}, false, false},
	} {
		if truth, ok := tt.v.Boolean(); truth != tt.truth || ok != tt.ok {
			t.Errorf("%v: %v %v", tt.v, truth, ok)
		}
	}
	if n, ok := directory.Str(" 42 ").Integer(); n != 42 || !ok {
		t.Error("a number as text")
	}
	if _, ok := directory.Str("4.2").Integer(); ok {
		t.Error("4.2 is no integer")
	}
}

func TestFromJSON(t *testing.T) {
	var x any
	if err := json.Unmarshal([]byte(`{"b": [1, 2.5, true, null, "s"], "a": {"c": 1e20}}`), &x); err != nil {
		t.Fatal(err)
	}
	v, err := directory.FromJSON(x)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := v.Text(), `{"a":{"c":"1e+20"},"b":[1,"2.5",true,null,"s"]}`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if _, err := directory.FromJSON(struct{}{}); err == nil {
		t.Error("a struct is no JSON")
	}
}

func TestCanonical(t *testing.T) {
	for name, want := range map[string]string{
		"id": "objectId", "ObjectID": "objectId", "mobilePhone": "mobile", "officeLocation": "physicalDeliveryOfficeName",
		"faxNumber": "facsimileTelephoneNumber", "DISPLAYNAME": "displayName", "issoftdeleted": "IsSoftDeleted",
		"onPremisesExtensionAttributes.extensionAttribute3": "extensionAttribute3",
		"extension_0123_Badge":                              "extension_0123_Badge", "Column of my own": "Column of my own",
	} {
		if got := directory.Canonical(directory.User, name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	if a, ok := directory.SourceAttribute(directory.Group, "MEMBERS"); !ok || a.Type != directory.TypeReference || !a.Multivalued {
		t.Errorf("members: %+v %v", a, ok)
	}
	if a, ok := directory.SourceAttribute(directory.User, "jobTitle"); !ok || a.Type != directory.TypeString {
		t.Errorf("jobTitle: %+v %v", a, ok)
	}
}
