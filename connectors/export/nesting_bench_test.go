package export

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/directory"
)

// writeGroups writes groups in trees of this depth: each group is in one of
// the level above, and has members of its own.
func writeGroups(tb testing.TB, groups, users, depth, members int) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "groups.json")
	f, err := os.Create(path)
	if err != nil {
		tb.Fatal(err)
	}
	w := bufio.NewWriterSize(f, 1<<20)
	level := groups / depth
	fmt.Fprint(w, `{"value":[`)
	for i := range groups {
		if i > 0 {
			fmt.Fprint(w, ",\n")
		}
		fmt.Fprintf(w, `{"id":"%s","displayName":"Group %d","members":[`, guid(1_000_000+i), i)
		for m := range members {
			if m > 0 {
				fmt.Fprint(w, ",")
			}
			fmt.Fprintf(w, `{"@odata.type":"#microsoft.graph.user","id":"%s"}`, guid((i*7919+m*37)%users))
		}
		if i+level < groups {
			fmt.Fprintf(w, `,{"@odata.type":"#microsoft.graph.group","id":"%s"}`, guid(1_000_000+i+level))
		}
		fmt.Fprint(w, "]}")
	}
	fmt.Fprint(w, "]}")
	if err := w.Flush(); err != nil {
		tb.Fatal(err)
	}
	if err := f.Close(); err != nil {
		tb.Fatal(err)
	}
	return path
}

// BenchmarkFlatten reads 100,000 users and 5,000 groups of 100 members, nested
// 5 deep, as they are and flattened, with nobody and with a group of the top
// assigned. It reports how many members of groups were delivered and what is
// held in memory before the first user is.
func BenchmarkFlatten(b *testing.B) {
	const users, groups, depth, members = 100_000, 5_000, 5, 100
	options := Options{Users: writeUsers(b, users, "json"), Groups: writeGroups(b, groups, users, depth, members)}
	for _, assigned := range []bool{false, true} {
		for _, flat := range []bool{false, true} {
			o := options
			o.FlattenNestedGroups = flat
			if assigned {
				o.Assigned.Groups = []string{"Group 0"}
			}
			b.Run(fmt.Sprintf("assigned=%v/flat=%v", assigned, flat), func(b *testing.B) {
				s, err := New(o)
				if err != nil {
					b.Fatal(err)
				}
				bytes, delivered := held(b, s), 0
				for b.Loop() {
					delivered = 0
					_, err := s.Read(context.Background(), connectors.ReadRequest{Now: time.Unix(0, 0)}, func(c directory.Change) error {
						delivered += len(c.Object.Get("members").Elements())
						return nil
					})
					if err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(bytes)/1e6, "MB-held")
				b.ReportMetric(float64(delivered), "members")
				b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s/read")
			})
		}
	}
}

// held returns how much memory a read holds when who is assigned, and what is
// nested, is known.
func held(b *testing.B, s *Source) int64 {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	err := s.session(context.Background(), func(r *reading) error {
		runtime.GC()
		runtime.ReadMemStats(&after)
		runtime.KeepAlive(r)
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return int64(after.HeapAlloc) - int64(before.HeapAlloc)
}
