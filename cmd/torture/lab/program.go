package lab

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

// BinaryPath names the program under test, in the environment, to a process of the
// tests that another one has started.
const BinaryPath = "SCIMSYNC_TEST_BINARY"

// Main builds the real program, once, runs the tests of a package, and returns
// their exit code.
func Main(m *testing.M) int {
	if os.Getenv(BinaryPath) == "" {
		dir, err := os.MkdirTemp("", "scimsync-torture-")
		if err == nil {
			defer func() { _ = os.RemoveAll(dir) }()
			err = os.Chmod(dir, 0o755) //nolint:gosec // another user runs it
		}
		binary := ""
		if err == nil {
			binary, err = build(dir)
		}
		if err == nil {
			err = os.Setenv(BinaryPath, binary)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	return m.Run()
}

// build builds scimsync from the module that the caller is in, in the folder, and
// returns the path of the binary.
func build(dir string) (binary string, err error) {
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

// lookAt looks at the source of the program, once, from within a test: the go
// command repeats the result of a test from its cache unless something has changed
// that the test itself looked at.
func lookAt(t testing.TB) {
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
