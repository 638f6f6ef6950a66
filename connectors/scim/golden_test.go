package scim

import (
	"context"
	"fmt"
	"testing"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/plan"
)

const (
	emptyList = `{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":0,"Resources":[],"startIndex":1,"itemsPerPage":20}`
	oneID     = `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"id":"u1"}`
	ent       = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:"
	contoso   = "urn:ietf:params:scim:schemas:extension:contoso:2.0:User:"
	guid      = "6c1ff74c-5f3a-4f8b-9d4e-1f0d5c4f1a2b"
)

func set(name string, v any) plan.Change     { return change(plan.Add, name, v) }
func replace(name string, v any) plan.Change { return change(plan.Replace, name, v) }

func change(verb plan.Verb, name string, v any) plan.Change {
	switch v := v.(type) {
	case directory.Value:
		return plan.Change{Attribute: name, Verb: verb, New: v}
	case string:
		return plan.Change{Attribute: name, Verb: verb, New: directory.Str(v)}
	case bool:
		return plan.Change{Attribute: name, Verb: verb, New: directory.Bool(v)}
	default:
		return plan.Change{Attribute: name, Verb: verb, New: directory.Str(fmt.Sprint(v))}
	}
}

func refs(anchors ...string) directory.Value {
	list := make([]directory.Value, len(anchors))
	for i, a := range anchors {
		list[i] = directory.Ref(a)
	}
	return directory.Of(list...)
}

func appRole(id, value, nameKey, name string) directory.Value {
	return directory.Struct(directory.Field{Name: "id", Value: directory.Str(id)},
		directory.Field{Name: "value", Value: directory.Str(value)}, directory.Field{Name: nameKey, Value: directory.Str(name)})
}

func create(t directory.ObjectType, changes ...plan.Change) plan.Operation {
	return plan.Operation{Action: plan.Create, Type: t, Changes: changes}
}

func patch(t directory.ObjectType, anchor string, changes ...plan.Change) plan.Operation {
	return plan.Operation{Action: plan.Update, Type: t, TargetAnchor: anchor, Changes: changes}
}

// TestRequestsOfOperations compares the requests of each operation, in both
// dialects, with testdata: the numbers are those of the fidelity page.
func TestRequestsOfOperations(t *testing.T) {
	const user, group = directory.User, directory.Group
	complexRoles := directory.Of(appRole("r1", "Admin", "displayName", "Administrator"),
		directory.Str(`{"id":"r2","value":"User","displayName":"User"}`))
	assertiveRoles := directory.Of(appRole("r1", "Admin", "display", "Administrator"), appRole("r2", "User", "display", "User"))
	tests := []struct {
		name    string
		options Options
		op      plan.Operation
	}{
		{"4.1-create-minimal-user", Options{}, create(user,
			set("userName", "dana@ex.com"), set("active", "True"), set("displayName", "Dana Ito"),
			set(`emails[type eq "work"].value`, "dana@ex.com"), set("name.givenName", "Dana"), set("name.familyName", "Ito"),
			set("name.formatted", "Dana Ito"), set("externalId", "dana"), set(ent+"department", "R&D"))},
		{"4.2-create-default-mapping", Options{}, create(user,
			set("userName", "dana@ex.com"), set("active", true), set("displayName", "Dana Ito"), set("title", "Engineer"),
			set(`emails[type eq "work"].value`, "dana@ex.com"), set("preferredLanguage", "en-GB"),
			set("name.givenName", "Dana"), set("name.familyName", "Ito"), set("name.formatted", "Dana Ito"),
			set(`addresses[type eq "work"].formatted`, "Floor 2"), set(`addresses[type eq "work"].streetAddress`, "1 Main Street"),
			set(`addresses[type eq "work"].locality`, "Oslo"), set(`addresses[type eq "work"].region`, ""),
			set(`addresses[type eq "work"].postalCode`, "0150"), set(`addresses[type eq "work"].country`, "Norway"),
			set(`phoneNumbers[type eq "work"].value`, "+47 1"), set(`phoneNumbers[type eq "mobile"].value`, "+47 2"),
			set(`phoneNumbers[type eq "fax"].value`, "+47 3"), set("externalId", "dana"),
			set(ent+"employeeNumber", "701984"), set(ent+"department", "R&D"), set(ent+"manager", directory.Value{}))},
		{"4.2-create-second-address", Options{}, create(user, set("userName", "dana@ex.com"),
			set(`emails[type eq "work"].value`, "dana@ex.com"), set(`emails[type eq "work"].primary`, "False"),
			set(`emails[type eq "home"].value`, "dana@home.example"))},
		{"4.3-create-custom-extension", Options{Types: map[string]string{contoso + "level": "integer", contoso + "badge.valid": "boolean"}},
			create(user, set("userName", "dana@ex.com"), set(contoso+"badge.color", "red"), set(contoso+"badge.valid", "true"),
				set(contoso+"level", "7"), set(contoso+"tags", directory.Strs("a", "b")), set(ent+"department", "Ops"))},
		{"4.4-create-with-manager", Options{}, create(user, set("userName", "dana@ex.com"), set(ent+"manager", directory.Ref("m1")))},
		{"4.10-create-single-role", Options{}, create(user, set("userName", "dana@ex.com"), set(`roles[primary eq "True"].value`, "Editor"))},
		{"4.10-create-complex-roles", Options{}, create(user, set("userName", "dana@ex.com"), set("roles", complexRoles))},
		{"4.10-create-assertive-roles", Options{}, create(user, set("userName", "dana@ex.com"), set("roles", assertiveRoles))},
		{"4.1-create-without-empty-roles", Options{Behavior: Behavior{OmitEmptyRoles: true}}, create(user, set("userName", "dana@ex.com"))},

		{"4.5-patch", Options{}, patch(user, "u1",
			replace("displayName", "Dana I."), replace(`emails[type eq "work"].value`, "d@ex.com"), replace("name.familyName", "Ito"),
			set(`addresses[type eq "work"].formatted`, "Floor 2"), set(ent+"department", "R&D"), set("nickName", "Di"))},
		{"4.7-disable", Options{}, plan.Operation{Action: plan.Disable, Type: user, TargetAnchor: "u1",
			Changes: []plan.Change{replace("active", "False")}}},
		{"4.7-booleans-and-integers", Options{Types: map[string]string{contoso + "level": "integer"}}, patch(user, "u1",
			replace("active", false), set(`emails[type eq "work"].primary`, true), set(contoso+"level", "7"))},
		{"4.9-multi-valued", Options{}, patch(user, "u1", replace(contoso+"department_ids", directory.Strs("1", "2")))},
		{"4.10-patch-single-role", Options{}, patch(user, "u1", replace(`roles[primary eq "True"].value`, "Editor"))},
		{"4.10-patch-complex-roles", Options{}, patch(user, "u1", replace("roles", complexRoles))},
		{"4.10-patch-assertive-roles", Options{}, patch(user, "u1", replace("roles", assertiveRoles))},
		{"4.11-clear-attribute", Options{}, patch(user, "u1", plan.Change{Attribute: "title", Verb: plan.Remove, Old: directory.Str("x")})},
		{"4.14-single-replace", Options{}, patch(user, "u1", replace("userName", "dana2@ex.com"))},
		{"4.14-single-add", Options{}, patch(user, "u1", set("nickName", "Di"))},

		{"5.2-create-group", Options{}, create(group, set("displayName", "Ops"), set("externalId", "g-1"))},
		{"5.2-create-group-legacy", Options{Behavior: Behavior{LegacyGroupSchema: true}}, create(group, set("displayName", "Ops"), set("externalId", "g-1"))},
		{"5.4-rename-group", Options{}, patch(group, "g1", replace("displayName", "New"))},
		{"5.5-members", Options{}, patch(group, "g1", replace("displayName", "New"), set("members", refs("u1", "u2")), change(plan.Remove, "members", refs("u3")))},
		{"5.5-members-ref-null", Options{Behavior: Behavior{MemberRefNull: true}}, patch(group, "g1", set("members", refs("u1")), change(plan.Remove, "members", refs("u3")))},
		{"5.6-members-batches", Options{MembersPerPatch: 2}, patch(group, "g1", set("members", refs("u1", "u2", "u3")), change(plan.Remove, "members", refs("u4", "u5", "u6")))},
		{"5.7-members-replace", Options{}, patch(group, "g1", replace("members", refs("u673")))},
		{"5.11-delete-group", Options{}, plan.Operation{Action: plan.Delete, Type: group, TargetAnchor: "g1"}},

		{"6.1-manager-after-the-rest", Options{}, patch(user, "u1", set(ent+"manager", directory.Ref("m1")), replace("title", "Lead"))},
		{"6.2-manager", Options{}, patch(user, "u1", set(ent+"manager", directory.Ref("m1")))},
		{"6.5-manager-removal", Options{}, patch(user, "u1", change(plan.Remove, ent+"manager", directory.Ref("m1")))},
		{"6.5-manager-removal-by-verb", Options{Behavior: Behavior{ManagerRemoval: RemoveByVerb}}, patch(user, "u1", change(plan.Remove, ent+"manager", directory.Ref("m1")))},
		{"3.10-delete-user", Options{}, plan.Operation{Action: plan.Delete, Type: user, TargetAnchor: "a/b c"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			both := ""
			for _, tenant := range []string{"https://app.example.com/scim/v2", "https://app.example.com/scim/v2/?aadOptscim062020"} {
				opts := tt.options
				opts.TenantURL = tenant
				target, s := newScripted(t, opts, reply{status: 200, body: oneID})
				if _, err := target.Apply(context.Background(), tt.op); err != nil {
					t.Fatal(err)
				}
				if tt.op.Action == plan.Create || tt.op.Action == plan.Delete {
					if both != "" && both != s.transcript() {
						t.Errorf("the dialects differ outside of PATCH: %s", s.transcript())
					}
					both = s.transcript()
					continue
				}
				both += "### " + tenant + "\n\n" + s.transcript() + "\n"

				shown, err := target.Requests(tt.op)
				if err != nil || len(shown) != len(s.requests) {
					t.Fatalf("Requests gives %d requests and error %v; Apply sent %d", len(shown), err, len(s.requests))
				}
				for i, r := range shown {
					if r.Method != s.requests[i].Method || string(r.Body) != s.bodies[i] || "/scim/v2"+r.Path != s.requests[i].URL.RequestURI() {
						t.Errorf("Requests shows %s %s %s", r.Method, r.Path, r.Body)
					}
				}
			}
			golden(t, tt.name, both)
		})
	}
}

// TestRequestsOfReading compares the requests that read.
func TestRequestsOfReading(t *testing.T) {
	ctx := context.Background()
	find := func(typ directory.ObjectType, attribute, value string) func(*Target) error {
		return func(target *Target) error {
			_, err := target.Find(ctx, connectors.Query{Type: typ, Attribute: attribute, Value: directory.Str(value)})
			return err
		}
	}
	get := func(typ directory.ObjectType) func(*Target) error {
		return func(target *Target) error {
			_, err := target.Get(ctx, typ, "u1", []string{"userName", "members"})
			return err
		}
	}
	test := func(target *Target) error { return target.Test(ctx, directory.User, directory.Group) }
	tests := []struct {
		name    string
		options Options
		answer  string
		do      func(*Target) error
	}{
		{"2.1-test-connection", Options{}, emptyList, test},
		{"2.1-test-connection-other-matching", Options{Matching: map[directory.ObjectType]string{directory.User: `emails[type eq "work"].value`}}, emptyList, test},
		{"1.7-match-user", Options{}, emptyList, find(directory.User, "userName", "a b+c@ex.com")},
		{"1.7-match-user-quotes", Options{}, emptyList, find(directory.User, "externalId", `O'Brien "x" \ Zoë & co`)},
		{"1.7-match-by-element", Options{}, emptyList, find(directory.User, `emails[type eq "work"].value`, "a@ex.com")},
		{"1.7-match-by-extension", Options{}, emptyList, find(directory.User, ent+"employeeNumber", "42")},
		{"5.1-match-group", Options{}, emptyList, find(directory.Group, "displayName", "Ops")},
		{"3.4-read-user", Options{}, oneID, get(directory.User)},
		{"5.3-read-group", Options{}, oneID, get(directory.Group)},
		{"1.9-trailing-slashes", Options{TenantURL: "https://app.example.com/a/b//"}, oneID, get(directory.User)},
		{"1.10-flag-stripped", Options{TenantURL: "https://app.example.com/scim?customer=1&aadOptscim062020=true&x=%20"}, oneID, get(directory.Group)},
		{"1.10-flag-passed", Options{TenantURL: "https://app.example.com/scim?customer=1&aadOptscim062020", Behavior: Behavior{PassFlags: true}}, oneID, get(directory.Group)},
		{"1.4-no-vendor-header", Options{Behavior: Behavior{ADSCIMVersion: NoHeader}}, oneID, get(directory.User)},
		{"6.4-check-manager", Options{Behavior: Behavior{CheckReferences: true}}, emptyList, func(target *Target) error {
			_, err := target.Apply(ctx, patch(directory.User, "u1", set(ent+"manager", directory.Ref("m1"))))
			return err
		}},
		{"5.8-check-members", Options{Behavior: Behavior{CheckReferences: true}, MembersPerPatch: 5}, emptyList, func(target *Target) error {
			_, err := target.Apply(ctx, patch(directory.Group, "g1", set("members", refs("u1", "u2")), change(plan.Remove, "members", refs("u3"))))
			return err
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.options.NewGUID = func() string { return guid }
			target, s := newScripted(t, tt.options, reply{status: 200, body: tt.answer})
			if err := tt.do(target); err != nil {
				t.Fatal(err)
			}
			golden(t, tt.name, s.transcript())
		})
	}
}

// TestTestShown compares the requests that Test is said to have made with those
// that came in: of a test that goes well, and of one that ends early.
func TestTestShown(t *testing.T) {
	for name, tt := range map[string]struct {
		replies []reply
		made    int
	}{
		"well":         {[]reply{{status: 200, body: emptyList}}, 2},
		"the second":   {[]reply{{status: 200, body: emptyList}, {status: 404}}, 2},
		"the first":    {[]reply{{status: 401}}, 1},
		"never a list": {[]reply{{status: 200, body: "{}"}}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			target, s := newScripted(t, Options{}, tt.replies...)
			made, err := target.TestShown(context.Background(), directory.User, directory.Group)
			if (err == nil) != (name == "well") {
				t.Errorf("error %v", err)
			}
			if len(made) != tt.made || len(s.requests) != tt.made {
				t.Fatalf("%d shown, %d sent, want %d", len(made), len(s.requests), tt.made)
			}
			for i, r := range made {
				if got := s.requests[i].URL.RequestURI(); got != "/scim/v2"+r.Path {
					t.Errorf("sent %s, shown %s", got, r.Path)
				}
			}
		})
	}
}
