package export

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/scimsync/scimsync/connectors"
)

// TestAFolderThatCannotBeLookedInto: who is in it must not count as gone.
func TestAFolderThatCannotBeLookedInto(t *testing.T) {
	for name, lose := range map[string]func(t *testing.T, folder string){
		"a link that leads nowhere": func(t *testing.T, folder string) {
			if err := errors.Join(os.RemoveAll(folder), os.Symlink(folder+" of a disk that is not mounted", folder)); err != nil {
				t.Fatal(err)
			}
		},
		"permission denied": func(t *testing.T, folder string) {
			if os.Geteuid() == 0 {
				t.Skip("root may look into every folder")
			}
			t.Cleanup(func() { _ = os.Chmod(folder, 0o700) }) //nolint:gosec // a folder
			if err := os.Chmod(folder, 0); err != nil {
				t.Fatal(err)
			}
		},
	} {
		for _, pattern := range []string{"*/users.json", "*/u*.json", "?/users.json"} {
			t.Run(name+", "+pattern, func(t *testing.T) {
				dir := lay(t, nil)
				for folder, user := range map[string]string{"a": ada, "b": bo} {
					if err := os.Mkdir(filepath.Join(dir, folder), 0o700); err != nil {
						t.Fatal(err)
					}
					if err := os.WriteFile(filepath.Join(dir, folder, "users.json"), []byte("["+user+"]"), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				s := newSource(t, Options{Users: filepath.Join(dir, pattern)})
				if changes, _, err := readAll(s, nil); err != nil || len(changes) != 2 {
					t.Fatalf("%d objects, error %v", len(changes), err)
				}
				lose(t, filepath.Join(dir, "b"))
				_, _, err := readAll(s, nil)
				var unread *connectors.ReadError
				if !errors.As(err, &unread) || !strings.Contains(err.Error(), filepath.Join(dir, "b")) {
					t.Errorf("error %v, want one that names the folder", err)
				}
			})
		}
	}
}

// TestGlob: but for that, a pattern finds what it always did.
func TestGlob(t *testing.T) {
	dir := lay(t, map[string]string{"u1.json": "", "u2.json": "", "x[1].json": "", "readme": ""})
	for _, folder := range []string{"a", "b", "empty"} {
		if err := os.Mkdir(filepath.Join(dir, folder), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range []string{"a/u.json", "b/u.json"} {
		if err := os.WriteFile(filepath.Join(dir, file), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, pattern := range []string{"*.json", "u?.json", "u[12].json", "*/u.json", "*/*", "[ab]/*.json", "nosuch/*.json", "nosuch*/*.json", "*/nosuch/*.json", `x\[1\].json`} {
		want, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := glob(filepath.Join(dir, pattern)); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v (%v), want %v", pattern, got, err, want)
		}
	}
	if _, err := glob(filepath.Join(dir, "u[.json")); !errors.Is(err, filepath.ErrBadPattern) {
		t.Errorf("error %v", err)
	}
}
