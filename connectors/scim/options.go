// Package scim is a SCIM 2.0 target that speaks as the Microsoft Entra
// provisioning service does: the same requests, in both of its PATCH dialects.
package scim

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/mask"
)

// Options says how to reach an application.
type Options struct {
	// TenantURL is the base of the application's SCIM endpoint. Its query may
	// carry the feature flags of the service: aadOptscim062020 chooses the
	// second PATCH dialect. Flags are not sent to the application.
	TenantURL   string
	AllowHTTP   bool   // plain http to a host other than this machine
	SecretToken string // bearer token; "" sends no Authorization header
	// Tokens has a bearer token that changes, in place of SecretToken; nil for none.
	Tokens TokenSource

	// Secrets are kept out of every error, as the token is: keys in the query of
	// the tenant URL.
	Secrets []string

	// Matching is the attribute that Test asks for, by object type: the mapping's
	// matching attribute of precedence 1. The default is userName for users and
	// displayName for groups.
	Matching map[directory.ObjectType]string

	// Types are the types of target attributes that the SCIM schemas do not
	// tell, by target attribute name: "boolean", "integer", "string",
	// "reference", "dateTime".
	Types map[string]string

	MembersPerPatch int           // how many members one PATCH adds or removes; 0 means 1, as captured
	Concurrency     int           // how many requests are expected at a time; sizes the connection pool; 0 means 8
	Timeout         time.Duration // of one try of a request; 0 means 90 seconds
	Retries         int           // of requests that are safe to repeat; 0 means 3, negative none
	RetryWait       time.Duration // the first pause between tries, doubled for each next; 0 means 1 second
	// RetryWaitMax is the longest pause; 0 means 2 minutes. An application that
	// asks for more with Retry-After is left alone: the request fails with class
	// Throttled and the wish in RetryAfter.
	RetryWaitMax time.Duration

	// RateLimit is the most that the application is asked. Whatever it is, requests
	// slow down together when the application answers that they are too many.
	RateLimit RateLimit

	// TLS says which certificates to trust and to show.
	TLS TLS

	// Transport sends the requests; nil means what NewTransport returns. Another
	// one has to see to TLS itself.
	Transport Transport
	// NewGUID makes the random value of Test Connection; nil means a random UUID.
	NewGUID func() string
	// Now is the clock that Retry-After dates are compared with; nil means time.Now.
	Now func() time.Time

	Behavior Behavior
}

// String returns the tenant URL alone, so that no log or error that prints the
// options tells the token.
func (o Options) String() string {
	t, err := ParseTenantURL(o.TenantURL, true)
	if err != nil {
		return "SCIM target"
	}
	return "SCIM target " + t.Base
}

// GoString is String.
func (o Options) GoString() string { return o.String() }

// Behavior has the switches for what sources about Entra disagree on, or what
// is an admitted shortcoming. The zero value is Entra's behaviour.
type Behavior struct {
	// Patch is the PATCH dialect; ByTenantURL is the zero value.
	Patch PatchDialect
	// PassFlags sends the feature flags of the tenant URL on to the application.
	PassFlags bool
	// MemberRefNull writes members as {"$ref":null,"value":"u1"}, as Microsoft's
	// samples and a capture of 2019 have it.
	MemberRefNull bool
	// LegacyGroupSchema creates groups as Microsoft's sample does: with the
	// second schema http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group
	// and without an empty members array.
	LegacyGroupSchema bool
	// OmitEmptyRoles leaves the empty roles array out of created users.
	OmitEmptyRoles bool
	// CheckReferences asks the application whether it has a reference already
	// (id eq "…" and manager eq "…") before writing it, and writes only if not.
	CheckReferences bool
	// ManagerRemoval is how a manager is taken away; RemoveByEmptyValue is the
	// zero value.
	ManagerRemoval ManagerRemoval
	// IgnoreRetryAfter waits as long as RetryWait says whatever the application
	// asks for.
	IgnoreRetryAfter bool
	// ADSCIMVersion is the value of the vendor header by which some applications
	// recognise Entra (bitwarden/server); "" means the one that a capture of 2019
	// shows, for today's is not public, and NoHeader sends none.
	ADSCIMVersion string
}

// NoHeader leaves a header out.
const NoHeader = "none"

// PatchDialect is one of the two forms of Entra's PATCH requests (Microsoft
// Learn, "Known issues and resolutions with SCIM 2.0 protocol compliance").
type PatchDialect string

// The PATCH dialects.
const (
	ByTenantURL PatchDialect = ""          // Compliant if the tenant URL has aadOptscim062020, else Standard
	Standard    PatchDialect = "standard"  // what Entra sends without a flag
	Compliant   PatchDialect = "compliant" // what Entra sends with aadOptscim062020
)

// ManagerRemoval is a form of taking a manager away.
type ManagerRemoval string

// The forms of taking a manager away.
const (
	RemoveByEmptyValue ManagerRemoval = ""       // replace with an empty value, as Microsoft's SCIM Validator does
	RemoveByVerb       ManagerRemoval = "remove" // remove with the path (RFC 7644 section 3.5.2.2)
)

const (
	defaultADSCIMVersion = "5.0"

	defaultConcurrency  = 8
	defaultTimeout      = 90 * time.Second
	defaultRetries      = 3
	defaultRetryWait    = time.Second
	defaultRetryWaitMax = 2 * time.Minute
)

// withDefaults returns o with its zero values replaced, or what is wrong with it.
func (o Options) withDefaults() (Options, error) {
	if i := strings.IndexFunc(o.SecretToken, func(r rune) bool { return r < ' ' || r > '~' }); i >= 0 {
		return o, fmt.Errorf("the secret token has a character at position %d that no HTTP header may hold: "+
			"perhaps a line end or a quotation mark was copied with it", i+1)
	}
	switch {
	case o.Tokens == nil:
		o.Tokens = fixedToken(o.SecretToken)
	case o.SecretToken != "":
		return o, errors.New("there is a secret token and a source of tokens: one of them is enough")
	}
	for name, t := range o.Types {
		if _, ok := typeNames[strings.ToLower(t)]; !ok {
			return o, fmt.Errorf("type of target attribute %s: %q is none of boolean, integer, string, reference, dateTime", name, t)
		}
	}
	switch o.Behavior.Patch {
	case ByTenantURL, Standard, Compliant:
	default:
		return o, fmt.Errorf("patch dialect %q is none of standard, compliant", o.Behavior.Patch)
	}
	switch o.Behavior.ManagerRemoval {
	case RemoveByEmptyValue, RemoveByVerb:
	default:
		return o, fmt.Errorf("manager removal %q is not remove", o.Behavior.ManagerRemoval)
	}
	setDefault(&o.Behavior.ADSCIMVersion, defaultADSCIMVersion)
	setDefault(&o.MembersPerPatch, 1)
	setDefault(&o.Concurrency, defaultConcurrency)
	setDefault(&o.Timeout, defaultTimeout)
	setDefault(&o.Retries, defaultRetries)
	setDefault(&o.RetryWait, defaultRetryWait)
	setDefault(&o.RetryWaitMax, defaultRetryWaitMax)
	if o.MembersPerPatch < 0 || o.Concurrency < 0 || o.Timeout < 0 || o.RetryWait < 0 || o.RetryWaitMax < 0 {
		return o, fmt.Errorf("membersPerPatch, concurrency, timeout, retryWait and retryWaitMax must not be negative")
	}
	if err := o.RateLimit.check(); err != nil {
		return o, err
	}
	o.Secrets = append(slices.Clone(o.Secrets), mask.ProxyPasswords()...)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.NewGUID == nil {
		o.NewGUID = randomGUID
	}
	var err error
	if o.Transport == nil {
		o.Transport, err = o.NewTransport()
	}
	return o, err
}

func setDefault[T comparable](p *T, value T) {
	var zero T
	if *p == zero {
		*p = value
	}
}

// matching returns the attribute that Test asks for.
func (o Options) matching(t directory.ObjectType) string {
	if name := o.Matching[t]; name != "" {
		return name
	}
	if t == directory.Group {
		return "displayName"
	}
	return "userName"
}
