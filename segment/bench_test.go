package segment_test

import (
	"context"
	"math"
	"strconv"
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
	names := segment.DefaultSegmentMap()
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
	measure(b, "score=describe/n=2k/d=8/k=6", n, func() error { _, err := segment.DescribeClusters(rows, labels, nil); return err })
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

func BenchmarkAudience(b *testing.B) {
	const n = 1_000_000
	var even, third []int32
	ids := make([]int64, n)
	for u := range int32(n) {
		ids[u] = int64(u)
		if u%2 == 0 {
			even = append(even, u)
		}
		if u%3 == 0 {
			third = append(third, u)
		}
	}
	x, err1 := segment.NewAudience(n, even)
	y, err2 := segment.NewAudience(n, third)
	if err1 != nil || err2 != nil {
		b.Fatal(err1, err2)
	}
	measure(b, "op=and/users=1M", n, func() error { _, err := x.And(y); return err })
	measure(b, "op=or/users=1M", n, func() error { _, err := x.Or(y); return err })
	measure(b, "op=holdout/users=1M", n, func() error { _, _, err := segment.HoldOut(x, ids, 0.1, 1); return err })
}

func BenchmarkRule(b *testing.B) {
	const n = 100_000
	s := rng.New(2, 0, 0)
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	spend, city, seen := make([]float64, n), make([]string, n), make([]time.Time, n)
	for u := range n {
		spend[u], city[u] = math.Exp(3+s.Normal()), "city"+strconv.Itoa(s.Intn(50))
		seen[u] = now.Add(-time.Duration(s.Intn(400*24)) * time.Hour)
	}
	table, err := segment.NewAttributes(n)
	if err != nil {
		b.Fatal(err)
	}
	for _, err := range []error{table.AddNumbers("spend", spend), table.AddTexts("city", city), table.AddTimes("seen", seen)} {
		if err != nil {
			b.Fatal(err)
		}
	}
	rule := segment.And(segment.Compare("spend", ">", 30), segment.Or(segment.In("city", "city1", "city2", "city3"), segment.Recency("seen", 0, 30*24*time.Hour)))
	raw, err := rule.MarshalJSON()
	if err != nil {
		b.Fatal(err)
	}
	measure(b, "op=parse", 1, func() error { _, err := segment.ParseRule(raw); return err })
	o := segment.CompileOptions{At: now}
	measure(b, "op=compile/users=100k", n, func() error { _, err := segment.Compile(rule, table, o); return err })
	p, err := segment.Compile(rule, table, o)
	if err != nil {
		b.Fatal(err)
	}
	ctx := context.Background()
	measure(b, "op=select/users=100k", n, func() error { _, err := p.Select(ctx); return err })
	measure(b, "op=estimate/users=100k/sample=2k", 2000, func() error { _, err := p.Estimate(ctx, 2000, 1); return err })
	a, err := p.Select(ctx)
	if err != nil {
		b.Fatal(err)
	}
	measure(b, "op=parity/users=100k", n, func() error { _, err := segment.Parity(a, table, "city", 10); return err })
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
