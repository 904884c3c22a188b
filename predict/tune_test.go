package predict_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/search"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict"
)

// listed is a knob over the positions of a list of settings.
func listed[O any](settings []O) ([]predict.Knob[O], predict.TuneOptions) {
	return []predict.Knob[O]{{
		Name: "setting", High: float64(len(settings) - 1), Integer: true,
		Set: func(o *O, v float64) { *o = settings[int(v)] },
	}}, predict.TuneOptions{Method: predict.TuneGrid, GridPoints: len(settings)}
}

func TestTune(t *testing.T) {
	knobs, opt := listed([]int{1, 2, 3, 4})
	found, err := predict.Tune(context.Background(), 0, knobs, func(_ context.Context, o int, _ float64) ([]float64, error) {
		return map[int][]float64{1: {1, 2, 3}, 2: {5}, 3: {2, 2, 2}, 4: {5, 5}}[o], nil
	}, opt)
	if err != nil {
		t.Fatal(err)
	}
	if found.Best.Options != 2 { // of equal means the earlier
		t.Errorf("best is %+v", found.Best)
	}
	for i, want := range []struct{ score, stdErr float64 }{{2, 1 / math.Sqrt(3)}, {5, math.NaN()}, {2, 0}, {5, 0}} {
		trial := found.Trials[i]
		if trial.Options != i+1 || trial.Fidelity != 1 || trial.Err != nil || !slices.Equal(trial.Values, []float64{float64(i)}) {
			t.Errorf("trial %d is %+v", i, trial)
		}
		testkit.Near(t, "score", trial.Score, want.score, 1e-15)
		testkit.Near(t, "standard error", trial.StdErr, want.stdErr, 1e-15)
	}
}

type slope struct{ a, b float64 }

// TestTuneIsThatOfPackageSearch: Tune is a face, as recommend/tune is: the same trials
// by every method, with their errors, and the same best.
func TestTuneIsThatOfPackageSearch(t *testing.T) {
	ctx := context.Background()
	knobs := []predict.Knob[slope]{
		{Name: "a", Low: 0.001, High: 10, Log: true, Set: func(p *slope, v float64) { p.a = v }},
		{Name: "b", Low: -3, High: 3, Integer: true, Set: func(p *slope, v float64) { p.b = v }},
	}
	var turn []search.Knob[slope]
	for _, k := range knobs {
		turn = append(turn, search.Knob[slope](k))
	}
	hill := func(_ context.Context, p slope, fidelity float64) (float64, error) {
		if p.b == 3 {
			return 0, errors.New("too far")
		}
		x, y := math.Log(p.a/0.1)/3, p.b-1
		return math.Exp(-x*x-y*y) * fidelity, nil
	}
	for m := predict.TuneRandom; m <= predict.TuneBayesian; m++ {
		got, err := predict.Tune(ctx, slope{5, -3}, knobs, func(ctx context.Context, p slope, fidelity float64) ([]float64, error) {
			v, err := hill(ctx, p, fidelity)
			return []float64{v}, err
		}, predict.TuneOptions{Method: m, Trials: 25, GridPoints: 5, Seed: 7, Budget: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		want, err := search.Run(ctx, "x", slope{5, -3}, turn, hill, search.Options{Method: search.Method(m), Trials: 25, GridPoints: 5, Seed: 7, Budget: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		if got.Best.Options != want.Best.Options || got.Best.Score != want.Best.Score || len(got.Trials) != len(want.Trials) || len(got.Trials) < 20 {
			t.Errorf("method %d: best %+v of %d, want %+v of %d", m, got.Best, len(got.Trials), want.Best, len(want.Trials))
			continue
		}
		for i, w := range want.Trials {
			g := got.Trials[i]
			if g.Options != w.Options || math.Float64bits(g.Score) != math.Float64bits(w.Score) || g.Fidelity != w.Fidelity ||
				(g.Err == nil) != (w.Err == nil) || !slices.Equal(g.Values, w.Values) || (g.Err == nil) != (len(g.Scores) == 1) {
				t.Errorf("method %d, trial %d is %+v, want %+v", m, i, g, w)
			}
		}
	}
}

func TestTuneBad(t *testing.T) {
	ctx := context.Background()
	knobs, opt := listed([]int{1, 2})
	boom, why := errors.New("boom"), errors.New("why")
	for name, c := range map[string]struct {
		scores []float64
		err    error
		want   error
	}{
		"its own error": {nil, boom, boom},
		"no scores":     {nil, nil, predict.ErrEmpty},
		"NaN":           {[]float64{1, math.NaN()}, nil, predict.ErrNotFinite},
		"infinite":      {[]float64{math.Inf(-1)}, nil, predict.ErrNotFinite},
	} {
		judge := func(context.Context, int, float64) ([]float64, error) { return c.scores, c.err }
		found, err := predict.Tune(ctx, 0, knobs, judge, opt)
		if !errors.Is(err, predict.ErrEmpty) || !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
		if len(found.Trials) != 2 || !errors.Is(found.Trials[0].Err, c.want) || !math.IsNaN(found.Trials[0].Score) || found.Trials[0].Scores != nil {
			t.Errorf("%s: %+v", name, found)
		}
	}
	good := func(context.Context, int, float64) ([]float64, error) { return []float64{1}, nil }
	for name, f := range map[string]func() (*predict.TuneResult[int], error){
		"no knobs":    func() (*predict.TuneResult[int], error) { return predict.Tune(ctx, 0, nil, good, opt) },
		"no evaluate": func() (*predict.TuneResult[int], error) { return predict.Tune(ctx, 0, knobs, nil, opt) },
		"no such method": func() (*predict.TuneResult[int], error) {
			return predict.Tune(ctx, 0, knobs, good, predict.TuneOptions{Method: 9})
		},
		"negative trials": func() (*predict.TuneResult[int], error) {
			return predict.Tune(ctx, 0, knobs, good, predict.TuneOptions{Trials: -1})
		},
	} {
		if found, err := f(); !errors.Is(err, predict.ErrOption) || found != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	cctx, cancel := context.WithCancelCause(ctx)
	found, err := predict.Tune(cctx, 0, knobs, func(context.Context, int, float64) ([]float64, error) { cancel(why); return []float64{1}, nil }, opt)
	if !errors.Is(err, why) || len(found.Trials) != 1 {
		t.Error(err)
	}
}
