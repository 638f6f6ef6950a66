// Package scim is a SCIM 2.0 target that speaks as the Microsoft Entra
// provisioning service does: the same requests, in both of its PATCH dialects.
package scim

import "time"

// Options says how to reach an application.
type Options struct {
	// TenantURL is the base of the application's SCIM endpoint. Its query may
	// carry the feature flags of the service: aadOptscim062020 chooses the
	// second PATCH dialect. Flags are not sent to the application.
	TenantURL   string
	SecretToken string // bearer token

	// Types are the types of target attributes that the SCIM schemas do not
	// tell, by target attribute name: "boolean", "integer", "string", "reference".
	Types map[string]string

	MembersPerPatch int           // how many members one PATCH adds or removes; 0 means 1, as captured
	Timeout         time.Duration // of one request; 0 means 90 seconds
	Retries         int           // of requests that are safe to repeat; 0 means 3, negative none
	RetryWait       time.Duration // the first pause between tries; 0 means 1 second
	// Transport sends the requests; nil means a pooled transport of its own.
	Transport Transport
}
