package recommend

import (
	"context"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/solve"
	"github.com/aislekit/aisle/internal/sparse"
)

var (
	_ Persistent   = (*SparseEASE)(nil)
	_ Meaner       = (*SparseEASE)(nil)
	_ SparseScorer = (*SparseEASE)(nil)
	_ OrderReader  = (*SparseEASE)(nil)
	_ Similar      = (*SparseEASE)(nil)
	_ Explainer    = (*SparseEASE)(nil)
)

// SparseEASEOptions configures FitSparseEASE.
type SparseEASEOptions struct {
	// L2 is λ, > 0. Default 200. Where Dropout is left out too, and 200 users have five entries, it is the best of 50 to
	// 1000 with Dropout 0 and of 200 and 500 with up to 0.7, by what 64 weights an item find of a fifth of
	// the entries of up to 512 users, which takes once to twice the time of the fit; nothing is tried, and 200 stays, where
	// MemoryLimit does not hold the 8 KiB an item that this takes: from about 400,000 items on at the default. 2000 where popularity is all (see
	// Interactions.BeyondPopularity), where the fit then adds to each row of B what is popular,
	// 5 times as much as the row has on average, which no option says. Search it: good values
	// lie between 5 and 2000.
	L2          float64
	Dropout     float64 // p in [0, 1): λ grows by p/(1-p)·G[i,i], as in EASEOptions; default 0, or chosen with L2
	Neighbors   int     // weights an item, from the items that go with it most; default 200
	UseWeights  bool    // use the weights of the entries; default: each entry counts 1
	MemoryLimit int64   // bytes; default 4 GiB. FitSparseEASE works within it or refuses
	Workers     int     // goroutines; default GOMAXPROCS. No influence on the result

	Progress func(Progress) // called about 100 times, on the caller's goroutine
}

func (o SparseEASEOptions) withDefaults(x *Interactions) SparseEASEOptions {
	if o.L2 == 0 && x.onlyPopular() {
		o.L2 = 2000
	}
	o.L2 = check.Default(o.L2, 200)
	o.Neighbors = check.Default(o.Neighbors, 200)
	o.MemoryLimit = check.Default(o.MemoryLimit, 4<<30)
	return o
}

func (o SparseEASEOptions) validate() error {
	var c check.Options
	check.Positive(&c, "L2", o.L2)
	c.Require(o.Dropout >= 0 && o.Dropout < 1, "Dropout", o.Dropout, "in [0, 1)")
	c.Require(o.Neighbors > 0 && o.Neighbors <= 1<<11, "Neighbors", o.Neighbors, "in [1, 2048]")
	check.Positive(&c, "MemoryLimit", o.MemoryLimit)
	return c.Err("recommend: FitSparseEASE")
}

// SparseEASE is EASE for large catalogues: the weights of an item are the exact
// minimiser of the objective of EASE (see there) over its Neighbors strongest
// co-occurring items instead of all items,
//
//	B[S, i] = (G_SS + Λ_S)⁻¹·G_Si,  G = XᵀX,  Λⱼ = λ + p/(1-p)·Gⱼⱼ
//
// S holding the items j ≠ i with the largest Gᵢⱼ²/(Gⱼⱼ + Λⱼ), the decrease of the
// objective by j alone. The score is Σ wⱼ·B[j, i] over the history. Reasons are
// exact. Immutable, safe for concurrent use.
//
// The published way to sparse EASE (SANSA, Spišák et al. 2023) takes an
// incomplete factorisation of the whole of G + Λ and an approximate inverse of the
// factor. Solving item by item instead needs no fill-in and no global ordering,
// parallelises without coordination, and its error is that of leaving out weak
// items, which on public data costs nothing or little against dense EASE, and helps
// on sparse data. Beside SANSA's own package, with as many weights an item, it
// ranked better on sparse data and as well on dense data, in less memory;
// docs/quality.md has the figures.
type SparseEASE struct {
	itemWeights
	asked *SparseEASEOptions // see Options; nil when read
}

// FitSparseEASE computes the weights of all items.
//
// Cost: Σ over users of (items of the user)² to build G, then items·Neighbors³/6
// multiply-adds and a look at the kept elements of G for each item and
// neighbour, spread over Workers.
//
// Memory, beside x: G keeps up to 2000 elements a row (at least Neighbors), as
// many as MemoryLimit allows at 16 bytes each, and the smallest count as zero;
// 12 bytes an entry of x; 8·Neighbors² bytes a worker. A catalogue of 100,000
// items fits the default limit of 4 GiB. The model keeps 8·Neighbors bytes an
// item, and 2 KiB more where it adds what is popular.
//
// Errors: ErrTooLarge, naming the bytes needed, when even Neighbors elements a
// row are over MemoryLimit; ErrEmpty, ErrOption, ErrRange (a negative weight).
func FitSparseEASE(ctx context.Context, x *Interactions, opt SparseEASEOptions) (*SparseEASE, error) {
	if err := x.checkImplicit("FitSparseEASE"); err != nil {
		return nil, err
	}
	plain := opt.L2 == 0
	free := plain && opt.Dropout == 0 && !x.onlyPopular()
	opt = opt.withDefaults(x)
	if err := opt.validate(); err != nil {
		return nil, err
	}
	keep, err := coocRows("FitSparseEASE", x, opt.Neighbors, opt.MemoryLimit)
	if err != nil {
		return nil, err
	}
	if free {
		if opt, err = opt.chosen(ctx, x); err != nil {
			return nil, err
		}
	}
	c, err := cooccur(ctx, x, opt.UseWeights, keep, opt.Workers)
	if err != nil {
		return nil, err
	}
	b, err := opt.weights(ctx, c)
	if err != nil {
		return nil, err
	}
	asked := opt.told()
	if plain && x.onlyPopular() {
		if b, err = x.withPopular(ctx, b); err != nil {
			return nil, err
		}
		asked.L2 = 0
	}
	return &SparseEASE{itemWeights{origin: x.origin.ofItems(), users: x.Users(), reaches: b, near: b}, asked}, nil
}

// weights solves the problems of all items. c is used up.
func (o SparseEASEOptions) weights(ctx context.Context, c *cooccurrence) (*sparse.CSR, error) {
	penalty := func(j int32) float64 { return o.L2 + o.Dropout/(1-o.Dropout)*c.size[j] }
	return c.regress(ctx, o.Neighbors, o.Workers, o.Progress, penalty, func(t *localProblem, _ int) {
		ridge(t, func(k int) float64 { return penalty(t.items[k]) / c.size[t.items[k]] })
	})
}

// ridge solves (a + diag(extra))·y = b in float32 and refines the solution once
// by its residual in float64. Where the cut of small elements, or rounding, has
// left the matrix without positive definiteness, the diagonal is raised until
// it has.
func ridge(t *localProblem, extra func(k int) float64) {
	np := t.np
	t.tmp = grown(t.tmp, np*np+17*np)
	work, scratch, r := t.tmp[:np*np], t.tmp[np*np:np*np+16*np], t.tmp[np*np+16*np:]
	const most = 1e18 // more than this over the data is a weight of nothing
	finite := func(k int) float64 { return min(extra(k), most) }
	lift := 0.0
	for ; ; lift = max(2*lift, 1e-3) {
		if !(lift < 1e6) { // a penalty beyond all data, or an overflow: no weights
			clear(t.y)
			return
		}
		copy(work, t.a)
		for k := range t.items {
			work[k*np+k] = float32(1 + lift + finite(k))
		}
		if solve.Cholesky32(work, np, scratch) {
			break
		}
	}
	copy(t.y, t.b)
	solve.SolveCholesky32(work, np, t.y)
	clear(r)
	for k := range t.items {
		row := t.a[k*np : k*np+len(t.items)]
		s := float64(t.b[k]) - float64((lift+finite(k))*float64(t.y[k]))
		for l, v := range row {
			s -= float64(float64(v) * float64(t.y[l]))
		}
		r[k] = float32(s)
	}
	solve.SolveCholesky32(work, np, r)
	for k := range t.items {
		t.y[k] += r[k]
	}
}

// SparseScores is false: 0 is a score like any other.
func (*SparseEASE) SparseScores() bool { return false }

// ReadsOrder is false: the history is a set.
func (*SparseEASE) ReadsOrder() bool { return false }

// AppendBinary appends the frame of m to dst.
func (m *SparseEASE) AppendBinary(dst []byte) ([]byte, error) {
	if m == nil || m.Items() == 0 {
		return dst, errUnfitted("SparseEASE")
	}
	return m.appendFrame(dst, codec.KindSparseEASE, m.reaches), nil
}

// MarshalBinary returns the frame of m.
func (m *SparseEASE) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary decodes a frame; m is unchanged when it fails. Payload of
// version 1, in the words of Persistent:
//
//	int      users
//	matrix   B, items×items: row j holds what history item j speaks for
//
// Anything else and bytes left over are ErrCorrupt, a newer version is ErrVersion, a
// frame of something else ErrMismatch.
func (m *SparseEASE) UnmarshalBinary(data []byte) error {
	users, b, of, err := openItemWeights(m, data, codec.KindSparseEASE, "SparseEASE")
	if err != nil {
		return err
	}
	m.itemWeights, m.asked = itemWeights{origin: of, users: users, reaches: b, near: b}, nil
	return nil
}
