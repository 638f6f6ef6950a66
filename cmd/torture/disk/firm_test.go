//go:build linux

package disk_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/uuid"
)

// firm is a small directory. What it is to be in the application does not depend
// on which of its changes a cycle has seen: who has gone may have an account that
// is disabled, or none.
type firm struct {
	rng   *rand.Rand
	staff []*employee
	teams []*team
	given int
}

type employee struct {
	key, title string
	boss       *employee
	gone       bool
}

type team struct {
	key, name string
	staff     []*employee
	were      []*employee // in it at any time
	gone      bool
}

// join puts somebody into the team.
func (g *team) join(e *employee) {
	g.staff = append(g.staff, e)
	g.were = append(g.were, e)
}

func idOf(key string) string { return uuid.NewSHA1(uuid.NameSpaceURL, []byte(key)).String() }

func (e *employee) upn() string { return e.key + "@contoso.com" }

func newFirm(rng *rand.Rand) *firm {
	f := &firm{rng: rng}
	for range 6 + rng.IntN(6) {
		f.hire()
	}
	for range 2 {
		f.found()
	}
	return f
}

func (f *firm) next(prefix string) string {
	f.given++
	return fmt.Sprint(prefix, f.given)
}

func (f *firm) somebody() *employee {
	var here []*employee
	for _, e := range f.staff {
		if !e.gone {
			here = append(here, e)
		}
	}
	return here[f.rng.IntN(len(here))]
}

func (f *firm) hire() {
	e := &employee{key: f.next("p"), title: f.next("title")}
	if len(f.staff) > 0 && f.rng.IntN(2) == 0 {
		e.boss = f.somebody()
	}
	f.staff = append(f.staff, e)
}

func (f *firm) found() {
	g := &team{key: f.next("g")}
	g.name = "Team " + g.key
	for range 2 + f.rng.IntN(3) {
		if e := f.somebody(); !slices.Contains(g.staff, e) {
			g.join(e)
		}
	}
	f.teams = append(f.teams, g)
}

// change changes a few things. Where a cycle has ended before its time, nothing
// is taken back that only that cycle knows of: nobody leaves whom it may have
// hired, enabled or put into a group, and nobody returns whom it may have disabled
// or taken out of one.
func (f *firm) change(takeAway bool) {
	for range 1 + f.rng.IntN(4) {
		e, g := f.somebody(), f.teams[f.rng.IntN(len(f.teams))]
		kinds := 5
		if takeAway {
			kinds = 9
		}
		switch f.rng.IntN(kinds) {
		case 0:
			f.hire()
		case 1, 2:
			e.title = f.next("title")
		case 3:
			if boss := f.somebody(); boss != e {
				e.boss = boss
			}
		case 4:
			if !slices.Contains(g.staff, e) && (takeAway || !slices.Contains(g.were, e)) {
				g.join(e)
			}
		case 5:
			f.leave(e)
		case 6:
			f.staff[f.rng.IntN(len(f.staff))].gone = false
		case 7:
			if len(g.staff) > 0 {
				g.staff = slices.Delete(g.staff, 0, 1)
			}
		case 8:
			if g.gone = f.rng.IntN(3) == 0; !g.gone {
				g.name = "Team " + f.next("renamed")
			}
		}
	}
}

func (f *firm) leave(e *employee) {
	left := 0
	for _, other := range f.staff {
		if !other.gone {
			left++
		}
	}
	if left < 4 {
		return
	}
	e.gone, e.boss = true, nil
	for _, other := range f.staff {
		if other.boss == e {
			other.boss = f.bossBeside(other)
		}
	}
	for _, g := range f.teams {
		g.staff = slices.DeleteFunc(g.staff, func(m *employee) bool { return m == e })
	}
}

// bossBeside returns a new boss: one that is cleared stays as it is in the
// application unless the job knows that it had set it.
func (f *firm) bossBeside(e *employee) *employee {
	for {
		if boss := f.somebody(); boss != e {
			return boss
		}
	}
}

// export writes the files of the directory.
func (f *firm) export(t testing.TB, dir string) {
	t.Helper()
	users, groups := []any{}, []any{}
	for _, e := range f.staff {
		if e.gone {
			continue
		}
		u := map[string]any{
			"id": idOf(e.key), "userPrincipalName": e.upn(), "displayName": "Person " + e.key, "mailNickname": e.key,
			"jobTitle": e.title, "accountEnabled": true,
		}
		if e.boss != nil {
			u["manager"] = map[string]any{"id": idOf(e.boss.key)}
		}
		users = append(users, u)
	}
	for _, g := range f.teams {
		if g.gone {
			continue
		}
		members := []any{}
		for _, e := range g.staff {
			members = append(members, map[string]any{"id": idOf(e.key)})
		}
		groups = append(groups, map[string]any{"id": idOf(g.key), "displayName": g.name, "members": members})
	}
	for name, list := range map[string][]any{"users.json": users, "groups.json": groups} {
		b, err := json.Marshal(map[string]any{"value": list})
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o644); err != nil { //nolint:gosec // another user reads it
			t.Fatal(err)
		}
	}
}

const jobFile = `name: firm
source: {kind: export, users: users.json, groups: groups.json}
target:
  kind: scim
  tenantURL: %q
  secretToken: %q
settings: {scope: all}
mappings:
  users:
    attributes:
      - {source: userPrincipalName, target: userName, matchingPrecedence: 1}
      - {expression: 'Switch([IsSoftDeleted], , "False", "True", "True", "False")', target: active}
      - {source: displayName, target: displayName}
      - {source: jobTitle, target: title}
      - {source: mailNickname, target: externalId}
      - {source: manager, target: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager'}
  groups:
    attributes:
      - {source: displayName, target: displayName, matchingPrecedence: 2}
      - {source: objectId, target: externalId, matchingPrecedence: 1}
      - {source: members, target: members}
`
