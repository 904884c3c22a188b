package affinity_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/segment/affinity"
)

var bg = context.Background()

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// table counts customers of segments s0, s1, … of whom so many bought categories c0, c1, …, for
// money of 100 each.
func table(customers []int, buyers [][]int) *affinity.Lifts {
	var l affinity.Lifts
	for i, n := range customers {
		for at := range n {
			spent := map[string]int64{}
			for k, b := range buyers[i] {
				if (at+17*k)%n < b {
					spent[fmt.Sprintf("c%d", k)] = 100
				}
			}
			must(l.Add(fmt.Sprintf("s%d", i), spent))
		}
	}
	return &l
}

// Lifts by hand, Fisher's test and adjusted values and intervals by scipy, a cell
// without buyers among them.
func TestResultGolden(t *testing.T) {
	var g struct {
		Customers []int
		Buyers    [][]int
		Cells     []struct{ Lift, Low, High, P, Q float64 }
	}
	testkit.Golden(t, "affinity.json", &g)
	r, err := table(g.Customers, g.Buyers).Result(bg, affinity.Options{MinAudience: -1, MinExpected: 1})
	must(err)
	if r.Customers != 950 || r.Tested != len(g.Cells) || len(r.Cells) != len(g.Cells) {
		t.Fatalf("%d customers, %d of %d tested", r.Customers, r.Tested, len(r.Cells))
	}
	for i, c := range r.Cells {
		want, k := g.Cells[i], i%4
		if c.Segment != fmt.Sprintf("s%d", i/4) || c.Category != fmt.Sprintf("c%d", k) || c.Buyers != int64(g.Buyers[i/4][k]) || c.Money != 100*c.Buyers {
			t.Fatalf("cell %d: %+v", i, c)
		}
		for name, v := range map[string][3]float64{"lift": {c.Lift, want.Lift, 1e-12}, "P": {c.P, want.P, 1e-9}, "Q": {c.Q, want.Q, 1e-9}, "low": {c.Low, want.Low, 1e-4}, "high": {c.High, want.High, 1e-4}} {
			if !testkit.Close(v[0], v[1], v[2], v[2]) {
				t.Errorf("%s of %s, %s: %v, want %v", name, c.Segment, c.Category, v[0], v[1])
			}
		}
		if c.AtStake != max(0, math.Round((c.Expected-float64(c.Buyers))*100*1e6)/1e6) && !testkit.Close(c.AtStake, (c.Expected-float64(c.Buyers))*100, 1e-6, 0) {
			t.Errorf("at stake %v of %+v", c.AtStake, c)
		}
	}
}

// shopper draws the customers of a shop of 6 segments and 10 categories: chance[i][k] is how
// likely one of segment i buys category k.
func shopper(r *rng.Stream, n int, chance func(i, k int) float64) *affinity.Lifts {
	var l affinity.Lifts
	for range n {
		i := r.Intn(6)
		spent := map[string]int64{}
		for k := range 10 {
			if r.Float64() < chance(i, k) {
				spent[fmt.Sprint("c", k)] = int64(500 + r.Intn(1000)*(k+1))
			}
		}
		must(l.Add(fmt.Sprint("s", i), spent))
	}
	return &l
}

// Ten seeds: white spots that are planted are found, among them one without any buyer, and
// what is drawn as all the others are is not.
func TestWhiteSpotsPlanted(t *testing.T) {
	planted := map[[2]int]float64{{0, 1}: .3, {2, 5}: .5, {3, 3}: 0, {5, 9}: .4, {1, 7}: .5}
	found, false_, seeds := 0, 0, 10
	if testkit.Race {
		seeds = 2
	}
	for seed := range uint64(seeds) {
		l := shopper(rng.New(seed, 0, 1), 6000, func(i, k int) float64 {
			chance := .1 + .02*float64(k)
			if f, ok := planted[[2]int{i, k}]; ok {
				return chance * f
			}
			return chance
		})
		r, err := l.Result(bg, affinity.Options{MinAudience: -1})
		must(err)
		last := math.Inf(1)
		for _, w := range r.WhiteSpots() {
			if _, ok := planted[[2]int{int(w.Segment[1] - '0'), int(w.Category[1] - '0')}]; ok {
				found++
			} else {
				false_++
			}
			if w.AtStake > last || w.AtStake <= 0 || w.High >= 1 && w.Q > .05 {
				t.Errorf("seed %d: %+v", seed, w)
			}
			last = w.AtStake
		}
	}
	if found*100 < 95*5*seeds || false_*2 > seeds {
		t.Errorf("found %d of %d, and %d that are none", found, 5*seeds, false_)
	}
}

// 200 shops in which all segments buy alike: at most 7 % have a white spot or an interval that
// misses 1, where without correction nearly all have a cell below .05. Of the 40 under the race
// detector up to 6 may: 5 % and three standard deviations of that.
func TestNothingInNoise(t *testing.T) {
	spots, missed, uncorrected, shops, most := 0, 0, 0, 200, 14
	if testkit.Race {
		shops, most = 40, 6
	}
	for seed := range uint64(shops) {
		l := shopper(rng.New(seed, 0, 2), 600, func(_, k int) float64 { return .1 + .05*float64(k) })
		r, err := l.Result(bg, affinity.Options{MinAudience: -1, MaxLift: 1})
		must(err)
		if len(r.WhiteSpots()) > 0 {
			spots++
		}
		miss, low := false, false
		for _, c := range r.Cells {
			miss = miss || c.Low > 1 || c.High < 1
			low = low || c.P < .05
		}
		if miss {
			missed++
		}
		if low {
			uncorrected++
		}
	}
	if spots > most || missed > most || uncorrected*2 < shops {
		t.Errorf("of %d: %d with white spots, %d with an interval that misses 1, %d uncorrected", shops, spots, missed, uncorrected)
	}
}

// Cells with little to be expected are not tested, whatever was found in them, and are told
// all the same.
func TestMinExpected(t *testing.T) {
	l := table([]int{200, 200}, [][]int{{100, 8, 9}, {90, 0, 0}})
	r, err := l.Result(bg, affinity.Options{MinAudience: -1})
	must(err)
	if r.Tested != 2 || math.IsNaN(r.Cells[0].P) || !math.IsNaN(r.Cells[1].P) || !math.IsNaN(r.Cells[4].Low) || r.Cells[4].Lift != 0 || r.Cells[4].Expected != 4 {
		t.Errorf("%+v", r)
	}
	if r, err = l.Result(bg, affinity.Options{MinAudience: -1, MinExpected: 4}); err != nil || r.Tested != 6 {
		t.Errorf("%d tested, %v", r.Tested, err)
	}
	w := r.WhiteSpots()
	if len(w) != 2 || w[0].Category != "c2" || w[1].Category != "c1" || w[0].Buyers != 0 || w[0].Low != 0 || w[0].High <= 0 || w[0].High >= 1 || w[0].AtStake != 450 {
		t.Errorf("%+v", w)
	}
}

// Few customers are not told, nor is what tells them by subtraction.
func TestResultFloor(t *testing.T) {
	l := table([]int{400, 300, 200, 49}, [][]int{{200, 100, 20, 395, 0}, {100, 10, 10, 290, 0}, {60, 80, 0, 200, 60}, {20, 20, 20, 20, 0}})
	r, err := l.Result(bg, affinity.Options{})
	must(err)
	if r.Customers != 900 {
		t.Errorf("%d customers: a segment of 49 counts", r.Customers)
	}
	withheld := map[string]bool{
		"s1c1": true, "s2c1": true, // ten, and the next larger one with them
		"s0c2": true, "s1c2": true, "s2c2": true, // thirty in all: nothing about them
		"s0c3": true, "s1c3": true, "s2c3": true, // fifteen have not bought it
	}
	for _, c := range r.Cells {
		if c.Segment == "s3" {
			t.Errorf("%+v", c)
		}
		if errors.Is(c.Err, affinity.ErrPrivacy) != withheld[c.Segment+c.Category] || c.Err != nil && (c.Buyers != 0 || c.Money != 0 || c.Expected != 0 || !math.IsNaN(c.Lift) || !math.IsNaN(c.Q)) {
			t.Errorf("%+v", c)
		}
	}
	if r, err := l.Result(bg, affinity.Options{MinAudience: 49}); err != nil || r.Customers != 949 {
		t.Errorf("%d, %v", r.Customers, err)
	}
	for name, c := range map[string]struct {
		l    *affinity.Lifts
		opt  affinity.Options
		want error
	}{
		"nobody":       {new(affinity.Lifts), affinity.Options{}, affinity.ErrEmpty},
		"few":          {table([]int{40, 40}, [][]int{{3}, {4}}), affinity.Options{}, affinity.ErrPrivacy},
		"one segment":  {table([]int{400}, [][]int{{30}}), affinity.Options{}, affinity.ErrUndefined},
		"level":        {l, affinity.Options{Level: 1}, affinity.ErrOption},
		"FDR":          {l, affinity.Options{FDR: math.NaN()}, affinity.ErrOption},
		"MinExpected":  {l, affinity.Options{MinExpected: -1}, affinity.ErrOption},
		"MaxLift":      {l, affinity.Options{MaxLift: 1.5}, affinity.ErrOption},
		"MinAudience":  {l, affinity.Options{MinAudience: -2}, affinity.ErrOption},
		"nil receiver": {nil, affinity.Options{}, affinity.ErrEmpty},
	} {
		if _, err := c.l.Result(bg, c.opt); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// Bought by everybody, by nobody else, by nobody at all of a segment: lifts and intervals are
// numbers.
func TestResultEdges(t *testing.T) {
	r, err := table([]int{60, 60, 60}, [][]int{{60, 60, 0}, {60, 0, 0}, {60, 0, 60}}).Result(bg, affinity.Options{})
	must(err)
	for _, c := range r.Cells {
		if c.Err != nil || math.IsNaN(c.Low) || math.IsInf(c.High, 0) || c.Low > c.Lift || c.Lift > c.High || c.High > 3+1e-9 {
			t.Errorf("%+v", c)
		}
	}
	if c := r.Cells[0]; c.Lift != 1 || c.P != 1 || c.AtStake != 0 {
		t.Errorf("bought by everybody: %+v", c)
	}
	if c := r.Cells[1]; !testkit.Close(c.Lift, 3, 1e-12, 0) || c.AtStake != 0 {
		t.Errorf("bought by one segment alone: %+v", c)
	}
	if c := r.Cells[2]; c.Lift != 0 || c.Low != 0 || c.High >= 1 || c.AtStake != 2000 {
		t.Errorf("bought by others alone: %+v", c)
	}
}

func TestAddBadInput(t *testing.T) {
	var l affinity.Lifts
	must(l.Add("a", map[string]int64{"tea": math.MaxInt64}))
	before, _ := l.MarshalBinary()
	for name, c := range map[string]struct {
		segment string
		spent   map[string]int64
		want    error
	}{
		"no segment":      {"", nil, affinity.ErrRange},
		"no category":     {"a", map[string]int64{"": 1}, affinity.ErrRange},
		"no text":         {"a\xff", nil, affinity.ErrRange},
		"money overflows": {"a", map[string]int64{"milk": 1, "tea": 1}, affinity.ErrOverflow},
	} {
		if err := l.Add(c.segment, c.spent); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if after, _ := l.MarshalBinary(); string(after) != string(before) {
		t.Error("an error changed the state")
	}
	other := new(affinity.Lifts)
	must(other.Add("a", map[string]int64{"milk": 1, "tea": 1}))
	if err := l.Merge(other); !errors.Is(err, affinity.ErrOverflow) {
		t.Error(err)
	}
	if after, _ := l.MarshalBinary(); string(after) != string(before) {
		t.Error("a failed merge changed the state")
	}
}

// Shards merge to what one state counts, and bytes do not know the order.
func TestLiftsMergeProp(t *testing.T) {
	testkit.Laws[*affinity.Lifts]{
		Empty: func() *affinity.Lifts { return new(affinity.Lifts) },
		Add: func(t *rapid.T) func(*affinity.Lifts) {
			segment := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "segment")
			spent := rapid.MapOf(rapid.SampledFrom([]string{"tea", "milk", "rice"}), rapid.Int64Range(-5, 50)).Draw(t, "spent")
			return func(l *affinity.Lifts) { must(l.Add(segment, spent)) }
		},
		Merge: func(a, b *affinity.Lifts) error { return a.Merge(b) },
		Result: func(l *affinity.Lifts) []float64 {
			b, err := l.MarshalBinary()
			must(err)
			out := make([]float64, len(b))
			for i, v := range b {
				out[i] = float64(v)
			}
			return out
		},
	}.Check(t)
}
