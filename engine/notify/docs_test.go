package notify_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func page(t *testing.T) string {
	t.Helper()
	content, err := os.ReadFile("../../docs/notifications.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// TestThePageShowsWhatIsSent: the mail and the JSON of docs/notifications.md are
// what arrives.
func TestThePageShowsWhatIsSent(t *testing.T) {
	golden, err := os.ReadFile("testdata/deletions.golden")
	if err != nil {
		t.Fatal(err)
	}
	_, body, _ := strings.Cut(string(golden), "\n\n")
	body, _, _ = strings.Cut(body, "\n\n-- \n")
	if !strings.Contains(page(t), "```text\n"+body+"\n```") {
		t.Errorf("the page does not show\n%s", body)
	}
	var shown, sent map[string]any
	if err := json.Unmarshal([]byte(regexp.MustCompile("(?s)```json\n(.*?)```").FindStringSubmatch(page(t))[1]), &shown); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile("testdata/quarantined.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(content, &sent); err != nil {
		t.Fatal(err)
	}
	sent["text"] = "…"
	if diff := cmp.Diff(sent, shown); diff != "" {
		t.Errorf("-sent +shown:\n%s", diff)
	}
}

// TestThePagesCommandSigns runs the command of the page that makes a signature.
func TestThePagesCommandSigns(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skipf("SKIPPED: OPENSSL IS NOT INSTALLED: %v", err)
	}
	command := regexp.MustCompile(`(?m)^    printf .*\n.*base64$`).FindString(page(t))
	cmd := exec.Command("sh", "-c", command)
	cmd.Env = append(os.Environ(), "webhook_id=scim-1-x", "webhook_timestamp=1795424400", "body={}", "secret=any text")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	// HMAC-SHA256 of scim-1-x.1795424400.{} by Python's hmac module.
	if got, want := strings.TrimSpace(string(out)), "iXm8y3Aqidgv6SPZIHPZNHXWQJAbpzcSUtleqFz/np4="; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
