package recommend

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/recommend/bandit"
)

// catalogueShop is a shop of n items with brands, vectors, categories and one
// source of fixed scores, best first.
func catalogueShop(t testing.TB, n, brands int) (*Engine[int, int], EngineOptions, *Dataset[int, int]) {
	t.Helper()
	b, _ := NewBuilder[int, int](BuilderOptions{})
	var facts []Fact[int]
	scores := make([]float32, n)
	for i := range n {
		if err := b.Add(1, i, 1); err != nil {
			t.Fatal(err)
		}
		facts = append(facts, Fact[int]{Item: i, Attribute: "brand", Value: fmt.Sprint("b", i%brands)})
		scores[i] = float32(n - i)
	}
	d, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	c, err := NewCatalogue(d.Items, slices.Values(facts), CatalogueOptions{})
	if err != nil {
		t.Fatal(err)
	}
	m, err := NewFunc(0, n, func(dst []float32, q Query) error { copy(dst, scores); return nil })
	if err != nil {
		t.Fatal(err)
	}
	opt := EngineOptions{Sources: []Source{{Name: "table", Model: m}}, Catalogue: c}
	e, err := NewEngine(d, opt)
	if err != nil {
		t.Fatal(err)
	}
	return e, opt, d
}

// TestEnginePropensities: under a cap, a pin and a re-ranker each list comes as
// often as the product of its propensities says, and the value of any other
// policy can be estimated from the log by inverse propensities.
func TestEnginePropensities(t *testing.T) {
	e, _, _ := catalogueShop(t, 6, 3)
	clicks, err := bandit.NewClickArms(6)
	if err != nil {
		t.Fatal(err)
	}
	for i := range int32(6) {
		if err := clicks.AddCounts(i, 20, int64(3+i)); err != nil {
			t.Fatal(err)
		}
	}
	greedy, err := bandit.NewEpsilonGreedy(bandit.EpsilonGreedyOptions{Epsilon: .4, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	thompson, err := bandit.NewThompson(clicks, bandit.ThompsonOptions{Epsilon: .1, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	like := LikenessFunc(func(a, b int32) float32 {
		if a == b {
			return 1
		}
		return float32(.25)
	})
	for name, p := range map[string]bandit.Policy{"EpsilonGreedy": greedy, "Thompson": thompson} {
		t.Run(name, func(t *testing.T) {
			requests := 6000.0
			if testkit.Race {
				requests = 600
			}
			type list [3]int
			came, weight, expected := map[list]float64{}, map[list]float64{}, map[list]float64{}
			var dst []Recommendation[int]
			for id := range uint64(requests) {
				dst, err = e.Recommend(dst[:0], Request[int, int]{
					User: 2, K: 4, Caps: []Cap{{"brand", 1}}, Pins: []Pin[int]{{Item: 99, Position: 1}},
					Rerank:  &Rerank{Method: MMR, Likeness: like, Lambda: .1},
					Explore: &Explore{Policy: p, ID: id, Depth: 6},
				})
				if err != nil || len(dst) != 3 { // three brands, one of each
					t.Fatal(dst, err)
				}
				product := 1.0
				key := list{}
				for k, r := range dst {
					if !(r.Propensity > 0 && r.Propensity <= 1) || r.Source != "table" || r.Rank != k+1 || r.Score != float32(6-r.Item) {
						t.Fatalf("%+v", r)
					}
					product *= r.Propensity
					key[k] = r.Item
				}
				came[key]++
				expected[key] += product
				weight[key] += 1 / product
			}
			if testkit.Race {
				return // a tenth of them is not counted
			}
			if len(came) != 48 { // 6·4·2 lists, each of which comes sooner or later
				t.Fatalf("%d lists", len(came))
			}
			ips := 0.0
			for key, n := range came {
				q := expected[key] / n // propensity of the list
				if sd := math.Sqrt(q*(1-q)*requests) + 1; math.Abs(n-q*requests) > 5*sd+.05*q*requests {
					t.Errorf("%v came %v times, propensity says %v", key, n, q*requests)
				}
				// A policy that shows one of the 48 lists at random, and earns the number
				// of its first item.
				ips += float64(key[0]) * weight[key] / 48 / requests
			}
			if math.Abs(ips-2.5) > .25 {
				t.Errorf("estimated value %v, want 2.5", ips)
			}
		})
	}
}

// TestEngineRerankFills: however few candidates the method has, whatever K, the
// answer is as long as without.
func TestEngineRerankFills(t *testing.T) {
	e, opt, d := catalogueShop(t, 400, 7)
	groups := make([]int32, 400)
	for i := range groups {
		groups[i] = int32(i / 300) // the tail
	}
	var lists [][]int32
	for i := range 400 {
		lists = append(lists, []int32{int32(i % 3)})
	}
	cats, err := NewCategories(3, lists)
	if err != nil {
		t.Fatal(err)
	}
	for _, re := range []Rerank{{}, {Method: MMR, Likeness: cats}, {Method: DPP, Likeness: cats}, {Method: XQuAD, Categories: cats}, {Method: Calibrate, Categories: cats}, {Method: Floors, Groups: groups, Shares: []float64{0, .5}}} {
		for _, depth := range []int{0, 1, 30, 4096} {
			if re.Method == ByScore {
				depth = 0
			}
			re.Depth = depth
			opt.Rerank, opt.MaxK = &re, math.MaxInt
			if err := e.Swap(d, opt); err != nil {
				t.Fatal(err)
			}
			for _, k := range []int{1, 10, 399, 400, math.MaxInt} {
				var info Info
				got, err := e.Recommend(nil, Request[int, int]{User: 7, K: k, History: []Event[int]{{Item: 3}}, Seen: KeepSeen, Info: &info})
				if err != nil || len(got) != min(k, 400) || info.Returned != len(got) {
					t.Fatalf("%v, depth %d, K %d: %d results, %v", re.Method, depth, k, len(got), err)
				}
				seen := map[int]bool{}
				for _, x := range got {
					if seen[x.Item] {
						t.Fatalf("%v: item %d twice", re.Method, x.Item)
					}
					seen[x.Item] = true
				}
				tail := 0
				for m, x := range got[:min(k, 60)] {
					if x.Item >= 300 {
						tail++
					}
					if re.Method == Floors && depth == 4096 && tail < (m+1)/2 {
						t.Fatalf("K %d: %d of the first %d are of the tail", k, tail, m+1)
					}
				}
				capped, err := e.Recommend(nil, Request[int, int]{User: 7, K: k, Seen: KeepSeen, Caps: []Cap{{"brand", 3}}})
				if err != nil || len(capped) != min(k, 21) {
					t.Fatalf("%v, depth %d, K %d: %d results under the cap, %v", re.Method, depth, k, len(capped), err)
				}
			}
		}
	}
}

// TestEngineTasteIsLive: calibration follows events as they happen.
func TestEngineTasteIsLive(t *testing.T) {
	e, opt, d := catalogueShop(t, 100, 2)
	var lists [][]int32
	for i := range 100 {
		lists = append(lists, []int32{int32(i % 2)})
	}
	cats, err := NewCategories(2, lists)
	if err != nil {
		t.Fatal(err)
	}
	opt.Rerank = &Rerank{Method: Calibrate, Categories: cats, Lambda: 1}
	if err := e.Swap(d, opt); err != nil {
		t.Fatal(err)
	}
	odd := func() (n int) {
		got, err := e.Recommend(nil, Request[int, int]{User: 5, K: 10})
		if err != nil || len(got) != 10 {
			t.Fatal(got, err)
		}
		for _, x := range got {
			n += x.Item % 2
		}
		return n
	}
	if n := odd(); n != 5 { // no taste: by score, which alternates
		t.Errorf("a stranger gets %d odd items", n)
	}
	for k := range 4 {
		item := []int{51, 53, 55, 50}[k]
		if err := e.Observe(Observation[int, int]{User: 5, Item: item}); err != nil {
			t.Fatal(err)
		}
		if n, want := odd(), []int{10, 10, 10, 7}[k]; n < want-1 || n > want+1 {
			t.Errorf("after %d events %d odd items, want about %d", k+1, n, want)
		}
	}
}

func TestEngineRerankBadInput(t *testing.T) {
	e, opt, d := catalogueShop(t, 10, 2)
	small, err := NewCategories(2, [][]int32{{0}, {1}})
	if err != nil {
		t.Fatal(err)
	}
	like, err := NewVectorLikeness(RowVectors{make([]float32, 6), 2})
	if err != nil {
		t.Fatal(err)
	}
	ten, err := NewCategories(1, make([][]int32, 10))
	if err != nil {
		t.Fatal(err)
	}
	broken := LikenessFunc(func(a, b int32) float32 { return float32(math.NaN()) })
	groups := make([]int32, 10)
	arms, err := bandit.NewClickArms(3)
	if err != nil {
		t.Fatal(err)
	}
	thompson, err := bandit.NewThompson(arms, bandit.ThompsonOptions{})
	if err != nil {
		t.Fatal(err)
	}
	linear, err := bandit.NewLinearArms(10, 2, bandit.LinearArmsOptions{})
	if err != nil {
		t.Fatal(err)
	}
	ucb, err := bandit.NewLinUCB(linear, bandit.LinUCBOptions{})
	if err != nil {
		t.Fatal(err)
	}
	nan := math.NaN()
	for name, x := range map[string]struct {
		re   Rerank
		want error
	}{
		"method":           {Rerank{Method: 9}, ErrOption},
		"method below 0":   {Rerank{Method: -1}, ErrOption},
		"lambda above 1":   {Rerank{Method: MMR, Likeness: ten, Lambda: 1.5}, ErrOption},
		"lambda NaN":       {Rerank{Method: MMR, Likeness: ten, Lambda: nan}, ErrOption},
		"depth below 0":    {Rerank{Method: MMR, Likeness: ten, Depth: -1}, ErrOption},
		"huge depth":       {Rerank{Method: MMR, Likeness: ten, Depth: math.MaxInt32}, ErrOption},
		"no likeness":      {Rerank{Method: DPP}, ErrOption},
		"no categories":    {Rerank{Method: XQuAD}, ErrOption},
		"cover":            {Rerank{Method: XQuAD, Categories: ten, Cover: 2}, ErrOption},
		"cover NaN":        {Rerank{Method: XQuAD, Categories: ten, Cover: nan}, ErrOption},
		"no shares":        {Rerank{Method: Floors, Groups: groups}, ErrOption},
		"shares above 1":   {Rerank{Method: Floors, Groups: groups, Shares: []float64{.6, .6}}, ErrOption},
		"share NaN":        {Rerank{Method: Floors, Groups: groups, Shares: []float64{nan}}, ErrOption},
		"other categories": {Rerank{Method: Calibrate, Categories: small}, ErrMismatch},
		"other vectors":    {Rerank{Method: MMR, Likeness: like}, ErrMismatch},
		"other groups":     {Rerank{Method: Floors, Groups: groups[:3], Shares: []float64{.5}}, ErrMismatch},
	} {
		if got, err := e.Recommend(nil, Request[int, int]{User: 7, K: 3, Rerank: &x.re}); !errors.Is(err, x.want) || got != nil {
			t.Errorf("request, %s: %v, %v", name, got, err)
		}
		opt.Rerank = &x.re
		if _, err := NewEngine(d, opt); !errors.Is(err, x.want) {
			t.Errorf("engine, %s: %v", name, err)
		}
		if err := e.Swap(d, opt); !errors.Is(err, x.want) {
			t.Errorf("swap, %s: %v", name, err)
		}
	}
	wrong := slices.Clone(groups)
	wrong[4] = 5
	opt.Rerank = &Rerank{Method: Floors, Groups: wrong, Shares: []float64{.5}}
	if err := e.Swap(d, opt); !errors.Is(err, ErrRange) {
		t.Errorf("group without share: %v", err)
	}
	for name, x := range map[string]struct {
		r    Request[int, int]
		want error
	}{
		"group of a candidate": {Request[int, int]{Rerank: opt.Rerank}, ErrRange},
		"similarity NaN":       {Request[int, int]{Rerank: &Rerank{Method: MMR, Likeness: broken}}, ErrNotFinite},
		"no policy":            {Request[int, int]{Explore: &Explore{}}, ErrOption},
		"width":                {Request[int, int]{Explore: &Explore{Policy: ucb, Depth: -2}}, ErrOption},
		"arms of another shop": {Request[int, int]{Explore: &Explore{Policy: thompson}}, ErrMismatch},
		"no context":           {Request[int, int]{Explore: &Explore{Policy: ucb}}, ErrShape},
		"context NaN":          {Request[int, int]{Explore: &Explore{Policy: ucb, Context: []float64{1, nan}}}, ErrNotFinite},
	} {
		x.r.User, x.r.K = 7, 3
		if got, err := e.Recommend(nil, x.r); !errors.Is(err, x.want) || got != nil {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	// Nothing of that has hurt the engine.
	if got, err := e.Recommend(nil, Request[int, int]{User: 7, K: 3}); err != nil || len(got) != 3 {
		t.Errorf("afterwards: %v, %v", got, err)
	}
}

func TestEngineRerankAllocs(t *testing.T) {
	if testkit.Race {
		t.Skip("allocations under -race")
	}
	_, opt, d := catalogueShop(t, 500, 5)
	var lists [][]int32
	rows := make([]float32, 500*8)
	g := rng.New(1, 0, 0)
	for i := range rows {
		rows[i] = float32(g.Normal())
	}
	groups := make([]int32, 500)
	for i := range 500 {
		lists = append(lists, []int32{int32(i % 3)})
		groups[i] = int32(i % 2)
	}
	cats, err := NewCategories(3, lists)
	if err != nil {
		t.Fatal(err)
	}
	like, err := NewVectorLikeness(RowVectors{rows, 8})
	if err != nil {
		t.Fatal(err)
	}
	greedy, err := bandit.NewEpsilonGreedy(bandit.EpsilonGreedyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	opt.Live.Clock = func() time.Time { return at(0) }
	for name, x := range map[string]struct {
		re   *Rerank
		ex   *Explore
		caps []Cap
		most float64
	}{
		"MMR":             {re: &Rerank{Method: MMR, Likeness: like}},
		"DPP":             {re: &Rerank{Method: DPP, Likeness: like}},
		"XQuAD":           {re: &Rerank{Method: XQuAD, Categories: cats}},
		"Calibrate":       {re: &Rerank{Method: Calibrate, Categories: cats}},
		"Floors":          {re: &Rerank{Method: Floors, Groups: groups, Shares: []float64{.3, .3}}},
		"caps":            {re: &Rerank{Method: MMR, Likeness: like}, caps: []Cap{{"brand", 3}}, most: 4},
		"EpsilonGreedy":   {ex: &Explore{Policy: greedy}, most: 4},
		"everything else": {},
	} {
		opt.Rerank = x.re
		e, err := NewEngine(d, opt)
		if err != nil {
			t.Fatal(err)
		}
		dst := make([]Recommendation[int], 0, 16)
		history := []Event[int]{{Item: 3}}
		if n := testing.AllocsPerRun(200, func() {
			if dst, err = e.Recommend(dst[:0], Request[int, int]{User: 9, K: 10, History: history, Caps: x.caps, Explore: x.ex}); err != nil || len(dst) != 10 {
				t.Fatal(dst, err)
			}
		}); n > x.most {
			t.Errorf("%s: %v allocations a request, want at most %v", name, n, x.most)
		}
	}
}

func BenchmarkEngineRerank(b *testing.B) {
	e, opt, d := catalogueShop(b, 30_000, 50)
	rows := make([]float32, 30_000*64)
	g := rng.New(1, 0, 0)
	for i := range rows {
		rows[i] = float32(g.Normal())
	}
	like, err := NewVectorLikeness(RowVectors{rows, 64})
	if err != nil {
		b.Fatal(err)
	}
	for _, m := range []RerankMethod{ByScore, MMR, DPP} {
		b.Run(fmt.Sprintf("method=%v/items=30k/k=10", m), func(b *testing.B) {
			opt.Rerank = &Rerank{Method: m, Likeness: like}
			if err := e.Swap(d, opt); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			var dst []Recommendation[int]
			for b.Loop() {
				dst, _ = e.Recommend(dst[:0], Request[int, int]{User: 9, K: 10})
			}
		})
	}
}
