package statetest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/provlog"
	"github.com/scimsync/scimsync/engine/state"
)

func testEventRoundTrip(t *testing.T, open Open) {
	s := open(t)
	e := event("e1", noon().In(time.FixedZone("CET", 3600)))
	bare := provlog.Event{ID: "e2"}
	odd := event("e3", noon())
	odd.SourceIdentity.DisplayName = "tab\t, quote\" , null byte \x00 , \u2028, 😀"
	record(t, s, logged(e), state.Outcome{Event: &bare}, logged(odd))
	check(t, events(t, s, provlog.Query{}), []provlog.Event{e, bare, odd})
}

func testEventsSearch(t *testing.T, open Open) {
	s := open(t)
	record(t, s, logged(event("e1", noon())))
	for query, want := range map[string]int{
		"ada ito": 1, "ADA": 1, "a@contoso": 1, "u-1": 1, "U-1": 1, "42": 1, "ADA@CONTOSO.COM": 1,
		"u-": 0, "-1": 0, "4": 0, "2": 0, "u-1\n42": 0, // an id is found whole
		"ada itou": 0, "ito\nada": 0, "ito42": 0, "User": 0, "BlogIn": 0, "%": 0, "_": 0, "a%o": 0,
	} {
		if got := len(events(t, s, provlog.Query{User: query})); got != want {
			t.Errorf("user %q: %d entries, want %d", query, got, want)
		}
	}
}

func testEventsFollow(t *testing.T, open Open) {
	ctx := context.Background()
	one, other := open(t), open(t)
	var all, followed []string
	last := ""
	for i := range 10 {
		// Ids and times need not be in the order of recording: several work at once.
		e := event(fmt.Sprintf("e-%d", (i*7)%10), noon().Add(-time.Duration(i)*time.Second))
		s := []state.Store{one, other}[i%2]
		ok(t, s.Record(ctx, job, []state.Outcome{logged(e)}))
		all = append(all, e.ID)
		if i%3 == 2 {
			got := ids(events(t, one, provlog.Query{After: last}))
			followed = append(followed, got...)
			last = got[len(got)-1]
		}
	}
	followed = append(followed, ids(events(t, other, provlog.Query{After: last}))...)
	check(t, followed, all)
	check(t, ids(events(t, one, provlog.Query{After: all[9]})), []string{})
	check(t, ids(events(t, one, provlog.Query{After: all[4], Limit: 2})), all[8:])
	// After an entry that is not there (it was purged) come greater ids.
	check(t, ids(events(t, one, provlog.Query{After: "e-70"})), ids(provlog.Select(eventsOf(all), provlog.Query{After: "e-70"})))
	check(t, ids(events(t, one, provlog.Query{After: "a"})), all)
}

func eventsOf(ids []string) []provlog.Event {
	var list []provlog.Event
	for _, id := range ids {
		list = append(list, provlog.Event{ID: id})
	}
	return list
}

// testEventsModel compares the store's answers with provlog.Select's, for
// any log and any query.
func testEventsModel(t *testing.T, open Open) {
	names := []string{"Ada", "da", "ada ito", "ÄDA", "ben", "İpek", "x\ny", "%", "\xff", ""}
	s, run := open(t), 0
	rapid.Check(t, func(t *rapid.T) {
		run++ // each run has a job of its own in the one log
		jobs := []string{fmt.Sprintf("scim.%d.a", run), fmt.Sprintf("scim.%d.b", run)}
		pick := func(label string) string { return rapid.SampledFrom(names).Draw(t, label) }
		var log []provlog.Event
		for i := range rapid.IntRange(0, 30).Draw(t, "entries") {
			log = append(log, provlog.Event{
				ID:                     fmt.Sprintf("%06d-%02d", run, i),
				ActivityDateTime:       noon().Add(time.Duration(rapid.IntRange(-3, 3).Draw(t, "seconds")) * time.Second),
				JobID:                  rapid.SampledFrom(jobs).Draw(t, "job"),
				CycleID:                rapid.SampledFrom([]string{"c1", "c2", ""}).Draw(t, "cycle"),
				ProvisioningAction:     rapid.SampledFrom(provlog.Actions()).Draw(t, "action"),
				ProvisioningStatusInfo: provlog.StatusInfo{Status: rapid.SampledFrom(provlog.Statuses()).Draw(t, "status")},
				SourceIdentity: provlog.Identity{ID: pick("id"), DisplayName: pick("name"),
					Details: map[string]string{"userPrincipalName": pick("upn"), "other": "other"}},
				TargetIdentity: provlog.Identity{ID: pick("target id"), DisplayName: pick("target name")},
			})
		}
		rest := log // in batches of any size
		for len(rest) > 0 {
			n := rapid.IntRange(1, len(rest)).Draw(t, "batch")
			var outcomes []state.Outcome
			for i := range rest[:n] {
				outcomes = append(outcomes, state.Outcome{Type: directory.User, SourceAnchor: "u", Event: &rest[i]})
			}
			if err := s.Record(context.Background(), job, outcomes); err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
		}
		for range 3 {
			q := provlog.Query{
				JobID:   rapid.SampledFrom(jobs).Draw(t, "query job"),
				User:    strings.ToUpper(pick("query user")),
				Actions: rapid.SliceOfN(rapid.SampledFrom(provlog.Actions()), 0, 3).Draw(t, "query actions"),
				Status:  rapid.SliceOfN(rapid.SampledFrom(provlog.Statuses()), 0, 3).Draw(t, "query status"),
				CycleID: rapid.SampledFrom([]string{"", "c1", "c2", "c3"}).Draw(t, "query cycle"),
				Limit:   rapid.IntRange(0, 5).Draw(t, "limit"),
			}
			if n := rapid.IntRange(-4, 4).Draw(t, "since"); n != 0 {
				q.Since = noon().Add(time.Duration(n) * time.Second)
			}
			if n := rapid.IntRange(-5, 35).Draw(t, "after"); n >= 0 {
				q.After = fmt.Sprintf("%06d-%02d", run, n)
			}
			var got []string
			err := s.Events(context.Background(), q, func(e provlog.Event) error {
				got = append(got, e.ID)
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if want := ids(provlog.Select(log, q)); fmt.Sprint(got) != fmt.Sprint(want) {
				t.Fatalf("query %+v\n got %v\nwant %v", q, got, want)
			}
		}
	})
}

// testEventsLong has more entries than fit on a page.
func testEventsLong(t *testing.T, open Open) {
	s := open(t)
	const n = 3000
	var outcomes []state.Outcome
	for i := range n {
		e := provlog.Event{ID: fmt.Sprintf("e%05d", i), JobID: "scim.1", CycleID: fmt.Sprint(i % 7), ActivityDateTime: noon()}
		outcomes = append(outcomes, state.Outcome{Event: &e})
	}
	record(t, s, outcomes...)
	for _, q := range []provlog.Query{{}, {Limit: 1000}, {Limit: n + 1}, {CycleID: "3"}, {CycleID: "3", Limit: 300}, {After: "e01000"}} {
		list := events(t, s, q)
		want := n
		switch {
		case q.CycleID != "" && q.Limit == 0:
			want = (n + 3) / 7
		case q.Limit > 0 && q.Limit < n:
			want = q.Limit
		case q.After != "":
			want = n - 1001
		}
		if len(list) != want {
			t.Errorf("%+v: %d entries, want %d", q, len(list), want)
		}
		for i := 1; i < len(list); i++ {
			if list[i-1].ID >= list[i].ID {
				t.Fatalf("%+v: %s comes before %s", q, list[i-1].ID, list[i].ID)
			}
		}
		if last := list[len(list)-1].ID; q.CycleID == "" && last != fmt.Sprintf("e%05d", n-1) {
			t.Errorf("%+v ends with %s", q, last)
		}
	}
}

// testEventTwice: an entry is written once and never changed.
func testEventTwice(t *testing.T, open Open) {
	ctx, s := context.Background(), open(t)
	record(t, s, logged(event("e1", noon())))
	changed := event("e1", noon().Add(time.Hour))
	if err := s.Record(ctx, job, []state.Outcome{connected(directory.User, "a", "1"), logged(changed)}); err == nil {
		t.Error("an entry was recorded twice")
	}
	check(t, events(t, s, provlog.Query{}), []provlog.Event{event("e1", noon())})
	check(t, allConnections(t, s, job), []state.Connection(nil))
}

// testPurge removes more entries than one chunk, and nothing else.
func testPurge(t *testing.T, open Open) {
	ctx, s := context.Background(), open(t)
	record(t, s, full("a", "1", "kept-0"))
	const old = 2500
	var outcomes []state.Outcome
	for i := range old {
		e := provlog.Event{ID: fmt.Sprintf("old-%d", i), JobID: fmt.Sprint("scim.", i%3), ActivityDateTime: noon().Add(-time.Hour - time.Duration(i)*time.Second)}
		outcomes = append(outcomes, state.Outcome{Event: &e})
	}
	record(t, s, outcomes...)
	record(t, s, logged(event("kept-1", noon())), logged(event("kept-2", noon().Add(time.Hour))))
	before := contentsOf(t, s)
	n, err := s.Purge(ctx, noon())
	ok(t, err)
	if n != old {
		t.Errorf("%d entries purged, want %d", n, old)
	}
	after := contentsOf(t, s)
	check(t, after.Events, []string{"kept-0", "kept-1", "kept-2"}) // one of that very time stays
	after.Events = before.Events
	check(t, after, before)
	if n, err = s.Purge(ctx, noon()); n != 0 || err != nil {
		t.Errorf("purged again: %d, %v", n, err)
	}
	// One who follows the log goes on from an entry that is gone.
	check(t, ids(events(t, s, provlog.Query{After: "a-purged-id"})), []string{"kept-0", "kept-1", "kept-2"})
	record(t, s, logged(event("kept-3", noon())))
	check(t, ids(events(t, s, provlog.Query{After: "kept-2"})), []string{"kept-3"})
}
