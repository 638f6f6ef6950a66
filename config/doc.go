// Package config loads, validates and explains the daemon file and the job
// files: it reads YAML into types that other packages own, and says with file,
// line and column what is wrong with it and what would be right. One table of
// keys (see keys_job.go and keys_daemon.go) drives both the reader and the
// JSON Schema for editors. It wires nothing: it knows no engine and no store.
package config
