//go:build linux

package disk_test

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/scimsync/scimsync/cmd/torture/disk"
)

// TestPowerLoss has the power fail at a random write, truncation,
// synchronisation or name of the state's folder, and starts again from what may
// be on the disk then, several times in a row, until the directory, the
// application, the connections and the log agree.
func TestPowerLoss(t *testing.T) {
	if !isolated(t) {
		return
	}
	lives(t, 210, 2, func(l *life) (failures int) {
		for range 1 + l.IntN(3) {
			if l.powerFails() {
				failures++
			}
			if l.IntN(2) == 0 {
				l.Change(1 + l.IntN(5))
			}
		}
		l.on(func(d *disk.Disk) {
			for _, reads := range [][]string{{"status"}, {"logs", "lab"}, {"plan", "lab"}} {
				if x := l.Run(reads...); x.Code != 0 {
					l.t.Fatalf("scimsync %s after a loss of power, on %s: %s", strings.Join(reads, " "), listed(l.files), x)
				}
			}
			l.Check()
			l.files = d.Files()
		})
		return failures
	})
}

// on runs f with the files on a disk.
func (l *life) on(f func(*disk.Disk)) {
	l.t.Helper()
	d := disk.New(l.files)
	unmount, err := d.Mount(l.State())
	if err != nil {
		lacks(l.t, "%v", err)
	}
	defer func() {
		if err := unmount(); err != nil {
			l.t.Error(err)
		}
	}()
	f(d)
}

// powerFails runs a cycle that the power fails in, or after, keeps what is on the
// disk then, and reports whether it failed in it.
func (l *life) powerFails() (struck bool) {
	l.t.Helper()
	at := 1 + l.IntN(60)
	if len(l.files) == 0 || l.IntN(4) == 0 { // a new state takes more, and a cycle with much to do
		at = 1 + l.IntN(160)
	}
	l.on(func(d *disk.Disk) {
		running := make(chan *os.Process, 1)
		d.Break(disk.Fault{At: at, Error: syscall.EIO, Strike: func() {
			_ = (<-running).Kill() // no error of the disk is ever seen
		}})
		x := l.Await(l.Command("sync", "lab"), func(p *os.Process) { running <- p })
		struck = d.Struck()
		switch {
		case struck && !x.Killed:
			l.t.Fatalf("the program has outlived the power: %s", x)
		case !struck && x.Code != 0:
			l.t.Fatalf("a cycle after a loss of power, on %s: %s", listed(l.files), x)
		}
		l.files = d.Crash(l.Rand)
	})
	return struck
}

func listed(files map[string][]byte) string {
	var list []string
	for name, content := range files {
		list = append(list, fmt.Sprintf("%s (%d bytes)", name, len(content)))
	}
	return strings.Join(list, ", ")
}
