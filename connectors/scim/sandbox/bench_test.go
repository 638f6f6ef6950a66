package sandbox_test

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"github.com/scimsync/scimsync/connectors/scim/sandbox"
)

func filled(b *testing.B, users int) *app {
	b.Helper()
	s := sandbox.New(sandbox.Options{Token: token})
	list := make([]map[string]any, users)
	for i := range list {
		list[i] = map[string]any{
			"id": fmt.Sprint("id", i), "userName": fmt.Sprintf("user%d@x.org", i), "displayName": fmt.Sprintf("User %d", i),
			"externalId": fmt.Sprint("x", i), "active": true, "emails": []map[string]any{{"type": "work", "value": fmt.Sprintf("user%d@x.org", i)}},
		}
	}
	if err := s.Seed(list, []map[string]any{{"id": "g", "displayName": "G"}}); err != nil {
		b.Fatal(err)
	}
	return &app{Server: s, t: b, Client: http.Client{Transport: s.Transport()}}
}

// BenchmarkFind is Entra's matching request: it must not depend on the number
// of users.
func BenchmarkFind(b *testing.B) {
	for _, users := range []int{1000, 100_000} {
		a := filled(b, users)
		for _, attribute := range []string{"userName", "displayName", "externalId"} {
			value := map[string]string{"userName": "USER7@x.org", "displayName": "user 7", "externalId": "x7"}[attribute]
			b.Run(fmt.Sprintf("%s/%d", attribute, users), func(b *testing.B) {
				for b.Loop() {
					if r := a.do("GET", "/Users?filter="+attribute+"+eq+%22"+url.QueryEscape(value)+"%22", ""); r.status != 200 || len(r.body) < 300 {
						b.Fatalf("%d %s", r.status, r.body)
					}
				}
			})
		}
	}
}

// BenchmarkAddMember adds members to one group, one a request.
func BenchmarkAddMember(b *testing.B) {
	a := filled(b, 100_000)
	i := 0
	for b.Loop() {
		a.do("PATCH", "/Groups/g", patchBody(fmt.Sprintf(`{"op":"Add","path":"members","value":[{"value":"id%d"}]}`, i%100_000)))
		i++
	}
}

// BenchmarkCreate creates users.
func BenchmarkCreate(b *testing.B) {
	a := filled(b, 0)
	i := 0
	for b.Loop() {
		if r := a.do("POST", "/Users", fmt.Sprintf(userStart+`"userName":"u%d"%s}`, i, ada)); r.status != 201 {
			b.Fatalf("%d %s", r.status, r.body)
		}
		i++
	}
}
