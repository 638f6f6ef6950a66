package export

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// crowd returns groups with this many members each.
func crowd(sizes ...int) string {
	groups := make([]string, len(sizes))
	for i, n := range sizes {
		members := make([]string, n)
		for m := range members {
			members[m] = fmt.Sprintf(`"m%d"`, m)
		}
		groups[i] = fmt.Sprintf(`{"id":"g%d","members":[%s]}`, i, strings.Join(members, ","))
	}
	return "[" + strings.Join(groups, ",") + "]"
}

func TestWarnings(t *testing.T) {
	const users = `[{"id":"a1","accountEnabled":true},{"id":"b2"}]`
	const (
		noAccountEnabled = "users.json: no user has accountEnabled, so that everybody counts as enabled, and people who are blocked keep their accounts; " +
			"export it too: Graph leaves it out unless $select names it"
		noMembers = "groups.json: no group has members, not even an empty list, so that all groups count as empty, and whoever was a member in the application is removed; " +
			"export each group with its members, from /groups/{id}/members?$select=id, page by page"
		twenty = "groups.json: 2 groups have exactly 20 members and none has more: Graph's $expand=members stops at 20 without a word, and whoever is missing is removed in the application; " +
			"export members from /groups/{id}/members?$select=id, page by page"
	)
	for _, test := range []struct {
		name, users, groups, assignments string
		want                             []string
	}{
		{name: "nothing is wrong", users: users, groups: crowd(2, 0)},
		{name: "nobody", users: "[]", groups: "[]"},
		{name: "no accountEnabled", users: `[{"id":"a1"},{"id":"b2","accountEnabled":null}]`, want: []string{noAccountEnabled}},
		{name: "one has it", users: `[{"id":"a1"},{"id":"b2","accountEnabled":false}]`},
		{name: "no members", users: users, groups: `[{"id":"g1"},{"id":"g2","members":null}]`, want: []string{noMembers}},
		{name: "one empty list", users: users, groups: `[{"id":"g1"},{"id":"g2","members":[]}]`},
		{name: "two of 20", users: users, groups: crowd(20, 3, 20), want: []string{twenty}},
		{name: "one of 20", users: users, groups: crowd(20, 3, 19)},
		{name: "two of 20 and more", users: users, groups: crowd(20, 21, 20)},
		{name: "both files", users: `[{"id":"a1"}]`, groups: `[{"id":"g1"}]`, want: []string{noAccountEnabled, noMembers}},
		{name: "assigned groups are missing", users: users, groups: crowd(1, 1),
			assignments: `[{"principalId":"g0","principalType":"Group"},{"principalId":"x2","principalType":"Group","principalDisplayName":"Sales"},
				{"principalId":"x1","principalType":"Group","principalDisplayName":"Board"},{"principalId":"x3"},{"principalId":"x4","principalType":"User"}]`,
			want: []string{`groups.json: groups that are assigned are missing, 2 in all, such as "Board", so that nobody is assigned by them; export every group that is assigned`}},
	} {
		for _, flat := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, flat=%v", test.name, flat), func(t *testing.T) {
				files, o := map[string]string{"users.json": test.users}, Options{Users: "users.json", FlattenNestedGroups: flat}
				if test.groups != "" {
					files["groups.json"], o.Groups = test.groups, "groups.json"
				}
				if test.assignments != "" {
					files["a.json"], o.Assignments = test.assignments, "a.json"
				}
				dir := lay(t, files)
				s := newSource(t, optionsIn(dir, o))
				for range 2 { // a second read counts anew
					_, result, err := readAll(s, nil)
					if err != nil {
						t.Fatal(err)
					}
					var got []string
					for _, w := range result.Warnings {
						got = append(got, strings.ReplaceAll(w, dir+string(filepath.Separator), ""))
					}
					if diff := cmp.Diff(test.want, got); diff != "" {
						t.Errorf("(-want +got):\n%s", diff)
					}
				}
			})
		}
	}
}

// Nested members do not make up for what $expand has left out.
func TestWarningsCountDirectMembers(t *testing.T) {
	groups := strings.TrimSuffix(crowd(20, 20), "]") + `,{"id":"top","members":["g0","g1","x"]}]`
	_, result, err := readAll(newSource(t, optionsIn(lay(t, map[string]string{"u.json": "[]", "g.json": groups}),
		Options{Users: "u.json", Groups: "g.json", FlattenNestedGroups: true})), nil)
	if err != nil || len(result.Warnings) != 1 {
		t.Errorf("%v, %v", result.Warnings, err)
	}
}

// The portal's list says of everybody whether the account is enabled.
func TestWarningsCSV(t *testing.T) {
	for content, want := range map[string]int{"id,accountEnabled\na1,True\n": 0, "id,displayName\na1,Ada\n": 1} {
		_, result, err := readAll(newSource(t, optionsIn(lay(t, map[string]string{"u.csv": content}), Options{Users: "u.csv"})), nil)
		if err != nil || len(result.Warnings) != want {
			t.Errorf("%q: %v, %v", content, result.Warnings, err)
		}
	}
}
