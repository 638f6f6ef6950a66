package sandbox_test

import (
	"testing"

	"github.com/scimsync/scimsync/connectors/scim/sandbox"
)

const ada = `,"active":true,"displayName":"Ada","name":{"givenName":"Ada","familyName":"Ito"},
"emails":[{"type":"work","value":"ada@x.org","primary":true},{"type":"home","value":"ada@h.org"}],
"roles":[{"primary":true,"value":"Editor"}],
"` + enterprise + `":{"department":"R&D"},"` + custom + `":{"tag":"a","level":"True"}`

// Each case patches a fresh Ada; u1 is the boss, u2 is Ada.
func TestPatchUser(t *testing.T) {
	const (
		work = `{"type":"work","value":"ada@x.org","primary":true}`
		home = `{"type":"home","value":"ada@h.org"}`
	)
	for name, c := range map[string]struct {
		operations []string
		attribute  string // "" for the whole extension
		urn        string
		want       string // "null" for gone
	}{
		// RFC 7644 section 3.5.2.
		"add a single value":              {[]string{`{"op":"add","path":"nickName","value":"Di"}`}, "nickName", "", `"Di"`},
		"add without path":                {[]string{`{"op":"add","value":{"emails":[{"value":"b@x.org","type":"other"}],"nickName":"Babs"}}`}, "emails", "", `[` + work + `,` + home + `,{"value":"b@x.org","type":"other"}]`},
		"add what is there":               {[]string{`{"op":"add","path":"emails","value":[` + home + `]}`}, "emails", "", `[` + work + `,` + home + `]`},
		"replace a list":                  {[]string{`{"op":"replace","path":"emails","value":[{"value":"n@x.org"}]}`}, "emails", "", `[{"value":"n@x.org"}]`},
		"replace part of a complex":       {[]string{`{"op":"replace","path":"name","value":{"givenName":"A."}}`}, "name", "", `{"givenName":"A.","familyName":"Ito"}`},
		"replace a part with null":        {[]string{`{"op":"replace","path":"name","value":{"givenName":null}}`}, "name", "", `{"familyName":"Ito"}`},
		"replace with null":               {[]string{`{"op":"replace","path":"displayName","value":null}`}, "displayName", "", `null`},
		"replace a sub-attribute":         {[]string{`{"op":"replace","path":"name.familyName","value":"I."}`}, "name", "", `{"givenName":"Ada","familyName":"I."}`},
		"replace an element":              {[]string{`{"op":"replace","path":"emails[type eq \"home\"]","value":{"type":"home","value":"q@h.org"}}`}, "emails", "", `[` + work + `,{"type":"home","value":"q@h.org"}]`},
		"add to an element":               {[]string{`{"op":"add","path":"emails[type eq \"home\"]","value":{"display":"H"}}`}, "emails", "", `[` + work + `,{"type":"home","value":"ada@h.org","display":"H"}]`},
		"replace in an element":           {[]string{`{"op":"replace","path":"emails[type eq \"home\" and value ew \"h.org\"].value","value":"z"}`}, "emails", "", `[` + work + `,{"type":"home","value":"z"}]`},
		"replace in all elements":         {[]string{`{"op":"replace","path":"emails.display","value":"D"}`}, "emails", "", `[{"type":"work","value":"ada@x.org","primary":true,"display":"D"},{"type":"home","value":"ada@h.org","display":"D"}]`},
		"remove an attribute":             {[]string{`{"op":"remove","path":"emails"}`}, "emails", "", `null`},
		"remove an element":               {[]string{`{"op":"remove","path":"emails[type eq \"work\"]"}`}, "emails", "", `[` + home + `]`},
		"remove in an element":            {[]string{`{"op":"remove","path":"emails[type eq \"work\"].primary"}`}, "emails", "", `[{"type":"work","value":"ada@x.org"},` + home + `]`},
		"remove the last part":            {[]string{`{"op":"remove","path":"name.givenName"}`, `{"op":"remove","path":"name.familyName"}`}, "name", "", `null`},
		"remove what is not there":        {[]string{`{"op":"remove","path":"title"}`}, "title", "", `null`},
		"remove by value":                 {[]string{`{"op":"Remove","path":"emails","value":[{"value":"ada@x.org"}]}`}, "emails", "", `[` + home + `]`},
		"remove by type":                  {[]string{`{"op":"Remove","path":"emails","value":{"type":"home"}}`}, "emails", "", `[` + work + `]`},
		"a new primary takes it":          {[]string{`{"op":"add","path":"emails","value":[{"value":"p@x.org","primary":true}]}`}, "emails", "", `[{"type":"work","value":"ada@x.org","primary":false},` + home + `,{"value":"p@x.org","primary":true}]`},
		"primary by path":                 {[]string{`{"op":"replace","path":"emails[type eq \"home\"].primary","value":"True"}`}, "emails", "", `[{"type":"work","value":"ada@x.org","primary":false},{"type":"home","value":"ada@h.org","primary":true}]`},
		"core URN":                        {[]string{`{"op":"replace","path":"urn:ietf:params:scim:schemas:core:2.0:User:title","value":"Dr"}`}, "title", "", `"Dr"`},
		"later operations see earlier":    {[]string{`{"op":"add","path":"title","value":"A"}`, `{"op":"replace","path":"title","value":"B"}`}, "title", "", `"B"`},
		"names in any case":               {[]string{`{"OP":"REPLACE","Path":"DISPLAYNAME","Value":"X"}`}, "displayName", "", `"X"`},
		"schemas and the own id are fine": {[]string{`{"op":"replace","value":{"schemas":["x"],"id":"u2","displayName":"X"}}`}, "displayName", "", `"X"`},

		// Entra's default dialect.
		"boolean text":               {[]string{`{"op":"Replace","path":"active","value":"False"}`}, "active", "", `false`},
		"boolean text back":          {[]string{`{"op":"Replace","path":"active","value":"False"}`, `{"op":"Replace","path":"active","value":"True"}`}, "active", "", `true`},
		"element that is there":      {[]string{`{"op":"Replace","path":"emails[type eq \"work\"].value","value":"n@x.org"}`}, "emails", "", `[{"type":"work","value":"n@x.org","primary":true},` + home + `]`},
		"Add makes the element":      {[]string{`{"op":"Add","path":"addresses[type eq \"work\"].formatted","value":"Floor 2"}`}, "addresses", "", `[{"type":"work","formatted":"Floor 2"}]`},
		"Replace makes the element":  {[]string{`{"op":"Replace","path":"phoneNumbers[type eq \"mobile\"].value","value":"1"}`}, "phoneNumbers", "", `[{"type":"mobile","value":"1"}]`},
		"makes an element of two":    {[]string{`{"op":"Add","path":"emails[type eq \"other\" and primary eq false].value","value":"o"}`}, "emails", "", `[` + work + `,` + home + `,{"type":"other","primary":false,"value":"o"}]`},
		"two parts of a new element": {[]string{`{"op":"Add","path":"addresses[type eq \"work\"].locality","value":"Rome"}`, `{"op":"Add","path":"addresses[type eq \"work\"].country","value":"IT"}`}, "addresses", "", `[{"type":"work","locality":"Rome","country":"IT"}]`},
		"makes a whole element":      {[]string{`{"op":"Add","path":"emails[type eq \"other\"]","value":{"value":"o"}}`}, "emails", "", `[` + work + `,` + home + `,{"type":"other","value":"o"}]`},
		"role by primary text":       {[]string{`{"op":"Replace","path":"roles[primary eq \"True\"].value","value":"Admin"}`}, "roles", "", `[{"primary":true,"value":"Admin"}]`},
		"role element made":          {[]string{`{"op":"Remove","path":"roles"}`, `{"op":"Add","path":"roles[primary eq \"True\"].value","value":"Admin"}`}, "roles", "", `[{"primary":true,"value":"Admin"}]`},
		"role as JSON text":          {[]string{`{"op":"Add","path":"roles","value":[{"value":"{\"id\":\"1\",\"value\":\"Admin\",\"displayName\":\"Admin\"}"}]}`}, "roles", "", `[{"primary":true,"value":"Editor"},{"value":"{\"id\":\"1\",\"value\":\"Admin\",\"displayName\":\"Admin\"}"}]`},
		"roles with displayName":     {[]string{`{"op":"replace","path":"roles","value":[{"primary":false,"type":"T","value":"A","displayName":"A"},{"primary":false,"value":"B","display":"B","id":"7"}]}`}, "roles", "", `[{"primary":false,"type":"T","value":"A","displayName":"A"},{"primary":false,"value":"B","display":"B","id":"7"}]`},
		"extension by URN":           {[]string{`{"op":"Add","path":"` + enterprise + `:employeeNumber","value":"7"}`}, "", enterprise, `{"department":"R&D","employeeNumber":"7"}`},
		"extension URN in any case":  {[]string{`{"op":"Replace","path":"URN:ietf:params:scim:schemas:extension:ENTERPRISE:2.0:user:Department","value":"X"}`}, "", enterprise, `{"department":"X"}`},
		"extension emptied":          {[]string{`{"op":"Remove","path":"` + enterprise + `:department"}`}, "", enterprise, `null`},
		"extension removed":          {[]string{`{"op":"Remove","path":"` + enterprise + `"}`}, "", enterprise, `null`},
		"extension as an object":     {[]string{`{"op":"Replace","path":"` + enterprise + `","value":{"costCenter":"9"}}`}, "", enterprise, `{"department":"R&D","costCenter":"9"}`},
		"custom extension":           {[]string{`{"op":"Replace","path":"` + custom + `:TAG","value":"b"}`}, "", custom, `{"tag":"b","level":"True"}`},
		"custom extension, new":      {[]string{`{"op":"Add","path":"urn:x:y:2.0:User:z","value":[{"value":"1"}]}`}, "", "urn:x:y:2.0:User", `{"z":[{"value":"1"}]}`},
		"custom extension, element":  {[]string{`{"op":"Add","path":"urn:x:y:2.0:User:z[type eq \"a\" and n eq 5].value","value":"1"}`}, "", "urn:x:y:2.0:User", `{"z":[{"type":"a","n":5,"value":"1"}]}`},
		"custom extension, whole":    {[]string{`{"op":"replace","value":{"` + custom + `":{"tag":"c"}}}`}, "", custom, `{"tag":"c","level":"True"}`},
		"custom extension, removed":  {[]string{`{"op":"remove","path":"` + custom + `"}`}, "", custom, `null`},
		"custom, removed by one":     {[]string{`{"op":"remove","path":"` + custom + `:tag"}`}, "", custom, `{"level":"True"}`},
		"manager as text":            {[]string{`{"op":"Add","path":"` + enterprise + `:manager","value":"u1"}`}, "", enterprise, `{"department":"R&D","manager":{"value":"u1"}}`},
		"manager as object":          {[]string{`{"op":"replace","path":"` + enterprise + `:manager","value":{"value":"u1"}}`}, "", enterprise, `{"department":"R&D","manager":{"value":"u1"}}`},
		"manager as list":            {[]string{`{"op":"Add","path":"manager","value":[{"$ref":null,"value":"u1"}]}`}, "", enterprise, `{"department":"R&D","manager":{"value":"u1"}}`},
		"manager by sub-attribute":   {[]string{`{"op":"add","path":"` + enterprise + `:manager.value","value":"u1"}`}, "", enterprise, `{"department":"R&D","manager":{"value":"u1"}}`},
		"manager removed by empty":   {[]string{`{"op":"Add","path":"` + enterprise + `:manager","value":"u1"}`, `{"op":"replace","path":"` + enterprise + `:manager","value":{"value":""}}`}, "", enterprise, `{"department":"R&D"}`},
		"manager removed by text":    {[]string{`{"op":"Add","path":"` + enterprise + `:manager","value":"u1"}`, `{"op":"Add","path":"` + enterprise + `:manager","value":""}`}, "", enterprise, `{"department":"R&D"}`},
		"manager removed by sub":     {[]string{`{"op":"Add","path":"` + enterprise + `:manager","value":"u1"}`, `{"op":"replace","path":"` + enterprise + `:manager.value","value":""}`}, "", enterprise, `{"department":"R&D"}`},
		"manager removed":            {[]string{`{"op":"Add","path":"` + enterprise + `:manager","value":"u1"}`, `{"op":"Remove","path":"` + enterprise + `:manager"}`}, "", enterprise, `{"department":"R&D"}`},
		"manager removed by its id":  {[]string{`{"op":"Add","path":"` + enterprise + `:manager","value":"u1"}`, `{"op":"Remove","path":"` + enterprise + `:manager","value":[{"value":"u1"}]}`}, "", enterprise, `{"department":"R&D"}`},
		"a password is taken":        {[]string{`{"op":"add","path":"password","value":"pa55"}`}, "password", "", `null`},

		// Entra's dialect with the flag aadOptscim062020.
		"dotted and URN keys":  {[]string{`{"op":"replace","value":{"displayName":"D","name.familyName":"X","` + enterprise + `:department":"Ops"}}`}, "", enterprise, `{"department":"Ops"}`},
		"dotted key":           {[]string{`{"op":"replace","value":{"name.familyName":"X"}}`}, "name", "", `{"givenName":"Ada","familyName":"X"}`},
		"add with dotted keys": {[]string{`{"op":"add","value":{"name.middleName":"M","active":true}}`}, "name", "", `{"givenName":"Ada","familyName":"Ito","middleName":"M"}`},
		"filtered key":         {[]string{`{"op":"add","value":{"emails[type eq \"other\"].value":"o"}}`}, "emails", "", `[` + work + `,` + home + `,{"type":"other","value":"o"}]`},
		"nested extension":     {[]string{`{"op":"add","value":{"` + enterprise + `":{"division":"D","manager":"u1"}}}`}, "", enterprise, `{"department":"R&D","division":"D","manager":{"value":"u1"}}`},
		"boolean":              {[]string{`{"op":"replace","path":"active","value":false}`}, "active", "", `false`},
		"a list as an object":  {[]string{`{"op":"add","path":"emails","value":{"value":"o"}}`}, "emails", "", `[` + work + `,` + home + `,{"value":"o"}]`},
	} {
		t.Run(name, func(t *testing.T) {
			a := newApp(t, sandbox.Options{})
			a.user("boss")
			id := a.user("ada", ada)
			answered := a.must("PATCH", "/Users/"+id, patchBody(c.operations...))
			key := c.attribute
			if key == "" {
				key = c.urn
			}
			wantJSON(t, "stored", a.stored(id)[key], c.want)
			if answered["id"] != id {
				t.Errorf("the answer is %v", answered)
			}
		})
	}
}

func TestPatchMembers(t *testing.T) {
	for name, c := range map[string]struct{ operation, want string }{
		"Add":                  {`{"op":"Add","path":"members","value":[{"value":"u3"}]}`, "u1 u2 u3"},
		"Add with $ref null":   {`{"op":"Add","path":"members","value":[{"$ref":null,"value":"u3"}]}`, "u1 u2 u3"},
		"Add one object":       {`{"op":"Add","path":"members","value":{"value":"u3"}}`, "u1 u2 u3"},
		"Add without path":     {`{"op":"add","value":{"members":[{"value":"u3"}]}}`, "u1 u2 u3"},
		"Add one twice":        {`{"op":"Add","path":"members","value":[{"value":"u1"},{"value":"u3"},{"value":"u3"}]}`, "u1 u2 u3"},
		"Add by filter":        {`{"op":"add","path":"members[value eq \"u3\"]","value":{"value":"u3"}}`, "u1 u2 u3"},
		"Replace":              {`{"op":"Replace","path":"members","value":[{"value":"u3"}]}`, "u3"},
		"Replace, keeping one": {`{"op":"replace","path":"members","value":[{"value":"u3"},{"value":"u2"}]}`, "u2 u3"},
		"Replace with none":    {`{"op":"replace","path":"members","value":[]}`, ""},
		"Replace without path": {`{"op":"replace","value":{"displayName":"N","members":[{"value":"u2"}]}}`, "u2"},
		"Remove by value":      {`{"op":"Remove","path":"members","value":[{"value":"u1"}]}`, "u2"},
		"Remove, $ref null":    {`{"op":"Remove","path":"members","value":[{"$ref":null,"value":"u1"}]}`, "u2"},
		"Remove by filter":     {`{"op":"remove","path":"members[value eq \"u1\"]"}`, "u2"},
		"Remove by two":        {`{"op":"remove","path":"members[value eq \"u1\" or value eq \"u2\"]"}`, ""},
		"Remove all":           {`{"op":"remove","path":"members"}`, ""},
		"Remove a stranger":    {`{"op":"Remove","path":"members","value":[{"value":"nobody"}]}`, "u1 u2"},
		"Remove by a stranger": {`{"op":"remove","path":"members[value eq \"nobody\"]"}`, "u1 u2"},
		"core URN":             {`{"op":"Add","path":"urn:ietf:params:scim:schemas:core:2.0:Group:members","value":[{"value":"u3"}]}`, "u1 u2 u3"},
		"out and in":           {`{"op":"Remove","path":"members","value":[{"value":"u1"}]},{"op":"Add","path":"members","value":[{"value":"u1"}]}`, "u1 u2"},
		"in and out":           {`{"op":"Add","path":"members","value":[{"value":"u3"}]},{"op":"Remove","path":"members","value":[{"value":"u3"}]}`, "u1 u2"},
	} {
		t.Run(name, func(t *testing.T) {
			a := newApp(t, sandbox.Options{})
			a.user("a")
			a.user("b")
			a.user("c")
			id := a.group("G", "u1", "u2")
			before := a.must("GET", "/Groups/"+id, "")["meta"].(map[string]any)["version"]
			r := a.do("PATCH", "/Groups/"+id, patchBody(c.operation))
			if r.status != 204 || r.body != "" {
				t.Fatalf("%d %s", r.status, r.body)
			}
			if got := a.members(id); got != c.want {
				t.Errorf("members %q, want %q", got, c.want)
			}
			after := a.must("GET", "/Groups/"+id, "")["meta"].(map[string]any)["version"]
			if (before == after) != (c.want == "u1 u2") {
				t.Errorf("version %v became %v", before, after)
			}
		})
	}
}

func TestPatchIsAllOrNothing(t *testing.T) {
	a := newApp(t, sandbox.Options{})
	u, v := a.user("ada", ada), a.user("b")
	g := a.group("G", v)
	for path, body := range map[string]string{
		"/Users/" + u: patchBody(`{"op":"replace","path":"displayName","value":"X"}`,
			`{"op":"replace","path":"emails[type eq \"work\"].value","value":"X"}`,
			`{"op":"remove","path":"`+enterprise+`:department"}`, `{"op":"replace","path":"userName","value":"B"}`),
		"/Groups/" + g: patchBody(`{"op":"replace","path":"displayName","value":"X"}`, `{"op":"remove","path":"members"}`,
			`{"op":"add","path":"members","value":[{"value":"`+u+`"}]}`, `{"op":"add","path":"members","value":[{"value":"nobody"}]}`),
	} {
		before := a.must("GET", path, "")
		if r := a.do("PATCH", path, body); r.status < 400 {
			t.Errorf("%s: %d", path, r.status)
		}
		wantSame(t, path, before, a.must("GET", path, ""))
	}
}

func TestPatchThatChangesNothingKeepsTheVersion(t *testing.T) {
	a := newApp(t, sandbox.Options{})
	id := a.user("ada", ada)
	before := a.must("GET", "/Users/"+id, "")
	a.must("PATCH", "/Users/"+id, patchBody(`{"op":"Replace","path":"displayName","value":"Ada"}`, `{"op":"Add","path":"active","value":"True"}`))
	wantSame(t, "user", before, a.must("GET", "/Users/"+id, ""))
}

func TestPatchAnswers(t *testing.T) {
	a := newApp(t, sandbox.Options{NoContentOnUserPatch: true, ContentOnGroupPatch: true})
	u := a.user("ada")
	g := a.group("G", u)
	if r := a.do("PATCH", "/Users/"+u, patchBody(`{"op":"add","path":"title","value":"T"}`)); r.status != 204 || r.body != "" || r.header.Get("ETag") != `W/"2"` {
		t.Errorf("user: %d %s %v", r.status, r.body, r.header)
	}
	r := a.do("PATCH", "/Groups/"+g+"?excludedAttributes=members", patchBody(`{"op":"replace","path":"displayName","value":"N"}`))
	m := decode(t, r.body)
	if r.status != 200 || m["displayName"] != "N" || m["members"] != nil {
		t.Errorf("group: %d %s", r.status, r.body)
	}
}
