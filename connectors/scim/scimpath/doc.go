// Package scimpath reads, prints and evaluates the attribute paths and filters
// of SCIM: the attribute notation of RFC 7644 section 3.10, the filters of
// section 3.4.2.2 (figure 1) and the PATCH paths of section 3.5.2 (figure 7).
// It is a leaf that both a client and a server build on: it knows no schema,
// no protocol and no network, and imports the standard library alone.
//
// Beyond the grammar of the RFC it takes what Microsoft Entra writes in its
// attribute mappings: a sub-attribute after a value filter inside a filter,
// as in emails[type eq "work"].value eq "a@b.c", and True, False and operators
// in any case.
package scimpath
