package engine_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine"
)

// What explain says would be done is what a dry run of provision on demand
// does, for every object of directories that change at random.
func TestExplainSaysWhatProvisionWouldDo(t *testing.T) {
	names := []string{"ada", "bo", "cai", "dan", "eve"}
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 1))
		w := newWorld(t)
		w.job.Settings.HealReferences = seed%2 == 0
		w.job.Settings.RematchMissing = seed%3 == 0
		pick := func() string { return names[r.IntN(len(names))] }
		for _, n := range names {
			w.source.hire(n)
		}
		if r.IntN(2) == 0 { // before any cycle, else after some
			w.cycle()
		}
		for range 12 {
			switch n := pick(); r.IntN(7) {
			case 0:
				w.source.unassign(n)
			case 1:
				w.source.assign(n)
			case 2:
				w.source.set(n, "givenName", directory.Str(fmt.Sprint(r.IntN(3))))
			case 3:
				w.source.set(n, "manager", directory.Ref(id(pick())))
			case 4:
				w.source.set(n, "manager", directory.Value{})
			case 5:
				w.source.group("Sales", slices.Compact([]string{n, pick()})...)
			case 6:
				w.cycle()
			}
		}
		objects := slices.Clone(names)
		if len(w.source.groups) > 0 {
			objects = append(objects, "Sales")
		}
		for _, name := range objects {
			x, err := w.engine.Explain(context.Background(), w.job, id(name))
			if err != nil {
				t.Fatal(err)
			}
			results, err := w.engine.Provision(context.Background(), w.job, id(name), engine.Options{DryRun: true})
			if err != nil {
				t.Fatal(err)
			}
			did := "skip"
			for _, result := range results {
				if result.Entry.Action != "" && did == "skip" {
					did = string(result.Entry.Action)
				}
			}
			if x.Next.Action != did {
				t.Errorf("seed %d: %s: explain says %s (%s), provision did %s (%s)", seed, name, x.Next.Action, x.Next.Reason, did, results[len(results)-1].Entry.Reason)
			}
		}
	}
}
