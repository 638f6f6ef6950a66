package export

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"unicode/utf8"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/directory"
)

// fuzzRead reads content as a file of this name and checks what must hold
// whatever the file holds: the read ends, every error is a *ReadError, and
// every object is one that the rest of the program can use.
func fuzzRead(t *testing.T, dir, name string, content []byte) {
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	changes, _, err := readAll(newSource(t, Options{Users: path, DeletedUsers: ""}), nil)
	var re *connectors.ReadError
	if err != nil && !errors.As(err, &re) {
		t.Fatalf("%v is no *ReadError", err)
	}
	seen := map[string]bool{}
	for _, c := range changes {
		if c.Object.Anchor == "" || seen[c.Object.Anchor] {
			t.Fatalf("anchor %q is empty or delivered twice", c.Object.Anchor)
		}
		seen[c.Object.Anchor] = true
		for name, v := range c.Object.Attributes {
			if !utf8.ValidString(name) || !utf8.ValidString(v.Text()) {
				t.Fatalf("attribute %q is not UTF-8: %q", name, v)
			}
		}
		back, err := directory.DecodeChange(directory.AppendChange(nil, c))
		if err != nil || back.Object.Hash() != c.Hash {
			t.Fatalf("the object does not survive being written down: %v", err)
		}
	}
}

func FuzzJSON(f *testing.F) {
	for _, seed := range []string{
		"", "[]", "{", `{"value":[` + ada + `],"@odata.nextLink":"x"}`, ada + "\n" + bo, "\uFEFF[" + ada + "]", "\xff\xfe[\x00]\x00",
		`[{"id":"a1","manager":{"id":"b2"},"businessPhones":["1"],"onPremisesExtensionAttributes":{"extensionAttribute1":"x"},"employeeOrgData":{"division":"y"}}]`,
		`[{"id":"a1","userPrincipalName":"a_b#EXT#@c","manager@delta":[{"@removed":{},"id":"x"}],"x":[[{"y":null}],-0.5e3,1e999]}]`,
		`{"error":{"code":"x"}}`, `{"@odata.context":"$metadata#groups","value":[]}`, "[{\"id\":\"\\ud83d\"}]",
	} {
		f.Add([]byte(seed))
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, content []byte) { fuzzRead(t, dir, "u.json", content) })
}

func FuzzCSV(f *testing.F) {
	for _, seed := range []string{
		"", "id", "id,displayName\na1,Ada\n", portalHeader + "\na@x,Ada,,,,a1,Member,,,TRUE\n", "\uFEFFsep=;\r\nid;mail\r\na1;\"a\"\"@x\"\r\n",
		"#TYPE x\nid\ta\n1\t\"2\n3\"\n", "id,id\n", "id,accountEnabled,createdDateTime,manager,businessPhones\na1,TRUE,8/19/2021 1:25:31 PM,b2,1;2\n", "\xff\xfei\x00d\x00",
	} {
		f.Add([]byte(seed))
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, content []byte) { fuzzRead(t, dir, "u.csv", content) })
}
