package expr_test

import (
	"testing"
	"time"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/mapping/expr"
)

// user is a user with every attribute that the default mapping reads.
var user = attributes{
	"userPrincipalName": directory.Str("adele.vance@contoso.com"), "IsSoftDeleted": directory.Bool(false),
	"displayName": directory.Str("Adele Vance"), "jobTitle": directory.Str("Retail Manager"), "mail": directory.Str("adele.vance@contoso.com"),
	"preferredLanguage": directory.Str("en-US"), "givenName": directory.Str("Adele"), "surname": directory.Str("Vance"),
	"physicalDeliveryOfficeName": directory.Str("18/2111"), "streetAddress": directory.Str("9256 Towne Center Dr., Suite 400"),
	"city": directory.Str("San Diego"), "state": directory.Str("CA"), "postalCode": directory.Str("92121"), "country": directory.Str("United States"),
	"telephoneNumber": directory.Str("+1 425 555 0109"), "mobile": directory.Str("+1 425 555 0110"), "facsimileTelephoneNumber": directory.Str("+1 425 555 0111"),
	"mailNickname": directory.Str("adelev"), "employeeId": directory.Str("000123"), "department": directory.Str("Retail"),
	"manager": directory.Ref("39aa00aa-bb11-cc22-dd33-44ee44ee44ee"),
}

// defaultMapping is Microsoft's default mapping of users for a SCIM
// application without a template.
var defaultMapping = []string{
	"[userPrincipalName]", `Switch([IsSoftDeleted], , "False", "True", "True", "False")`, "[displayName]", "[jobTitle]", "[mail]",
	"[preferredLanguage]", "[givenName]", "[surname]", `Join(" ", [givenName], [surname])`, "[physicalDeliveryOfficeName]", "[streetAddress]",
	"[city]", "[state]", "[postalCode]", "[country]", "[telephoneNumber]", "[mobile]", "[facsimileTelephoneNumber]", "[mailNickname]",
	"[employeeId]", "[department]", "[manager]",
}

func compileAll(t testing.TB, sources []string) []*expr.Program {
	t.Helper()
	programs := make([]*expr.Program, len(sources))
	for i, src := range sources {
		p, err := expr.Compile(src)
		if err != nil {
			t.Fatal(err)
		}
		programs[i] = p
	}
	return programs
}

// BenchmarkDefaultMapping evaluates the whole default mapping for one user.
func BenchmarkDefaultMapping(b *testing.B) {
	programs := compileAll(b, defaultMapping)
	env := expr.Env{Attributes: user, Now: time.Date(2025, 7, 30, 0, 0, 0, 0, time.UTC)}
	b.ReportAllocs()
	for b.Loop() {
		for _, p := range programs {
			if _, err := p.Eval(env); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// BenchmarkCompile compiles a long expression from Microsoft's guides.
func BenchmarkCompile(b *testing.B) {
	const src = `SelectUniqueValue(Join("@", NormalizeDiacritics(StripSpaces(Join(".", [PreferredFirstName], [PreferredLastName]))), "contoso.com"), ` +
		`Join("@", NormalizeDiacritics(StripSpaces(Join(".", Mid([PreferredFirstName], 1, 1), [PreferredLastName]))), "contoso.com"))`
	b.ReportAllocs()
	for b.Loop() {
		if _, err := expr.Compile(src); err != nil {
			b.Fatal(err)
		}
	}
}

// benchmarked are calls whose arguments come from the user, where the example
// of the table has constants alone.
var benchmarked = map[string]string{
	"Append": `Append([userPrincipalName], ".test")`, "Join": `Join(" ", [givenName], [surname])`, "Mid": `Mid([displayName], 1, 5)`,
	"Left": `Left([displayName], 5)`, "ToLower": `ToLower([userPrincipalName])`, "StripSpaces": `StripSpaces([jobTitle])`,
	"Switch": `Switch([IsSoftDeleted], , "False", "True", "True", "False")`, "IIF": `IIF([country] = "USA", [state], [city])`,
	"IsPresent": `IsPresent([mail])`, "Word": `Word([displayName], 2, " ")`, "Coalesce": `Coalesce([absent], [mail])`,
	"NormalizeDiacritics": `NormalizeDiacritics([displayName])`, "InStr": `InStr([mail], "@")`, "Trim": `Trim([displayName])`,
}

// BenchmarkFunctions evaluates one call of every function.
func BenchmarkFunctions(b *testing.B) {
	env := expr.Env{Attributes: user, Now: time.Date(2025, 7, 30, 0, 0, 0, 0, time.UTC), Globals: map[string]string{"DefaultDomain": "contoso.com"}}
	for _, f := range expr.Functions() {
		src := f.Example
		if s, ok := benchmarked[f.Name]; ok {
			src = s
		}
		p := compileAll(b, []string{src})[0]
		b.Run(f.Name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := p.Eval(env); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestNoAllocations: where the result is a part of what is there already, an
// evaluation allocates nothing.
func TestNoAllocations(t *testing.T) {
	env := expr.Env{Attributes: user, Now: time.Date(2025, 7, 30, 0, 0, 0, 0, time.UTC)}
	for _, src := range []string{
		"[displayName]", `Switch([IsSoftDeleted], , "False", "True", "True", "False")`, `IIF([country] = "USA", [state], [city])`,
		`Mid([displayName], 1, 5)`, `Left([displayName], 5)`, `Join(" ", [givenName], [absent])`, `Append([mail], "")`, `Coalesce([absent], [mail])`,
		`ToLower([userPrincipalName])`, `Word([displayName], 2, " ")`, `Trim([displayName])`, `StripSpaces([mailNickname])`,
		`NormalizeDiacritics([displayName])`, `InStr([mail], "@")`, `Len([mail])`, `Not([IsSoftDeleted])`, `Replace([mail], "x", , , "y", , )`,
		`DateDiff("d", Now(), Now())`, `IgnoreFlowIfNullOrEmpty([absent])`, `BitAnd(512, 2)`,
	} {
		p := compileAll(t, []string{src})[0]
		if n := testing.AllocsPerRun(100, func() { _, _ = p.Eval(env) }); n > 0 {
			t.Errorf("%s allocates %v times", src, n)
		}
	}
}
