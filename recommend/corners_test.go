package recommend

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
)

// weighted returns groups with other weights.
func weighted(weight func(u, i int, r *rng.Stream) float64) *Interactions {
	x := groups(60, 48, 8, 3)
	r := rng.New(5, 0, 0)
	for u := range x.Users() {
		for p := x.users.Ptr[u]; p < x.users.Ptr[u+1]; p++ {
			x.users.Val[p] = float32(weight(u, int(x.users.Col[p]), r))
		}
	}
	return x
}

// Beyond the stability of its Runge-Kutta step the sharpening of BSPM raises what it should
// lower: such a time is refused by name. Up to there the step takes away.
func TestBSPMSharpeningBounds(t *testing.T) {
	x, err := InteractionsFromRows(1, [][]int32{{0}}) // P = 1
	if err != nil {
		t.Fatal(err)
	}
	for _, time := range []float64{1, 2, 2.5, 2.785} {
		m, err := FitBSPM(context.Background(), x, BSPMOptions{Beta: -1, Sharpening: time})
		if err != nil {
			t.Fatal(err)
		}
		score := []float32{0}
		if err := m.Score(score, x.Query(0)); err != nil {
			t.Fatal(err)
		}
		if !(score[0] > 0 && score[0] < 1) {
			t.Errorf("after a time of %v what everybody has in common is at %v of its size", time, score[0])
		}
	}
	for _, time := range []float64{2.79, 3, 4, 5, math.Inf(1)} {
		_, err := FitBSPM(context.Background(), x, BSPMOptions{Sharpening: time})
		if !errors.Is(err, ErrOption) || !errors.Is(err, ErrDiverged) || !strings.Contains(err.Error(), "Sharpening") {
			t.Errorf("Sharpening %v: %v, want ErrOption and ErrDiverged with its name", time, err)
		}
	}
}

// The ideal filter of weights that are too far apart is noise, or not finite: the fit says
// so, and what it does fit has reasons that add up.
func TestLowPassWeightsOfAnySize(t *testing.T) {
	exponent := func(width float64, key uint64) float64 {
		return math.Pow(10, width*(2*rng.New(7, 2, key).Float64()-1))
	}
	for name, c := range map[string]struct {
		diverges bool
		weight   func(u, i int, r *rng.Stream) float64
	}{
		"1e-30":            {false, func(int, int, *rng.Stream) float64 { return 1e-30 }},
		"1e30":             {false, func(int, int, *rng.Stream) float64 { return 1e30 }},
		"entries by 1e3":   {false, func(_, _ int, r *rng.Stream) float64 { return math.Pow(10, 3*r.Float64()) }},
		"items by 1e±2":    {false, func(_, i int, _ *rng.Stream) float64 { return exponent(2, uint64(i)) }},
		"items by 1e±30":   {true, func(_, i int, _ *rng.Stream) float64 { return exponent(30, uint64(i)) }},
		"users by 1e±30":   {true, func(u, _ int, _ *rng.Stream) float64 { return exponent(30, uint64(u)) }},
		"entries by 1e±30": {true, func(_, _ int, r *rng.Stream) float64 { return math.Pow(10, 60*r.Float64()-30) }},
	} {
		x := weighted(c.weight)
		for model, fit := range map[string]func() (Model, error){
			"gfcf": func() (Model, error) {
				return FitGFCF(context.Background(), x, GFCFOptions{Factors: 5, UseWeights: true})
			},
			"bspm": func() (Model, error) {
				return FitBSPM(context.Background(), x, BSPMOptions{Factors: 5, UseWeights: true})
			},
		} {
			m, err := fit()
			if c.diverges {
				if !errors.Is(err, ErrDiverged) || !strings.Contains(err.Error(), "UseWeights") {
					t.Errorf("%s of %s: %v, want ErrDiverged with UseWeights in it", model, name, err)
				}
				continue
			}
			if err != nil {
				t.Errorf("%s of %s: %v", model, name, err)
				continue
			}
			scores := make([]float32, 48)
			for u := range 59 {
				q := x.Query(u)
				if err := m.Score(scores, q); err != nil {
					t.Fatal(err)
				}
				for _, i := range []int32{3, 17, q.Items[0]} {
					reasons, err := m.(Explainer).AppendReasons(nil, q, i, len(q.Items))
					if err != nil {
						t.Fatal(err)
					}
					sum, size := 0.0, 0.0
					for _, r := range reasons {
						sum += float64(r.Contribution)
						size += math.Abs(float64(r.Contribution))
					}
					if math.Abs(sum-float64(scores[i])) > 1e-3*size {
						t.Errorf("%s of %s, user %d item %d: reasons add up to %v, score is %v", model, name, u, i, sum, scores[i])
					}
				}
			}
		}
	}
}

// What float32 does not hold is ErrDiverged of NMF, in fits and fold-ins, and no list of
// zeros.
func TestNMFHugeWeights(t *testing.T) {
	for name, weight := range map[string]func(u, i int, r *rng.Stream) float64{
		"1e30":    func(int, int, *rng.Stream) float64 { return 1e30 },
		"graded":  func(_, _ int, r *rng.Stream) float64 { return 1e29 * float64(1+r.Intn(5)) },
		"entries": func(_, _ int, r *rng.Stream) float64 { return math.Pow(10, 60*r.Float64()-30) },
		"users":   func(u, _ int, _ *rng.Stream) float64 { return math.Pow(10, float64(u%60-30)) },
	} {
		for _, l2 := range []float64{0, -1} {
			_, err := FitNMF(context.Background(), weighted(weight), NMFOptions{Factors: 6, L2: l2, UseWeights: true})
			if !errors.Is(err, ErrDiverged) || !strings.Contains(err.Error(), "UseWeights") {
				t.Errorf("%s, L2 %v: %v, want ErrDiverged with UseWeights in it", name, l2, err)
			}
		}
	}
	for _, scale := range []float64{1e-12, 1, 1e12, 1e20} {
		x := weighted(func(int, int, *rng.Stream) float64 { return scale })
		m, err := FitNMF(context.Background(), x, NMFOptions{Factors: 6, L2: -1, UseWeights: true})
		if err != nil {
			t.Fatal(err)
		}
		v := make([]float32, 6)
		for u := range 59 {
			q := x.Query(u)
			if err := m.FoldIn(v, q.Items, q.Weights); err != nil || !slices.Equal(v, m.UserVector(u)) || isZero(v) {
				t.Fatalf("scale %v: user %d is %v, folded in %v, %v", scale, u, m.UserVector(u), v, err)
			}
		}
		if err := m.FoldIn(v, []int32{0, 1}, []float32{1e30, 1e30}); scale == 1e20 && !errors.Is(err, ErrDiverged) {
			t.Errorf("scale %v: a history of 1e30 is folded into %v, %v", scale, v, err)
		}
	}
}

// Where all ratings are equal, whatever they are, that is what is expected of everything.
func TestEqualRatings(t *testing.T) {
	for _, rating := range []float64{1e-30, 1e-6, 3, -3, 1e12, 1e30} {
		x := weighted(func(int, int, *rng.Stream) float64 { return rating })
		for name, fit := range map[string]func() (Model, error){
			"mf":    func() (Model, error) { return FitMF(context.Background(), x, MFOptions{Factors: 8}) },
			"svdpp": func() (Model, error) { return FitSVDPP(context.Background(), x, SVDPPOptions{Factors: 8}) },
			"fm": func() (Model, error) {
				return FitFM(context.Background(), x, FMOptions{Task: FMRatings, Factors: 8})
			},
			"mf/alternating": func() (Model, error) {
				return FitMF(context.Background(), x, MFOptions{Factors: 8, Alternating: true})
			},
		} {
			m, err := fit()
			if err != nil {
				t.Errorf("%s of ratings %v: %v", name, rating, err)
				continue
			}
			scores := make([]float32, 48)
			for u := range 59 {
				if err := m.Score(scores, x.Query(u)); err != nil {
					t.Fatal(err)
				}
				for i, v := range scores {
					if math.Abs(float64(v)-rating) > 1e-3*math.Abs(rating) {
						t.Fatalf("%s of ratings %v: user %d, item %d is expected at %v", name, rating, u, i, v)
					}
				}
			}
		}
	}
}

// A small matrix of which nothing is known keeps the vectors of the rule.
func TestSpectralFactorsOfFew(t *testing.T) {
	rows := make([][]int32, 40)
	for u := range rows {
		r := rng.New(1, 0xfe, uint64(u))
		for len(rows[u]) < 3 {
			if i := int32(r.Intn(60)); !slices.Contains(rows[u], i) {
				rows[u] = append(rows[u], i)
			}
		}
	}
	x, err := InteractionsFromRows(60, rows)
	if err != nil {
		t.Fatal(err)
	}
	if _, margin, err := x.BeyondPopularity(); err != nil || margin < 0.1 {
		t.Fatalf("margin %v, %v: the test wants few data", margin, err)
	}
	if got := spectralFactors(x); got != 16 {
		t.Errorf("%d vectors, want the 16 of the rule", got)
	}
}
