package export

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/directory"
)

// membersOf writes down the members of each group.
func membersOf(list []directory.Object) string {
	var b strings.Builder
	for _, o := range list {
		if o.Type != directory.Group {
			continue
		}
		fmt.Fprintf(&b, "%s:", o.Anchor)
		for _, m := range o.Get("members").Elements() {
			fmt.Fprintf(&b, " %s", m.Anchor())
		}
		b.WriteString("\n")
	}
	return b.String()
}

func TestFlattenNestedGroups(t *testing.T) {
	const users = `[{"id":"a1"},{"id":"b2"},{"id":"c3"},{"id":"d4"}]`
	const ada, ida = "0f0e0d0c-0b0a-4000-8000-0000000000a1", "0f0e0d0c-0b0a-4000-8000-00000000001a"
	for _, test := range []struct {
		name, groups, members string
		assigned              []string // groups
		users                 string   // who is assigned by it
	}{
		{"nothing is nested", `{"id":"g1","members":["b2","a1"]},{"id":"g2"},{"id":"g3","members":[]}`, "g1: b2 a1\ng2:\ng3:\n", []string{"g1"}, "a1: (g1)\nb2: (g1)\ng1: \n"},
		{"in the place of the group", `{"id":"g1","members":["a1","g2","d4"]},{"id":"g2","members":["c3","b2"]}`,
			"g1: a1 c3 b2 d4\ng2: c3 b2\n", []string{"g1"}, "a1: (g1)\nb2: (g1)\nc3: (g1)\nd4: (g1)\ng1: \n"},
		{"listed before what it is in", `{"id":"g2","members":["c3","b2"]},{"id":"g1","members":["a1","g2","d4"]}`,
			"g2: c3 b2\ng1: a1 c3 b2 d4\n", []string{"g1"}, "a1: (g1)\nb2: (g1)\nc3: (g1)\nd4: (g1)\ng1: \n"},
		{"each once", `{"id":"g1","members":["g2","g3","c3","d4"]},{"id":"g2","members":["a1","c3"]},{"id":"g3","members":["c3","b2","a1"]}`,
			"g1: a1 c3 b2 d4\ng2: a1 c3\ng3: c3 b2 a1\n", nil, ""},
		{"in depth", `{"id":"g1","members":["g2","d4"]},{"id":"g2","members":["g3","c3"]},{"id":"g3","members":["g4","b2"]},{"id":"g4","members":["a1"]}`,
			"g1: a1 b2 c3 d4\ng2: a1 b2 c3\ng3: a1 b2\ng4: a1\n", []string{"g2"}, "a1: (g2)\nb2: (g2)\nc3: (g2)\ng2: \n"},
		{"by two ways", `{"id":"g1","members":["g2","g3"]},{"id":"g2","members":["g4"]},{"id":"g3","members":["g4","b2"]},{"id":"g4","members":["a1"]}`,
			"g1: a1 b2\ng2: a1\ng3: a1 b2\ng4: a1\n", []string{"g1", "g3"}, "a1: (g1) (g3)\nb2: (g1) (g3)\ng1: \ng3: \n"},
		{"in a circle", `{"id":"g1","members":["g2","a1"]},{"id":"g2","members":["b2","g3"]},{"id":"g3","members":["g1","c3"]}`,
			"g1: b2 c3 a1\ng2: b2 a1 c3\ng3: b2 a1 c3\n", []string{"g2"}, "a1: (g2)\nb2: (g2)\nc3: (g2)\ng2: \n"},
		{"in itself", `{"id":"g1","members":["a1","g1","b2"]}`, "g1: a1 b2\n", []string{"g1"}, "a1: (g1)\nb2: (g1)\ng1: \n"},
		{"in itself alone", `{"id":"g1","members":["g1"]}`, "g1:\n", []string{"g1"}, "g1: \n"},
		{"an empty one", `{"id":"g1","members":["g2","a1"]},{"id":"g2"}`, "g1: a1\ng2:\n", []string{"g1"}, "a1: (g1)\ng1: \n"},
		{"who is not in the export", `{"id":"g1","members":["x7","g2"]},{"id":"g2","members":["x8","x7"]}`, "g1: x7 x8\ng2: x8 x7\n", nil, ""},
		{"a group that is not in the export", `{"id":"g1","members":[{"id":"g9","@odata.type":"#microsoft.graph.group"},{"id":"a1","@odata.type":"#microsoft.graph.user"}]},
			{"id":"g2","members":["g9","g1","b2"]}`, "g1: a1\ng2: a1 b2\n", []string{"g2"}, "a1: (g2)\nb2: (g2)\ng2: \n"},
		{"taken away", `{"id":"g1","members":[{"id":"g2","@removed":{"reason":"deleted"}},"b2"]},{"id":"g2","members":["a1"]}`, "g1: b2\ng2: a1\n", nil, ""},
		{"of a page", `{"id":"g1","members@delta":[{"id":"g2"},{"id":"b2"}]},{"id":"g2","Members":["a1"]}`, "g1: a1 b2\ng2: a1\n", nil, ""},
		{"GUIDs", `{"id":"g1","members":["G2","` + strings.ToUpper(ada) + `"]},{"id":"G2","members":["` + ida + `","` + ada + `"]}`,
			"g1: " + ida + " " + ada + "\nG2: " + ida + " " + ada + "\n", nil, ""},
		{"one member, not a list", `{"id":"g1","members":{"id":"g2"}},{"id":"g2","members":"a1"}`, "g1: a1\ng2: a1\n", []string{"g1"}, "a1: (g1)\ng1: \n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			options := Options{Users: "u.json", Groups: "g.json", Assigned: Assigned{Groups: test.assigned}, FlattenNestedGroups: true}
			list := objects(t, map[string]string{"u.json": users, "g.json": "[" + test.groups + "]"}, options)
			if got := membersOf(list); got != test.members {
				t.Errorf("members:\n%s\nwant\n%s", got, test.members)
			}
			if got := told(list); got != test.users {
				t.Errorf("assigned:\n%s\nwant\n%s", got, test.users)
			}
		})
	}
}

// Users and groups may be in any of the formats.
func TestFlattenFormats(t *testing.T) {
	groups := []string{`{"id":"g2","displayName":"Everybody","members":[{"id":"g1"},{"id":"c3"}]}`, `{"id":"g1","displayName":"Sales","members":[{"id":"a1"},{"id":"b2"}]}`}
	const csv = "id,accountEnabled\na1,True\nb2,True\nc3,False\n"
	for name, content := range map[string]string{
		"g.json":   `{"value":[` + strings.Join(groups, ",") + `]}`,
		"g.ndjson": strings.Join(groups, "\n"),
	} {
		t.Run(name, func(t *testing.T) {
			list := objects(t, map[string]string{"u.csv": csv, name: content},
				Options{Users: "u.csv", Groups: name, Assigned: Assigned{Groups: []string{"Everybody"}}, FlattenNestedGroups: true})
			if got, want := membersOf(list), "g2: a1 b2 c3\ng1: a1 b2\n"; got != want {
				t.Errorf("members:\n%s\nwant\n%s", got, want)
			}
			if got, want := told(list), "a1: (Everybody)\nb2: (Everybody)\nc3: (Everybody)\ng2: \n"; got != want {
				t.Errorf("assigned:\n%s\nwant\n%s", got, want)
			}
		})
	}
	t.Run("no groups", func(t *testing.T) {
		if got := anchors(objects(t, map[string]string{"u.csv": csv}, Options{Users: "u.csv", FlattenNestedGroups: true})); got != "a1 b2 c3" {
			t.Errorf("got %q", got)
		}
	})
}

// Roles go down with the assignment, and a user who is assigned in several
// ways has each reason once.
func TestFlattenRoles(t *testing.T) {
	files := with(company, "a.json", `[{"principalId":"g2","principalType":"Group","appRoleId":"r1","appRoleValue":"Reader"},
		{"principalId":"g1","principalType":"Group","appRoleId":"r2","appRoleValue":"Writer"},{"principalId":"g2","principalType":"Group","appRoleId":"r2"}]`)
	files["g.json"] = `[{"id":"g1","displayName":"Sales","members":["a1","b2"]},{"id":"g2","displayName":"Everybody","members":["g1","c3","a1"]}]`
	list := objects(t, files, Options{Users: "u.json", Groups: "g.json", Assignments: "a.json", FlattenNestedGroups: true})
	const reader, writer = `{"id":"r1","value":"Reader","displayName":null}`, `{"id":"r2","value":"Writer","displayName":null}`
	both := "Reader(Everybody) Writer(Everybody) Writer(Sales) " + reader + ", " + writer + "\n"
	want := "a1: " + both + "b2: " + both + "c3: Reader(Everybody) Writer(Everybody) " + reader + ", " + writer + "\n" +
		"g1: Writer " + writer + "\ng2: Reader Writer " + reader + ", " + writer + "\n"
	if got := told(list); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// A change in a nested group is one of every group that it is in, and of the
// users whom it assigns.
func TestFlattenChanges(t *testing.T) {
	const top, middle = `{"id":"g1","displayName":"Top","members":["g2"]}`, `{"id":"g2","members":["g3","c3"]}`
	before := `[` + top + `,` + middle + `,{"id":"g3","members":["a1"]},{"id":"g4","members":["c3"]}]`
	for _, test := range []struct{ name, after, changed, assigned string }{
		{"nobody moves", before, "", ""},
		{"somebody joins", `[` + top + `,` + middle + `,{"id":"g3","members":["a1","b2"]},{"id":"g4","members":["c3"]}]`, "b2 g1 g2 g3", "b2: (Top)\ng1: \n"},
		{"somebody leaves", `[` + top + `,` + middle + `,{"id":"g3","members":[]},{"id":"g4","members":["c3"]}]`, "a1 g1 g2 g3", "g1: \n"},
		{"somebody else takes a place", `[` + top + `,` + middle + `,{"id":"g3","members":["b2"]},{"id":"g4","members":["c3"]}]`, "a1 b2 g1 g2 g3", "b2: (Top)\ng1: \n"},
		{"a group is taken out", `[` + top + `,{"id":"g2","members":["c3"]},{"id":"g3","members":["a1"]},{"id":"g4","members":["c3"]}]`, "a1 g1 g2", "g1: \n"},
		{"a group is put in", `[{"id":"g1","displayName":"Top","members":["g2","g4"]},` + middle + `,{"id":"g3","members":["a1"]},{"id":"g4","members":["c3"]}]`, "", ""},
		{"the nested group is gone", `[` + top + `,` + middle + `,{"id":"g4","members":["c3"]}]`, "a1 g1 g2 g3", "g1: \n"},
		{"groups in another order", `[{"id":"g3","members":["a1"]},{"id":"g4","members":["c3"]},` + middle + `,` + top + `]`, "", ""},
		{"a circle closes", `[` + top + `,` + middle + `,{"id":"g3","members":["a1","g1"]},{"id":"g4","members":["c3"]}]`, "g3", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := lay(t, with(company, "g.json", before))
			s := newSource(t, optionsIn(dir, Options{Users: "u.json", Groups: "g.json", Assigned: Assigned{Groups: []string{"g1"}}, FlattenNestedGroups: true}))
			first, _, err := readAll(s, nil)
			if err != nil {
				t.Fatal(err)
			}
			snapshot := connectors.NewSnapshot()
			for _, c := range first {
				snapshot.Add(connectors.Record{Type: c.Object.Type, Anchor: c.Object.Anchor, Hash: c.Hash})
			}
			if err := os.WriteFile(filepath.Join(dir, "g.json"), []byte(test.after), 0o600); err != nil {
				t.Fatal(err)
			}
			second, _, err := readAll(s, snapshot)
			if err != nil {
				t.Fatal(err)
			}
			var changed []directory.Object
			for _, c := range second {
				changed = append(changed, c.Object)
			}
			if got := anchors(changed); got != test.changed {
				t.Errorf("changed: %q, want %q", got, test.changed)
			}
			if got := told(changed); got != test.assigned {
				t.Errorf("assigned: %q, want %q", got, test.assigned)
			}
		})
	}
}

// drawNesting draws groups g0, g1, …, and who is in each.
func drawNesting(rt *rapid.T) map[string][]string {
	const groups, users = 7, 9
	all := map[string][]string{}
	for g := range rapid.IntRange(1, groups).Draw(rt, "groups") {
		var members []string
		for _, m := range rapid.SliceOfNDistinct(rapid.IntRange(0, groups+users), 0, 6, rapid.ID[int]).Draw(rt, "members") {
			if m < groups {
				members = append(members, fmt.Sprintf("g%d", m)) // may be no group of the export, or itself
			} else {
				members = append(members, guid(m))
			}
		}
		all[fmt.Sprintf("g%d", g)] = members
	}
	return all
}

// naive is who is in a group: its list, with the same of each group in its
// place unless that is a group above.
func naive(groups map[string][]string, group string, above map[string]bool) (list []string) {
	if above[group] {
		return nil
	}
	above[group] = true
	defer delete(above, group)
	for _, m := range groups[group] {
		if _, isGroup := groups[m]; isGroup {
			list = append(list, naive(groups, m, above)...)
		} else {
			list = append(list, m)
		}
	}
	return list
}

func once(list []string) (unique []string) {
	seen := map[string]bool{}
	for _, e := range list {
		if !seen[e] {
			unique = append(unique, e)
		}
		seen[e] = true
	}
	return unique
}

// Whatever is nested in whatever: members are those of a naive recursion, users
// are assigned who are in an assigned group by it, the order of groups in the
// file makes no difference, and Find tells what Read does.
func TestFlattenProperty(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		nested := drawNesting(rt)
		var names []string
		for i := range len(nested) {
			names = append(names, fmt.Sprintf("g%d", i))
		}
		var users strings.Builder
		for i := range 20 {
			fmt.Fprintf(&users, `{"id":%q,"accountEnabled":true}`+"\n", guid(i))
		}
		options := optionsIn(dir, Options{Users: "u.ndjson", Groups: "g.ndjson", Assigned: Assigned{Groups: names[:1]}, FlattenNestedGroups: true})
		write := func(path, content string) {
			if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
				rt.Fatal(err)
			}
		}
		write(options.Users, users.String())
		assigned := map[string]bool{"g0": true}
		for _, m := range naive(nested, "g0", map[string]bool{}) {
			assigned[m] = true
		}
		for _, order := range [][]string{names, rapid.Permutation(names).Draw(rt, "order")} {
			var groups strings.Builder
			for _, g := range order {
				fmt.Fprintf(&groups, `{"members":["%s"],"id":%q}`+"\n", strings.Join(nested[g], `","`), g)
			}
			write(options.Groups, strings.ReplaceAll(groups.String(), `[""]`, "[]"))
			s, err := New(options)
			if err != nil {
				rt.Fatal(err)
			}
			changes, _, err := readAll(s, nil)
			if err != nil {
				rt.Fatal(err)
			}
			for _, c := range changes {
				o := c.Object
				if got := len(o.Assignments) == 1; got != assigned[o.Anchor] || len(o.Assignments) > 1 {
					rt.Errorf("%s is assigned: %v %v", o.Anchor, got, o.Assignments)
				}
				if o.Type != directory.Group {
					continue
				}
				want := once(naive(nested, o.Anchor, map[string]bool{}))
				if got := fmt.Sprintf("%s: %s\n", o.Anchor, strings.Join(want, " ")); got != strings.Replace(membersOf([]directory.Object{o}), ":\n", ": \n", 1) {
					rt.Errorf("members are %s want %s", membersOf([]directory.Object{o}), got)
				}
				found, err := s.Find(t.Context(), o.Anchor)
				if err != nil || len(found) != 1 || found[0].Hash() != c.Hash {
					rt.Errorf("Find(%s) gives %v, %v", o.Anchor, found, err)
				}
			}
		}
	})
}
