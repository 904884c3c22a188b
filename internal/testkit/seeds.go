package testkit

// Seeds is how many seeds a test of many tries takes: all n of them, and two where
// the race detector is on. A race shows in the schedule of one try; what is asked
// of many tries, such as a share of them that must succeed, is asked without it.
func Seeds(n uint64) uint64 {
	if Race {
		return min(n, 2)
	}
	return n
}

// Rounds is Seeds for a test whose tries differ in kind, so that two would leave kinds out: a
// tenth of n, and at least five, where the race detector is on.
func Rounds(n int) int {
	if Race {
		return min(n, max(n/10, 5))
	}
	return n
}
