package scim_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/scimsync/scimsync/connectors/scim/sandbox"
)

// validatorStep is one request of the SCIM Validator and what it expects. $NAME
// stands for the id that an earlier step kept under that name.
type validatorStep struct {
	test    string // the name in the Validator; "" for what a test prepares
	request string // method, path and body
	status  int
	keep    string   // keeps the id of the answer
	has     []string // what the answer holds
	lacks   string   // what it does not hold
}

const (
	validatorPatch = `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[`
	validatorUser  = `{"userName":"julien@ex.com","active":true,"displayName":"Julien","title":"Lead",` +
		`"emails":[{"type":"work","value":"julien@ex.com","primary":true}],"preferredLanguage":"hi",` +
		`"name":{"givenName":"Julien","familyName":"Urban","formatted":"Julien Urban"},` +
		`"addresses":[{"type":"work","formatted":"Floor 2","streetAddress":"1 Main Street","locality":"Oslo","region":"Oslo","postalCode":"0150","primary":true,"country":"Norway"}],` +
		`"phoneNumbers":[{"type":"work","value":"10-040-1308","primary":true},{"type":"mobile","value":"10-040-1308"},{"type":"fax","value":"10-040-1308"}],` +
		`"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"employeeNumber":"7","department":"Ops","costCenter":"c","organization":"o","division":"d","manager":{"value":"$m0"}},` +
		`"roles":[{"primary":"True","display":"Editor","value":"editor","type":"x"}],"userType":"t","nickName":"Ju","locale":"nb","timezone":"Europe/Oslo","profileUrl":"https://ex.com/j",` +
		`"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"]}`
	validatorGroup = `{"displayName":"Ops","externalId":"087af0b9-d1e1-480d-acb8-03ceaa8ea85b","schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"]}`
	validatorEnt   = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
)

func validatorSteps() []validatorStep {
	patch := func(path, ops string) string { return "PATCH " + path + " " + validatorPatch + ops + "]}" }
	one, none := `"totalResults":1`, `"totalResults":0`
	// The Validator's managers are nobody; the sandbox takes only those that exist.
	someone := `POST /Users {"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"`
	return []validatorStep{
		{request: someone + `m0"}`, status: 201, keep: "m0"},
		{request: someone + `m1"}`, status: 201, keep: "m1"},
		{request: someone + `m2"}`, status: 201, keep: "m2"},
		{test: "Create a new User", request: "POST /Users " + validatorUser, status: 201, keep: "user"},
		{request: "GET /Users?filter=userName+eq+%22julien%40ex.com%22", status: 200, has: []string{one, `"value":"$m0"`, `"primary":true`}},
		{test: "Create a duplicate User", request: "POST /Users " + validatorUser, status: 409, has: []string{`"scimType":"uniqueness"`, `"status":"409"`}},
		{test: "Filter for an existing user", request: "GET /Users?filter=userName+eq+%22julien%40ex.com%22", status: 200, has: []string{one}},
		{test: "Filter for a non-existing user", request: "GET /Users?filter=userName+eq+%226c1ff74c-5f3a-4f8b-9d4e-1f0d5c4f1a2b%22", status: 200, has: []string{none, `"Resources":[]`}},
		{test: "Filter for an existing user with a different case", request: "GET /Users?filter=userName+eq+%22JULIEN%40EX.COM%22", status: 200, has: []string{one}},
		{
			test: "Patch User - Replace Attributes Verbose", request: patch("/Users/$user",
				`{"op":"replace","path":"displayName","value":"Julian"},{"op":"replace","path":"emails[type eq \"work\"].value","value":"j@ex.com"},`+
					`{"op":"replace","path":"emails[type eq \"work\"].primary","value":true},{"op":"replace","path":"name.givenName","value":"Julian"},`+
					`{"op":"replace","path":"addresses[type eq \"work\"].locality","value":"Bergen"},{"op":"replace","path":"phoneNumbers[type eq \"fax\"].value","value":"11"},`+
					`{"op":"replace","path":"`+validatorEnt+`:department","value":"R&D"},{"op":"replace","path":"roles[primary eq \"True\"].value","value":"owner"}`),
			status: 200, has: []string{`"Julian"`, `"j@ex.com"`, `"Bergen"`, `"11"`, `"R&D"`, `"owner"`},
		},
		{test: "Update User userName", request: patch("/Users/$user", `{"op":"replace","value":{"userName":"emilio@ex.com"}}`), status: 200, has: []string{`"userName":"emilio@ex.com"`}},
		{test: "Patch User - Disable User", request: patch("/Users/$user", `{"op":"replace","path":"active","value":false}`), status: 200, has: []string{`"active":false`}},
		{test: "Patch User - Add Manager", request: patch("/Users/$user", `{"op":"add","path":"`+validatorEnt+`:manager","value":{"value":"$m1"}}`), status: 200, has: []string{`"value":"$m1"`}},
		{test: "Patch User - Replace Manager", request: patch("/Users/$user", `{"op":"replace","path":"`+validatorEnt+`:manager","value":{"value":"$m2"}}`), status: 200, has: []string{`"value":"$m2"`}},
		{test: "Patch User - Remove Manager", request: patch("/Users/$user", `{"op":"replace","path":"`+validatorEnt+`:manager","value":{"value":""}}`), status: 200, lacks: `"$m2"`},
		{test: "Patch User - Multiple Ops on different attributes", request: patch("/Users/$user", `{"op":"remove","path":"emails[type eq \"work\"].value"},{"op":"add","path":"emails[type eq \"work\"].value","value":"e@ex.com"},{"op":"replace","path":"userName","value":"enzo@ex.com"}`), status: 200, has: []string{`"enzo@ex.com"`, `"e@ex.com"`}},
		{test: "Patch User - Multiple Ops on same attribute", request: patch("/Users/$user", `{"op":"remove","path":"displayName"},{"op":"add","path":"displayName","value":"Enzo"}`), status: 200, has: []string{`"displayName":"Enzo"`}},

		{test: "Create a new Group", request: "POST /Groups " + validatorGroup, status: 201, keep: "group"},
		{test: "Create a duplicate Group", request: "POST /Groups " + validatorGroup, status: 409, has: []string{`"scimType":"uniqueness"`}},
		{test: "Patch Group - Add Member", request: patch("/Groups/$group", `{"op":"replace","path":"members","value":[{"value":"$user"}]}`), status: 204},
		{request: "GET /Groups/$group", status: 200, has: []string{`"value":"$user"`}},
		{test: "Get group by id excluding members", request: "GET /Groups/$group?excludedAttributes=members", status: 200, has: []string{`"displayName":"Ops"`}, lacks: `"members"`},
		{test: "Filter for existing group excluding members", request: "GET /Groups?excludedAttributes=members&filter=displayName+eq+%22Ops%22", status: 200, has: []string{one}, lacks: `"members"`},
		{test: "Filter for an existing group", request: "GET /Groups?filter=displayName+eq+%22Ops%22", status: 200, has: []string{one, `"value":"$user"`}},
		{test: "Filter for a non-existing group", request: "GET /Groups?filter=displayName+eq+%22None%22", status: 200, has: []string{none}},
		{test: "Filter for existing group different case", request: "GET /Groups?filter=displayName+eq+%22oPS%22", status: 200, has: []string{one}},
		{test: "Patch Group - Replace Attributes", request: patch("/Groups/$group", `{"op":"replace","value":{"externalId":"663fa3a8-e2b6-4ac0-96c8-363432cdc01d"}}`), status: 204},
		{test: "Update Group displayName", request: patch("/Groups/$group", `{"op":"replace","value":{"displayName":"New"}}`), status: 204},
		{test: "Patch Group - Remove Member", request: patch("/Groups/$group", `{"op":"remove","path":"members[value eq \"$user\"]"}`), status: 204},
		{request: "GET /Groups/$group", status: 200, has: []string{`"displayName":"New"`, `"663fa3a8-e2b6-4ac0-96c8-363432cdc01d"`}, lacks: `"value":"$user"`},
		{test: "Patch Group - Multiple Ops on same attribute", request: patch("/Groups/$group", `{"op":"add","path":"members","value":[{"value":"$user"}]},{"op":"remove","path":"members[value eq \"$user\"]"}`), status: 204},
		{request: "GET /Groups/$group", status: 200, lacks: `"value":"$user"`},

		{test: "Delete a User", request: "DELETE /Users/$user", status: 204},
		{request: "GET /Users/$user", status: 404, has: []string{`"status":"404"`}},
		{test: "Delete the same User twice", request: "DELETE /Users/$user", status: 404},
		{test: "Delete a non-existent User", request: "DELETE /Users/nobody", status: 404},
		{test: "Delete a Group", request: "DELETE /Groups/$group", status: 204},
		{request: "GET /Groups/$group", status: 404},
		{test: "Delete the same Group twice", request: "DELETE /Groups/$group", status: 404},
		{test: "Delete a non-existent Group", request: "DELETE /Groups/none", status: 404},
	}
}

var answeredID = regexp.MustCompile(`"id":"([^"]+)"`)

// TestTheSandboxPassesTheValidator plays the SCIM Validator's 24 tests and 7
// previews against the built-in application: what is tried against it meets an
// application that Microsoft's own tests would let pass.
func TestTheSandboxPassesTheValidator(t *testing.T) {
	app := sandbox.New(sandbox.Options{Token: sandboxToken})
	ids := []string{}
	tests := 0
	for _, step := range validatorSteps() {
		fill := strings.NewReplacer(ids...)
		method, rest, _ := strings.Cut(fill.Replace(step.request), " ")
		path, body, _ := strings.Cut(rest, " ")
		r := httptest.NewRequest(method, "https://app.example.com"+app.BasePath()+path, strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+sandboxToken)
		if body != "" {
			r.Header.Set("Content-Type", "application/scim+json; charset=utf-8")
		}
		w := httptest.NewRecorder()
		app.ServeHTTP(w, r)
		if step.test != "" {
			tests++
		}
		answer := w.Body.String()
		if w.Code != step.status {
			t.Errorf("%s: %s %s: %d %s, want %d\n%s", step.test, method, path, w.Code, http.StatusText(w.Code), step.status, answer)
			continue
		}
		for _, has := range step.has {
			if !strings.Contains(answer, fill.Replace(has)) {
				t.Errorf("%s: %s %s: the answer lacks %s\n%s", step.test, method, path, fill.Replace(has), answer)
			}
		}
		if step.lacks != "" && strings.Contains(answer, fill.Replace(step.lacks)) {
			t.Errorf("%s: %s %s: the answer has %s\n%s", step.test, method, path, fill.Replace(step.lacks), answer)
		}
		if step.keep != "" {
			m := answeredID.FindStringSubmatch(answer)
			if m == nil {
				t.Fatalf("%s: no id in the answer %s", step.test, answer)
			}
			ids = append(ids, "$"+step.keep, m[1])
		}
	}
	if tests != 24+7 {
		t.Errorf("%d tests, want 31", tests)
	}
}
