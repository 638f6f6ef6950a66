package config

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/scimsync/scimsync/connectors/scim/oauth"
)

const authJob = `name: blogin
source: {kind: export, users: users.json}
target:
  kind: scim
  tenantURL: https://app.example.com/scim
  timeout: 20s
  retries: 0
%s
settings: {scope: all}
`

func loadAuth(t *testing.T, target string, options ...Option) *Job {
	t.Helper()
	t.Chdir(t.TempDir())
	key, err := oauth.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	pem, err := key.PEM()
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"job.yaml": fmt.Sprintf(authJob, target), "secret": "hunter2-hunter2\n", "key.pem": string(pem)} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	env := WithEnv(func(name string) (string, bool) { return "query-secret", name == "QUERY" })
	job, err := LoadJob("job.yaml", append(options, env)...)
	if err != nil {
		t.Fatal(err)
	}
	if len(job.Warnings) > 0 {
		t.Error(job.Warnings)
	}
	return job
}

const oauthTarget = `  oauth:
    tokenURL: https://auth.example.com/token?key=${env:QUERY}
    clientID: blogin
    clientSecret: ${file:secret}
    scope: scim
    audience: https://app.example.com
    tokenEndpointAuthMethod: client_secret_basic`

func TestOAuthOfAJob(t *testing.T) {
	job := loadAuth(t, oauthTarget)
	o, ok := job.Target.Tokens()
	if !ok || o.TokenURL != "https://auth.example.com/token?key=query-secret" || o.ClientID != "blogin" || o.ClientSecret != "hunter2-hunter2" ||
		o.Scope != "scim" || o.Audience != "https://app.example.com" || !o.BasicAuth || o.Assertion != nil || o.Timeout != 20*time.Second || o.Retries != -1 {
		t.Errorf("%v %#v", ok, o)
	}
	if job.Target.Options().SecretToken != "" {
		t.Error("there is a secret token")
	}
	masked := NewMasker(job.Secrets()...).Mask("hunter2-hunter2 query-secret")
	if strings.Contains(masked, "hunter2") || strings.Contains(masked, "query") {
		t.Errorf("%q is not masked", masked)
	}
	if text := fmt.Sprintf("%v %+v %#v", job.Target, job.Target, job.Target); strings.Contains(text, "hunter2") {
		t.Errorf("the secret is in %s", text)
	}
}

const identityTarget = `  workloadIdentity:
    tokenURL: https://auth.example.com/token
    clientID: blogin
    key: ${file:key.pem}
    issuer: https://id.example.com
    subject: blogin-sync
    audience: api://blogin
    lifetime: 10m
    claims: {tid: contoso, oid: the-oid, appid: the-appid}`

func TestWorkloadIdentityOfAJob(t *testing.T) {
	job := loadAuth(t, identityTarget)
	o, ok := job.Target.Tokens()
	issuer, signs := o.Assertion.(*oauth.Issuer)
	if !ok || !signs || o.ClientSecret != "" || issuer.Key.IsZero() {
		t.Fatalf("%v %v", ok, o)
	}
	want := oauth.Issuer{
		Key: issuer.Key, Issuer: "https://id.example.com", Subject: "blogin-sync", Audience: "api://blogin",
		Lifetime: 10 * time.Minute, TenantID: "contoso", ObjectID: "the-oid", ApplicationID: "the-appid",
	}
	if *issuer != want {
		t.Errorf("%+v", *issuer)
	}
	pem, err := os.ReadFile("key.pem")
	if err != nil {
		t.Fatal(err)
	}
	if masked := NewMasker(job.Secrets()...).Mask(strings.TrimSpace(string(pem))); strings.Contains(masked, "PRIVATE") {
		t.Error("the key is not masked")
	}

	job = loadAuth(t, "  workloadIdentity: {tokenURL: https://auth.example.com/token, clientID: blogin, assertionFile: tokens/jwt}")
	if o, ok := job.Target.Tokens(); !ok || o.Assertion != oauth.File("tokens/jwt") {
		t.Errorf("%v %v", ok, o.Assertion)
	}
}

// TestSkippedSecretsGiveNoTokens: commands that talk to nobody do without.
func TestSkippedSecretsGiveNoTokens(t *testing.T) {
	for _, target := range []string{oauthTarget, identityTarget} {
		target = strings.ReplaceAll(strings.ReplaceAll(target, "file:secret", "file:nowhere"), "file:key.pem", "file:nowhere")
		if o, ok := loadAuth(t, target, SkipSecrets()).Target.Tokens(); ok {
			t.Errorf("tokens of %v", o)
		}
	}
}
