package search

import (
	"context"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/testkit"
)

const where = "search: Run"

type point struct{ a, b float64 }

func plane() []Knob[point] {
	return []Knob[point]{
		{Name: "a", Low: 0.001, High: 10, Log: true, Set: func(p *point, v float64) { p.a = v }},
		{Name: "b", Low: -3, High: 3, Set: func(p *point, v float64) { p.b = v }},
	}
}

// hill is highest, at 1, for a = 0.1 and b = 1.
func hill(p point) float64 {
	x, y := math.Log(p.a/0.1)/3, p.b-1
	return math.Exp(-x*x - y*y)
}

func TestRunFindsTheHill(t *testing.T) {
	base := point{5, -3}
	best := map[Method]float64{}
	for _, c := range []struct {
		method Method
		trials int
		want   float64
	}{{Random, 40, 0.7}, {Grid, 0, 0.5}, {Halving, 60, 0.95}, {Bayesian, 40, 0.99}} {
		full := 0
		out, err := Run(context.Background(), where, base, plane(), func(_ context.Context, p point, fidelity float64) (float64, error) {
			if fidelity == 1 {
				full++
			}
			if fidelity <= 0 || fidelity > 1 {
				t.Errorf("fidelity %v", fidelity)
			}
			return hill(p), nil
		}, Options{Method: c.method, Trials: c.trials, GridPoints: 5, Seed: 3})
		if err != nil {
			t.Fatal(err)
		}
		if out.Best.Score < c.want || out.Best.Score != hill(out.Best.Options) {
			t.Errorf("method %d: best %+v", c.method, out.Best)
		}
		if c.method == Grid && len(out.Trials) != 25 || c.trials > 0 && c.method != Halving && len(out.Trials) > c.trials {
			t.Errorf("method %d: %d trials", c.method, len(out.Trials))
		}
		if out.Best.Fidelity != 1 || c.method == Halving && full > 25 {
			t.Errorf("method %d: %d full trials, best of fidelity %v", c.method, full, out.Best.Fidelity)
		}
		best[c.method] = out.Best.Score
	}
	if best[Bayesian] < best[Random] {
		t.Errorf("Bayesian search found %v, random search %v", best[Bayesian], best[Random])
	}
}

func TestRunIsReproducible(t *testing.T) {
	for m := Random; m <= Bayesian; m++ {
		var first []Trial[point]
		for range 2 {
			out, err := Run(context.Background(), where, point{}, plane(), func(_ context.Context, p point, _ float64) (float64, error) { return hill(p), nil },
				Options{Method: m, Trials: 12, Seed: 9})
			if err != nil {
				t.Fatal(err)
			}
			if first == nil {
				first = out.Trials
				continue
			}
			for i := range first {
				if first[i].Options != out.Trials[i].Options {
					t.Fatalf("method %d trial %d differs", m, i)
				}
			}
		}
	}
}

func TestRunFailures(t *testing.T) {
	ok := func(context.Context, point, float64) (float64, error) { return 1, nil }
	bad := errors.New("bad luck")
	ctx, cancel := context.WithCancelCause(context.Background())
	n := 0
	out, err := Run(ctx, where, point{}, plane(), func(context.Context, point, float64) (float64, error) {
		if n++; n == 4 {
			cancel(bad)
		}
		if n == 2 {
			return 0, errors.New("this one fails")
		}
		if n == 3 {
			return math.NaN(), nil
		}
		return float64(n), nil
	}, Options{})
	if !errors.Is(err, bad) || len(out.Trials) != 4 || out.Best.Score != 4 || out.Trials[1].Err == nil || !errors.Is(out.Trials[2].Err, check.ErrNotFinite) {
		t.Errorf("cancelled: %+v, %v", out, err)
	}
	if _, err := Run(context.Background(), where, point{}, plane(), func(context.Context, point, float64) (float64, error) { return 0, bad }, Options{Trials: 5}); !errors.Is(err, check.ErrEmpty) {
		t.Errorf("all fail: %v", err)
	}
	out, err = Run(context.Background(), where, point{}, plane(), func(context.Context, point, float64) (float64, error) {
		time.Sleep(2 * time.Millisecond)
		return 1, nil
	}, Options{Trials: 1 << 30, Budget: 10 * time.Millisecond})
	if err != nil || len(out.Trials) == 0 || len(out.Trials) > 20 {
		t.Errorf("budget: %d trials, %v", len(out.Trials), err)
	}
	knob := func(k Knob[point]) []Knob[point] { return []Knob[point]{k} }
	set := func(*point, float64) {}
	for name, knobs := range map[string][]Knob[point]{
		"none": nil, "no set": knob(Knob[point]{High: 1}), "log of 0": knob(Knob[point]{High: 1, Log: true, Set: set}),
		"backwards": knob(Knob[point]{Low: 2, High: 1, Set: set}), "NaN": knob(Knob[point]{High: math.NaN(), Set: set}),
		"infinite": knob(Knob[point]{High: math.Inf(1), Set: set}), "log below 0": knob(Knob[point]{Low: -1, High: 1, Log: true, Set: set}),
		"not whole": knob(Knob[point]{Low: 0.5, High: 2, Integer: true, Set: set}), "too large": knob(Knob[point]{High: 1e300, Integer: true, Set: set}),
	} {
		if _, err := Run(context.Background(), where, point{}, knobs, ok, Options{}); !errors.Is(err, check.ErrOption) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Run(context.Background(), where, point{}, plane(), ok, Options{Method: 9, Trials: -1, Budget: -1, GridPoints: -1}); !errors.Is(err, check.ErrOption) {
		t.Errorf("options: %v", err)
	}
}

// What a hostile caller may ask for.
func TestRunHostile(t *testing.T) {
	ok := func(_ context.Context, p point, _ float64) (float64, error) { return p.a, nil }
	if _, err := Run[point](context.Background(), where, point{}, plane(), nil, Options{}); !errors.Is(err, check.ErrOption) {
		t.Errorf("no evaluate: %v", err)
	}
	many := make([]Knob[point], 30)
	for i := range many {
		many[i] = Knob[point]{High: 1, Set: func(*point, float64) {}}
	}
	if _, err := Run(context.Background(), where, point{}, many, ok, Options{Method: Grid}); !errors.Is(err, check.ErrOption) {
		t.Errorf("3^30 combinations: %v", err)
	}
	out, err := Run(context.Background(), where, point{}, many, ok, Options{Method: Grid, Budget: time.Millisecond})
	if err != nil || len(out.Trials) == 0 {
		t.Errorf("3^30 combinations in a budget: %v", err)
	}
	stop := errors.New("stop")
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(stop)
	for m := Random; m <= Bayesian; m++ {
		if out, err := Run(ctx, where, point{}, plane(), ok, Options{Method: m}); !errors.Is(err, stop) || len(out.Trials) != 0 {
			t.Errorf("method %d, cancelled before: %v", m, err)
		}
		for _, score := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
			out, err := Run(context.Background(), where, point{}, plane(), func(context.Context, point, float64) (float64, error) { return score, nil }, Options{Method: m, Trials: 9})
			if !errors.Is(err, check.ErrEmpty) || out == nil || len(out.Trials) == 0 || !math.IsNaN(out.Trials[0].Score) {
				t.Errorf("method %d, score %v: %v", m, score, err)
			}
		}
		// The same score everywhere, and the widest range there is.
		wide := []Knob[point]{{Low: -math.MaxFloat64, High: math.MaxFloat64, Set: func(p *point, v float64) { p.a = v }}}
		out, err := Run(context.Background(), where, point{}, wide, func(_ context.Context, p point, _ float64) (float64, error) {
			if math.IsNaN(p.a) || math.IsInf(p.a, 0) {
				t.Errorf("method %d: value %v", m, p.a)
			}
			return 1, nil
		}, Options{Method: m, Trials: 12})
		if err != nil || out.Best.Score != 1 {
			t.Errorf("method %d, flat: %v", m, err)
		}
		if out, err := Run(context.Background(), where, point{a: 7}, plane(), ok, Options{Method: m, Trials: 1, GridPoints: 1}); err != nil || len(out.Trials) != 1 && m != Halving || len(out.Trials) > 2 {
			t.Errorf("method %d, one trial: %v", m, err)
		}
	}
}

// A choice is drawn evenly, a grid takes each whole number once, and a knob sees
// what those before it have set.
func TestRunIntegers(t *testing.T) {
	knobs := []Knob[point]{
		{Name: "a", High: 2, Integer: true, Set: func(p *point, v float64) { p.a = v }},
		{Name: "b", Low: 1, High: 4, Integer: true, Log: true, Set: func(p *point, v float64) { p.b = p.a*10 + v }},
	}
	counts := map[point]int{}
	count := func(_ context.Context, p point, _ float64) (float64, error) { counts[p]++; return 0, nil }
	if _, err := Run(context.Background(), where, point{}, knobs, count, Options{Method: Grid, GridPoints: 9}); err != nil {
		t.Fatal(err)
	}
	if len(counts) != 12 {
		t.Errorf("%d settings, want 12: %v", len(counts), counts)
	}
	for p, n := range counts {
		if b := p.b - 10*p.a; n != 1 || b < 1 || b > 4 || b != math.Trunc(b) || p.a != math.Trunc(p.a) {
			t.Errorf("%v: %d times", p, n)
		}
	}
	choice := [3]int{}
	if _, err := Run(context.Background(), where, point{}, knobs[:1], func(_ context.Context, p point, _ float64) (float64, error) { choice[int(p.a)]++; return 0, nil }, Options{Trials: 3001}); err != nil {
		t.Fatal(err)
	}
	for v, n := range choice {
		if n < 900 || n > 1100 {
			t.Errorf("choice %d came %d times of 3001: %v", v, n, choice)
		}
	}
}

// More trials than the Gaussian process is fitted to.
func TestRunManyTrials(t *testing.T) {
	if testkit.Race {
		t.Skip("one goroutine")
	}
	out, err := Run(context.Background(), where, point{}, plane(), func(_ context.Context, p point, _ float64) (float64, error) { return hill(p), nil },
		Options{Method: Bayesian, Trials: maxModelled + 15})
	if err != nil || len(out.Trials) != maxModelled+15 || out.Best.Score < 0.99 {
		t.Errorf("best %+v of %d: %v", out.Best, len(out.Trials), err)
	}
}
