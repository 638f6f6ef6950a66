package sandbox_test

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/scimsync/scimsync/connectors/scim/sandbox"
)

// A sandbox is an http.Handler; its Transport does without a network.
func ExampleNew() {
	app := sandbox.New(sandbox.Options{Token: "secret", OnRequest: func(r sandbox.Recorded) {
		fmt.Println(r.Method, r.Path, r.Status)
	}})
	client := http.Client{Transport: app.Transport()}
	body := `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"ada@contoso.com"}`
	request, err := http.NewRequest(http.MethodPost, "http://app"+app.BasePath()+"/Users", strings.NewReader(body))
	if err != nil {
		fmt.Println(err)
		return
	}
	request.Header.Set("Authorization", "Bearer secret")
	request.Header.Set("Content-Type", "application/scim+json")
	answer, err := client.Do(request)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = answer.Body.Close() }()
	fmt.Println(app.Users()[0]["userName"])
	// Output:
	// POST /scim/v2/Users 201
	// ada@contoso.com
}
