package engine

import (
	"cmp"
	"context"
	"errors"
	"io"
)

// future is one item of work under way.
type future[T any] struct {
	done   chan struct{}
	result T
	err    error // of work that panicked, which has no result
}

// ordered runs work on the items that next returns, n at a time, and hands
// the results to emit in the order of the items. emit's last argument says
// that no further result is ready: a good moment to write out what was
// gathered. next returns io.EOF after the last item.
//
// When ctx ends, or next or emit fails, or one of the three panics, no further
// item is taken; items under way are finished and emitted, so that what was done
// is recorded. Nothing runs any more once ordered returns. The first error is
// returned, ctx's error included; of a panic it is a *MistakeError.
func ordered[I, R any](ctx context.Context, n int, next func(context.Context) (I, error), work func(I) R, emit func(R, bool) error) error {
	n = max(n, 1)
	queue := make(chan *future[R], 2*n)
	slots := make(chan struct{}, n)
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var nextErr error
	go func() {
		defer close(queue)
		nextErr = contained(func() error {
			for {
				select {
				case <-ctx.Done():
					return context.Cause(ctx)
				case slots <- struct{}{}:
				}
				item, err := next(ctx)
				if errors.Is(err, io.EOF) {
					return nil
				}
				if err != nil {
					return err
				}
				f := &future[R]{done: make(chan struct{})}
				queue <- f
				go func() {
					defer func() {
						close(f.done)
						<-slots
					}()
					f.err = contained(func() error {
						f.result = work(item)
						return nil
					})
				}()
			}
		})
	}()

	var workErr, emitErr error
	for f := <-queue; f != nil; {
		<-f.done
		following, idle := peek(queue)
		switch {
		case f.err != nil:
			workErr = cmp.Or(workErr, f.err)
			stop(f.err)
		case emitErr == nil:
			if emitErr = contained(func() error { return emit(f.result, idle) }); emitErr != nil {
				stop(emitErr)
			}
		}
		if following == nil {
			following = <-queue
		}
		f = following
	}
	return cmp.Or(emitErr, workErr, nextErr)
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
		return following, following.err != nil
	default:
		return following, true
	}
}
