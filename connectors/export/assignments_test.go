package export

import (
	"fmt"
	"strings"
	"testing"

	"github.com/scimsync/scimsync/connectors/directory"
)

// A small company: Ada and Bo in Sales, Sales and Cy in Everybody.
var company = map[string]string{
	"u.json": `[{"id":"a1","userPrincipalName":"ada@x","mail":"ada.ito@x","displayName":"Ada"},
		{"id":"b2","userPrincipalName":"bo@x","displayName":"Bo"},
		{"id":"c3","userPrincipalName":"cy_y.com#EXT#@x","displayName":"Cy"}]`,
	"g.json": `[{"id":"g1","displayName":"Sales","members":["a1","b2"]},
		{"id":"g2","displayName":"Everybody","members":["g1","c3"]}]`,
}

func with(files map[string]string, name, content string) map[string]string {
	all := map[string]string{name: content}
	for n, c := range files {
		if n != name {
			all[n] = c
		}
	}
	return all
}

// told writes down who is assigned: user, [role] and (group) of each.
func told(list []directory.Object) string {
	var b strings.Builder
	for _, o := range list {
		if len(o.Assignments) == 0 {
			continue
		}
		fmt.Fprintf(&b, "%s:", o.Anchor)
		for _, a := range o.Assignments {
			fmt.Fprintf(&b, " %s", a.Role.Field("value"))
			if !a.Role.IsNull() && a.Role.Field("value").IsNull() {
				fmt.Fprintf(&b, "%s", a.Role.Field("id"))
			}
			if a.Via != "" {
				fmt.Fprintf(&b, "(%s)", a.Via)
			}
		}
		if roles := o.Get("appRoleAssignments"); !roles.IsNull() {
			fmt.Fprintf(&b, " %s", roles)
		}
		b.WriteString("\n")
	}
	return b.String()
}

func TestAssignments(t *testing.T) {
	const admin = `"appRoleId":"r1","appRoleValue":"Admin","appRoleDisplayName":"Administrator"`
	const none = `"appRoleId":"00000000-0000-0000-0000-000000000000"`
	for _, test := range []struct {
		name, list string
		assigned   Assigned
		want       string
	}{
		{"nobody", ``, Assigned{}, ""},
		{"a user", `{"principalId":"a1","principalType":"User",` + none + `}`, Assigned{}, "a1: \n"},
		{"a user with a role", `{"principalId":"a1","principalType":"User",` + admin + `}`, Assigned{},
			`a1: Admin {"id":"r1","value":"Admin","displayName":"Administrator"}` + "\n"},
		{"role as an object", `{"principalId":"a1","principalType":"User","appRoleId":"r1","appRole":{"id":"r1","value":"Admin","displayName":"Administrator"}}`, Assigned{},
			`a1: Admin {"id":"r1","value":"Admin","displayName":"Administrator"}` + "\n"},
		{"role without a name", `{"principalId":"a1","principalType":"User","appRoleId":"r1"}`, Assigned{},
			`a1: r1 {"id":"r1","value":null,"displayName":null}` + "\n"},
		{"role named once", `{"principalId":"a1","principalType":"User","appRoleId":"r1"},{"principalId":"b2","principalType":"User",` + admin + `}`, Assigned{},
			`a1: Admin {"id":"r1","value":"Admin","displayName":"Administrator"}` + "\n" + `b2: Admin {"id":"r1","value":"Admin","displayName":"Administrator"}` + "\n"},
		{"a group gives to direct members", `{"principalId":"g1","principalType":"Group",` + none + `}`, Assigned{}, "a1: (Sales)\nb2: (Sales)\ng1: \n"},
		{"members of member groups do not count", `{"principalId":"g2","principalType":"Group",` + none + `}`, Assigned{}, "c3: (Everybody)\ng2: \n"},
		{"type not told", `{"principalId":"g1"},{"principalId":"c3"}`, Assigned{}, "a1: (Sales)\nb2: (Sales)\nc3: \ng1: \n"},
		{"service principals are nobody", `{"principalId":"a1","principalType":"ServicePrincipal"}`, Assigned{}, ""},
		{"who is not in the export", `{"principalId":"x9","principalType":"Group"},{"principalId":"x8","principalType":"User"}`, Assigned{}, ""},
		{"several reasons, several roles", `{"principalId":"g1","principalType":"Group","appRoleId":"r2","appRoleValue":"Writer"},
			{"principalId":"a1","principalType":"User","appRoleId":"r2"},{"principalId":"a1","principalType":"User",` + admin + `},
			{"principalId":"a1","principalType":"User",` + none + `},{"principalId":"a1","principalType":"User","appRoleId":"R1"},
			{"principalId":"g1","principalType":"Group",` + admin + `},{"principalId":"a1","principalType":"User","appRoleId":"r2"}`, Assigned{},
			`a1:  R1 Admin Writer Admin(Sales) Writer(Sales) {"id":"R1","value":null,"displayName":null}, {"id":"r1","value":"Admin","displayName":"Administrator"}, {"id":"r2","value":"Writer","displayName":null}` + "\n" +
				`b2: Admin(Sales) Writer(Sales) {"id":"r1","value":"Admin","displayName":"Administrator"}, {"id":"r2","value":"Writer","displayName":null}` + "\n" +
				`g1: Admin Writer {"id":"r1","value":"Admin","displayName":"Administrator"}, {"id":"r2","value":"Writer","displayName":null}` + "\n"},
		{"taken away", `{"principalId":"a1","@removed":{"reason":"deleted"}}`, Assigned{}, ""},
		{"by name", ``, Assigned{Users: []string{"ADA@x"}, Groups: []string{"everybody"}}, "a1: \nc3: (Everybody)\ng2: \n"},
		{"by mail, guest name and id", ``, Assigned{Users: []string{"ada.ito@x", "a1", "cy@y.com", "CY_y.com#ext#@x"}, Groups: []string{"g1"}}, "a1:  (Sales)\nb2: (Sales)\nc3: \ng1: \n"},
		{"by name beside the list", `{"principalId":"a1","principalType":"User",` + admin + `}`, Assigned{Users: []string{"ada@x"}},
			`a1:  Admin {"id":"r1","value":"Admin","displayName":"Administrator"}` + "\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			files := with(company, "a.json", `{"value":[`+test.list+`]}`)
			list := objects(t, files, Options{Users: "u.json", Groups: "g.json", Assignments: "a.json", Assigned: test.assigned})
			if got := told(list); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

func TestAssignmentErrors(t *testing.T) {
	for _, test := range []struct {
		name, list string
		assigned   Assigned
		want       string
	}{
		{"no principal", `{"principalType":"User"}`, Assigned{}, `a.json:1:2: the assignment has no principalId, the object id of the assigned user or group`},
		{"another type", `{"principalId":"a1","principalType":"Device"}`, Assigned{}, `a.json:1:2: the assignment's principalType is "Device", which is none of User, Group and ServicePrincipal`},
		{"two applications", `{"principalId":"a1","resourceId":"x1","resourceDisplayName":"BlogIn"},{"principalId":"b2","resourceId":"y1","resourceDisplayName":"Wiki"}`, Assigned{},
			`a.json:1:72: the list holds assignments to two applications, x1 "BlogIn" and y1 "Wiki"; export appRoleAssignedTo of one service principal`},
		{"one role, two values", `{"principalId":"a1","appRoleId":"r1","appRoleValue":"A"},{"principalId":"b2","appRoleId":"r1","appRoleValue":"B"}`, Assigned{},
			`a.json:1:59: the role r1 has the value "B" here and "A" before`},
		{"user by a wrong name", ``, Assigned{Users: []string{"ada@x", "adda@x"}},
			`u.json: adda@x: the user is assigned by name, and the export has none with this userPrincipalName, mail or object id; did you mean "ada@x"?`},
		{"user by display name", ``, Assigned{Users: []string{"Somebody Else"}},
			`u.json: Somebody Else: the user is assigned by name, and the export has none with this userPrincipalName, mail or object id`},
		{"group by a wrong name", ``, Assigned{Groups: []string{"Slaes"}},
			`g.json: Slaes: the group is assigned by name, and the export has none with this displayName or object id; did you mean "Sales"?`},
		{"empty name", ``, Assigned{Users: []string{""}},
			`u.json: the user is assigned by name, and the export has none with this userPrincipalName, mail or object id`},
	} {
		t.Run(test.name, func(t *testing.T) {
			files := with(company, "a.json", `[`+test.list+`]`)
			got := readError(t, files, Options{Users: "u.json", Groups: "g.json", Assignments: "a.json", Assigned: test.assigned})
			if got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
	t.Run("two groups of a name", func(t *testing.T) {
		files := with(company, "g.json", `[{"id":"g1","displayName":"Sales"},{"id":"g2","displayName":"SALES"}]`)
		got := readError(t, files, Options{Users: "u.json", Groups: "g.json", Assigned: Assigned{Groups: []string{"Sales"}}})
		if want := `g.json: Sales: 2 groups have this name, g1 and g2: assign by object id`; got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	})
	t.Run("two users of a name", func(t *testing.T) {
		files := with(company, "u.json", `[{"id":"a1","mail":"ada@x"},{"id":"b2","userPrincipalName":"ada@x"}]`)
		got := readError(t, files, Options{Users: "u.json", Assigned: Assigned{Users: []string{"ada@x"}}})
		if want := `u.json: ada@x: 2 users have this name, a1 and b2: assign by object id`; got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	})
	t.Run("no groups", func(t *testing.T) {
		got := readError(t, with(company, "a.json", `[{"principalId":"g1","principalType":"Group"}]`), Options{Users: "u.json", Assignments: "a.json"})
		if want := `a.json: groups are assigned to the application, and the export has no file of groups to find their members in`; got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	})
	t.Run("CSV", func(t *testing.T) {
		got := readError(t, with(company, "a.csv", "principalId\n"), Options{Users: "u.json", Assignments: "a.csv"})
		if want := `a.csv: assignments are read from Graph JSON alone`; got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	})
	t.Run("more pages", func(t *testing.T) {
		got := readError(t, with(company, "a.json", `{"value":[],"@odata.nextLink":"x"}`), Options{Users: "u.json", Assignments: "a.json"})
		if want := `a.json: the export is incomplete: this last page has an @odata.nextLink, so that more pages exist than there are files`; got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	})
}

// A user who was assigned by name and is deleted stays assigned, so that the
// name need not be taken out at once; a new account of the same name, once
// there, is the one that is meant.
func TestAssignedDeletedUser(t *testing.T) {
	options := Options{Users: "u.json", DeletedUsers: "d.json", Assigned: Assigned{Users: []string{"ada@x"}}}
	deleted := `[{"id":"d4","userPrincipalName":"d4ada@x"}]`
	if got := told(objects(t, map[string]string{"u.json": "[]", "d.json": deleted}, options)); got != "d4: \n" {
		t.Errorf("deleted alone: got %q", got)
	}
	if got := told(objects(t, with(company, "d.json", deleted), options)); got != "a1: \n" {
		t.Errorf("deleted and new: got %q", got)
	}
}
