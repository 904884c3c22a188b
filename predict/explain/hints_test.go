package explain_test

import (
	"errors"
	"fmt"
	"math"
	"testing"

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
