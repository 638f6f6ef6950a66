package config

import (
	"errors"
	"fmt"
	"os"
	"runtime"

	"github.com/scimsync/scimsync/connectors/scim"
)

// readTLS reads which certificates to trust and to show, and whether their files
// can be used. Without secrets they are not looked at: nothing is sent.
func readTLS(d *document, v *value) scim.TLS {
	if !v.ok() || d.in.skipSecrets {
		return scim.TLS{}
	}
	t := scim.TLS{
		CAFile:   d.resolvePath(v.get("caFile").textOr("")),
		CertFile: d.resolvePath(v.get("certFile").textOr("")), KeyFile: d.resolvePath(v.get("keyFile").textOr("")),
		ServerName: v.get("serverName").textOr(""),
	}
	var e *scim.TLSFileError
	if err := t.Check(); errors.As(err, &e) {
		at := v.get(e.Key)
		d.fail(at.node, "%s: %s", at.path, at.mask(err.Error()))
		return t
	}
	key := v.get("keyFile")
	if info, err := os.Stat(t.KeyFile); err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&worldReadable != 0 {
		d.warn(key.node, "%s", key.mask(fmt.Sprintf("%s: everybody on this machine can read the file %s (mode %04o): chmod 600 %s",
			key.path, t.KeyFile, info.Mode().Perm(), t.KeyFile)))
	}
	return t
}

// readRateLimit reads the most that the application is asked.
func readRateLimit(d *document, v *value) scim.RateLimit {
	if name := v.get("profile"); name.ok() {
		limit, err := scim.RateLimitNamed(name.text)
		if err != nil {
			d.fail(name.node, "%s: %v", name.path, err)
		}
		return limit
	}
	limit := scim.RateLimit{RequestsPerSecond: v.get("requestsPerSecond").floatOr(0)}
	if limit.RequestsPerSecond > 0 {
		limit.Burst = v.get("burst").numberOr(1)
	}
	return limit
}
