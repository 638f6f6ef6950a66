package engine

import (
	"errors"
	"fmt"
	"runtime/debug"

	"go.uber.org/zap"
)

// MistakeError says that the program panicked: it has a mistake in it. What was
// under way has ended in order, and the program goes on. The error's text says
// no more, for it is recorded, shown and sent to people: what a panic says may
// hold a secret, and is logged alone, where secrets are masked.
//
// What the Go runtime ends a program for by itself (memory that is used up, a
// map written from two goroutines) cannot be contained; its text names no
// values.
type MistakeError struct {
	cause string
	stack string
}

// Error says what has happened, and what to do.
func (e *MistakeError) Error() string {
	return "scimsync has a mistake in it, and ended what it was doing; please report it with what the program has logged about it"
}

// contained runs f and returns its error; where f panics, a *MistakeError.
func contained(f func() error) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = &MistakeError{cause: fmt.Sprint(cause), stack: string(debug.Stack())}
		}
	}()
	return f()
}

// containing returns f contained, for another goroutine to call.
func containing(f func() error) func() error { return func() error { return contained(f) } }

// report logs the mistake in err's chain with where it is, if there is one.
func (e *Engine) report(err error, fields ...zap.Field) {
	var mistake *MistakeError
	if !errors.As(err, &mistake) {
		return
	}
	if entry := e.Logger.Check(zap.ErrorLevel, "scimsync has a mistake in it"); entry != nil {
		entry.Stack = mistake.stack
		entry.Write(append(fields, zap.String("code", internalError), zap.String("panic", mistake.cause))...)
	}
}

// internalError is the error code of what is nobody's fault but the program's.
const internalError = "InternalError"
