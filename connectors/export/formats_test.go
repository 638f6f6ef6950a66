package export

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"testing"
)

const (
	ada    = `{"id":"a1","userPrincipalName":"ada@contoso.com","displayName":"Ada Ito"}`
	bo     = `{"id":"b2","userPrincipalName":"bo@contoso.com","displayName":"Bo Nær"}`
	header = `"@odata.context":"https://graph.microsoft.com/v1.0/$metadata#users"`
)

func zipped(s string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(s))
	_ = w.Close()
	return b.String()
}

// Every way to write down Ada and Bo.
func TestFormats(t *testing.T) {
	csv := "userPrincipalName,displayName,id\r\nada@contoso.com,Ada Ito,a1\r\nbo@contoso.com,Bo Nær,b2\r\n"
	for _, test := range []struct {
		name, users string
		files       map[string]string
	}{
		{"list response", "u.json", map[string]string{"u.json": `{` + header + `,"value":[` + ada + `,` + bo + `]}`}},
		{"list response, value first", "u.json", map[string]string{"u.json": `{"value":[` + ada + `,` + bo + `],"@odata.count":2,` + header + `}`}},
		{"array", "u.json", map[string]string{"u.json": "[\n " + ada + " ,\n " + bo + "\n]\n"}},
		{"object a line", "u.ndjson", map[string]string{"u.ndjson": ada + "\n" + bo + "\n"}},
		{"object a line, other extension", "u.jsonl", map[string]string{"u.jsonl": ada + "\r\n" + bo}},
		{"object a line, annotated", "u.json", map[string]string{"u.json": `{"@odata.type":"#microsoft.graph.user",` + ada[1:] + bo}},
		{"object a line, context", "u.json", map[string]string{"u.json": `{"@odata.context":"https://graph.microsoft.com/v1.0/$metadata#users/$entity",` + ada[1:] + bo}},
		{"responses one after the other", "u.json", map[string]string{"u.json": `{"value":[` + ada + `],"@odata.nextLink":"x"}{"value":[` + bo + `]}`}},
		{"pages", "u-*.json", map[string]string{
			"u-2.json":  `{"value":[` + ada + `],"@odata.nextLink":"https://graph.microsoft.com/v1.0/users?$skiptoken=x"}`,
			"u-10.json": `{"value":[` + bo + `]}`}},
		{"pages, the first without number", "u*.json", map[string]string{
			"u.json":   `{"value":[` + ada + `],"@odata.nextLink":"x"}`,
			"u-2.json": `{"value":[` + bo + `],"@odata.deltaLink":"y"}`}},
		{"pages of both formats", "u?.*", map[string]string{"u1.json": `[` + ada + `]`, "u2.csv": "id,displayName,userPrincipalName\nb2,Bo Nær,bo@contoso.com"}},
		{"a name like a pattern", "u[1].json", map[string]string{"u[1].json": `[` + ada + `,` + bo + `]`, "u1.json": `[]`}},
		{"byte order mark", "u.json", map[string]string{"u.json": "\uFEFF[" + ada + `,` + bo + `]`}},
		{"UTF-16, little end first", "u.json", map[string]string{"u.json": toUTF16(`[`+ada+`,`+bo+`]`, binary.LittleEndian)}},
		{"UTF-16, big end first", "u.json", map[string]string{"u.json": toUTF16(`[`+ada+`,`+bo+`]`, binary.BigEndian)}},
		{"gzip", "u.json.gz", map[string]string{"u.json.gz": zipped(`[` + ada + `,` + bo + `]`)}},
		{"removed entry", "u.json", map[string]string{"u.json": `[` + ada + `,{"id":"c3","@removed":{"reason":"changed"}},` + bo + `]`}},
		{"CSV", "u.csv", map[string]string{"u.csv": csv}},
		{"CSV, byte order mark", "U.CSV", map[string]string{"U.CSV": "\uFEFF" + csv}},
		{"CSV, UTF-16", "u.csv", map[string]string{"u.csv": toUTF16(csv, binary.LittleEndian)}},
		{"CSV, gzip", "u.csv.gz", map[string]string{"u.csv.gz": zipped(csv)}},
		{"CSV, semicolons", "u.csv", map[string]string{"u.csv": "displayName;OBJECTID;UserPrincipalName\nAda Ito;a1;ada@contoso.com\nBo Nær;b2;bo@contoso.com"}},
		{"CSV, tabs", "u.csv", map[string]string{"u.csv": "displayName\tid\tuserPrincipalName\nAda Ito\ta1\tada@contoso.com\nBo Nær\tb2\tbo@contoso.com"}},
		{"CSV, quoted", "u.csv", map[string]string{"u.csv": "\"id\",\"displayName\",\"userPrincipalName\"\n\"a1\",\"Ada Ito\",\"ada@contoso.com\"\n\n\"b2\",\"Bo Nær\",\"bo@contoso.com\""}},
		{"CSV of PowerShell", "u.csv", map[string]string{"u.csv": "#TYPE Microsoft.Graph.User\nid,displayName,userPrincipalName\na1,Ada Ito,ada@contoso.com\nb2,Bo Nær,bo@contoso.com\n"}},
		{"CSV of Excel", "u.csv", map[string]string{"u.csv": "sep=;\r\nid;displayName;userPrincipalName\r\na1;Ada Ito;ada@contoso.com\r\nb2;Bo Nær;bo@contoso.com\r\n"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			list := objects(t, test.files, Options{Users: test.users})
			if got := anchors(list); got != "a1 b2" {
				t.Fatalf("read %q", got)
			}
			for i, want := range []string{
				`{"displayName":"Ada Ito","objectId":"a1","originalUserPrincipalName":"ada@contoso.com","userPrincipalName":"ada@contoso.com"}`,
				`{"displayName":"Bo Nær","objectId":"b2","originalUserPrincipalName":"bo@contoso.com","userPrincipalName":"bo@contoso.com"}`,
			} {
				if got := asJSON(t, list[i]); got != want {
					t.Errorf("got  %s\nwant %s", got, want)
				}
			}
		})
	}
}

// An export without objects is legal: whether that can be is not for a reader
// to judge.
func TestEmptyList(t *testing.T) {
	for name, content := range map[string]string{
		"u.json": `[]`, "list.json": `{"value":[]}`, "u.csv": "id,displayName\n", "bare.csv": "id,mail",
	} {
		t.Run(name, func(t *testing.T) {
			if list := objects(t, map[string]string{name: content}, Options{Users: name}); len(list) != 0 {
				t.Errorf("read %q", anchors(list))
			}
		})
	}
}

// The whole text of each error about what a file holds.
func TestFormatErrors(t *testing.T) {
	for _, test := range []struct{ name, file, content, want string }{
		{"zero bytes", "u.json", "", `u.json: the file is empty; an export without objects is an empty list, [] in JSON, or the header alone in CSV`},
		{"nothing but a mark", "u.json", "\uFEFF", `u.json: the file is empty; an export without objects is an empty list, [] in JSON, or the header alone in CSV`},
		{"blank", "u.json", " \n", `u.json: the file is empty; an export without objects is an empty list, [] in JSON, or the header alone in CSV`},
		{"blank CSV", "u.csv", "\n\n", `u.csv: the file is empty; an export without objects is an empty list, [] in JSON, or the header alone in CSV`},
		{"truncated in a value", "u.json", "[" + ada + ",\n {\"id\":\"b", `u.json:2:10: the file ends in the middle of its JSON: it is truncated`},
		{"truncated between objects", "u.json", "[" + ada + ",\n", `u.json:2:1: the file ends in the middle of its JSON: it is truncated`},
		{"truncated after an object", "u.json", "{\"value\":[" + ada, `u.json:1:84: the file ends in the middle of its JSON: it is truncated`},
		{"truncated list response", "u.json", "{\"value\":[" + ada + "]", `u.json:1:85: the file ends in the middle of its JSON: it is truncated`},
		{"truncated gzip", "u.json.gz", zipped("[" + ada + "]")[:60], `u.json.gz: the file is truncated`},
		{"no gzip", "u.json.gz", "[" + ada + "]", `u.json.gz: this is no gzip file: gzip: invalid header`},
		{"no JSON", "u.json", "[\n\n  {\"id\": x}]", `u.json:3:10: invalid JSON in /0/id: invalid character 'x' at start of value`},
		{"two lists", "u.json", "[" + ada + "]\n]", `u.json:2:1: invalid JSON: invalid character ']' at start of value`},
		{"HTML", "u.json", "<!DOCTYPE html>", `u.json:1:1: invalid JSON: invalid character '<' at start of value`},
		{"duplicate member", "u.json", `[{"id":"a1","mail":"x",` + "\n" + `"mail":"y"}]`, `u.json:2:1: the object has two members "mail"`},
		{"invalid UTF-8", "u.json", "[{\"id\":\"a\xff\"}]", `u.json:1:10: invalid JSON in /0/id: invalid UTF-8`},
		{"a string", "u.json", `"users"`, `u.json:1:1: a list of objects was expected, and a string found`},
		{"strings", "u.json", "[" + ada + ",\n \"b2\"]", `u.json:2:2: an object was expected in the list, and a string found`},
		{"lists", "u.json", "[[]]", `u.json:1:2: an object was expected in the list, and a list found`},
		{"an error of Graph", "u.json", `{"error":{"code":"Authorization_RequestDenied","message":"Insufficient privileges"}}`,
			`u.json:1:1: this is an error of Microsoft Graph and no list: {"code":"Authorization_RequestDenied","message":"Insufficient privileges"}`},
		{"no value", "u.json", `{` + header + `}`, `u.json:1:1: this list response of Microsoft Graph has no "value"`},
		{"more pages", "u.json", `{"value":[` + ada + `],"@odata.nextLink":"https://graph.microsoft.com/v1.0/users?$skiptoken=x"}`,
			`u.json: the export is incomplete: this last page has an @odata.nextLink, so that more pages exist than there are files`},
		{"a list of groups", "u.json", `{"@odata.context":"https://graph.microsoft.com/v1.0/$metadata#groups","value":[]}`, `u.json:1:1: this is a list of groups`},
		{"a group", "u.json", `[{"@odata.type":"#microsoft.graph.group","id":"g1"}]`,
			`u.json:1:2: g1: the list holds an object of type #microsoft.graph.group, and #microsoft.graph.user was expected`},
		{"no id", "u.json", "[" + ada + ",\n  {\"displayName\":\"Bo\"}]",
			`u.json:2:3: Bo: the object has no id; every object of an export needs one ("id" in Graph's $select)`},
		{"empty id", "u.json", `[{"id":""}]`, `u.json:1:2: the object has no id; every object of an export needs one ("id" in Graph's $select)`},
		{"number as id", "u.json", `[{"displayName":"Bo","id":7}]`, `u.json:1:2: Bo: member "id": an object id is a string`},
		{"two ids", "u.json", `[{"id":"a1","objectId":"b2"}]`, `u.json:1:2: b2: member "objectId": the object has another objectId under another name`},
		{"twice the same id", "u.ndjson", ada + "\n" + bo + "\n" + ada, `u.ndjson:3:1: a1: another object of the export has the same id: u.ndjson:1:1`},
		{"twice the same GUID", "u.json", `[{"id":"0A7C5B1E-0000-4000-8000-00000000000F"},{"id":"0a7c5b1e-0000-4000-8000-00000000000f"}]`,
			`u.json:1:48: 0a7c5b1e-0000-4000-8000-00000000000f: another object of the export has the same id: u.json:1:2`},
		{"manager without id", "u.json", `[{"id":"a1","manager":{"displayName":"Bo"}}]`,
			`u.json:1:2: a1: member "manager": the object that is referred to has no id; select it in the export`},
		{"two managers", "u.json", `[{"id":"a1","manager@delta":[{"id":"b2"},{"id":"c3"}]}]`,
			`u.json:1:2: a1: member "manager@delta": 2 objects are named where one can be`},
		{"nested too deep", "u.json", `[{"id":"a1","x":[[[[[[[[[[[[[[1]]]]]]]]]]]]]]}]`, `u.json:1:2: a1: member "x": the object is nested too deep`},
		{"CSV without id", "u.csv", "userPrincipalName,displayName\nada@contoso.com,Ada", `u.csv line 1: the CSV needs a column id or objectId; its columns are userPrincipalName, displayName`},
		{"CSV without id, Excel", "u.csv", "sep=;\nmail;name\n", `u.csv line 2: the CSV needs a column id or objectId; its columns are mail, name`},
		{"CSV, the same column twice", "u.csv", "id,Mail,mail\n", `u.csv line 1: the columns "Mail" and "mail" both are mail`},
		{"CSV, two names of a column", "u.csv", "id,officeLocation,physicalDeliveryOfficeName\n",
			`u.csv line 1: the columns "officeLocation" and "physicalDeliveryOfficeName" both are physicalDeliveryOfficeName`},
		{"CSV, too few fields", "u.csv", "id,displayName\na1,Ada\nb2\n", `u.csv line 3: the number of fields is 1, and the header's is 2`},
		{"CSV, too many fields", "u.csv", "id,displayName\n\na1,Ito, Ada\n", `u.csv line 3: the number of fields is 3, and the header's is 2`},
		{"CSV, too few fields, Excel", "u.csv", "sep=,\nid,displayName\na1,Ada\nb2\n", `u.csv line 4: the number of fields is 1, and the header's is 2`},
		{"CSV, no id", "u.csv", "id,displayName\na1,Ada\n,Bo\n", `u.csv line 3: Bo: the object has no id; every object of an export needs one ("id" in Graph's $select)`},
		{"CSV, twice the same id", "u.csv", "id,displayName\na1,Ada\nb2,\"Bo\nNær\"\na1,Ada\n", `u.csv line 5: a1: another object of the export has the same id: u.csv line 2`},
		{"CSV, quote not ended", "u.csv", "id,displayName\na1,\"Ada\nb2,Bo\n",
			`u.csv line 2: a field begins with a quote that does not end, or text follows it: the row is wrong or truncated`},
		{"CSV, bare quote", "u.csv", "id,displayName\na1,Ada \"Lady\" Ito\n",
			`u.csv line 2, column 8: a quote in a field that does not begin with one; such a field is written "like ""this"""`},
		{"CSV, no boolean", "u.csv", "id,accountEnabled\na1,yes\n", `u.csv line 2: a1: column accountEnabled holds "yes", and TRUE or FALSE was expected`},
		{"CSV, no UTF-8", "u.csv", "id,displayName\na1,J\xf8rgen\n", `u.csv line 2: a1: column displayName is not UTF-8: save the file as UTF-8 CSV`},
		{"CSV, header no UTF-8", "u.csv", "id,f\xf8dt\n", `u.csv line 1: the header is not UTF-8: save the file as UTF-8 CSV`},
		{"NUL characters at the end, as after a loss of power", "u.csv", "id\na1\n\x00\x00\x00", `u.csv line 3: the object id holds a NUL character: the file is damaged`},
		{"a NUL character in an id", "u.json", `[{"displayName":"Bo","id":"a\u0000b"}]`, `u.json:1:2: Bo: member "id": the object id holds a NUL character: the file is damaged`},
		{"UTF-16, truncated in a character", "u.csv", "\xff\xfei\x00d\x00\n\x00a\x00\n\x00b", `u.csv: the file is truncated`},
		{"UTF-16 JSON, truncated in a character", "u.json", "\xff\xfe[\x00]\x00 ", `u.json: the file is truncated`},
		{"LDIF", "u.ldif", "dn: cn=x\n", `u.ldif: LDIF is not supported in this version; use Graph JSON (.json) or the portal's CSV (.csv)`},
		{"another format", "u.xlsx", "PK", `u.xlsx: the format is told by the file's extension, which is none of .json, .ndjson, .jsonl, .csv (or these with .gz)`},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := readError(t, map[string]string{test.file: test.content}, Options{Users: test.file}); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}
