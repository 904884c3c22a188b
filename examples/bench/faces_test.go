package bench

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/aislekit/aisle/predict"
	rtune "github.com/aislekit/aisle/recommend/tune"
)

// TestTwoFacesOfOneSearch: recommend/tune and predict.Tune, which may not meet in the
// library, make the same trials and find the same best for the same space and
// objective.
func TestTwoFacesOfOneSearch(t *testing.T) {
	type settings struct{ rate, depth float64 }
	score := func(s settings, fidelity float64) (float64, error) {
		if s.depth == 7 {
			return 0, errors.New("too deep")
		}
		x, y := math.Log(s.rate/0.1)/3, (s.depth-4)/2
		return fidelity * math.Exp(-x*x-y*y), nil
	}
	setRate := func(s *settings, v float64) { s.rate = v }
	setDepth := func(s *settings, v float64) { s.depth = v }
	ctx, base := context.Background(), settings{rate: 5, depth: 1}
	for method := range 4 {
		a, err := rtune.Search(ctx, base, []rtune.Knob[settings]{
			{Name: "rate", Low: 0.001, High: 10, Log: true, Set: setRate},
			{Name: "depth", Low: 1, High: 8, Integer: true, Set: setDepth},
		}, func(_ context.Context, s settings, fidelity float64) (float64, error) {
			return score(s, fidelity)
		}, rtune.Options{Method: rtune.Method(method), Trials: 30, GridPoints: 6, Seed: 3})
		if err != nil {
			t.Fatal(err)
		}
		b, err := predict.Tune(ctx, base, []predict.Knob[settings]{
			{Name: "rate", Low: 0.001, High: 10, Log: true, Set: setRate},
			{Name: "depth", Low: 1, High: 8, Integer: true, Set: setDepth},
		}, func(_ context.Context, s settings, fidelity float64) ([]float64, error) {
			v, err := score(s, fidelity)
			return []float64{v, v}, err
		}, predict.TuneOptions{Method: predict.TuneMethod(method), Trials: 30, GridPoints: 6, Seed: 3})
		if err != nil {
			t.Fatal(err)
		}
		if a.Best.Options != b.Best.Options || a.Best.Score != b.Best.Score || len(a.Trials) != len(b.Trials) || len(a.Trials) < 20 {
			t.Errorf("method %d: best %+v of %d trials and %+v of %d", method, a.Best, len(a.Trials), b.Best, len(b.Trials))
			continue
		}
		for i, p := range a.Trials {
			q := b.Trials[i]
			if p.Options != q.Options || !slices.Equal(p.Values, q.Values) || p.Fidelity != q.Fidelity ||
				p.Score != q.Score && !(math.IsNaN(p.Score) && math.IsNaN(q.Score)) || (p.Err == nil) != (q.Err == nil) {
				t.Errorf("method %d, trial %d: %+v and %+v", method, i, p, q)
			}
		}
	}
}
