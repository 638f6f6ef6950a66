//go:build linux

package disk_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
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
	wanted, failures, images, tired := number(t, 210), 0, 0, 0
	for life := 0; failures < wanted; life++ {
		if tired++; tired > wanted {
			t.Fatalf("the power failed %d times alone", failures)
		}
		rng := seeded(t, life)
		l := newLab(t, t.TempDir(), newFirm(rng))
		files := map[string][]byte{}
		for range 2 {
			for range 1 + rng.IntN(3) {
				var struck bool
				files, struck = l.powerFails(rng, files)
				if struck {
					failures++
				}
				images++
				if rng.IntN(2) == 0 {
					l.firm.change(true)
					l.firm.export(t, l.dir)
				}
			}
			files = l.recovers(fmt.Sprintf("life %d", life), files)
			l.firm.change(true)
			l.firm.export(t, l.dir)
		}
		if t.Failed() {
			return
		}
	}
	t.Attr("tries", fmt.Sprint(failures))
	t.Logf("the power failed %d times in the middle of a run, and %d times after it", failures, images-failures)
}

// on runs f with the files on a disk.
func (l *lab) on(files map[string][]byte, f func(*disk.Disk)) {
	l.t.Helper()
	d := disk.New(files)
	unmount, err := d.Mount(filepath.Join(l.dir, "state"))
	if err != nil {
		lacks(l.t.(*testing.T), "%v", err)
	}
	defer func() {
		if err := unmount(); err != nil {
			l.t.Error(err)
		}
	}()
	f(d)
}

// powerFails runs a cycle that the power fails in, or after, and returns what is
// on the disk.
func (l *lab) powerFails(rng *rand.Rand, files map[string][]byte) (image map[string][]byte, struck bool) {
	l.t.Helper()
	at := 1 + rng.IntN(60)
	if len(files) == 0 || rng.IntN(4) == 0 { // a new state takes more, and a cycle with much to do
		at = 1 + rng.IntN(160)
	}
	l.on(files, func(d *disk.Disk) {
		running := make(chan *os.Process, 1)
		d.Break(disk.Fault{At: at, Error: syscall.EIO, Strike: func() {
			_ = (<-running).Kill() // no error of the disk is ever seen
		}})
		e := l.run(l.command("sync", "firm"), func(p *os.Process) { running <- p })
		struck = d.Struck()
		switch {
		case struck && e.code != -1:
			l.t.Fatalf("the program has outlived the power: %s", e)
		case !struck && e.code != 0:
			l.t.Fatalf("a cycle after a loss of power, on %s: %s", listed(files), e)
		}
		image = d.Crash(rng)
	})
	return image, struck
}

// recovers runs a cycle on what is on the disk, checks everything, and returns
// the files.
func (l *lab) recovers(which string, files map[string][]byte) (after map[string][]byte) {
	l.t.Helper()
	l.on(files, func(d *disk.Disk) {
		for _, reads := range [][]string{{"status"}, {"logs", "firm"}, {"plan", "firm"}} {
			if e := l.run(l.command(reads...), nil); e.code != 0 {
				l.t.Fatalf("%s: scimsync %s after a loss of power, on %s: %s", which, strings.Join(reads, " "), listed(files), e)
			}
		}
		l.cycle()
		l.settled(d.Files)
		after = d.Files()
	})
	return after
}

func listed(files map[string][]byte) string {
	var list []string
	for name, content := range files {
		list = append(list, fmt.Sprintf("%s (%d bytes)", name, len(content)))
	}
	return strings.Join(list, ", ")
}
