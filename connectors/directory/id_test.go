package directory_test

import (
	"testing"

	"github.com/scimsync/scimsync/connectors/directory"
)

func TestIDOf(t *testing.T) {
	for anchor, isGUID := range map[string]bool{
		"06b07648-ecfe-589f-9d2f-6325724a46ee": true,
		"06B07648-ecfe-589f-9d2f-6325724a46ee": false, // would not come back as it was
		"06b07648ecfe589f9d2f6325724a46ee":     false,
		"06b07648-ecfe-589f-9d2f6-325724a46ee": false,
		"06b0764--ecfe-589f-9d2f-6325724a46ee": false,
		"":                                     false, "ada@contoso.com": false,
	} {
		got, ok := directory.IDOf(anchor).GUID()
		if ok != isGUID || ok && got != anchor {
			t.Errorf("%q: %q, %v", anchor, got, ok)
		}
		if directory.IDOf(anchor) == directory.IDOf(anchor+"x") {
			t.Errorf("%q and %qx share an ID", anchor, anchor)
		}
	}
}
