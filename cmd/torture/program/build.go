// Package program builds the real program for tests that kill it, starve it, or
// take its disk away.
package program

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// Build builds scimsync from the module that the caller is in, in the folder, and
// returns the path of the binary.
func Build(dir string) (binary string, err error) {
	root, err := module()
	if err != nil {
		return "", err
	}
	binary = filepath.Join(dir, "scimsync")
	if out, err := exec.Command("go", "build", "-o", binary, filepath.Join(root, "cmd", "scimsync")).CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the program: %w\n%s", err, out)
	}
	return binary, nil
}

// LookAt looks at the source of the program, once, from within a test: the go
// command repeats the result of a test from its cache unless something has changed
// that the test itself looked at.
func LookAt(t testing.TB) {
	t.Helper()
	if err := looked(); err != nil {
		t.Fatal(err)
	}
}

var looked = sync.OnceValue(func() error {
	root, err := module()
	if err != nil {
		return err
	}
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && strings.HasPrefix(d.Name(), ".") && path != root:
			return fs.SkipDir
		case strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go"):
			_, err = os.Stat(path)
		}
		return err
	})
})

func module() (root string, err error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return "", fmt.Errorf("where the module is: %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}
