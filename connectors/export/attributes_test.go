package export

import (
	"strings"
	"testing"
	"time"

	"github.com/scimsync/scimsync/connectors/directory"
)

// The header that the portal's "Download users" writes, and the one that it
// wrote before 2021.
const (
	portalHeader = "userPrincipalName,displayName,surname,mail,givenName,id,userType,jobTitle,department,accountEnabled,usageLocation,streetAddress,state,country,officeLocation,city,postalCode,telephoneNumber,mobilePhone,alternateEmailAddress,ageGroup,consentProvidedForMinor,legalAgeGroupClassification,companyName,creationType,directorySynced,invitationState,identityIssuer,createdDateTime"
	olderHeader  = "userPrincipalName,displayName,surname,mail,givenName,objectId,userType,jobTitle,department,accountEnabled,usageLocation,streetAddress,state,country,physicalDeliveryOfficeName,city,postalCode,telephoneNumber,mobile,authenticationPhoneNumber,authenticationAlternativePhoneNumber,authenticationEmail,alternateEmailAddress,ageGroup,consentProvidedForMinor,legalAgeGroupClassification"
)

// One user as Graph, and as the portal, writes it down.
func TestUserAttributes(t *testing.T) {
	for _, test := range []struct{ name, file, content, want string }{
		{"renamed", "u.json", `[{"id":"a1","mobilePhone":"+47 2","faxNumber":"+47 3","officeLocation":"18/2111","businessPhones":["+47 1","+47 4"]}]`,
			`{"businessPhones":["+47 1","+47 4"],"facsimileTelephoneNumber":"+47 3","mobile":"+47 2","objectId":"a1","physicalDeliveryOfficeName":"18/2111","telephoneNumber":"+47 1"}`},
		{"no phones", "u.json", `[{"id":"a1","businessPhones":[]}]`, `{"businessPhones":[],"objectId":"a1"}`},
		{"a telephone number of its own", "u.json", `[{"id":"a1","businessPhones":["1"],"telephoneNumber":"2"}]`,
			`{"businessPhones":["1"],"objectId":"a1","telephoneNumber":"2"}`},
		{"extension attributes", "u.json", `[{"id":"a1","onPremisesExtensionAttributes":{"extensionAttribute1":"x","extensionAttribute2":null,"extensionAttribute15":"y"}}]`,
			`{"extensionAttribute1":"x","extensionAttribute15":"y","objectId":"a1"}`},
		{"directory extension", "u.json", `[{"id":"a1","extension_0123456789abcdef0123456789ABCDEF_costCentre":"7"}]`,
			`{"extension_0123456789abcdef0123456789ABCDEF_costCentre":"7","objectId":"a1"}`},
		{"organisation", "u.json", `[{"id":"a1","employeeOrgData":{"@odata.type":"#x","costCenter":"7","division":"EMEA"}},{"id":"b2","employeeOrgData":null}]`,
			`{"employeeOrgData.costCenter":"7","employeeOrgData.division":"EMEA","objectId":"a1"}`},
		{"manager expanded", "u.json", `[{"id":"a1","manager":{"@odata.type":"#microsoft.graph.user","id":"B2","displayName":"Bo"}}]`, `{"manager":"B2","objectId":"a1"}`},
		{"manager by id", "u.json", `[{"id":"a1","manager":"b2"}]`, `{"manager":"b2","objectId":"a1"}`},
		{"manager of a delta", "u.json", `[{"id":"a1","manager@delta":[{"id":"c3","@removed":{"reason":"deleted"}},{"id":"b2"}]}]`, `{"manager":"b2","objectId":"a1"}`},
		{"manager null", "u.json", `[{"id":"a1","manager":null}]`, `{"objectId":"a1"}`},
		{"case of names", "u.json", `[{"Id":"a1","JobTitle":"Boss","MyOwn":"x"}]`, `{"MyOwn":"x","jobTitle":"Boss","objectId":"a1"}`},
		{"PowerShell's case", "u.json", `{"Id":"a1","Manager":{"Id":"b2"},"BusinessPhones":["1"],"EmployeeOrgData":{"CostCenter":"7"},"OnPremisesExtensionAttributes":{"ExtensionAttribute2":"x"}}`,
			`{"businessPhones":["1"],"employeeOrgData.costCenter":"7","extensionAttribute2":"x","manager":"b2","objectId":"a1","telephoneNumber":"1"}`},
		{"annotations", "u.json", `[{"@odata.id":"x","id":"a1","manager@odata.context":"y","createdDateTime@odata.type":"z","@microsoft.graph.tips":"t"}]`, `{"objectId":"a1"}`},
		{"types", "u.json", `[{"id":"a1","accountEnabled":false,"level":42,"share":0.5,"mail":null,"createdDateTime":"2021-08-19T13:25:31Z"}]`,
			`{"accountEnabled":false,"createdDateTime":"2021-08-19T13:25:31Z","level":42,"objectId":"a1","share":"0.5"}`},
		{"objects and lists", "u.json", `[{"id":"a1","identities":[{"signInType":"userName","issuerAssignedId":null},null],"otherMails":["a@x","b@x"],"x":{}}]`,
			`{"identities":[{"signInType":"userName"}],"objectId":"a1","otherMails":["a@x","b@x"],"x":{}}`},
		{"escapes", "u.json", `[{"id":"a1","displayName":"A\"d\u00e1 \\ \ud83d\ude00","department":"\n"}]`, `{"department":"\n","displayName":"A\"dá \\ 😀","objectId":"a1"}`},
		{"roles of other applications", "u.json", `[{"id":"a1","appRoleAssignments":[{"id":"x"}]}]`, `{"objectId":"a1"}`},
		{"both names agree", "u.json", `[{"id":"a1","objectId":"a1"}]`, `{"objectId":"a1"}`},
		{"GUID in capitals", "u.json", `[{"id":"0A7C5B1E-0000-4000-8000-00000000000F"}]`, `{"objectId":"0a7c5b1e-0000-4000-8000-00000000000f"}`},
		{"guest", "u.json", `[{"id":"a1","userPrincipalName":"ada_b_fabrikam.com#EXT#@contoso.onmicrosoft.com"}]`,
			`{"objectId":"a1","originalUserPrincipalName":"ada_b_fabrikam.com#EXT#@contoso.onmicrosoft.com","userPrincipalName":"ada_b@fabrikam.com"}`},
		{"guest without a domain", "u.json", `[{"id":"a1","userPrincipalName":"ada#ext#@contoso.com"}]`,
			`{"objectId":"a1","originalUserPrincipalName":"ada#ext#@contoso.com","userPrincipalName":"ada#ext#@contoso.com"}`},
		{"portal", "u.csv", portalHeader + "\n" +
			`MSOBBYSec_outlook.com#EXT#@MSOBBYSecoutlook.onmicrosoft.com,"Sec, B",Sec,,B,7CC0C81B-f2a2-489a-8243-eda96da4214d,Member,,,True,DE,"Way 1` + "\n" + `2nd floor",,,18/2,,,1,2,MSOBBYSec@outlook.com,,,,,,FALSE,,MSOBBYSecoutlook.onmicrosoft.com,8/19/2021 1:25:31 PM`,
			`{"accountEnabled":true,"alternateEmailAddress":"MSOBBYSec@outlook.com","createdDateTime":"2021-08-19T13:25:31Z","directorySynced":false,"displayName":"Sec, B","givenName":"B","identityIssuer":"MSOBBYSecoutlook.onmicrosoft.com","mobile":"2","objectId":"7cc0c81b-f2a2-489a-8243-eda96da4214d","originalUserPrincipalName":"MSOBBYSec_outlook.com#EXT#@MSOBBYSecoutlook.onmicrosoft.com","physicalDeliveryOfficeName":"18/2","streetAddress":"Way 1\n2nd floor","surname":"Sec","telephoneNumber":"1","usageLocation":"DE","userPrincipalName":"MSOBBYSec@outlook.com","userType":"Member"}`},
		{"portal, older", "u.csv", olderHeader + "\na@x,Ada,,,,a1,Member,,,FALSE,,,,,18/2,,,1,2,3,,,,,,",
			`{"accountEnabled":false,"authenticationPhoneNumber":"3","displayName":"Ada","mobile":"2","objectId":"a1","originalUserPrincipalName":"a@x","physicalDeliveryOfficeName":"18/2","telephoneNumber":"1","userPrincipalName":"a@x","userType":"Member"}`},
		{"columns of one's own", "u.csv", "ID,Shoe Size,manager,otherMails,businessPhones,,extension_0123456789abcdef0123456789abcdef_x\na1,42,B2, a@x; b@x ,1;2,ignored,y",
			`{"Shoe Size":"42","businessPhones":["1","2"],"extension_0123456789abcdef0123456789abcdef_x":"y","manager":"B2","objectId":"a1","otherMails":["a@x","b@x"],"telephoneNumber":"1"}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			list := objects(t, map[string]string{test.file: test.content}, Options{Users: test.file})
			if got := asJSON(t, list[0]); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			if list[0].Anchor != list[0].Get("objectId").Text() || list[0].Type != directory.User || list[0].Presence != directory.Present {
				t.Errorf("anchor %q, type %s, presence %s", list[0].Anchor, list[0].Type, list[0].Presence)
			}
		})
	}
}

// The kinds matter to expressions and references, and JSON does not show them.
func TestKinds(t *testing.T) {
	u := objects(t, map[string]string{"u.json": `[{"id":"a1","manager":"b2","createdDateTime":"2021-08-19T13:25:31Z","employeeHireDate":"soon","businessPhones":["1"]}]`}, Options{Users: "u.json"})[0]
	for name, want := range map[string]directory.Value{
		"manager":          directory.Ref("b2"),
		"createdDateTime":  directory.Time(time.Date(2021, 8, 19, 13, 25, 31, 0, time.UTC)),
		"employeeHireDate": directory.Str("soon"),
		"businessPhones":   directory.Strs("1"),
	} {
		if got := u.Get(name); !got.Equal(want) {
			t.Errorf("%s: got %v of kind %d, want %v of kind %d", name, got, got.Kind(), want, want.Kind())
		}
	}
}

// A user who is exported in both formats is the same to a mapping.
func TestFormatsAgree(t *testing.T) {
	fromJSON := objects(t, map[string]string{"u.json": `{"value":[{"id":"7cc0c81b-f2a2-489a-8243-eda96da4214d","accountEnabled":true,"createdDateTime":"2021-08-19T13:25:31Z","mobilePhone":"2"}]}`}, Options{Users: "u.json"})
	fromCSV := objects(t, map[string]string{"u.csv": "id,accountEnabled,createdDateTime,mobile\n7cc0c81b-f2a2-489a-8243-eda96da4214d,TRUE,8/19/2021 1:25:31 PM,2"}, Options{Users: "u.csv"})
	if fromJSON[0].Hash() != fromCSV[0].Hash() {
		t.Errorf("JSON gives %s\nCSV gives  %s", asJSON(t, fromJSON[0]), asJSON(t, fromCSV[0]))
	}
}

func TestGroups(t *testing.T) {
	for _, test := range []struct{ name, group, want string }{
		{"members", `{"id":"g1","members":[{"@odata.type":"#microsoft.graph.user","id":"b2"},{"id":"a1"},{"id":"b2"}]}`, `{"members":["b2","a1"],"objectId":"g1"}`},
		{"ids", `{"id":"g1","members":["b2","a1",null]}`, `{"members":["b2","a1"],"objectId":"g1"}`},
		{"delta", `{"id":"g1","members@delta":[{"@odata.type":"#microsoft.graph.user","id":"a1"},{"@odata.type":"#microsoft.graph.user","id":"c3","@removed":{"reason":"deleted"}}]}`, `{"members":["a1"],"objectId":"g1"}`},
		{"members before owners", `{"members":["a1"],"owners":["b2"],"id":"g1"}`, `{"members":["a1"],"objectId":"g1","owners":["b2"]}`},
		{"owners before members", `{"owners":["a1","b2"],"members":["b2","a1"],"id":"g1"}`, `{"members":["b2","a1"],"objectId":"g1","owners":["a1","b2"]}`},
		{"nobody", `{"id":"g1","members":[]}`, `{"members":[],"objectId":"g1"}`},
		{"attributes", `{"id":"g1","displayName":"Sales","mailEnabled":false,"groupTypes":["Unified"],"owners":[{"id":"a1"}]}`,
			`{"displayName":"Sales","groupTypes":["Unified"],"mailEnabled":false,"objectId":"g1","owners":["a1"]}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			list := objects(t, map[string]string{"u.json": "[]", "g.json": "[" + test.group + "]"}, Options{Users: "u.json", Groups: "g.json"})
			if got := asJSON(t, list[0]); got != test.want || list[0].Type != directory.Group {
				t.Errorf("got  %s %s\nwant %s", list[0].Type, got, test.want)
			}
			for _, m := range list[0].Get("members").Elements() {
				if m.Kind() != directory.Reference {
					t.Errorf("member %s is no reference", m)
				}
			}
		})
	}
}

func TestGroupErrors(t *testing.T) {
	for _, test := range []struct{ name, file, content, want string }{
		{"more members", "g.json", `[{"id":"g1","members":[],"members@odata.nextLink":"x"}]`,
			`g.json:1:2: g1: member "members@odata.nextLink": the list goes on in another page; export it whole`},
		{"CSV", "g.csv", "id\ng1", `g.csv: a CSV holds no members; groups are read from Graph JSON alone`},
		{"users", "g.json", `{"@odata.context":"https://graph.microsoft.com/v1.0/$metadata#users(id)","value":[]}`, `g.json:1:1: this is a list of users`},
		{"a member without id", "g.json", `[{"id":"g1","members":["a1",{"displayName":"Bo"}]}]`,
			`g.json:1:29: member: the object that is referred to has no id; select it in the export`},
		{"members truncated", "g.json", `[{"id":"g1","members":["a1",`, `g.json:1:29: the file ends in the middle of its JSON: it is truncated`},
		{"no members", "g.json", `[{"id":"g1","members":7}]`, `g.json:1:2: g1: member "members": an object with an id, or an id, was expected`},
		{"missing", "", "", `g.json: the file does not exist`},
		{"no match", "x*.json", "", `x*.json: no file matches this pattern`},
		{"bad pattern", "[.json", "", `[.json: this is no valid file pattern: syntax error in pattern`},
	} {
		t.Run(test.name, func(t *testing.T) {
			files := map[string]string{"u.json": "[]"}
			name := test.file
			switch {
			case test.content != "":
				files[name] = test.content
			case name == "":
				name = "g.json"
			}
			if got := readError(t, files, Options{Users: "u.json", Groups: name}); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

// Deleted users are as they were when they were deleted.
func TestDeletedUsers(t *testing.T) {
	const id = "0a7c5b1e-0000-4000-8000-00000000000f"
	plain := strings.ReplaceAll(id, "-", "")
	for _, test := range []struct{ name, user, want string }{
		{"prefix", `{"id":"` + id + `","userPrincipalName":"` + plain + `ada@contoso.com"}`, "ada@contoso.com ada@contoso.com"},
		{"prefix in capitals", `{"id":"` + id + `","userPrincipalName":"` + strings.ToUpper(plain) + `ada@contoso.com"}`, "ada@contoso.com ada@contoso.com"},
		{"no prefix", `{"id":"` + id + `","userPrincipalName":"ada@contoso.com"}`, "ada@contoso.com ada@contoso.com"},
		{"another id", `{"id":"` + id + `","userPrincipalName":"1` + plain[1:] + `ada@contoso.com"}`, "1" + plain[1:] + "ada@contoso.com 1" + plain[1:] + "ada@contoso.com"},
		{"guest", `{"id":"` + id + `","userPrincipalName":"` + plain + `ada_x.com#EXT#@contoso.com"}`, "ada@x.com ada_x.com#EXT#@contoso.com"},
		{"among other objects", `{"@odata.type":"#microsoft.graph.group","id":"g1"},{"@odata.type":"#microsoft.graph.user","id":"` + id + `","userPrincipalName":"` + plain + `ada@contoso.com"}`, "ada@contoso.com ada@contoso.com"},
	} {
		t.Run(test.name, func(t *testing.T) {
			list := objects(t, map[string]string{"u.json": "[]", "d.json": `{"value":[` + test.user + `]}`}, Options{Users: "u.json", DeletedUsers: "d.json"})
			if len(list) != 1 || list[0].Presence != directory.SoftDeleted || list[0].Tombstone {
				t.Fatalf("got %+v", list)
			}
			if got := list[0].Get("userPrincipalName").Text() + " " + list[0].Get("originalUserPrincipalName").Text(); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
	got := readError(t, map[string]string{"u.json": "[" + ada + "]", "d.json": "[" + bo + "," + ada + "]"}, Options{Users: "u.json", DeletedUsers: "d.json"})
	if want := `d.json:1:74: a1: another object of the export has the same id: u.json:1:2`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestNoUsers(t *testing.T) {
	if _, err := New(Options{Groups: "g.json"}); err == nil || err.Error() != "an export needs a file of users" {
		t.Errorf("New: %v", err)
	}
	dir := lay(t, nil)
	_, _, err := readAll(newSource(t, Options{Users: dir + "/.json"}), nil)
	if err == nil || !strings.HasSuffix(err.Error(), ".json: the file does not exist") {
		t.Errorf("got %v", err)
	}
}
