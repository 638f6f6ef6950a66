package engine_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/connectors/export"
	"github.com/scimsync/scimsync/connectors/scim"
	"github.com/scimsync/scimsync/engine"
	"github.com/scimsync/scimsync/engine/plan"
	"github.com/scimsync/scimsync/engine/state/sqlite"
	"github.com/scimsync/scimsync/mapping"
	"github.com/scimsync/scimsync/scope"
)

// The benchmarks of `make bench` report users per second and the peak of
// resident memory over what the process held before. SCIMSYNC_BENCH_USERS
// replaces the sizes, for example by 1000000.
func sizes() []int {
	if s := os.Getenv("SCIMSYNC_BENCH_USERS"); s != "" {
		if n, err := strconv.Atoi(s); err == nil {
			return []int{n}
		}
	}
	return []int{10_000, 100_000}
}

// empty is an application that knows nobody and takes everything: what it
// costs is the client's side of the requests alone.
type empty struct{ created atomic.Int64 }

func (e *empty) RoundTrip(r *http.Request) (*http.Response, error) {
	status, body := 200, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":0,"Resources":[]}`
	switch r.Method {
	case http.MethodPost:
		_, _ = io.Copy(io.Discard, r.Body)
		status, body = 201, fmt.Sprintf(`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"id":"t%d"}`, e.created.Add(1))
	case http.MethodPatch:
		_, _ = io.Copy(io.Discard, r.Body)
		status, body = 204, ""
	}
	return &http.Response{
		StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
		Header: http.Header{"Content-Type": {"application/scim+json"}}, Body: io.NopCloser(strings.NewReader(body)),
	}, nil
}

// office is an export of n users on disk, and an engine over an empty application.
func office(b *testing.B, n int) (*engine.Engine, engine.Job) {
	b.Helper()
	dir := b.TempDir()
	file := filepath.Join(dir, "users.json")
	f, err := os.Create(file)
	if err != nil {
		b.Fatal(err)
	}
	w := bufio.NewWriter(f)
	enc := json.NewEncoder(w)
	for i := range n {
		user := map[string]any{
			"id": benchID(i), "userPrincipalName": fmt.Sprintf("user%d@contoso.com", i), "displayName": fmt.Sprintf("User %d", i),
			"givenName": "User", "surname": strconv.Itoa(i), "mail": fmt.Sprintf("user%d@contoso.com", i),
			"mailNickname": fmt.Sprintf("user%d", i), "accountEnabled": true, "jobTitle": "Clerk", "department": "Sales",
			"businessPhones": []string{"+1 555 0100"}, "mobilePhone": "+1 555 0101", "officeLocation": "1/2", "city": "Seattle",
			"country": "US", "postalCode": "98101", "employeeId": strconv.Itoa(i), "preferredLanguage": "en-US",
		}
		if err := enc.Encode(user); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		b.Fatal(err)
	}
	if err := f.Close(); err != nil {
		b.Fatal(err)
	}
	source, err := export.New(export.Options{Users: file})
	if err != nil {
		b.Fatal(err)
	}
	target, err := scim.New(scim.Options{TenantURL: "https://app.test/scim", SecretToken: "t", Transport: &empty{}})
	if err != nil {
		b.Fatal(err)
	}
	m, err := mapping.Compile(directory.User, mapping.DefaultUsers())
	if err != nil {
		b.Fatal(err)
	}
	s, err := scope.Compile(directory.User, scope.Settings{}, nil)
	if err != nil {
		b.Fatal(err)
	}
	return newOffice(b), engine.Job{
		Name: "bench", Source: source, Target: target, Fingerprint: "1",
		Rules:    []engine.Rule{{Type: directory.User, Scope: s, Mapping: m, Actions: plan.Actions{Create: true, Update: true, Delete: true}}},
		Settings: engine.Settings{Concurrency: 8, RecycleBin: time.Hour, MembersPerPatch: 1},
	}
}

// newOffice returns an engine with a state of its own.
func newOffice(b *testing.B) *engine.Engine {
	b.Helper()
	store, err := sqlite.Open(context.Background(), filepath.Join(b.TempDir(), "state.db"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = store.Close() })
	return &engine.Engine{
		Store: store, TenantID: store.TenantID(), SpoolDir: b.TempDir(), Logger: zap.NewNop(), Now: time.Now,
		NewID: func() string { return uuid.Must(uuid.NewV7()).String() },
	}
}

func benchID(i int) string { return fmt.Sprintf("%08x-0000-4000-8000-%012x", i, i) }

// measure runs f b.N times and reports users per second and peak memory.
func measure(b *testing.B, users int, f func(i int)) {
	b.Helper()
	runtime.GC()
	debug.FreeOSMemory()
	before := resetPeak()
	b.ResetTimer()
	for i := range b.N {
		f(i)
	}
	b.StopTimer()
	b.ReportMetric(float64(users)*float64(b.N)/b.Elapsed().Seconds(), "users/s")
	if peak := peakMemory(); peak > 0 {
		b.ReportMetric(float64(peak)/(1<<20), "peak-MB")
		b.ReportMetric(float64(peak-before)/(1<<20), "more-MB")
	}
}

// resetPeak makes the kernel forget the peak of resident memory and returns
// what is resident now; 0 where the kernel does not tell.
func resetPeak() int64 {
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
		return 0
	}
	return resident("VmRSS:")
}

func peakMemory() int64 { return resident("VmHWM:") }

func resident(field string) int64 {
	content, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(content)) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == field {
			kb, _ := strconv.ParseInt(fields[1], 10, 64)
			return kb << 10
		}
	}
	return 0
}

func each(b *testing.B, f func(b *testing.B, n int)) {
	for _, n := range sizes() {
		b.Run(strconv.Itoa(n), func(b *testing.B) { f(b, n) })
	}
}

func BenchmarkReadExport(b *testing.B) {
	each(b, func(b *testing.B, n int) {
		_, job := office(b, n)
		measure(b, n, func(int) {
			count := 0
			_, err := job.Source.Read(context.Background(), connectors.ReadRequest{Snapshot: connectors.NewSnapshot(), Now: time.Now()},
				func(directory.Change) error { count++; return nil })
			if err != nil || count != n {
				b.Fatal(count, err)
			}
		})
	})
}

func BenchmarkPlanInitialCycle(b *testing.B) {
	each(b, func(b *testing.B, n int) {
		e, job := office(b, n)
		measure(b, n, func(int) {
			preview := engine.NewPreview(b.TempDir())
			defer preview.Close()
			x, err := e.Cycle(context.Background(), job, engine.Options{DryRun: true, Observe: preview.Add})
			if err != nil || x.Summary.Create != int64(n) {
				b.Fatal(x.Summary, err)
			}
			entries := 0
			for range preview.Entries() {
				entries++
			}
			if entries != n {
				b.Fatal(entries)
			}
		})
	})
}

func BenchmarkInitialCycle(b *testing.B) {
	each(b, func(b *testing.B, n int) {
		_, job := office(b, n)
		measure(b, n, func(int) {
			x, err := newOffice(b).Cycle(context.Background(), job, engine.Options{})
			if err != nil || x.Summary.Create != int64(n) {
				b.Fatal(x.Summary, err)
			}
		})
	})
}

func BenchmarkNoChangeCycle(b *testing.B) {
	each(b, func(b *testing.B, n int) {
		e, job := office(b, n)
		if _, err := e.Cycle(context.Background(), job, engine.Options{}); err != nil {
			b.Fatal(err)
		}
		measure(b, n, func(int) {
			x, err := e.Cycle(context.Background(), job, engine.Options{})
			if err != nil || x.ImportedDeltas != 0 {
				b.Fatal(x.ImportedDeltas, err)
			}
		})
	})
}
