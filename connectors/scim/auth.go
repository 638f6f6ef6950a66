package scim

import (
	"context"
	"errors"
	"net/http"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/mask"
)

// TokenSource has the bearer token of the application.
type TokenSource interface {
	// Token returns a token that is valid as far as is known; "" sends no
	// Authorization header. It is called before every request, by many goroutines
	// at once, and returns when ctx ends. The error is an *connectors.Error, or
	// that of ctx.
	Token(ctx context.Context) (string, error)
	// Invalidate says that the application refused a token: Token is not to return
	// it again if there is another.
	Invalidate(token string)
}

// fixedToken is the secret token of a job: there is no other.
type fixedToken string

func (t fixedToken) Token(context.Context) (string, error) { return string(t), nil }
func (fixedToken) Invalidate(string)                       {}

// send sends a request and returns what came back. A token that the
// application refuses is replaced once, and the request sent again, whatever it
// is: what got 401 had no effect. The error is an *connectors.Error: there was
// no answer, or one that is not of success.
func (t *Target) send(ctx context.Context, r request) (answer, error) {
	if err := t.turn(ctx); err != nil {
		return answer{}, t.noAnswer(r, answer{}, err)
	}
	token, err := t.opts.Tokens.Token(ctx)
	if err != nil {
		return answer{}, t.noToken(r, err)
	}
	a, err := t.sendWith(ctx, r, token)
	if a.status != http.StatusUnauthorized {
		return a, err
	}
	t.opts.Tokens.Invalidate(token)
	doubtful := a.doubtful // which another try does not settle
	next, tokenErr := t.opts.Tokens.Token(ctx)
	switch {
	case tokenErr != nil:
		return a, inDoubt(t.noToken(r, tokenErr), doubtful)
	case next == token: // there is no other one
		return a, err
	}
	if err := t.turn(ctx); err != nil {
		return a, inDoubt(t.noAnswer(r, answer{}, err), doubtful)
	}
	a, err = t.sendWith(ctx, r, next)
	return a, inDoubt(err, doubtful)
}

// inDoubt returns the error of a request that may have taken effect before.
func inDoubt(err error, doubtful bool) error {
	var e *connectors.Error
	if !doubtful || !errors.As(err, &e) {
		return err
	}
	doubted := *e
	doubted.Doubtful = true
	return &doubted
}

// turn returns when the next request may start, as the pace of the target has
// it. Tokens are asked for afterwards: a pause may be longer than they live.
func (t *Target) turn(ctx context.Context) error { return t.pace.wait(ctx, t.opts.RetryWaitMax) }

// noToken is the error for a request that was not sent, for want of a token.
func (t *Target) noToken(r request, err error) error {
	var e *connectors.Error
	if errors.As(err, &e) {
		return err
	}
	return t.noAnswer(r, answer{}, err)
}

// mask returns what hides the token of the request, and what else is secret, in
// text that the application made: some repeat the request's headers or its URL
// in their errors.
func (t *Target) mask(a answer) *mask.Masker {
	return mask.New(append([]string{a.token}, t.opts.Secrets...)...)
}
