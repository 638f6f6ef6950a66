package notify

import (
	"testing"
	"time"
)

// TestSign takes the example of the libraries of Standard Webhooks
// (github.com/standard-webhooks/standard-webhooks).
func TestSign(t *testing.T) {
	for secret, right := range map[string]bool{"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw": true, "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw": false} {
		key, err := keyOf(secret)
		if err != nil {
			t.Fatal(err)
		}
		got := sign(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`))
		if (got == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=") != right {
			t.Errorf("%s: %s", secret, got)
		}
	}
}
