package main

import "testing"

// TestWrapped: sentences break between words, and a command stays in one piece.
func TestWrapped(t *testing.T) {
	for _, c := range []struct {
		name, sentence string
		width          int
		want           string
	}{
		{"fits", "a few words", 20, "a few words"},
		{"no terminal", "many words that go on", 0, "many words that go on"},
		{"words", "many words that go on", 11, "many words\n  that go\n  on"},
		{"a command", `Look at "scimsync plan hr". If so`, 14, "Look at\n  \"scimsync plan hr\".\n  If so"},
		{"a long word", "at https://app.example.com/scim then", 10, "at\n  https://app.example.com/scim\n  then"},
		{"its own lines", "one two\nthree four", 9, "one two\nthree\n  four"},
		{"wide characters", "日本 日本 日本", 9, "日本 日本\n  日本"},
		{"what begins with spaces", "   a b c d", 7, "   a b\n  c d"},
	} {
		if got := wrapped(c.sentence, c.width, "  "); got != c.want {
			t.Errorf("%s: %q, not %q", c.name, got, c.want)
		}
	}
}

// TestField: a value goes on below itself.
func TestField(t *testing.T) {
	const value = "out of scope: not assigned"
	for width, want := range map[int]string{
		0:  "  scope    out of scope: not assigned\n",
		24: "  scope    out of scope:\n           not assigned\n",
		5:  "  scope    out of scope: not assigned\n",
	} {
		if got := field("scope", value, 8, width); got != want {
			t.Errorf("%d columns: %q, not %q", width, got, want)
		}
	}
}
