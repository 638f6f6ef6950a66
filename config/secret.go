package config

import (
	"encoding/json"
	"fmt"

	"github.com/scimsync/scimsync/mask"
)

// masked is how a secret reads wherever it is printed.
const masked = mask.Text

// Secret is a text that is never shown: every way of printing or encoding it
// gives asterisks. The zero Secret is none. Reveal alone returns the text.
type Secret struct {
	// A pointer, because fmt calls no method of an unexported field: it prints
	// an address there, and not the text.
	value *string
}

// NewSecret returns a secret that holds text; "" gives the zero Secret.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{value: &text}
}

// Reveal returns the text, "" of the zero Secret.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// IsZero reports whether there is no secret.
func (s Secret) IsZero() bool { return s.value == nil }

// Equal reports whether s and t hold the same text.
func (s Secret) Equal(t Secret) bool { return s.Reveal() == t.Reveal() }

// String returns asterisks, "" of the zero Secret.
func (s Secret) String() string {
	if s.IsZero() {
		return ""
	}
	return masked
}

// GoString returns asterisks.
func (s Secret) GoString() string { return fmt.Sprintf("config.Secret(%q)", s.String()) }

// Format prints asterisks whatever the verb.
func (s Secret) Format(f fmt.State, verb rune) {
	text := s.String()
	if verb == 'v' && f.Flag('#') {
		text = s.GoString()
	}
	fmt.Fprint(f, text)
}

// MarshalText returns asterisks: encoders of text, YAML and JSON use it, and
// so does a logger that encodes values by reflection.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// MarshalJSON returns asterisks as a JSON string.
func (s Secret) MarshalJSON() ([]byte, error) { return json.Marshal(s.String()) }

// Masker replaces secrets in text, for what comes from elsewhere: the body of
// an application's answer, or a panic.
type Masker = mask.Masker

// NewMasker returns a masker of these secrets.
func NewMasker(secrets ...Secret) *Masker {
	texts := make([]string, len(secrets))
	for i, s := range secrets {
		texts[i] = s.Reveal()
	}
	return mask.New(texts...)
}
