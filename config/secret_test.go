package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.yaml.in/yaml/v4"
)

func TestSecretIsNeverPrinted(t *testing.T) {
	const text = "hunter2-hunter2"
	s := NewSecret(text)
	hidden := struct{ inner Secret }{s}
	shown := struct{ Inner Secret }{s}
	var all []string
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%p"} {
		for _, v := range []any{s, &s, hidden, shown, []Secret{s}, map[string]Secret{"a": s}, Target{SecretToken: s}, &Daemon{APIToken: s}} {
			all = append(all, fmt.Sprintf(verb, v))
		}
	}
	for _, v := range []any{s, shown, []Secret{s}, map[string]*Secret{"a": &s}} {
		j, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		y, err := yaml.Dump(v)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, string(j), string(y))
	}
	var log bytes.Buffer
	for _, enc := range []zapcore.Encoder{
		zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), zapcore.NewConsoleEncoder(zap.NewDevelopmentEncoderConfig()),
	} {
		logger := zap.New(zapcore.NewCore(enc, zapcore.AddSync(&log), zap.DebugLevel))
		logger.Info("m", zap.Any("any", s), zap.Stringer("stringer", s), zap.Reflect("reflect", shown))
	}
	all = append(all, log.String())
	for _, printed := range all {
		if strings.Contains(printed, "hunter2") || strings.Contains(printed, fmt.Sprintf("%x", text)) {
			t.Errorf("shown: %s", printed)
		}
	}
	if got := s.String(); got != "********" {
		t.Errorf("String() is %q", got)
	}
	if s.Reveal() != text || !s.Equal(NewSecret(text)) || s.Equal(NewSecret("x")) || !NewSecret("").IsZero() || NewSecret("").String() != "" {
		t.Error("Reveal, Equal or IsZero")
	}
}

func TestMasker(t *testing.T) {
	m := NewMasker(NewSecret("abcd"), NewSecret("abcd/ef \"g\""), NewSecret("xyz"), Secret{})
	for text, want := range map[string]string{
		"abcd":                  masked,
		`abcd/ef "g"`:           masked,
		`{"a":"abcd/ef \"g\""}`: `{"a":"` + masked + `"}`,
		"?t=abcd%2Fef+%22g%22":  "?t=" + masked,
		"xyz is too short":      "xyz is too short",
		"":                      "",
	} {
		if got := m.Mask(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
	var none *Masker
	if none.Mask("a") != "a" {
		t.Error("a nil Masker changes text")
	}
}
