package sqlite_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/scimsync/scimsync/engine/provlog"
	"github.com/scimsync/scimsync/engine/state"
	"github.com/scimsync/scimsync/engine/state/sqlite"
)

func TestFilesAreTheirOwnersAlone(t *testing.T) {
	folder := t.TempDir()
	s := open(t, filepath.Join(folder, "scimsync.db"))
	connect(t, s, 1)
	unlock, err := s.Lock(context.Background(), job)
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has permissions %v, want 0600", e.Name(), info.Mode().Perm())
		}
		names = append(names, e.Name())
	}
	want := "scimsync.db scimsync.db-shm scimsync.db-wal scimsync.db.blogin.lock scimsync.db.lock"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("files %s, want %s", got, want)
	}
	if err := unlock(); err != nil {
		t.Error(err)
	}
}

func TestTenantStays(t *testing.T) {
	path := filepath.Join(t.TempDir(), "scimsync.db")
	first := open(t, path).TenantID()
	s := open(t, path)
	fresh, err := s.Job(context.Background(), job)
	if err != nil {
		t.Fatal(err)
	}
	if s.TenantID() != first || !strings.HasPrefix(fresh.ID, "scim."+first+".") {
		t.Errorf("tenant %s at first, then %s and in job id %s", first, s.TenantID(), fresh.ID)
	}
	if other := open(t, filepath.Join(t.TempDir(), "scimsync.db")).TenantID(); other == first {
		t.Errorf("two files have the tenant %s", other)
	}
}

func TestOpenNewFileAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "scimsync.db")
	var (
		wg      sync.WaitGroup
		mu      sync.Mutex
		tenants = map[string]int{}
	)
	for range 8 {
		wg.Go(func() {
			s, err := sqlite.Open(context.Background(), path)
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			tenants[s.TenantID()]++
			mu.Unlock()
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if len(tenants) != 1 {
		t.Errorf("tenants %v, want one", tenants)
	}
}

// written returns the path of a state file with something in it, closed.
func written(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "scimsync.db")
	s := open(t, path)
	var outcomes []state.Outcome
	for n := range 500 {
		outcomes = append(outcomes, outcome(n))
	}
	if err := s.Record(context.Background(), job, outcomes); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestOpenRefuses(t *testing.T) {
	ctx := context.Background()
	query := func(t *testing.T, path string, queries ...string) {
		t.Helper()
		db, err := sql.Open("sqlite", path)
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		}()
		for _, q := range queries {
			if _, err := db.Exec(q); err != nil {
				t.Fatal(err)
			}
		}
	}
	edit := func(t *testing.T, f func([]byte) []byte) string {
		t.Helper()
		path := written(t)
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for name, test := range map[string]struct {
		path func(t *testing.T) string
		opts []sqlite.Option
		want error
		says []string
	}{
		"no folder": {
			path: func(t *testing.T) string { return filepath.Join(t.TempDir(), "none", "scimsync.db") },
			want: fs.ErrNotExist, says: []string{"none does not exist", "make it"},
		},
		"a folder": {
			path: func(t *testing.T) string { return t.TempDir() },
			want: fs.ErrInvalid, says: []string{"no regular file"},
		},
		"a text file": {
			path: func(t *testing.T) string {
				return edit(t, func([]byte) []byte { return []byte("jobs: [jobs/*.yaml]\n") })
			},
			want: state.ErrDamaged, says: []string{"no SQLite database", "backup"},
		},
		"garbage": {
			path: func(t *testing.T) string {
				return edit(t, func(b []byte) []byte { return bytes.Repeat([]byte{0xde, 0xad}, len(b)/2) })
			},
			want: state.ErrDamaged, says: []string{"no SQLite database", "backup"},
		},
		"cut off": {
			path: func(t *testing.T) string { return edit(t, func(b []byte) []byte { return b[:len(b)/2] }) },
			want: state.ErrDamaged, says: []string{"damaged", "backup"},
		},
		"cut off in the first page": {
			path: func(t *testing.T) string { return edit(t, func(b []byte) []byte { return b[:2000] }) },
			want: state.ErrDamaged, says: []string{"damaged", "backup"},
		},
		"garbage in the first page": {
			path: func(t *testing.T) string {
				return edit(t, func(b []byte) []byte { copy(b[100:4096], bytes.Repeat([]byte{0xde}, 3996)); return b })
			},
			want: state.ErrDamaged, says: []string{"damaged", "backup"},
		},
		"garbage in the middle, checked": {
			path: func(t *testing.T) string {
				return edit(t, func(b []byte) []byte {
					middle := len(b) / 2 / 4096 * 4096
					copy(b[middle:], bytes.Repeat([]byte{0xde}, 8192))
					return b
				})
			},
			opts: []sqlite.Option{sqlite.WithQuickCheck()},
			want: state.ErrDamaged, says: []string{"damaged", "backup"},
		},
		"another program's": {
			path: func(t *testing.T) string {
				path := filepath.Join(t.TempDir(), "browser.db")
				query(t, path, "PRAGMA application_id = 7", "CREATE TABLE history (url TEXT)")
				return path
			},
			want: state.ErrDamaged, says: []string{"another program (application_id 0x7)", "name another file"},
		},
		"another program's without an id": {
			path: func(t *testing.T) string {
				path := filepath.Join(t.TempDir(), "browser.db")
				query(t, path, "CREATE TABLE history (url TEXT)")
				return path
			},
			want: state.ErrDamaged, says: []string{"another program", "name another file"},
		},
		"a newer version's": {
			path: func(t *testing.T) string {
				path := written(t)
				query(t, path, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, 1)", "PRAGMA journal_mode = WAL")
				return path
			},
			want: state.ErrNewer, says: []string{"newer version of scimsync", "schema 99"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := test.path(t)
			before, _ := os.ReadFile(path)
			for how, open := range map[string]func(context.Context, string, ...sqlite.Option) (*sqlite.Store, error){
				"Open": sqlite.Open, "OpenReadOnly": sqlite.OpenReadOnly,
			} {
				s, err := open(ctx, path, test.opts...)
				if err == nil {
					err = s.Close()
					if how == "Open" || !errors.Is(test.want, fs.ErrNotExist) {
						t.Errorf("%s: opened (%v)", how, err)
					}
					continue // a dry run without a file is on an empty store
				}
				if how == "OpenReadOnly" && errors.Is(test.want, fs.ErrInvalid) {
					continue // whatever the system says
				}
				if !errors.Is(err, test.want) {
					t.Errorf("%s: got error %v, want one that is %q", how, err, test.want)
				}
				for _, part := range append(test.says, path) {
					if !strings.Contains(err.Error(), part) {
						t.Errorf("%s: the error does not say %q: %v", how, part, err)
					}
				}
			}
			if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
				t.Error("the file was changed")
			}
		})
	}
}

// Damage that is found while the state is in use.
func TestDamageFoundLater(t *testing.T) {
	ctx, path := context.Background(), written(t)
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const kept = 4 * 4096 // the schema's pages
	copy(content[kept:], bytes.Repeat([]byte{0xde}, len(content)-kept))
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := sqlite.Open(ctx, path)
	if err == nil {
		t.Cleanup(func() { _ = s.Close() })
		err = s.Events(ctx, provlog.Query{}, func(provlog.Event) error { return nil })
	}
	if !errors.Is(err, state.ErrDamaged) || !strings.Contains(err.Error(), "backup") {
		t.Errorf("got error %v, want state.ErrDamaged with advice", err)
	}
}

func TestOpenFileThatCannotBeWritten(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("nothing is forbidden to root")
	}
	path := written(t)
	if err := os.Chmod(path, 0o400); err != nil {
		t.Fatal(err)
	}
	_, err := sqlite.Open(context.Background(), path)
	if !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), "the right to write") {
		t.Errorf("got error %v, want fs.ErrPermission with advice", err)
	}
	if got := anchors(t, openReadOnly(t, path)); len(got) != 500 {
		t.Errorf("%d connections, want 500", len(got))
	}
}

// Another process that does not end its transaction.
func TestBusy(t *testing.T) {
	path := filepath.Join(t.TempDir(), "scimsync.db")
	s := open(t, path, sqlite.WithBusyTimeout(20*time.Millisecond))
	patient := open(t, path)
	other, err := sql.Open("sqlite", "file:"+path+"?_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	tx, err := other.Begin()
	if err != nil {
		t.Fatal(err)
	}
	err = s.Record(context.Background(), job, []state.Outcome{outcome(1)})
	if err == nil || !strings.Contains(err.Error(), "recording 1 outcomes of job \"blogin\"") || !strings.Contains(err.Error(), "another process") {
		t.Errorf("got error %v, want one that says what was done and that another process is writing", err)
	}
	// One that is told to stop does not wait for it to the end.
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	if err := patient.Record(ctx, job, []state.Outcome{outcome(1)}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got error %v, want the context's", err)
	}
	if waited := time.Since(began); waited > 5*time.Second {
		t.Errorf("waited %v after the context has ended", waited)
	}
	if got := anchors(t, s); len(got) != 0 { // reading goes on
		t.Errorf("%d connections", len(got))
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	connect(t, s, 1)
}

// No name of a job leads out of the folder.
func TestLockNames(t *testing.T) {
	folder := t.TempDir()
	s := open(t, filepath.Join(folder, "scimsync.db"))
	for _, name := range []string{"../../etc/passwd", `..\x`, "a/b", "a b", "%2e"} {
		unlock, err := s.Lock(context.Background(), name)
		if err != nil {
			t.Errorf("job %q: %v", name, err)
			continue
		}
		if err := unlock(); err != nil {
			t.Error(err)
		}
	}
	locks, err := filepath.Glob(filepath.Join(folder, "scimsync.db.*.lock"))
	if err != nil || len(locks) != 5 {
		t.Errorf("locks %v (%v), want five", locks, err)
	}
}

// A file that is come by through a link is one state: the log beside it is read,
// and a job is locked by whatever name.
func TestFileBehindALink(t *testing.T) {
	ctx, disk, folder := context.Background(), t.TempDir(), t.TempDir()
	path, link := filepath.Join(disk, "scimsync.db"), filepath.Join(folder, "link.db")
	w := open(t, path)
	connect(t, w, 1)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	w = open(t, link)
	connect(t, w, 2)
	for _, name := range []string{path, link} {
		if got := anchors(t, openReadOnly(t, name)); len(got) != 2 {
			t.Errorf("%s: %d connections, want 2", name, len(got))
		}
	}
	if _, err := w.Lock(ctx, job); err != nil {
		t.Fatal(err)
	}
	if _, err := open(t, path).Lock(ctx, job); !errors.Is(err, state.ErrLocked) {
		t.Errorf("a second lock of the job: error %v", err)
	}
	if locked, err := openReadOnly(t, path).Locked(ctx, job); err != nil || !locked {
		t.Errorf("locked %v, error %v", locked, err)
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) != 1 {
		t.Errorf("beside the link there are %v (%v)", left, err)
	}
	nowhere := filepath.Join(folder, "nowhere.db")
	if err := os.Symlink(filepath.Join(disk, "nosuch", "scimsync.db"), nowhere); err != nil {
		t.Fatal(err)
	}
	if _, err := sqlite.Open(ctx, nowhere); err == nil || !strings.Contains(err.Error(), "check that its folder exists") {
		t.Errorf("a link that leads nowhere: error %v", err)
	}
}

// Who is told to stop while the lock is waited for is not told of another cycle.
func TestLockAndStop(t *testing.T) {
	path := filepath.Join(t.TempDir(), "scimsync.db")
	if _, err := open(t, path).Lock(context.Background(), job); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Millisecond)
	defer cancel()
	if _, err := open(t, path).Lock(ctx, job); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, state.ErrLocked) {
		t.Errorf("got error %v, want the context's", err)
	}
}
