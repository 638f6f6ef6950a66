package sqlite

import (
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
)

// dsn returns the data source name of a file, as an RFC 8089 URI with the
// parameters that SQLite and its driver read. The path may hold any character.
func dsn(path string, uri url.Values, pragmas ...string) string {
	path = filepath.ToSlash(path)
	if len(path) > 1 && path[1] == ':' { // a Windows drive: file:///C:/…
		path = "/" + path
	}
	values := url.Values{"_dqs": {"0"}, "_txlock": {"immediate"}, "_pragma": pragmas}
	for key, value := range uri {
		values[key] = value
	}
	escaped := (&url.URL{Path: path}).EscapedPath()
	if strings.HasPrefix(escaped, "//") { // else SQLite takes the first element for a host
		escaped = "//" + escaped
	}
	return "file:" + escaped + "?" + values.Encode()
}

// writerDSN is the one connection that writes.
func writerDSN(path string, o options) string {
	return dsn(path, url.Values{"mode": {"rw"}}, append(common(o),
		"journal_mode(WAL)",
		"synchronous("+o.synchronous+")",
		// Pages that a few transactions in a row touch are copied to the
		// database once: 32 MB, and the log is cut back when it grew beyond.
		"wal_autocheckpoint(8000)",
		"journal_size_limit(67108864)",
		"cache_size(-32768)", // KiB
	)...)
}

// readerDSN is one of the connections that read; query_only makes a mistake
// in this package an error.
func readerDSN(path string, o options) string {
	return dsn(path, url.Values{"mode": {"rw"}}, append(common(o), "query_only(1)", "cache_size(-8192)")...)
}

func common(o options) []string {
	return []string{fmt.Sprintf("busy_timeout(%d)", o.busyTimeout.Milliseconds())}
}
