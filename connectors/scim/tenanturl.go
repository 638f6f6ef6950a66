package scim

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/scimsync/scimsync/connectors/directory"
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
	// Suspicious says of a parameter of the query that it looks like a misspelt
	// flag, and which one; "" if none does.
	Suspicious string
}

// ParseTenantURL takes a tenant URL apart. It must be absolute, with https, or
// with http if the host is this machine or allowHTTP is set, without user name
// and fragment. The error says what was found and what would be right, and
// repeats no part of the URL that may hold a secret.
func ParseTenantURL(raw string, allowHTTP bool) (TenantURL, error) {
	var t TenantURL
	if err := checkScheme(raw); err != nil {
		return t, err
	}
	u, err := url.Parse(strings.TrimSpace(raw))
	if err != nil {
		// The cause repeats the whole URL, and a password in it.
		var cause *url.Error
		if errors.As(err, &cause) {
			err = cause.Err
		}
		if strings.Contains(raw, "@") { // a password with / ? or # in it is taken for a port, and repeated as one
			return t, errors.New("the tenant URL is no URL, and seems to hold a user name: the application is reached with the secret token instead")
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
			"(plain http is for this machine alone, unless target.allowHTTP is set)", shown)
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
			if flag := likelyFlag(name); flag != "" {
				t.Suspicious = fmt.Sprintf("the parameter %s of the tenant URL is no feature flag, and is sent to the application; did you mean %s?", name, flag)
			}
		}
	}
	if t.Compliant && rollback {
		return t, fmt.Errorf("the tenant URL has both %s and %s: they contradict each other", FlagCompliant, FlagRollback)
	}
	t.Query, t.Flags = strings.Join(query, "&"), strings.Join(flags, "&")
	return t, nil
}

// checkScheme returns an error for a URL that begins with a host and its port,
// of which the host would be taken for the scheme.
func checkScheme(raw string) error {
	authority, _, _ := strings.Cut(strings.TrimSpace(raw), "/")
	host, port, _ := net.SplitHostPort(authority)
	if !isPort(port) || host == "" {
		return nil
	}
	missing := "https://"
	if isLoopback(host) {
		missing = "http:// or https://"
	}
	return fmt.Errorf("the tenant URL must be absolute, such as https://app.example.com/scim/v2: %s is missing at its beginning", missing)
}

func isPort(s string) bool {
	_, err := strconv.ParseUint(s, 10, 16)
	return err == nil
}

// likelyFlag returns the flag that a parameter's name is a misspelling of, ""
// for a parameter of the application's own.
func likelyFlag(name string) string {
	flags := []string{FlagCompliant, FlagRollback}
	lower := strings.ToLower(name)
	if near := directory.Nearest(name, flags); near != "" {
		return near
	}
	switch {
	case strings.HasPrefix(lower, "aad"):
		return FlagCompliant
	case strings.HasPrefix(lower, "azuread"):
		return FlagRollback
	default:
		return ""
	}
}

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
