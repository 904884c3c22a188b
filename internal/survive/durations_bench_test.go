package survive

import (
	"testing"
	"time"
)

func BenchmarkAdd(b *testing.B) {
	var s Durations
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		i++
		s.Add(time.Duration(i&1023)*time.Second, i&3 > 0)
	}
}
