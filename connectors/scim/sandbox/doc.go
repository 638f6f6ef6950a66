// Package sandbox is a SCIM 2.0 application to try things against: users and
// groups in memory, behind HTTP or within the process. It is strict enough to
// teach, so a request that RFC 7643 and 7644 do not allow gets a status, a
// scimType and a detail that says what would be right, and tolerant exactly
// where the Microsoft Entra provisioning service needs it: both of its PATCH
// dialects, booleans as text, a filtered path whose element does not exist
// yet, a manager as a plain id (Microsoft Learn, "Known issues and
// resolutions with SCIM 2.0 protocol compliance").
//
// It is no application to keep data in: everything is gone when it stops.
package sandbox
