package scim

import (
	"testing"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/plan"
)

// defaultUser is a user of the default mapping.
func defaultUser() plan.Operation {
	return create(directory.User,
		set("userName", "dana@ex.com"), set("active", "True"), set("displayName", "Dana Ito"), set("title", "Engineer"),
		set(`emails[type eq "work"].value`, "dana@ex.com"), set("preferredLanguage", "en-GB"),
		set("name.givenName", "Dana"), set("name.familyName", "Ito"), set("name.formatted", "Dana Ito"),
		set(`addresses[type eq "work"].formatted`, "Floor 2"), set(`addresses[type eq "work"].streetAddress`, "1 Main Street"),
		set(`addresses[type eq "work"].locality`, "Oslo"), set(`addresses[type eq "work"].postalCode`, "0150"),
		set(`phoneNumbers[type eq "work"].value`, "+47 1"), set(`phoneNumbers[type eq "mobile"].value`, "+47 2"),
		set("externalId", "dana"), set(ent+"employeeNumber", "701984"), set(ent+"department", "R&D"))
}

func BenchmarkCreateBody(b *testing.B) {
	target, _ := newScripted(b, Options{})
	op := defaultUser()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := target.Requests(op); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPatchBody(b *testing.B) {
	for name, tenant := range map[string]string{"standard": "https://x.example", "compliant": "https://x.example?aadOptscim062020"} {
		b.Run(name, func(b *testing.B) {
			target, _ := newScripted(b, Options{TenantURL: tenant})
			op := defaultUser()
			op.Action, op.TargetAnchor = plan.Update, "u1"
			b.ReportAllocs()
			for b.Loop() {
				if _, err := target.Requests(op); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkFlatten(b *testing.B) {
	target, _ := newScripted(b, Options{})
	op := defaultUser()
	requests, err := target.Requests(op)
	if err != nil {
		b.Fatal(err)
	}
	names := make([]string, len(op.Changes))
	for i, c := range op.Changes {
		names[i] = c.Attribute
	}
	wanted, err := target.builder.resolver.resolveAll(directory.User, names)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(requests[0].Body)))
	b.ReportAllocs()
	for b.Loop() {
		r, err := decode(requests[0].Body)
		if err != nil {
			b.Fatal(err)
		}
		if got := flatten(r, wanted); len(got) != len(names) {
			b.Fatalf("%d of %d attributes came back", len(got), len(names))
		}
	}
}
