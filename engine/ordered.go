package engine

import (
	"context"
	"errors"
	"io"
)

// future is one item of work under way.
type future[T any] struct {
	done   chan struct{}
	result T
}

// ordered runs work on the items that next returns, n at a time, and hands
// the results to emit in the order of the items. emit's last argument says
// that no further result is ready: a good moment to write out what was
// gathered. next returns io.EOF after the last item.
//
// When ctx ends, or next or emit fails, no further item is taken; items under
// way are finished and emitted, so that what was done is recorded. The first
// error is returned, ctx's error included.
func ordered[I, R any](ctx context.Context, n int, next func(context.Context) (I, error), work func(I) R, emit func(R, bool) error) error {
	n = max(n, 1)
	queue := make(chan *future[R], 2*n)
	slots := make(chan struct{}, n)
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var nextErr error
	go func() {
		defer close(queue)
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
				f.result = work(item)
				close(f.done)
				<-slots
			}()
		}
	}()

	var emitErr error
	for f := <-queue; f != nil; {
		<-f.done
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
