package tune_test

import (
	"context"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/search"
	"github.com/aislekit/aisle/recommend/tune"
)

type point struct{ a, b float64 }

func plane() []tune.Knob[point] {
	return []tune.Knob[point]{
		{Name: "a", Low: 0.001, High: 10, Log: true, Set: func(p *point, v float64) { p.a = v }},
		{Name: "b", Low: -3, High: 3, Integer: true, Set: func(p *point, v float64) { p.b = v }},
	}
}

// hill is highest, at 1, for a = 0.1 and b = 1.
func hill(_ context.Context, p point, _ float64) (float64, error) {
	x, y := math.Log(p.a/0.1)/3, p.b-1
	if p.b == 3 {
		return 0, errors.New("too far")
	}
	return math.Exp(-x*x - y*y), nil
}

// Search is a face: its trials are those of package search, of every method, with
// their errors, and so is its best.
func TestSearchIsThatOfPackageSearch(t *testing.T) {
	var knobs []search.Knob[point]
	for _, k := range plane() {
		knobs = append(knobs, search.Knob[point](k))
	}
	starts := [][]float64{{0.5, math.NaN()}, {0.01, 2}}
	for m := tune.Random; m <= tune.Bayesian; m++ {
		got, err := tune.Search(context.Background(), point{5, -3}, plane(), hill, tune.Options{Method: m, Trials: 25, GridPoints: 5, Seed: 7, Budget: time.Hour, Lowest: 0.3, Starts: starts})
		if err != nil {
			t.Fatal(err)
		}
		want, err := search.Run(context.Background(), "x", point{5, -3}, knobs, hill, search.Options{Method: search.Method(m), Trials: 25, GridPoints: 5, Seed: 7, Budget: time.Hour, Lowest: 0.3, Starts: starts})
		if err != nil {
			t.Fatal(err)
		}
		if got.Best.Options != want.Best.Options || got.Best.Score != want.Best.Score || len(got.Trials) != len(want.Trials) || len(got.Trials) < 20 {
			t.Errorf("method %d: best %+v of %d, want %+v of %d", m, got.Best, len(got.Trials), want.Best, len(want.Trials))
			continue
		}
		for i, w := range want.Trials {
			g := got.Trials[i]
			if g.Options != w.Options || math.Float64bits(g.Score) != math.Float64bits(w.Score) || g.Fidelity != w.Fidelity || (g.Err == nil) != (w.Err == nil) || len(g.Values) != len(w.Values) {
				t.Errorf("method %d trial %d is %+v, want %+v", m, i, g, w)
			}
		}
	}
}

func TestSearchErrors(t *testing.T) {
	fails := func(context.Context, point, float64) (float64, error) { return math.NaN(), nil }
	out, err := tune.Search(context.Background(), point{}, plane(), fails, tune.Options{Trials: 3})
	if !errors.Is(err, tune.ErrEmpty) || len(out.Trials) != 3 || !errors.Is(out.Trials[0].Err, tune.ErrNotFinite) {
		t.Errorf("no trial succeeds: %+v, %v", out, err)
	}
	if err == nil || err.Error() != "tune: Search: no trial succeeded, the first: score is NaN: value is NaN or infinite: no data" {
		t.Errorf("message %q", err)
	}
	if out, err := tune.Search(context.Background(), point{}, nil, fails, tune.Options{}); !errors.Is(err, tune.ErrOption) || out != nil {
		t.Errorf("no knob: %v", err)
	}
	if out, err := tune.Search(context.Background(), point{}, plane(), hill, tune.Options{Method: tune.Halving, Trials: math.MaxInt}); !errors.Is(err, tune.ErrOption) || out != nil {
		t.Errorf("halving of more settings than memory holds: %v", err)
	}
	stop := errors.New("stop")
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(stop)
	if out, err := tune.Search(ctx, point{}, plane(), fails, tune.Options{}); !errors.Is(err, stop) || len(out.Trials) != 0 {
		t.Errorf("cancelled: %v", err)
	}
}
