package ann

import (
	"context"
	"encoding"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/ids"
	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/topk"
	"github.com/aislekit/aisle/recommend"
)

var (
	_ encoding.BinaryAppender    = (*HNSW)(nil)
	_ encoding.BinaryMarshaler   = (*HNSW)(nil)
	_ encoding.BinaryUnmarshaler = (*HNSW)(nil)
)

// Metric says what makes a vector a good answer to another.
type Metric int

const (
	InnerProduct Metric = iota // score x·y: user and item vectors of recommend.ALS, recommend.BPR and the like
	Cosine                     // score x·y/(‖x‖·‖y‖), 0 for a zero vector: text and image embeddings
	Euclidean                  // score -‖x - y‖²: positions of any scale and offset
)

// HNSWOptions configures FitHNSW.
type HNSWOptions struct {
	Metric Metric // what a good answer is; default InnerProduct
	// Links is M, the links a vector gets when it joins; the ground layer keeps up
	// to 2·Links. Default 16, in [2, 256]. More links: better recall, more memory;
	// below 8, narrow searches may not find the way between tight clusters.
	Links int
	// Build is the width of the search for links (efConstruction), in [Links, 65536];
	// default 128. It costs build time only.
	Build   int
	Seed    uint64 // of the layers and of the order of insertion; 0 is a seed
	Workers int    // goroutines of the build; default GOMAXPROCS. No influence on the result
	// Progress, if not nil, is called now and then on the caller's goroutine.
	Progress func(Progress)
}

// Progress tells how far a build is.
type Progress struct {
	Done int // vectors in the graph
	Of   int // vectors in all
}

func (o HNSWOptions) withDefaults() HNSWOptions {
	o.Links = check.Default(o.Links, 16)
	o.Build = check.Default(o.Build, 128)
	return o
}

func (o HNSWOptions) validate() error {
	var c check.Options
	c.Require(o.Metric >= InnerProduct && o.Metric <= Euclidean, "Metric", int(o.Metric), "InnerProduct, Cosine or Euclidean")
	c.Require(o.Links >= 2 && o.Links <= maxLinks, "Links", o.Links, "in [2, 256]")
	c.Require(o.Build >= o.Links && o.Build <= 1<<16, "Build", o.Build, "in [Links, 65536]")
	return c.Err("ann: FitHNSW")
}

const maxLinks = 256

// HNSW finds the items whose vectors answer a query vector best without looking
// at all of them: a hierarchical navigable small world graph (Malkov and
// Yashunin, TPAMI 2020). It is for catalogues too large for exact scoring; below
// some 50,000 items a Ranker is as fast and misses nothing. What it misses is
// decided by the width of the search, ef: measure recall against exact answers
// on your own vectors.
//
// Items are dense indices. An index over the vectors of a model knows the ids behind
// them, one of vectors that come from elsewhere where Over says so, and item sets of
// another catalogue are refused. Inner products become distances by giving each vector
// one more coordinate √(R² - ‖y‖²) (Bachrach et al. 2014). With R the length of
// the longest vector, as in that paper, vectors differ by that coordinate more
// than by anything else, and recall suffers; with R = 0 the short ones are linked
// to by nobody (Morozov and Babenko, NeurIPS 2018). So R² is twice the mean
// squared length, at most half the largest: longer vectors have no further
// coordinate, and draw links by their length, as they draw answers. Wild lengths,
// beyond ten times those of nine in ten, count by that bound.
//
// Cosine and Euclidean compare by sums of squared differences, which hold close vectors
// apart wherever they lie, and answer after a look at the best in float64.
//
// Add and Remove change the index in place, without a rebuild. AppendTop may run
// on many goroutines at once, but not beside Add, Remove or UnmarshalBinary:
// guard them with a sync.RWMutex. Memory: 4·(f + 2·Links + 4) bytes an item.
type HNSW struct {
	known      // over which items it was built
	f      int // length of a query
	dim    int // of a stored vector: f, or f+1 with the bias of the item
	metric Metric
	m      int
	build  int
	seed   uint64

	vectors []float32 // node×dim, as given; for Cosine times a power of two
	extra   []float32 // by node: see setExtra
	norm2   float64   // R², InnerProduct; fixed by the build
	odd     bool      // a node is or was a zero vector (Cosine) or of wild length (InnerProduct)

	item []int32  // node → item, -1 for a removed one
	node []int32  // item → node, -1 for none
	live []uint64 // items with a node
	free []int32  // nodes nobody links to any more, descending
	dead int      // removed nodes that are still linked to

	level   []uint8
	links   []int32 // node×(2m+1): how many, then which
	upperAt []int32 // by node: its first row of upper, -1 on the ground layer only
	upper   []int32 // rows of m+1, one a layer above the ground
	entry   int32   // where searches start; -1 while empty

	scratch *sync.Pool // of *hnswScratch
}

// hnswScratch is the memory of one search.
type hnswScratch struct {
	query []float32
	wide  []float64 // the query, for Cosine of length 1
	unit  []float32 // a node that is held against others
	seen  []uint64
	ok    []uint64
	start []uint64 // keys
	open  []uint64 // min-heap of keys
	best  []uint64 // max-heap of keys
	ids   []int32
	dist  []float32
	keys  []uint64
	pick  []int32
	top   topHeap

	answers []answer
}

// hnswKey orders nodes by distance, ties by number.
func hnswKey(d float32, node int32) uint64 { return uint64(topk.Key(d))<<32 | uint64(uint32(node)) }

// FitHNSW builds an index over the vectors of v: item i is v.ItemVector(i). If v
// also has ItemBias, as recommend.BPR and MF have, and the metric is InnerProduct, the bias
// of the item is added to its score.
//
// The build goes in batches of fixed size: links of a batch are looked for in the
// graph of the batches before, and within the batch by comparing all, then set in
// order. So equal vectors, options and seed give equal bytes at any GOMAXPROCS.
// Cost: about Build·2·Links dot products an item, spread over Workers.
//
// Errors, which name the vector at fault: ErrEmpty (nil), ErrOption, ErrShape,
// ErrNotFinite, ErrRange (a squared length above 8.5e37, a quarter of what float32 holds;
// Cosine takes any), and context.Cause(ctx). An index of no items is fine.
func FitHNSW(ctx context.Context, v recommend.ItemVectors, opt HNSWOptions) (*HNSW, error) {
	const where = "ann: FitHNSW"
	opt = opt.withDefaults()
	if err := opt.validate(); err != nil {
		return nil, err
	}
	if v == nil {
		return nil, fmt.Errorf("%s: no vectors: %w", where, ErrEmpty)
	}
	n, f := v.Items(), v.Factors()
	if err := check.Vectors(n, f, v.ItemVector); err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	bias, err := biases(v, opt.Metric)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	x := &HNSW{known: ids.OfItems(ids.From(ids.ListsOf(v))), f: f, dim: f, metric: opt.Metric, m: opt.Links, build: opt.Build, seed: opt.Seed, entry: -1, scratch: &sync.Pool{}}
	if bias != nil {
		x.dim++
	}
	if err := x.place(ctx, v, bias, opt.Workers); err != nil {
		return nil, err
	}
	x.setRadius()
	for a := range int32(n) {
		x.setExtra(a)
	}
	var b hnswBatch
	for at := 0; at < n; {
		size := min(max(at/hnswShare, 1), hnswBatchMax, n-at)
		if err := b.insert(ctx, x, int32(at), int32(at+size), opt.Workers); err != nil {
			return nil, err
		}
		at += size
		if opt.Progress != nil && (size == hnswBatchMax || at == n) {
			opt.Progress(Progress{Done: at, Of: n})
		}
	}
	x.anchor()
	return x, nil
}

// biases returns the bias of each item where the vectors have any that is not 0 and
// the metric adds it; else nil.
func biases(v recommend.ItemVectors, metric Metric) (func(i int) float32, error) {
	b, ok := v.(interface{ ItemBias(i int) float32 })
	if !ok || metric != InnerProduct {
		return nil, nil
	}
	var bias func(i int) float32
	for i := range v.Items() {
		if x := b.ItemBias(i); x != 0 {
			bias = b.ItemBias
			if x-x != 0 {
				return nil, fmt.Errorf("bias of item %d is %v: %w", i, x, ErrNotFinite)
			}
		}
	}
	return bias, nil
}

// place gives each item a node, in random order, and stores its vector there.
func (x *HNSW) place(ctx context.Context, v recommend.ItemVectors, bias func(i int) float32, workers int) error {
	n := v.Items()
	order := rng.New(x.seed, hnswOrder, 0).Perm(n)
	x.grow(n)
	x.node = make([]int32, n)
	x.live = make([]uint64, (n+63)/64)
	for i := range n {
		x.live[i>>6] |= 1 << (i & 63)
	}
	return parallel.For(ctx, n, 1024, workers, func(_, lo, hi int) error {
		for a := lo; a < hi; a++ {
			i := int(order[a])
			x.item[a], x.node[i] = order[a], int32(a)
			row := x.row(int32(a))
			if bias != nil {
				row[x.f] = bias(i)
			}
			if err := x.store(row, v.ItemVector(i)); err != nil {
				return fmt.Errorf("ann: FitHNSW: vector %d: %w", i, err)
			}
		}
		return nil
	})
}

const (
	hnswOrder    = 0x686e_7377 // stage of the random stream
	hnswShare    = 16          // a batch is at most this part of the graph
	hnswBatchMax = 1024
	hnswTop      = 15 // highest layer
)

// grow makes room for n more nodes.
func (x *HNSW) grow(n int) {
	old := len(x.item)
	x.vectors = append(x.vectors, make([]float32, n*x.dim)...)
	x.extra = append(x.extra, make([]float32, n)...)
	x.links = append(x.links, make([]int32, n*(2*x.m+1))...)
	for a := old; a < old+n; a++ {
		x.item = append(x.item, -1)
		l := hnswLevel(x.seed, a, x.m)
		x.level = append(x.level, l)
		if l == 0 {
			x.upperAt = append(x.upperAt, -1)
			continue
		}
		x.upperAt = append(x.upperAt, int32(len(x.upper)/(x.m+1)))
		x.upper = append(x.upper, make([]int32, int(l)*(x.m+1))...)
	}
}

// hnswLevel draws the highest layer of a node: at least l with probability m^-l.
// In integers, so that every machine draws the same.
func hnswLevel(seed uint64, node, m int) uint8 {
	u, l := rng.Hash(seed, hnswOrder, uint64(node)), uint8(0)
	for ; u < math.MaxUint64/uint64(m) && l < hnswTop; l++ {
		u *= uint64(m)
	}
	return l
}

func (x *HNSW) row(node int32) []float32 {
	return x.vectors[int(node)*x.dim : (int(node)+1)*x.dim]
}

// list returns the links of a node on a layer, to read.
func (x *HNSW) list(node int32, layer int) []int32 {
	r := x.rawList(node, layer)
	return r[1 : 1+r[0]]
}

// rawList returns the row that holds the links: their number, then they.
func (x *HNSW) rawList(node int32, layer int) []int32 {
	if layer == 0 {
		w := 2*x.m + 1
		return x.links[int(node)*w : int(node)*w+w]
	}
	w := x.m + 1
	at := int(x.upperAt[node]) + layer - 1
	return x.upper[at*w : at*w+w]
}

// setList writes links to a row.
func setList(raw, ids []int32) {
	raw[0] = int32(len(ids))
	clear(raw[1+copy(raw[1:], ids):]) // equal indexes have equal bytes
}

// getScratch returns memory for one search, grown to the index as it is now.
func (x *HNSW) getScratch() *hnswScratch {
	s, ok := x.scratch.Get().(*hnswScratch)
	if !ok {
		s = &hnswScratch{}
	}
	if w := (len(x.item) + 63) / 64; len(s.seen) < w {
		s.seen = make([]uint64, w)
	}
	if len(s.query) != x.dim {
		s.query, s.unit, s.wide = make([]float32, x.dim), make([]float32, x.dim), make([]float64, x.dim)
	}
	if len(s.dist) < 2*maxLinks {
		s.dist = make([]float32, 2*maxLinks)
		s.ids = make([]int32, 0, 2*maxLinks)
	}
	return s
}

// descend walks down from the entry to the layer, always to the nearest node.
func (x *HNSW) descend(s *hnswScratch, q []float32, e float32, layer int) uint64 {
	x.distances(s.dist[:1], []int32{x.entry}, q, e)
	at := hnswKey(s.dist[0], x.entry)
	for l := int(x.level[x.entry]); l > layer; l-- {
		for {
			before := at
			ids := x.list(int32(uint32(before)), l)
			x.distances(s.dist[:len(ids)], ids, q, e)
			for k, a := range ids {
				at = min(at, hnswKey(s.dist[k], a))
			}
			if at == before {
				break
			}
		}
	}
	return at
}

// explore leaves in s.best, a max-heap, the nearest nodes to q that a search of
// width ef on the layer finds from s.start. ok, if not nil, is the set of items
// that may be found; others are passed through.
func (x *HNSW) explore(s *hnswScratch, q []float32, e float32, layer, ef int, ok []uint64) {
	seen := s.seen
	clear(seen)
	s.open, s.best = s.open[:0], s.best[:0]
	for _, key := range s.start {
		a := uint32(key)
		seen[a>>6] |= 1 << (a & 63)
		s.open = pushMin(s.open, key)
		if x.admits(int32(a), ok) {
			s.best = pushMax(s.best, key)
			if len(s.best) > ef {
				_, s.best = popMax(s.best)
			}
		}
	}
	for len(s.open) > 0 {
		var c uint64
		c, s.open = popMin(s.open)
		if len(s.best) >= ef && c > s.best[0] {
			break
		}
		s.ids = s.ids[:0]
		for _, a := range x.list(int32(uint32(c)), layer) {
			if bit := uint64(1) << (uint32(a) & 63); seen[a>>6]&bit == 0 {
				seen[a>>6] |= bit
				s.ids = append(s.ids, a)
			}
		}
		dist := s.dist[:len(s.ids)]
		x.distances(dist, s.ids, q, e)
		for k, a := range s.ids {
			key := hnswKey(dist[k], a)
			if len(s.best) >= ef {
				if key >= s.best[0] {
					continue
				}
				s.open = pushMin(s.open, key)
				if x.admits(a, ok) {
					replaceMax(s.best, key)
				}
				continue
			}
			s.open = pushMin(s.open, key)
			if x.admits(a, ok) {
				s.best = pushMax(s.best, key)
			}
		}
	}
}

// admits reports whether a node may be an answer: it is there, and in the set.
func (x *HNSW) admits(node int32, ok []uint64) bool {
	i := x.item[node]
	return i >= 0 && (ok == nil || ok[i>>6]>>(i&63)&1 == 1)
}

// choose returns up to limit nodes of s.keys, which ascend by distance from the
// node that is to link to them: those that are nearer to it than to any chosen
// before (algorithm 4 of the paper), so that links point in different
// directions. Of several equal vectors one is enough; without that rule they
// would link to nothing else.
func (x *HNSW) choose(s *hnswScratch, limit int) []int32 {
	s.pick = s.pick[:0]
	for _, key := range s.keys {
		if len(s.pick) == limit {
			break
		}
		c := int32(uint32(key))
		d := uint32(key >> 32)
		row, e := x.asked(s.unit, c)
		near := s.dist[:len(s.pick)]
		x.distances(near, s.pick, row, e)
		good := true
		for k, v := range near {
			if topk.Key(v) < d || x.same(v, c, s.pick[k], d) {
				good = false
				break
			}
		}
		if good {
			s.pick = append(s.pick, c)
		}
	}
	if len(s.pick) < limit {
		x.fill(s, limit)
	}
	return s.pick
}

// fill completes the chosen by the nearest that were left out, as far as half
// of limit.
func (x *HNSW) fill(s *hnswScratch, limit int) {
	for _, key := range s.keys {
		if 2*len(s.pick) >= limit {
			return
		}
		if c := int32(uint32(key)); !slices.Contains(s.pick, c) {
			s.pick = append(s.pick, c)
		}
	}
}
