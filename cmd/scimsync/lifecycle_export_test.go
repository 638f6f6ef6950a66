package main

import (
	"encoding/json"
	"strings"
	"testing"
)

// record is the employee as Graph exports it.
func (e *employee) record() map[string]any {
	u := map[string]any{"id": e.id, "accountEnabled": !e.blocked}
	for name, value := range e.attrs {
		switch {
		case value == "":
		case name == "businessPhones":
			u[name] = []string{value}
		default:
			u[name] = value
		}
	}
	if e.boss.present() && e.place == here {
		u["manager"] = map[string]any{"id": e.boss.id}
	}
	if e.place == listed { // Graph puts the id before a deleted user's name
		u["userPrincipalName"] = strings.ReplaceAll(e.id, "-", "") + e.attrs["userPrincipalName"]
	}
	return u
}

// record is the team as Graph exports it.
func (g *team) record() map[string]any {
	members := []any{}
	for _, e := range g.staff {
		if e.present() {
			members = append(members, map[string]any{"id": e.id})
		}
	}
	for _, inner := range g.inner {
		if !inner.gone {
			members = append(members, map[string]any{"@odata.type": "#microsoft.graph.group", "id": inner.id})
		}
	}
	return map[string]any{"id": g.id, "displayName": g.name, "members": members}
}

// export writes the files of the directory.
func (f *firm) export(t *testing.T, dir string) {
	t.Helper()
	files := map[string][]any{"users.json": {}, "groups.json": {}, "deletedUsers.json": {}, "assignments.json": {}}
	add := func(file string, entry map[string]any) { files[file] = append(files[file], entry) }
	assign := func(kind, id string) {
		add("assignments.json", map[string]any{
			"id": "assignment-" + id, "principalId": id, "principalType": kind,
			"appRoleId": "00000000-0000-0000-0000-000000000000", "resourceId": "app", "resourceDisplayName": "Application",
		})
	}
	for _, e := range f.staff {
		e.seen = e.place
		switch e.place {
		case here:
			add("users.json", e.record())
			if e.assigned {
				assign("User", e.id)
			}
		case listed:
			add("deletedUsers.json", e.record())
		}
	}
	for _, g := range f.teams {
		if g.gone {
			continue
		}
		add("groups.json", g.record())
		if g.assigned {
			assign("Group", g.id)
		}
	}
	for file, list := range files {
		b, err := json.Marshal(map[string]any{"value": list})
		if err != nil {
			t.Fatal(err)
		}
		write(t, dir, file, string(b))
	}
}
