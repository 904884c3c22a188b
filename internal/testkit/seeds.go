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
