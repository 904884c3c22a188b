package metrics_test

import (
	"errors"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/metrics"
	"pgregory.net/rapid"
)

func value() *rapid.Generator[float64] {
	return rapid.Custom(func(t *rapid.T) float64 {
		offset := rapid.SampledFrom([]float64{0, 0, 1e6}).Draw(t, "offset")
		return offset + rapid.Float64Range(-1000, 1000).Draw(t, "x")
	})
}

func nan(x float64, err error) float64 {
	if err != nil {
		return math.NaN()
	}
	return x
}

func TestMomentsMerge(t *testing.T) {
	testkit.Laws[*metrics.Moments]{
		Empty: func() *metrics.Moments { return &metrics.Moments{} },
		Add: func(t *rapid.T) func(*metrics.Moments) {
			x := value().Draw(t, "value")
			return func(m *metrics.Moments) {
				if err := m.Add(x); err != nil {
					t.Fatal(err)
				}
			}
		},
		Merge: func(a, b *metrics.Moments) error { return a.Merge(b) },
		Result: func(m *metrics.Moments) []float64 {
			return testkit.Numbers(m.N(), nan(m.Mean()), nan(m.Variance()), nan(m.Sum()))
		},
		Tol: 1e-9,
	}.Check(t)
}

func TestMomentsOffset(t *testing.T) {
	for _, offset := range []float64{1e9, 1e15} {
		var all metrics.Moments
		for range 100_000 {
			var part metrics.Moments
			for _, x := range []float64{4, 7, 13, 16} {
				if err := part.Add(offset + x); err != nil {
					t.Fatal(err)
				}
			}
			if v, _ := part.Variance(); v != 30 {
				t.Fatalf("variance of four values at %v is %v, want 30", offset, v)
			}
			if err := all.Merge(&part); err != nil {
				t.Fatal(err)
			}
		}
		v, _ := all.Variance()
		m, _ := all.Mean()
		n := float64(all.N())
		testkit.Near(t, "variance", v, 22.5*n/(n-1), 1e-8)
		testkit.Near(t, "mean", m, offset+10, 0)
	}
}

func TestMomentsOverflow(t *testing.T) {
	var m metrics.Moments
	if err := m.Add(1e300); err != nil {
		t.Fatal(err)
	}
	before := m
	if err := m.Add(-1e300); !errors.Is(err, metrics.ErrOverflow) || m != before {
		t.Errorf("squares beyond float64: %v, %+v", err, m)
	}
	o, _ := metrics.NewMoments(1, -1e308, 0)
	if err := m.Merge(&o); !errors.Is(err, metrics.ErrOverflow) || m != before {
		t.Errorf("merge beyond float64: %v, %+v", err, m)
	}
}

// A variance that underflows is an error wherever it would be read.
func TestMomentsUnderflow(t *testing.T) {
	xs := []float64{1e-300, 2e-300}
	m, err := metrics.MomentsOf(xs)
	if err != nil {
		t.Fatal(err)
	}
	if v, err := m.Variance(); !errors.Is(err, metrics.ErrOverflow) {
		t.Errorf("variance %v, %v", v, err)
	}
	if e, err := metrics.CompareMeans(m, m, metrics.CompareOptions{}); !errors.Is(err, metrics.ErrOverflow) {
		t.Errorf("effect %v, %v", e, err)
	}
	var r metrics.Regression
	for _, x := range xs {
		if err := r.Add(x, x); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := r.Result(); !errors.Is(err, metrics.ErrOverflow) {
		t.Errorf("R² %v, %v", got.R2, err)
	}
	big, _ := metrics.NewMoments(2, 1.7e308, 0)
	if s, err := big.Sum(); !errors.Is(err, metrics.ErrOverflow) {
		t.Errorf("sum %v, %v", s, err)
	}
}

func TestProportionMerge(t *testing.T) {
	testkit.Laws[*metrics.Proportion]{
		Empty: func() *metrics.Proportion { return &metrics.Proportion{} },
		Add: func(t *rapid.T) func(*metrics.Proportion) {
			x := rapid.Bool().Draw(t, "success")
			return func(p *metrics.Proportion) { p.Add(x) }
		},
		Merge:  func(a, b *metrics.Proportion) error { return a.Merge(b) },
		Result: func(p *metrics.Proportion) []float64 { return testkit.Numbers(p.N(), p.Successes()) },
	}.Check(t)
}

func TestRatioMerge(t *testing.T) {
	testkit.Laws[*metrics.Ratio]{
		Empty: func() *metrics.Ratio { return &metrics.Ratio{} },
		Add: func(t *rapid.T) func(*metrics.Ratio) {
			a, b := rapid.Int64Range(-1e12, 1e12).Draw(t, "num"), rapid.Int64Range(0, 1e12).Draw(t, "den")
			return func(r *metrics.Ratio) {
				if err := r.Add(a, b); err != nil {
					t.Fatal(err)
				}
			}
		},
		Merge:  func(a, b *metrics.Ratio) error { return a.Merge(b) },
		Result: func(r *metrics.Ratio) []float64 { return testkit.Numbers(r.Num(), r.Den(), r.N()) },
	}.Check(t)
}

func TestConfusionMerge(t *testing.T) {
	testkit.Laws[*metrics.Confusion]{
		Empty: func() *metrics.Confusion { return &metrics.Confusion{} },
		Add: func(t *rapid.T) func(*metrics.Confusion) {
			y, p := rapid.Bool().Draw(t, "actual"), rapid.Bool().Draw(t, "predicted")
			return func(c *metrics.Confusion) { c.Add(y, p) }
		},
		Merge:  func(a, b *metrics.Confusion) error { return a.Merge(b) },
		Result: func(c *metrics.Confusion) []float64 { return testkit.Numbers(c.TP, c.FP, c.FN, c.TN) },
	}.Check(t)
}

func TestBinaryLossMerge(t *testing.T) {
	make := func(bins int) func() *metrics.BinaryLoss {
		return func() *metrics.BinaryLoss {
			b, err := metrics.NewBinaryLoss(metrics.BinaryLossOptions{Bins: bins})
			if err != nil {
				t.Fatal(err)
			}
			return b
		}
	}
	testkit.Laws[*metrics.BinaryLoss]{
		Empty: make(7),
		Other: make(8),
		Add: func(t *rapid.T) func(*metrics.BinaryLoss) {
			y, p, w := rapid.Bool().Draw(t, "actual"), rapid.Float64Range(0, 1).Draw(t, "p"), rapid.Float64Range(0, 3).Draw(t, "w")
			return func(b *metrics.BinaryLoss) {
				if err := b.AddWeighted(y, p, w); err != nil {
					t.Fatal(err)
				}
			}
		},
		Merge: func(a, b *metrics.BinaryLoss) error { return a.Merge(b) },
		Result: func(b *metrics.BinaryLoss) []float64 {
			r, _ := b.Result()
			return testkit.Numbers(r.N, r.Clipped, r.LogLoss, r.Brier, r.ECE, len(r.Bins), r.BaseRate)
		},
		Tol: 1e-11,
	}.Check(t)
}

func TestScoreHistogramMerge(t *testing.T) {
	make := func(bins int) func() *metrics.ScoreHistogram {
		return func() *metrics.ScoreHistogram {
			h, err := metrics.NewScoreHistogram(-1, 2, bins)
			if err != nil {
				t.Fatal(err)
			}
			return h
		}
	}
	testkit.Laws[*metrics.ScoreHistogram]{
		Empty: make(11),
		Other: make(12),
		Add: func(t *rapid.T) func(*metrics.ScoreHistogram) {
			y, s := rapid.Bool().Draw(t, "actual"), rapid.Float64Range(-1, 2).Draw(t, "score")
			return func(h *metrics.ScoreHistogram) {
				if err := h.Add(y, s); err != nil {
					t.Fatal(err)
				}
			}
		},
		Merge: func(a, b *metrics.ScoreHistogram) error { return a.Merge(b) },
		Result: func(h *metrics.ScoreHistogram) []float64 {
			auc, bound, _ := h.AUC()
			return testkit.Numbers(auc, bound, nan(h.KS()))
		},
	}.Check(t)
}
