package metrics_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/metrics"
	"pgregory.net/rapid"
)

func TestScoresProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 30).Draw(t, "n")
		y, s, w := make([]bool, n), make([]float64, n), make([]float64, n)
		for i := range n {
			y[i] = rapid.Bool().Draw(t, "y")
			s[i] = rapid.SampledFrom([]float64{-2, -0.5, math.Copysign(0, -1), 0, 0.25, 0.5, 1e-300, 3}).Draw(t, "score")
			w[i] = float64(rapid.IntRange(0, 3).Draw(t, "w"))
		}
		y[0], y[1] = true, false
		w[0], w[1] = 1, 1
		for _, weights := range [][]float64{nil, w} {
			at := func(i int) float64 {
				if weights == nil {
					return 1
				}
				return weights[i]
			}
			var won, pairs float64
			for i := range n {
				for j := range n {
					if y[i] && !y[j] {
						x := at(i) * at(j)
						pairs += x
						switch {
						case s[i] > s[j]:
							won += x
						case s[i] == s[j]:
							won += x / 2
						}
					}
				}
			}
			got, err := metrics.AUC(y, s, weights)
			if err != nil || !testkit.Close(got, won/pairs, 1e-12, 0) {
				t.Fatalf("AUC %v, want %v: %v", got, won/pairs, err)
			}
			perm := rapid.Permutation(seq(n)).Draw(t, "order")
			py, ps, pw := make([]bool, n), make([]float64, n), make([]float64, n)
			for i, p := range perm {
				py[i], ps[i], pw[i] = y[p], s[p], w[p]
			}
			if weights == nil {
				pw = nil
			}
			a, err := metrics.Gains(y, s, weights, 7)
			if err != nil {
				t.Fatal(err)
			}
			b, err := metrics.Gains(py, ps, pw, 7)
			if err != nil || fmt.Sprint(a) != fmt.Sprint(b) {
				t.Fatalf("the order of rows changes the gains: %v and %v, %v", a, b, err)
			}
			if last := a[6]; last.Captured != 1 || last.Lift != 1 {
				t.Fatalf("taking everybody: %+v", last)
			}
			for i := 1; i < len(a); i++ {
				if a[i].Captured < a[i-1].Captured-1e-15 {
					t.Fatalf("gains fall: %v", a)
				}
			}
		}
	})
}

// Integer weights are the same as repeated rows, and the radix sort (from 2048
// rows) the same as pairs counted by rank.
func TestAUCLarge(t *testing.T) {
	r := rng.New(1, 2, 3)
	for _, decimals := range []float64{10, 1e4, 1e17} {
		var y, ry []bool
		var s, w, rs []float64
		for range 20_000 {
			c := r.Bool(0.3)
			x := math.Round((r.Normal()+map[bool]float64{true: 0.5}[c])*decimals) / decimals
			k := r.Intn(4)
			y, s, w = append(y, c), append(s, x), append(w, float64(k))
			for range k {
				ry, rs = append(ry, c), append(rs, x)
			}
		}
		weighted, err := metrics.AUC(y, s, w)
		if err != nil {
			t.Fatal(err)
		}
		repeated, err := metrics.AUC(ry, rs, nil)
		if err != nil {
			t.Fatal(err)
		}
		testkit.Near(t, "weights against repeated rows", weighted, repeated, 1e-13)
		// Mann-Whitney by mean ranks.
		idx := make([]int, len(rs))
		for i := range idx {
			idx[i] = i
		}
		slices.SortFunc(idx, func(a, b int) int {
			switch {
			case rs[a] < rs[b]:
				return -1
			case rs[a] > rs[b]:
				return 1
			}
			return 0
		})
		var sum, pos float64
		for i := 0; i < len(idx); {
			j := i
			for j < len(idx) && rs[idx[j]] == rs[idx[i]] {
				j++
			}
			for _, k := range idx[i:j] {
				if ry[k] {
					pos++
					sum += float64(i+1+j) / 2
				}
			}
			i = j
		}
		neg := float64(len(rs)) - pos
		testkit.Near(t, "against mean ranks", repeated, (sum-pos*(pos+1)/2)/(pos*neg), 1e-12)

		h, err := metrics.NewScoreHistogram(-10, 10, 4000)
		if err != nil {
			t.Fatal(err)
		}
		for i := range rs {
			if err := h.Add(ry[i], rs[i]); err != nil {
				t.Fatal(err)
			}
		}
		approx, bound, err := h.AUC()
		if err != nil || math.Abs(approx-repeated) > bound || bound > 0.05 {
			t.Errorf("histogram %v ± %v, exact %v: %v", approx, bound, repeated, err)
		}
	}
}

func TestGainsTies(t *testing.T) {
	// One positive surely first, then three rows tied with one positive.
	y, s := []bool{true, false, true, false}, []float64{2, 1, 1, 1}
	g, err := metrics.Gains(y, s, nil, 4)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []float64{0.5, 0.5 + 0.5/3, 0.5 + 1.0/3, 1} {
		testkit.Near(t, "captured", g[i].Captured, want, 1e-15)
	}
	l, err := metrics.LiftAt(y, s, nil, 0.5)
	if err != nil {
		t.Fatal(err)
	}
	testkit.Near(t, "lift at one half", l, (0.5+0.5/3)/0.5, 1e-15)
}

func TestBinaryBadInput(t *testing.T) {
	y, s := []bool{true, false}, []float64{.2, .1}
	one := func(_ float64, err error) error { return err }
	ll := func(_ float64, _ int64, err error) error { return err }
	var c metrics.Confusion
	b, _ := metrics.NewBinaryLoss(metrics.BinaryLossOptions{})
	h, _ := metrics.NewScoreHistogram(0, 1, 4)
	_, rocErr := metrics.ROC([]bool{true}, []float64{1}, nil)
	_, partsErr := metrics.Gains(y, s, nil, 0)
	_, optErr := metrics.NewBinaryLoss(metrics.BinaryLossOptions{Bins: -1, Epsilon: 0.7})
	_, binErr := metrics.NewScoreHistogram(1, 0, 4)
	_, emptyErr := b.Result()
	nan := math.NaN()
	for name, x := range map[string]struct{ got, want error }{
		"no rows":              {one(metrics.AUC(nil, nil, nil)), metrics.ErrEmpty},
		"lengths":              {one(metrics.AUC(y, s[:1], nil)), metrics.ErrShape},
		"weights' length":      {one(metrics.AUC(y, s, s[:1])), metrics.ErrShape},
		"negative weight":      {one(metrics.AUC(y, s, []float64{1, -1})), metrics.ErrRange},
		"zero weights":         {one(metrics.AUC(y, s, []float64{0, 0})), metrics.ErrRange},
		"NaN score":            {one(metrics.AUC(y, []float64{1, nan}, nil)), metrics.ErrNotFinite},
		"Inf score":            {one(metrics.KS(y, []float64{1, math.Inf(-1)}, []float64{1, 1})), metrics.ErrNotFinite},
		"one class":            {one(metrics.AUC([]bool{true, true}, s, nil)), metrics.ErrUndefined},
		"one class by weight":  {one(metrics.AUC(y, s, []float64{1, 0})), metrics.ErrUndefined},
		"one class KS":         {one(metrics.KS([]bool{false, false}, s, nil)), metrics.ErrUndefined},
		"one class ROC":        {rocErr, metrics.ErrUndefined},
		"no positives AP":      {one(metrics.AveragePrecision([]bool{false, false}, s, nil)), metrics.ErrUndefined},
		"no positives lift":    {one(metrics.LiftAt([]bool{false, false}, s, nil, .5)), metrics.ErrUndefined},
		"q 0":                  {one(metrics.LiftAt(y, s, nil, 0)), metrics.ErrOption},
		"no parts":             {partsErr, metrics.ErrOption},
		"p above 1":            {ll(metrics.LogLoss(y, []float64{1.5, 0}, nil)), metrics.ErrRange},
		"p NaN":                {one(metrics.Brier(y, []float64{nan, 0}, nil)), metrics.ErrRange},
		"add p NaN":            {b.Add(true, nan), metrics.ErrRange},
		"add negative weight":  {b.AddWeighted(true, .5, -1), metrics.ErrRange},
		"nothing was added":    {emptyErr, metrics.ErrUndefined},
		"bins and epsilon":     {optErr, metrics.ErrOption},
		"range of histogram":   {binErr, metrics.ErrOption},
		"score out of range":   {h.Add(true, 1.01), metrics.ErrRange},
		"NaN in histogram":     {h.Add(true, nan), metrics.ErrNotFinite},
		"empty confusion":      {one(c.Accuracy()), metrics.ErrUndefined},
		"empty MCC":            {one(c.MCC()), metrics.ErrUndefined},
		"nothing predicted":    {one(metrics.Confusion{FN: 1, TN: 1}.Precision()), metrics.ErrUndefined},
		"beta 0":               {one(metrics.Confusion{TP: 1}.FBeta(0)), metrics.ErrRange},
		"scores of other size": {c.AddScores(y, s[:1], .5), metrics.ErrShape},
		"NaN to confusion":     {c.AddScores(y, []float64{1, nan}, .5), metrics.ErrNotFinite},
	} {
		if !errors.Is(x.got, x.want) {
			t.Errorf("%s: %v, want %v", name, x.got, x.want)
		}
	}
	if c != (metrics.Confusion{}) {
		t.Errorf("a failed call counted: %+v", c)
	}
	if x := (metrics.Confusion{FN: 1, TN: 1}).Scores(1); x.Precision != 1 || x.Recall != 0 || x.MCC != 0 {
		t.Errorf("zero division 1: %+v", x)
	}
}

func TestBinaryLoss(t *testing.T) {
	b, err := metrics.NewBinaryLoss(metrics.BinaryLossOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 100 {
		if err := b.Add(i < 30, 0.3); err != nil {
			t.Fatal(err)
		}
	}
	r, err := b.Result()
	if err != nil {
		t.Fatal(err)
	}
	testkit.Near(t, "normalised entropy of the base rate", r.NormalizedEntropy, 1, 1e-12)
	testkit.Near(t, "calibration ratio", r.CalibrationRatio, 1, 1e-12)
	testkit.Near(t, "ECE", r.ECE, 0, 1e-12)
	c, _ := metrics.NewBinaryLoss(metrics.BinaryLossOptions{})
	for _, x := range []struct {
		y bool
		p float64
	}{{true, 1}, {true, 0}, {false, 0.25}, {true, 0.75}} {
		if err := c.Add(x.y, x.p); err != nil {
			t.Fatal(err)
		}
	}
	r, err = c.Result()
	if err != nil {
		t.Fatal(err)
	}
	testkit.Near(t, "log-loss", r.LogLoss, (52*math.Ln2-2*math.Log(.75))/4, 1e-12)
	testkit.Near(t, "ECE", r.ECE, (0+1+.25+.25)/4, 1e-15)
	if r.Clipped != 2 {
		t.Errorf("clipped %d, want 2", r.Clipped)
	}
	d, _ := metrics.NewBinaryLoss(metrics.BinaryLossOptions{})
	if err := d.Add(false, 0.1); err != nil {
		t.Fatal(err)
	}
	if r, err := d.Result(); err != nil || !math.IsNaN(r.CalibrationRatio) || !math.IsNaN(r.NormalizedEntropy) {
		t.Errorf("one class: %+v, %v", r, err)
	}
}

func BenchmarkAUC(b *testing.B) {
	r := rng.New(1, 2, 3)
	const n = 1_000_000
	y, s := make([]bool, n), make([]float64, n)
	for i := range y {
		y[i] = r.Bool(0.1)
		s[i] = r.Float64()
	}
	b.Run("n=1M", func(b *testing.B) {
		for b.Loop() {
			if _, err := metrics.AUC(y, s, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("n=1M/weighted", func(b *testing.B) {
		for b.Loop() {
			if _, err := metrics.AUC(y, s, s); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkLogLoss(b *testing.B) {
	r := rng.New(1, 2, 3)
	const n = 1_000_000
	y, p := make([]bool, n), make([]float64, n)
	for i := range y {
		y[i] = r.Bool(0.1)
		p[i] = r.Float64()
	}
	b.Run("n=1M", func(b *testing.B) {
		for b.Loop() {
			if _, _, err := metrics.LogLoss(y, p, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
}
