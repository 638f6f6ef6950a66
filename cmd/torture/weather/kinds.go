package weather

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// Kind is a kind of fault, in words.
type Kind string

// Kinds that tests ask for by name. Kinds returns all of them.
const (
	Pass         Kind = "passed on"
	Unauthorized Kind = "401"
	Expired      Kind = "expired certificate"
)

// fault is what a kind of fault does: it answers instead of the application, or
// after it.
type fault struct {
	before func(x *exchange)
	after  func(x *exchange, a *answer)
	fits   func(r *http.Request) bool        // nil: every request
	finds  func(x *exchange, a *answer) bool // whether the application's answer can be spoiled so; nil: any
	lasts  bool                              // an outage may be made of it
	// onlyLasts keeps it out of the weather in which single requests fail.
	onlyLasts bool
	match     bool // is of queries, and comes also where only writes fail
	tls       bool // is of the connection rather than of a request
}

func (f fault) fitsAnswer(x *exchange, a *answer) bool { return f.finds == nil || f.finds(x, a) }

// Kinds returns every kind of fault, sorted; those that need TLS if there is.
func Kinds(withTLS bool) (kinds []Kind) {
	for k, f := range table() {
		if k != Pass && (withTLS || !f.tls) {
			kinds = append(kinds, k)
		}
	}
	slices.Sort(kinds)
	return kinds
}

// table returns what the kinds do.
func table() map[Kind]fault {
	t := map[Kind]fault{
		Pass:         {},
		Unauthorized: {before: refuse, lasts: true, onlyLasts: true},
		Expired:      {before: drop, lasts: true, onlyLasts: true, tls: true},

		"reset before":                    {before: reset, lasts: true},
		"reset after it took effect":      {after: afterwards(reset), lasts: true},
		"closed before":                   {before: drop},
		"closed after it took effect":     {after: afterwards(drop)},
		"no answer in time":               {before: silence, lasts: true},
		"took effect, no answer in time":  {after: afterwards(silence), lasts: true},
		"an answer that comes too slowly": {after: tooSlowly},
		"an answer that breaks off":       {after: breakOff, finds: hasBody},
		"truncated JSON":                  {after: truncate, finds: hasBody},
		"HTML with 200":                   {before: page(http.StatusOK), lasts: true},
		"took effect, HTML with 200":      {after: afterwards(page(http.StatusOK))},
		"a huge answer":                   {before: flood, lasts: true},
		"took effect, a huge answer":      {after: huge, finds: hasBody},
		"gzip":                            {after: compress, finds: hasBody},
		"201 without id":                  {after: withoutID, fits: isCreate, finds: isSuccess},
		"201 without a body":              {after: withoutBody, fits: isCreate, finds: isSuccess},
		"list without Resources":          {after: withoutResources, fits: isQuery, finds: isSuccess, match: true},
		"the same match twice":            {after: twice, fits: isQuery, finds: hasMatch, match: true},
		"a wrong total":                   {after: miscounted, fits: isQuery, finds: isSuccess, match: true},
		"several matches":                 {after: several, fits: isQuery, finds: hasMatch, match: true},

		// Some gateways have one status for everything, and some machines do not know
		// yet what others do.
		"an error message with 200":              {before: contradicted},
		"took effect, an error message with 200": {after: afterwards(contradicted)},
		"404 for an object that is there":        {before: bodies(http.StatusNotFound)["SCIM"], fits: isObject},

		// What a client has to understand.
		"a large answer":       {after: padded, finds: hasBody},
		"mixed case":           {after: recase, finds: hasBody},
		"wrong content type":   {after: mislabel, finds: hasBody},
		"a slow answer":        {after: slowly, finds: hasBody},
		"a byte order mark":    {after: marked, finds: hasBody},
		"a success with 200":   {after: restated(http.StatusOK), finds: hasBody},
		"redirect to itself":   {before: redirect(itself), lasts: true},
		"redirect, other host": {before: redirect(elsewhere), lasts: true},
		"redirect afterwards":  {after: afterwards(redirect(elsewhere))},
	}
	for _, status := range []int{http.StatusTooManyRequests, http.StatusServiceUnavailable} {
		for name, wish := range wishes {
			k := Kind(fmt.Sprintf("%d, Retry-After %s", status, name))
			t[k] = fault{before: tooMuch(status, wish), lasts: name != "absurd"}
		}
	}
	t["503, Retry-After in seconds, after it took effect"] = fault{after: afterwards(tooMuch(http.StatusServiceUnavailable, inSeconds))}
	t["503, Retry-After absent, after it took effect"] = fault{after: afterwards(tooMuch(http.StatusServiceUnavailable, absent))}
	for _, status := range []int{http.StatusInternalServerError, http.StatusBadGateway, http.StatusGatewayTimeout} {
		for name, answer := range bodies(status) {
			t[Kind(fmt.Sprintf("%d, %s", status, name))] = fault{before: answer, lasts: name == "HTML"}
			t[Kind(fmt.Sprintf("%d, %s, after it took effect", status, name))] = fault{after: afterwards(answer)}
		}
	}
	for name, answer := range bodies(http.StatusNotFound) {
		t[Kind("404 on everything, "+name)] = fault{before: answer, lasts: true, onlyLasts: true}
	}
	return t
}

func isCreate(r *http.Request) bool { return r.Method == http.MethodPost }

// isQuery reports whether a request asks a collection rather than an object.
func isQuery(r *http.Request) bool {
	return r.Method == http.MethodGet && (strings.HasSuffix(r.URL.Path, "/Users") || strings.HasSuffix(r.URL.Path, "/Groups"))
}

// isObject reports whether a request is about one object, and not about a member
// of it: who is answered twice that a member to be removed is not there believes it.
func isObject(r *http.Request) bool {
	return strings.Contains(r.URL.Path, "/Users/") || strings.Contains(r.URL.Path, "/Groups/") && r.Method != http.MethodPatch
}

func isSuccess(_ *exchange, a *answer) bool { return a.status >= 200 && a.status < 300 }

func hasBody(_ *exchange, a *answer) bool { return len(a.body) > 2 }
