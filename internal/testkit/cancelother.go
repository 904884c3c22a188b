//go:build !unix

package testkit

import "time"

var started = time.Now()

// ProcessorTime is wall time where there is no better.
func ProcessorTime() time.Duration { return time.Since(started) }
