package explain_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/predict/explain"
)

// drawn draws n rows of three columns, the second of which goes with the first.
func drawn(seed uint64, n int) [][]float64 {
	r := rng.New(seed, 0, 0)
	rows := make([][]float64, n)
	for i := range rows {
		x := r.Normal()
		rows[i] = []float64{x, x + .3*r.Normal(), float64(r.Intn(5))}
	}
	return rows
}

// additive is a sum of a curve of each column.
func additive(x []float64) float64 { return 3*x[0] + x[1]*x[1] + math.Abs(x[2]-2) }

// TestAdditive: of a sum, partial dependence and ALE give each part back, but for a constant,
// and ALE of two columns nothing; ICE curves are parallel.
func TestAdditive(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		rows := drawn(rapid.Uint64().Draw(rt, "seed"), rapid.IntRange(20, 120).Draw(rt, "n"))
		f := each(additive)
		parts := []func(float64) float64{func(x float64) float64 { return 3 * x }, func(x float64) float64 { return x * x }, func(x float64) float64 { return math.Abs(x - 2) }}
		for j, part := range parts {
			pd := must(explain.PartialDependence(bg, f, rows, []int{j}, explain.DependenceOptions{Points: 9, Individual: true, Centred: true}))
			ale := must(explain.ALE(bg, f, rows, j, explain.ALEOptions{Bins: 7}))
			for k, x := range pd.Grid[0] {
				want := part(x) - part(pd.Grid[0][0])
				for _, got := range []float64{pd.Mean[k], pd.Individual[3][k]} {
					if math.Abs(got-want) > 1e-9 {
						rt.Fatalf("column %d at %v: %v, want %v", j, x, got, want)
					}
				}
			}
			for k, x := range ale.Edges[0] {
				want := part(x) - part(ale.Edges[0][0])
				if got := ale.Values[k] - ale.Values[0]; math.Abs(got-want) > 1e-9 {
					rt.Fatalf("ALE of column %d at %v: %v, want %v", j, x, got, want)
				}
			}
		}
		both := must(explain.ALE2(bg, f, rows, [2]int{0, 1}, explain.ALEOptions{Bins: 4}))
		for _, v := range both.Values {
			if math.Abs(v) > 1e-9 {
				rt.Fatalf("ALE of a sum over two columns is %v", both.Values)
			}
		}
	})
}

// TestInteraction: a planted product is found by ALE of two columns, with its size and sign,
// and partial dependence of two columns is the product of two means where columns are independent.
func TestInteraction(t *testing.T) {
	var rows [][]float64
	for i := range 64 {
		rows = append(rows, []float64{float64(i % 8), float64(i / 8), 1})
	}
	f := each(func(x []float64) float64 { return 5*x[0] + x[0]*x[1]*x[2] })
	both := must(explain.ALE2(bg, f, rows, [2]int{0, 1}, explain.ALEOptions{Edges: [][]float64{{0, 1, 2, 3, 4, 5, 6, 7}, {0, 1, 2, 3, 4, 5, 6, 7}}}))
	at := func(x, y int) float64 { return both.Values[x*8+y] }
	for x := range 7 {
		for y := range 7 {
			if d := at(x+1, y+1) - at(x+1, y) - at(x, y+1) + at(x, y); math.Abs(d-1) > 1e-9 {
				t.Fatalf("difference of differences at %d, %d is %v, want 1", x, y, d)
			}
		}
	}
	pd := must(explain.PartialDependence(bg, f, rows, []int{0, 1}, explain.DependenceOptions{Weights: ones(64)}))
	if got := pd.Mean[7*8+7]; got != 35+49 {
		t.Errorf("partial dependence at 7, 7 is %v, want 84", got)
	}
}

func ones(n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = 1
	}
	return out
}

// TestPermutation: a column that the model does not read loses nothing, the one it leans on most
// loses most, a group counts as one, pairs of losses tell them apart, and the seed decides.
func TestPermutation(t *testing.T) {
	rows := drawn(4, 200)
	f := each(func(x []float64) float64 { return 2*x[0] + .2*x[1] })
	y := must(f(nil, rows))
	score := func(p []float64) (float64, error) {
		s := 0.0
		for i := range p {
			s -= (p[i] - y[i]) * (p[i] - y[i])
		}
		return s, nil
	}
	o := explain.PermutationOptions{Groups: [][]int{{0}, {1}, {2}, {0, 1}}, Repeats: 6}
	m := must(explain.Permutation(bg, f, rows, score, o))
	if m.Score != 0 || m.Groups[2].Mean != 0 || m.Groups[2].High != 0 {
		t.Errorf("score %v, a column not read loses %+v", m.Score, m.Groups[2])
	}
	if d, low, _, err := m.Difference(0, 1); !(low > 0) || d != m.Groups[0].Mean-m.Groups[1].Mean && math.Abs(d-m.Groups[0].Mean+m.Groups[1].Mean) > 1e-9 || err != nil {
		t.Errorf("difference %v from %v, %v", d, low, err)
	}
	if !(m.Groups[3].Mean > m.Groups[0].Mean) {
		t.Errorf("a group loses %v, its larger part %v", m.Groups[3].Mean, m.Groups[0].Mean)
	}
	same := must(explain.Permutation(bg, f, rows, score, o))
	o.Seed = 9
	other := must(explain.Permutation(bg, f, rows, score, o))
	if fmt.Sprint(m) != fmt.Sprint(same) || fmt.Sprint(m) == fmt.Sprint(other) {
		t.Error("the seed does not decide")
	}
}

// TestMissing: grids and bins are made of what is there, rows that miss the column are left out of
// ALE, and predictions see NaN.
func TestMissing(t *testing.T) {
	rows := [][]float64{{1, 0}, {math.NaN(), 5}, {2, math.NaN()}, {4, 1}}
	f := each(func(x []float64) float64 {
		if math.IsNaN(x[1]) {
			return x[0] + 100
		}
		return x[0] + x[1]
	})
	pd := must(explain.PartialDependence(bg, f, rows, []int{0}, explain.DependenceOptions{}))
	near(t, "grid", pd.Grid[0], []float64{1, 2, 4}, 0)
	near(t, "mean", pd.Mean, []float64{27.5, 28.5, 30.5}, 1e-12)
	ale := must(explain.ALE(bg, each(func(x []float64) float64 { return x[0] }), rows, 0, explain.ALEOptions{Bins: 2}))
	near(t, "ale", ale.Values, []float64{-1, 0, 2}, 1e-12)
	for name, do := range map[string]func() error{
		"all missing": func() error {
			_, err := explain.ALE(bg, f, [][]float64{{math.NaN()}}, 0, explain.ALEOptions{})
			return err
		},
		"one value": func() error {
			_, err := explain.ALE(bg, each(func([]float64) float64 { return 1 }), [][]float64{{1}, {1}}, 0, explain.ALEOptions{})
			return err
		},
		"a missing value to act on": func() error {
			_, err := explain.Hints(bg, f, rows[1], []explain.Action{{Step: 1, High: 3}}, explain.HintOptions{Target: 1e3})
			return err
		},
	} {
		if err := do(); !errors.Is(err, explain.ErrUndefined) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestFuncFails: what a function returns wrongly is told.
func TestFuncFails(t *testing.T) {
	own := errors.New("no connection")
	for _, c := range []struct {
		f    explain.Func
		want error
	}{
		{func(dst []float64, rows [][]float64) ([]float64, error) { return nil, own }, own},
		{func(dst []float64, rows [][]float64) ([]float64, error) { return dst, nil }, explain.ErrShape},
		{each(func([]float64) float64 { return math.NaN() }), explain.ErrNotFinite},
		{nil, explain.ErrEmpty},
	} {
		if _, err := explain.ALE(bg, c.f, cases(), 0, explain.ALEOptions{}); !errors.Is(err, c.want) {
			t.Errorf("%v, want %v", err, c.want)
		}
	}
}

// TestHints compares with a search over everything.
func TestHints(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := rng.New(rapid.Uint64().Draw(rt, "seed"), 0, 0)
		var wave [3][9]float64
		monotone := r.Bool(.5)
		for a := range wave {
			for k := range wave[a] {
				wave[a][k] = r.Normal()
				if monotone && k > 0 {
					wave[a][k] = wave[a][k-1] + r.Float64()
				}
			}
		}
		f := func(x []float64) float64 { return wave[0][int(x[0])] + wave[1][int(x[1])] + wave[2][int(x[2])] }
		row := []float64{float64(r.Intn(9)), float64(r.Intn(9)), float64(r.Intn(9))}
		actions := make([]explain.Action, 3)
		for a := range actions {
			low := float64(r.Intn(5))
			actions[a] = explain.Action{Column: a, Step: 1, Low: low, High: low + float64(r.Intn(4)), Cost: float64(1 + r.Intn(3)), Monotone: monotone}
		}
		target := f(row) + 2*r.Float64()
		got := must(explain.Hints(bg, each(f), row, actions, explain.HintOptions{Target: target, Most: 9}))
		cheapest := math.Inf(1)
		for a := range actions {
			for b := range a + 1 {
				for i := actions[a].Low; i <= actions[a].High; i++ {
					for j := actions[b].Low; j <= actions[b].High; j++ {
						x := append([]float64{}, row...)
						x[b] = j
						x[a] = i
						cost := math.Abs(i-row[a]) * actions[a].Cost
						if a != b {
							cost += math.Abs(j-row[b]) * actions[b].Cost
							if i == row[a] || j == row[b] {
								continue
							}
						}
						if f(x) >= target {
							cheapest = min(cheapest, cost)
						}
					}
				}
			}
		}
		if f(row) >= target {
			cheapest = math.Inf(1)
		}
		switch {
		case math.IsInf(cheapest, 1) && got == nil:
		case len(got) == 0 || got[0].Cost != cheapest:
			rt.Fatalf("%+v, cheapest is %v", got, cheapest)
		default:
			for _, h := range got {
				x := append([]float64{}, row...)
				for _, c := range h.Changes {
					x[c.Column] = c.To
				}
				if h.Prediction != f(x) || h.Prediction < target {
					rt.Fatalf("%+v, want %v", h, f(x))
				}
			}
		}
	})
}

// TestHintsBelow: a risk is brought down, in few predictions where it is monotone.
func TestHintsBelow(t *testing.T) {
	asked := 0
	f := func(dst []float64, rows [][]float64) ([]float64, error) {
		asked += len(rows)
		for _, x := range rows {
			dst = append(dst, x[0]/1e6)
		}
		return dst, nil
	}
	a := explain.Action{Column: 0, Name: "days", Step: 1, Low: 0, High: 1e6, Monotone: true}
	h := must(explain.Hints(bg, f, []float64{9e5}, []explain.Action{a}, explain.HintOptions{Target: .25, Below: true}))
	if len(h) != 1 || h[0].Changes[0].To != 2.5e5 || h[0].Changes[0].Steps != -650000 || asked > 60 {
		t.Errorf("%+v after %d predictions", h, asked)
	}
	a.Monotone = false
	if _, err := explain.Hints(bg, f, []float64{9e5}, []explain.Action{a}, explain.HintOptions{Target: .25, Below: true}); !errors.Is(err, explain.ErrTooLarge) {
		t.Errorf("beyond MaxAsked: %v", err)
	}
}

// TestReasons: order, shares, directions, bands, missing values and both languages.
func TestReasons(t *testing.T) {
	names := []string{"recency_days", "spend", "purchases_30d", "single"}
	row, c := []float64{45.25, math.NaN(), 2, 0}, []float64{-1, .5, 2, .01}
	texts := func(o explain.ReasonOptions) string {
		var out []string
		for _, r := range must(explain.Reasons(nil, names, c, row, o)) {
			out = append(out, r.Text)
		}
		return strings.Join(out, "; ")
	}
	for _, k := range []struct {
		o    explain.ReasonOptions
		want string
	}{
		{explain.ReasonOptions{}, "purchases in 30 days: 2 raises the estimate; last purchase 45 days ago lowers the estimate; spend: not known raises the estimate"},
		{explain.ReasonOptions{Table: explain.Chinese()}, "近30天购买次数为2，提高了预测值; 距上次购买已45天，降低了预测值; spend为未知，提高了预测值"},
		{explain.ReasonOptions{Lowering: true}, "last purchase 45 days ago lowers the estimate"},
		{explain.ReasonOptions{Raising: true, Most: 1}, "purchases in 30 days: 2 raises the estimate"},
		{explain.ReasonOptions{MinShare: -1, Raising: true}, "purchases in 30 days: 2 raises the estimate; spend: not known raises the estimate; has bought more than once"},
		{explain.ReasonOptions{Table: explain.Table{Default: explain.Phrase{Raises: "+{name}", Lowers: "-{name}"}}}, "+purchases_30d; -recency_days; +spend"},
	} {
		if got := texts(k.o); got != k.want {
			t.Errorf("%+v:\n%s\nwant\n%s", k.o, got, k.want)
		}
	}
	h := explain.Hint{Changes: []explain.Change{{Name: "purchases_30d", From: 1, To: 2}, {Name: "recency_days", From: 30, To: 10}}}
	if got := h.Text(explain.Table{}); got != "1 more: purchases in 30 days from 1 to 2 and 20 less: days since the last purchase from 30 to 10" {
		t.Error(got)
	}
	if got := h.Text(explain.Chinese()); got != "近30天购买次数增加1（由1到2），并且距上次购买天数减少20（由30到10）" {
		t.Error(got)
	}
	// Digits of a phrase that would make another step of it are too few.
	for _, c := range []struct {
		from, to float64
		want     string
	}{
		{1.5, 2, "0.5 more: purchases in 30 days from 1.5 to 2"},
		{30.25, 30.75, "0.5 more: purchases in 30 days from 30.25 to 30.75"},
		{1.0 / 3, 4.0 / 3, "1 more: purchases in 30 days from 0 to 1"},
		{.002, .001, "0.001 less: purchases in 30 days from 0.002 to 0.001"},
		{2, 2, "purchases in 30 days from 2 to 2"},
		{1e16, 3e16, "2e+16 more: purchases in 30 days from 1e+16 to 3e+16"},
	} {
		got := explain.Hint{Changes: []explain.Change{{Name: "purchases_30d", From: c.from, To: c.to}}}.Text(explain.Table{})
		if !strings.HasSuffix(got, c.want) {
			t.Errorf("%v to %v: %s", c.from, c.to, got)
		}
	}
}

// TestLinear: contributions sum to the difference of scores.
func TestLinear(t *testing.T) {
	got := must(explain.Linear([]float64{7}, []float64{2, -1, 3}, []float64{1, 1, 1}, []float64{3, math.NaN(), 0}))
	near(t, "contributions", got, []float64{7, 4, 0, -3}, 0)
}
