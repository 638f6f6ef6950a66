package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
)

// TestAPanicOfAWorkerEndsTheOthersInOrder: what runs in another goroutine could
// end the program past everything that would mask what it says, and what others
// have written meanwhile would not be recorded.
func TestAPanicOfAWorkerEndsTheOthersInOrder(t *testing.T) {
	const secret = "a secret"
	for name, tt := range map[string]struct {
		next, work, emit int // where it is
		emitted          []int
	}{
		"of the work":      {-1, 3, -1, []int{0, 1, 2, 4, 5}},
		"of the last work": {-1, 5, -1, []int{0, 1, 2, 3, 4}},
		"of what is next":  {6, -1, -1, []int{0, 1, 2, 3, 4, 5}},
		"of what is made":  {-1, -1, 3, []int{0, 1, 2}},
	} {
		t.Run(name, func(t *testing.T) {
			var emitted []int
			var begun, ended atomic.Int64
			under, n := make(chan struct{}), 0
			flushed := true
			err := ordered(context.Background(), 6, func(context.Context) (int, error) {
				if n == tt.next {
					panic(secret)
				}
				if n == 6 {
					return 0, io.EOF
				}
				n++
				return n - 1, nil
			}, func(i int) int {
				defer ended.Add(1)
				if begun.Add(1) == 6 { // all are under way before one of them panics
					close(under)
				}
				<-under
				if i == tt.work {
					panic(secret)
				}
				return i
			}, func(i int, idle bool) error {
				if i == tt.emit {
					panic(secret)
				}
				emitted, flushed = append(emitted, i), idle
				return nil
			})
			var mistake *MistakeError
			if !errors.As(err, &mistake) || strings.Contains(err.Error(), secret) {
				t.Fatalf("error %v", err)
			}
			if mistake.cause != secret || !strings.Contains(mistake.stack, "ordered_panic_test.go") {
				t.Errorf("it says %q, at\n%s", mistake.cause, mistake.stack)
			}
			if !slices.Equal(emitted, tt.emitted) {
				t.Errorf("emitted %v, want %v", emitted, tt.emitted)
			}
			if !flushed && tt.emit < 0 {
				t.Error("the last result waits for another one, which does not come")
			}
			if begun.Load() != ended.Load() {
				t.Errorf("%d were begun, and %d have ended", begun.Load(), ended.Load())
			}
		})
	}
}

// TestACauseThatIsAnEndOfAFile: an application that hangs up is no end of the
// items.
func TestACauseThatIsAnEndOfAFile(t *testing.T) {
	ctx, stop := context.WithCancelCause(context.Background())
	hungUp := fmt.Errorf("the application has hung up: %w", io.EOF)
	stop(hungUp)
	err := ordered(ctx, 1, func(context.Context) (int, error) { return 1, nil }, func(i int) int { return i }, func(int, bool) error { return nil })
	if !errors.Is(err, hungUp) {
		t.Errorf("error %v", err)
	}
}
