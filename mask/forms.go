package mask

import (
	"encoding/base64"
	"net/url"
	"strings"
)

// form is one spelling of a secret.
type form struct {
	text string
	// encoded says that it is a part of a base64 word, which goes as a whole.
	encoded bool
}

// formsOf returns the spellings of a secret that unescaping does not undo.
func formsOf(secret string) []form {
	var forms []form
	for _, part := range append([]string{secret}, partsOf(secret)...) {
		if len(part) < Shortest {
			continue
		}
		forms = append(forms, form{text: part})
		// A secret that reads like an escape is unescaped with what it stands in.
		v := view{text: part}
		for range deepest {
			next, escaped := v.plainer()
			if !escaped || len(next.text) < Shortest {
				break
			}
			v = next
			forms = append(forms, form{text: v.text})
		}
		if strings.Contains(part, " ") {
			forms = append(forms, form{text: strings.ReplaceAll(part, " ", "+")}) // as in a query
		}
		for before := range 3 {
			if core := base64Core(part, before); len(core) >= leastCore {
				forms = append(forms, form{core, true}, form{strings.NewReplacer("+", "-", "/", "_").Replace(core), true})
			}
		}
	}
	return forms
}

// leastCore is the length from which on base64 is looked for: less would be
// found in words.
const leastCore = 5

// base64Core returns the characters of base64 that a secret alone decides, when
// so many bytes (modulo 3) come before it.
func base64Core(secret string, before int) string {
	word := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("\x00", before) + secret))
	first := (8*before + 5) / 6
	return word[first : 8*(before+len(secret))/6]
}

// The lengths from which on parts of a URL are looked for by themselves: a path
// such as "/services" is no secret.
const (
	leastValue   = 8
	leastSegment = 16
)

// partsOf returns what is secret by itself in a secret: the credentials of an
// Authorization header, the password of basic authentication, what is behind
// the host of a URL.
func partsOf(secret string) []string {
	scheme, credentials, _ := strings.Cut(secret, " ")
	credentials = strings.TrimSpace(credentials)
	switch strings.ToLower(scheme) {
	case "bearer", "token", "apikey", "api-key", "key", "digest", "negotiate":
		return []string{credentials}
	case "basic":
		decoded, _ := base64.StdEncoding.DecodeString(credentials) // nothing, if it is none
		_, password, _ := strings.Cut(string(decoded), ":")
		return []string{credentials, password}
	}
	u, err := url.Parse(secret)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return nil
	}
	parts := long(leastSegment, u.RequestURI(), u.EscapedPath(), u.Path)
	parts = append(parts, long(leastSegment, strings.Split(u.EscapedPath(), "/")...)...)
	for part := range strings.SplitSeq(u.RawQuery, "&") {
		_, value, _ := strings.Cut(part, "=")
		plain, _ := url.QueryUnescape(value) // "", if it cannot be
		parts = append(parts, long(leastValue, value, plain)...)
	}
	return parts
}

// long returns those of the texts that have so many bytes.
func long(least int, texts ...string) []string {
	var all []string
	for _, t := range texts {
		if len(t) >= least {
			all = append(all, t)
		}
	}
	return all
}
