package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Basis is what a plan was made from. A saved plan is applied only while all of
// it is as it was.
type Basis struct {
	Made    time.Time `json:"made"`    // the clock of the plan: Now() in an expression is this
	Initial bool      `json:"initial"` // an initial cycle was asked for
	// Job and Configuration are hashes of the job file, and of what of it starts a
	// new initial cycle when it changes.
	Job           string `json:"job"`
	Configuration string `json:"configuration"`
	// Address is the application's, which the job file may take from the environment.
	Address string `json:"address"`
	// State are hashes of what is remembered of the job, by what people call it.
	State map[string]string `json:"state"`
	// Source is a hash of what the source delivered: the objects to look at. The
	// numbers, of all its objects and of those to look at, are for people.
	Source     string    `json:"source"`
	Users      int64     `json:"users"`
	Groups     int64     `json:"groups"`
	Changes    int64     `json:"changes"`
	SourceTime time.Time `json:"sourceTime"`
	// Looked are the objects to look at, so that a change can be named; empty where
	// there are more than MaxLooked.
	Looked []Looked `json:"looked,omitempty"`
}

// Looked is an object that a plan looked at.
type Looked struct {
	Anchor string `json:"sourceAnchor"`
	Name   string `json:"displayName"`
	Hash   string `json:"hash"` // of all that the source delivered of it
}

// MaxLooked is of how many objects a saved plan remembers how they looked.
const MaxLooked = 1000

// Changed returns what is not any more as it was, each as a sentence without
// its end; none if the plan still holds.
func (b Basis) Changed(now Basis) (changed []string) {
	if now.Job != b.Job || now.Configuration != b.Configuration {
		changed = append(changed, "the job file has changed")
	}
	if now.Address != b.Address {
		changed = append(changed, "the tenant URL is another one")
	}
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(now.State)) {
		if now.State[name] != b.State[name] {
			parts = append(parts, name)
		}
	}
	switch {
	case len(parts) > 0:
		changed = append(changed, "the state has changed: "+strings.Join(parts, ", "))
	case now.Source != b.Source:
		changed = append(changed, fmt.Sprintf("the source has changed: it has %s, and had %s%s", now.source(), b.source(), b.others(now)))
	}
	return changed
}

func (b Basis) source() string {
	s := fmt.Sprintf("%d users and %d groups, %d of them to look at", b.Users, b.Groups, b.Changes)
	if !b.SourceTime.IsZero() {
		s += ", written at " + b.SourceTime.UTC().Format(time.RFC3339)
	}
	return s
}

// others names objects that look different now, the first few of them.
func (b Basis) others(now Basis) string {
	if int64(len(b.Looked)) != b.Changes || int64(len(now.Looked)) != now.Changes {
		return ""
	}
	then := make(map[string]Looked, len(b.Looked))
	for _, l := range b.Looked {
		then[l.Anchor] = l
	}
	var names []string
	for _, l := range now.Looked {
		if then[l.Anchor].Hash != l.Hash {
			names = append(names, l.Name)
		}
		delete(then, l.Anchor)
	}
	for _, l := range b.Looked { // what nobody has to look at any more
		if _, left := then[l.Anchor]; left {
			names = append(names, l.Name)
		}
	}
	const few = 5
	if len(names) > few {
		names = append(names[:few], fmt.Sprintf("%d more", len(names)-few))
	}
	if len(names) == 0 { // they come in another order
		return ""
	}
	return "; different: " + strings.Join(names, ", ")
}
