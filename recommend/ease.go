package recommend

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/internal/solve"
	"github.com/aislekit/aisle/internal/topk"
	"github.com/aislekit/aisle/internal/vec"
)

var (
	_ Persistent   = (*EASE)(nil)
	_ Meaner       = (*EASE)(nil)
	_ SparseScorer = (*EASE)(nil)
	_ OrderReader  = (*EASE)(nil)
	_ Similar      = (*EASE)(nil)
	_ Explainer    = (*EASE)(nil)
)

// EASEOptions configures FitEASE. L2 alone is EASE; with Dropout it
// is EDLAE; with Diagonal too it is RDLAE.
type EASEOptions struct {
	// L2 is λ, > 0; default 200. Search it: good values lie between 20 and 2000. Where it is left
	// out and popularity is all (see Interactions.BeyondPopularity), the fit adds to each row of B
	// what is popular, 5 times as much as the row has on average.
	L2          float64
	Dropout     float64 // p in [0, 1): λ grows by p/(1-p)·G[i,i], a denoising autoencoder; default 0
	Diagonal    float64 // ξ in [0, 1): weights of an item for itself up to ξ are allowed; default 0
	UseWeights  bool    // use the weights of the entries; default: each entry counts 1
	MemoryLimit int64   // bytes; default 8 GiB. FitEASE refuses before it allocates more
	Workers     int     // goroutines; default GOMAXPROCS. No influence on the result

	Progress func(Progress) // called once, at the end, on the caller's goroutine
}

func (o EASEOptions) withDefaults() EASEOptions {
	o.L2 = check.Default(o.L2, 200)
	o.MemoryLimit = check.Default(o.MemoryLimit, 8<<30)
	return o
}

func (o EASEOptions) validate() error {
	var c check.Options
	check.Positive(&c, "L2", o.L2)
	c.Require(o.Dropout >= 0 && o.Dropout < 1, "Dropout", o.Dropout, "in [0, 1)")
	c.Require(o.Diagonal >= 0 && o.Diagonal < 1, "Diagonal", o.Diagonal, "in [0, 1)")
	check.Positive(&c, "MemoryLimit", o.MemoryLimit)
	return c.Err("recommend: FitEASE")
}

// EASE is the linear autoencoder with a closed-form solution (Steck 2019): the
// weights B that minimise ‖X - XB‖² + Σᵢ Λᵢ‖B[i, :]‖² with a zero diagonal,
// B = I - P·diag(1/diag P), P = (XᵀX + Λ)⁻¹. Dropout gives Λᵢ = λ + p/(1-p)·(XᵀX)ᵢᵢ
// (EDLAE, Steck 2020), and Diagonal relaxes the zero diagonal to diag B <= ξ
// (RDLAE, Moon et al. 2023). The score is Σ wⱼ·B[j, i] over the history, near 1
// for expected items. Reasons are exact. Immutable, safe for concurrent use.
type EASE struct {
	origin
	users, items int
	b            []float32 // items×items, row j: what history item j says
}

// EASEMemory returns the bytes FitEASE needs at its peak for a catalogue of that
// size, beside the interactions: a dense items×items matrix in float32, which is
// inverted in place and becomes the model, and a panel of it.
func EASEMemory(items int) int64 {
	n := int64(vec.Pad(items))
	return 4*n*n + 3*4*128*n
}

// FitEASE computes all item weights in float32, pivots in float64.
//
// Cost: Σ over users of (items of the user)² to build XᵀX, then items³/2
// multiply-adds, spread over Workers. Memory: EASEMemory; the model keeps
// 4·items² bytes. For large catalogues use FitSparseEASE.
//
// Errors: ErrTooLarge, naming the bytes needed; ErrEmpty, ErrOption, ErrRange,
// ErrDiverged (a Gram matrix float32 cannot invert: raise L2).
func FitEASE(ctx context.Context, x *Interactions, opt EASEOptions) (*EASE, error) {
	plain := opt.L2 == 0
	opt = opt.withDefaults()
	if err := opt.validate(); err != nil {
		return nil, err
	}
	if err := x.checkImplicit("FitEASE"); err != nil {
		return nil, err
	}
	n := x.Items()
	if need := EASEMemory(n); need > opt.MemoryLimit {
		return nil, fmt.Errorf("recommend: FitEASE: %d items need %d bytes, MemoryLimit is %d: %w", n, need, opt.MemoryLimit, ErrTooLarge)
	}
	a, err := x.gramDense(ctx, opt.UseWeights, opt.Workers)
	if err != nil {
		return nil, err
	}
	np := vec.Pad(n)
	penalty := make([]float64, n)
	for i := range np {
		if i >= n {
			a[i*np+i] = 1
			continue
		}
		g := float64(a[i*np+i])
		penalty[i] = opt.L2 + opt.Dropout/(1-opt.Dropout)*g
		a[i*np+i] = float32(g + penalty[i])
	}
	ok, err := solve.Inverse32(ctx, a, np, opt.Workers)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, fmt.Errorf("recommend: FitEASE: the Gram matrix plus %v is not positive definite in float32: %w", opt.L2, ErrDiverged)
	}
	scale := make([]float32, n) // B[:, i] = e_i - P[:, i]·scale[i]; a holds -P
	for i := range n {
		p := -float64(a[i*np+i])
		if 1-penalty[i]*p > opt.Diagonal {
			scale[i] = float32((1 - opt.Diagonal) / p)
		} else {
			scale[i] = float32(penalty[i])
		}
	}
	m := &EASE{origin: x.origin.ofItems(), users: x.Users(), items: n, b: a[:n*n]}
	meter := parallel.NewMeter(ctx)
	for j := range n { // from stride np to stride n, in place and ascending
		if err := meter.Did(n); err != nil {
			return nil, err
		}
		row := a[j*np : j*np+n]
		dst := a[j*n : j*n+n]
		for i, v := range row {
			dst[i] = v * scale[i]
		}
		if opt.Diagonal == 0 {
			dst[j] = 0
		} else {
			dst[j]++
		}
	}
	m.b = slices.Clip(m.b)
	if plain && x.onlyPopular() {
		share := x.popularShares(func(j int) []float32 { return row(m.b, j, n) })
		byItem := x.byItem()
		for j := range n {
			if byItem.RowLen(j) > 0 { // the others say nothing
				weights, own := row(m.b, j, n), m.b[j*n+j]
				vec.Axpy(1, share, weights)
				weights[j] = own
			}
		}
	}
	if opt.Progress != nil {
		opt.Progress(Progress{Iteration: 1, Iterations: 1, Loss: math.NaN()})
	}
	return m, nil
}

// gramDense returns XᵀX, np×np with np = vec.Pad(items), zeros in the padding.
func (x *Interactions) gramDense(ctx context.Context, weights bool, workers int) ([]float32, error) {
	n, np := x.Items(), vec.Pad(x.Items())
	a := make([]float32, np*np)
	byItem := x.byItem()
	err := parallel.For(ctx, n, 16, workers, func(_, lo, hi int) error {
		meter := parallel.NewMeter(ctx)
		for i := lo; i < hi; i++ {
			row := a[i*np : i*np+n]
			users, vals := byItem.Row(i)
			for k, u := range users {
				items, w := x.Row(int(u))
				if err := meter.Did(len(items)); err != nil {
					return err
				}
				if !weights {
					if vals[k] == 0 {
						continue
					}
					for l, j := range items {
						if w[l] != 0 {
							row[j]++
						}
					}
					continue
				}
				for l, j := range items {
					row[j] += float32(vals[k] * w[l])
				}
			}
		}
		return nil
	})
	return a, err
}

// Users returns the number of users of the fit.
func (m *EASE) Users() int {
	m = orZero(m)
	return m.users
}

// Items returns the number of items.
func (m *EASE) Items() int {
	m = orZero(m)
	return m.items
}

// Meaning says what a score stands for.
func (*EASE) Meaning() string {
	return "sum over the history of weight times learned similarity to the item"
}

// SparseScores is false: 0 is a score like any other.
func (*EASE) SparseScores() bool { return false }

// ReadsOrder is false: the history is a set.
func (*EASE) ReadsOrder() bool { return false }

// Score writes Σ wⱼ·B[j, i] over the history for every item i; ErrEmpty for an
// empty history. Cost: items multiply-adds for each history item.
func (m *EASE) Score(dst []float32, q Query) error {
	m = orZero(m)
	if err := checkQuery(dst, &q, m.items); err != nil {
		return err
	}
	if len(q.Items) == 0 {
		return ErrEmpty
	}
	clear(dst)
	for k, j := range q.Items {
		vec.Axpy(q.Weight(k), m.b[int(j)*m.items:(int(j)+1)*m.items], dst)
	}
	return nil
}

// AppendSimilar appends the items for which item speaks most: mostly what is popular, where the
// fit added that (see EASEOptions.L2).
func (m *EASE) AppendSimilar(dst []Scored, item int32, k int) ([]Scored, error) {
	m = orZero(m)
	if uint32(item) >= uint32(m.items) {
		return dst, unknownItem(m.items)
	}
	var h topk.Heap
	h.Reset(min(k, m.items-1))
	for i, v := range m.b[int(item)*m.items : (int(item)+1)*m.items] {
		if int32(i) != item && v > 0 {
			h.Push(int32(i), v)
		}
	}
	for _, it := range h.AppendSorted(nil) {
		dst = append(dst, Scored{it.ID, it.Score})
	}
	return dst, nil
}

// AppendReasons appends the history items with the largest share in the score of
// item. The decomposition is exact.
func (m *EASE) AppendReasons(dst []Reason, q Query, item int32, k int) (_ []Reason, err error) {
	m = orZero(m)
	defer about(&err, "EASE.AppendReasons")
	if uint32(item) >= uint32(m.items) {
		return dst, noItem(item, m.Items())
	}
	return topReasons(dst, &q, k, m.items, func(n int, j int32) float32 {
		return q.Weight(n) * m.b[int(j)*m.items+int(item)]
	})
}

// AppendBinary appends the frame of m to dst.
func (m *EASE) AppendBinary(dst []byte) ([]byte, error) {
	if m == nil || m.Items() == 0 {
		return dst, errUnfitted("EASE")
	}
	var w codec.Writer
	w.Int(m.users)
	w.Int(m.items)
	w.Float32s(m.b)
	m.origin.put(&w)
	return w.AppendFrame(dst, codec.KindEASE, 1), nil
}

// MarshalBinary returns the frame of m.
func (m *EASE) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary decodes a frame; m is unchanged when it fails. Payload of
// version 1, in the words of Persistent:
//
//	int      users
//	int      items, below 2³¹
//	[]f32    B, items×items row by row, finite
//
// Anything else and bytes left over are ErrCorrupt, a newer version is ErrVersion, a
// frame of something else ErrMismatch.
func (m *EASE) UnmarshalBinary(data []byte) error {
	r, err := open(m, data, codec.KindEASE, 1)
	if err != nil {
		return fmt.Errorf("recommend: EASE.UnmarshalBinary: %w", err)
	}
	d := EASE{users: r.Int(), items: r.Int(), b: r.Float32s()}
	if d.items == 0 || d.items > math.MaxInt32 || int64(len(d.b)) != int64(d.items)*int64(d.items) {
		r.Fail("has a matrix of the wrong size")
	}
	if check.Slice32("weights", d.b) != nil {
		r.Fail("has a weight that is not finite")
	}
	of := getOrigin(r)
	if err := r.Done(); err != nil {
		return fmt.Errorf("recommend: EASE.UnmarshalBinary: %w", err)
	}
	*m = d
	m.origin = of
	return nil
}
