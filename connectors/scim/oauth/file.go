package oauth

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// maxAssertion is the size in bytes of the largest assertion that is read.
const maxAssertion = 64 << 10

// File is the path of a file that holds a JWT which another issuer keeps
// renewing, as a projected service account token of Kubernetes. It is an
// Assertion that is read anew at each use.
type File string

// Assertion returns the JWT in the file.
func (f File) Assertion(time.Time) (string, error) {
	file, err := os.Open(string(f))
	if err != nil {
		return "", fmt.Errorf("the assertion cannot be read: %w", err)
	}
	content, err := io.ReadAll(io.LimitReader(file, maxAssertion+1))
	_ = file.Close() // it was only read
	if err != nil {
		return "", fmt.Errorf("the assertion cannot be read: %w", err)
	}
	assertion := strings.TrimSpace(string(content))
	if len(content) > maxAssertion {
		return "", fmt.Errorf("the file %s is larger than %d KB: it is to hold one JWT", f, maxAssertion>>10)
	}
	if _, _, err := Decode(assertion); err != nil {
		return "", fmt.Errorf("the file %s holds no JWT: %w", f, err)
	}
	return assertion, nil
}

// Decode returns header and claims of a JWT, each as JSON. The signature is
// not checked. Errors repeat nothing of it.
func Decode(assertion string) (header, claims json.RawMessage, err error) {
	parts := strings.Split(assertion, ".")
	if len(parts) != 3 {
		return nil, nil, fmt.Errorf("a JWT has three parts with a dot between them, and this has %d", len(parts))
	}
	for i, into := range []*json.RawMessage{&header, &claims} {
		text, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil || !json.Valid(text) {
			return nil, nil, fmt.Errorf("its %s is not the JSON of a JWT", []string{"header", "payload"}[i])
		}
		*into = text
	}
	if parts[2] == "" {
		return nil, nil, errors.New("it is not signed")
	}
	return header, claims, nil
}
