package engine_test

import (
	"time"

	"pgregory.net/rapid"

	"github.com/scimsync/scimsync/connectors/scim"
	"github.com/scimsync/scimsync/connectors/scim/sandbox"
	"github.com/scimsync/scimsync/mapping"
	"github.com/scimsync/scimsync/scope"
)

// What differs from one random life to another: how the job is set, and how
// the application answers.

// switches are the settings of the job that the model knows of.
type switches struct {
	keepOut     bool // SkipOutOfScopeDeletions
	heal        bool // HealReferences
	rematch     bool // RematchMissing
	alwaysAdd   bool // AlwaysAddMembers
	keepManager bool // KeepClearedReferences
	clears      bool // FlowNullValues of every attribute that may have it
	asksTwice   bool // FindBeforeUpdate, which changes nothing in the end
}

// drawSwitches chooses one of the profiles, or sets each switch by itself.
func drawSwitches(rt *rapid.T) switches {
	switch rapid.SampledFrom([]string{"entra", "extended", "entra2018", "mixed"}).Draw(rt, "profile") {
	case "entra":
		return switches{}
	case "extended":
		return switches{heal: true, rematch: true, alwaysAdd: true, clears: true}
	case "entra2018":
		return switches{asksTwice: true}
	}
	on := func(name string) bool { return rapid.Bool().Draw(rt, name) }
	return switches{
		keepOut: on("skipOutOfScopeDeletions"), heal: on("healReferences"), rematch: on("rematch"), alwaysAdd: on("alwaysAddMembers"),
		keepManager: on("keepClearedReferences"), clears: on("flowNullValues"), asksTwice: on("findBeforeUpdate"),
	}
}

// set makes the job what the model's switches say.
func (l *life) set(s switches) {
	l.m.switches = s
	to := &l.job.Settings
	to.SkipOutOfScopeDeletions, to.HealReferences, to.RematchMissing = s.keepOut, s.heal, s.rematch
	to.AlwaysAddMembers, to.KeepClearedReferences, to.FindBeforeUpdate = s.alwaysAdd, s.keepManager, s.asksTwice
	flows := func(attributes []mapping.Attribute) []mapping.Attribute {
		for i, a := range attributes {
			attributes[i].FlowNullValues = s.clears && a.MatchingPrecedence == 0
		}
		return attributes
	}
	var filters []scope.Filter
	if l.m.hidden != "" {
		filters = []scope.Filter{{Title: "open", Clauses: []scope.Clause{
			{Attribute: "department", Operator: "NOT EQUALS", Values: []string{l.m.hidden}},
		}}}
	}
	l.rules(flows(mapping.DefaultUsers()), flows(mapping.DefaultGroups()), scope.Settings{AssignedOnly: true}, filters...)
}

// drawAnswers chooses how the application answers: some leave out what Entra
// then sends again and again, some show what they were not to.
func drawAnswers(rt *rapid.T) func(*sandbox.Options) {
	hides := rapid.SampledFrom([][]string{nil, nil, {"active"}, {managerAttribute}, {"active", managerAttribute}}).Draw(rt, "hides")
	shows := rapid.IntRange(0, 3).Draw(rt, "shows members") == 3
	return func(o *sandbox.Options) {
		o.OmitAttributes, o.LegacyIgnoreExcludedAttributes = hides, shows
	}
}

const managerAttribute = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager"

// connect points the job at the application, through the weather.
func (l *life) connect(rt *rapid.T) {
	l.weather = &weather{world: l.world}
	target, err := scim.New(scim.Options{
		TenantURL:   "https://app.test/scim/v2" + rapid.SampledFrom([]string{"", "?aadOptscim062020"}).Draw(rt, "dialect"),
		SecretToken: token, Transport: l.weather, RetryWait: time.Nanosecond, RetryWaitMax: time.Nanosecond,
		MembersPerPatch: l.job.Settings.MembersPerPatch,
		Behavior:        scim.Behavior{ManagerRemoval: rapid.SampledFrom([]scim.ManagerRemoval{scim.RemoveByEmptyValue, scim.RemoveByVerb}).Draw(rt, "manager removal")},
	})
	if err != nil {
		rt.Fatal(err)
	}
	l.job.Target = target
}
