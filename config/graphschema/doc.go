// Package graphschema translates between job files and the schema of an Entra
// provisioning job (Microsoft Graph, synchronizationSchema: what GET
// /servicePrincipals/{id}/synchronization/jobs/{id}/schema returns). Import
// makes a job file of a schema, and Export a schema of a job. Importing,
// exporting and importing again gives the same object mappings.
//
// What a schema has and a job file has not is named in comments of the job
// file; nothing is dropped in silence, apart from the definitions of attributes
// that no mapping uses. The package does no I/O of its own, and never panics on
// any input; its time and memory grow with the size of the input, which is
// limited.
package graphschema
