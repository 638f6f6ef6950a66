package config

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/plan"
	"github.com/scimsync/scimsync/mapping"
)

func environment(pairs ...string) Option {
	return WithEnv(func(name string) (string, bool) {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1], true
			}
		}
		return "", false
	})
}

// view is a Job as the golden file shows it: what the YAML says, in the types
// of the packages that it is for.
type view struct {
	File, Name     string
	Source         Source
	TenantURL      string
	SecretToken    Secret
	Settings       Settings
	Users, Groups  map[string]any
	TargetMatching map[directory.ObjectType]string
}

func viewOf(j *Job) view {
	return view{
		File: j.File, Name: j.Name, Source: j.Source, TenantURL: j.Target.SCIM.TenantURL, SecretToken: j.Target.SecretToken,
		Settings: j.Settings, Users: viewOfMapping(j.Users), Groups: viewOfMapping(j.Groups), TargetMatching: j.Target.SCIM.Matching,
	}
}

func viewOfMapping(m *ObjectMapping) map[string]any {
	return map[string]any{
		"actions": m.Actions, "filters": m.Filters, "attributes": m.Attributes,
		"targets": m.Mapping.Targets(), "filterAttributes": m.Scope.Attributes(),
	}
}

// The example is Microsoft's tutorial for BlogIn, with all keys.
func TestBlogIn(t *testing.T) {
	j, err := LoadJob("testdata/blogin/jobs/blogin.yaml", environment("BLOGIN_TOKEN", "hunter2"))
	if err != nil {
		t.Fatal(err)
	}
	if len(j.Warnings) > 0 {
		t.Errorf("warnings: %v", j.Warnings)
	}
	got, err := json.MarshalIndent(viewOf(j), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	const golden = "testdata/blogin/blogin.golden.json"
	if *update {
		if err := os.WriteFile(golden, append(got, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)+"\n"); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if strings.Contains(string(got), "hunter2") {
		t.Error("the token is shown")
	}
	if token := j.Target.Options().SecretToken; token != "hunter2" {
		t.Errorf("token %q", token)
	}
}

const head = `
name: blogin
source: {kind: export, users: users.json, groups: groups.json}
target: {kind: scim, tenantURL: "https://app.example.com/scim", secretToken: "${env:TOKEN}"}
settings: {scope: all}
`

// load reads a job from YAML and fails the test if anything is wrong with it.
func load(t *testing.T, text string) *Job {
	t.Helper()
	d := newDocument("job.yaml", "jobs", newInputs([]Option{environment("TOKEN", "t0ken", "KEY", "s3cret-key", "HOST", "app.example.com")}))
	j, problems := d.job([]byte(text))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return j
}

func TestDefaults(t *testing.T) {
	j := load(t, head)
	want := Settings{
		Interval: 40 * time.Minute, RecycleBin: 720 * time.Hour, Concurrency: 8,
		AccidentalDeletions: AccidentalDeletions{Enabled: true, Threshold: 500, Share: 20, Members: 30, Window: 24 * time.Hour, WindowThreshold: 500, WindowShare: 30, WindowMembers: 50},
		SourceCheck:         SourceCheck{Enabled: true, Share: 20, Age: time.Hour, StaleAfter: 168 * time.Hour},
	}
	if diff := cmp.Diff(want, j.Settings); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(mapping.DefaultUsers(), j.Users.Attributes); diff != "" {
		t.Errorf("users (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(mapping.DefaultGroups(), j.Groups.Attributes); diff != "" {
		t.Errorf("groups (-want +got):\n%s", diff)
	}
	if j.Users.Actions != (plan.Actions{Create: true, Update: true, Delete: true}) || j.Users.Scope == nil || j.Users.Mapping == nil {
		t.Errorf("users are not ready: %+v", j.Users)
	}
	if j.Source.Export.Users != "jobs/users.json" {
		t.Errorf("users at %s", j.Source.Export.Users)
	}
	if len(j.Warnings) > 0 {
		t.Errorf("warnings: %v", j.Warnings)
	}
}

func TestWhatIsProvisioned(t *testing.T) {
	withoutGroups := strings.Replace(head, ", groups: groups.json", "", 1)
	for _, tc := range []struct {
		name, text    string
		users, groups bool
	}{
		{"no mappings", head, true, true},
		{"no mappings, no groups", withoutGroups, true, false},
		{"users alone", head + "mappings: {users: {}}", true, false},
		{"groups alone", head + "mappings: {groups: {}}", false, true},
		{"groups off", head + "mappings: {users: {}, groups: {enabled: false}}", true, false},
		{"groups off without a file", withoutGroups + "mappings: {users: {}, groups: {enabled: false}}", true, false},
		{"users off", head + "mappings: {users: {enabled: false}, groups: {}}", false, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			j := load(t, tc.text)
			if users, groups := j.Users != nil, j.Groups != nil; users != tc.users || groups != tc.groups {
				t.Errorf("users %v, groups %v", users, groups)
			}
		})
	}
}

func TestTarget(t *testing.T) {
	j := load(t, strings.Replace(head, `"${env:TOKEN}"`, `"${env:TOKEN}", timeout: 5s, retries: 0, membersPerPatch: 100, allowHTTP: true,
  behavior: {patch: standard, managerRemoval: remove, passFlags: true, adscimVersion: "1"}`, 1)+`
mappings:
  users:
    attributes:
      - {source: mail, target: 'emails[type eq "work"].value', matchingPrecedence: 2}
      - {source: userPrincipalName, target: userName, matchingPrecedence: 1}
      - {constant: yes, target: 'urn:example:blog:2.0:User:editor', type: boolean}
`)
	o := j.Target.Options()
	if o.Timeout != 5*time.Second || o.Retries != -1 || o.MembersPerPatch != 100 || !o.AllowHTTP || o.Concurrency != 8 {
		t.Errorf("options %+v", o)
	}
	if o.Behavior.Patch != "standard" || o.Behavior.ManagerRemoval != "remove" || !o.Behavior.PassFlags || o.Behavior.ADSCIMVersion != "1" {
		t.Errorf("behavior %+v", o.Behavior)
	}
	if diff := cmp.Diff(map[string]string{"urn:example:blog:2.0:User:editor": "boolean"}, o.Types); diff != "" {
		t.Errorf("types %s", diff)
	}
	if o.Matching[directory.User] != "userName" {
		t.Errorf("matching %v", o.Matching)
	}
	if c := j.Users.Attributes[2].Constant; c == nil || *c != "yes" {
		t.Errorf("a constant is taken as written, not %v", c)
	}
}

// Every key of the table is read somewhere: setting it changes the job.
func TestEveryToggleIsRead(t *testing.T) {
	read := func(j *Job) any { t := j.Target; t.SecretToken = Secret{}; return []any{t, j.Source} }
	plain := read(load(t, head))
	for _, k := range behaviorShape().keys {
		if k.kind != boolean {
			continue
		}
		j := load(t, strings.Replace(head, `"${env:TOKEN}"`, `"${env:TOKEN}", behavior: {`+k.name+`: true}`, 1))
		if reflect.DeepEqual(read(j), plain) {
			t.Errorf("behavior.%s changes nothing", k.name)
		}
	}
}

func TestReferencesInURL(t *testing.T) {
	j := load(t, strings.Replace(head, "https://app.example.com/scim", "https://${env:HOST}/scim?key=${env:KEY}&n=$${x}", 1))
	if got := j.Target.SCIM.TenantURL; got != "https://app.example.com/scim?key=s3cret-key&n=${x}" {
		t.Errorf("tenant URL %s", got)
	}
	m := NewMasker(j.Secrets()...)
	if got := m.Mask("app.example.com s3cret-key t0ken"); got != "app.example.com ******** ********" {
		t.Errorf("masked: %s", got)
	}
}

// A file's last line ends do not belong to the token; what is inside does.
func TestTokenFile(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "token"), " a b\r\n\n")
	job := strings.Replace(head, "${env:TOKEN}", "Bearer-${file:token}", 1)
	j, err := LoadJob(writeFile(t, filepath.Join(dir, "job.yaml"), job), environment())
	if err != nil {
		t.Fatal(err)
	}
	if got := j.Target.SecretToken.Reveal(); got != "Bearer- a b" {
		t.Errorf("token %q", got)
	}
	if want := []string{filepath.Join(dir, "token")}; !slices.Equal(j.Referenced, want) {
		t.Errorf("files that are referenced: %q, not %q", j.Referenced, want)
	}
}

// What an error shows of a file cannot drive a terminal.
func TestErrorsHoldNoControlCharacters(t *testing.T) {
	d := newDocument("job.yaml", ".", newInputs(nil))
	_, problems := d.job([]byte("\"na\\eme\": 1\nname: \"a\\e[2J\"\nsettings:\n  scope: !!timestamp \"\\e[2J\"\n  interval: !!int \"\\e[2J\"\n  concurrency: !!int \"\\e[2J\"\n"))
	if len(problems) < 5 || strings.ContainsRune(problems.Error(), 0x1b) {
		t.Errorf("%q", problems.Error())
	}
}

func TestJobNamed(t *testing.T) {
	jobs := []*Job{{Name: "blogin"}, {Name: "sandbox"}}
	if j, err := JobNamed(jobs, "sandbox"); err != nil || j != jobs[1] {
		t.Errorf("%v, %v", j, err)
	}
	for name, want := range map[string]string{
		"blgin": `there is no job "blgin": did you mean blogin?`,
		"other": `there is no job "other": there are blogin, sandbox`,
	} {
		if _, err := JobNamed(jobs, name); err == nil || err.Error() != want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestProfiles(t *testing.T) {
	with := func(text string) *Job {
		return load(t, strings.Replace(head, `"${env:TOKEN}"`, `"${env:TOKEN}", `+text, 1))
	}
	for name, tt := range map[string]struct {
		text                            string
		heal, rematch, always, find     bool
		refNull, legacy, clears, leaves bool
	}{
		"none":                 {text: "timeout: 5s"},
		"entra":                {text: "profile: entra"},
		"extended":             {text: "profile: extended", heal: true, rematch: true, always: true, clears: true},
		"a key wins":           {text: "profile: extended, behavior: {healReferences: false, onMissingTarget: fail}", always: true, clears: true},
		"a key beside none":    {text: "behavior: {onMissingTarget: rematch, managerRemoval: leave}", rematch: true, leaves: true},
		"2018":                 {text: "profile: entra2018", find: true, refNull: true, legacy: true},
		"a key wins over 2018": {text: "profile: entra2018, behavior: {findBeforeUpdate: false, memberRefNull: false}", legacy: true},
	} {
		t.Run(name, func(t *testing.T) {
			j := with(tt.text)
			b := j.Target.SCIM.Behavior
			got := []bool{
				j.Target.HealReferences, j.Target.RematchMissing, j.Target.AlwaysAddMembers, j.Target.FindBeforeUpdate,
				b.MemberRefNull, b.LegacyGroupSchema, j.Target.KeepClearedReferences,
			}
			want := []bool{tt.heal, tt.rematch, tt.always, tt.find, tt.refNull, tt.legacy, tt.leaves}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			for _, a := range j.Users.Attributes {
				if a.FlowNullValues != (tt.clears && a.MatchingPrecedence == 0) {
					t.Errorf("%s: flowNullValues %v", a.Target, a.FlowNullValues)
				}
			}
		})
	}
}

func TestFlattenNestedGroups(t *testing.T) {
	for text, want := range map[string]bool{
		"profile: entra":                        false,
		"profile: extended":                     true,
		"behavior: {flattenNestedGroups: true}": true,
		"profile: extended, behavior: {flattenNestedGroups: false}": false,
	} {
		j := load(t, strings.Replace(head, `"${env:TOKEN}"`, `"${env:TOKEN}", `+text, 1))
		if got := j.Source.Export.FlattenNestedGroups; got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}

// An attribute mapping that says so itself wins over the profile.
func TestFlowNullValuesBesideAProfile(t *testing.T) {
	j := load(t, strings.Replace(head, `"${env:TOKEN}"`, `"${env:TOKEN}", profile: extended`, 1)+`
mappings:
  users:
    attributes:
      - {source: userPrincipalName, target: userName, matchingPrecedence: 1}
      - {source: jobTitle, target: title}
      - {source: mail, target: nickName, flowNullValues: false}
      - {source: city, target: locale, apply: onCreate}
      - {constant: x, target: timezone}
`)
	var clears []string
	for _, a := range j.Users.Attributes {
		if a.FlowNullValues {
			clears = append(clears, a.Target)
		}
	}
	if diff := cmp.Diff([]string{"title"}, clears); diff != "" {
		t.Error(diff)
	}
}

// A compressed clock divides Entra's times, and leaves alone those that are set.
func TestCompressClock(t *testing.T) {
	with := func(settings string) *Job {
		text := strings.Replace(head, `"${env:TOKEN}"`, `"${env:TOKEN}", behavior: {compressClock: 600, membersPerPatch: 7}`, 1)
		return load(t, strings.Replace(text, "scope: all", "scope: all"+settings, 1))
	}
	if j := with(""); j.Settings.Interval != 4*time.Second || j.Settings.RecycleBin != 72*time.Minute || j.Target.CompressClock != 600 {
		t.Errorf("interval %s, recycle bin %s, clock %d", j.Settings.Interval, j.Settings.RecycleBin, j.Target.CompressClock)
	}
	if n := with("").Target.SCIM.MembersPerPatch; n != 7 {
		t.Errorf("%d members to a PATCH", n)
	}
	if j := with(", interval: 1m, recycleBin: 1h"); j.Settings.Interval != time.Minute || j.Settings.RecycleBin != time.Hour {
		t.Errorf("interval %s, recycle bin %s", j.Settings.Interval, j.Settings.RecycleBin)
	}
}
