package sqlite_test

import (
	"context"
	"fmt"
	"github.com/scimsync/scimsync/engine/state"
	"github.com/scimsync/scimsync/engine/state/sqlite"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

func cpu() time.Duration {
	var r syscall.Rusage
	syscall.Getrusage(0, &r)
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
func TestTmp(t *testing.T) {
	for name, f := range map[string]func(o *state.Outcome){
		"nolink": func(o *state.Outcome) { o.Link = nil },
		"all":    func(o *state.Outcome) {},
	} {
		p := filepath.Join(t.TempDir(), "x.db")
		s := open(t, p, sqlite.WithoutSync())
		for k := 0; k < 4; k++ {
			var d time.Duration
			for b := k * 25; b < k*25+25; b++ {
				var oo []state.Outcome
				for i := 0; i < 1000; i++ {
					o := outcome(b*1000 + i)
					f(&o)
					oo = append(oo, o)
				}
				st := cpu()
				if err := s.Record(context.Background(), job, oo); err != nil {
					t.Fatal(err)
				}
				d += cpu() - st
			}
			fmt.Println(name, k, "µs each", d.Microseconds()/25000)
		}
		s.Close()
	}
}
