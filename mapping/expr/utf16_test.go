package expr

import (
	"testing"
	"unicode/utf16"

	"pgregory.net/rapid"
)

// TestUTF16AgainstUnits compares lengths and slices with real UTF-16.
func TestUTF16AgainstUnits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringOf(rapid.SampledFrom([]rune("ab é한😀𝒳\u0301"))).Draw(t, "s")
		units := utf16.Encode([]rune(s))
		if got := utf16Len(s); got != int64(len(units)) {
			t.Fatalf("utf16Len(%q) = %d, want %d", s, got, len(units))
		}
		start := rapid.IntRange(0, len(units)+2).Draw(t, "start")
		length := rapid.IntRange(-1, len(units)+2).Draw(t, "length")
		want := ""
		if start < len(units) && length > 0 {
			want = string(utf16.Decode(units[start:min(start+length, len(units))]))
		}
		if got := utf16Slice(s, int64(start), int64(length)); got != want {
			t.Fatalf("utf16Slice(%q, %d, %d) = %q, want %q", s, start, length, got, want)
		}
		if got := fromUTF16Bytes(utf16Bytes(s)); got != s {
			t.Fatalf("UTF-16 bytes of %q decode to %q", s, got)
		}
	})
}

func TestUTF16SliceDoesNotOverflow(t *testing.T) {
	const most = 1<<63 - 1
	for _, s := range []string{"abc", "a😀b"} {
		if got := utf16Slice(s, 1, most); got != s[1:] {
			t.Errorf("utf16Slice(%q, 1, max) = %q", s, got)
		}
		if got := utf16Slice(s, most, most); got != "" {
			t.Errorf("utf16Slice(%q, max, max) = %q", s, got)
		}
	}
}
