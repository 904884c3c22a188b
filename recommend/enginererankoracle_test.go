package recommend

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/rng"
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
