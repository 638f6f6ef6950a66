package disk

import (
	"bytes"
	"maps"
	"slices"
	"sync"
	"syscall"
)

// sharedSuffix ends the name of the memory that SQLite's processes share.
const sharedSuffix = "-shm"

// Disk is one folder of files in memory. It remembers which writes and names
// were synchronised. Its methods may be called from many goroutines.
type Disk struct {
	mu      sync.Mutex
	names   map[string]*file
	durable map[string]*file // names as they were when the folder was synchronised last
	renames []naming         // since then
	events  int
	fault   Fault
	struck  bool
	files   []*file // every file there was, for the room that they take
	room    int64   // 0 for as much as is wanted
}

// file is a file's content.
type file struct {
	content []byte
	durable []byte // as it was when it was synchronised last
	pending []change
	opened  int
	named   bool
}

// change is a write, or a truncation if data is nil.
type change struct {
	at   int64
	data []byte
}

// naming is a name that was given or, with a nil file, taken away.
type naming struct {
	name string
	file *file
}

// Fault is what goes wrong with a disk, from one event on. An event is a write,
// a truncation, a synchronisation, or a name that is given or taken away; those
// of the memory that processes share (-shm) do not count, for they may happen
// at any time.
type Fault struct {
	At    int           // the number of the event, from 1; 0 for none
	Error syscall.Errno // what this event and all later ones end with
	// Strike is called once, before the event takes place, which ends with Error.
	// May be nil.
	Strike func()
	// Once: later events go well again.
	Once bool
}

// New returns a disk that holds these files, synchronised.
func New(files map[string][]byte) *Disk {
	d := &Disk{names: map[string]*file{}}
	for name, content := range files {
		f := &file{content: slices.Clone(content), durable: slices.Clone(content), named: true}
		d.names[name] = f
		d.files = append(d.files, f)
	}
	d.durable = maps.Clone(d.names)
	return d
}

// Break makes the disk fail as told, counting events from now on.
func (d *Disk) Break(f Fault) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fault, d.events, d.struck = f, 0, false
}

// Limit sets how many bytes the disk has room for; 0 lifts the limit.
func (d *Disk) Limit(room int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.room = room
}

// Used returns how many bytes the files take.
func (d *Disk) Used() int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.used()
}

func (d *Disk) used() (n int64) {
	for _, f := range d.files {
		n += int64(len(f.content))
	}
	return n
}

// Events returns how many events there were since Break, or since the disk was
// made.
func (d *Disk) Events() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.events
}

// Struck reports whether the fault has come about.
func (d *Disk) Struck() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.struck
}

// Files returns the files as a reader sees them.
func (d *Disk) Files() map[string][]byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	files := map[string][]byte{}
	for name, f := range d.names {
		files[name] = slices.Clone(f.content)
	}
	return files
}

// event counts an event and returns the error that it ends with. d.mu is held.
func (d *Disk) event(shared bool) syscall.Errno {
	if shared {
		if d.struck && !d.fault.Once {
			return d.fault.Error
		}
		return 0
	}
	d.events++
	switch {
	case d.fault.At == 0 || d.events < d.fault.At:
		return 0
	case !d.struck:
		d.struck = true
		if d.fault.Strike != nil {
			d.fault.Strike()
		}
		return d.fault.Error
	case d.fault.Once:
		return 0
	default:
		return d.fault.Error
	}
}

// write writes as much as there is room for, as a full disk does.
func (d *Disk) write(f *file, shared bool, data []byte, at int64) (int, syscall.Errno) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if errno := d.event(shared); errno != 0 {
		return 0, errno
	}
	if grows := at + int64(len(data)) - int64(len(f.content)); d.room > 0 && grows > 0 {
		left := max(d.room-d.used(), 0)
		if fits := int64(len(data)) - max(grows-left, 0); fits < int64(len(data)) {
			if fits <= 0 {
				return 0, syscall.ENOSPC
			}
			data = data[:fits]
		}
	}
	c := change{at, slices.Clone(data)}
	f.content = c.apply(f.content)
	f.pending = append(f.pending, c)
	return len(data), 0
}

func (d *Disk) truncate(f *file, shared bool, size int64) syscall.Errno {
	d.mu.Lock()
	defer d.mu.Unlock()
	if errno := d.event(shared); errno != 0 {
		return errno
	}
	if d.room > 0 && size-int64(len(f.content)) > max(d.room-d.used(), 0) {
		return syscall.ENOSPC
	}
	c := change{at: size}
	f.content = c.apply(f.content)
	f.pending = append(f.pending, c)
	return 0
}

// apply returns the content after the change.
func (c change) apply(content []byte) []byte {
	end := c.at + int64(len(c.data))
	if end > int64(len(content)) {
		content = append(content, make([]byte, end-int64(len(content)))...)
	}
	if c.data == nil {
		return content[:c.at]
	}
	copy(content[c.at:], c.data)
	return content
}

func (d *Disk) sync(f *file) syscall.Errno {
	d.mu.Lock()
	defer d.mu.Unlock()
	if errno := d.event(false); errno != 0 {
		return errno
	}
	f.durable, f.pending = bytes.Clone(f.content), nil
	return 0
}

func (d *Disk) syncFolder() syscall.Errno {
	d.mu.Lock()
	defer d.mu.Unlock()
	if errno := d.event(false); errno != 0 {
		return errno
	}
	d.durable, d.renames = maps.Clone(d.names), nil
	return 0
}

// name gives a file the name, and takes it from the one that has it; a nil file
// takes it alone.
func (d *Disk) name(name string, f *file, shared bool) syscall.Errno {
	d.mu.Lock()
	defer d.mu.Unlock()
	if errno := d.event(shared); errno != 0 {
		return errno
	}
	if old := d.names[name]; old != nil {
		old.named = false
		d.forget(old)
	}
	delete(d.names, name)
	if f != nil {
		d.names[name], f.named = f, true
		if !slices.Contains(d.files, f) {
			d.files = append(d.files, f)
		}
	}
	d.renames = append(d.renames, naming{name, f})
	return 0
}

// open counts those who have the file open; the room of one without a name is
// free once nobody has.
func (d *Disk) open(f *file, by int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f.opened += by
	d.forget(f)
}

func (d *Disk) forget(f *file) {
	if !f.named && f.opened <= 0 {
		d.files = slices.DeleteFunc(d.files, func(g *file) bool { return g == f })
	}
}

// unname takes a name from a file that has another one by now, in the same
// event.
func (d *Disk) unname(name string) syscall.Errno {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.names, name)
	d.renames = append(d.renames, naming{name, nil})
	return 0
}
