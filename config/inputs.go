package config

import (
	"os"
	"strings"

	"github.com/spf13/pflag"
)

// Option says what a configuration is read from beside its files.
type Option func(*inputs)

// inputs are the surroundings of the files.
type inputs struct {
	env         func(string) (string, bool)
	flags       *pflag.FlagSet
	skipSecrets bool
}

func newInputs(options []Option) *inputs {
	in := &inputs{env: os.LookupEnv}
	for _, o := range options {
		o(in)
	}
	return in
}

// WithEnv replaces the environment, which is os.LookupEnv by default.
func WithEnv(lookup func(name string) (string, bool)) Option {
	return func(in *inputs) { in.env = lookup }
}

// WithFlags lets the command line have the last word on the daemon file: a
// flag that was given and whose name is that of a key in lower case with
// dashes (log-level for log.level, api-token for apiToken) replaces its value.
// Other flags are not looked at.
func WithFlags(flags *pflag.FlagSet) Option {
	return func(in *inputs) { in.flags = flags }
}

// SkipSecrets leaves the references of secrets unread, for commands that talk
// to no application: a missing token then stops nobody from reading the log.
func SkipSecrets() Option {
	return func(in *inputs) { in.skipSecrets = true }
}

// flag returns the flag of a key if it was given, nil if not.
func (in *inputs) flag(key string) *pflag.Flag {
	if in.flags == nil {
		return nil
	}
	if f := in.flags.Lookup(flagName(key)); f != nil && f.Changed {
		return f
	}
	return nil
}

// envPrefix begins the names of the environment variables that set keys of
// the daemon file.
const envPrefix = "SCIMSYNC_"

// envName returns the environment variable of a key: SCIMSYNC_API_TOKEN for
// apiToken, SCIMSYNC_LOG_LEVEL for log.level.
func envName(key string) string { return envPrefix + strings.ToUpper(words(key, "_")) }

// flagName returns the flag of a key: api-token, log-level.
func flagName(key string) string { return words(key, "-") }

func words(key, separator string) string {
	var b strings.Builder
	before := 'A'
	for _, r := range key {
		switch {
		case r == '.':
			b.WriteString(separator)
		case r >= 'A' && r <= 'Z':
			if before >= 'a' { // allowHTTP is allow_http
				b.WriteString(separator)
			}
			b.WriteRune(r + 'a' - 'A')
		default:
			b.WriteRune(r)
		}
		before = r
	}
	return b.String()
}
