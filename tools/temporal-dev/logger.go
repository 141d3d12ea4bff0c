package main

import (
	"fmt"

	"go.temporal.io/server/common/log"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// logger is the server's log on stderr, one JSON object a line.
type logger struct {
	log.Logger
	level  zap.AtomicLevel
	wanted zapcore.Level
}

// newLogger makes a logger that is quiet until the server is up.
func newLogger(level string) (*logger, error) {
	wanted, err := zapcore.ParseLevel(level)
	if err != nil {
		return nil, fmt.Errorf("configure log: %w", err)
	}
	l := &logger{level: zap.NewAtomicLevelAt(wanted), wanted: wanted}
	l.quiet(zapcore.ErrorLevel)
	encoder := zap.NewProductionEncoderConfig()
	encoder.TimeKey, encoder.EncodeTime = "time", zapcore.ISO8601TimeEncoder
	z, err := zap.Config{
		Level: l.level, Encoding: "json", EncoderConfig: encoder, DisableCaller: true, DisableStacktrace: true,
		OutputPaths: []string{"stderr"}, ErrorOutputPaths: []string{"stderr"},
	}.Build()
	if err != nil {
		return nil, fmt.Errorf("configure log: %w", err)
	}
	l.Logger = log.NewZapLogger(z)
	return l, nil
}

// quiet drops what services say that start or stop one after the other and miss each other meanwhile: warnings while
// starting, errors as well while stopping. Who asks for more than warnings gets all of them.
func (l *logger) quiet(below zapcore.Level) {
	if l.wanted >= zapcore.WarnLevel {
		l.level.SetLevel(max(below, l.wanted))
	}
}

func (l *logger) normal() { l.level.SetLevel(l.wanted) }
