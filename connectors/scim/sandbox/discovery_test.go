package sandbox_test

import (
	"testing"

	"github.com/scimsync/scimsync/connectors/scim/sandbox"
)

func TestDiscovery(t *testing.T) {
	a := newApp(t, sandbox.Options{MaxResults: 50})
	wantJSON(t, "config", a.must("GET", "/ServiceProviderConfig", ""), `{
		"schemas":["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
		"patch":{"supported":true},"bulk":{"supported":false,"maxOperations":0,"maxPayloadSize":0},
		"filter":{"supported":true,"maxResults":50},"changePassword":{"supported":false},"sort":{"supported":false},"etag":{"supported":true},
		"authenticationSchemes":[{"type":"oauthbearertoken","name":"OAuth Bearer Token","description":"A long-lived bearer token in the header Authorization","specUri":"https://www.rfc-editor.org/info/rfc6750"}],
		"meta":{"resourceType":"ServiceProviderConfig","location":"http://app.test/scim/v2/ServiceProviderConfig"}}`)
	wantJSON(t, "resource type", a.must("GET", "/ResourceTypes/User", ""), `{
		"schemas":["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],"id":"User","name":"User","endpoint":"/Users","description":"User account",
		"schema":"urn:ietf:params:scim:schemas:core:2.0:User","schemaExtensions":[{"schema":"`+enterprise+`","required":false}],
		"meta":{"resourceType":"ResourceType","location":"http://app.test/scim/v2/ResourceTypes/User"}}`)
	if got := ids(a.must("GET", "/ResourceTypes", "")); got != "User Group" {
		t.Errorf("resource types %q", got)
	}
	list := a.must("GET", "/Schemas", "")
	if got := ids(list); got != "urn:ietf:params:scim:schemas:core:2.0:User "+enterprise+" urn:ietf:params:scim:schemas:core:2.0:Group" {
		t.Errorf("schemas %q", got)
	}
	for _, s := range list["Resources"].([]any) {
		id := s.(map[string]any)["id"].(string)
		wantSame(t, id, s, any(a.must("GET", "/Schemas/"+id, "")))
	}
}

// Every attribute definition has what RFC 7643 section 7 asks for.
func TestSchemas(t *testing.T) {
	a := newApp(t, sandbox.Options{})
	byName := map[string]map[string]any{}
	var visit func(prefix string, list []any)
	visit = func(prefix string, list []any) {
		for _, e := range list {
			d := e.(map[string]any)
			name := prefix + d["name"].(string)
			byName[name] = d
			for _, key := range []string{"type", "multiValued", "description", "required", "caseExact", "mutability", "returned", "uniqueness"} {
				if d[key] == nil || d[key] == "" {
					t.Errorf("%s has no %s: %v", name, key, d)
				}
			}
			sub, _ := d["subAttributes"].([]any)
			if (d["type"] == "complex") != (len(sub) > 0) {
				t.Errorf("%s: %v", name, d)
			}
			visit(name+".", sub)
		}
	}
	for _, s := range a.must("GET", "/Schemas", "")["Resources"].([]any) {
		visit("", s.(map[string]any)["attributes"].([]any))
	}
	for name, want := range map[string]string{
		"userName": "string", "active": "boolean", "emails": "complex", "emails.primary": "boolean", "name.givenName": "string",
		"manager.value": "string", "members.$ref": "reference", "x509Certificates.value": "binary",
	} {
		if byName[name]["type"] != want {
			t.Errorf("%s: %v", name, byName[name])
		}
	}
	if byName["roles.displayName"] != nil || byName["userName"]["required"] != true || byName["password"]["returned"] != "never" {
		t.Error("roles.displayName, userName or password are not as they should be")
	}
}
