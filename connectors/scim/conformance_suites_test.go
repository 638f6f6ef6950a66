package scim

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/plan"
)

// suiteTest is one test of a conformance suite of Microsoft's: the requests
// that the provisioning service itself would send for it, or why it has none
// of them (scim-client-wire section 10).
type suiteTest struct {
	name string
	do   func(*Target) error
	want string // the requests in the compliant dialect, bytes of the wire
	// standard are those of the standard dialect where they differ.
	standard string
	why      string // why the service sends nothing of the kind
}

const (
	patchOpen = `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[`
	manager   = ent + "manager"
)

func seek(t directory.ObjectType, attribute, value string) func(*Target) error {
	return func(target *Target) error {
		_, err := target.Find(context.Background(), connectors.Query{Type: t, Attribute: attribute, Value: directory.Str(value)})
		return err
	}
}

func get(t directory.ObjectType, anchor string) func(*Target) error {
	return func(target *Target) error {
		_, err := target.Get(context.Background(), t, anchor, []string{"displayName"})
		return err
	}
}

func apply(op plan.Operation) func(*Target) error {
	return func(target *Target) error {
		_, err := target.Apply(context.Background(), op)
		return err
	}
}

func remove(t directory.ObjectType, anchor string) func(*Target) error {
	return apply(plan.Operation{Action: plan.Delete, Type: t, TargetAnchor: anchor})
}

func inOrder(steps ...func(*Target) error) func(*Target) error {
	return func(target *Target) error {
		for _, step := range steps {
			if err := step(target); err != nil {
				return err
			}
		}
		return nil
	}
}

// validatorTests are the 24 tests and 7 previews of the SCIM Validator
// (scimvalidator.microsoft.com), by the names of an export of February 2026.
func validatorTests() []suiteTest {
	const user, group = directory.User, directory.Group
	return []suiteTest{
		{name: "Create a new User", why: "the Validator's POST is its own: other attributes in another order, a manager at once, roles with primary as a string; the service's is in 4.1 and 4.2"},
		{name: "Create a duplicate User", why: "the service looks for a user before it creates one; it never creates one twice"},
		{name: "Filter for an existing user", do: seek(user, "userName", "dana@ex.com"), want: `GET /Users?filter=userName+eq+%22dana%40ex.com%22`},
		{name: "Filter for a non-existing user", do: seek(user, "userName", guid), want: `GET /Users?filter=userName+eq+%22` + guid + `%22`},
		{name: "Filter for an existing user with a different case", do: seek(user, "userName", "DANA@EX.COM"), want: `GET /Users?filter=userName+eq+%22DANA%40EX.COM%22`},
		{
			// Verbose gives a path to attributes without a value filter too; the
			// service does that for those that have one.
			name: "Patch User - Replace Attributes Verbose", do: apply(patch(user, "u1",
				replace(`emails[type eq "work"].value`, "d@ex.com"), replace(`phoneNumbers[type eq "work"].value`, "07-272-0828"),
				replace(`addresses[type eq "work"].streetAddress`, "2 Main Street"), replace(`addresses[type eq "work"].locality`, "Oslo"))),
			want: `PATCH /Users/u1
` + patchOpen + `{"op":"replace","path":"emails[type eq \"work\"].value","value":"d@ex.com"},` +
				`{"op":"replace","path":"phoneNumbers[type eq \"work\"].value","value":"07-272-0828"},` +
				`{"op":"replace","path":"addresses[type eq \"work\"].streetAddress","value":"2 Main Street"},` +
				`{"op":"replace","path":"addresses[type eq \"work\"].locality","value":"Oslo"}]}`,
		},
		{name: "Update User userName", do: apply(patch(user, "u1", replace("userName", "dana2@ex.com"))), want: `PATCH /Users/u1
` + patchOpen + `{"op":"replace","value":{"userName":"dana2@ex.com"}}]}`},
		{name: "Patch User - Disable User", do: apply(plan.Operation{Action: plan.Disable, Type: user, TargetAnchor: "u1", Changes: []plan.Change{replace("active", "False")}}), want: `PATCH /Users/u1
` + patchOpen + `{"op":"replace","path":"active","value":false}]}`},
		{name: "Patch User - Add Manager", do: apply(patch(user, "u1", set(manager, directory.Ref("m1")))), want: `PATCH /Users/u1
` + patchOpen + `{"op":"add","path":"` + manager + `","value":{"value":"m1"}}]}`},
		{name: "Patch User - Replace Manager", do: apply(patch(user, "u1", replace(manager, directory.Ref("m2")))), want: `PATCH /Users/u1
` + patchOpen + `{"op":"replace","path":"` + manager + `","value":{"value":"m2"}}]}`},
		{name: "Patch User - Remove Manager", do: apply(patch(user, "u1", change(plan.Remove, manager, directory.Ref("m2")))), want: `PATCH /Users/u1
` + patchOpen + `{"op":"replace","path":"` + manager + `","value":{"value":""}}]}`},
		{name: "Delete a User", do: inOrder(remove(user, "u1")), want: `DELETE /Users/u1`}, // the GET after it is the Validator's
		{name: "Get group by id excluding members", do: get(group, "g1"), want: `GET /Groups/g1?excludedAttributes=members`},
		{name: "Filter for existing group excluding members", do: seek(group, "displayName", "Ops"), want: `GET /Groups?excludedAttributes=members&filter=displayName+eq+%22Ops%22`},
		{name: "Filter for an existing group", why: "the service excludes members from every query for groups"},
		{name: "Filter for a non-existing group", do: seek(group, "displayName", guid), want: `GET /Groups?excludedAttributes=members&filter=displayName+eq+%22` + guid + `%22`},
		{name: "Filter for existing group different case", do: seek(group, "displayName", "oPS"), want: `GET /Groups?excludedAttributes=members&filter=displayName+eq+%22oPS%22`},
		{name: "Create a new Group", why: "the Validator's POST is its own: schemas at its end, neither members nor meta; the service's is in 5.2"},
		{name: "Create a duplicate Group", why: "the service looks for a group before it creates one; it never creates one twice"},
		{name: "Patch Group - Replace Attributes", do: apply(patch(group, "g1", replace("externalId", guid))), want: `PATCH /Groups/g1
` + patchOpen + `{"op":"replace","value":{"externalId":"` + guid + `"}}]}`},
		{name: "Update Group displayName", do: apply(patch(group, "g1", replace("displayName", "New"))), want: `PATCH /Groups/g1
` + patchOpen + `{"op":"replace","value":{"displayName":"New"}}]}`},
		{name: "Patch Group - Add Member", do: apply(patch(group, "g1", replace("members", refs("u1")))), want: `PATCH /Groups/g1
` + patchOpen + `{"op":"replace","path":"members","value":[{"value":"u1"}]}]}`}, // where the group showed members: 5.7
		{name: "Patch Group - Remove Member", do: apply(patch(group, "g1", change(plan.Remove, "members", refs("u1")))), want: `PATCH /Groups/g1
` + patchOpen + `{"op":"remove","path":"members[value eq \"u1\"]"}]}`},
		{name: "Delete a Group", do: remove(group, "g1"), want: `DELETE /Groups/g1`},

		{name: "Patch User - Multiple Ops on different attributes", do: apply(patch(user, "u1",
			replace(`emails[type eq "work"].value`, "d@ex.com"), set("nickName", "Di"), replace("displayName", "Dana"))), want: `PATCH /Users/u1
` + patchOpen + `{"op":"replace","path":"emails[type eq \"work\"].value","value":"d@ex.com"},{"op":"add","path":"nickName","value":"Di"},{"op":"replace","value":{"displayName":"Dana"}}]}`},
		{name: "Patch User - Multiple Ops on same attribute", why: "the service compares and sends one operation for an attribute"},
		{name: "Delete a non-existent User", do: remove(user, "nobody"), want: `DELETE /Users/nobody`},
		{name: "Delete the same User twice", why: "the service forgets an object that it has deleted"},
		{name: "Patch Group - Multiple Ops on same attribute", why: "the service adds and removes members in requests of their own"},
		{name: "Delete a non-existent Group", do: remove(group, "none"), want: `DELETE /Groups/none`},
		{name: "Delete the same Group twice", why: "the service forgets an object that it has deleted"},
	}
}

// logicAppTests are the 25 tests of the Logic App suite for the gallery
// (AzureAD/SCIMReferenceCode, SCIM-Validation-Test-Overview).
func logicAppTests() []suiteTest {
	const (
		user, group = directory.User, directory.Group
		direct      = "the suite calls the application itself, without the service"
		postUser    = `POST /Users
{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],"userName":"dana@ex.com","active":true,"displayName":"Dana","meta":{"resourceType":"User"},"roles":[]}`
		postGroup = `POST /Groups
{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"externalId":"g-1","displayName":"Ops","members":[],"meta":{"resourceType":"Group"}}`
		findUser  = `GET /Users?filter=userName+eq+%22dana%40ex.com%22`
		findGroup = `GET /Groups?excludedAttributes=members&filter=displayName+eq+%22Ops%22`
	)
	createUser := inOrder(seek(user, "userName", "dana@ex.com"),
		apply(create(user, set("userName", "dana@ex.com"), set("active", "True"), set("displayName", "Dana"))))
	createGroup := inOrder(seek(group, "displayName", "Ops"), apply(create(group, set("displayName", "Ops"), set("externalId", "g-1"))))
	active := func(v string) func(*Target) error { return apply(patch(user, "u1", replace("active", v))) }
	return []suiteTest{
		{name: "Create_User_Test", do: createUser, want: findUser + "\n" + postUser},
		{
			name: "Update_User_Test", do: inOrder(get(user, "u1"), apply(patch(user, "u1", replace("title", "Lead"), replace(ent+"department", "Ops")))),
			want: `GET /Users/u1
PATCH /Users/u1
` + patchOpen + `{"op":"replace","value":{"title":"Lead","` + ent + `department":"Ops"}}]}`,
			standard: `GET /Users/u1
PATCH /Users/u1
` + patchOpen + `{"op":"Replace","path":"title","value":"Lead"},{"op":"Replace","path":"` + ent + `department","value":"Ops"}]}`,
		},
		{name: "Disable_User_Test", do: active("False"), want: `PATCH /Users/u1
` + patchOpen + `{"op":"replace","path":"active","value":false}]}`, standard: `PATCH /Users/u1
` + patchOpen + `{"op":"Replace","path":"active","value":"False"}]}`},
		{name: "Delete_User_Test", do: remove(user, "u1"), want: `DELETE /Users/u1`},
		{
			name: "User_Update_Manager_Test", do: inOrder(apply(patch(user, "u1", set(manager, directory.Ref("m1")))),
				apply(patch(user, "u1", replace(manager, directory.Ref("m2")))), apply(patch(user, "u1", change(plan.Remove, manager, directory.Ref("m2"))))),
			want: `PATCH /Users/u1
` + patchOpen + `{"op":"add","path":"` + manager + `","value":{"value":"m1"}}]}
PATCH /Users/u1
` + patchOpen + `{"op":"replace","path":"` + manager + `","value":{"value":"m2"}}]}
PATCH /Users/u1
` + patchOpen + `{"op":"replace","path":"` + manager + `","value":{"value":""}}]}`,
			standard: `PATCH /Users/u1
` + patchOpen + `{"op":"Add","path":"` + manager + `","value":"m1"}]}
PATCH /Users/u1
` + patchOpen + `{"op":"Replace","path":"` + manager + `","value":"m2"}]}
PATCH /Users/u1
` + patchOpen + `{"op":"Replace","path":"` + manager + `","value":""}]}`,
		},
		{name: "Restore_User_Test", do: inOrder(active("False"), active("True")), want: `PATCH /Users/u1
` + patchOpen + `{"op":"replace","path":"active","value":false}]}
PATCH /Users/u1
` + patchOpen + `{"op":"replace","path":"active","value":true}]}`, standard: `PATCH /Users/u1
` + patchOpen + `{"op":"Replace","path":"active","value":"False"}]}
PATCH /Users/u1
` + patchOpen + `{"op":"Replace","path":"active","value":"True"}]}`},
		{name: "POD_User_Test", do: createUser, want: findUser + "\n" + postUser},
		{name: "Create_Group_Test", do: createGroup, want: findGroup + "\n" + postGroup},
		{name: "Update_Group_Test", do: inOrder(get(group, "g1"), apply(patch(group, "g1", replace("displayName", "New")))), want: `GET /Groups/g1?excludedAttributes=members
PATCH /Groups/g1
` + patchOpen + `{"op":"replace","value":{"displayName":"New"}}]}`, standard: `GET /Groups/g1?excludedAttributes=members
PATCH /Groups/g1
` + patchOpen + `{"op":"Replace","path":"displayName","value":"New"}]}`},
		{name: "Delete_Group_Test", do: remove(group, "g1"), want: `DELETE /Groups/g1`},
		{name: "Group_Update_Add_Member_Test", do: apply(patch(group, "g1", set("members", refs("u1")))), want: `PATCH /Groups/g1
` + patchOpen + `{"op":"add","path":"members","value":[{"value":"u1"}]}]}`, standard: `PATCH /Groups/g1
` + patchOpen + `{"op":"Add","path":"members","value":[{"value":"u1"}]}]}`},
		{name: "Group_Update_Remove_Member_Test", do: apply(patch(group, "g1", change(plan.Remove, "members", refs("u1")))), want: `PATCH /Groups/g1
` + patchOpen + `{"op":"remove","path":"members[value eq \"u1\"]"}]}`, standard: `PATCH /Groups/g1
` + patchOpen + `{"op":"Remove","path":"members","value":[{"value":"u1"}]}]}`},
		{name: "POD_Group_Test", do: createGroup, want: findGroup + "\n" + postGroup},
		{name: "Restore_Group_Test", do: inOrder(remove(group, "g1"), createGroup), want: "DELETE /Groups/g1\n" + findGroup + "\n" + postGroup},
		{name: "Schema_Discoverability_Test", why: direct},
		{name: "SCIM_Null_Update_Test", why: direct + "; the service sends no null"},
		{name: "SCIM_User_Create_Test", why: direct},
		{name: "SCIM_User_Update_Test", why: direct},
		{name: "SCIM_Group_Create_Test", why: direct},
		{name: "SCIM_Group_Update_Test", why: direct},
		{name: "Validate_Credentials_Test", why: direct + "; the token request of client credentials is in 1.11"},
		{name: "Federated_Identity_Test", why: direct + "; the token request with an assertion is in 1.11"},
		{name: "SCIM_User_Pagination_Test", why: direct + "; the service does not page"},
		{name: "SCIM_Group_Pagination_Test", why: direct + "; the service does not page"},
		{name: "SCIM_Update_Manager_Test", why: direct + "; User_Update_Manager_Test has the service's requests"},
	}
}

// TestConformanceSuites sends what the provisioning service would send for
// each test of Microsoft's two suites and compares the bytes.
func TestConformanceSuites(t *testing.T) {
	for suite, tests := range map[string][]suiteTest{"SCIM Validator": validatorTests(), "Logic App": logicAppTests()} {
		if want := map[string]int{"SCIM Validator": 24 + 7, "Logic App": 25}[suite]; len(tests) != want {
			t.Errorf("%s: %d tests, want %d", suite, len(tests), want)
		}
		for _, tt := range tests {
			t.Run(suite+"/"+tt.name, func(t *testing.T) {
				if (tt.why == "") == (tt.do == nil) {
					t.Fatal("a test has either requests or a reason why not")
				}
				if tt.do == nil {
					t.Log("not the service's own: " + tt.why)
					return
				}
				tt.compare(t, "?aadOptscim062020", tt.want)
				if suite == "Logic App" { // the Validator speaks one dialect alone
					standard := tt.standard
					if standard == "" {
						standard = tt.want
					}
					tt.compare(t, "", standard)
				}
			})
		}
	}
}

func (tt suiteTest) compare(t *testing.T, flag, want string) {
	t.Helper()
	s := &script{replies: []reply{{}}}
	target, err := New(Options{TenantURL: "https://app.example.com" + flag, SecretToken: "token-0123", Transport: s})
	if err != nil {
		t.Fatal(err)
	}
	s.replies = answersFor(want)
	if err := tt.do(target); err != nil {
		t.Fatal(err)
	}
	var got []string
	for i, r := range s.requests {
		got = append(got, strings.TrimRight(r.Method+" "+r.URL.RequestURI()+"\n"+s.bodies[i], "\n"))
	}
	if diff := cmp.Diff(want, strings.Join(got, "\n")); diff != "" {
		t.Errorf("%q (-the suite +sent):\n%s", flag, diff)
	}
}

// answersFor returns an answer for each request, as an application gives it.
func answersFor(requests string) (replies []reply) {
	for line := range strings.SplitSeq(requests, "\n") {
		method, path, _ := strings.Cut(line, " ")
		switch {
		case strings.HasPrefix(line, "{"):
		case method == "GET" && strings.Contains(path, "filter="):
			replies = append(replies, reply{status: 200, body: emptyList})
		case method == "POST":
			replies = append(replies, reply{status: 201, body: oneID})
		case method == "GET":
			id, _, _ := strings.Cut(path[strings.LastIndexByte(path, '/')+1:], "?")
			replies = append(replies, reply{status: 200, body: strings.Replace(oneID, "u1", id, 1)})
		default:
			replies = append(replies, reply{status: 204})
		}
	}
	return replies
}
