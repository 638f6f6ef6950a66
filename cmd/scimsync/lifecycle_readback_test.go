package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// readAll reads a collection page by page, until a page has nothing new: not
// every server counts right.
func readAll(t *testing.T, url, token string) []map[string]any {
	t.Helper()
	var all []map[string]any
	seen := map[any]bool{}
	for {
		var list struct{ Resources []map[string]any }
		readList(t, fmt.Sprintf("%s?startIndex=%d&count=100", url, len(all)+1), token, &list)
		before := len(all)
		for _, r := range list.Resources {
			if !seen[r["id"]] {
				seen[r["id"]] = true
				all = append(all, r)
			}
		}
		if len(all) == before {
			return all
		}
	}
}

// readBack returns all users and groups that the application shows, each
// mapped attribute of them.
func readBack(t *testing.T, s server, url string) directoryOf {
	t.Helper()
	users, groups := readAll(t, url+"/Users", s.token), readAll(t, url+"/Groups", s.token)
	names := map[string]string{}
	for _, u := range users {
		names[textOf(u["id"])] = textOf(u["userName"])
	}
	for _, g := range groups {
		names[textOf(g["id"])] = "group " + textOf(g["displayName"])
	}
	called := func(reference any) string {
		if name, ok := names[textOf(reference)]; ok {
			return name
		}
		return nobody
	}
	d := directoryOf{Users: map[string]map[string]string{}, Groups: map[string]groupShown{}}
	for _, u := range users {
		name := textOf(u["userName"])
		if d.Users[name] != nil {
			t.Errorf("%s is there twice", name)
		}
		d.Users[name] = shownOf(u, called)
	}
	for _, g := range groups {
		name := textOf(g["displayName"])
		if _, twice := d.Groups[name]; twice {
			t.Errorf("group %s is there twice", name)
		}
		shown := groupShown{ExternalID: textOf(g["externalId"]), Members: []string{}}
		for _, id := range s.membersOf(t, url, g) {
			shown.Members = append(shown.Members, called(id))
		}
		slices.Sort(shown.Members)
		d.Groups[name] = shown
	}
	return d
}

// membersOf returns the ids of a group's members.
func (s server) membersOf(t *testing.T, url string, group map[string]any) (ids []string) {
	t.Helper()
	members, _ := group["members"].([]any)
	if s.members != "" {
		var own struct{ Data []map[string]any }
		readList(t, strings.TrimSuffix(url, s.basePath)+fmt.Sprintf(s.members, group["id"]), s.token, &own)
		if len(members) > 0 {
			t.Errorf("%s shows members: read them by SCIM", s.name)
		}
		for _, m := range own.Data {
			ids = append(ids, textOf(m["user_id"]))
		}
		return ids
	}
	for _, m := range members {
		element, _ := m.(map[string]any)
		ids = append(ids, textOf(element["value"]))
	}
	return ids
}

func textOf(v any) string {
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}

// shownOf lists the mapped attributes of a user, as the JSON has them. What has
// an attribute twice shows both values.
func shownOf(u map[string]any, called func(any) string) map[string]string {
	shown := map[string]string{}
	put := func(target string, v any) {
		switch {
		case textOf(v) == "":
		case shown[target] != "":
			shown[target] += " and " + textOf(v)
		default:
			shown[target] = textOf(v)
		}
	}
	for _, name := range []string{"userName", "displayName", "title", "preferredLanguage", "externalId"} {
		put(name, u[name])
	}
	active, _ := json.Marshal(u["active"])
	put("active", string(active))
	name, _ := u["name"].(map[string]any)
	for _, part := range []string{"givenName", "familyName", "formatted"} {
		put("name."+part, name[part])
	}
	for list, parts := range map[string][]string{
		"emails": {"value"}, "phoneNumbers": {"value"},
		"addresses": {"formatted", "streetAddress", "locality", "region", "postalCode", "country"},
	} {
		elements, _ := u[list].([]any)
		for _, e := range elements {
			element, _ := e.(map[string]any)
			for _, part := range parts {
				put(fmt.Sprintf("%s[type eq %q].%s", list, textOf(element["type"]), part), element[part])
			}
		}
	}
	extension, _ := u[strings.TrimSuffix(enterpriseUser, ":")].(map[string]any)
	for _, part := range []string{"employeeNumber", "department"} {
		put(enterpriseUser+part, extension[part])
	}
	manager := extension["manager"]
	if object, ok := manager.(map[string]any); ok {
		manager = object["value"]
	}
	if textOf(manager) != "" {
		put(enterpriseUser+"manager", called(manager))
	}
	return shown
}

// differences tells what differs, a line each.
func differences(model, shown directoryOf) (lines []string) {
	values := func(d directoryOf) map[string]string {
		all := map[string]string{}
		for name, u := range d.Users {
			all[name] = "a user"
			for target, value := range u {
				all[name+", "+target] = fmt.Sprintf("%q", value)
			}
		}
		for name, g := range d.Groups {
			all["group "+name] = "a group"
			all["group "+name+", externalId"] = g.ExternalID
			all["group "+name+", members"] = strings.Join(g.Members, " ")
		}
		return all
	}
	want, got := values(model), values(shown)
	keys := maps.Clone(want)
	maps.Copy(keys, got)
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if want[key] != got[key] {
			lines = append(lines, fmt.Sprintf("%s\n      model:  %s\n      server: %s", key, want[key], got[key]))
		}
	}
	return lines
}

// exchange is a request of the trace with its answer.
type exchange struct {
	method, path, sent string
	status             int
	answer             string
}

// exchanges reads a HAR file.
func exchanges(t *testing.T, dir, name string) []exchange {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	var har struct {
		Log struct {
			Entries []struct {
				Request struct {
					Method, URL string
					PostData    struct{ Text string }
				}
				Response struct {
					Status  int
					Content struct{ Text string }
				}
			}
		}
	}
	if err := json.Unmarshal(b, &har); err != nil {
		t.Fatal(err)
	}
	var list []exchange
	for _, e := range har.Log.Entries {
		list = append(list, exchange{e.Request.Method, e.Request.URL, e.Request.PostData.Text, e.Response.Status, e.Response.Content.Text})
	}
	return list
}
