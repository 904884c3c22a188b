package ranking_test

import (
	"errors"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/metrics/ranking"
	"pgregory.net/rapid"
)

func TestBeyondSmall(t *testing.T) {
	pop := map[string]int64{"a": 8, "b": 4, "c": 4, "d": 2, "e": 1}
	b, err := ranking.NewBeyond(ranking.BeyondOptions[string]{K: 2, Items: 10, Popularity: pop, Users: 8, Tail: 0.8})
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range [][]string{{"a", "e", "zz"}, {"a", "new"}, {}} {
		if err := b.Add(l); err != nil {
			t.Fatal(err)
		}
	}
	r, err := b.Result()
	if err != nil {
		t.Fatal(err)
	}
	testkit.Near(t, "user coverage", r.UserCoverage, 2.0/3, 1e-15)
	testkit.Near(t, "coverage", r.Coverage, 0.3, 1e-15)
	testkit.Near(t, "novelty", r.Novelty, ((0+3)/2.0+(0+3)/2.0)/2, 1e-15) // an item without users counts as one
	testkit.Near(t, "ARP", r.ARP, (4.5+4)/2, 1e-15)
	// The head is 2 of 10 items; b and c tie for its last place, so both are in.
	testkit.Near(t, "APLT", r.APLT, 0.5, 1e-15)
	testkit.Near(t, "ACLT", r.ACLT, 1, 1e-15)
	testkit.Near(t, "entropy", r.Entropy, 0.5*math.Ln2+0.5*math.Log(4), 1e-15)
	testkit.Near(t, "Gini", r.Gini, (5*1+7*1+9*2)/40.0, 1e-15)
	testkit.Near(t, "personalisation", r.Personalization, 0.5, 1e-15)
	if !math.IsNaN(r.Serendipity) {
		t.Errorf("serendipity without relevance is %v", r.Serendipity)
	}
	n, _ := ranking.NewBeyond(ranking.BeyondOptions[string]{})
	if err := n.Add([]string{"a"}); err != nil {
		t.Fatal(err)
	}
	if r, err := n.Result(); err != nil || !math.IsNaN(r.Coverage) || !math.IsNaN(r.Gini) || !math.IsNaN(r.Novelty) || !math.IsNaN(r.Personalization) || r.Entropy != 0 {
		t.Errorf("without a catalogue: %+v, %v", r, err)
	}
}

func TestPersonalizationProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var lists [][]int32
		for range rapid.IntRange(2, 6).Draw(t, "users") {
			lists = append(lists, append(drawList(t, 9, 6), 9))
		}
		b, err := ranking.NewBeyond(ranking.BeyondOptions[int32]{K: 20, Items: 10})
		if err != nil {
			t.Fatal(err)
		}
		sum, pairs := 0.0, 0.0
		for j, l := range lists {
			if err := b.Add(l); err != nil {
				t.Fatal(err)
			}
			for _, m := range lists[:j] {
				same := 0.0
				for _, x := range l {
					for _, y := range m {
						if x == y {
							same++
						}
					}
				}
				sum += 1 - same/math.Sqrt(float64(len(l)*len(m)))
				pairs++
			}
		}
		r, err := b.Result()
		if err != nil || !testkit.Close(r.Personalization, sum/pairs, 1e-12, 0) {
			t.Fatalf("%v, want %v: %v", r.Personalization, sum/pairs, err)
		}
	})
}

func TestBeyondBadInput(t *testing.T) {
	b, _ := ranking.NewBeyond(ranking.BeyondOptions[int]{})
	newErr := func(o ranking.BeyondOptions[int]) error { _, err := ranking.NewBeyond(o); return err }
	one := func(_ float64, err error) error { return err }
	dist := func(a, b int) float64 { return math.Abs(float64(a - b)) }
	_, empty := b.Result()
	for name, x := range map[string]struct{ got, want error }{
		"duplicate":             {b.Add([]int{1, 1}), ranking.ErrDuplicate},
		"no lists":              {empty, ranking.ErrUndefined},
		"more popular than all": {newErr(ranking.BeyondOptions[int]{Users: 3, Popularity: map[int]int64{1: 4}}), ranking.ErrOption},
		"negative popularity":   {newErr(ranking.BeyondOptions[int]{Popularity: map[int]int64{1: -4}}), ranking.ErrOption},
		"catalogue too small":   {newErr(ranking.BeyondOptions[int]{Items: 1, Popularity: map[int]int64{1: 4, 2: 3}}), ranking.ErrOption},
		"tail 1":                {newErr(ranking.BeyondOptions[int]{Tail: 1}), ranking.ErrOption},
		"K -1":                  {newErr(ranking.BeyondOptions[int]{K: -1}), ranking.ErrOption},
		"one item":              {one(ranking.IntraListDiversity([]int{1}, dist)), ranking.ErrUndefined},
		"list duplicate":        {one(ranking.IntraListDiversity([]int{1, 1}, dist)), ranking.ErrDuplicate},
		"NaN distance":          {one(ranking.IntraListDiversity([]int{1, 2}, func(int, int) float64 { return math.NaN() })), ranking.ErrNotFinite},
		"categories":            {one(ranking.CalibrationKL([]float64{1}, []float64{1, 2}, 0)), ranking.ErrShape},
		"negative category":     {one(ranking.CalibrationKL([]float64{1, -1}, []float64{1, 2}, 0)), ranking.ErrRange},
		"NaN category":          {one(ranking.CalibrationKL([]float64{1, 1}, []float64{1, math.NaN()}, 0)), ranking.ErrNotFinite},
		"no history":            {one(ranking.CalibrationKL([]float64{0, 0}, []float64{1, 2}, 0)), ranking.ErrUndefined},
		"alpha 2":               {one(ranking.CalibrationKL([]float64{1, 0}, []float64{1, 2}, 2)), ranking.ErrRange},
	} {
		if !errors.Is(x.got, x.want) {
			t.Errorf("%s: %v, want %v", name, x.got, x.want)
		}
	}
	d, err := ranking.IntraListDiversity([]int{1, 2, 4}, dist)
	if err != nil {
		t.Fatal(err)
	}
	testkit.Near(t, "diversity", d, 2, 1e-15)
	kl, err := ranking.CalibrationKL([]float64{7, 3}, []float64{10, 0}, 0)
	if err != nil {
		t.Fatal(err)
	}
	testkit.Near(t, "KL", kl, .7*math.Log(.7/.997)+.3*math.Log(.3/.003), 1e-14)
	kl, err = ranking.CalibrationKL([]float64{7, 3}, []float64{14, 6}, 0)
	if err != nil {
		t.Fatal(err)
	}
	testkit.Near(t, "KL of a match", kl, 0, 1e-15)
}

// What is written and read again goes on as before: same numbers, and it merges
// with the state it came from.
func TestBeyondBinaryProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := ranking.BeyondOptions[int32]{K: rapid.IntRange(1, 6).Draw(t, "k"), Items: 12, Users: 9}
		if rapid.Bool().Draw(t, "known") {
			o.Popularity = map[int32]int64{0: 9, 1: 7, 2: 7, 3: 1}
		}
		a, err := ranking.NewBeyond(o)
		if err != nil {
			t.Fatal(err)
		}
		for range rapid.IntRange(0, 6).Draw(t, "users") {
			l := drawList(t, 12, 8)
			if err := a.AddRelevant(l, map[int32]float64{3: 1, 5: 1}); err != nil {
				t.Fatal(err)
			}
		}
		data, err := a.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		var b ranking.Beyond[int32]
		if err := b.UnmarshalBinary(data); err != nil {
			t.Fatal(err)
		}
		for _, x := range []*ranking.Beyond[int32]{a, &b} {
			if err := x.Add([]int32{7, 3}); err != nil {
				t.Fatal(err)
			}
		}
		if err := a.Merge(&b); err != nil {
			t.Fatal(err)
		}
		if err := b.Merge(&b); err == nil {
			t.Fatal("merged with itself")
		}
		x, errA := a.Result()
		y, errB := b.Result()
		if errA != nil || errB != nil || x.Lists != 2*y.Lists || x.Distinct != y.Distinct || math.Abs(x.Entropy-y.Entropy) > 1e-12 ||
			x.Coverage != y.Coverage || math.Abs(x.Gini-y.Gini) > 1e-12 || o.Popularity != nil && math.Abs(x.Serendipity-y.Serendipity) > 1e-12 {
			t.Fatalf("%+v, %+v, %v, %v", x, y, errA, errB)
		}
	})
	var f ranking.Beyond[float64]
	if _, err := f.MarshalBinary(); !errors.Is(err, ranking.ErrOption) {
		t.Error(err)
	}
	if err := f.UnmarshalBinary(nil); err == nil {
		t.Error("read nothing")
	}
}
