package provlog

import (
	"fmt"
	"slices"
	"strings"

	"github.com/scimsync/scimsync/connectors/directory"
)

// Actions returns the actions of Graph's provisioningAction, in its order.
func Actions() []Action {
	return []Action{ActionOther, ActionCreate, ActionDelete, ActionDisable, ActionUpdate, ActionStagedDelete}
}

// Statuses returns the statuses of Graph's provisioningResult, in its order.
func Statuses() []Status { return []Status{Success, Failure, Skipped, Warning} }

// ParseAction returns the action of this name, compared without case. Its
// error names the actions there are, and the one that was probably meant.
func ParseAction(s string) (Action, error) { return parse("action", s, Actions()) }

// ParseStatus returns the status of this name, compared without case. Its
// error names the statuses there are, and the one that was probably meant.
func ParseStatus(s string) (Status, error) { return parse("status", s, Statuses()) }

func parse[T ~string](kind, s string, known []T) (T, error) {
	word := strings.TrimSpace(s)
	i := slices.IndexFunc(known, func(k T) bool { return strings.EqualFold(string(k), word) })
	if i >= 0 {
		return known[i], nil
	}
	names := make([]string, len(known))
	for i, k := range known {
		names[i] = string(k)
	}
	hint := ""
	if near := directory.Nearest(word, names); near != "" {
		hint = fmt.Sprintf("did you mean %q? ", near)
	}
	return "", fmt.Errorf("unknown %s %q: %sthe provisioning log has %s", kind, s, hint, strings.Join(names, ", "))
}
