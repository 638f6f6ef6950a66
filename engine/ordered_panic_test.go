package engine

import (
	"context"
	"io"
	"strings"
	"testing"
)

// TestAPanicOfAWorkerIsTheCallers: what runs in another goroutine could end the
// program past everything that would mask what it says.
func TestAPanicOfAWorkerIsTheCallers(t *testing.T) {
	for name, at := range map[string]struct{ next, work int }{"of the work": {-1, 3}, "of what is next": {3, -1}} {
		t.Run(name, func(t *testing.T) {
			emitted, n := 0, 0
			defer func() {
				b, ok := recover().(*broken)
				if !ok || !strings.Contains(b.Error(), "a mistake") || !strings.Contains(b.Error(), "ordered_panic_test.go") {
					t.Errorf("recovered %v", b)
				}
				if emitted < 3 {
					t.Errorf("of what came before, %d results were recorded", emitted)
				}
			}()
			_ = ordered(context.Background(), 1, func(context.Context) (int, error) {
				if n == at.next {
					panic("a mistake")
				}
				if n == 10 {
					return 0, io.EOF
				}
				n++
				return n - 1, nil
			}, func(i int) int {
				if i == at.work {
					panic("a mistake")
				}
				return i
			}, func(int, bool) error {
				emitted++
				return nil
			})
			t.Error("there was no panic")
		})
	}
}
