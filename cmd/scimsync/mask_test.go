package main

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/scimsync/scimsync/config"
)

// oneAtATime is a writer that notes whether two goroutines were in it at once.
type oneAtATime struct {
	busy       sync.Mutex
	text       bytes.Buffer
	overlapped bool
}

func (w *oneAtATime) Write(p []byte) (int, error) {
	if !w.busy.TryLock() {
		w.overlapped = true
		w.busy.Lock()
	}
	defer w.busy.Unlock()
	for range 5 {
		runtime.Gosched() // let another one come in
	}
	return w.text.Write(p)
}

func TestSecretsStayMaskedWhileTheConfigurationIsReadAnewAndJobsLog(t *testing.T) {
	const jobs, lines = 4, 200
	out := &oneAtATime{}
	m := &maskWriter{w: out}
	m.add([]config.Secret{config.NewSecret("the-first-secret")})
	log, err := newLogger(m, "info", "json", false)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range jobs {
		wg.Go(func() {
			for range lines {
				log.Info("a cycle says the-first-secret")
			}
		})
	}
	wg.Go(func() {
		for i := range lines {
			secret := fmt.Sprintf("secret-number-%03d", i)
			m.add([]config.Secret{config.NewSecret(secret)})
			fmt.Fprintf(m, "read anew with %s\n", secret)
		}
	})
	wg.Wait()
	if out.overlapped {
		t.Error("two goroutines wrote at once")
	}
	text := out.text.String()
	for _, secret := range []string{"the-first-secret", "secret-number-"} {
		if n := strings.Count(text, secret); n > 0 {
			t.Errorf("%s is shown %d times", secret, n)
		}
	}
	if n := strings.Count(text, "\n"); n != (jobs+1)*lines {
		t.Errorf("%d lines, want %d", n, (jobs+1)*lines)
	}
}

func TestTheSecretsOfAnEarlierConfigurationStayMasked(t *testing.T) {
	var out bytes.Buffer
	m := &maskWriter{w: &out}
	m.add([]config.Secret{config.NewSecret("old-token-1234"), config.NewSecret("kept-token-1234")})
	m.add([]config.Secret{config.NewSecret("new-token-1234"), config.NewSecret("kept-token-1234")})
	n, err := m.Write([]byte("old-token-1234 kept-token-1234 new-token-1234\n"))
	if err != nil || n != len("old-token-1234 kept-token-1234 new-token-1234\n") {
		t.Errorf("%d bytes, error %v", n, err)
	}
	if strings.Contains(out.String(), "token-1234") || !strings.HasSuffix(out.String(), "\n") {
		t.Errorf("wrote %q", out.String())
	}
	if len(m.secrets) != 3 {
		t.Errorf("%d secrets remembered, want 3: one that stays is remembered once", len(m.secrets))
	}
}
