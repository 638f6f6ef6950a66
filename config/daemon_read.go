package config

import (
	"fmt"
	"net"
	"strings"
)

// read fills d from the merged values.
func (d *Daemon) read(m *merged) {
	m.SetDefault("state", defaultState)
	m.SetDefault("log.level", defaultLogLevel)
	m.SetDefault("log.format", defaultLogForm)

	d.Log = Log{Level: m.GetString("log.level"), Format: m.GetString("log.format")}
	d.Listen = m.GetString("listen")
	d.APIToken = NewSecret(m.GetString("apiToken"))
	d.readJobs(m)
	d.readState(m)
	d.checkListen(m)
	d.readSMTP(m)
	d.readWebhook(m)
	for _, key := range []string{"apiToken", "smtp.password", "webhook.secret", "webhook.authorization"} {
		if v, ok := m.from[key]; ok && v.origin == "" && v.ok() && len(v.refs) == 0 && v.text != "" {
			m.doc.warn(v.node, "%s is kept in plain text: use ${env:NAME} or ${file:PATH}", key)
		}
	}
	if v, ok := m.from["listen"]; ok && v.given {
		m.doc.warn(v.node, "listen has no effect in this version: there is no HTTP API yet")
	}
}

// fail reports what is wrong with a key where its value was given, and at the
// beginning of the file where it was not.
func (m *merged) fail(key, format string, args ...any) {
	message := fmt.Sprintf(format, args...)
	v, ok := m.from[key]
	if ok {
		message = v.mask(message)
	}
	switch {
	case !ok:
		m.doc.errors = append(m.doc.errors, &Error{File: m.doc.name, Line: 1, Column: 1, Message: message})
	case v.origin != "":
		m.doc.errors = append(m.doc.errors, &Error{File: v.origin, Message: message})
	default:
		m.doc.fail(v.node, "%s", message)
	}
}

// faulty reports whether what was given for a key is wrong, and was reported.
func (m *merged) faulty(key string) bool {
	v, ok := m.from[key]
	return ok && v.faulty
}

func (d *Daemon) readJobs(m *merged) {
	v, ok := m.from["jobs"]
	if !ok {
		m.fail("jobs", "jobs is missing: name the job files, as in jobs: [jobs/*.yaml]")
		return
	}
	for _, item := range v.items {
		if item.ok() {
			item.origin = v.origin
			d.patterns = append(d.patterns, item)
			d.Jobs = append(d.Jobs, m.doc.resolvePath(item.text))
		}
	}
}

func (d *Daemon) readState(m *merged) {
	if m.faulty("state") {
		return
	}
	text := m.GetString("state")
	kind, path, found := strings.Cut(text, ":")
	switch {
	case found && kind == "sqlite" && strings.HasPrefix(path, "//"):
		m.fail("state", "state: %s is no path: write sqlite:PATH, as in sqlite:scimsync.db", quote(text))
	case found && kind == "sqlite" && strings.TrimSpace(path) != "":
		d.State = State{Kind: kind, Path: m.doc.resolvePath(path)}
	case kind == "sqlite":
		m.fail("state", "state: the path is missing: write sqlite:PATH, as in sqlite:scimsync.db")
	case kind == "postgres", kind == "postgresql":
		// The rest of the URL may hold a password.
		m.fail("state", "state: %s:// is %s: use sqlite:PATH", kind, notYet)
	default:
		m.fail("state", "state: expected sqlite:PATH, as in sqlite:scimsync.db, found something else")
	}
}

func (d *Daemon) checkListen(m *merged) {
	if d.Listen == "" || m.faulty("listen") {
		return
	}
	host, port, err := net.SplitHostPort(d.Listen)
	if err != nil {
		m.fail("listen", "listen: %s is no address with a port: write HOST:PORT, as in 127.0.0.1:8650", quote(d.Listen))
		return
	}
	if _, err := net.LookupPort("tcp", port); err != nil {
		m.fail("listen", "listen: %s is no port: it is a number up to 65535", quote(port))
		return
	}
	if d.APIToken.IsZero() && !m.faulty("apiToken") && !isLoopback(host) && !m.doc.in.skipSecrets {
		m.fail("listen", "listen: %s can be reached from other machines: give an apiToken, or listen on 127.0.0.1", d.Listen)
	}
}

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
