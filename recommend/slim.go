package recommend

import (
	"context"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/vec"
)

var (
	_ Persistent   = (*SLIM)(nil)
	_ Meaner       = (*SLIM)(nil)
	_ SparseScorer = (*SLIM)(nil)
	_ OrderReader  = (*SLIM)(nil)
	_ Similar      = (*SLIM)(nil)
	_ Explainer    = (*SLIM)(nil)
)

// SLIMOptions configures FitSLIM.
type SLIMOptions struct {
	// L1 is λ >= 0, makes weights exactly 0; negative means 0. An item gets no weight
	// from those it goes with no more than λ times, so the default is 1, and less
	// where items have few entries: entries/(20·items), of items with entries. Where L1 and L2 are both left out and
	// popularity is all (see Interactions.BeyondPopularity), the fit adds to the weights of each
	// item for others what is popular, 5 times as much as they have on average, which no
	// option says.
	L1         float64
	L2         float64 // β > 0, shrinks weights; default 100. Search both
	Candidates int     // items each item may get weight from, those that go with it most; default 300
	Signed     bool    // allow negative weights; default: weights are >= 0
	MaxIter    int     // coordinate descent sweeps an item at the most; default 100
	Tol        float64 // a solution is done when no weight moves by more than this share of the largest, at least 2⁻²¹; default 1e-3
	UseWeights bool    // use the weights of the entries; default: each entry counts 1

	MemoryLimit int64 // bytes; default 4 GiB. FitSLIM works within it or refuses, as FitSparseEASE does
	Workers     int   // goroutines; default GOMAXPROCS. No influence on the result

	Progress func(Progress) // called about 100 times, on the caller's goroutine
}

func (o SLIMOptions) withDefaults(x *Interactions) SLIMOptions {
	_, items := x.occupied()
	o.L1 = check.OrOff(o.L1, min(float64(x.Len())/float64(max(items, 1))/20, 1))
	o.L2 = check.Default(o.L2, 100)
	o.Candidates = check.Default(o.Candidates, 300)
	o.MaxIter = check.Default(o.MaxIter, 100)
	o.Tol = check.Default(o.Tol, 1e-3)
	o.MemoryLimit = check.Default(o.MemoryLimit, 4<<30)
	return o
}

func (o SLIMOptions) validate() error {
	var c check.Options
	check.NonNegative(&c, "L1", o.L1)
	check.Positive(&c, "L2", o.L2)
	c.Require(o.Candidates > 0 && o.Candidates <= 1<<11, "Candidates", o.Candidates, "in [1, 2048]")
	check.Positive(&c, "MaxIter", o.MaxIter)
	check.Positive(&c, "Tol", o.Tol)
	check.Positive(&c, "MemoryLimit", o.MemoryLimit)
	return c.Err("recommend: FitSLIM")
}

// SLIM recommends by sparse linear weights between items (Ning and Karypis
// 2011). The weights w of item i minimise
//
//	½‖xᵢ - Σⱼ wⱼxⱼ‖² + β/2·‖w‖² + λ·‖w‖₁,  wᵢ = 0, w >= 0 unless Signed
//
// over the Candidates items j with the largest Gᵢⱼ²/(Gⱼⱼ + β), G = XᵀX (as fsSLIM
// does with cosine neighbours). The score is Σ wⱼ·B[j, i] over the history.
// Reasons are exact. Immutable, safe for concurrent use.
type SLIM struct {
	itemWeights
	asked *SLIMOptions // see Options; nil when read
}

// FitSLIM solves for the weights of all items by cyclic coordinate descent on the
// Gram matrix, in order of index (Friedman et al. 2010), first over all
// candidates, then over those with weight, until nothing moves.
//
// Cost: Σ over users of (items of the user)² to build G, then Candidates
// multiply-adds for each step that moves a weight, spread over Workers. Memory is
// that of FitSparseEASE with as many neighbours; the model keeps 8 bytes a
// weight, and 2 KiB an item more where it adds what is popular.
//
// Errors: ErrTooLarge, naming the bytes needed; ErrEmpty, ErrOption, ErrRange (a
// negative weight).
func FitSLIM(ctx context.Context, x *Interactions, opt SLIMOptions) (*SLIM, error) {
	if err := x.checkImplicit("FitSLIM"); err != nil {
		return nil, err
	}
	plain := opt.L1 == 0 && opt.L2 == 0
	opt = opt.withDefaults(x)
	if err := opt.validate(); err != nil {
		return nil, err
	}
	keep, err := coocRows("FitSLIM", x, opt.Candidates, opt.MemoryLimit)
	if err != nil {
		return nil, err
	}
	c, err := cooccur(ctx, x, opt.UseWeights, keep, opt.Workers)
	if err != nil {
		return nil, err
	}
	b, err := c.regress(ctx, opt.Candidates, opt.Workers, opt.Progress, func(int32) float64 { return opt.L2 }, func(t *localProblem, target int) {
		elasticNet(t, c.size, target, opt)
	})
	if err != nil {
		return nil, err
	}
	asked := opt.told()
	if plain && x.onlyPopular() {
		if b, err = x.withPopular(ctx, b); err != nil {
			return nil, err
		}
		asked.L1, asked.L2 = 0, 0
	}
	return &SLIM{itemWeights{origin: x.origin.ofItems(), users: x.Users(), reaches: b, near: b}, asked}, nil
}

// elasticNet leaves in t.y the minimiser of the objective in units of cosines:
// ½yᵀ(A + diag(β/G))y - b·y + Σ λ/√(GᵢGⱼ)·|yⱼ|. t.tmp holds the residual b - A·y.
func elasticNet(t *localProblem, size []float64, target int, opt SLIMOptions) {
	n, np := len(t.items), t.np
	t.tmp = grown(t.tmp, 3*np)
	r, l1, scale := t.tmp[:np], t.tmp[np:2*np], t.tmp[2*np:]
	copy(r, t.b)
	for k, j := range t.items {
		l1[k] = float32(opt.L1 / math.Sqrt(size[target]) / math.Sqrt(size[j]))
		scale[k] = float32(1 / (1 + opt.L2/size[j]))
	}
	// Rounding moves weights of a solution by as much for ever: a stricter Tol would spend all
	// sweeps on the weights that are not 0 and never look at the others again.
	largest, tol := float32(0), max(float32(opt.Tol), 0x1p-21)
	step := func(k int) float32 {
		old := t.y[k]
		v := r[k] + old // A has a unit diagonal
		switch {
		case v > l1[k]:
			v = (v - l1[k]) * scale[k]
		case v < -l1[k] && opt.Signed:
			v = (v + l1[k]) * scale[k]
		default:
			v = 0
		}
		if v == old {
			return 0
		}
		t.y[k] = v
		vec.Axpy(old-v, t.a[k*np:k*np+np], r)
		largest = max(largest, v, -v)
		return max(v-old, old-v)
	}
	for sweep := 0; sweep < opt.MaxIter; sweep++ {
		moved := float32(0)
		for k := range n {
			moved = max(moved, step(k))
		}
		if moved <= tol*largest {
			return
		}
		for ; sweep < opt.MaxIter; sweep++ {
			moved = 0
			for k, v := range t.y[:n] {
				if v != 0 {
					moved = max(moved, step(k))
				}
			}
			if moved <= tol*largest {
				break
			}
		}
	}
}

// SparseScores is false: 0 is a score like any other.
func (*SLIM) SparseScores() bool { return false }

// ReadsOrder is false: the history is a set.
func (*SLIM) ReadsOrder() bool { return false }

// AppendBinary appends the frame of m to dst.
func (m *SLIM) AppendBinary(dst []byte) ([]byte, error) {
	if m == nil || m.Items() == 0 {
		return dst, errUnfitted("SLIM")
	}
	return m.appendFrame(dst, codec.KindSLIM, m.reaches), nil
}

// MarshalBinary returns the frame of m.
func (m *SLIM) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary decodes a frame; m is unchanged when it fails. Payload of
// version 1, in the words of Persistent:
//
//	int      users
//	matrix   B, items×items: row j holds what history item j speaks for
//
// Anything else and bytes left over are ErrCorrupt, a newer version is ErrVersion, a
// frame of something else ErrMismatch.
func (m *SLIM) UnmarshalBinary(data []byte) error {
	users, b, of, err := openItemWeights(m, data, codec.KindSLIM, "SLIM")
	if err != nil {
		return err
	}
	m.itemWeights, m.asked = itemWeights{origin: of, users: users, reaches: b, near: b}, nil
	return nil
}
