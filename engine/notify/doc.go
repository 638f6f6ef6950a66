// Package notify tells people of a job's quarantine: by mail and by webhook. It
// implements engine.Notifier.
package notify
