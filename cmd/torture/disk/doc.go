// Package disk is a disk that fails on demand: a file system in memory, mounted
// by FUSE, whose power fails in the middle of a write, that becomes full, broken
// or read-only at any moment. The program under test uses it as it would any
// other; its crash images hold what POSIX promises and nothing more: what was
// synchronised is there, and of the rest any part, in any order.
package disk
