package recommend

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// groupCategories gives the items of the conformance suite the category of their
// group.
func groupCategories(x *Interactions) (*Categories, error) {
	if err := x.checkImplicit("groupCategories"); err != nil {
		return nil, err
	}
	lists := make([][]int32, x.Items())
	for i := range lists {
		lists[i] = []int32{int32(i % 4)}
	}
	return NewCategories(4, lists)
}

// daily returns entries of one item a user, the age in days.
func daily(t testing.TB, items int, ages [][2]float64) *Interactions {
	t.Helper()
	b, err := NewBuilder[int, int](BuilderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2024, 6, 1, 0, 0, 0, 0, time.UTC)
	for u, e := range ages {
		if err := b.AddAt(u, int(e[0]), 1, now.Add(-time.Duration(e[1]*24)*time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	d, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	if d.Items.Len() != items {
		t.Fatalf("%d items", d.Items.Len())
	}
	return d.Interactions
}

func TestRising(t *testing.T) {
	var es [][2]float64
	for age := range 60 {
		for range 20 {
			es = append(es, [2]float64{0, float64(age)}) // steady and large
		}
		if age < 4 {
			for range 10 {
				es = append(es, [2]float64{1, float64(age)}) // new
			}
		}
		if age > 20 {
			for range 10 {
				es = append(es, [2]float64{2, float64(age)}) // over
			}
		}
		es = append(es, [2]float64{3, float64(age)}) // steady and small
	}
	es = append(es, [2]float64{4, 0}) // one event, today
	x := daily(t, 5, es)
	m, err := FitRising(context.Background(), x, RisingOptions{})
	if err != nil {
		t.Fatal(err)
	}
	s := m.scores
	if !(s[1] > 2 && s[1] > s[4] && s[4] > s[0] && s[0] > s[2] && s[2] < 0.7) {
		t.Errorf("scores %v: want new, then a single event, then steady, then over", s)
	}
	if !(s[0] > 0.7 && s[0] < 1.1 && s[3] > 0.7 && s[3] < 1.1) {
		t.Errorf("scores %v: steady items are to be near 1", s)
	}
	// By hand.
	short, long, sumS, sumL := make([]float64, 5), make([]float64, 5), 0.0, 0.0
	for _, e := range es {
		a, b := math.Exp2(-e[1]/2), math.Exp2(-e[1]/28)
		short[int(e[0])] += a
		long[int(e[0])] += b
		sumS += a
		sumL += b
	}
	for i := range s {
		if want := (short[i] + 5) / (long[i]*sumS/sumL + 5); math.Abs(float64(s[i])-want) > 1e-5 {
			t.Errorf("item %d scores %v, want %v", i, s[i], want)
		}
	}
	// Without shrinkage the single event leads.
	if m, err = FitRising(context.Background(), x, RisingOptions{Shrinkage: -1}); err != nil || !(m.scores[4] > m.scores[1]) {
		t.Errorf("no shrinkage: %v, %v", m.scores, err)
	}
	if _, err := FitRising(context.Background(), groups(5, 8, 2, 1), RisingOptions{}); !errors.Is(err, ErrEmpty) {
		t.Errorf("no times: %v", err)
	}
	if _, err := FitRising(context.Background(), x, RisingOptions{Short: time.Hour, Long: time.Minute}); !errors.Is(err, ErrOption) {
		t.Errorf("long shorter than short: %v", err)
	}
	// In a far future everything has decayed to nothing; there are no scores to
	// speak of, and no NaN.
	m, err = FitRising(context.Background(), x, RisingOptions{Shrinkage: -1, AsOf: time.Date(2900, 1, 1, 0, 0, 0, 0, time.UTC)})
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range m.scores {
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			t.Errorf("far future: item %d scores %v", i, v)
		}
	}
}

// The expected values are those of statsmodels 0.14 proportion_confint(method="wilson").
func TestRatedGolden(t *testing.T) {
	m, err := NewRated([]float64{19, 0, 18, 0, 5}, []float64{38, 77, 20, 0, 5}, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	if usual, err := NewRated([]float64{19, 0, 18, 0, 5}, []float64{38, 77, 20, 0, 5}, 0); err != nil || !slices.Equal(usual.scores, m.scores) {
		t.Errorf("level 0 is not 0.95: %v", err)
	}
	for i, want := range []float64{0.348499283643951, 0, 0.698966355, 0, 0.5655175} {
		if math.Abs(float64(m.scores[i])-want) > 1e-6 {
			t.Errorf("item %d scores %v, want %v", i, m.scores[i], want)
		}
	}
}

// The bound solves the quadratic it is a root of, lies below the rate, and grows
// with evidence.
func TestRatedProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Float64Range(0.5, 1e6).Draw(t, "n")
		s := rapid.Float64Range(0, 1).Draw(t, "p") * n
		z := rapid.Float64Range(0.1, 5).Draw(t, "z")
		m, err := NewRated([]float64{s, 2 * s}, []float64{n, 2 * n}, math.Erf(z/math.Sqrt2))
		if err != nil {
			t.Fatal(err)
		}
		p, w, more := s/n, float64(m.scores[0]), float64(m.scores[1])
		if w < 0 || w > p+1e-7 {
			t.Fatalf("bound %v of rate %v", w, p)
		}
		if d := (w-p)*(w-p) - z*z/n*w*(1-w); math.Abs(d) > 1e-6*(1+z*z/n) {
			t.Fatalf("(w-p)² is %v, z²w(1-w)/n is %v", (w-p)*(w-p), z*z/n*w*(1-w))
		}
		if more < w-1e-7 {
			t.Fatalf("twice the evidence lowers %v to %v", w, more)
		}
	})
}

func TestRatedBadInput(t *testing.T) {
	for _, c := range []struct {
		name     string
		pos, exp []float64
		level    float64
		want     error
	}{
		{"lengths", []float64{1}, []float64{1, 2}, 0.95, ErrShape},
		{"nothing", nil, nil, 0.95, ErrEmpty},
		{"more than exposed", []float64{3}, []float64{2}, 0.95, ErrRange},
		{"negative", []float64{-1}, []float64{2}, 0.95, ErrRange},
		{"NaN", []float64{math.NaN()}, []float64{2}, 0.95, ErrRange},
		{"NaN exposed", []float64{0}, []float64{math.NaN()}, 0.95, ErrRange},
		{"infinite", []float64{math.Inf(1)}, []float64{math.Inf(1)}, 0.95, ErrRange},
		{"level 1", []float64{1}, []float64{2}, 1, ErrOption},
		{"level -1", []float64{1}, []float64{2}, -1, ErrOption},
		{"level NaN", []float64{1}, []float64{2}, math.NaN(), ErrOption},
	} {
		if _, err := NewRated(c.pos, c.exp, c.level); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

func TestCategoryPopular(t *testing.T) {
	x, err := InteractionsFromRows(5, [][]int32{{0, 1}, {0, 2}, {0, 2, 3}, {1}, {2}})
	if err != nil {
		t.Fatal(err)
	}
	cats, err := NewCategories(3, [][]int32{{0}, {0, 1}, {1}, {}, {1}})
	if err != nil {
		t.Fatal(err)
	}
	m, err := FitCategoryPopular(context.Background(), x, cats, PopularOptions{})
	if err != nil {
		t.Fatal(err)
	}
	// Popularity is 3 2 3 1 0; category 0 holds 3 and half of 2, category 1 half of 2, 3 and 0.
	got := make([]float32, 5)
	if err := m.Score(got, Query{User: Stranger, Items: []int32{0, 1}, Weights: []float32{1, 3}}); err != nil {
		t.Fatal(err)
	}
	a, b := (1+1.5)/4, 1.5/4 // taste: all of item 0 and half of item 1, half of item 1
	for i, want := range []float64{a * 3 / 4, a*1/4 + b*1/4, b * 3 / 4, 0, 0} {
		if math.Abs(float64(got[i])-want) > 1e-6 {
			t.Errorf("item %d scores %v, want %v", i, got[i], want)
		}
	}
	if err := m.Score(got, Query{User: Stranger, Items: []int32{3}}); !errors.Is(err, ErrEmpty) {
		t.Errorf("no category: %v", err)
	}
	top, err := m.AppendCategory(nil, 1, 5)
	if err != nil || len(top) != 2 || top[0] != (Scored{2, 3}) || top[1] != (Scored{1, 2}) {
		t.Errorf("category 1: %v, %v", top, err)
	}
	if _, err := m.AppendCategory(nil, 3, 5); !errors.Is(err, ErrUnknownID) {
		t.Errorf("unknown category: %v", err)
	}
	few, _ := NewCategories(1, [][]int32{{0}})
	for name, c := range map[string]*Categories{"nil": nil, "other items": few} {
		if _, err := FitCategoryPopular(context.Background(), x, c, PopularOptions{}); !errors.Is(err, ErrMismatch) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func BenchmarkFitRising(b *testing.B) {
	var es [][2]float64
	for k := range 100_000 {
		es = append(es, [2]float64{float64(k % 5000), float64(k % 60)})
	}
	x := daily(b, 5000, es)
	b.Run("entries=100k", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := FitRising(context.Background(), x, RisingOptions{}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
