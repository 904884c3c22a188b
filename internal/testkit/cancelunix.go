//go:build unix

package testkit

import (
	"syscall"
	"time"
)

// ProcessorTime is what the process has used of the processors, whatever runs beside it.
func ProcessorTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
