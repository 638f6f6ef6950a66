package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/scimsync/scimsync/engine/provlog"
)

// lifeSeed is the seed of the default run. LIFECYCLE_SEED sets another.
const lifeSeed = 4

// lifeJob maps what Microsoft's default mapping does.
const lifeJob = `name: test
source: {kind: export, users: users.json, groups: groups.json, assignments: assignments.json, deletedUsers: deletedUsers.json}
target: {kind: scim, tenantURL: %q, secretToken: %q}
settings: {scope: assigned, preventAccidentalDeletions: {windowShare: 100, windowMembers: 100}} # months pass within a minute
mappings:
  users:
    scopingFilters:
      - {title: no contractors, clauses: [{attribute: employeeType, operator: NOT EQUALS, value: Contractor}]}
    attributes:
      - {source: userPrincipalName, target: userName, matchingPrecedence: 1}
      - {expression: 'Switch([IsSoftDeleted], , "False", "True", "True", "False")', target: active}
      - {source: displayName, target: displayName}
      - {source: jobTitle, target: title}
      - {source: mail, target: 'emails[type eq "work"].value'}
      - {source: preferredLanguage, target: preferredLanguage}
      - {source: givenName, target: name.givenName}
      - {source: surname, target: name.familyName}
      - {expression: 'Join(" ", [givenName], [surname])', target: name.formatted}
      - {source: physicalDeliveryOfficeName, target: 'addresses[type eq "work"].formatted'}
      - {source: streetAddress, target: 'addresses[type eq "work"].streetAddress'}
      - {source: city, target: 'addresses[type eq "work"].locality'}
      - {source: state, target: 'addresses[type eq "work"].region'}
      - {source: postalCode, target: 'addresses[type eq "work"].postalCode'}
      - {source: country, target: 'addresses[type eq "work"].country'}
      - {source: telephoneNumber, target: 'phoneNumbers[type eq "work"].value'}
      - {source: mobile, target: 'phoneNumbers[type eq "mobile"].value'}
      - {source: facsimileTelephoneNumber, target: 'phoneNumbers[type eq "fax"].value'}
      - {source: mailNickname, target: externalId}
      - {source: employeeId, target: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber'}
      - {source: department, target: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department'}
      - {source: manager, target: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager'}
  groups:
    attributes:
      - {source: displayName, target: displayName, matchingPrecedence: 1}
      - {source: objectId, target: externalId}
      - {source: members, target: members}
`

// TestLifeOnRealServers provisions a directory of 200 users and 20 groups into
// each server, in both PATCH dialects, and changes it at random in 30 rounds.
// After each it reads back everything that the server shows and compares it
// with what a simple model of the mapping predicts. What a server refuses, or
// takes and does otherwise, is listed in exceptions, and in docs/servers.md:
// a difference that is not listed fails the test, and so does an exception that
// is and never happens. LIFECYCLE_SEED runs another random life.
func TestLifeOnRealServers(t *testing.T) {
	seed, rounds := uint64(lifeSeed), 30
	if text := os.Getenv("LIFECYCLE_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("LIFECYCLE_SEED: %v", err)
		}
	}
	if testing.Short() {
		rounds = 5
	}
	for _, s := range servers {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			l := newLife(t, s, seed)
			for round := range rounds + 1 {
				l.round(t, round)
			}
			l.sum(t, rounds)
		})
	}
}

// life is a directory, a server, and the model beside it.
type life struct {
	server
	*firm
	m        *forecast
	url, dir string
	seed     uint64
	began    time.Time
	requests int
	witness  *witness
}

func newLife(t *testing.T, s server, seed uint64) *life {
	l := &life{server: s, firm: newFirm(seed, 200, 20), seed: seed, began: time.Now()}
	l.m = newForecast(s.temper(), "emptyValue")
	l.url, l.dir = s.start(t), t.TempDir()
	l.witness = newWitness(s.temper(), l.url)
	write(t, l.dir, "scimsync.yaml", "jobs: [test.yaml]\nstate: sqlite:state.db\n")
	write(t, l.dir, "test.yaml", fmt.Sprintf(lifeJob, l.url+s.flag, s.token))
	return l
}

// round changes the directory, runs a cycle, and compares.
func (l *life) round(t *testing.T, round int) {
	t.Helper()
	what := []string{"the initial cycle"}
	if round > 0 {
		what = l.upset(25)
	}
	l.export(t, l.dir)
	l.m.cycle(l.firm)
	var out, errs bytes.Buffer
	code := run([]string{"sync", "test", "-o", "json", "--trace", filepath.Join(l.dir, "cycle.har"),
		"--config", filepath.Join(l.dir, "scimsync.yaml")}, &out, &errs)
	traced := exchanges(t, l.dir, "cycle.har")
	l.requests += len(traced)
	report := func(format string, args ...any) {
		t.Helper()
		t.Fatalf("seed %d, round %d, after\n  %s\n%s\n%s%s", l.seed, round, strings.Join(what, "\n  "),
			fmt.Sprintf(format, args...), errs.String(), scimsync(t, l.dir, 0, "logs", "test", "--cycle", "last", "--status", "failure"))
	}
	if diff := differences(l.m.shows(), readBack(t, l.server, l.url)); len(diff) > 0 {
		report("%d differences:\n  %s", len(diff), strings.Join(diff[:min(len(diff), 40)], "\n  "))
	}
	if want := l.failing(); code != exitDone && len(want) == 0 || code != exitFailed && len(want) > 0 {
		report("exit code %d, and the model has %d failures", code, len(want))
	}
	if diff := cmp.Diff(l.failing(), l.failures(t)); diff != "" {
		report("who failed (-model +log):\n%s", diff)
	}
	for _, x := range traced {
		if err := l.witness.look(x); err != nil {
			report("%v", err)
		}
	}
}

// failing are the ids of the objects that fail in this cycle by the model.
func (l *life) failing() (ids []string) {
	for id, o := range l.m.memories {
		if o.failing {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// failures are the ids of the objects that failed in the last cycle by the log.
func (l *life) failures(t *testing.T) (ids []string) {
	t.Helper()
	out := scimsync(t, l.dir, 0, "logs", "test", "--cycle", "last", "--status", "failure", "-o", "json")
	for line := range strings.Lines(out) {
		var e provlog.Event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, e.SourceIdentity.ID)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// sum tells how it went, and fails the test if an exception did not happen in
// the default run.
func (l *life) sum(t *testing.T, rounds int) {
	t.Helper()
	if rounds >= 30 && l.seed == lifeSeed { // in fewer, some have no time to
		l.witness.check(t, l.m.used)
	}
	t.Logf("seed %d: %d rounds, %d requests, %v; %d users and %d groups at the end; exceptions in the model and in the requests:\n%v\n%v", l.seed, rounds,
		l.requests, time.Since(l.began).Round(time.Second), len(l.m.users), len(l.m.groups), l.m.used, l.witness.seen)
}
