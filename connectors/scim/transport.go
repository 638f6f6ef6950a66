package scim

import "net/http"

// Transport sends one request, as http.RoundTripper does.
type Transport = http.RoundTripper
