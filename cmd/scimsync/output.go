package main

import (
	"encoding/json"
	"errors"
	"io"
	"strings"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// notJSON refuses -o json where the result is never JSON; instead says what to do.
func (a *app) notJSON(instead string) error {
	if a.json() {
		return errors.New("this is not printed as JSON: " + instead)
	}
	return nil
}

// coded returns an error's message with its code, which the message may have
// in it.
func coded(code, message string) string {
	if strings.Contains(message, "("+code+")") {
		return message
	}
	return code + ": " + message
}

// newLogger returns a logger that writes to w: for a person ("console") or
// for a machine ("json").
func newLogger(w io.Writer, level, format string, color bool) (*zap.Logger, error) {
	if level == "" {
		level = "info"
	}
	at, err := zapcore.ParseLevel(level)
	if err != nil {
		return nil, err
	}
	c := zap.NewProductionEncoderConfig()
	c.EncodeTime = zapcore.ISO8601TimeEncoder
	c.EncodeDuration = zapcore.StringDurationEncoder
	encoder := zapcore.NewJSONEncoder(c)
	if format != "json" {
		c.EncodeTime = zapcore.TimeEncoderOfLayout("15:04:05")
		c.EncodeLevel = zapcore.CapitalLevelEncoder
		if color {
			c.EncodeLevel = zapcore.CapitalColorLevelEncoder
		}
		encoder = zapcore.NewConsoleEncoder(c)
	}
	return zap.New(zapcore.NewCore(encoder, zapcore.Lock(zapcore.AddSync(w)), at)), nil
}
