package engine_test

import (
	"fmt"
	"sort"
	"strings"
)

// The application of a random life, as the model knows it.

// account is a user of the application.
type account struct {
	userName, display, title, dept, externalID string
	active                                     bool
	manager                                    *account
}

// circle is a group of the application.
type circle struct {
	name, externalID string
	members          map[any]bool // *account and *circle
}

// lines prints the application, one line an object, sorted.
func (m *model) lines() []string {
	var lines []string
	for _, a := range m.accounts {
		manager := ""
		if a.manager != nil {
			manager = a.manager.userName
		}
		lines = append(lines, userLine(a.userName, a.externalID, a.display, a.title, a.dept, manager, a.active))
	}
	for _, c := range m.circles {
		var members []string
		for x := range c.members {
			switch x := x.(type) {
			case *account:
				members = append(members, x.userName)
			case *circle:
				members = append(members, x.name)
			}
		}
		lines = append(lines, groupLine(c.name, c.externalID, members))
	}
	sort.Strings(lines)
	return lines
}

// connections prints what is connected to what, sorted.
func (m *model) connections() []string {
	var lines []string
	for key, o := range m.memories {
		status := [...]string{"active", "disabled", "unassigned"}[o.stance]
		switch {
		case o.account != nil:
			lines = append(lines, "user "+id(key)+" is "+o.account.userName+", "+status)
		case o.circle != nil:
			lines = append(lines, "group "+id(key)+" is "+o.circle.name+", "+status)
		}
	}
	sort.Strings(lines)
	return lines
}

func userLine(userName, externalID, display, title, dept, manager string, active bool) string {
	return fmt.Sprintf("user %s (%s) display=%q title=%q dept=%q manager=%q active=%v",
		userName, externalID, display, title, dept, manager, active)
}

func groupLine(name, externalID string, members []string) string {
	sort.Strings(members)
	return fmt.Sprintf("group %s (%s) members=%s", name, externalID, strings.Join(members, ","))
}
