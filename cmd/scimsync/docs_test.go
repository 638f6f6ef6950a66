package main

import (
	"testing"

	"github.com/scimsync/scimsync/mapping/expr"
)

// TestFunctionsPage keeps docs/functions.md what the function table says; run
// with -update to write it anew.
func TestFunctionsPage(t *testing.T) {
	golden(t, "../../docs/functions.md", functionsPage(expr.Functions()))
}
