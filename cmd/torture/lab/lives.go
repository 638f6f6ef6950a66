package lab

import (
	"os"
	"strconv"
	"testing"
)

// Number returns what the environment says, or a number if it says nothing.
func Number(t testing.TB, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s is %q; it takes a number above 0", name, text)
	}
	return n
}

// Tries returns how often a test tries its failure: as often as TORTURE says,
// else as often as usual, or a tenth of it with -short.
func Tries(t testing.TB, usual int) int {
	t.Helper()
	if testing.Short() {
		usual = max(usual/10, 1)
	}
	return Number(t, "TORTURE", usual)
}

// Seed returns the seed of the run, TORTURE_SEED or one that is always the same,
// and says it if the test fails.
func Seed(t testing.TB) uint64 {
	t.Helper()
	seed := Number(t, "TORTURE_SEED", 1)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("to repeat it: TORTURE_SEED=%d", seed)
		}
	})
	return uint64(seed) //nolint:gosec // above 0
}

// Lives founds one firm after the other, each with a seed of its own, so that it
// can be repeated alone, until a failure was tried as often as Tries says. live
// tries it on one of them, left times at the most, and returns how often it did.
// The sum is the test's attribute "tries".
func Lives(t *testing.T, usual int, live func(t *testing.T, seed uint64, left int) (tries int)) {
	t.Helper()
	wanted, seed := Tries(t, usual), Seed(t)
	done := 0
	for life := 0; done < wanted && life < 3*wanted; life++ {
		if !t.Run("seed "+strconv.FormatUint(seed, 10), func(t *testing.T) { done += live(t, seed, wanted-done) }) {
			break
		}
		seed++
	}
	t.Attr("tries", strconv.Itoa(done))
	if done < wanted && !t.Failed() {
		t.Errorf("tried %d times, and %d were asked for", done, wanted)
	}
}
