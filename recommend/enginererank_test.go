package recommend

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/recommend/bandit"
)

// lists is what re-ranking and exploring need of a world.
type lists struct {
	vectors *VectorLikeness
	cats    *Categories
	groups  []int32
	shares  []float64
	clicks  *bandit.ClickArms
	linear  *bandit.LinearArms
	context []float64
	epsilon float64 // of the request's policy

	rerank *Rerank               // of the engine
	guide  []Recommendation[int] // the answer, without pins: of equal values the oracle takes its choice
	next   int                   // the place of it that comes next
}

func drawLists(t *rapid.T, w *world) {
	g := rng.New(rapid.Uint64().Draw(t, "lists"), 0, 0)
	n := w.data.Items.Len()
	l := &w.lists
	f := 2 + g.Intn(5)
	rows := make([]float32, n*f)
	for i := range rows {
		rows[i] = float32(g.Normal())
	}
	cats := 1 + g.Intn(5)
	of := make([][]int32, n)
	l.groups = make([]int32, n)
	for i := range of {
		of[i] = g.Perm(cats)[:g.Intn(min(cats, 2)+1)]
		l.groups[i] = int32(g.Intn(4)) - 1
	}
	l.shares = []float64{float64(g.Intn(5)) / 8, float64(g.Intn(3)) / 8, float64(g.Intn(2)) / 7}
	var err error
	if l.vectors, err = NewVectorLikeness(RowVectors{rows, f}); err != nil {
		t.Fatal(err)
	}
	if l.cats, err = NewCategories(cats, of); err != nil {
		t.Fatal(err)
	}
	if l.clicks, err = bandit.NewClickArms(n); err != nil {
		t.Fatal(err)
	}
	if l.linear, err = bandit.NewLinearArms(n, 2, bandit.LinearArmsOptions{}); err != nil {
		t.Fatal(err)
	}
	for i := range int32(n) {
		shown := int64(g.Intn(20))
		if err := l.clicks.AddCounts(i, shown, int64(g.Intn(int(shown)+1))); err != nil {
			t.Fatal(err)
		}
		for range g.Intn(3) {
			if err := l.linear.Add(i, []float64{1, g.Normal()}, g.Normal()); err != nil {
				t.Fatal(err)
			}
		}
	}
	l.context = []float64{1, g.Normal()}
	if rapid.Bool().Draw(t, "engine reranks") {
		l.rerank = drawRerankOption(t, w)
	}
}

func drawRerankOption(t *rapid.T, w *world) *Rerank {
	r := &Rerank{
		Method: RerankMethod(rapid.IntRange(int(ByScore), int(Floors)).Draw(t, "method")),
		Lambda: rapid.SampledFrom([]float64{-1, 0, .25, .5, 1}).Draw(t, "lambda"),
		Depth:  rapid.SampledFrom([]int{0, 1, 5, 20}).Draw(t, "depth"),
		Cover:  rapid.SampledFrom([]float64{0, .5, 1}).Draw(t, "cover"),
	}
	r.Likeness, r.Categories, r.Groups, r.Shares = w.vectors, w.cats, w.groups, w.shares
	if rapid.Bool().Draw(t, "like by category") {
		r.Likeness = w.cats
	}
	return r
}

func drawListPolicies(t *rapid.T, w *world, r *Request[string, int]) {
	if rapid.Bool().Draw(t, "rerank") {
		r.Rerank = drawRerankOption(t, w)
	}
	if rapid.IntRange(0, 2).Draw(t, "explore") > 0 {
		return
	}
	x := &Explore{ID: rapid.Uint64().Draw(t, "request"), Depth: rapid.SampledFrom([]int{0, 1, 4, 30}).Draw(t, "width"), Context: w.context}
	epsilon := rapid.SampledFrom([]float64{-1, .3, 1}).Draw(t, "epsilon")
	var err error
	switch rapid.IntRange(0, 4).Draw(t, "policy") {
	case 0:
		x.Policy, err = bandit.NewThompson(w.clicks, bandit.ThompsonOptions{Epsilon: epsilon, Samples: 5})
	case 1:
		x.Policy, err = bandit.NewLinUCB(w.linear, bandit.LinUCBOptions{Epsilon: epsilon})
	case 2:
		x.Policy, err = bandit.NewLinearThompson(w.linear, bandit.ThompsonOptions{Epsilon: epsilon, Samples: 5})
	default:
		x.Policy, err = bandit.NewEpsilonGreedy(bandit.EpsilonGreedyOptions{Epsilon: epsilon})
	}
	if err != nil {
		t.Fatal(err)
	}
	r.Explore, w.epsilon = x, max(epsilon, 0)
	// An order that is then explored shows no more, so the oracle must find it bit
	// by bit; of these methods it can.
	re := r.Rerank
	if re == nil {
		re = w.rerank
	}
	if re != nil && (re.Method == DPP || re.Method == Calibrate) {
		r.Rerank = &Rerank{Method: MMR, Lambda: re.Lambda, Depth: re.Depth, Likeness: re.Likeness}
	}
}

// slowChoice is an item that the oracle chose.
type slowChoice struct {
	item              int
	propensity, error float64
}

// filling is a source's part of an answer, as the oracle sees it.
type filling struct {
	w       *world
	scores  []float32
	may     func(k int) bool // still eligible, and no cap forbids it
	take    func(k int)
	rollTo  func() func() // remembers what is taken, returns the way back
	history Query
}

func (f *filling) pool(depth int) []int {
	var out []int
	for k := range f.scores {
		if f.may(k) {
			out = append(out, k)
		}
	}
	slices.SortStableFunc(out, func(a, b int) int { return cmp.Compare(f.scores[b], f.scores[a]) })
	return out[:min(len(out), depth)]
}

// arranged returns what Rerank and Explore choose for the first of n places.
func (f *filling) arranged(r *Request[string, int], n int) []slowChoice {
	re := r.Rerank
	if re == nil {
		re = f.w.rerank
	}
	if re != nil && re.Method == ByScore {
		re = nil
	}
	var taste []float64
	if re != nil && (re.Method == XQuAD || re.Method == Calibrate) {
		taste = make([]float64, f.w.cats.Len())
		if f.w.cats.Taste(taste, f.history.Items, f.history.Weights) != nil {
			re = nil
		}
	}
	if re == nil && r.Explore == nil {
		return nil
	}
	depth, width := 0, 0
	if re != nil {
		if depth = re.Depth; depth == 0 {
			depth = 100
		}
	}
	if r.Explore != nil {
		if width = r.Explore.Depth; width == 0 {
			width = max(50, r.K)
		}
	}
	pool := f.pool(max(depth, width))
	var order []int
	if re != nil {
		if r.Explore == nil {
			var out []slowChoice
			for _, k := range f.reranked(re, pool[:min(depth, len(pool))], n, taste, true) {
				out = append(out, slowChoice{item: k})
			}
			return out
		}
		back := f.rollTo()
		order = f.reranked(re, pool[:min(depth, len(pool))], width, taste, false)
		back()
	}
	for _, k := range pool {
		if !slices.Contains(order, k) {
			order = append(order, k)
		}
	}
	return f.explored(r.Explore, order[:min(len(order), width)], n)
}

// reranked chooses greedily, judging every list anew by its definition.
func (f *filling) reranked(re *Rerank, pool []int, n int, taste []float64, guided bool) []int {
	w, items := f.w, f.w.data.Items.Len()
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, k := range pool {
		lo, hi = min(lo, float64(f.scores[k])), max(hi, float64(f.scores[k]))
	}
	rel := func(k int) float64 {
		if hi == lo {
			return 0
		}
		return (float64(f.scores[k]) - lo) * (1 / (hi - lo))
	}
	sim := func(a, b int) float64 {
		if a == b {
			return 1
		}
		if a >= items || b >= items {
			return 0
		}
		var d [1]float32
		if err := re.Likeness.Likeness(d[:], int32(a), []int32{int32(b)}); err != nil {
			panic(err)
		}
		return float64(d[0])
	}
	cats := func(k int) []int32 {
		if k >= items {
			return nil
		}
		return w.cats.Of(int32(k))
	}
	l := re.Lambda
	if l == 0 {
		l = map[RerankMethod]float64{MMR: .2, DPP: .05, XQuAD: .5, Calibrate: .9}[re.Method]
	}
	l = max(l, 0)
	cover := re.Cover
	if cover == 0 {
		cover = .2
	}
	sum := 0.0
	for _, p := range taste {
		sum += p
	}
	var list []int
	value := func(c int) float64 {
		switch re.Method {
		case MMR:
			if len(list) == 0 {
				return rel(c)
			}
			near := math.Inf(-1)
			for _, j := range list {
				near = max(near, sim(j, c))
			}
			return (1-l)*rel(c) - l*near
		case DPP:
			all := append(slices.Clone(list), c)
			total := 0.0
			a := make([][]float64, len(all))
			for x, i := range all {
				total += rel(i)
				for _, j := range all {
					a[x] = append(a[x], sim(i, j))
				}
			}
			if l == 0 {
				return total
			}
			if det := determinant(a); det >= 1e-3 {
				return (1-l)*total + l*math.Log(det)
			}
			return math.NaN()
		case XQuAD:
			own, gain := cats(c), 0.0
			for _, g := range own {
				m := taste[g] / sum
				for _, j := range list {
					if o := cats(j); slices.Contains(o, g) {
						m *= 1 - cover/float64(len(o))
					}
				}
				gain += m
			}
			if len(own) > 1 {
				gain /= float64(len(own))
			}
			return (1-l)*rel(c) + l*gain
		case Calibrate:
			all := append(slices.Clone(list), c)
			total := 0.0
			q := make([]float64, len(taste))
			for _, i := range all {
				total += rel(i)
				for _, g := range cats(i) {
					q[g] += 1 / float64(len(cats(i))) / float64(len(all))
				}
			}
			kl := 0.0
			for g, p := range taste {
				if p /= sum; p > 0 {
					kl += p * math.Log(p/(.99*q[g]+.01*p))
				}
			}
			return (1-l)*total - l*kl
		}
		// Floors: what keeps every promise within reach, best first.
		group := func(k int) int {
			if k >= items {
				return -1
			}
			return int(w.groups[k])
		}
		for m := len(list) + 1; m <= min(n, len(pool)); m++ {
			need := 0
			for g, share := range w.shares {
				count, supply := 0, 0
				for _, j := range list {
					if group(j) == g {
						count++
					}
				}
				supply = count
				for _, j := range pool {
					if group(j) == g && !slices.Contains(list, j) && f.may(j) {
						supply++
					}
				}
				if group(c) == g {
					count++
				}
				need += max(0, min(int(math.Floor(share*float64(m)+1e-9)), supply)-count)
			}
			if need > m-len(list)-1 {
				return math.Inf(-1)
			}
		}
		return rel(c)
	}
	for len(list) < min(n, len(pool)) {
		best, top, thin := -1, math.Inf(-1), false
		values := map[int]float64{}
		for _, c := range pool {
			if slices.Contains(list, c) || !f.may(c) {
				continue
			}
			v := value(c)
			values[c] = v
			thin = thin || v != v
			if v > top || best < 0 {
				best, top = c, v
			}
		}
		if best < 0 {
			break
		}
		if guided && f.w.next+len(list) < len(w.guide) && re.Method != Floors {
			c := w.find(w.guide[f.w.next+len(list)].Item)
			if v, ok := values[c]; ok && (v >= top-1e-5 || v != v || thin) {
				best = c
			}
		}
		list = append(list, best)
		f.take(best)
	}
	return list
}

// explored gives the answer's choices the propensities that they must have.
func (f *filling) explored(x *Explore, order []int, n int) (out []slowChoice) {
	epsilon, arms := f.w.epsilon, true
	bound := func(int) float64 { return math.NaN() }
	switch p := x.Policy.(type) {
	case *bandit.EpsilonGreedy:
		arms = false
		bound = nil
	case *bandit.LinUCB:
		bound = func(k int) float64 {
			b, err := p.Bound(int32(k), x.Context)
			if err != nil {
				panic(err)
			}
			return b
		}
	}
	for len(out) < n {
		var left []int
		for _, k := range order {
			if f.may(k) && (!arms || k < f.w.data.Items.Len()) {
				left = append(left, k)
			}
		}
		if len(left) == 0 {
			return out
		}
		best := left[0]
		if bound != nil {
			for _, k := range left[1:] {
				if bound(k) > bound(best) {
					best = k
				}
			}
		}
		c := slowChoice{item: best}
		var shown Recommendation[int]
		if at := f.w.next + len(out); at < len(f.w.guide) {
			shown = f.w.guide[at]
			if k := f.w.find(shown.Item); slices.Contains(left, k) {
				c.item = k
			}
		}
		c.propensity = epsilon / float64(len(left))
		if c.item == best {
			c.propensity += 1 - epsilon
		}
		if bound != nil && math.IsNaN(bound(0)) { // Thompson: known by sampling
			if low := epsilon / float64(len(left)); shown.Propensity >= low-1e-12 && shown.Propensity > 0 && shown.Propensity <= 1+1e-12 && (len(left) > 1 || shown.Propensity == 1) {
				c.propensity, c.error = shown.Propensity, shown.PropensityError
			}
		} else if c.propensity == 0 { // impossible
			c.item, c.propensity = best, 1
		}
		out = append(out, c)
		f.take(c.item)
	}
	return out
}

// rolling remembers the maps of what is taken.
func rolling[A, B comparable, V, W any](a map[A]V, b map[B]W) func() func() {
	return func() func() {
		x, y := maps.Clone(a), maps.Clone(b)
		return func() {
			clear(a)
			clear(b)
			maps.Copy(a, x)
			maps.Copy(b, y)
		}
	}
}

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
			const requests = 6000
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
