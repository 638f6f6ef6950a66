package plan_test

import (
	"encoding/json"
	"testing"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/plan"
)

// value reads a value as an application would show it.
func value(t *testing.T, text string) directory.Value {
	t.Helper()
	var x any
	if err := json.Unmarshal([]byte(text), &x); err != nil {
		t.Fatal(err)
	}
	v, err := directory.FromJSON(x)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestRolesAreComparedByThePartsThatBothHave: an application keeps of a role
// what it knows.
func TestRolesAreComparedByThePartsThatBothHave(t *testing.T) {
	const admin = `{"id":"r1","value":"Admin","displayName":"Administrator","primary":true}`
	text, err := json.Marshal(value(t, admin).Text()) // the whole role as the text of its value, as one dialect writes it
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		mapped, shown string
		same          bool
	}{
		"all parts":                     {admin, admin, true},
		"without its id":                {admin, `{"value":"Admin","displayName":"Administrator","primary":true}`, true},
		"with parts of the application": {admin, `{"value":"Admin","$ref":"https://app.test/roles/1","type":"direct"}`, true},
		"a boolean as text":             {admin, `{"value":"Admin","primary":"True"}`, true},
		"another value":                 {admin, `{"value":"Reader","primary":true}`, false},
		"another display name":          {admin, `{"value":"Admin","displayName":"Reader"}`, false},
		"no part in common":             {admin, `{"type":"direct"}`, false},
		"an empty part":                 {admin, `{"value":""}`, false},
		"its value alone":               {admin, `"Admin"`, true},
		"another value alone":           {admin, `"Reader"`, false},
		"the role as the value's text":  {admin, `{"value":` + string(text) + `,"type":"WindowsAzureActiveDirectoryRole"}`, true},
		"a set in another order":        {`[` + admin + `,{"value":"Reader"}]`, `[{"value":"Reader"},{"value":"Admin"}]`, true},
		"a set with one more":           {`[` + admin + `]`, `[{"value":"Reader"},{"value":"Admin"}]`, false},
		"two of one kind for two":       {`[{"value":"Admin"},{"value":"Reader"}]`, `[{"value":"Admin"},{"value":"Admin"}]`, false},
	} {
		mapped, shown := value(t, tt.mapped), value(t, tt.shown)
		if plan.Same(mapped, shown) != tt.same || plan.Same(shown, mapped) != tt.same {
			t.Errorf("%s: same %v and %v, want %v", name, plan.Same(mapped, shown), plan.Same(shown, mapped), tt.same)
		}
	}
}
