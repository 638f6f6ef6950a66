// Package sqlite keeps the state of scimsync in one SQLite file, without cgo:
// job records, object connections, what was seen of the source, references,
// escrows and the provisioning log. It implements state.Store.
//
// One connection writes, a few read beside it (SQLite's write-ahead log lets
// them). Several processes may have the file open at once; each Record is one
// transaction that is whole or not there, whatever happens to the process.
// Nothing refers to another table by a foreign key: what belongs together is
// written in one transaction, and a log entry outlives what it tells of.
package sqlite
