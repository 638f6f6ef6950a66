package firm

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Export writes users.json, groups.json, deletedUsers.json and assignments.json,
// as Microsoft Graph has them, each by renaming, as a careful export does: a
// running program reads either the old one or the new one.
func (f *Firm) Export(dir string) error {
	files := map[string][]any{"users.json": {}, "groups.json": {}, "deletedUsers.json": {}, "assignments.json": {}}
	assign := func(kind, id string) {
		files["assignments.json"] = append(files["assignments.json"], map[string]any{
			"id": "assignment-" + id, "principalId": id, "principalType": kind,
			"appRoleId": "00000000-0000-0000-0000-000000000000", "resourceId": "app", "resourceDisplayName": "Application",
		})
	}
	for _, w := range f.Staff {
		u := map[string]any{
			"id": w.ID, "userPrincipalName": w.UPN(), "mail": w.UPN(), "mailNickname": w.Key, "displayName": strings.ToUpper(w.Name),
			"givenName": w.Key, "surname": "Test", "jobTitle": w.Title, "department": w.Unit, "accountEnabled": !w.Blocked,
		}
		switch w.Place {
		case Here:
			if w.Boss != nil && w.Boss.Place == Here {
				u["manager"] = map[string]any{"id": w.Boss.ID}
			}
			files["users.json"] = append(files["users.json"], u)
			if !w.Unassigned {
				assign("User", w.ID)
			}
		case Listed: // Graph puts the id before a deleted user's name
			u["userPrincipalName"] = strings.ReplaceAll(w.ID, "-", "") + w.UPN()
			files["deletedUsers.json"] = append(files["deletedUsers.json"], u)
		}
	}
	for _, g := range f.Present() {
		members := []any{}
		for _, w := range g.Staff {
			if w.Place == Here {
				members = append(members, map[string]any{"id": w.ID})
			}
		}
		for _, inner := range g.Inner {
			if !inner.Gone {
				members = append(members, map[string]any{"@odata.type": "#microsoft.graph.group", "id": inner.ID})
			}
		}
		files["groups.json"] = append(files["groups.json"], map[string]any{"id": g.ID, "displayName": g.Name, "members": members})
		assign("Group", g.ID)
	}
	for name, list := range files {
		b, err := json.Marshal(map[string]any{"value": list})
		if err != nil {
			return fmt.Errorf("exporting the directory: %w", err)
		}
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path+".new", b, 0o644); err != nil { //nolint:gosec // another user reads it
			return fmt.Errorf("exporting the directory: %w", err)
		}
		if err := os.Rename(path+".new", path); err != nil {
			return fmt.Errorf("exporting the directory: %w", err)
		}
	}
	return nil
}
