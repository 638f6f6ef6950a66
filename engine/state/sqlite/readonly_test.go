package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/provlog"
	"github.com/scimsync/scimsync/engine/state"
	"github.com/scimsync/scimsync/engine/state/sqlite"
)

const job = "blogin"

func openReadOnly(t testing.TB, path string) *sqlite.Store {
	t.Helper()
	s, err := sqlite.OpenReadOnly(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func connect(t testing.TB, s *sqlite.Store, n int) {
	t.Helper()
	o := outcome(n)
	if err := s.Record(context.Background(), job, []state.Outcome{o}); err != nil {
		t.Fatal(err)
	}
}

func anchors(t testing.TB, s *sqlite.Store) []string {
	t.Helper()
	list := []string{}
	err := s.AllConnections(context.Background(), job, func(c state.Connection) error {
		list = append(list, c.TargetAnchor)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// listing returns the files of a folder with their permissions and contents.
func listing(t testing.TB, folder string) map[string]string {
	t.Helper()
	files := map[string]string{}
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		content, err := os.ReadFile(filepath.Join(folder, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		files[e.Name()] = fmt.Sprintf("%v %v %x", info.Mode(), info.ModTime(), content)
	}
	return files
}

func unchanged(t *testing.T, folder string, before map[string]string) {
	t.Helper()
	if diff := cmp.Diff(before, listing(t, folder)); diff != "" {
		t.Errorf("the folder has changed: %.2000s", diff)
	}
}

// refuses checks that every write is refused.
func refuses(t *testing.T, s *sqlite.Store) {
	t.Helper()
	ctx := context.Background()
	_, purge := s.Purge(ctx, time.Now())
	for _, err := range []error{s.SaveJob(ctx, state.Job{Name: job}), s.Record(ctx, job, []state.Outcome{outcome(1)}), purge} {
		if !errors.Is(err, state.ErrReadOnly) {
			t.Errorf("got %v, want state.ErrReadOnly", err)
		}
	}
	unlock, err := s.Lock(ctx, job)
	if err != nil {
		t.Fatal(err)
	}
	if err := unlock(); err != nil {
		t.Error(err)
	}
}

func TestReadOnlyOfNoFile(t *testing.T) {
	ctx, folder := context.Background(), t.TempDir()
	s := openReadOnly(t, filepath.Join(folder, "scimsync.db"))
	fresh, err := s.Job(ctx, job)
	if err != nil || fresh.ID == "" || len(s.TenantID()) != 32 {
		t.Errorf("job %+v, tenant %q, error %v", fresh, s.TenantID(), err)
	}
	got, err := s.Snapshot(ctx, job, 1, time.Now())
	if err != nil || got.Len() != 0 || len(anchors(t, s)) != 0 {
		t.Errorf("the store is not empty: %v", err)
	}
	refuses(t, s)
	unchanged(t, folder, map[string]string{})

	// Nor is the folder made.
	openReadOnly(t, filepath.Join(folder, "none", "scimsync.db"))
	unchanged(t, folder, map[string]string{})
}

func TestReadOnlyOfClosedFile(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "scim sync?#%41.db") // a name that has to be escaped
	w := open(t, path)
	connect(t, w, 1)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	before := listing(t, folder)
	if len(before) != 2 { // the lock of the first opening stays
		t.Errorf("a closed store has left %d files", len(before))
	}
	s := openReadOnly(t, path)
	if got := anchors(t, s); len(got) != 1 || s.TenantID() != w.TenantID() {
		t.Errorf("%d connections, tenant %s, want %s", len(got), s.TenantID(), w.TenantID())
	}
	refuses(t, s)
	unchanged(t, folder, before)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	unchanged(t, folder, before)
}

// A folder that cannot be written is no obstacle to reading.
func TestReadOnlyOfReadOnlyFolder(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "scimsync.db")
	w := open(t, path)
	connect(t, w, 1)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for name, mode := range map[string]fs.FileMode{path: 0o400, folder: 0o500} {
		if err := os.Chmod(name, mode); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { _ = os.Chmod(folder, 0o700) })
	if got := anchors(t, openReadOnly(t, path)); len(got) != 1 {
		t.Errorf("%d connections", len(got))
	}
}

// A cycle begins after a dry run has opened the file: the dry run reads what
// the cycle writes, also when SQLite copies it into the database and when the
// cycle ends.
func TestReadOnlyBesideACycle(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "scimsync.db")
	w := open(t, path)
	connect(t, w, 1)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	s := openReadOnly(t, path)
	for n := 2; n < 8; n++ {
		w := open(t, path)
		connect(t, w, n)
		if got := anchors(t, s); len(got) != n {
			t.Fatalf("%d connections beside the cycle, want %d", len(got), n)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if got := anchors(t, s); len(got) != n {
			t.Fatalf("%d connections after the cycle, want %d", len(got), n)
		}
	}
}

// The dry run comes to a file that a cycle has open.
func TestReadOnlyOfOpenFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "scimsync.db")
	w := open(t, path)
	connect(t, w, 1)
	s := openReadOnly(t, path)
	for n := 2; n < 5; n++ {
		if got := anchors(t, s); len(got) != n-1 {
			t.Fatalf("%d connections, want %d", len(got), n-1)
		}
		connect(t, w, n)
	}
	refuses(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	connect(t, w, 9)
	if got := anchors(t, w); len(got) != 5 {
		t.Errorf("%d connections, want 5", len(got))
	}
}

// What a killed process or a backup leaves: a database and a write-ahead log
// that is not yet copied into it, with the log's index or without.
func TestReadOnlyOfLeftovers(t *testing.T) {
	for _, suffixes := range [][]string{{"", "-wal"}, {"", "-wal", "-shm"}} {
		folder := t.TempDir()
		path := filepath.Join(folder, "scimsync.db")
		from := filepath.Join(t.TempDir(), "scimsync.db")
		w := open(t, from)
		connect(t, w, 1)
		for _, suffix := range suffixes {
			content, err := os.ReadFile(from + suffix)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path+suffix, content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		before := listing(t, folder)
		delete(before, "scimsync.db-shm") // memory that processes share: not state
		t.Setenv("TMPDIR", t.TempDir())
		s := openReadOnly(t, path)
		if got := anchors(t, s); len(got) != 1 {
			t.Errorf("%v: %d connections, want 1", suffixes, len(got))
		}
		for range 2 {
			now := listing(t, folder)
			if len(suffixes) == 3 {
				delete(now, "scimsync.db-shm")
			}
			if diff := cmp.Diff(before, now); diff != "" {
				t.Errorf("%v: the folder has changed: %.2000s", suffixes, diff)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		}
		unchanged(t, os.Getenv("TMPDIR"), map[string]string{})
	}
}

// A file whose schema is not there yet is an empty store.
func TestReadOnlyOfEmptyFile(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "scimsync.db")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	before := listing(t, folder)
	t.Setenv("TMPDIR", t.TempDir())
	s := openReadOnly(t, path)
	if got := anchors(t, s); len(got) != 0 {
		t.Errorf("%d connections", len(got))
	}
	refuses(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	unchanged(t, folder, before)
	unchanged(t, os.Getenv("TMPDIR"), map[string]string{})
}

// outcome is one that touches every table.
func outcome(n int) state.Outcome {
	anchor, target := guid(n), fmt.Sprint("target-", n)
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).Add(time.Duration(n) * time.Millisecond)
	e := newEvent(n, anchor, target, at)
	return state.Outcome{
		Type: directory.User, SourceAnchor: anchor,
		Seen: &state.Seen{Hash: directory.Hash{byte(n)}, Generation: 1},
		Connect: &state.Connection{Type: directory.User, SourceAnchor: anchor, TargetAnchor: target,
			DisplayName: "User " + target, Status: state.Active, Since: at, Updated: at},
		Link:    []state.Link{{Attribute: "manager", TargetAnchor: "target-1"}},
		Release: true,
		Event:   &e,
	}
}

func guid(n int) string {
	h := uint64(n) * 0x9E3779B97F4A7C15
	return fmt.Sprintf("%08x-%04x-4000-8000-%012x", uint32(h>>32), uint16(h>>16), n)
}

// newEvent returns a log entry of the size that an update of a user has.
func newEvent(n int, anchor, target string, at time.Time) provlog.Event {
	details := map[string]string{"IsActive": "True", "Assigned": "True", "IsInProvisioningScope": "True", "ScopeEvaluationResult": "{}"}
	e := provlog.Event{
		ID: fmt.Sprintf("019cb2f4-%04x-7000-8000-%012x", n>>16&0xffff, n), ActivityDateTime: at,
		TenantID: "0123456789abcdef0123456789abcdef", JobID: "scim.0123456789abcdef0123456789abcdef.30b0b0b0-0000-4000-8000-000000000000",
		CycleID: fmt.Sprintf("cycle-%d", n/10_000), ChangeID: guid(n), ProvisioningAction: provlog.ActionUpdate,
		ProvisioningStatusInfo: provlog.StatusInfo{Status: provlog.Success},
		SourceIdentity: provlog.Identity{ID: anchor, DisplayName: fmt.Sprintf("User Number %d", n), IdentityType: "User",
			Details: map[string]string{"id": anchor, "userPrincipalName": fmt.Sprintf("user%d@contoso.com", n)}},
		TargetIdentity: provlog.Identity{ID: target, DisplayName: fmt.Sprintf("user%d", n), IdentityType: "User", Details: map[string]string{}},
	}
	for _, step := range []provlog.StepType{provlog.StepImport, provlog.StepScoping, provlog.StepMatching, provlog.StepExport} {
		e.ProvisioningSteps = append(e.ProvisioningSteps, provlog.Step{Name: "EntrySynchronization" + string(step), ProvisioningStepType: step,
			Status: provlog.Success, Description: "User 'User Number' was looked at, and this sentence says what came of it", Details: details})
	}
	for _, name := range []string{"userName", "title", "name.givenName", "name.familyName", `emails[type eq "work"].value`} {
		value := name + " of it"
		e.ModifiedProperties = append(e.ModifiedProperties, provlog.ModifiedProperty{DisplayName: name, OldValue: &value, NewValue: &value})
	}
	return e
}
