package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
)

// future is one item of work under way.
type future[T any] struct {
	done   chan struct{}
	result T
	broke  *broken // nil unless the work panicked
}

// broken is a panic of another goroutine, which ends up in the one that waits
// for it: whoever runs the program can then end it in order.
type broken struct {
	cause any
	stack []byte
}

// Error returns what the panic was about and where it was.
func (b *broken) Error() string { return fmt.Sprintf("%v\n\n%s", b.cause, b.stack) }

// breaks returns the panic that the caller is about to end with, nil if there is
// none. It is to be deferred.
func breaks(b **broken) {
	if cause := recover(); cause != nil {
		*b = &broken{cause, debug.Stack()}
	}
}

// ordered runs work on the items that next returns, n at a time, and hands
// the results to emit in the order of the items. emit's last argument says
// that no further result is ready: a good moment to write out what was
// gathered. next returns io.EOF after the last item.
//
// When ctx ends, or next or emit fails, no further item is taken; items under
// way are finished and emitted, so that what was done is recorded. The first
// error is returned, ctx's error included. A panic of next or work becomes one of
// the caller.
func ordered[I, R any](ctx context.Context, n int, next func(context.Context) (I, error), work func(I) R, emit func(R, bool) error) error {
	n = max(n, 1)
	queue := make(chan *future[R], 2*n)
	slots := make(chan struct{}, n)
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var nextErr error
	var nextBroke *broken
	go func() {
		defer close(queue)
		defer breaks(&nextBroke)
		for {
			select {
			case <-ctx.Done():
				nextErr = context.Cause(ctx)
				return
			case slots <- struct{}{}:
			}
			item, err := next(ctx)
			if err != nil {
				if !errors.Is(err, io.EOF) {
					nextErr = err
				}
				return
			}
			f := &future[R]{done: make(chan struct{})}
			queue <- f
			go func() {
				defer func() {
					close(f.done)
					<-slots
				}()
				defer breaks(&f.broke)
				f.result = work(item)
			}()
		}
	}()

	var emitErr error
	for f := <-queue; f != nil; {
		<-f.done
		if f.broke != nil {
			panic(f.broke)
		}
		following, idle := peek(queue)
		if emitErr == nil {
			if emitErr = emit(f.result, idle); emitErr != nil {
				stop(emitErr)
			}
		}
		if following == nil {
			following = <-queue
		}
		f = following
	}
	if nextBroke != nil {
		panic(nextBroke)
	}
	if emitErr != nil {
		return emitErr
	}
	return nextErr
}

// peek takes the next future off the queue if there is one already, and
// reports whether there is no result to wait for a moment longer.
func peek[T any](queue <-chan *future[T]) (following *future[T], idle bool) {
	select {
	case following = <-queue:
	default:
	}
	if following == nil {
		return nil, true
	}
	select {
	case <-following.done:
		return following, false
	default:
		return following, true
	}
}
