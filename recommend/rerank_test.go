package recommend_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/recommend"
)

// rerankCase is a random re-ranking problem. Scores lie on a coarse grid, so that
// ties are common.
type rerankCase struct {
	from    []recommend.Scored
	n       int // catalogue
	k       int
	lambda  float64
	vectors recommend.RowVectors
	like    *recommend.VectorLikeness
	cats    *recommend.Categories
	taste   []float64
}

func drawRerank(t *rapid.T) rerankCase {
	seed := rapid.Uint64().Draw(t, "seed")
	g := rng.New(seed, 1, 0)
	c := rerankCase{n: 3 + g.Intn(20), lambda: float64(g.Intn(5)) / 4, k: 1 + g.Intn(12)}
	f := 2 + g.Intn(12)
	c.vectors = recommend.RowVectors{Rows: make([]float32, c.n*f), N: f}
	for i := range c.vectors.Rows {
		c.vectors.Rows[i] = float32(g.Normal())
	}
	lists := make([][]int32, c.n)
	cats := 2 + g.Intn(5)
	for i := range lists {
		lists[i] = g.Perm(cats)[:g.Intn(min(cats, 3)+1)]
	}
	perm := g.Perm(c.n)
	for _, i := range perm[:1+g.Intn(c.n)] {
		c.from = append(c.from, recommend.Scored{i, float32(g.Intn(8))})
	}
	slices.SortFunc(c.from, func(a, b recommend.Scored) int { return int(b.Score - a.Score) })
	c.taste = make([]float64, cats)
	for i := range c.taste {
		c.taste[i] = float64(g.Intn(4))
	}
	c.taste[g.Intn(cats)]++
	var err error
	if c.like, err = recommend.NewVectorLikeness(c.vectors); err != nil {
		t.Fatal(err)
	}
	if c.cats, err = recommend.NewCategories(cats, lists); err != nil {
		t.Fatal(err)
	}
	return c
}

func (c *rerankCase) relevance() []float64 {
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, s := range c.from {
		lo, hi = min(lo, float64(s.Score)), max(hi, float64(s.Score))
	}
	out := make([]float64, len(c.from))
	for i, s := range c.from {
		if hi > lo {
			out[i] = (float64(s.Score) - lo) / (hi - lo)
		}
	}
	return out
}

func (c *rerankCase) sim(i, j int) float64 {
	var d [1]float32
	if err := c.like.Likeness(d[:], c.from[i].Item, []int32{c.from[j].Item}); err != nil {
		panic(err)
	}
	return float64(d[0])
}

// checkGreedy fails unless got is a greedy choice under value, which judges whole
// lists (positions in from), to rounding.
func (c *rerankCase) checkGreedy(t *rapid.T, got []recommend.Scored, value func(list []int) float64) {
	t.Helper()
	if len(got) != min(c.k, len(c.from)) {
		t.Fatalf("%d results of %d for k=%d", len(got), len(c.from), c.k)
	}
	var list []int
	for m, s := range got {
		at := slices.Index(c.from, s)
		if at < 0 || slices.Contains(list, at) {
			t.Fatalf("place %d: %v is no candidate or there already", m, s)
		}
		best, own := math.Inf(-1), value(append(slices.Clone(list), at))
		for i := range c.from {
			if !slices.Contains(list, i) {
				if v := value(append(slices.Clone(list), i)); v > best {
					best = v
				}
			}
		}
		if own < best-1e-5 {
			t.Fatalf("place %d: candidate %d gives %v, best gives %v", m, at, own, best)
		}
		list = append(list, at)
	}
}

func TestMMRProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawRerank(t)
		rel := c.relevance()
		var r recommend.Reranker
		got, err := r.MMR(nil, c.from, c.k, c.lambda, c.like)
		if err != nil {
			t.Fatal(err)
		}
		c.checkGreedy(t, got, func(list []int) float64 {
			last, near := list[len(list)-1], 0.0
			if len(list) > 1 {
				near = math.Inf(-1)
				for _, j := range list[:len(list)-1] {
					near = max(near, c.sim(last, j))
				}
			}
			if len(list) == 1 {
				return rel[last]
			}
			return (1-c.lambda)*rel[last] - c.lambda*near
		})
	})
}

func TestDPPProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawRerank(t)
		rel := c.relevance()
		var r recommend.Reranker
		got, err := r.DPP(nil, c.from, c.k, c.lambda, c.like)
		if err != nil {
			t.Fatal(err)
		}
		c.k = min(c.k, c.vectors.N) // beyond, the volume is 0
		if c.lambda > 0 && len(got) > c.k {
			got = got[:c.k]
		} else {
			c.k = max(c.k, len(got))
		}
		c.checkGreedy(t, got, func(list []int) float64 {
			sum := 0.0
			a := make([][]float64, len(list))
			for x, i := range list {
				sum += rel[i]
				for y, j := range list {
					s := 1.0
					if x != y {
						s = c.sim(i, j)
					}
					a[x] = append(a[x], s)
				}
			}
			if c.lambda == 0 {
				return sum
			}
			det := recommend.Determinant(a)
			if det < 1e-3 { // float32 similarities say little about thin volumes
				return math.NaN()
			}
			return (1-c.lambda)*sum + c.lambda*math.Log(det)
		})
	})
}

// TestDPPFills: three dimensions span three items; the rest is by relevance.
func TestDPPFills(t *testing.T) {
	v := recommend.RowVectors{Rows: []float32{1, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 1}, N: 3}
	like, err := recommend.NewVectorLikeness(v)
	if err != nil {
		t.Fatal(err)
	}
	from := []recommend.Scored{{0, 5}, {1, 4}, {2, 3}, {3, 2}, {4, 1}}
	got, err := new(recommend.Reranker).DPP(nil, from, 5, 0.5, like)
	if err != nil || len(got) != 5 {
		t.Fatal(got, err)
	}
	if want := []recommend.Scored{{0, 5}, {2, 3}, {3, 2}, {1, 4}, {4, 1}}; !slices.Equal(got, want) {
		t.Fatalf("got %v, want %v", got, want)
	}
}

func TestXQuADProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawRerank(t)
		cover := float64(rapid.IntRange(1, 4).Draw(t, "cover")) / 4
		rel := c.relevance()
		var r recommend.Reranker
		got, err := r.XQuAD(nil, c.from, c.k, c.lambda, c.cats, c.taste, cover)
		if err != nil {
			t.Fatal(err)
		}
		sum := 0.0
		for _, p := range c.taste {
			sum += p
		}
		c.checkGreedy(t, got, func(list []int) float64 {
			last := list[len(list)-1]
			gain := 0.0
			own := c.cats.Of(c.from[last].Item)
			for _, g := range own {
				p := c.taste[g] / sum / float64(len(own))
				for _, j := range list[:len(list)-1] {
					if other := c.cats.Of(c.from[j].Item); slices.Contains(other, g) {
						p *= 1 - cover/float64(len(other))
					}
				}
				gain += p
			}
			return (1-c.lambda)*rel[last] + c.lambda*gain
		})
	})
}

func TestCalibrateProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawRerank(t)
		rel := c.relevance()
		var r recommend.Reranker
		got, err := r.Calibrate(nil, c.from, c.k, c.lambda, c.cats, c.taste)
		if err != nil {
			t.Fatal(err)
		}
		c.checkGreedy(t, got, func(list []int) float64 {
			sum := 0.0
			var items []recommend.Scored
			for _, i := range list {
				sum += rel[i]
				items = append(items, c.from[i])
			}
			return (1-c.lambda)*sum - c.lambda*recommend.ListKL(c.cats, c.taste, items)
		})
	})
}

// TestFloorsProp compares with all lists of small problems: the promise is kept
// at every length, and no list that keeps it is better item by item.
func TestFloorsProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := rng.New(rapid.Uint64().Draw(t, "seed"), 2, 0)
		n, groups := 1+g.Intn(7), 1+g.Intn(4)
		k := 1 + g.Intn(7)
		group := make([]int32, n)
		from := make([]recommend.Scored, n)
		for i := range group {
			group[i] = int32(g.Intn(groups+1) - 1)
			from[i] = recommend.Scored{int32(i), float32(n - i)}
		}
		floors := make([]float64, groups)
		left := 12
		for i := range floors {
			x := g.Intn(left + 1)
			left -= x
			floors[i] = float64(x) / 12
		}
		var r recommend.Reranker
		got, err := r.Floors(nil, from, k, group, floors)
		if err != nil {
			t.Fatal(err)
		}
		supply := make([]int, groups)
		for _, h := range group {
			if h >= 0 {
				supply[h]++
			}
		}
		holds := func(list []recommend.Scored) bool {
			count := make([]int, groups)
			for m, s := range list {
				if h := group[s.Item]; h >= 0 {
					count[h]++
				}
				for h, f := range floors {
					if count[h] < min(int(f*float64(m+1)+1e-9), supply[h]) {
						return false
					}
				}
			}
			return true
		}
		var best []recommend.Scored
		var try func(list []recommend.Scored) bool
		try = func(list []recommend.Scored) bool { // depth first, best items first: the first hit is the best list
			if !holds(list) {
				return false
			}
			if len(list) == min(k, n) {
				best = slices.Clone(list)
				return true
			}
			for _, s := range from {
				if !slices.Contains(list, s) && try(append(list, s)) {
					return true
				}
			}
			return false
		}
		if !try(nil) {
			t.Fatal("no list keeps the floors")
		}
		if !slices.Equal(got, best) {
			t.Fatalf("floors %v groups %v k %d: got %v, want %v", floors, group, k, got, best)
		}
	})
}

// rerankers are all methods with lambda, on one problem.
func rerankers(c *rerankCase) map[string]func(r *recommend.Reranker, dst []recommend.Scored, k int, lambda float64) ([]recommend.Scored, error) {
	return map[string]func(r *recommend.Reranker, dst []recommend.Scored, k int, lambda float64) ([]recommend.Scored, error){
		"MMR": func(r *recommend.Reranker, dst []recommend.Scored, k int, l float64) ([]recommend.Scored, error) {
			return r.MMR(dst, c.from, k, l, c.like)
		},
		"DPP": func(r *recommend.Reranker, dst []recommend.Scored, k int, l float64) ([]recommend.Scored, error) {
			return r.DPP(dst, c.from, k, l, c.like)
		},
		"XQuAD": func(r *recommend.Reranker, dst []recommend.Scored, k int, l float64) ([]recommend.Scored, error) {
			return r.XQuAD(dst, c.from, k, l, c.cats, c.taste, 0.5)
		},
		"Calibrate": func(r *recommend.Reranker, dst []recommend.Scored, k int, l float64) ([]recommend.Scored, error) {
			return r.Calibrate(dst, c.from, k, l, c.cats, c.taste)
		},
	}
}

// bigRerank is a problem of 200 candidates, of which the best are alike.
func bigRerank(t testing.TB, seed uint64) *rerankCase {
	g := rng.New(seed, 3, 0)
	c := &rerankCase{n: 300}
	const f, cats = 16, 8
	c.vectors = recommend.RowVectors{Rows: make([]float32, c.n*f), N: f}
	lists := make([][]int32, c.n)
	for i := range c.n {
		cat := int32(min(g.Intn(cats), g.Intn(cats)))
		lists[i] = []int32{cat}
		for k := range f {
			c.vectors.Rows[i*f+k] = float32(0.5 * g.Normal())
		}
		c.vectors.Rows[i*f+int(cat)] += 2
		if i < 200 {
			c.from = append(c.from, recommend.Scored{int32(i), float32(8-cat) + float32(g.Normal())})
		}
	}
	slices.SortFunc(c.from, func(a, b recommend.Scored) int {
		if a.Score > b.Score {
			return -1
		}
		return 1
	})
	c.taste = []float64{3, 3, 2, 2, 2, 1, 1, 1}
	var err error
	if c.like, err = recommend.NewVectorLikeness(c.vectors); err != nil {
		t.Fatal(err)
	}
	if c.cats, err = recommend.NewCategories(cats, lists); err != nil {
		t.Fatal(err)
	}
	return c
}

// TestRerankTradeOff: over many problems, more lambda means more of what each
// method promises and less relevance.
func TestRerankTradeOff(t *testing.T) {
	lambdas := []float64{0, 0.2, 0.4, 0.6, 0.8, 1}
	promise := map[string]func(c *rerankCase, list []recommend.Scored) float64{}
	ild := func(c *rerankCase, list []recommend.Scored) float64 {
		sum := 0.0
		var d [1]float32
		for a := range list {
			for b := range a {
				_ = c.like.Likeness(d[:], list[a].Item, []int32{list[b].Item})
				sum += 1 - float64(d[0])
			}
		}
		return sum
	}
	promise["MMR"], promise["DPP"] = ild, ild
	promise["XQuAD"] = func(c *rerankCase, list []recommend.Scored) float64 {
		seen := map[int32]bool{}
		sum := 0.0
		for _, s := range list {
			if g := c.cats.Of(s.Item)[0]; !seen[g] {
				seen[g] = true
				sum += c.taste[g]
			}
		}
		return sum
	}
	promise["Calibrate"] = func(c *rerankCase, list []recommend.Scored) float64 { return -recommend.ListKL(c.cats, c.taste, list) }
	for name, gain := range promise {
		t.Run(name, func(t *testing.T) {
			var r recommend.Reranker
			lastGain, lastScore := math.Inf(-1), math.Inf(1)
			for _, l := range lambdas {
				sum, score := 0.0, 0.0
				for seed := range uint64(40) {
					c := bigRerank(t, seed)
					got, err := rerankers(c)[name](&r, nil, 15, l)
					if err != nil {
						t.Fatal(err)
					}
					sum += gain(c, got)
					for _, s := range got {
						score += float64(s.Score)
					}
				}
				if sum < lastGain-1e-9 || score > lastScore+1e-3 {
					t.Errorf("lambda %v: gain %v after %v, score %v after %v", l, sum, lastGain, score, lastScore)
				}
				lastGain, lastScore = sum, score
			}
			c := bigRerank(t, 0)
			plain, _ := rerankers(c)[name](&r, nil, 10, 0)
			if !slices.Equal(plain, c.from[:10]) {
				t.Errorf("lambda 0 is not the plain list: %v", plain)
			}
		})
	}
}

// TestCalibrateFull: with room and choice enough, the mix is that of the taste.
func TestCalibrateFull(t *testing.T) {
	lists := make([][]int32, 300)
	var from []recommend.Scored
	for i := range lists {
		lists[i] = []int32{int32(i / 100)}
		from = append(from, recommend.Scored{int32(i), float32(300 - i)})
	}
	c, err := recommend.NewCategories(3, lists)
	if err != nil {
		t.Fatal(err)
	}
	got, err := new(recommend.Reranker).Calibrate(nil, from, 20, 0.999, c, []float64{5, 3, 2})
	if err != nil {
		t.Fatal(err)
	}
	var count [3]int
	for _, s := range got {
		count[s.Item/100]++
	}
	if count != [3]int{10, 6, 4} {
		t.Errorf("mix %v, want 10, 6, 4", count)
	}
}

func TestRerankBadInput(t *testing.T) {
	nan := float32(math.NaN())
	c := bigRerank(t, 1)
	good := c.from[:20]
	dst := []recommend.Scored{{7, 7}}
	broken := recommend.LikenessFunc(func(a, b int32) float32 { return nan })
	cases := []struct {
		name string
		run  func(r *recommend.Reranker) ([]recommend.Scored, error)
		want error
	}{
		{"k 0", func(r *recommend.Reranker) ([]recommend.Scored, error) { return r.MMR(dst, good, 0, 0.5, c.like) }, recommend.ErrOption},
		{"lambda NaN", func(r *recommend.Reranker) ([]recommend.Scored, error) {
			return r.DPP(dst, good, 5, math.NaN(), c.like)
		}, recommend.ErrOption},
		{"lambda 2", func(r *recommend.Reranker) ([]recommend.Scored, error) {
			return r.XQuAD(dst, good, 5, 2, c.cats, c.taste, 1)
		}, recommend.ErrOption},
		{"no likeness", func(r *recommend.Reranker) ([]recommend.Scored, error) { return r.MMR(dst, good, 5, 0.5, nil) }, recommend.ErrOption},
		{"no likeness DPP", func(r *recommend.Reranker) ([]recommend.Scored, error) { return r.DPP(dst, good, 5, 0.5, nil) }, recommend.ErrOption},
		{"NaN likeness", func(r *recommend.Reranker) ([]recommend.Scored, error) { return r.MMR(dst, good, 5, 0.5, broken) }, recommend.ErrNotFinite},
		{"NaN score", func(r *recommend.Reranker) ([]recommend.Scored, error) {
			return r.MMR(dst, []recommend.Scored{{1, nan}}, 5, 0.5, c.like)
		}, recommend.ErrNotFinite},
		{"twice", func(r *recommend.Reranker) ([]recommend.Scored, error) {
			return r.DPP(dst, []recommend.Scored{{1, 2}, {2, 2}, {1, 1}}, 5, 0.5, c.like)
		}, recommend.ErrDuplicate},
		{"item beyond vectors", func(r *recommend.Reranker) ([]recommend.Scored, error) {
			return r.MMR(dst, []recommend.Scored{{1, 2}, {1000, 1}}, 5, 0.5, c.like)
		}, recommend.ErrRange},
		{"negative item", func(r *recommend.Reranker) ([]recommend.Scored, error) {
			return r.Calibrate(dst, []recommend.Scored{{-1, 2}}, 5, 0.5, c.cats, c.taste)
		}, recommend.ErrRange},
		{"no categories", func(r *recommend.Reranker) ([]recommend.Scored, error) {
			return r.Calibrate(dst, good, 5, 0.5, nil, c.taste)
		}, recommend.ErrOption},
		{"taste too short", func(r *recommend.Reranker) ([]recommend.Scored, error) {
			return r.Calibrate(dst, good, 5, 0.5, c.cats, c.taste[:3])
		}, recommend.ErrShape},
		{"taste 0", func(r *recommend.Reranker) ([]recommend.Scored, error) {
			return r.XQuAD(dst, good, 5, 0.5, c.cats, make([]float64, 8), 1)
		}, recommend.ErrRange},
		{"taste negative", func(r *recommend.Reranker) ([]recommend.Scored, error) {
			return r.Calibrate(dst, good, 5, 0.5, c.cats, []float64{1, 1, 1, 1, 1, 1, 1, -1})
		}, recommend.ErrRange},
		{"cover 0", func(r *recommend.Reranker) ([]recommend.Scored, error) {
			return r.XQuAD(dst, good, 5, 0.5, c.cats, c.taste, 0)
		}, recommend.ErrOption},
		{"floor above 1", func(r *recommend.Reranker) ([]recommend.Scored, error) {
			return r.Floors(dst, good, 5, make([]int32, 300), []float64{1.5})
		}, recommend.ErrRange},
		{"floors above 1", func(r *recommend.Reranker) ([]recommend.Scored, error) {
			return r.Floors(dst, good, 5, make([]int32, 300), []float64{0.6, 0.6})
		}, recommend.ErrRange},
		{"group beyond floors", func(r *recommend.Reranker) ([]recommend.Scored, error) {
			return r.Floors(dst, []recommend.Scored{{0, 1}}, 5, []int32{3}, []float64{0.5})
		}, recommend.ErrRange},
		{"item beyond groups", func(r *recommend.Reranker) ([]recommend.Scored, error) {
			return r.Floors(dst, good, 5, nil, []float64{0.5})
		}, recommend.ErrRange},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			got, err := tc.run(&recommend.Reranker{})
			if !errors.Is(err, tc.want) {
				t.Fatalf("error %v, want %v", err, tc.want)
			}
			if !slices.Equal(got, dst) {
				t.Errorf("dst became %v", got)
			}
		})
	}
	for name, run := range rerankers(&rerankCase{from: nil, like: c.like, cats: c.cats, taste: c.taste}) {
		if got, err := run(&recommend.Reranker{}, nil, 5, 0.5); err != nil || len(got) != 0 {
			t.Errorf("%s of no candidates: %v, %v", name, got, err)
		}
	}
}

func TestCategoriesBadInput(t *testing.T) {
	if _, err := recommend.NewCategories(0, nil); !errors.Is(err, recommend.ErrOption) {
		t.Error(err)
	}
	if _, err := recommend.NewCategories(2, [][]int32{{0}, {2}}); !errors.Is(err, recommend.ErrRange) {
		t.Error(err)
	}
	if _, err := recommend.NewCategories(2, [][]int32{{1, 1}}); !errors.Is(err, recommend.ErrDuplicate) {
		t.Error(err)
	}
	c, err := recommend.NewCategories(2, [][]int32{{0, 1}, {1}, nil})
	if err != nil {
		t.Fatal(err)
	}
	p := make([]float64, 2)
	for name, tc := range map[string]struct {
		items   []int32
		weights []float32
		want    error
	}{
		"none": {nil, nil, recommend.ErrEmpty}, "only items of no category": {[]int32{2}, nil, recommend.ErrEmpty}, "unknown": {[]int32{3}, nil, recommend.ErrRange},
		"shape": {[]int32{1}, []float32{1, 2}, recommend.ErrShape}, "negative": {[]int32{1}, []float32{-1}, recommend.ErrRange},
		"NaN": {[]int32{1}, []float32{float32(math.NaN())}, recommend.ErrRange},
	} {
		if err := c.Taste(p, tc.items, tc.weights); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := c.Taste(p, []int32{0, 1, 2}, []float32{2, 1, 5}); err != nil || math.Abs(p[0]-1.0/3) > 1e-12 || math.Abs(p[1]-2.0/3) > 1e-12 {
		t.Error(p, err)
	}
	if _, err := recommend.NewVectorLikeness(nil); !errors.Is(err, recommend.ErrEmpty) {
		t.Error(err)
	}
	if _, err := recommend.NewVectorLikeness(recommend.RowVectors{Rows: make([]float32, 5), N: 2}); !errors.Is(err, recommend.ErrShape) {
		t.Error(err)
	}
	if _, err := recommend.NewVectorLikeness(recommend.RowVectors{Rows: []float32{1, float32(math.Inf(1))}, N: 2}); !errors.Is(err, recommend.ErrNotFinite) {
		t.Error(err)
	}
}

func TestRerankAllocs(t *testing.T) {
	c := bigRerank(t, 2)
	var r recommend.Reranker
	dst := make([]recommend.Scored, 0, 20)
	group := make([]int32, c.n)
	all := rerankers(c)
	all["Floors"] = func(r *recommend.Reranker, dst []recommend.Scored, k int, _ float64) ([]recommend.Scored, error) {
		return r.Floors(dst, c.from, k, group, []float64{0.3})
	}
	for name, run := range all {
		if n := testing.AllocsPerRun(10, func() {
			if _, err := run(&r, dst, 20, 0.5); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func BenchmarkRerank(b *testing.B) {
	c := bigRerank(b, 1)
	for _, name := range []string{"MMR", "DPP", "XQuAD", "Calibrate"} {
		run := rerankers(c)[name]
		b.Run(fmt.Sprintf("method=%s/candidates=200/k=20", name), func(b *testing.B) {
			var r recommend.Reranker
			var dst []recommend.Scored
			b.ReportAllocs()
			for b.Loop() {
				dst, _ = run(&r, dst[:0], 20, 0.5)
			}
		})
	}
}
