package main

import (
	"crypto/rand"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
)

// example is what init writes and demo runs.
//
//go:embed example
var example embed.FS

// tokenFile holds the token of the sandbox in the example.
const tokenFile = "sandbox.token"

func (a *app) initCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "init [DIR]",
		Short: "Write a working example to change; never overwrites a file",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			dir := "."
			if len(args) > 0 {
				dir = args[0]
			}
			return a.init(dir)
		},
	}
}

func (a *app) init(dir string) error {
	written, err := writeExample(dir)
	if err != nil {
		return err
	}
	if a.json() {
		return printJSON(a.stdout, map[string][]string{"written": written})
	}
	for _, name := range written {
		fmt.Fprintln(a.stdout, "wrote", name)
	}
	cd := ""
	if dir != "." {
		cd = "cd " + dir + " && "
	}
	fmt.Fprintf(a.stdout, `
Next:
  %[1]sscimsync sandbox --token-file %[2]s    a SCIM application to try it against
  %[1]sscimsync plan example                          in another terminal: what would happen
  %[1]sscimsync sync example                          make it happen
  %[1]sscimsync run                                   keep it happening
Then put your own export into directory/ and your own application into jobs/example.yaml.
`, cd, tokenFile)
	return nil
}

// writeExample writes the example's files below dir, with a fresh token for
// the sandbox, and returns their names. If any of them exists already, nothing
// is written.
func writeExample(dir string) (written []string, err error) {
	files := map[string][]byte{tokenFile: []byte(rand.Text() + "\n")}
	names := []string{}
	err = fs.WalkDir(example, "example", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := example.ReadFile(name)
		relative, _ := filepath.Rel("example", filepath.FromSlash(name))
		files[relative] = content
		names = append(names, relative)
		return err
	})
	if err != nil {
		return nil, err
	}
	names = append(names, tokenFile)
	for _, name := range names {
		if _, err := os.Lstat(filepath.Join(dir, name)); err == nil {
			return nil, fmt.Errorf("%s exists already, and init never overwrites a file: choose an empty folder", filepath.Join(dir, name))
		} else if !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	for _, name := range names {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return nil, err
		}
		mode := fs.FileMode(0o644)
		if name == tokenFile {
			mode = 0o600
		}
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
		if err != nil {
			return nil, err
		}
		_, err = f.Write(files[name])
		if err = errors.Join(err, f.Close()); err != nil {
			return nil, err
		}
		written = append(written, path)
	}
	return written, nil
}
