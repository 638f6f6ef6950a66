package main

import (
	"encoding/json"
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
