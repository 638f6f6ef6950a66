package scim

import (
	"fmt"
	"strings"
	"time"
)

// RateLimit is the most that an application is asked. The zero value is no limit.
type RateLimit struct {
	RequestsPerSecond float64 // 0 for no limit
	Burst             int     // how many requests may start at once after a rest; 0 means 1
}

// RateLimitProfile is a limit that an application's maker has published for its
// SCIM endpoint.
type RateLimitProfile struct {
	Name        string
	Application string
	Requests    int           // that are answered …
	Per         time.Duration // … in this time
	Burst       int           // beyond that, as published; 0 where nothing is said
	Counted     string        // what the requests are counted by; "" where nothing is said
	Source      string        // the page that says so
}

// RateLimit returns the limit of the profile. Without a published burst the
// requests are spread evenly, so that no window of time has more of them than
// the page allows.
func (p RateLimitProfile) RateLimit() RateLimit {
	return RateLimit{RequestsPerSecond: float64(p.Requests) / p.Per.Seconds(), Burst: max(1, p.Burst)}
}

// RateLimitProfiles returns the published limits, sorted by name. Where a page
// has limits for single endpoints, it is the lowest of those that a job meets
// all the time. Applications whose pages differ from each other, limit what is
// no rate, or have limits that are far apart are not among them: what they
// answer with 429 slows a job down all the same.
func RateLimitProfiles() []RateLimitProfile {
	return []RateLimitProfile{
		{
			Name: "beyond-identity", Application: "Beyond Identity", Requests: 30, Per: time.Minute,
			Source: "https://support.beyondidentity.com/hc/en-us/articles/15689103572759-SCIM-Rate-Limits",
		},
		{
			Name: "dbt", Application: "dbt platform", Requests: 20, Per: 5 * time.Second, Counted: "account",
			Source: "https://docs.getdbt.com/docs/dbt-apis/rate-limits",
		},
		{
			Name: "deel", Application: "Deel", Requests: 5, Per: time.Second, Counted: "token",
			Source: "https://developer.deel.com/docs/rate-limits",
		},
		{
			// What an application of Entra's gallery has to bear, at least.
			Name: "entra-gallery", Application: "any of the Microsoft Entra gallery", Requests: 25, Per: time.Second, Counted: "tenant",
			Source: "https://learn.microsoft.com/en-us/entra/identity/enterprise-apps/app-gallery-user-provisioning-requirements",
		},
		{
			Name: "eptura", Application: "Eptura", Requests: 500, Per: time.Minute, Counted: "client",
			Source: "https://knowledge.eptura.com/Eptura/Eptura_SCIM_API/040-SCIM_API_Developers_Guide/002-Throttling_in_SCIM_API",
		},
		{
			Name: "peakon", Application: "Workday Peakon Employee Voice", Requests: 25_000, Per: time.Hour,
			Source: "https://developer.peakon.com/reference/rate-limiting-1",
		},
		{
			// Creating, updating and deleting users and groups, each.
			Name: "slack", Application: "Slack", Requests: 180, Per: time.Minute, Burst: 20, Counted: "organization, with all its SCIM apps",
			Source: "https://docs.slack.dev/reference/scim-api/rate-limits",
		},
	}
}

// RateLimitNamed returns the limit of the profile of this name. The error names
// the profiles that there are.
func RateLimitNamed(name string) (RateLimit, error) {
	var names []string
	for _, p := range RateLimitProfiles() {
		if p.Name == name {
			return p.RateLimit(), nil
		}
		names = append(names, p.Name)
	}
	return RateLimit{}, fmt.Errorf("there is no rate limit profile %q: there are %s", name, strings.Join(names, ", "))
}

func (l RateLimit) check() error {
	switch {
	case !(l.RequestsPerSecond >= 0) || l.RequestsPerSecond > maxRate: // NaN is neither
		return fmt.Errorf("the rate limit of %v requests a second is not from 0 to %v", l.RequestsPerSecond, float64(maxRate))
	case l.Burst < 0:
		return fmt.Errorf("the burst of the rate limit must not be negative")
	case l.Burst > 0 && l.RequestsPerSecond == 0:
		return fmt.Errorf("the rate limit has a burst and no requests per second")
	default:
		return nil
	}
}

// maxRate is the highest limit, in requests a second: beyond it there is none.
const maxRate = 10_000
