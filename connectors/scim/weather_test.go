package scim

import (
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/scimsync/scimsync/connectors"
)

// TestDoubt: what the last try of a write was answered does not settle what
// became of the ones before, nor does a 503 of a gateway.
func TestDoubt(t *testing.T) {
	reset := reply{err: &net.OpError{Op: "read", Err: syscall.ECONNRESET}}
	dial := reply{err: &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}}
	broken := reply{status: 200, read: func() (int, error) { return 0, io.ErrUnexpectedEOF }}
	long := reply{status: http.StatusServiceUnavailable, header: map[string]string{"Retry-After": "9999"}}
	busy := reply{status: http.StatusTooManyRequests, header: map[string]string{"Retry-After": "9999"}}
	refused, conflict := reply{status: http.StatusBadRequest}, reply{status: http.StatusConflict}
	for _, tt := range []struct {
		name    string
		doing   string
		replies []reply
		class   connectors.Class
		want    bool
	}{
		{"503 with Retry-After", "post patch delete", []reply{long}, connectors.Throttled, true},
		{"429", "post patch delete", []reply{busy}, connectors.Throttled, false},
		{"400", "post patch delete", []reply{refused}, connectors.Rejected, false},
		{"401", "post patch delete", []reply{{status: http.StatusUnauthorized}}, connectors.Credentials, false},
		{"nothing was sent", "post patch delete", []reply{dial, busy}, connectors.Throttled, false},
		{"a reset, then 429", "patch delete", []reply{reset, busy}, connectors.Throttled, true},
		{"a reset, then 400", "patch delete", []reply{reset, refused}, connectors.Rejected, true},
		{"a reset, then 409", "patch", []reply{reset, conflict}, connectors.Conflict, true},
		{"a gateway, then 409", "patch", []reply{{status: http.StatusGatewayTimeout}, conflict}, connectors.Conflict, true},
		{"an answer that breaks off, then 429", "patch", []reply{broken, busy}, connectors.Throttled, true},
		{"a reset, then 401", "patch", []reply{reset, {status: http.StatusUnauthorized}}, connectors.Credentials, true},
		{"a read", "get find", []reply{long}, connectors.Throttled, false},
	} {
		for doing := range strings.FieldsSeq(tt.doing) {
			t.Run(tt.name+", "+doing, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					target, _ := newScripted(t, Options{}, tt.replies...)
					err := doings[doing](target)
					var e *connectors.Error
					if !errors.As(err, &e) || e.Class != tt.class || e.Doubtful != tt.want {
						t.Errorf("class %s, doubtful %v: %v", connectors.ClassOf(err), e != nil && e.Doubtful, err)
					}
				})
			})
		}
	}
}

// TestDoubtOutlivesAToken: a token that is renewed between two tries makes
// nothing certain.
func TestDoubtOutlivesAToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reset := reply{err: &net.OpError{Op: "read", Err: syscall.ECONNRESET}}
		target, _ := newScriptedTokens(t, &tokens{list: []string{"token-1", "token-2"}}, reset, reply{status: http.StatusUnauthorized}, reply{status: http.StatusConflict})
		err := doings["patch"](target)
		var e *connectors.Error
		if !errors.As(err, &e) || e.Class != connectors.Conflict || !e.Doubtful {
			t.Errorf("doubtful %v: %v", e != nil && e.Doubtful, err)
		}
	})
}
