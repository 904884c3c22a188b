package ranking

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"pgregory.net/rapid"
)

// oracle computes the measures of one list straight from their definitions.
func oracle(l []int32, rel map[int32]float64, k, items int, o Options) Cutoff {
	T := 0
	var best []float64
	for _, g := range rel {
		if g > 0 {
			T++
			best = append(best, g)
		}
	}
	slices.Sort(best)
	slices.Reverse(best)
	cut := l[:min(k, len(l))]
	gain := func(g float64) float64 {
		switch o.Gain {
		case GainLinear:
			return g
		case GainExponential:
			return math.Pow(2, g) - 1
		}
		return 1
	}
	disc := func(rank int) float64 {
		if o.Discount == DiscountLog2Clipped {
			return 1 / math.Max(1, math.Log2(float64(rank)))
		}
		return 1 / math.Log2(float64(rank)+1)
	}
	a := Cutoff{K: k}
	h := 0
	var dcg, idcg, ap float64
	for i, x := range cut {
		if rel[x] <= 0 {
			continue
		}
		h++
		dcg += gain(rel[x]) * disc(i+1)
		ap += float64(h) / float64(i+1)
		a.RBP += (1 - o.Persistence) * math.Pow(o.Persistence, float64(i))
		if a.MRR == 0 {
			a.MRR = 1 / float64(i+1)
		}
	}
	for i := range min(k, T) {
		idcg += gain(best[i]) * disc(i+1)
	}
	pd, rd, ad := k, T, min(k, T)
	if o.Precision == PrecisionByLength {
		pd = len(cut)
	}
	if o.Recall == RecallByMinK {
		rd = min(k, T)
	}
	switch o.AP {
	case APByTruth:
		ad = T
	case APByLength:
		ad = min(T, len(cut))
	}
	div := func(x float64, n int) float64 {
		if n == 0 {
			return 0
		}
		return x / float64(n)
	}
	a.Precision, a.Recall, a.MAP, a.NDCG = div(float64(h), pd), div(float64(h), rd), div(ap, ad), dcg/idcg
	if h > 0 {
		a.HitRate = 1
	}
	for _, x := range l[:min(T, len(l))] {
		if rel[x] > 0 {
			a.RPrecision++
		}
	}
	a.RPrecision /= float64(T)
	// AUC over all pairs: items outside the cut tie behind it.
	place := map[int32]int{}
	for i, x := range cut {
		place[x] = i + 1
	}
	rank := func(i int32) int {
		if p := place[i]; p > 0 {
			return p
		}
		return math.MaxInt32
	}
	pairs := 0
	for p := range int32(items) {
		for n := range int32(items) {
			if rel[p] > 0 && rel[n] <= 0 {
				pairs++
				switch {
				case rank(p) < rank(n):
					a.AUC++
				case rank(p) == rank(n):
					a.AUC += 0.5
				}
			}
		}
	}
	a.AUC /= float64(pairs) // NaN without pairs
	return a
}

func TestTallyProp(t *testing.T) {
	const items = 15
	rapid.Check(t, func(t *rapid.T) {
		o := Options{
			K:         []int{1, 4, 10},
			Precision: PrecisionDenominator(rapid.IntRange(0, 1).Draw(t, "precision")), Recall: RecallDenominator(rapid.IntRange(0, 1).Draw(t, "recall")),
			AP: APDenominator(rapid.IntRange(0, 2).Draw(t, "ap")), Gain: Gain(rapid.IntRange(0, 2).Draw(t, "gain")),
			Discount: Discount(rapid.IntRange(0, 1).Draw(t, "discount")), Persistence: 0.7, Candidates: items,
		}
		d, err := NewDense(items, o)
		if err != nil {
			t.Fatal(err)
		}
		g, err := New[int32](o)
		if err != nil {
			t.Fatal(err)
		}
		want := map[int][]Cutoff{}
		skipped, missing := int64(0), int64(0)
		for range rapid.IntRange(1, 6).Draw(t, "users") {
			l, ids := drawList(t, items, items), drawList(t, items, items)
			rel := map[int32]float64{}
			gains := make([]float64, len(ids))
			T := 0
			for i, id := range ids {
				gains[i] = float64(rapid.IntRange(-1, 4).Draw(t, "relevance"))
				rel[id] = gains[i]
				if gains[i] > 0 {
					T++
				}
			}
			if err := d.AddGraded(l, ids, gains); err != nil {
				t.Fatal(err)
			}
			if err := g.Add(l, rel); err != nil {
				t.Fatal(err)
			}
			if T == 0 {
				skipped++
				continue
			}
			if len(l) == 0 {
				missing++
			}
			for _, k := range o.K {
				want[k] = append(want[k], oracle(l, rel, k, items, o))
			}
		}
		for _, result := range []func() (Result, error){d.Result, g.Result} {
			r, err := result()
			if len(want[1]) == 0 {
				if !errors.Is(err, ErrUndefined) || r.Skipped != skipped {
					t.Fatalf("no user: %+v, %v", r, err)
				}
				continue
			}
			if err != nil || r.Users != int64(len(want[1])) || r.Skipped != skipped || r.Missing != missing {
				t.Fatalf("%+v, %v", r, err)
			}
			for _, a := range r.Cutoffs {
				var m [measures]float64
				n := float64(len(want[a.K]))
				auc := 0.0
				for _, w := range want[a.K] {
					for i, x := range []float64{w.Precision, w.Recall, w.HitRate, w.MAP, w.MRR, w.NDCG, w.AUC, w.RBP, w.RPrecision} {
						if !math.IsNaN(x) {
							m[i] += x
						}
					}
					if !math.IsNaN(w.AUC) {
						auc++
					}
				}
				for i, x := range []float64{a.Precision, a.Recall, a.HitRate, a.MAP, a.MRR, a.NDCG, a.AUC, a.RBP, a.RPrecision} {
					c := n
					if Measure(i) == AUC {
						c = auc
					}
					if !testkit.Close(x, m[i]/c, 1e-12, 0) {
						t.Fatalf("%v at %d is %v, want %v", Measure(i), a.K, x, m[i]/c)
					}
					if x < 0 || x > 1+1e-12 {
						t.Fatalf("%v at %d is %v, outside [0, 1]", Measure(i), a.K, x)
					}
				}
			}
		}
	})
}

func TestTallyPresets(t *testing.T) {
	// Three relevant items, one hit at rank 2 of a list of two, k = 2.
	l, rel := []string{"x", "a"}, []string{"a", "b", "c"}
	for name, c := range map[string]struct {
		o                       Options
		precision, recall, m, n float64
	}{
		"TREC":      {TREC(2), .5, 1.0 / 3, .5 / 3, (1 / math.Log2(3)) / (1 + 1/math.Log2(3))},
		"Liang2018": {Liang2018(2), .5, .5, .25, (1 / math.Log2(3)) / (1 + 1/math.Log2(3))},
		"LightGCN":  {LightGCN(2), .5, 1.0 / 3, .25, (1 / math.Log2(3)) / (1 + 1/math.Log2(3))},
		"LensKit":   {LensKit(2), .5, .5, .25, .5},
	} {
		r, err := New[string](c.o)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.AddSet(l, rel); err != nil {
			t.Fatal(err)
		}
		res, err := r.Result()
		if err != nil {
			t.Fatal(err)
		}
		a, ok := res.At(2)
		if !ok {
			t.Fatal("no cut-off 2")
		}
		testkit.Near(t, name+" precision", a.Precision, c.precision, 1e-15)
		testkit.Near(t, name+" recall", a.Recall, c.recall, 1e-15)
		testkit.Near(t, name+" MAP", a.MAP, c.m, 1e-15)
		testkit.Near(t, name+" NDCG", a.NDCG, c.n, 1e-15)
	}
	n, _ := New[int](NCF(99))
	if err := n.AddSet([]int{7, 3}, []int{3}); err != nil {
		t.Fatal(err)
	}
	res, err := n.Result()
	var text strings.Builder
	if err != nil || res.SampledNegatives != 99 || res.Table().WriteText(&text) != nil || !strings.Contains(text.String(), "among 99 sampled") {
		t.Errorf("the sampled protocol must name itself: %+v, %v", res, err)
	}
	testkit.Near(t, "AUC among 99", res.Cutoffs[0].AUC, 98.0/99, 1e-15)
	for k, o := range map[int]Options{100: Liang2018(), 20: LightGCN(), 10: NCF(1)} {
		if o.K[len(o.K)-1] != k {
			t.Errorf("default cut-offs %v, want last %d", o.K, k)
		}
	}
}

func TestTallyBadInput(t *testing.T) {
	make := func(o Options) (*Tally[int32], *Dense) {
		r, err := New[int32](o)
		if err != nil {
			t.Fatal(err)
		}
		d, err := NewDense(50, o)
		if err != nil {
			t.Fatal(err)
		}
		return r, d
	}
	r, d := make(Options{})
	e, f := make(Options{Gain: GainExponential})
	c, g := make(Options{Candidates: 2})
	long := append(seq(40), 3)
	nan := math.NaN()
	for name, x := range map[string]struct{ got, want error }{
		"duplicate":                {r.AddSet([]int32{1, 2, 1}, []int32{1}), ErrDuplicate},
		"duplicate, long":          {r.AddSet(long, []int32{1}), ErrDuplicate},
		"duplicate, dense":         {d.Add([]int32{1, 2, 1}, []int32{1}), ErrDuplicate},
		"duplicate beyond k":       {d.Add(long, []int32{1}), ErrDuplicate},
		"duplicate relevant":       {r.AddSet([]int32{1}, []int32{1, 1}), ErrDuplicate},
		"duplicate relevant dense": {d.Add([]int32{1}, []int32{1, 1}), ErrDuplicate},
		"duplicate irrelevant":     {d.AddGraded([]int32{1}, []int32{1, 1}, []float64{0, 1}), ErrDuplicate},
		"NaN":                      {r.Add([]int32{1}, map[int32]float64{1: nan}), ErrNotFinite},
		"NaN dense":                {d.AddGraded([]int32{1}, []int32{1}, []float64{nan}), ErrNotFinite},
		"2^2000":                   {e.Add([]int32{1}, map[int32]float64{1: 2000}), ErrRange},
		"2^2000 dense":             {f.AddGraded([]int32{1}, []int32{1}, []float64{2000}), ErrRange},
		"unknown item":             {d.Add([]int32{50}, []int32{1}), ErrRange},
		"negative item":            {d.Add([]int32{-1}, []int32{1}), ErrRange},
		"unknown relevant":         {d.Add([]int32{1}, []int32{50}), ErrRange},
		"lengths":                  {d.AddGraded([]int32{1}, []int32{1}, nil), ErrShape},
		"candidates":               {c.AddSet([]int32{1, 2, 3}, []int32{1}), ErrRange},
		"candidates, relevant":     {g.Add([]int32{1}, []int32{1, 2, 3}), ErrRange},
	} {
		if !errors.Is(x.got, x.want) {
			t.Errorf("%s: %v, want %v", name, x.got, x.want)
		}
	}
	for _, a := range []interface{ Result() (Result, error) }{r, d, e, f, c, g} {
		if res, err := a.Result(); !errors.Is(err, ErrUndefined) || res.Users != 0 || res.Skipped != 0 {
			t.Errorf("something was counted: %+v, %v", res, err)
		}
	}
	// Marks of a failed call must not leak into the next.
	if err := d.Add([]int32{1, 2}, []int32{2}); err != nil {
		t.Fatal(err)
	}
	if res, err := d.Result(); err != nil || res.Cutoffs[0].MRR != 0.5 {
		t.Errorf("after errors: %+v, %v", res, err)
	}
	for name, o := range map[string]Options{
		"K 0": {K: []int{0}}, "K huge": {K: []int{1 << 30}}, "Persistence 1": {Persistence: 1}, "Persistence NaN": {Persistence: nan},
		"Gain 9": {Gain: 9}, "Candidates -1": {Candidates: -1}, "Recall 7": {Recall: 7}, "AP 7": {AP: 7},
	} {
		if _, err := New[int](o); !errors.Is(err, ErrOption) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := NewDense(0, Options{}); !errors.Is(err, ErrOption) {
		t.Error(err)
	}
	if _, err := d.PerUser(NDCG, 10); !errors.Is(err, ErrOption) {
		t.Errorf("per-user values not kept: %v", err)
	}
	if _, err := d.Moments(NDCG, 7); !errors.Is(err, ErrOption) {
		t.Errorf("cut-off not asked for: %v", err)
	}
	if _, err := NDCGAt([]int{1}, map[int]float64{1: 0}, 5, GainBinary); !errors.Is(err, ErrUndefined) {
		t.Errorf("nothing relevant: %v", err)
	}
	if _, err := AUCAt([]int{1}, map[int]float64{1: 1}, 5, 1); !errors.Is(err, ErrUndefined) {
		t.Errorf("everything relevant: %v", err)
	}
}

// The stamp of a Dense wraps around after 2^30 users.
func TestDenseStamp(t *testing.T) {
	d, err := NewDense(5, Options{K: []int{2}})
	if err != nil {
		t.Fatal(err)
	}
	d.stamp = math.MaxUint32 - 3*markStep
	for range 5 {
		if err := d.Add([]int32{0, 1}, []int32{1, 3}); err != nil {
			t.Fatal(err)
		}
	}
	r, err := d.Result()
	if err != nil || r.Cutoffs[0].Recall != 0.5 || r.Users != 5 {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestDenseAllocations(t *testing.T) {
	d, _ := NewDense(100, Options{})
	l, rel := seq(20), []int32{3, 50, 60}
	if n := testing.AllocsPerRun(100, func() { _ = d.Add(l, rel) }); n > 0 {
		t.Errorf("%v allocations per user", n)
	}
}

func BenchmarkDense(b *testing.B) {
	const items, users = 40_000, 1000
	lists, rel := benchLists(items, users)
	d, err := NewDense(items, Options{K: []int{10, 20}})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		for u := range lists {
			if err := d.Add(lists[u], rel[u]); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.N)*users/b.Elapsed().Seconds(), "users/s")
}

func benchLists(items, users int) (lists, rel [][]int32) {
	for u := range users {
		var l, r []int32
		for i := range 20 {
			l = append(l, int32((u*7919+i*104729)%items))
			r = append(r, int32((u*7919+i*3*104729)%items))
		}
		lists, rel = append(lists, l), append(rel, r)
	}
	return lists, rel
}
