package export

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"unicode/utf8"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/directory"
)

// fuzzRead reads content as a file of this name and checks what must hold
// whatever the file holds: the read ends, every error is a *ReadError, and
// every object is one that the rest of the program can use.
func fuzzRead(t *testing.T, f file, list directory.ObjectType, content []byte) {
	var objects []directory.Object
	l := &lister{ctx: context.Background(), builder: newBuilder(list), each: func(e entry, _ place) error {
		objects = append(objects, e.object)
		return nil
	}}
	in, err := newText(f, bytes.NewReader(content))
	if err == nil {
		_, err = l.read(&f, in)
	}
	var re *connectors.ReadError
	if err != nil && !errors.As(err, &re) {
		t.Fatalf("%v is no *ReadError", err)
	}
	if list == directory.Group {
		fuzzFlatten(t, objects)
	}
	for _, o := range objects {
		if o.Anchor == "" {
			t.Fatalf("an object without anchor: %v", o)
		}
		for name, v := range o.Attributes {
			if !utf8.ValidString(name) || !utf8.ValidString(v.Text()) {
				t.Fatalf("attribute %q is not UTF-8: %q", name, v)
			}
		}
		c, err := directory.DecodeChange(directory.AppendChange(nil, directory.Change{Object: o}))
		if err != nil || c.Object.Hash() != o.Hash() {
			t.Fatalf("the object does not survive being written down: %v", err)
		}
	}
}

// fuzzFlatten flattens groups and checks that no group is left in any, and
// nobody twice.
func fuzzFlatten(t *testing.T, groups []directory.Object) {
	n := newNesting()
	for _, g := range groups {
		n.isGroup(directory.IDOf(g.Anchor))
		for _, m := range g.Get("members").Elements() {
			n.surveyed(referral{id: m.Anchor()})
		}
	}
	for _, g := range groups {
		n.enter(g)
	}
	for i := range groups {
		n.flatten(&groups[i])
		seen := map[string]bool{}
		for _, m := range groups[i].Get("members").Elements() {
			if _, isGroup := n.groups[directory.IDOf(m.Anchor())]; isGroup || seen[m.Anchor()] {
				t.Fatalf("%v has %s", groups[i], m)
			}
			seen[m.Anchor()] = true
		}
	}
}

func FuzzJSON(f *testing.F) {
	for _, seed := range []string{
		"", "[]", "{", `{"value":[` + ada + `],"@odata.nextLink":"x"}`, ada + "\n" + bo, "\uFEFF[" + ada + "]", "\xff\xfe[\x00]\x00",
		`[{"id":"a1","manager":{"id":"b2"},"businessPhones":["1"],"onPremisesExtensionAttributes":{"extensionAttribute1":"x"},"employeeOrgData":{"division":"y"}}]`,
		`[{"id":"a1","userPrincipalName":"a_b#EXT#@c","manager@delta":[{"@removed":{},"id":"x"}],"x":[[{"y":null}],-0.5e3,1e999]}]`,
		`{"error":{"code":"x"}}`, `[{"id":"g1","members":["a1",{"id":"b2"},{"id":"b2"},null],"owners":[{"id":"a1"}],"members@delta":[]}]`, `{"@odata.context":"$metadata#groups","value":[]}`,
		`[{"id":"g1","members":["g2","a1",{"id":"g3","@odata.type":"#microsoft.graph.group"}]},{"id":"g2","members":["g1","a1","b2"]}]`, "[{\"id\":\"\\ud83d\"}]",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		fuzzRead(t, file{path: "u.json"}, directory.User, content)
		fuzzRead(t, file{path: "g.json"}, directory.Group, content)
	})
}

func FuzzCSV(f *testing.F) {
	for _, seed := range []string{
		"", "id", "id,displayName\na1,Ada\n", portalHeader + "\na@x,Ada,,,,a1,Member,,,TRUE\n", "\uFEFFsep=;\r\nid;mail\r\na1;\"a\"\"@x\"\r\n",
		"#TYPE x\nid\ta\n1\t\"2\n3\"\n", "id,id\n", "id,accountEnabled,createdDateTime,manager,businessPhones\na1,TRUE,8/19/2021 1:25:31 PM,b2,1;2\n", "\xff\xfei\x00d\x00",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		fuzzRead(t, file{path: "u.csv", format: formatCSV}, directory.User, content)
	})
}
