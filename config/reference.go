package config

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"unicode/utf8"

	"github.com/scimsync/scimsync/connectors/directory"
)

const (
	// maxSecret is the size in bytes of the largest file that a reference reads.
	maxSecret = 64 << 10
	// worldReadable is the permission that anybody on the machine has.
	worldReadable = 0o004
)

// replaceReferences replaces ${env:NAME} and ${file:PATH} in a text, and $${
// by a literal ${. It returns what is wrong, "" if nothing is. A value of which
// a reference is left out on purpose is empty.
func (d *document) replaceReferences(v *value, s *shape) string {
	var out strings.Builder
	rest := v.text
	for {
		before, after, found := strings.Cut(rest, "${")
		if !found {
			out.WriteString(rest)
			break
		}
		if strings.HasSuffix(before, "$") { // $${
			out.WriteString(before + "{")
			rest = after
			continue
		}
		out.WriteString(before)
		body, next, closed := strings.Cut(after, "}")
		if !closed {
			return "has a ${ without its }: write ${env:NAME} or ${file:PATH}, and $${ for a literal ${"
		}
		if !d.overridden[v.path] {
			d.refer(body)
		}
		if s.secret && d.in.skipSecrets || d.overridden[v.path] {
			v.unread = true
		} else {
			text, reason := d.resolve(body, v, s)
			if reason != "" {
				return reason
			}
			out.WriteString(text)
			v.refs = append(v.refs, NewSecret(text))
		}
		rest = next
	}
	v.text = out.String()
	if v.unread {
		v.text = ""
	}
	return ""
}

// refer remembers the file that a reference names, if it names one.
func (d *document) refer(body string) {
	if how, name, _ := strings.Cut(body, ":"); how == "file" && strings.TrimSpace(name) != "" {
		d.referenced = append(d.referenced, d.resolvePath(strings.TrimSpace(name)))
	}
}

// resolve returns what a reference stands for.
func (d *document) resolve(body string, v *value, s *shape) (resolved, reason string) {
	how, name, found := strings.Cut(body, ":")
	name = strings.TrimSpace(name)
	switch {
	case found && how == "env" && name != "":
		return d.fromEnv(name)
	case found && how == "file" && name != "":
		return d.fromFile(name, v, s)
	case s.secret:
		// What stands there may be a part of the secret itself.
		return "", "has a ${ that is neither ${env:NAME} nor ${file:PATH}: write $${ for a literal ${"
	case directory.Nearest(how, []string{"env", "file"}) != "" && found:
		near := directory.Nearest(how, []string{"env", "file"})
		return "", fmt.Sprintf("${%s} is no reference: did you mean ${%s:%s}?", body, near, name)
	default:
		return "", fmt.Sprintf("${%s} is no reference: write ${env:NAME} or ${file:PATH}, and $${ for a literal ${", body)
	}
}

// variable is what people call variables of the environment.
var variable = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

func (d *document) fromEnv(name string) (text, reason string) {
	text, ok := d.in.env(name)
	switch {
	case !ok && !variable.MatchString(name):
		// The secret itself may stand there.
		return "", "has an ${env:NAME} with something else than the name of a variable"
	case !ok:
		return "", fmt.Sprintf("the environment variable %s is not set", name)
	case strings.TrimSpace(text) == "":
		return "", fmt.Sprintf("the environment variable %s is set, but empty", name)
	case !utf8.ValidString(text):
		return "", fmt.Sprintf("the environment variable %s holds no UTF-8 text", name)
	}
	return text, ""
}

// fromFile returns the content of a file without the line ends at its end. It
// warns of a secret that everybody on the machine can read.
func (d *document) fromFile(name string, v *value, s *shape) (text, reason string) {
	path := d.resolvePath(name)
	info, err := os.Stat(path)
	if err != nil {
		return "", fmt.Sprintf("the file %s cannot be read: %s", path, reasonOf(err))
	}
	if info.IsDir() {
		return "", fmt.Sprintf("the file %s cannot be read: it is a directory", path)
	}
	data, err := readLimited(path, maxSecret)
	if err != nil {
		return "", fmt.Sprintf("the file %s cannot be read: %s", path, reasonOf(err))
	}
	text = strings.TrimRight(string(data), "\r\n")
	switch {
	case len(data) > maxSecret:
		return "", fmt.Sprintf("the file %s is larger than %d KB: it is to hold one text", path, maxSecret>>10)
	case strings.TrimSpace(text) == "":
		return "", fmt.Sprintf("the file %s is empty", path)
	case !utf8.ValidString(text):
		return "", fmt.Sprintf("the file %s holds no UTF-8 text", path)
	}
	if s.secret && runtime.GOOS != "windows" && info.Mode().Perm()&worldReadable != 0 {
		d.warn(v.node, "%s: everybody on this machine can read the file %s (mode %04o): chmod 600 %s", v.path, path, info.Mode().Perm(), path)
	}
	return text, ""
}

// resolvePath returns a path that is relative to the file that names it.
func (d *document) resolvePath(path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(d.dir, path)
}
