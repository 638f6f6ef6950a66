package provlog

import (
	"slices"
	"strings"
	"time"
	"unicode"
)

// Resolution is how finely a store of the log keeps an entry's time to search
// by: Query.Since selects by the microsecond.
const Resolution = time.Microsecond

// Matches reports whether e is one of the entries that q selects. Limit and
// After count entries in the order of the log, so they say nothing of a single
// one and do not matter here; see Select.
func (e Event) Matches(q Query) bool {
	return (q.JobID == "" || e.JobID == q.JobID) &&
		(q.CycleID == "" || e.CycleID == q.CycleID) &&
		(len(q.Actions) == 0 || slices.Contains(q.Actions, e.ProvisioningAction)) &&
		(len(q.Status) == 0 || slices.Contains(q.Status, e.ProvisioningStatusInfo.Status)) &&
		(q.Since.IsZero() || e.ActivityDateTime.UnixMicro() >= q.Since.UnixMicro()) &&
		(q.User == "" || strings.Contains(e.SearchText(), Fold(q.User)))
}

// Select returns the entries of log that q selects. log is in the order of
// recording, and so is the result. After an id that is not in the log (its
// entry was purged) come the entries with greater ids.
func Select(log []Event, q Query) []Event {
	after := slices.IndexFunc(log, func(e Event) bool { return q.After != "" && e.ID == q.After })
	var selected []Event
	for i, e := range log {
		if i <= after || q.After != "" && after < 0 && e.ID <= q.After {
			continue
		}
		if e.Matches(q) {
			selected = append(selected, e)
		}
	}
	if q.Limit > 0 && len(selected) > q.Limit {
		selected = selected[len(selected)-q.Limit:]
	}
	return selected
}

// separator stands between the texts of SearchText. Fold leaves none in a
// text, so no search reaches over two of them.
const separator = "\n"

// SearchText returns what Query.User is looked for in: ids, display names and
// user principal names of the source and the target object, as Fold writes
// them, one a line.
func (e Event) SearchText() string {
	texts := make([]string, 0, 6)
	for _, identity := range []Identity{e.SourceIdentity, e.TargetIdentity} {
		for _, text := range append([]string{identity.ID, identity.DisplayName}, principalNames(identity)...) {
			if text = Fold(text); text != "" && !slices.Contains(texts, text) {
				texts = append(texts, text)
			}
		}
	}
	return strings.Join(texts, separator)
}

// principalNames returns the details called userPrincipalName, in any case.
func principalNames(i Identity) []string {
	var names []string
	for key, value := range i.Details {
		if strings.EqualFold(key, "userPrincipalName") {
			names = append(names, value)
		}
	}
	slices.Sort(names)
	return names
}

// Fold returns s as it is compared in a search: in lower case, control
// characters as blanks, bytes that are not UTF-8 as U+FFFD.
func Fold(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return unicode.ToLower(r)
	}, strings.ToValidUTF8(s, string(unicode.ReplacementChar)))
}
