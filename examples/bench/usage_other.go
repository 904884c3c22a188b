//go:build !unix

package bench

import "runtime/metrics"

// cpuSeconds returns the processor time that the Go runtime accounts for.
func cpuSeconds() float64 {
	s := []metrics.Sample{{Name: "/cpu/classes/total:cpu-seconds"}, {Name: "/cpu/classes/idle:cpu-seconds"}}
	metrics.Read(s)
	if s[0].Value.Kind() != metrics.KindFloat64 || s[1].Value.Kind() != metrics.KindFloat64 {
		return nan
	}
	return s[0].Value.Float64() - s[1].Value.Float64()
}

// peakMegabytes returns the memory that the Go runtime has obtained, in MiB: an
// upper bound of what was resident.
func peakMegabytes() float64 {
	s := []metrics.Sample{{Name: "/memory/classes/total:bytes"}}
	metrics.Read(s)
	if s[0].Value.Kind() != metrics.KindUint64 {
		return nan
	}
	return float64(s[0].Value.Uint64()) / (1 << 20)
}
