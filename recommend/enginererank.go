package recommend

import (
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/recommend/bandit"
)

// RerankMethod is what a Rerank does to an answer.
type RerankMethod int

const (
	ByScore   RerankMethod = iota // nothing: best scores first
	MMR                           // not ten times the same: Reranker.MMR
	DPP                           // the same by volume: Reranker.DPP
	XQuAD                         // something for every taste: Reranker.XQuAD
	Calibrate                     // the mix of the history: Reranker.Calibrate
	Floors                        // a least share for every group: Reranker.Floors
)

// methods is what an Engine has to know of each method: its name, what Lambda is
// when left out, and how its Reranker is told what re says.
var methods = [...]struct {
	name   string
	lambda float64
	pick   func(r *Reranker, re *Rerank, taste []float64, from []Scored, k int) error
}{
	ByScore: {name: "ByScore"},
	MMR: {"MMR", .2, func(r *Reranker, re *Rerank, _ []float64, from []Scored, k int) error {
		return r.pickMMR(from, k, re.Lambda, re.Likeness)
	}},
	DPP: {"DPP", .05, func(r *Reranker, re *Rerank, _ []float64, from []Scored, k int) error {
		return r.pickDPP(from, k, re.Lambda, re.Likeness)
	}},
	XQuAD: {"XQuAD", .5, func(r *Reranker, re *Rerank, taste []float64, from []Scored, k int) error {
		return r.pickXQuAD(from, k, re.Lambda, re.Categories, taste, re.Cover)
	}},
	Calibrate: {"Calibrate", .9, func(r *Reranker, re *Rerank, taste []float64, from []Scored, k int) error {
		return r.pickCalibrated(from, k, re.Lambda, re.Categories, taste)
	}},
	Floors: {"Floors", 0, func(r *Reranker, re *Rerank, _ []float64, from []Scored, k int) error {
		return r.pickFloors(from, k, re.Groups, re.Shares)
	}},
}

// String returns the name of the method.
func (m RerankMethod) String() string {
	if m < ByScore || m > Floors {
		return fmt.Sprintf("RerankMethod(%d)", int(m))
	}
	return methods[m].name
}

// Rerank makes an Engine choose its answers as whole lists: for all requests as
// EngineOptions.Rerank, for one as Request.Rerank.
//
// What a source has to fill is chosen by the method from the best Depth items
// that are still eligible; scores are those of the source (boosts included), and
// need not descend any more. Caps hold as ever: what a chosen item forbids is no
// candidate for the next place. When the candidates do not suffice, the places
// after them go by score, so that the number of results is what it is without.
// Each source's part of an answer is chosen by itself, pins aside.
//
// Tastes (XQuAD, Calibrate) are those of the history that the answer is based on,
// live events included, negative weights left out; without any the answer goes by
// score. Items that joined by AddItems or an event are like no other item and
// belong to no category and no group.
type Rerank struct {
	// Method is what to do; default ByScore, nothing.
	Method RerankMethod
	// Lambda is the weight against relevance, in [0, 1]; 0 means the default, which
	// is .2 for MMR, .05 for DPP, .5 for XQuAD and .9 for Calibrate (docs/diversity.md
	// says what these cost), and negative means 0. Floors has none.
	Lambda float64
	// Depth is how many candidates are chosen from, and how many places at most are
	// chosen so: at most 4096, default 100.
	Depth int

	Likeness   Likeness    // MMR, DPP: VectorLikeness, Categories, …
	Categories *Categories // XQuAD, Calibrate
	Cover      float64     // XQuAD, in (0, 1]; default 0.2

	// Floors: Groups has the group of each item of the dataset, -1 for none;
	// Shares the floor of each group. Neither may be changed later.
	Groups []int32
	Shares []float64
}

const (
	rerankDepth   = 100
	exploreDepth  = 50
	maxListDepth  = 4096
	defaultsCover = 0.2
)

// withDefaults resolves what a valid r leaves out.
func (r Rerank) withDefaults() Rerank {
	r.Lambda = check.OrOff(r.Lambda, methods[r.Method].lambda)
	r.Depth = check.Default(r.Depth, rerankDepth)
	r.Cover = check.Default(r.Cover, defaultsCover)
	return r
}

// validate checks r, field by field, for a dataset of n items. It costs nothing
// when all is well.
func (r *Rerank) validate(n int, where, field string) error {
	vectors := r.Method == MMR || r.Method == DPP
	categories := r.Method == XQuAD || r.Method == Calibrate
	sum, shares := 0.0, r.Method != Floors || len(r.Shares) > 0
	if r.Method == Floors {
		for _, f := range r.Shares {
			shares = shares && f >= 0 && f <= 1
			sum += f
		}
	}
	shares = shares && sum <= 1+floorRounding
	if r.Method < ByScore || r.Method > Floors || !(r.Lambda <= 1) || r.Depth < 0 || r.Depth > maxListDepth ||
		vectors && r.Likeness == nil || categories && r.Categories == nil || !(r.Cover >= 0 && r.Cover <= 1) || !shares {
		var c check.Options
		c.Require(r.Method >= ByScore && r.Method <= Floors, field+".Method", int(r.Method), "a RerankMethod")
		c.Require(r.Lambda <= 1, field+".Lambda", r.Lambda, "at most 1")
		c.Require(r.Depth >= 0 && r.Depth <= maxListDepth, field+".Depth", r.Depth, "in [1, 4096]")
		c.Require(!vectors || r.Likeness != nil, field+".Likeness", "nil", "a Likeness")
		c.Require(!categories || r.Categories != nil, field+".Categories", "nil", "Categories")
		c.Require(r.Cover >= 0 && r.Cover <= 1, field+".Cover", r.Cover, "in (0, 1]")
		c.Require(shares, field+".Shares", r.Shares, "floors in [0, 1] that add up to at most 1")
		return c.Err(where)
	}
	known := n
	switch {
	case vectors:
		if x, ok := r.Likeness.(interface{ Items() int }); ok {
			known = x.Items()
		}
	case categories:
		known = r.Categories.Items()
	case r.Method == Floors:
		known = len(r.Groups)
	}
	if known != n {
		return fmt.Errorf("%s: %s knows %d items, the dataset has %d: %w", where, field, known, n, ErrMismatch)
	}
	return nil
}

// validateGroups looks at every group, which a request does for candidates only.
func (r *Rerank) validateGroups(where, field string) error {
	if r.Method != Floors {
		return nil
	}
	for i, g := range r.Groups {
		if g < -1 || int(g) >= len(r.Shares) {
			return fmt.Errorf("%s: %s.Groups[%d] is group %d of %d: %w", where, field, i, g, len(r.Shares), ErrRange)
		}
	}
	return nil
}

// Explore makes an Engine explore: what a source has to fill is chosen by the
// policy from the first Depth items of the source's list, re-ranked if it is to
// be. Each such result has its Propensity, given the results before it: log it
// with the answer. Caps hold and count in propensities: what a chosen item
// forbids is no candidate for the next place. Pins keep their places and are not
// explored; nor is what the candidates do not suffice for.
//
// A bandit.EpsilonGreedy takes the next of the list or, with probability Epsilon,
// any. For the policies with arms the list only says which items are candidates:
// arms are the items of the dataset, so items that joined later come after them.
type Explore struct {
	// Policy chooses. Its arms, where it has some, are the items of the dataset.
	Policy bandit.Policy
	// ID names the request. The same ID, user and policy draw the same numbers, so
	// an ID is to be used once a user.
	ID      uint64
	Context []float64 // of bandit.LinUCB and bandit.LinearThompson
	// Depth is how many candidates are chosen from, at most 4096; default 50, or K
	// if that is more.
	Depth int
}

func (x *Explore) validate(n int) error {
	const where = "recommend: Engine.Recommend"
	if x.Policy == nil || x.Depth < 0 || x.Depth > maxListDepth {
		var c check.Options
		c.Require(x.Policy != nil, "Explore.Policy", "nil", "a policy")
		c.Require(x.Depth >= 0 && x.Depth <= maxListDepth, "Explore.Depth", x.Depth, "in [1, 4096]")
		return c.Err(where)
	}
	if a := x.Policy.Arms(); a != 0 && a != n {
		return fmt.Errorf("%s: Explore.Policy has %d arms, the dataset %d items: %w", where, a, n, ErrMismatch)
	}
	return nil
}

// listScratch is the memory of a list that is re-ranked or explored.
type listScratch struct {
	rank    Reranker
	from    []Scored // candidates, best first
	ids     []int32
	list    []Scored        // candidates in the order that is explored
	choices []bandit.Choice // of the first results of top
	before  indexSet
	taste   []float64
	weights []float32
	rerank  Rerank // of the request, nothing left out
}

// tasted reports whether the method can be used, and leaves the taste in w.taste
// where it needs one.
func (s *state[U, I]) tasted(w *scratch[I], re *Rerank, q *Query) bool {
	if re.Method != XQuAD && re.Method != Calibrate {
		return true
	}
	c := re.Categories
	w.taste = slices.Grow(w.taste[:0], c.n)[:c.n]
	known := len(q.Items) // joined items come last
	for known > 0 && int(q.Items[known-1]) >= s.items {
		known--
	}
	w.weights = w.weights[:0]
	for k := range known {
		w.weights = append(w.weights, max(q.Weight(k), 0))
	}
	return c.Taste(w.taste, q.Items[:known], w.weights) == nil
}

// arrange is list for an answer that is re-ranked (re) or explored: candidates are
// taken from the scan, put in order, chosen from, and what they leave open is
// filled by score. n is how many are wanted, source counts the sources.
func (s *state[U, I]) arrange(w *scratch[I], re *Rerank, source, n int, from float32) error {
	size, ex := s.items+len(s.arrivals), w.want.explore
	depth, width := 0, w.want.width // of what is re-ranked, of what is explored
	if re != nil {
		depth = re.Depth
	}
	s.candidates(w, max(depth, width), from)
	more := len(w.from) == max(depth, width) && len(w.from) < size // there are others
	var narrow *narrowing
	if len(w.caps) > 0 {
		narrow = &narrowing{w.free, func(i int32) { s.keep(w, i) }}
	}
	w.list = w.list[:0]
	if re != nil {
		k := n
		if ex != nil {
			k = width
		}
		if err := s.inOrder(w, re, min(depth, len(w.from)), k, narrow, ex != nil); err != nil {
			return err
		}
	}
	if ex != nil {
		for at, x := range w.from { // behind those in order, the others by score
			if re == nil || at >= len(w.rank.taken) || !w.rank.taken[at] {
				w.list = append(w.list, x)
			}
		}
		more = more || len(w.list) > width
		w.list = w.list[:min(width, len(w.list))]
		skipped, err := s.explore(w, source, n, narrow)
		if err != nil {
			return err
		}
		more = more || skipped
		w.list = w.list[:0]
		for _, c := range w.choices {
			w.list = append(w.list, Scored{Item: c.Item})
		}
	}
	s.settleList(w, n, from, more, narrow != nil)
	return nil
}

// candidates leaves in w.from the best n free items, best first, with finite
// scores, and in w.batch with the scores as they are.
func (s *state[U, I]) candidates(w *scratch[I], n int, from float32) {
	size := s.items + len(s.arrivals)
	w.heap.Reset(min(n, size))
	w.scan.top(&w.heap, w.free, size, from)
	w.batch = w.heap.AppendSorted(w.batch[:0])
	w.from = w.from[:0]
	for _, it := range w.batch {
		w.from = append(w.from, Scored{it.ID, min(it.Score, math.MaxFloat32)})
	}
}

// inOrder leaves in w.list what the method picks, k of the first n candidates. What
// was taken for caps is given back where it is an order only, to be explored.
func (s *state[U, I]) inOrder(w *scratch[I], re *Rerank, n, k int, narrow *narrowing, orderOnly bool) error {
	if orderOnly {
		w.before = append(w.before[:0], w.free...)
	}
	if err := s.rerankList(w, re, w.from[:n], k, narrow); err != nil {
		return err
	}
	for _, at := range w.rank.picked {
		w.list = append(w.list, w.from[at])
	}
	if orderOnly && narrow != nil {
		copy(w.free, w.before)
		for _, x := range w.list {
			s.unkeep(w, x.Item)
		}
	}
	return nil
}

// settleList leaves in w.top what is in w.list, with the scores as they were before
// any was cut to what is finite, and behind it the best others where places are
// left and more items are. Under caps the items of the list are taken already.
func (s *state[U, I]) settleList(w *scratch[I], n int, from float32, more, capped bool) {
	if !capped {
		for _, x := range w.list {
			w.free.drop(x.Item)
		}
	}
	w.picks = w.picks[:0]
	for _, x := range w.list {
		at := slices.IndexFunc(w.from, func(f Scored) bool { return f.Item == x.Item })
		w.picks = append(w.picks, w.batch[at])
	}
	w.top = w.top[:0]
	if len(w.picks) < n && (more || capped) {
		s.choose(w, n-len(w.picks), from)
	}
	w.picks = append(w.picks, w.top...)
	w.top, w.picks = w.picks, w.top
}

// rerankList leaves in w.rank what the method picks of from.
func (s *state[U, I]) rerankList(w *scratch[I], re *Rerank, from []Scored, k int, narrow *narrowing) error {
	r := &w.rank
	r.beyond = int32(s.items)
	if narrow != nil {
		r.free, r.took = narrow.free, narrow.took
		defer func() { r.free, r.took = nil, nil }()
	}
	if len(from) == 0 {
		r.picked, r.taken = r.picked[:0], r.taken[:0]
		return nil
	}
	if err := methods[re.Method].pick(r, re, w.taste, from, k); err != nil {
		return fmt.Errorf("recommend: Engine.Recommend: Rerank: %w", err)
	}
	return nil
}

// narrowing is how choices are taken out of what is free, and with them what caps
// forbid then: such candidates are no longer chosen from.
type narrowing struct {
	free indexSet
	took func(item int32)
}

// explore leaves in w.choices what the policy chooses of w.list, and reports
// whether it left items out that are no arms.
func (s *state[U, I]) explore(w *scratch[I], source, n int, narrow *narrowing) (skipped bool, err error) {
	ex := w.want.explore
	arms := ex.Policy.Arms()
	w.ids = w.ids[:0]
	for _, x := range w.list { // the order is what counts
		if arms == 0 || int(x.Item) < arms {
			w.ids = append(w.ids, x.Item)
		}
	}
	skipped = len(w.ids) < len(w.list)
	// One stream for each source: its numbers must not depend on those that led to
	// the choices before.
	id := rng.Hash(ex.ID, uint64(source))
	if !w.want.nobody {
		id = rng.Hash(id, w.want.draws)
	}
	ask := bandit.Ask{From: w.ids, K: n, Request: id, Context: ex.Context}
	if narrow != nil {
		ask.Took = narrow.took
		ask.Free = func(i int32) bool { return narrow.free.has(i) }
	}
	w.choices, err = ex.Policy.AppendChoices(w.choices, ask)
	if err != nil {
		w.choices = w.choices[:0]
		return skipped, fmt.Errorf("recommend: Engine.Recommend: Explore: %w", err)
	}
	return skipped, nil
}
