package engine_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine"
	"github.com/scimsync/scimsync/engine/plan"
	"github.com/scimsync/scimsync/engine/provlog"
)

// clockDiffers is more than clocks may differ by before they are doubted.
const clockDiffers = 26 * time.Hour

const year = 365 * 24 * time.Hour

// dated is a transport of an application that says what time it is, by a clock
// of its own.
type dated struct {
	next http.RoundTripper
	now  func() time.Time
}

func (d dated) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := d.next.RoundTrip(r)
	if err == nil {
		resp.Header.Set("Date", d.now().UTC().Format(http.TimeFormat))
	}
	return resp, err
}

// wrong is a world whose machine's clock is off by as much as the test says.
type wrong struct {
	*world
	by atomic.Int64 // a request may change it while others are under way
}

// off returns by how much the machine's clock is off.
func (w *wrong) off() time.Duration { return time.Duration(w.by.Load()) }

func (w *wrong) set(off time.Duration) { w.by.Store(int64(off)) }

func newWrong(t testing.TB) *wrong {
	w := &wrong{world: newWorld(t)}
	truth := func() time.Time { return w.now }
	w.reach(dated{w.world, truth})
	w.engine.Now = func() time.Time { return w.now.Add(w.off()) }
	return w
}

// TestAWrongClockDeletesNobody: who has left is deleted when they have been gone
// for thirty days, and neither earlier because the clock is put on, nor never
// because it was when they left.
func TestAWrongClockDeletesNobody(t *testing.T) {
	for _, tt := range []struct {
		name    string
		leaving time.Duration // by how much the clock is wrong when somebody leaves
		then    time.Duration // and afterwards, for a while
	}{
		{"put on by a year afterwards", 0, year},
		{"put on by a month afterwards", 0, 31 * 24 * time.Hour},
		{"of 1970 when they leave", -56 * year, 0},
		{"behind by a year when they leave", -year, 0},
		{"put on by a year when they leave", year, 0},
		{"put on by a year when they leave, and more afterwards", year, 2 * year},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWrong(t)
			for i := range 30 {
				w.source.hire(fmt.Sprint("u", i))
			}
			w.cycle()
			w.source.fire("u1")
			w.set(tt.leaving)
			w.now = w.now.Add(time.Hour)
			equal(t, "who leaves", w.cycle(), plan.Summary{Disable: 1})
			w.set(tt.then)
			for range 29 {
				w.now = w.now.Add(24 * time.Hour)
				if got := w.cycle(); got.Delete > 0 {
					t.Fatalf("deleted on %s: %+v", w.now, got)
				}
			}
			w.set(0)
			deleted := plan.Summary{}
			for range 3 {
				w.now = w.now.Add(24 * time.Hour)
				sum := w.cycle()
				deleted.Delete += sum.Delete
			}
			if tt.leaving <= 0 || tt.then == 0 {
				equal(t, "deleted once the thirty days are over", deleted.Delete, int64(1))
				return
			}
			// The clock was wrong all the time: the days begin when it is right.
			w.now = w.now.Add(30 * 24 * time.Hour)
			equal(t, "deleted later", w.cycle().Delete, int64(1))
		})
	}
}

// TestAWrongClockKeepsTheLog: no entry goes while the application's clock, or the
// end of the last cycle, contradicts this machine's; nor after a cycle that could
// not reach the application.
func TestAWrongClockKeepsTheLog(t *testing.T) {
	w := newWrong(t)
	w.source.hire("ada")
	w.cycle()
	entries := func() int { return len(w.events(provlog.Query{})) }
	had := entries()
	w.set(year)
	x, err := w.engine.Cycle(context.Background(), w.job, engine.Options{})
	if err != nil || entries() != had {
		t.Fatalf("%d entries of %d, error %v", entries(), had, err)
	}
	if said := strings.Join(x.Warnings, "\n"); !strings.Contains(said, "the clock of this machine says 2027-11-23T08:00:00Z, and the application's says 2026-11-23T08:00:00Z") {
		t.Errorf("warnings: %s", said)
	}
	w.intercept = refuse(http.MethodGet, "", 500)
	if _, err := w.try(); err == nil || entries() != had {
		t.Fatalf("%d entries of %d after a cycle without an answer, error %v", entries(), had, err)
	}
	w.intercept = nil
	w.set(0)
	x, err = w.engine.Cycle(context.Background(), w.job, engine.Options{})
	if err != nil || entries() != had || !strings.Contains(strings.Join(x.Warnings, "\n"), "the last cycle ended at 2027-11-23T08:00:00Z: it is wrong now, or was then") {
		t.Fatalf("%d entries of %d, error %v, warnings %q", entries(), had, err, x.Warnings)
	}
	equal(t, "put right", w.cycle(), plan.Summary{})
	w.set(-56 * year)
	w.source.set("ada", "jobTitle", directory.Str("Clerk"))
	equal(t, "of 1970", w.cycle(), plan.Summary{Update: 1})
	w.set(0)
	w.cycle()
	w.cycle()
	equal(t, "the entry that was made in 1970", entries(), had+1)
	w.now = w.now.Add(31 * 24 * time.Hour)
	w.cycle()
	equal(t, "after thirty days", entries(), 0)
}

// TestAWrongClockGivesNobodyUp: an object that failed is tried again, whatever the
// clock says: it is neither given up because a year seems to have passed, nor put
// off until a year that the clock was in.
func TestAWrongClockGivesNobodyUp(t *testing.T) {
	for _, off := range []time.Duration{year, -year, 14 * year, -56 * year, 40 * 24 * time.Hour, 5 * time.Hour} {
		t.Run(off.String(), func(t *testing.T) {
			w := newWrong(t)
			w.source.hire("ada")
			w.intercept = refuse(http.MethodPost, "ada@contoso.com", 400)
			for range 3 {
				equal(t, "refused", w.cycle().Fail, int64(1))
				w.now = w.now.Add(13 * time.Hour)
			}
			w.set(off)
			for range 4 {
				w.cycle()
				w.now = w.now.Add(25 * time.Hour)
			}
			w.set(0)
			for range 3 {
				w.cycle()
				w.now = w.now.Add(25 * time.Hour)
			}
			w.intercept = nil
			equal(t, "accepted in the end", w.cycle(), plan.Summary{Create: 1})
		})
	}
}

// TestAnEscrowOfAWrongClockBeginsAnew: an object that failed while the clock was
// ahead is tried as one that fails now: not in every cycle, and for four weeks.
func TestAnEscrowOfAWrongClockBeginsAnew(t *testing.T) {
	w := newWrong(t)
	w.source.hire("ada")
	w.intercept = refuse(http.MethodPost, "ada@contoso.com", 400)
	w.set(year)
	equal(t, "ahead", w.cycle().Fail, int64(1))
	w.set(0)
	equal(t, "right again", w.cycle().Fail, int64(1))
	w.now = w.now.Add(time.Hour)
	equal(t, "an hour later", w.cycle().Fail, int64(0))
	for range 29 {
		w.now = w.now.Add(24 * time.Hour)
		w.cycle()
	}
	equal(t, "after four weeks", w.waiting(), int64(0))
}

// TestJumpsOfTheClock lives through seeded jumps, from hours to decades, within
// cycles and between them, while people come, change and leave and the
// application refuses some. At the end, the clock right again for two days,
// everything is as it should be, nobody was deleted before their time, and the log
// has every entry.
func TestJumpsOfTheClock(t *testing.T) {
	jumps := 0
	lives := 25
	if testing.Short() {
		lives = 8
	}
	for seed := range lives {
		jumps += jumpingLife(t, seed)
	}
	t.Attr("tries", fmt.Sprint(jumps))
}

func jumpingLife(t *testing.T, seed int) (jumps int) {
	rng := rand.New(rand.NewPCG(uint64(seed), 0xc10c)) //nolint:gosec // tests are to be repeatable
	w := newWrong(t)
	w.job.Settings.Guard = engine.Guard{Threshold: 500, Share: 50, Window: 24 * time.Hour, WindowThreshold: 500, SourceShare: 50, SourceAge: time.Minute}
	offs := []time.Duration{time.Hour, -time.Hour, 25 * time.Hour, -25 * time.Hour, 31 * 24 * time.Hour, -31 * 24 * time.Hour, year, -year, 14 * year, -56 * year}
	here, title, next, left := map[string]bool{}, map[string]string{}, 0, map[string]time.Time{}
	hire := func() {
		name := fmt.Sprint("u", next)
		next++
		w.source.hire(name)
		here[name] = true
	}
	for range 25 {
		hire()
	}
	w.source.newest = w.now
	w.cycle()
	written := len(w.events(provlog.Query{}))
	step := func() {
		// The clock may jump within the cycle too, at a request of it.
		at, within := rng.IntN(6), rng.IntN(3) == 0
		refused := rng.IntN(2) == 0
		var mu sync.Mutex
		w.intercept = func(r *http.Request, body string) *http.Response {
			mu.Lock()
			defer mu.Unlock()
			if at--; at == 0 && within {
				w.set(offs[rng.IntN(len(offs))])
				jumps++
			}
			if refused && r.Method != http.MethodGet && strings.Contains(body, "7") {
				return answer(400, `{"detail":"refused"}`)
			}
			return nil
		}
		sum, err := w.try()
		// A source that seems to be older than the last one is not believed: it waits
		// until the clock is right.
		var older *engine.GuardError
		if err != nil && (w.off() == 0 || !errors.As(err, &older)) {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if sum.Delete > 0 {
			for name, since := range left {
				if w.user(name+"@contoso.com") == nil && w.now.Sub(since) < 29*24*time.Hour {
					t.Fatalf("seed %d: %s was deleted %s after having left", seed, name, w.now.Sub(since))
				}
			}
		}
	}
	for range 16 {
		switch rng.IntN(3) {
		case 0:
			w.set(0)
		default:
			w.set(offs[rng.IntN(len(offs))])
			jumps++
		}
		name := slices.Sorted(maps.Keys(here))[rng.IntN(len(here))]
		switch rng.IntN(3) {
		case 0:
			hire()
		case 1:
			title[name] = fmt.Sprint("title", next)
			next++
			w.source.set(name, "jobTitle", directory.Str(title[name]))
		default:
			if len(here) > 22 {
				w.source.fire(name)
				delete(here, name)
				left[name] = w.now
			}
		}
		w.source.newest = w.now
		if w.off() > clockDiffers { // what it writes bears its time
			w.source.newest = w.engine.Now()
		}
		step()
		w.now = w.now.Add(time.Duration(1+rng.IntN(30)) * time.Hour)
	}
	w.set(0)
	w.intercept = nil
	w.source.newest = w.now
	for range 3 {
		w.cycle()
		w.now = w.now.Add(25 * time.Hour)
	}
	equal(t, fmt.Sprintf("seed %d: at the end", seed), w.cycle(), plan.Summary{})
	for name := range here {
		u := w.user(name + "@contoso.com")
		if u == nil || u["active"] != true || title[name] != "" && u["title"] != title[name] {
			t.Fatalf("seed %d: %s is %v, and is to have the title %q", seed, name, u, title[name])
		}
	}
	for name := range left {
		if u := w.user(name + "@contoso.com"); u != nil && u["active"] == true {
			t.Fatalf("seed %d: %s has left and is active", seed, name)
		}
	}
	if now := len(w.events(provlog.Query{})); now <= written {
		t.Fatalf("seed %d: the log had %d entries and has %d", seed, written, now)
	}
	first := w.events(provlog.Query{})[0]
	if first.ActivityDateTime.After(time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)) {
		t.Fatalf("seed %d: the first entries of the log are gone", seed)
	}
	record, err := w.engine.Store.Job(context.Background(), w.job.Name)
	if err != nil || record.Quarantine != nil {
		t.Fatalf("seed %d: %+v, error %v", seed, record.Quarantine, err)
	}
	return jumps
}
