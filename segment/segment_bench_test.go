package segment_test

import (
	"context"
	"math"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/segment"
)

func measure(b *testing.B, name string, n int, f func() error) {
	b.Run(name, func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := f(); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n*b.N), "ns/row")
	})
}

func BenchmarkRFM(b *testing.B) {
	const n = 100_000
	s := rng.New(1, 0, 0)
	r, f, m := make([]float64, n), make([]float64, n), make([]float64, n)
	for i := range r {
		r[i], f[i], m[i] = float64(s.Intn(365)), float64(1+s.Intn(40)), math.Exp(3+s.Normal())
	}
	var model *segment.RFM
	measure(b, "op=fit/n=100k/levels=5", n, func() (err error) {
		model, err = segment.FitRFM(r, f, m, 5)
		return err
	})
	if model == nil {
		return // filtered out
	}
	scores := make([]segment.RFMScore, 0, n)
	measure(b, "op=score/n=100k/levels=5", n, func() (err error) {
		scores, err = model.ScoreAll(scores[:0], r, f, m)
		return err
	})
	names := segment.DefaultMap()
	measure(b, "op=segment/n=100k/levels=5", n, func() error {
		for _, s := range scores {
			if _, err := names.Segment(s); err != nil {
				return err
			}
		}
		return nil
	})
}

func BenchmarkClusterScores(b *testing.B) {
	const n = 2000
	rows, from := blobs(n, 8, 6, 1, 1)
	labels := make([]int32, n)
	for i, l := range from {
		labels[i] = int32(l)
	}
	ctx := context.Background()
	measure(b, "score=silhouette/n=2k/d=8/k=6", n, func() error { _, _, err := segment.Silhouette(ctx, rows, labels); return err })
	measure(b, "score=simplified/n=2k/d=8/k=6", n, func() error { _, err := segment.SimplifiedSilhouette(rows, labels); return err })
	measure(b, "score=calinski/n=2k/d=8/k=6", n, func() error { _, err := segment.CalinskiHarabasz(rows, labels); return err })
	measure(b, "score=davies/n=2k/d=8/k=6", n, func() error { _, err := segment.DaviesBouldin(rows, labels); return err })
	measure(b, "score=describe/n=2k/d=8/k=6", n, func() error { _, err := segment.DescribeClusters(rows, labels, nil, 0); return err })
	measure(b, "score=choose/n=2k/d=8", n, func() error {
		_, err := segment.ChooseK(ctx, rows, segment.ChooseKOptions{})
		return err
	})
}

func BenchmarkKMeansStepAdd(b *testing.B) {
	rows, _ := blobs(1000, 16, 20, 2, 7)
	s, err := segment.NewKMeansStep(rows[:20])
	if err != nil {
		b.Fatal(err)
	}
	measure(b, "d=16/k=20", len(rows), func() error {
		for _, r := range rows {
			if err := s.Add(r, 1); err != nil {
				return err
			}
		}
		return nil
	})
}

func BenchmarkLifecycle(b *testing.B) {
	l, err := segment.NewLifecycle(segment.LifecycleOptions{})
	if err != nil {
		b.Fatal(err)
	}
	from := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	var bought []time.Time
	for k := range 20 {
		bought = append(bought, from.AddDate(0, 0, k*k/2))
	}
	var dst []segment.Transition
	measure(b, "op=timeline/purchases=20", len(bought), func() (err error) {
		dst, err = l.Timeline(dst[:0], bought, from, from.AddDate(2, 0, 0))
		return err
	})
	var t segment.Transitions
	measure(b, "op=transitions", 1, func() error { return t.Add(dst[0].From, dst[0].To) })
}
