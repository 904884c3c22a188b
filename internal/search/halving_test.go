package search

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
)

// surface is a planted response: a bump in each of four knobs, and noise that is the
// larger and a top that is the further away the less of the data is seen.
type surface struct {
	lambda, alpha, factors float64
	kind                   int
}

func surfaceKnobs() []Knob[surface] {
	return []Knob[surface]{
		{Name: "lambda", Low: 1e-3, High: 10, Log: true, Set: func(o *surface, v float64) { o.lambda = v }, Get: func(o surface) float64 { return o.lambda }},
		{Name: "kind", High: 3, Integer: true, Set: func(o *surface, v float64) { o.kind = int(v) }, Get: func(o surface) float64 { return float64(o.kind) }},
		{
			Name: "alpha", High: 1, Set: func(o *surface, v float64) { o.alpha = v }, Get: func(o surface) float64 { return o.alpha },
			If: func(o surface) bool { return o.kind == 2 },
		},
		{
			Name: "factors", Low: 16, High: 512, Log: true, Integer: true, Doubles: true,
			Set: func(o *surface, v float64) { o.factors = v }, Get: func(o surface) float64 { return o.factors },
		},
	}
}

var surfaceBase = surface{lambda: 2, alpha: 0.5, factors: 32}

func (s surface) score(fidelity float64, seed uint64) float64 {
	x := math.Log(s.lambda/0.05)/3 + 0.3*(1-fidelity)
	v := 0.5 + 0.1*math.Exp(-x*x)
	if s.kind == 2 {
		v += 0.05 * math.Exp(-16*(s.alpha-0.2)*(s.alpha-0.2))
	}
	v += 0.01 * math.Log2(s.factors/32) * (1 - math.Log2(s.factors/32)/8)
	u := rng.New(seed, math.Float64bits(s.lambda)^math.Float64bits(s.alpha), uint64(s.kind)<<32|uint64(s.factors)).Normal()
	return v + 0.002*u/math.Sqrt(fidelity)
}

// climb searches the surface, and returns the result and the work: the sum of fidelities times
// factors, a full judgement of base being 1.
func climb(t *testing.T, opt Options, seed uint64) (*Result[surface], float64) {
	t.Helper()
	work := 0.0
	opt.Method, opt.Seed = Halving, seed
	out, err := Run(context.Background(), where, surfaceBase, surfaceKnobs(), func(_ context.Context, s surface, fidelity float64) (float64, error) {
		work += fidelity * s.factors / surfaceBase.factors
		return s.score(fidelity, seed), nil
	}, opt)
	if err != nil {
		t.Fatal(err)
	}
	return out, work
}

// Thirty trials reach 98 % of what four times the work reaches, on average over surfaces and
// nearly so on each, and never end below base.
func TestHalvingIsNearALongSearch(t *testing.T) {
	seeds := testkit.Seeds(12)
	mean := 0.0
	for seed := range seeds {
		short, work := climb(t, Options{Trials: 30}, seed)
		long, longWork := climb(t, Options{Trials: 100}, seed)
		full, fullWork := climb(t, Options{Trials: 60, Lowest: 1}, seed)
		base := short.Trials[0]
		if base.Values != nil || base.Fidelity != 1 || short.Best.Fidelity != 1 || short.Best.Score < base.Score {
			t.Errorf("seed %d: base %+v, best %+v", seed, base, short.Best)
		}
		best := max(long.Best.Score, full.Best.Score)
		mean += short.Best.Score / best / float64(seeds)
		if short.Best.Score < 0.97*best || work > min(longWork, fullWork)/4 {
			t.Errorf("seed %d: %.4f with work %.1f, long %.4f with %.1f, in full %.4f with %.1f", seed, short.Best.Score, work, long.Best.Score, longWork, full.Best.Score, fullWork)
		}
	}
	t.Logf("%.4f of the longer searches", mean)
	if mean < 0.98 {
		t.Errorf("%.4f of the longer searches on average", mean)
	}
}

// A longer search begins with the trials of a shorter one, so that a search which the clock
// ends is one of fewer trials.
func TestHalvingIsAPrefix(t *testing.T) {
	long, _ := climb(t, Options{Trials: 60}, 3)
	for _, n := range []int{1, 2, 5, 17, 40} {
		short, _ := climb(t, Options{Trials: n}, 3)
		settings := map[string]bool{}
		for i, r := range short.Trials {
			settings[fmt.Sprint(r.Options)] = true
			if w := long.Trials[i]; r.Options != w.Options || r.Fidelity != w.Fidelity || r.Score != w.Score {
				t.Fatalf("%d trials: %d is %+v, of 60 %+v", n, i, r, w)
			}
		}
		if len(settings) != n {
			t.Errorf("%d trials: %d settings", n, len(settings))
		}
	}
}

// What is good at a low fidelity by luck, and bad in full, never replaces base.
func TestHalvingIsNotFooled(t *testing.T) {
	out, err := Run(context.Background(), where, point{1, 1}, plane(), func(_ context.Context, p point, fidelity float64) (float64, error) {
		if p == (point{1, 1}) {
			return 1, nil
		}
		return 1/fidelity - 1 + 0.9*hill(p), nil // 8 for the third of a third, below 1 in full
	}, Options{Method: Halving, Trials: 40, Seed: 1})
	if err != nil || out.At != 0 || out.Best.Values != nil {
		t.Errorf("best %+v, %v", out.Best, err)
	}
	// And a tie is base's.
	out, err = Run(context.Background(), where, point{1, 1}, plane(), func(context.Context, point, float64) (float64, error) { return 1, nil }, Options{Method: Halving, Trials: 40})
	if err != nil || out.At != 0 {
		t.Errorf("a tie: best %+v, %v", out.Best, err)
	}
}

// Promotion: who is judged on a rung is among the best third of the rung below when it is.
func TestHalvingPromotes(t *testing.T) {
	out, _ := climb(t, Options{Trials: 40}, 5)
	score := map[float64][]float64{}
	rung := map[string]map[float64]float64{}
	counts := map[float64]int{}
	for i, r := range out.Trials {
		key := fmt.Sprint(r.Options)
		counts[r.Fidelity]++
		if i > 0 && r.Fidelity > 0.2 {
			below, seen := rung[key][r.Fidelity/3]
			if seen {
				if better := len(slices.DeleteFunc(slices.Clone(score[r.Fidelity/3]), func(x float64) bool { return x <= below })); better > (len(score[r.Fidelity/3])-1)/3 {
					t.Errorf("trial %d: promoted to %v with %d of %d before it", i, r.Fidelity, better, len(score[r.Fidelity/3]))
				}
			} else if r.Fidelity < 1 {
				t.Errorf("trial %d at %v was not judged below", i, r.Fidelity)
			}
		}
		if rung[key] == nil {
			rung[key] = map[float64]float64{}
		}
		rung[key][r.Fidelity] = r.Score
		score[r.Fidelity] = append(score[r.Fidelity], r.Score)
	}
	if len(counts) != 3 || counts[1] > 20 || counts[1.0/9] < 25 {
		t.Errorf("judgements by fidelity %v", counts)
	}
}

// Knobs that do not count are left alone, Late ones stay until the sample ends, starts come
// first and a start that is base is not tried twice.
func TestHalvingKnobs(t *testing.T) {
	knobs := surfaceKnobs()
	knobs[0].Late = true
	nan := math.NaN()
	first := map[string]int{}
	out, err := Run(context.Background(), where, surfaceBase, knobs, func(_ context.Context, s surface, f float64) (float64, error) {
		if _, seen := first[fmt.Sprint(s)]; !seen {
			first[fmt.Sprint(s)] = len(first)
		}
		return s.score(f, 1), nil
	}, Options{Method: Halving, Trials: 30, Starts: [][]float64{{2, 0, nan, 32}, {0.5, 2, 0.7, nan}, {nan, 2, nan, nan}, {nan, nan, 0.9, nan}}})
	if err != nil {
		t.Fatal(err)
	}
	if first[fmt.Sprint(surface{0.5, 0.7, 32, 2})] != 1 || first[fmt.Sprint(surface{2, 0.5, 32, 2})] != 2 || len(first) != 30 {
		t.Errorf("starts came as %v", first)
	}
	for i, r := range out.Trials {
		if r.Values == nil {
			continue
		}
		if r.Options.kind != 2 && r.Values[2] == r.Values[2] {
			t.Errorf("trial %d: alpha is %v for kind %d", i, r.Values[2], r.Options.kind)
		}
		if n := first[fmt.Sprint(r.Options)]; n > 2 && n < 9 && (r.Values[0] == r.Values[0] || r.Options.factors != 32) {
			t.Errorf("trial %d: %+v in the sample", i, r.Options)
		}
	}
	if out.Best.Options.factors <= 32 {
		t.Errorf("nothing was doubled: %+v", out.Best)
	}
}

// The clock ends a search and says so, base being judged; a failing base does not stop it.
func TestHalvingStops(t *testing.T) {
	slow := func(_ context.Context, p point, _ float64) (float64, error) {
		time.Sleep(3 * time.Millisecond)
		return hill(p), nil
	}
	out, err := Run(context.Background(), where, point{1, 1}, plane(), slow, Options{Method: Halving, Trials: 1 << 20, Budget: 10 * time.Millisecond})
	if err != nil || !out.Stopped || out.Trials[0].Fidelity != 1 {
		t.Errorf("stopped %v, %v", out.Stopped, err)
	}
	if out, err = Run(context.Background(), where, point{1, 1}, plane(), slow, Options{Method: Halving, Trials: 3, Budget: time.Hour}); err != nil || out.Stopped {
		t.Errorf("ended by itself: stopped %v, %v", out.Stopped, err)
	}
	out, err = Run(context.Background(), where, point{1, 1}, plane(), func(_ context.Context, p point, _ float64) (float64, error) {
		if p == (point{1, 1}) {
			return 0, errors.New("base cannot be fitted")
		}
		return hill(p), nil
	}, Options{Method: Halving, Trials: 30})
	if err != nil || out.Best.Score < 0.5 || out.Best.Fidelity != 1 {
		t.Errorf("without base: best %+v, %v", out.Best, err)
	}
	for _, opt := range []Options{{Lowest: -1}, {Lowest: 2}, {Lowest: math.NaN()}, {Starts: [][]float64{{1}}}, {Starts: [][]float64{{1, math.Inf(1)}}}} {
		opt.Method = Halving
		if _, err := Run(context.Background(), where, point{}, plane(), slow, opt); err == nil {
			t.Errorf("%+v is taken", opt)
		}
	}
}

// A grid takes a knob that does not count once.
func TestGridIf(t *testing.T) {
	n := 0
	if _, err := Run(context.Background(), where, surfaceBase, surfaceKnobs()[1:3], func(context.Context, surface, float64) (float64, error) { n++; return 0, nil },
		Options{Method: Grid, GridPoints: 4}); err != nil || n != 3+4 {
		t.Errorf("%d settings, want 7: %v", n, err)
	}
}
