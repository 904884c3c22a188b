//go:build race

package testkit

// Race reports whether the race detector is on. sync.Pool drops items at random
// under it, so allocation counts mean nothing there.
const Race = true
