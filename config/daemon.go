package config

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/scimsync/scimsync/connectors/directory"
)

// Daemon is the daemon file, with what the environment and the command line
// say otherwise.
type Daemon struct {
	File     string   // path of the file, as given
	Jobs     []string // paths and globs of job files, relative ones made relative to the working directory
	State    State
	Listen   string // host:port of the HTTP API; "" for none
	APIToken Secret
	Log      Log
	SMTP     *SMTP    // nil for none
	Webhook  *Webhook // nil for none

	// Warnings are what is allowed and yet likely a mistake.
	Warnings Errors
	// Referenced are the files that ${file:PATH} names, made relative to the
	// working directory; also where secrets were skipped.
	Referenced []string

	secrets  []Secret // in addresses
	in       *inputs
	patterns []*value // of Jobs, with their places
	doc      *document
}

// State says where the state is kept.
type State struct {
	Kind string // sqlite
	Path string // of the database file, made relative to the working directory
}

// Log says how the program logs.
type Log struct {
	Level  string // debug, info, warn or error
	Format string // console or json
}

// SMTP is a mail server.
type SMTP struct {
	Host     string
	Port     int
	From     string
	Username string // "" to send without signing in
	Password Secret
	TLS      string // starttls, implicit or none
	CAFile   string // made relative to the working directory; "" for the system's authorities alone
}

// Webhook is a web address that gets the notifications of all jobs.
type Webhook struct {
	URL           Secret // many such addresses are secrets
	Secret        Secret
	Authorization Secret
	AllowHTTP     bool
	CAFile        string // as of SMTP
}

// LoadDaemon reads the daemon file at path. The environment (SCIMSYNC_ and the
// key) goes before the file, and the command line before both. The error is
// an Errors with everything that is wrong.
func LoadDaemon(path string, options ...Option) (*Daemon, error) {
	d, problems := loadDaemon(path, newInputs(options))
	if err := problems.orNil(); err != nil {
		return nil, err
	}
	return d, nil
}

// Secrets returns the secrets of the daemon file.
func (d *Daemon) Secrets() []Secret {
	secrets := []Secret{d.APIToken}
	if d.SMTP != nil {
		secrets = append(secrets, d.SMTP.Password)
	}
	if d.Webhook != nil {
		secrets = append(secrets, d.Webhook.URL, d.Webhook.Secret, d.Webhook.Authorization)
	}
	secrets = append(secrets, d.secrets...)
	return secrets
}

// loadDaemon returns the daemon file as far as it could be read, nil if
// nothing of it could, and everything that is wrong with it.
func loadDaemon(path string, in *inputs) (*Daemon, Errors) {
	doc := newDocument(path, filepath.Dir(path), in)
	data, err := readLimited(path, maxFile)
	if err != nil {
		doc.errors = append(doc.errors, &Error{File: path, Message: missing(path, err), Err: err})
		return nil, doc.errors
	}
	root := doc.parse(data)
	if root == nil {
		return nil, doc.errors
	}
	shape := daemonShape()
	doc.overridden = overrides(in, shape, "")
	file := doc.check(root, shape, "")
	if file.fields == nil {
		return nil, doc.errors
	}
	m := merge(doc, shape, file)
	d := &Daemon{File: path, in: in, doc: doc}
	d.read(m)
	d.Warnings = append(d.Warnings, doc.warnings...)
	d.Referenced = doc.referenced
	return d, doc.errors
}

// missing says why the daemon file cannot be read.
func missing(path string, err error) string {
	switch {
	case !errors.Is(err, os.ErrNotExist):
		return "the daemon file cannot be read: " + reasonOf(err)
	case filepath.Base(path) == "scimsync.yaml":
		return "there is no such file: `scimsync init` makes one, or --config names another"
	default:
		files, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "*.yaml")) // the pattern may be bad: no suggestion then
		for i := range files {
			files[i] = filepath.Base(files[i])
		}
		if near := directory.Nearest(filepath.Base(path), files); near != "" {
			return "there is no such file: did you mean " + filepath.Join(filepath.Dir(path), near) + "?"
		}
		return "there is no such file: --config names the daemon file, and `scimsync init` makes one"
	}
}
