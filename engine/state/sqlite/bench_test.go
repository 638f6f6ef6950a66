package sqlite_test

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/provlog"
	"github.com/scimsync/scimsync/engine/state"
	"github.com/scimsync/scimsync/engine/state/sqlite"
)

// BenchmarkRecord records a user's whole outcome: seen, connection, one
// reference, release from escrow, log entry. The time is per outcome.
func BenchmarkRecord(b *testing.B) {
	for _, mode := range []struct {
		name string
		opts []sqlite.Option
	}{{"full", nil}, {"normal", []sqlite.Option{sqlite.WithoutSync()}}} {
		for _, size := range []int{1, 128, 1000} {
			b.Run(fmt.Sprintf("%s/batch=%d", mode.name, size), func(b *testing.B) {
				s := open(b, filepath.Join(b.TempDir(), "scimsync.db"), mode.opts...)
				outcomes := make([]state.Outcome, b.N)
				for i := range outcomes {
					outcomes[i] = outcome(i)
				}
				b.ReportAllocs()
				b.ResetTimer()
				for len(outcomes) > 0 {
					n := min(size, len(outcomes))
					if err := s.Record(context.Background(), job, outcomes[:n]); err != nil {
						b.Fatal(err)
					}
					outcomes = outcomes[n:]
				}
			})
		}
	}
}

// fill records n outcomes, each cut down by keep.
func fill(b *testing.B, s *sqlite.Store, n int, keep func(*state.Outcome)) {
	b.Helper()
	for begin := 0; begin < n; begin += 1000 {
		var outcomes []state.Outcome
		for i := begin; i < min(n, begin+1000); i++ {
			o := outcome(i)
			keep(&o)
			outcomes = append(outcomes, o)
		}
		if err := s.Record(context.Background(), job, outcomes); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSnapshot reads what was seen of 100,000 objects.
func BenchmarkSnapshot(b *testing.B) { benchmarkSnapshot(b, 100_000) }

// BenchmarkSnapshotMillion is for the figures of docs; filling the state takes
// half a minute.
func BenchmarkSnapshotMillion(b *testing.B) {
	if testing.Short() {
		b.Skip("takes long")
	}
	benchmarkSnapshot(b, 1_000_000)
}

func benchmarkSnapshot(b *testing.B, n int) {
	s := open(b, filepath.Join(b.TempDir(), "scimsync.db"), sqlite.WithoutSync())
	fill(b, s, n, func(o *state.Outcome) { *o = state.Outcome{Type: o.Type, SourceAnchor: o.SourceAnchor, Seen: o.Seen} })
	b.ReportAllocs()
	for b.Loop() {
		before := heap()
		got, err := s.Snapshot(context.Background(), job, 1, time.Unix(0, 0))
		if err != nil || got.Len() != n {
			b.Fatalf("%d objects, %v", got.Len(), err)
		}
		b.ReportMetric(float64(heap()-before)/1e6, "heap-MB")
		runtime.KeepAlive(got)
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkEvents searches a log of 100,000 entries.
func BenchmarkEvents(b *testing.B) {
	const n = 100_000
	s := open(b, filepath.Join(b.TempDir(), "scimsync.db"), sqlite.WithoutSync())
	fill(b, s, n, func(o *state.Outcome) { *o = state.Outcome{Type: o.Type, SourceAnchor: o.SourceAnchor, Event: o.Event} })
	id := outcome(0).Event.JobID
	for _, search := range []struct {
		name string
		q    provlog.Query
		want int
	}{
		{"user", provlog.Query{JobID: id, User: "user77777@"}, 1},
		{"nobody", provlog.Query{JobID: id, User: "nobody"}, 0},
		{"newest", provlog.Query{JobID: id, Limit: 100}, 100},
		{"cycle", provlog.Query{JobID: id, CycleID: "cycle-3"}, 10_000},
		{"since", provlog.Query{JobID: id, Since: outcome(n - 10).Event.ActivityDateTime}, 10},
		{"follow", provlog.Query{JobID: id, After: outcome(n - 2).Event.ID}, 1},
		{"all", provlog.Query{JobID: id}, n},
	} {
		b.Run(search.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				got := 0
				err := s.Events(context.Background(), search.q, func(provlog.Event) error { got++; return nil })
				if err != nil || got != search.want {
					b.Fatalf("%d entries, want %d (%v)", got, search.want, err)
				}
			}
		})
	}
}

// BenchmarkConnections looks up a thousand of 100,000 connections.
func BenchmarkConnections(b *testing.B) {
	s := open(b, filepath.Join(b.TempDir(), "scimsync.db"), sqlite.WithoutSync())
	fill(b, s, 100_000, func(o *state.Outcome) {
		*o = state.Outcome{Type: o.Type, SourceAnchor: o.SourceAnchor, Connect: o.Connect}
	})
	list := make([]string, 1000)
	for i := range list {
		list[i] = guid(i * 97)
	}
	for b.Loop() {
		found, err := s.Connections(context.Background(), job, list)
		if err != nil || len(found) != 1000 {
			b.Fatalf("%d connections, %v", len(found), err)
		}
	}
}

// BenchmarkLinks records a group of 10,000 members. The time is per member.
func BenchmarkLinks(b *testing.B) {
	s := open(b, filepath.Join(b.TempDir(), "scimsync.db"))
	const size = 10_000
	b.ResetTimer()
	for n := 0; n < b.N; n += size {
		o := state.Outcome{Type: directory.Group, SourceAnchor: guid(n)}
		for i := range min(size, b.N-n) {
			o.Link = append(o.Link, state.Link{Attribute: "members", TargetAnchor: guid(i)})
		}
		if err := s.Record(context.Background(), job, []state.Outcome{o}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDigest hashes what is remembered of 100,000 objects, as making and
// applying a saved plan does once each. Compare with BenchmarkSnapshot, which
// every cycle does.
func BenchmarkDigest(b *testing.B) {
	s := open(b, filepath.Join(b.TempDir(), "scimsync.db"), sqlite.WithoutSync())
	fill(b, s, 100_000, func(o *state.Outcome) { o.Event = nil })
	for b.Loop() {
		if parts, err := s.Digest(context.Background(), job); err != nil || len(parts) == 0 {
			b.Fatal(parts, err)
		}
	}
}
