//go:build !unix

package testkit

import "time"

var started = time.Now()

// processorTime is wall time where there is no better.
func processorTime() time.Duration { return time.Since(started) }
