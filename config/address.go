package config

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"strings"

	"github.com/scimsync/scimsync/connectors/scim"
)

// Address tells the job's application from others: its host, a number sign, and a
// hash of the tenant URL without query and flags. Tokens do not count, nor do
// keys in the query, for they are renewed; nor the scheme; nor the port on this
// machine, where applications are under development.
func (j *Job) Address() string {
	t, err := scim.ParseTenantURL(j.Target.SCIM.TenantURL, j.Target.SCIM.AllowHTTP)
	if err != nil {
		return ""
	}
	u, err := url.Parse(t.Base)
	if err != nil {
		return ""
	}
	host := strings.ToLower(u.Host)
	if isLoopback(u.Hostname()) {
		host = "this machine"
	}
	sum := sha256.Sum256([]byte(host + u.EscapedPath()))
	return host + "#" + hex.EncodeToString(sum[:8])
}
