package directory

import "testing"

func TestNearest(t *testing.T) {
	known := []string{"department", "displayName", "mail", "mobile", "mailNickname"}
	for _, c := range []struct{ word, want string }{
		{"departmnet", "department"},
		{"Department", "department"},
		{"dispalyname", "displayName"},
		{"mial", "mail"},
		{"mobil", "mobile"},
		{"x", ""},
		{"", ""},
		{"costCenterCode", ""},
	} {
		if got := Nearest(c.word, known); got != c.want {
			t.Errorf("Nearest(%q) = %q, want %q", c.word, got, c.want)
		}
	}
}
