package lab

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/scimsync/scimsync/cmd/torture/firm"
)

// wanted is what the application is to hold, a line each; maybe are accounts
// that may be there, disabled, or not: nobody can tell whether a cycle that was
// killed had made them.
func (l *Lab) wanted() (lines map[string]string, maybe map[string]bool) {
	lines, maybe = map[string]string{}, map[string]bool{}
	for _, w := range l.Staff {
		switch {
		case w.Entitled():
			boss := ""
			if w.Boss != nil && w.Boss.Place == firm.Here {
				boss = w.Boss.ID
			}
			lines["user "+w.ID] = fmt.Sprintf("%s, active true, %s, %s of %s, reports to %s", w.UPN(), strings.ToUpper(w.Name), w.Title, w.Unit, boss)
		case w.Place == firm.Gone:
		case w.Provisioned:
			lines["user "+w.ID] = disabled
		default:
			lines["user "+w.ID] = disabled
			maybe["user "+w.ID] = true
		}
	}
	for _, g := range l.Present() {
		var members []string
		for _, w := range g.Staff {
			if w.Place == firm.Here {
				members = append(members, w.ID)
			}
		}
		for _, inner := range g.Inner {
			if !inner.Gone {
				members = append(members, inner.ID)
			}
		}
		slices.Sort(members)
		lines["group "+g.ID] = fmt.Sprintf("%s: %s", g.Name, strings.Join(members, " "))
	}
	return lines, maybe
}

// disabled is all that is compared of somebody who is disabled: nothing else of
// them changes any more.
const disabled = "active false"

// held is what the application holds, in the words of wanted. What it holds
// twice has a line that says so.
func (l *Lab) held() map[string]string {
	lines := map[string]string{}
	put := func(key, line string) {
		if first, twice := lines[key]; twice {
			line = fmt.Sprintf("TWICE: %s; and %s", first, line)
		}
		lines[key] = line
	}
	text := func(v any) string {
		if v == nil {
			return ""
		}
		return fmt.Sprint(v)
	}
	ids := map[string]string{} // the directory's by the application's
	users, groups := l.App.sandbox.Users(), l.App.sandbox.Groups()
	for _, r := range slices.Concat(users, groups) {
		ids[text(r["id"])] = text(r["externalId"])
	}
	for _, u := range users {
		enterprise, _ := u["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"].(map[string]any)
		manager, _ := enterprise["manager"].(map[string]any)
		line := fmt.Sprintf("%s, active %v, %s, %s of %s, reports to %s", text(u["userName"]), u["active"], text(u["displayName"]),
			text(u["title"]), text(enterprise["department"]), ids[text(manager["value"])])
		if u["active"] == false {
			line = disabled
		}
		put("user "+text(u["externalId"]), line)
	}
	for _, g := range groups {
		var members []string
		list, _ := g["members"].([]any)
		for _, m := range list {
			member, _ := m.(map[string]any)
			members = append(members, ids[text(member["value"])])
		}
		slices.Sort(members)
		put("group "+text(g["externalId"]), fmt.Sprintf("%s: %s", text(g["displayName"]), strings.Join(members, " ")))
	}
	return lines
}

// disagreements tells what differs, a line each.
func disagreements(wanted, held map[string]string, maybe map[string]bool) (lines []string) {
	all := maps.Clone(wanted)
	maps.Copy(all, held)
	for _, key := range slices.Sorted(maps.Keys(all)) {
		want, there := wanted[key]
		got, exists := held[key]
		switch {
		case want == got && there == exists, maybe[key] && !exists:
		default:
			lines = append(lines, fmt.Sprintf("%s\n    the directory wants:   %q\n    the application holds: %q", key, want, got))
		}
	}
	return lines
}
