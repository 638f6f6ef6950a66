//go:build unix

package har

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// traceVariable names the file that the test binary writes when it is the
// process to be killed, and urlVariable where it sends its requests.
const (
	traceVariable = "SCIMSYNC_TEST_TRACE"
	urlVariable   = "SCIMSYNC_TEST_URL"
)

func TestMain(m *testing.M) {
	if path := os.Getenv(traceVariable); path != "" {
		if err := sendForEver(path, os.Getenv(urlVariable)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

func sendForEver(path, url string) error {
	r, err := New(path, nil)
	if err != nil {
		return err
	}
	c := &http.Client{Transport: r.Transport(http.DefaultTransport)}
	for i := range 21 {
		if i == 20 {
			fmt.Println("sent") // the application does not answer the last one
			url += "/waits"
		}
		resp, err := c.Get(url)
		if err != nil {
			return err
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
	}
	return nil
}

// TestKilled: the file of a process that was killed in the midst of a request
// is valid and has what was answered before.
func TestKilled(t *testing.T) {
	arrived := make(chan bool, 1)
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/waits" {
			arrived <- true
			<-r.Context().Done()
		}
		io.WriteString(w, "answer")
	})
	path := filepath.Join(t.TempDir(), "trace.har")
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), traceVariable+"="+path, urlVariable+"="+url)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(line, err)
	}
	<-arrived
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if n := len(entriesOf(t, path)); n != 20 {
		t.Errorf("%d entries", n)
	}
}
