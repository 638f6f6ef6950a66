package provlog_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/scimsync/scimsync/engine/provlog"
)

func entry() provlog.Event {
	return provlog.Event{
		ID: "e", JobID: "j", CycleID: "c", ActivityDateTime: time.Date(2026, 3, 1, 12, 0, 0, 1500, time.UTC),
		ProvisioningAction:     provlog.ActionCreate,
		ProvisioningStatusInfo: provlog.StatusInfo{Status: provlog.Failure},
		SourceIdentity: provlog.Identity{ID: "0F-1", DisplayName: "Ada\tÏto", IdentityType: "User",
			Details: map[string]string{"userPrincipalName": "ada@contoso.com", "department": "Sales"}},
		TargetIdentity: provlog.Identity{ID: "42", DisplayName: "ADA@contoso.com"},
	}
}

func TestMatches(t *testing.T) {
	at := entry().ActivityDateTime
	for _, test := range []struct {
		q    provlog.Query
		want bool
	}{
		{provlog.Query{}, true},
		{provlog.Query{JobID: "j", CycleID: "c"}, true},
		{provlog.Query{JobID: "J"}, false},
		{provlog.Query{CycleID: "x"}, false},
		{provlog.Query{Actions: []provlog.Action{provlog.ActionDelete, provlog.ActionCreate}}, true},
		{provlog.Query{Actions: []provlog.Action{provlog.ActionDelete}}, false},
		{provlog.Query{Status: []provlog.Status{provlog.Failure}}, true},
		{provlog.Query{Status: []provlog.Status{provlog.Success, provlog.Skipped}}, false},
		{provlog.Query{Since: at}, true},
		{provlog.Query{Since: at.Add(provlog.Resolution)}, false},
		{provlog.Query{Since: at.In(time.FixedZone("CET", 3600))}, true},
		{provlog.Query{User: "0f-1"}, true}, // an id, but no part of one
		{provlog.Query{User: "0f-"}, false},
		{provlog.Query{User: "f-1"}, false},
		{provlog.Query{User: "ADA ÏTO"}, true},
		{provlog.Query{User: "@CONTOSO"}, true},
		{provlog.Query{User: "42"}, true},
		{provlog.Query{User: "4"}, false},
		{provlog.Query{User: "0f-1\n42"}, false},
		{provlog.Query{User: "sales"}, false},
		{provlog.Query{User: "user"}, false},
		{provlog.Query{User: "ïto\nada"}, false},
	} {
		if got := entry().Matches(test.q); got != test.want {
			t.Errorf("%+v matches: %v, want %v", test.q, got, test.want)
		}
	}
}

func TestSearchText(t *testing.T) {
	// Each text once, whatever it comes from.
	if got, want := entry().SearchText(), "ada ïto\nada@contoso.com\x01\n0f-1\n42\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := (provlog.Event{}).SearchText(); got != "\x01" {
		t.Errorf("an empty entry has %q", got)
	}
}

func TestSelect(t *testing.T) {
	var log []provlog.Event
	for _, id := range []string{"b", "a", "d", "c"} {
		log = append(log, provlog.Event{ID: id})
	}
	for want, q := range map[string]provlog.Query{
		"badc": {},
		"dc":   {Limit: 2},
		"c":    {After: "d"},
		"":     {After: "c"},
		"adc":  {After: "b", Limit: 9},
		"d":    {After: "cc"}, // not in the log: by id
	} {
		got := ""
		for _, e := range provlog.Select(log, q) {
			got += e.ID
		}
		if got != want {
			t.Errorf("%+v selects %q, want %q", q, got, want)
		}
	}
}

func TestParse(t *testing.T) {
	for _, a := range provlog.Actions() {
		if got, err := provlog.ParseAction(" " + string(a) + " "); got != a || err != nil {
			t.Errorf("%s: %s, %v", a, got, err)
		}
	}
	if got, err := provlog.ParseAction("STAGEDDELETE"); got != provlog.ActionStagedDelete || err != nil {
		t.Errorf("got %s, %v", got, err)
	}
	for _, s := range provlog.Statuses() {
		if got, err := provlog.ParseStatus(string(s)); got != s || err != nil {
			t.Errorf("%s: %s, %v", s, got, err)
		}
	}
	_, action := provlog.ParseAction("updated")
	_, status := provlog.ParseStatus("broken")
	got := fmt.Sprintln(action) + fmt.Sprintln(status)
	want := `unknown action "updated": did you mean "update"? the provisioning log has other, create, delete, disable, update, stagedDelete
unknown status "broken": the provisioning log has success, failure, skipped, warning
`
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
