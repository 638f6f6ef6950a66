package config

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/scimsync/scimsync/connectors/scim"
)

// loadTLS reads a job in jobs/job.yaml, beside whose folder there is a
// certificate with its key in both.pem.
func loadTLS(t *testing.T, target string, mode os.FileMode, options ...Option) (*Job, error) {
	t.Helper()
	t.Chdir(t.TempDir())
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "scimsync"}, NotAfter: time.Now().Add(time.Hour)}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	both := append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})...)
	if err := os.Mkdir("jobs", 0o755); err != nil {
		t.Fatal(err)
	}
	job := fmt.Sprintf(authJob, "  secretToken: ${env:TOKEN}\n"+target)
	for name, content := range map[string]string{"jobs/job.yaml": job, "both.pem": string(both)} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod("both.pem", mode); err != nil {
		t.Fatal(err)
	}
	return LoadJob("jobs/job.yaml", append(options, WithEnv(func(string) (string, bool) { return "token-0123", true }))...)
}

func TestTLSOfAJob(t *testing.T) {
	const target = "  tls: {caFile: ../both.pem, certFile: ../both.pem, keyFile: ../both.pem, serverName: scim.internal}"
	want := scim.TLS{CAFile: "both.pem", CertFile: "both.pem", KeyFile: "both.pem", ServerName: "scim.internal"}
	job, err := loadTLS(t, target, 0o600)
	if err != nil || job.Target.Options().TLS != want || len(job.Warnings) > 0 {
		t.Fatalf("%+v, warnings %v, error %v", job, job.Warnings, err)
	}
	if _, err := scim.New(job.Target.Options()); err != nil {
		t.Error(err)
	}
	job, err = loadTLS(t, target, 0o644)
	if err != nil || len(job.Warnings) != 1 || !strings.Contains(job.Warnings[0].Error(), "job.yaml:9:62: target.tls.keyFile: everybody on this machine can read the file both.pem (mode 0644): chmod 600 both.pem") {
		t.Errorf("warnings %v, error %v", job.Warnings, err)
	}
	job, err = loadTLS(t, strings.ReplaceAll(target, "both", "nowhere"), 0o600, SkipSecrets())
	if err != nil || job.Target.Options().TLS != (scim.TLS{}) {
		t.Errorf("without secrets: %+v, error %v", job, err)
	}
}

func TestRateLimitOfAJob(t *testing.T) {
	for target, want := range map[string]scim.RateLimit{
		"": {},
		"  rateLimit: {requestsPerSecond: 25, burst: 10}": {RequestsPerSecond: 25, Burst: 10},
		"  rateLimit: {requestsPerSecond: 0.5}":           {RequestsPerSecond: 0.5, Burst: 1},
		"  rateLimit: {profile: slack}":                   {RequestsPerSecond: 3, Burst: 20},
		"  rateLimit: {profile: dbt}":                     {RequestsPerSecond: 4, Burst: 1},
	} {
		job, err := loadTLS(t, target, 0o600)
		if err != nil || job.Target.Options().RateLimit != want {
			t.Errorf("%s: %+v, error %v", target, job, err)
		}
	}
}
