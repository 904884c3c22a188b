package metrics

import (
	"errors"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
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
	testkit.Laws[*Moments]{
		Empty: func() *Moments { return &Moments{} },
		Add: func(t *rapid.T) func(*Moments) {
			x := value().Draw(t, "value")
			return func(m *Moments) {
				if err := m.Add(x); err != nil {
					t.Fatal(err)
				}
			}
		},
		Merge: func(a, b *Moments) error { return a.Merge(b) },
		Result: func(m *Moments) []float64 {
			return testkit.Numbers(m.N(), nan(m.Mean()), nan(m.Variance()), nan(m.Sum()))
		},
		Tol: 1e-9,
	}.Check(t)
}

func TestMomentsOffset(t *testing.T) {
	for _, offset := range []float64{1e9, 1e15} {
		var all Moments
		for range 100_000 {
			var part Moments
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
	var m Moments
	if err := m.Add(1e300); err != nil {
		t.Fatal(err)
	}
	before := m
	if err := m.Add(-1e300); !errors.Is(err, ErrOverflow) || m != before {
		t.Errorf("squares beyond float64: %v, %+v", err, m)
	}
	o, _ := NewMoments(1, -1e308, 0)
	if err := m.Merge(&o); !errors.Is(err, ErrOverflow) || m != before {
		t.Errorf("merge beyond float64: %v, %+v", err, m)
	}
}

// A variance that underflows is an error wherever it would be read.
func TestMomentsUnderflow(t *testing.T) {
	xs := []float64{1e-300, 2e-300}
	m, err := MomentsOf(xs)
	if err != nil {
		t.Fatal(err)
	}
	if v, err := m.Variance(); !errors.Is(err, ErrOverflow) {
		t.Errorf("variance %v, %v", v, err)
	}
	if e, err := CompareMeans(m, m, CompareOptions{}); !errors.Is(err, ErrOverflow) {
		t.Errorf("effect %v, %v", e, err)
	}
	var r Regression
	for _, x := range xs {
		if err := r.Add(x, x); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := r.Result(); err != nil || !math.IsNaN(got.R2) {
		t.Errorf("R² %v, %v", got.R2, err)
	}
	big, _ := NewMoments(2, 1.7e308, 0)
	if s, err := big.Sum(); !errors.Is(err, ErrOverflow) {
		t.Errorf("sum %v, %v", s, err)
	}
}

func TestProportionMerge(t *testing.T) {
	testkit.Laws[*Proportion]{
		Empty: func() *Proportion { return &Proportion{} },
		Add: func(t *rapid.T) func(*Proportion) {
			x := rapid.Bool().Draw(t, "success")
			return func(p *Proportion) { p.Add(x) }
		},
		Merge:  func(a, b *Proportion) error { return a.Merge(b) },
		Result: func(p *Proportion) []float64 { return testkit.Numbers(p.N(), p.Successes()) },
	}.Check(t)
}

func TestRatioMerge(t *testing.T) {
	testkit.Laws[*Ratio]{
		Empty: func() *Ratio { return &Ratio{} },
		Add: func(t *rapid.T) func(*Ratio) {
			a, b := rapid.Int64Range(-1e12, 1e12).Draw(t, "num"), rapid.Int64Range(0, 1e12).Draw(t, "den")
			return func(r *Ratio) {
				if err := r.Add(a, b); err != nil {
					t.Fatal(err)
				}
			}
		},
		Merge:  func(a, b *Ratio) error { return a.Merge(b) },
		Result: func(r *Ratio) []float64 { return testkit.Numbers(r.Num(), r.Den(), r.N()) },
	}.Check(t)
}

func TestConfusionMerge(t *testing.T) {
	testkit.Laws[*Confusion]{
		Empty: func() *Confusion { return &Confusion{} },
		Add: func(t *rapid.T) func(*Confusion) {
			y, p := rapid.Bool().Draw(t, "actual"), rapid.Bool().Draw(t, "predicted")
			return func(c *Confusion) { c.Add(y, p) }
		},
		Merge:  func(a, b *Confusion) error { return a.Merge(b) },
		Result: func(c *Confusion) []float64 { return testkit.Numbers(c.TP, c.FP, c.FN, c.TN) },
	}.Check(t)
}

func TestBinaryLossMerge(t *testing.T) {
	make := func(bins int) func() *BinaryLoss {
		return func() *BinaryLoss {
			b, err := NewBinaryLoss(BinaryLossOptions{Bins: bins})
			if err != nil {
				t.Fatal(err)
			}
			return b
		}
	}
	testkit.Laws[*BinaryLoss]{
		Empty: make(7),
		Other: make(8),
		Add: func(t *rapid.T) func(*BinaryLoss) {
			y, p, w := rapid.Bool().Draw(t, "actual"), rapid.Float64Range(0, 1).Draw(t, "p"), rapid.Float64Range(0, 3).Draw(t, "w")
			return func(b *BinaryLoss) {
				if err := b.AddWeighted(y, p, w); err != nil {
					t.Fatal(err)
				}
			}
		},
		Merge: func(a, b *BinaryLoss) error { return a.Merge(b) },
		Result: func(b *BinaryLoss) []float64 {
			r, _ := b.Result()
			return testkit.Numbers(r.N, r.Clipped, r.LogLoss, r.Brier, r.ECE, len(r.Bins), r.BaseRate)
		},
		Tol: 1e-11,
	}.Check(t)
}

func TestScoreHistogramMerge(t *testing.T) {
	make := func(bins int) func() *ScoreHistogram {
		return func() *ScoreHistogram {
			h, err := NewScoreHistogram(-1, 2, bins)
			if err != nil {
				t.Fatal(err)
			}
			return h
		}
	}
	testkit.Laws[*ScoreHistogram]{
		Empty: make(11),
		Other: make(12),
		Add: func(t *rapid.T) func(*ScoreHistogram) {
			y, s := rapid.Bool().Draw(t, "actual"), rapid.Float64Range(-1, 2).Draw(t, "score")
			return func(h *ScoreHistogram) {
				if err := h.Add(y, s); err != nil {
					t.Fatal(err)
				}
			}
		},
		Merge: func(a, b *ScoreHistogram) error { return a.Merge(b) },
		Result: func(h *ScoreHistogram) []float64 {
			auc, bound, _ := h.AUC()
			return testkit.Numbers(auc, bound, nan(h.KS()))
		},
	}.Check(t)
}

func TestRegressionMerge(t *testing.T) {
	testkit.Laws[*Regression]{
		Empty: func() *Regression { return &Regression{} },
		Add: func(t *rapid.T) func(*Regression) {
			y, f := rapid.Float64Range(-10, 10).Draw(t, "y"), rapid.Float64Range(-10, 10).Draw(t, "f")
			if rapid.IntRange(0, 9).Draw(t, "zero") == 0 {
				y = 0
			} else if math.Abs(y) < 1e-3 {
				y = 1e-3
			}
			return func(r *Regression) {
				if err := r.Add(y, f); err != nil {
					t.Fatal(err)
				}
			}
		},
		Merge: func(a, b *Regression) error { return a.Merge(b) },
		Result: func(r *Regression) []float64 {
			x, _ := r.Result()
			if v, err := r.y.Squares(); err != nil || v < 1e-3 {
				x.R2 = 0 // a quotient of rounding errors
			}
			return testkit.Numbers(x.N, x.Zeros, x.MAE, x.RMSE, x.Bias, x.R2, x.MAPE, x.SMAPE, x.WAPE)
		},
		Tol: 1e-7,
	}.Check(t)
}

// Zero values work with default options, are the identity of Merge, and merging
// nil is an error.
func TestZeroValues(t *testing.T) {
	var b, b2 BinaryLoss
	var h, h2 ScoreHistogram
	full := ok[*ScoreHistogram](t)(NewScoreHistogram(0, 1, 2))
	for name, x := range map[string]struct{ got, want error }{
		"loss":             {b.Add(true, .5), nil},
		"loss merge":       {b.Merge(&b2), nil},
		"loss nil":         {b.Merge(nil), ErrMismatch},
		"histogram":        {h.Add(true, .5), ErrOption},
		"histogram bytes":  {second(h.MarshalBinary()), ErrOption},
		"histogram filled": {full.Add(true, .5), nil},
		"histogram merge":  {full.Merge(&h2), nil},
		"moments nil":      {(&Moments{}).Merge(nil), ErrMismatch},
	} {
		if !errors.Is(x.got, x.want) {
			t.Errorf("%s: %v, want %v", name, x.got, x.want)
		}
	}
	must(t, b2.Merge(&b))
	must(t, h2.Merge(full))
	if res, err := b2.Result(); err != nil || res.N != 1 {
		t.Errorf("%+v, %v", res, err)
	}
	if err := full.Add(true, 0.9); err != nil || h2.pos[1] != 1 {
		t.Errorf("the merged histogram shares memory: %v, %v", h2.pos, err)
	}
}
