package sandbox_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/scimsync/scimsync/connectors/scim/sandbox"
)

const userStart = `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],`

// The whole text of refusals: status, scimType and detail. u1 is a user, u2
// another, u3 a group of u1.
func TestRefusals(t *testing.T) {
	a := newApp(t, sandbox.Options{})
	a.user("ada", ada)
	a.user("bob")
	a.group("Ops", "u1")
	for _, c := range []struct {
		method, path, body string
		status             int
		scimType, detail   string
	}{
		// Endpoints and methods.
		{"GET", "/Users/u9", "", 404, "", "there is no User with the id 'u9'"},
		{"GET", "/Users/u3", "", 404, "", "there is no User with the id 'u3'"},
		{"DELETE", "/Groups/u1", "", 404, "", "there is no Group with the id 'u1'"},
		{"PATCH", "/Users/u9", patchBody(`{"op":"add","path":"title","value":"x"}`), 404, "", "there is no User with the id 'u9'"},
		{"PUT", "/Users/u9", userStart + `"userName":"x"}`, 404, "", "there is no User with the id 'u9'"},
		{"GET", "/users", "", 404, "", "there is no endpoint /scim/v2/users; did you mean 'Users'?"},
		{"GET", "", "", 404, "", "there is no endpoint /scim/v2/"},
		{"GET", "/Users/u1/emails", "", 404, "", "there is nothing below a User: /scim/v2/Users/u1/emails"},
		{"POST", "/Bulk", "{}", 501, "", "/scim/v2/Bulk is not supported by this application"},
		{"GET", "/Me", "", 501, "", "/scim/v2/Me is not supported by this application"},
		{"PATCH", "/Users", "{}", 405, "", "PATCH is not possible here: GET, POST are"},
		{"POST", "/Users/u1", "{}", 405, "", "POST is not possible here: GET, PUT, PATCH, DELETE are"},
		{"POST", "/Schemas", "{}", 405, "", "POST is not possible here: GET is"},
		{"GET", "/Schemas?filter=id+pr", "", 403, "", "/Schemas cannot be filtered (RFC 7644 section 4)"},
		{"GET", "/ResourceTypes/Usr", "", 404, "", "/ResourceTypes has no 'Usr'; did you mean 'User'?"},

		// Bodies.
		{"POST", "/Users", " ", 400, "invalidSyntax", "the body is empty"},
		{"POST", "/Users", `[]`, 400, "invalidSyntax", "the body is a JSON object, not a list"},
		{"POST", "/Users", "{\n \"a\": x}", 400, "invalidSyntax", "the body is no JSON: line 2, character 7: invalid character 'x' looking for beginning of value"},
		{"POST", "/Users", `{"a":`, 400, "invalidSyntax", "the body is no JSON: it ends in the middle of a value, after 5 bytes"},
		{"POST", "/Users", `{} {}`, 400, "invalidSyntax", "something follows the JSON value of the body, which ends after 2 bytes"},
		{"POST", "/Users", `{}}`, 400, "invalidSyntax", "something follows the JSON value of the body, which ends after 2 bytes"},
		{"POST", "/Users", "{\"a\":\"\xff\"}", 400, "invalidSyntax", "the body is not valid UTF-8"},
		{"POST", "/Users", strings.Repeat(" ", 1<<20) + "{}", 413, "", "the body has more than 1048576 bytes"},
		{"POST", "/Users", `{"userName":"x"}`, 400, "invalidSyntax", `"schemas" is missing: a User starts with "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"]`},
		{"POST", "/Users", `{"schemas":["` + enterprise + `"],"userName":"x"}`, 400, "invalidSyntax", `"schemas" does not name 'urn:ietf:params:scim:schemas:core:2.0:User', the schema of a User`},
		{"POST", "/Users", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Usr"],"userName":"x"}`, 400, "invalidSyntax", "the schema 'urn:ietf:params:scim:schemas:core:2.0:Usr' is not defined; did you mean 'urn:ietf:params:scim:schemas:core:2.0:User'?"},
		{"POST", "/Users", `{"schemas":["User"],"userName":"x"}`, 400, "invalidSyntax", `"schemas" holds the text "User", which is no URN of a schema`},
		{"POST", "/Users", userStart + `"active":true}`, 400, "invalidValue", "a User needs 'userName', and it must not be empty"},
		{"POST", "/Users", userStart + `"userName":" "}`, 400, "invalidValue", "a User needs 'userName', and it must not be empty"},
		{"POST", "/Users", userStart + `"usernam":"x"}`, 400, "invalidSyntax", "the attribute 'usernam' is not defined for User; did you mean 'userName'?"},
		{"POST", "/Users", userStart + `"userName":"x","mail":"y"}`, 400, "invalidSyntax", "the attribute 'mail' is not defined for User; did you mean 'emails'?"},
		{"POST", "/Users", userStart + `"userName":"x","surname":"y"}`, 400, "invalidSyntax", "the attribute 'surname' is not defined for User; did you mean 'name.familyName'?"},
		{"POST", "/Users", userStart + `"userName":"x","department":"y"}`, 400, "invalidSyntax", "the attribute 'department' is not defined for User; did you mean '" + enterprise + ":department'?"},
		{"POST", "/Users", userStart + `"userName":"x","quux":"y"}`, 400, "invalidSyntax", "the attribute 'quux' is not defined for User"},
		{"POST", "/Users", userStart + `"userName":"x","USERNAME":"y"}`, 400, "invalidSyntax", "'USERNAME' and 'userName' are one attribute, given twice"},
		{"POST", "/Users", userStart + `"userName":7}`, 400, "invalidValue", "'userName' takes text in quotes, not the number 7"},
		{"POST", "/Users", userStart + `"userName":"x","active":"True"}`, 400, "invalidValue", `'active' takes true or false, not the text "True"`},
		{"POST", "/Users", userStart + `"userName":"x","name":"y"}`, 400, "invalidValue", `'name' takes an object, such as {"formatted": "…"}, not the text "y"`},
		{"POST", "/Users", userStart + `"userName":"x","name":{"given":"y"}}`, 400, "invalidSyntax", "the sub-attribute 'given' is not defined for 'name'"},
		{"POST", "/Users", userStart + `"userName":"x","name":{"givenname":"y","giveName":"z"}}`, 400, "invalidSyntax", "the sub-attribute 'giveName' is not defined for 'name'; did you mean 'givenName'?"},
		{"POST", "/Users", userStart + `"userName":"x","emails":"y"}`, 400, "invalidValue", `'emails' takes a list, such as [{"value": "…"}], not the text "y"`},
		{"POST", "/Users", userStart + `"userName":"x","emails":["y"]}`, 400, "invalidValue", `'emails[0]' takes an object, such as {"value": "…"}, not the text "y"`},
		{"POST", "/Users", userStart + `"userName":"x","emails":[{"value":"a","primary":true},{"value":"b","primary":true}]}`, 400, "invalidValue", "'emails' has 2 primary values: primary is true at most once"},
		{"POST", "/Users", userStart + `"userName":"x","` + enterprise + `":{"departmen":"y"}}`, 400, "invalidSyntax", "the attribute 'departmen' is not defined for " + enterprise + "; did you mean 'department'?"},
		{"POST", "/Users", userStart + `"userName":"x","` + enterprise + `:department":"y"}`, 400, "invalidSyntax", "'" + enterprise + `:department': in a resource the attributes of an extension stand within one object: "` + enterprise + `": {"department": …}`},
		{"POST", "/Users", userStart + `"userName":"x","` + enterprise + `":{"manager":"u9"}}`, 400, "invalidValue", "the manager 'u9' is no user here: create the manager first"},
		{"POST", "/Users", userStart + `"userName":"x","` + enterprise + `":{"manager":{"id":"u1"}}}`, 400, "invalidSyntax", "the sub-attribute 'id' is not defined for '" + enterprise + ":manager'"},
		{"POST", "/Users", userStart + `"userName":"x","` + custom + `":"y"}`, 400, "invalidSyntax", "the extension '" + custom + `' is an object of its attributes, not the text "y"`},
		{"POST", "/Groups", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"x","` + enterprise + `":{}}`, 400, "invalidSyntax", "the schema '" + enterprise + "' is one of a User, not of a Group"},
		{"POST", "/Groups", groupBody("X", "u9"), 400, "invalidValue", "the member 'u9' is neither a user nor a group here: create it first"},
		{"POST", "/Groups", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"x","members":["u1"]}`, 400, "invalidValue", `'members[0]' takes an object, such as {"value": "<id of a user>"}, not the text "u1"`},
		{"POST", "/Groups", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"x","members":[{"id":"u1"}]}`, 400, "invalidSyntax", "the sub-attribute 'id' is not defined for 'members[0]'"},
		{"POST", "/Groups", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"x","members":[{"display":"u1"}]}`, 400, "invalidValue", `'members[0]' needs "value": the id of a resource as text, not null`},

		// Uniqueness.
		{"POST", "/Users", userStart + `"userName":"ADA"}`, 409, "uniqueness", "a User with the userName 'ADA' exists already: u1"},
		{"PUT", "/Users/u2", userStart + `"userName":"Ada"}`, 409, "uniqueness", "a User with the userName 'Ada' exists already: u1"},
		{"PATCH", "/Users/u2", patchBody(`{"op":"replace","path":"userName","value":"ada"}`), 409, "uniqueness", "a User with the userName 'ada' exists already: u1"},
		{"POST", "/Groups", groupBody("OPS"), 409, "uniqueness", "a Group with the displayName 'OPS' exists already: u3"},

		// Queries.
		{"GET", "/Users?filter=usernam+eq+%22x%22", "", 400, "invalidFilter", "the attribute 'usernam' is not defined for User; did you mean 'userName'?"},
		{"GET", "/Users?filter=emails.valu+eq+%22x%22", "", 400, "invalidFilter", "the sub-attribute 'valu' is not defined for 'emails'; did you mean 'value'?"},
		{"GET", "/Users?filter=userName+eq+x", "", 400, "invalidFilter", `the filter cannot be read: "userName eq x", character 13: "x" is no value: text stands in double quotes`},
		{"GET", "/Users?filter=", "", 400, "invalidFilter", `the filter cannot be read: "", character 1: the filter is empty`},
		{"GET", "/Groups?filter=userName+eq+%22x%22", "", 400, "invalidFilter", "the attribute 'userName' is not defined for Group"},
		{"GET", "/Users?filter=%zz", "", 400, "invalidSyntax", `the query of the URL cannot be read: invalid URL escape "%zz"`},
		{"GET", "/Users?startIndex=one", "", 400, "invalidValue", `startIndex takes a whole number, not "one"`},
		{"GET", "/Users?count=1.5", "", 400, "invalidValue", `count takes a whole number, not "1.5"`},
		{"GET", "/Users?attributes=user+name", "", 400, "invalidValue", `the attribute name cannot be read: "user name", character 5: a path has no spaces outside of its value filter`},

		// PATCH as a whole.
		{"PATCH", "/Users/u1", `{"Operations":[]}`, 400, "invalidSyntax", `"schemas" does not name 'urn:ietf:params:scim:api:messages:2.0:PatchOp', which a PATCH needs`},
		{"PATCH", "/Users/u1", patchBody(), 400, "invalidSyntax", `"Operations" is empty: there is nothing to do`},
		{"PATCH", "/Users/u1", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"]}`, 400, "invalidSyntax", `"Operations" is missing: a PATCH has a list of them`},
		{"PATCH", "/Users/u1", patchBody(strings.Repeat(`{},`, 1000) + `{}`), 400, "tooMany", "1001 operations in one PATCH are too many: at most 1000"},
		{"PATCH", "/Users/u1", patchBody(`7`), 400, "invalidSyntax", `operation 1: an operation is an object with "op", "path" and "value", not the number 7`},
		{"PATCH", "/Users/u1", patchBody(`{"op":"set"}`), 400, "invalidSyntax", `operation 1: "op" is add, replace or remove, not the text "set"`},
		{"PATCH", "/Users/u1", patchBody(`{"op":"add","path":"title"}`), 400, "invalidValue", `operation 1: add title has no "value"`},
		{"PATCH", "/Users/u1", patchBody(`{"op":"remove"}`), 400, "noTarget", `operation 1: remove has no "path": it has to say what to remove`},
		{"PATCH", "/Users/u1", patchBody(`{"op":"add","path":"","value":1}`), 400, "invalidPath", `operation 1: the path is empty: leave "path" out for the resource as a whole`},
		{"PATCH", "/Users/u1", patchBody(`{"op":"add","path":7,"value":1}`), 400, "invalidPath", `operation 1: "path" is text, not the number 7`},
		{"PATCH", "/Users/u1", patchBody(`{"op":"add","value":"x"}`), 400, "invalidValue", `operation 1 (add): without a path the value is an object of attributes, not the text "x"`},

		// One operation; the first of two is fine.
		{"PATCH", "/Users/u1", patchBody(`{"op":"add","path":"title","value":"x"}`, `{"op":"Replace","path":"usernam","value":"x"}`), 400, "invalidPath", "operation 2 (replace usernam): the attribute 'usernam' is not defined for User; did you mean 'userName'?"},
		{"PATCH", "/Users/u1", patchBody(`{"op":"replace","value":{"name.givenNam":"x"}}`), 400, "invalidPath", "operation 1 (replace): the sub-attribute 'givenNam' is not defined for 'name'; did you mean 'givenName'?"},
		{"PATCH", "/Users/u1", patchBody(`{"op":"replace","path":"emails[typ eq \"work\"].value","value":"x"}`), 400, "invalidPath", `operation 1 (replace emails[typ eq "work"].value): the sub-attribute 'typ' is not defined for 'emails'; did you mean 'type'?`},
		{"PATCH", "/Users/u1", patchBody(`{"op":"replace","path":"emails[type eq work]","value":"x"}`), 400, "invalidPath", `operation 1 (replace emails[type eq work]): the path cannot be read: "emails[type eq work]", character 16: "work" is no value: text stands in double quotes`},
		{"PATCH", "/Users/u1", patchBody(`{"op":"replace","path":"emails[type ne \"work\" and type ne \"home\"].value","value":"x"}`), 400, "noTarget", `operation 1 (replace emails[type ne "work" and type ne "home"].value): no element of 'emails' satisfies [type ne "work" and type ne "home"], and none can be made from it: only eq comparisons joined by and say what it would be`},
		{"PATCH", "/Users/u1", patchBody(`{"op":"remove","path":"emails[type eq \"fax\"]"}`), 400, "noTarget", `operation 1 (remove emails[type eq "fax"]): no element of 'emails' satisfies [type eq "fax"], so there is nothing to remove`},
		{"PATCH", "/Users/u1", patchBody(`{"op":"replace","path":"displayName[value eq \"x\"]","value":"x"}`), 400, "invalidPath", `operation 1 (replace displayName[value eq "x"]): 'displayName' is a single value: it has no elements for a value filter to choose from`},
		{"PATCH", "/Users/u1", patchBody(`{"op":"replace","path":"title.x","value":"x"}`), 400, "invalidPath", "operation 1 (replace title.x): 'title' is a simple value: it has no sub-attribute 'x'"},
		{"PATCH", "/Users/u1", patchBody(`{"op":"replace","path":"` + enterprise + `.department","value":"x"}`), 400, "invalidPath", "operation 1 (replace " + enterprise + ".department): '" + enterprise + ".department': an attribute of an extension is joined to its URN by a colon: '" + enterprise + ":department'"},
		{"PATCH", "/Users/u1", patchBody(`{"op":"replace","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:Usr:department","value":"x"}`), 400, "invalidPath", "operation 1 (replace urn:ietf:params:scim:schemas:extension:enterprise:2.0:Usr:department): the schema 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:Usr' is not defined; did you mean '" + enterprise + "'?"},
		{"PATCH", "/Users/u1", patchBody(`{"op":"replace","path":"department","value":"x"}`), 400, "invalidPath", "operation 1 (replace department): the attribute 'department' is not defined for User; did you mean '" + enterprise + ":department'?"},
		{"PATCH", "/Users/u1", patchBody(`{"op":"replace","path":"active","value":"no"}`), 400, "invalidValue", `operation 1 (replace active): 'active' takes true or false, not the text "no"`},
		{"PATCH", "/Users/u1", patchBody(`{"op":"replace","path":"title","value":true}`), 400, "invalidValue", "operation 1 (replace title): 'title' takes text in quotes, not true"},
		{"PATCH", "/Users/u1", patchBody(`{"op":"add","path":"emails","value":"x"}`), 400, "invalidValue", `operation 1 (add emails): 'emails' takes a list, such as [{"value": "…"}], not the text "x"`},
		{"PATCH", "/Users/u1", patchBody(`{"op":"add","path":"emails","value":[{"primary":true,"value":"a"}]}`, `{"op":"replace","path":"emails.primary","value":true}`), 400, "invalidValue", "operation 2 (replace emails.primary): 'emails' would have 3 primary values: primary is true at most once"},
		{"PATCH", "/Users/u1", patchBody(`{"op":"remove","path":"userName"}`), 400, "mutability", "operation 1 (remove userName): 'userName' is required and cannot be removed"},
		{"PATCH", "/Users/u1", patchBody(`{"op":"replace","path":"userName","value":""}`), 400, "invalidValue", "operation 1 (replace userName): 'userName' is required and must not be empty"},
		{"PATCH", "/Users/u1", patchBody(`{"op":"replace","path":"id","value":"x"}`), 400, "mutability", "operation 1 (replace id): 'id' is read-only: the application sets it"},
		{"PATCH", "/Users/u1", patchBody(`{"op":"replace","value":{"id":"x"}}`), 400, "mutability", "operation 1 (replace): 'id' is read-only: the application sets it"},
		{"PATCH", "/Users/u1", patchBody(`{"op":"add","path":"groups","value":[]}`), 400, "mutability", "operation 1 (add groups): 'groups' is read-only: the application sets it"},
		{"PATCH", "/Users/u1", patchBody(`{"op":"add","path":"` + enterprise + `:manager.displayName","value":"x"}`), 400, "mutability", "operation 1 (add " + enterprise + ":manager.displayName): '" + enterprise + ":manager.displayName' is read-only: the application sets it"},
		{"PATCH", "/Users/u1", patchBody(`{"op":"add","path":"schemas","value":[]}`), 400, "mutability", "operation 1 (add schemas): 'schemas' follows from the attributes of the resource and cannot be changed"},
		{"PATCH", "/Users/u1", patchBody(`{"op":"add","path":"manager","value":"u9"}`), 400, "invalidValue", "the manager 'u9' is no user here: create the manager first"},
		{"PATCH", "/Users/u1", patchBody(`{"op":"add","path":"manager","value":[{"value":"u1"},{"value":"u2"}]}`), 400, "invalidValue", "operation 1 (add manager): '" + enterprise + ":manager' takes one manager, not 2"},
		{"PATCH", "/Groups/u3", patchBody(`{"op":"add","path":"members","value":[{"value":"u9"}]}`), 400, "invalidValue", "the member 'u9' is neither a user nor a group here: create it first"},
		{"PATCH", "/Groups/u3", patchBody(`{"op":"add","path":"members","value":[{"value":"u3"}]}`), 400, "invalidValue", "the group 'u3' cannot be a member of itself"},
		{"PATCH", "/Groups/u3", patchBody(`{"op":"add","path":"members","value":[{"value":""}]}`), 400, "invalidValue", "operation 1 (add members): 'members[0]' has an empty value: the id of a user or a group belongs there"},
		{"PATCH", "/Groups/u3", patchBody(`{"op":"add","path":"members","value":"u1"}`), 400, "invalidValue", `operation 1 (add members): 'members' takes a list, such as [{"value": "<id of a user>"}], not the text "u1"`},
		{"PATCH", "/Groups/u3", patchBody(`{"op":"replace","path":"members[value eq \"u1\"].display","value":"x"}`), 400, "mutability", "operation 1 (replace members[value eq \"u1\"].display): 'members.display': a member is added and removed as a whole"},
		{"PATCH", "/Groups/u3", patchBody(`{"op":"remove","path":"members[display eq \"x\"]"}`), 400, "invalidFilter", `operation 1 (remove members[display eq "x"]): members[display eq "x"]: members are chosen by value, the id of the member`},
		{"PATCH", "/Groups/u3", patchBody(`{"op":"remove","path":"displayName"}`), 400, "mutability", "operation 1 (remove displayName): 'displayName' is required and cannot be removed"},
	} {
		users, groups := a.Users(), a.Groups()
		wantError(t, c.method+" "+c.path+" "+c.body[:min(len(c.body), 200)], a.do(c.method, c.path, c.body), c.status, c.scimType, c.detail)
		wantSame(t, "users", users, a.Users())
		wantSame(t, "groups", groups, a.Groups())
	}
}

func TestHeaders(t *testing.T) {
	a := newApp(t, sandbox.Options{})
	body := userStart + `"userName":"x"}`
	for _, c := range []struct {
		name, value string
		status      int
		detail      string
	}{
		{"Content-Type", "text/plain", 415, "the Content-Type of the body is text/plain, not application/scim+json"},
		{"Content-Type", "", 415, "the Content-Type of the body is none, not application/scim+json"},
		{"Content-Type", "application/json; charset=latin1", 415, "the charset of the body is latin1: JSON is utf-8"},
		{"Accept", "text/html", 406, "the answer would be application/scim+json, and the header Accept (text/html) does not allow that"},
	} {
		wantError(t, c.name+": "+c.value, a.do("POST", "/Users", body, c.name, c.value), c.status, "", c.detail)
	}
	for _, header := range [][]string{
		{"Content-Type", "application/json"}, {"Content-Type", `Application/SCIM+json; charset="UTF-8"`},
		{"Accept", "text/html, */*;q=0.8"}, {"Accept", "application/json"}, {"Accept", "application/scim+json"},
	} {
		a.Reset()
		a.must("POST", "/Users", body, header...)
	}
}

func TestAuthorization(t *testing.T) {
	for _, c := range []struct{ server, header, detail, challenge string }{
		{token, "", "the header Authorization is missing: send Authorization: Bearer <token>", `Bearer realm="scimsync sandbox"`},
		{token, "Basic eDp5", "the header Authorization has another scheme than Bearer: send Authorization: Bearer <token>", `Bearer realm="scimsync sandbox"`},
		{token, "Bearer nope", "the bearer token is not the one of this application", `Bearer realm="scimsync sandbox", error="invalid_token"`},
		{token, "Bearer", "the bearer token is not the one of this application", `Bearer realm="scimsync sandbox", error="invalid_token"`},
		{"", "Bearer ", "this sandbox has no token and does not allow anonymous requests: nobody gets in", `Bearer realm="scimsync sandbox"`},
		{"", "", "this sandbox has no token and does not allow anonymous requests: nobody gets in", `Bearer realm="scimsync sandbox"`},
	} {
		s := sandbox.New(sandbox.Options{Token: c.server})
		a := &app{Server: s, t: t, Client: http.Client{Transport: s.Transport()}}
		r := a.do("GET", "/Users", "", "Authorization", c.header)
		wantError(t, c.header, r, 401, "", c.detail)
		if got := r.header.Get("WWW-Authenticate"); got != c.challenge {
			t.Errorf("%q: WWW-Authenticate %s", c.header, got)
		}
	}
	s := sandbox.New(sandbox.Options{AllowAnonymous: true})
	a := &app{Server: s, t: t, Client: http.Client{Transport: s.Transport()}}
	a.must("GET", "/Users", "", "Authorization", "")
	a.must("GET", "/Users", "", "Authorization", "Bearer anything")
	newApp(t, sandbox.Options{AllowAnonymous: true}).must("GET", "/Users", "", "Authorization", "bearer "+token)
	if r := newApp(t, sandbox.Options{AllowAnonymous: true}).do("GET", "/Users", "", "Authorization", ""); r.status != 401 {
		t.Errorf("anonymous in spite of a token: %d", r.status)
	}
}

func TestMethodsAreNamed(t *testing.T) {
	a := newApp(t, sandbox.Options{})
	if r := a.do("PATCH", "/Users", "{}"); r.header.Get("Allow") != "GET, POST" {
		t.Errorf("Allow: %q", r.header.Get("Allow"))
	}
}
