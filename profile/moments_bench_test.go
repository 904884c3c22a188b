package profile_test

import (
	"testing"
	"time"

	"github.com/aislekit/aisle/profile"
)

func measure(b *testing.B, name string, n int, f func() error) {
	b.Run(name, func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := f(); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n*b.N), "ns/item")
	})
}

func BenchmarkAccumulators(b *testing.B) {
	var m profile.Moments
	i := 0.0
	measure(b, "kind=moments", 1, func() error { i++; return m.Add(i) })
	var g profile.GroupBy[int]
	k := 0
	measure(b, "kind=groupby", 1, func() error { k++; return g.Add(k%100, float64(k)) })
	d, err := profile.NewDecayed(30 * 24 * time.Hour)
	if err != nil {
		b.Fatal(err)
	}
	t := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	measure(b, "kind=decayed", 1, func() error { t = t.Add(time.Minute); return d.Add(t, 1) })
}
