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
		(q.User == "" || found(e.SearchText(), Fold(q.User)))
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

// EndOfNames stands in a SearchText between the names and the ids. Like the
// ends of lines, it is in no text that Fold has written, so nothing that is
// looked for reaches over it.
const EndOfNames = "\x01"

// SearchText returns what Query.User is looked for in, of the source and the
// target object: display names and user principal names, one a line, then
// EndOfNames, then the ids, a line break before and after each of them. All is
// as Fold writes it. What is looked for is found as any part of a name, but as
// the whole of an id alone: many ids are random, and one of ten has an "ed".
func (e Event) SearchText() string {
	var names, ids []string
	for _, identity := range []Identity{e.SourceIdentity, e.TargetIdentity} {
		ids = appendNew(ids, identity.ID)
		names = appendNew(names, identity.DisplayName)
		for _, name := range principalNames(identity) {
			names = appendNew(names, name)
		}
	}
	text := strings.Join(names, "\n") + EndOfNames
	if len(ids) > 0 {
		text += "\n" + strings.Join(ids, "\n") + "\n"
	}
	return text
}

// appendNew appends text, folded, unless it is empty or there already.
func appendNew(texts []string, text string) []string {
	if text = Fold(text); text == "" || slices.Contains(texts, text) {
		return texts
	}
	return append(texts, text)
}

// found reports whether folded is in a SearchText.
func found(text, folded string) bool {
	names, ids, _ := strings.Cut(text, EndOfNames)
	return strings.Contains(names, folded) || strings.Contains(ids, "\n"+folded+"\n")
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
