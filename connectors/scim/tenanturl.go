package scim

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
)

// The feature flags of a tenant URL (Microsoft Learn, "Known issues and
// resolutions with SCIM 2.0 protocol compliance").
const (
	FlagCompliant = "aadOptscim062020"
	FlagRollback  = "AzureAdScimPatch2017" // reserved for going back once the other is the default
)

// TenantURL is the base of an application's SCIM endpoint, taken apart.
type TenantURL struct {
	Base  string // scheme, host and path, without a slash at its end
	Query string // what every request's query begins with: the URL's query without the flags, as written
	Flags string // the flags, as written, joined by &
	// Compliant says that aadOptscim062020 was among the flags.
	Compliant bool
}

// ParseTenantURL takes a tenant URL apart. It must be absolute, with https, or
// with http if the host is this machine or allowHTTP is set, without user name
// and fragment. The error says what was found and what would be right, and
// repeats no part of the URL that may hold a secret.
func ParseTenantURL(raw string, allowHTTP bool) (TenantURL, error) {
	var t TenantURL
	u, err := url.Parse(strings.TrimSpace(raw))
	if err != nil {
		// The cause repeats the whole URL, and a password in it.
		var cause *url.Error
		if errors.As(err, &cause) {
			err = cause.Err
		}
		return t, fmt.Errorf("the tenant URL is no URL: %w", err)
	}
	shown := u.Scheme + "://" + u.Host
	switch {
	case u.Scheme == "" || u.Opaque != "" || u.Host == "" || u.Hostname() == "":
		return t, errors.New("the tenant URL must be absolute, such as https://app.example.com/scim/v2")
	case u.Scheme != "https" && u.Scheme != "http":
		return t, fmt.Errorf("the tenant URL begins with %s: it must begin with https", u.Scheme)
	case u.User != nil:
		return t, errors.New("the tenant URL holds a user name: the application is reached with the secret token instead")
	case strings.Contains(raw, "#"):
		return t, errors.New("the tenant URL has a fragment, the part after #: leave it out")
	case u.Scheme == "http" && !allowHTTP && !isLoopback(u.Hostname()):
		return t, fmt.Errorf("the tenant URL %s would send the secret token unencrypted: use https "+
			"(plain http is for this machine alone, unless allowed)", shown)
	}
	t.Base = shown + strings.TrimRight(u.EscapedPath(), "/")
	var query, flags []string
	rollback := false
	for part := range strings.SplitSeq(u.RawQuery, "&") {
		name, value, _ := strings.Cut(part, "=")
		on := !strings.EqualFold(value, "false") && value != "0"
		switch {
		case part == "":
		case strings.EqualFold(name, FlagCompliant):
			t.Compliant = t.Compliant || on
			flags = append(flags, part)
		case strings.EqualFold(name, FlagRollback):
			rollback = rollback || on
			flags = append(flags, part)
		default:
			query = append(query, part)
		}
	}
	if t.Compliant && rollback {
		return t, fmt.Errorf("the tenant URL has both %s and %s: they contradict each other", FlagCompliant, FlagRollback)
	}
	t.Query, t.Flags = strings.Join(query, "&"), strings.Join(flags, "&")
	return t, nil
}

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
