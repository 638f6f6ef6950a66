package config

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/robfig/cron/v3"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/connectors/export"
	"github.com/scimsync/scimsync/connectors/scim"
)

// readJob returns the job in a document. What is wrong with it stands in the
// document's errors; the job is whole only if there are none.
func readJob(d *document, root *value) *Job {
	j := &Job{File: d.name, Name: root.get("name").textOr("")}
	j.nameAt = d.at(root.get("name").node, "")
	j.Source = readSource(d, root.get("source"))
	j.Target = readTarget(d, root.get("target"))
	j.Settings = readSettings(d, root, time.Duration(j.Target.CompressClock))
	j.Target.SCIM.Concurrency = j.Settings.Concurrency
	j.Source.Export.Assigned = export.Assigned{
		Users:  root.get("settings").get("assigned").get("users").texts(),
		Groups: root.get("settings").get("assigned").get("groups").texts(),
	}
	j.Source.Export.FlattenNestedGroups = root.get("target").get("behavior").get("flattenNestedGroups").truthOr(j.Target.profile.flattenNestedGroups)
	readMappings(d, root, j)
	j.secrets = append(j.secrets, j.Target.SecretToken, j.Target.clientSecret)
	target := root.get("target")
	key := target.get("workloadIdentity").get("key")
	j.secrets = append(append(j.secrets, key.refs...), NewSecret(key.textOr("")))
	for _, u := range []*value{target.get("tenantURL"), target.get("oauth").get("tokenURL"), target.get("workloadIdentity").get("tokenURL")} {
		j.secrets = append(j.secrets, querySecrets(u)...)
	}
	readNotifications(d, root.get("settings"), j)
	j.files = append(sourceFiles(d, root.get("source")), assertionFile(d, root.get("target"))...)
	return j
}

func readSource(d *document, v *value) Source {
	path := func(name string) string { return d.resolvePath(v.get(name).textOr("")) }
	return Source{
		Kind: v.get("kind").textOr(""),
		Export: export.Options{
			Users: path("users"), Groups: path("groups"), Assignments: path("assignments"), DeletedUsers: path("deletedUsers"),
		},
	}
}

func readTarget(d *document, v *value) Target {
	t := Target{Kind: v.get("kind").textOr("")}
	t.profile = profileNamed(v.get("profile").textOr(profileEntra))
	behavior := v.get("behavior")
	t.HealReferences = behavior.get("healReferences").truthOr(t.profile.healReferences)
	t.AlwaysAddMembers = behavior.get("alwaysAddMembers").truthOr(t.profile.alwaysAddMembers)
	t.FindBeforeUpdate = behavior.get("findBeforeUpdate").truthOr(t.profile.findBeforeUpdate)
	t.CompressClock = behavior.get("compressClock").numberOr(1)
	t.KeepClearedReferences = behavior.get("managerRemoval").textOr("") == "leave"
	t.RematchMissing = t.profile.rematchMissing
	if missing := behavior.get("onMissingTarget"); missing.ok() {
		t.RematchMissing = missing.text == "rematch"
	}
	t.SCIM = scim.Options{
		TenantURL:       strings.TrimSpace(v.get("tenantURL").textOr("")),
		AllowHTTP:       v.get("allowHTTP").truthOr(false),
		Timeout:         v.get("timeout").durationOr(0),
		Retries:         v.get("retries").numberOr(0),
		MembersPerPatch: behavior.get("membersPerPatch").numberOr(v.get("membersPerPatch").numberOr(1)),
		Matching:        map[directory.ObjectType]string{},
		Types:           map[string]string{},
		Behavior:        readBehavior(behavior, t.profile),
	}
	if v.get("retries").ok() && t.SCIM.Retries == 0 {
		t.SCIM.Retries = -1 // none, where 0 would be the default
	}
	readAuth(d, v, &t)
	t.SCIM.TLS = readTLS(d, v.get("tls"))
	t.SCIM.RateLimit = readRateLimit(d, v.get("rateLimit"))
	if u := v.get("tenantURL"); u.ok() {
		parsed, err := scim.ParseTenantURL(u.text, t.SCIM.AllowHTTP)
		if err != nil {
			d.fail(u.node, "%s", maskURL(u).Mask(err.Error()))
		} else if parsed.Suspicious != "" {
			d.warn(u.node, "%s", maskURL(u).Mask(parsed.Suspicious))
		}
	}
	return t
}

// maskURL returns a masker of what references put into a URL.
func maskURL(u *value) *Masker {
	if len(u.refs) == 0 {
		return nil
	}
	secrets := u.refs
	if parsed, err := url.Parse(strings.TrimSpace(u.text)); err == nil && !strings.Contains(u.node.Value, parsed.Host) {
		secrets = append(secrets, NewSecret(parsed.Host))
	}
	return NewMasker(secrets...)
}

func readBehavior(v *value, p profile) scim.Behavior {
	is := func(name string) bool { return v.get(name).truthOr(false) }
	b := scim.Behavior{
		Patch:             scim.PatchDialect(v.get("patch").textOr(string(scim.ByTenantURL))),
		PassFlags:         is("passFlags"),
		MemberRefNull:     v.get("memberRefNull").truthOr(p.memberRefNull),
		LegacyGroupSchema: v.get("legacyGroupSchema").truthOr(p.legacyGroupSchema),
		OmitEmptyRoles:    is("omitEmptyRoles"), CheckReferences: is("checkReferences"),
		IgnoreRetryAfter: is("ignoreRetryAfter"), ADSCIMVersion: v.get("adscimVersion").textOr(""),
	}
	if v.get("managerRemoval").textOr("") == "remove" {
		b.ManagerRemoval = scim.RemoveByVerb
	}
	return b
}

// querySecrets returns what the references in the query of a URL stand for:
// keys that some applications take there.
func querySecrets(v *value) []Secret {
	if !v.ok() || len(v.refs) == 0 {
		return nil
	}
	path, _, found := strings.Cut(v.node.Value, "?")
	if !found {
		return nil
	}
	return v.refs[min(len(v.refs), strings.Count(path, "${")):]
}

func readSettings(d *document, root *value, tempo time.Duration) Settings {
	v := root.get("settings")
	s := Settings{
		AssignedOnly:            v.get("scope").textOr("assigned") == "assigned",
		Interval:                v.get("interval").durationOr(defaultInterval / tempo),
		SkipOutOfScopeDeletions: v.get("skipOutOfScopeDeletions").truthOr(false),
		RecycleBin:              v.get("recycleBin").durationOr(defaultRecycleBin / tempo),
		Concurrency:             v.get("concurrency").numberOr(defaultConcurrency),
	}
	prevent, check := v.get("preventAccidentalDeletions"), v.get("sourceCheck")
	s.AccidentalDeletions = AccidentalDeletions{
		Enabled: prevent.get("enabled").truthOr(true), Threshold: prevent.get("threshold").numberOr(defaultThreshold),
		Share: prevent.get("share").numberOr(defaultShare), Members: prevent.get("members").numberOr(defaultMembers),
		Window: prevent.get("window").durationOr(defaultWindow), WindowThreshold: prevent.get("windowThreshold").numberOr(defaultThreshold),
		WindowShare: prevent.get("windowShare").numberOr(defaultWindowShare), WindowMembers: prevent.get("windowMembers").numberOr(defaultWindowMembers),
	}
	s.SourceCheck = SourceCheck{
		Enabled: check.get("enabled").truthOr(true), Share: check.get("share").numberOr(defaultShare),
		Age: check.get("age").durationOr(defaultAge), StaleAfter: check.get("staleAfter").durationOr(defaultStaleAfter),
	}
	if c := v.get("cron"); c.ok() {
		s.Interval, s.Cron = 0, c.text
		if err := checkCron(c.text); err != nil {
			d.fail(c.node, "settings.cron: %v", err)
		}
	}
	checkAssigned(d, root, s)
	return s
}

// checkAssigned reports a scope of assigned objects in a job that assigns none.
func checkAssigned(d *document, root *value, s Settings) {
	settings, source := root.get("settings"), root.get("source")
	where := settings.get("scope")
	if where.faulty || source.faulty || settings.faulty {
		return
	}
	assigned := settings.get("assigned")
	byName := len(assigned.get("groups").items)+len(assigned.get("users").items) > 0
	switch {
	case s.AssignedOnly && !byName && !source.get("assignments").given:
		is := "settings.scope is assigned"
		if !where.given {
			is += " (the default)"
		}
		d.fail(where.node, "%s, but nobody is assigned: give source.assignments or settings.assigned, or write scope: all", is)
	case !s.AssignedOnly && byName:
		d.warn(assigned.node, "settings.assigned has no effect on who is in scope: settings.scope is all")
	}
}

// checkCron returns what is wrong with a cron expression.
func checkCron(expression string) error {
	const example = `five fields, as in "0 */2 * * *" for every two hours, or @every 40m`
	text := strings.TrimSpace(expression)
	if zone, isZone := strings.CutPrefix(strings.TrimPrefix(text, "CRON_"), "TZ="); isZone && !strings.Contains(zone, " ") {
		return fmt.Errorf("%s names a time zone and no times: expected %s", quote(text), example)
	}
	if text != expression {
		return fmt.Errorf("%s has blanks around it: leave them out", quote(expression))
	}
	schedule, err := cron.ParseStandard(text)
	if err != nil {
		return fmt.Errorf("%s is no cron expression: %w: expected %s", quote(text), err, example)
	}
	// Any day will do: the search looks five years ahead.
	if schedule.Next(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		return fmt.Errorf("%s never comes: no such day", quote(text))
	}
	return nil
}
