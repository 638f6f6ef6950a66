package sandbox

import (
	"crypto/rand"
	"fmt"
	"time"
)

// Options says how a sandbox behaves. The zero value refuses every request:
// it has no token.
type Options struct {
	// Token is the bearer token that requests have to carry. Without one, every
	// request is refused with 401 unless AllowAnonymous says otherwise.
	Token string
	// AllowAnonymous takes every request, with any token or none. It has no
	// effect where there is a Token or OAuth.
	AllowAnonymous bool
	// OAuth gives out access tokens that are taken like Token; nil gives out none.
	OAuth *OAuth
	// BasePath is the path of the SCIM endpoints; "" means /scim/v2, "/" means
	// that there is none.
	BasePath string
	// MaxResults is the size of a page, the largest and the one without count;
	// 0 means 200.
	MaxResults int
	// Now is the clock of meta.created and meta.lastModified; nil means time.Now.
	Now func() time.Time
	// NewID makes the id of a resource; nil means random UUIDs. It is called by
	// one goroutine at a time and must not return an id twice.
	NewID func() string

	// OnRequest is told of every request to the SCIM endpoints, before its
	// answer goes out, by one goroutine at a time and in the order of
	// Recorded.Number. It must not send requests to the same sandbox.
	OnRequest func(Recorded)

	// NoContentOnUserPatch answers the PATCH of a user with 204 instead of 200
	// and the user.
	NoContentOnUserPatch bool
	// ContentOnGroupPatch answers the PATCH of a group with 200 and the group
	// instead of 204, which Microsoft asks for.
	ContentOnGroupPatch bool

	// LegacyIgnoreExcludedAttributes makes the sandbox return what a request
	// excludes, as some applications do. Entra then replaces all members of a
	// group where it would have added one.
	LegacyIgnoreExcludedAttributes bool
	// OmitAttributes are attributes that are stored and never returned, by their
	// paths. Entra sends such attributes again in every cycle. Names that no
	// schema has are of no effect.
	OmitAttributes []string

	// PageForAll shows the page at / to other machines too. It lists users and
	// asks for no token: without this, only clients of the same machine see it.
	PageForAll bool
}

func (o Options) withDefaults() Options {
	if o.MaxResults <= 0 {
		o.MaxResults = 200
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.NewID == nil {
		o.NewID = newUUID
	}
	return o
}

// newUUID returns a random UUID (RFC 9562 version 4).
func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand.Read)
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
