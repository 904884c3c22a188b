package clean_test

import (
	"cmp"
	"testing"
	"time"

	"github.com/aislekit/aisle/profile/clean"
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

func BenchmarkDedupe(b *testing.B) {
	const n = 10_000
	t := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	measure(b, "records=10k/distinct=5k", n, func() error {
		d, err := clean.NewDedupe[int, int](clean.DedupeOptions[int]{Window: time.Hour, Compare: cmp.Compare[int]})
		if err != nil {
			return err
		}
		for i := range n {
			if _, err := d.Add(i%5000, t.Add(time.Duration(i)*time.Second), i); err != nil {
				return err
			}
		}
		return nil
	})
}
