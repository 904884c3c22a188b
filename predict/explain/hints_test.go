package explain_test

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/predict/explain"
)

// TestHintsPairs: a search among pairs looks only at what costs less than each action alone, however many
// steps there are, and stops at MaxAsked before it has listed more.
func TestHintsPairs(t *testing.T) {
	f := each(func(x []float64) float64 { return x[0] + x[1] })
	actions := []explain.Action{
		{Column: 0, Step: 1, High: 1e9, Monotone: true},
		{Column: 1, Step: 1, High: 1e9, Cost: 3, Monotone: true},
	}
	h := must(explain.Hints(bg, f, []float64{0, 0}, actions, explain.HintOptions{Target: 10}))
	if len(h) != 2 || h[0].Cost != 10 || h[1].Cost != 30 {
		t.Errorf("hints are %+v", h)
	}
	if _, err := explain.Hints(bg, f, []float64{0, 0}, actions, explain.HintOptions{Target: 1e10}); !errors.Is(err, explain.ErrTooLarge) {
		t.Error(err)
	}
	// Far below its bounds a column needs many steps before it may stop at all.
	actions[1] = explain.Action{Column: 1, Step: 1, Low: 1e6, High: 1e6 + 2, Cost: 1e-3, Monotone: true}
	g := each(func(x []float64) float64 { return x[0] + 1500*min(1, x[1]/1e6) })
	h = must(explain.Hints(bg, g, []float64{0, 0}, actions, explain.HintOptions{Target: 2000}))
	if len(h) != 2 || h[0].Cost != 500+1000 || h[1].Cost != 2000 {
		t.Errorf("hints are %+v", h)
	}
}

// TestHintsBlocks: a Func is asked about many rows at once.
func TestHintsBlocks(t *testing.T) {
	calls := 0
	f := func(dst []float64, rows [][]float64) ([]float64, error) {
		calls++
		for _, x := range rows {
			dst = append(dst, x[0])
		}
		return dst, nil
	}
	h := must(explain.Hints(bg, f, []float64{0}, []explain.Action{{Column: 0, Step: 1, High: 5000}}, explain.HintOptions{Target: 4500}))
	if len(h) != 1 || h[0].Cost != 4500 || calls > 16 {
		t.Errorf("%+v after %d calls", h, calls)
	}
}

// TestReasonsErrorsInOrder: two bad phrases are told in the order of their names.
func TestReasonsErrorsInOrder(t *testing.T) {
	table := explain.English()
	for _, name := range []string{"d", "a", "c", "b", "e"} {
		table.Phrases[name] = explain.Phrase{Digits: -1}
	}
	first := ""
	for range 20 {
		_, err := explain.Reasons(nil, []string{"a"}, []float64{1}, []float64{1}, explain.ReasonOptions{Table: table})
		if first == "" {
			first = fmt.Sprint(err)
		}
		if !errors.Is(err, explain.ErrOption) || fmt.Sprint(err) != first {
			t.Fatalf("%v, before %s", err, first)
		}
	}
}

// TestALEOverflows: differences beyond the range of numbers are an error, not an effect.
func TestALEOverflows(t *testing.T) {
	f := each(func(x []float64) float64 { return math.Copysign(1.7e308, x[0]) })
	rows := [][]float64{{-1, 0}, {1, 1}, {2, 3}, {-3, 2}}
	if _, err := explain.ALE(bg, f, rows, 0, explain.ALEOptions{Bins: 1}); !errors.Is(err, explain.ErrNotFinite) {
		t.Error(err)
	}
	if _, err := explain.ALE2(bg, each(func(x []float64) float64 { return math.Copysign(1.7e308, x[0]*(x[1]-1.5)) }), rows, [2]int{0, 1}, explain.ALEOptions{Bins: 1}); !errors.Is(err, explain.ErrNotFinite) {
		t.Error(err)
	}
}

// TestHintsMonotonePairs: where the pairs of steps are too many to be asked one by one, halving finds what asking all of them does.
func TestHintsMonotonePairs(t *testing.T) {
	for seed := range uint64(60) {
		r := rng.New(seed, 0, 0)
		u, v, w := r.Float64(), r.Float64(), r.Float64()-.5
		f := each(func(x []float64) float64 { return u*x[0] - v*x[1] + w*math.Sin(x[0]/9) + math.Floor(-x[1]/7) })
		actions := []explain.Action{
			{Column: 0, Step: 1, Low: float64(-r.Intn(90)), High: float64(r.Intn(90)), Cost: 1 + float64(r.Intn(3))},
			{Column: 1, Step: 1, Low: float64(-r.Intn(90)), High: float64(r.Intn(90)), Cost: 1 + float64(r.Intn(3)), Monotone: true},
		}
		if seed%2 == 1 {
			actions[0], actions[1] = actions[1], actions[0]
		}
		row := []float64{float64(r.Intn(200) - 100), float64(r.Intn(200) - 100)} // may have to come in first
		now := must(f(nil, [][]float64{row}))[0]
		opt := explain.HintOptions{Target: now + 60*r.Float64(), MaxAsked: 1 << 20}
		if seed%3 == 0 {
			opt.Target, opt.Below = now-60*r.Float64(), true
		}
		all := must(explain.Hints(bg, f, row, actions, opt))
		opt.MaxAsked = 6000
		few, err := explain.Hints(bg, f, row, actions, opt)
		if err != nil || fmt.Sprint(few) != fmt.Sprint(all) {
			t.Errorf("seed %d: %+v, %v; asking all: %+v", seed, few, err, all)
		}
	}
	f := each(func(x []float64) float64 { return x[0] + x[1] })
	h, err := explain.Hints(bg, f, []float64{0, 0}, []explain.Action{
		{Column: 0, Step: 1, High: 900, Monotone: true}, {Column: 1, Step: 1, High: 4000, Cost: 2, Monotone: true},
	}, explain.HintOptions{Target: 4500})
	if err != nil || len(h) != 1 || h[0].Cost != 900+2*3600 {
		t.Errorf("%+v, %v", h, err)
	}
}
