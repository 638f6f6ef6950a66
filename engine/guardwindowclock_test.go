package engine_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/scimsync/scimsync/engine"
)

// TestAWordByAClockThatWasAhead hides nothing of the window that comes after it: a
// clock in local time is taken for UTC, somebody allows a deletion, and it is set
// right.
func TestAWordByAClockThatWasAhead(t *testing.T) {
	o := newBureau(t, shape{people: 100})
	gone := 0
	block := func(n int) {
		o.block(gone, gone+n)
		gone += n
	}
	o.later(11 * time.Hour)
	if err := o.engine.AllowDeletes(context.Background(), o.job.Name); err != nil {
		t.Fatal(err)
	}
	o.cycle()
	o.later(-11 * time.Hour)
	var err error
	for gone < 90 && err == nil {
		block(5)
		o.later(10 * time.Minute)
		_, err = o.try()
	}
	active, _, _ := o.held()
	var stop *engine.GuardError
	if !errors.As(err, &stop) || active < 70 {
		t.Errorf("%d of 100 are active; error %v", active, err)
	}
}
