package config

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"

	"github.com/scimsync/scimsync/connectors/scim"
	"github.com/scimsync/scimsync/engine/plan"
	"github.com/scimsync/scimsync/mapping"
)

// fingerprintVersion is a part of every fingerprint. A change of it starts a
// new initial cycle of every job.
const fingerprintVersion = 1

// Fingerprint returns a hash, in hex, of what starts a new initial cycle when
// it changes (Microsoft Learn, "How application provisioning works": changes
// of attribute mappings and scoping filters do): object and attribute
// mappings, scoping filters, the scope and who is assigned by name,
// skipOutOfScopeDeletions, the switches of target.behavior and the application's URL.
// Schedule, concurrency, mail, token, titles of filters and the places of files
// do not count, nor does how the YAML is written.
func (j *Job) Fingerprint() string {
	content := fingerprint{
		Version:                 fingerprintVersion,
		AssignedOnly:            j.Settings.AssignedOnly,
		SkipOutOfScopeDeletions: j.Settings.SkipOutOfScopeDeletions,
		AssignedUsers:           set(j.Source.Export.Assigned.Users),
		AssignedGroups:          set(j.Source.Export.Assigned.Groups),
		TargetKind:              j.Target.Kind,
		TenantURL:               canonicalURL(j.Target.SCIM),
		FlattenNestedGroups:     j.Source.Export.FlattenNestedGroups,
	}
	if b := j.Target.behavior(); b != (fingerprintBehavior{}) {
		content.Behavior = &b
	}
	for _, m := range j.Mappings() {
		content.Mappings = append(content.Mappings, m.fingerprint())
	}
	data, err := json.Marshal(content)
	if err != nil {
		return "" // texts, numbers and truth values always encode
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// fingerprint is what a fingerprint is a hash of. Its JSON has the fields in
// this order.
type fingerprint struct {
	Version                       int
	AssignedOnly                  bool
	SkipOutOfScopeDeletions       bool
	AssignedUsers, AssignedGroups []string
	TargetKind, TenantURL         string
	Mappings                      []fingerprintMapping
	// What came later is left out where it is not set: jobs keep their fingerprints.
	FlattenNestedGroups bool                 `json:",omitempty"`
	Behavior            *fingerprintBehavior `json:",omitempty"`
}

// fingerprintBehavior are the switches of target.behavior: who changes one to
// mend what fails wants everything tried again.
type fingerprintBehavior struct {
	scim.Behavior
	HealReferences, RematchMissing, AlwaysAddMembers, KeepClearedReferences, FindBeforeUpdate bool
}

func (t Target) behavior() fingerprintBehavior {
	return fingerprintBehavior{
		t.SCIM.Behavior, t.HealReferences, t.RematchMissing, t.AlwaysAddMembers, t.KeepClearedReferences, t.FindBeforeUpdate,
	}
}

type fingerprintMapping struct {
	Type       string
	Actions    plan.Actions
	Filters    [][]fingerprintClause
	Attributes []mapping.Attribute
}

type fingerprintClause struct {
	Attribute, Operator string
	Values              []string
}

func (m *ObjectMapping) fingerprint() fingerprintMapping {
	f := fingerprintMapping{Type: string(m.Type), Actions: m.Actions}
	for _, filter := range m.Filters {
		clauses := make([]fingerprintClause, len(filter.Clauses))
		for i, c := range filter.Clauses {
			clauses[i] = fingerprintClause(c)
		}
		f.Filters = append(f.Filters, clauses)
	}
	for _, a := range m.Attributes {
		if a.Apply == "" {
			a.Apply = mapping.Always
		}
		f.Attributes = append(f.Attributes, a)
	}
	return f
}

// canonicalURL returns the tenant URL without what makes no difference.
func canonicalURL(o scim.Options) string {
	u, err := scim.ParseTenantURL(o.TenantURL, o.AllowHTTP)
	if err != nil {
		return o.TenantURL
	}
	return u.Base + "?" + u.Query + "#" + u.Flags
}

// set returns the texts sorted, each once.
func set(texts []string) []string {
	sorted := slices.Sorted(slices.Values(texts))
	return slices.Compact(sorted)
}
