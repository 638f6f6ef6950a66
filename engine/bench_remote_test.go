package engine_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/scimsync/scimsync/connectors/scim"
	"github.com/scimsync/scimsync/engine"
)

// remote is an application that takes a moment to answer, as they all do.
type remote struct {
	empty
	takes time.Duration
}

func (r *remote) RoundTrip(q *http.Request) (*http.Response, error) {
	time.Sleep(r.takes)
	return r.empty.RoundTrip(q)
}

// BenchmarkInitialCycleRemote creates 2,000 users in an application that answers
// within 5 ms: what is recorded before and after each write counts here as it
// does outside of benchmarks.
func BenchmarkInitialCycleRemote(b *testing.B) {
	const n = 2000
	_, job := office(b, n)
	target, err := scim.New(scim.Options{
		TenantURL: "https://app.test/scim", SecretToken: "t", Transport: &remote{takes: 5 * time.Millisecond},
	})
	if err != nil {
		b.Fatal(err)
	}
	job.Target = target
	measure(b, n, func(int) {
		x, err := newOffice(b).Cycle(context.Background(), job, engine.Options{})
		if err != nil || x.Summary.Create != n {
			b.Fatal(x.Summary, err)
		}
	})
}
