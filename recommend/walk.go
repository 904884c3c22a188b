package recommend

import (
	"context"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/sparse"
)

var (
	_ Persistent   = (*RP3Beta)(nil)
	_ Meaner       = (*RP3Beta)(nil)
	_ SparseScorer = (*RP3Beta)(nil)
	_ OrderReader  = (*RP3Beta)(nil)
	_ Similar      = (*RP3Beta)(nil)
	_ Explainer    = (*RP3Beta)(nil)
)

// RP3BetaOptions configures FitRP3Beta. The zero value is a good start: it depends on
// the support s = entries / √(users·items), of users and items with entries. The less
// there is to learn from, the less popular items are pushed down. Where popularity is all
// (see Interactions.BeyondPopularity), Neighbors is 1000, Alpha 0.2 and Beta 0, and where
// Alpha and Beta are left out the fit adds to each row of B what is popular, 5 times as
// much as the row has on average.
type RP3BetaOptions struct {
	Neighbors  int     // weights kept an item; default 300
	Alpha      float64 // power of the transition probabilities, > 0; default 0.5 + 0.1·log₂(s/8) in [0.5, 0.8]
	Beta       float64 // power of the popularity penalty; negative means 0: P3alpha. Default 0.2·log₂(s/7) in [0, 0.65]
	Normalize  bool    // scale the kept weights of each item to sum 1
	UseWeights bool    // use the weights of the entries; default: each entry counts 1
	Workers    int     // goroutines; default GOMAXPROCS. No influence on the result

	Progress func(Progress) // called once, at the end, on the caller's goroutine
}

func (o RP3BetaOptions) withDefaults(x *Interactions) RP3BetaOptions {
	if x.onlyPopular() {
		o.Neighbors, o.Alpha, o.Beta = check.Default(o.Neighbors, 1000), check.Default(o.Alpha, 0.2), check.OrOff(o.Beta, 0)
		return o
	}
	s := max(x.support(), 1)
	o.Neighbors = check.Default(o.Neighbors, 300)
	o.Alpha = check.Default(o.Alpha, min(max(0.5+0.1*math.Log2(s/8), 0.5), 0.8))
	o.Beta = check.OrOff(o.Beta, min(max(0.2*math.Log2(s/7), 0), 0.65))
	return o
}

func (o RP3BetaOptions) validate() error {
	var c check.Options
	check.Positive(&c, "Neighbors", o.Neighbors)
	check.Positive(&c, "Alpha", o.Alpha)
	check.NonNegative(&c, "Beta", o.Beta)
	return c.Err("recommend: FitRP3Beta")
}

// RP3Beta recommends by a random walk of three steps, user → item → user → item
// (P3alpha, Cooper et al. 2014), with a penalty for popular targets (RP3beta,
// Paudel et al. 2017). The weight of history item j for item i is
//
//	B[j, i] = Σ_u (x_uj / Σ_v x_vj)^α · (x_ui / Σ_k x_uk)^α / nᵢ^β
//
// with nᵢ the number of users of i, the Neighbors largest kept for each j. The
// score is Σ wⱼ·B[j, i] over the history. Reasons are exact. Immutable, safe for
// concurrent use.
type RP3Beta struct {
	itemWeights
	asked *RP3BetaOptions // see Options; nil when read
}

// FitRP3Beta computes the walk weights of all items.
//
// Cost and memory are those of FitItemKNN, but once 2 KiB an item where it adds what is popular. Errors: ErrEmpty, ErrOption, ErrRange
// (a negative weight, by user and item).
func FitRP3Beta(ctx context.Context, x *Interactions, opt RP3BetaOptions) (*RP3Beta, error) {
	if err := x.checkImplicit("FitRP3Beta"); err != nil {
		return nil, err
	}
	plain := opt.Alpha == 0 && opt.Beta == 0
	opt = opt.withDefaults(x)
	if err := opt.validate(); err != nil {
		return nil, err
	}
	penalty, byItem := make([]float32, x.Items()), x.byItemOn(opt.Workers)
	for i := range penalty {
		if n := byItem.RowLen(i); n > 0 {
			penalty[i] = float32(math.Pow(float64(n), -opt.Beta))
		}
	}
	b, err := walks(x, penalty, opt).Top(ctx, opt.Neighbors, opt.Workers)
	if err != nil {
		return nil, err
	}
	if opt.Normalize {
		for j := range b.Rows {
			_, vals := b.Row(j)
			sum := 0.0
			for _, v := range vals {
				sum += float64(v)
			}
			for k := range vals {
				vals[k] = float32(float64(vals[k]) / sum)
			}
		}
	}
	if opt.Progress != nil {
		opt.Progress(Progress{Iteration: 1, Iterations: 1, Loss: math.NaN()})
	}
	asked := opt.told()
	if plain && x.onlyPopular() {
		if b, err = x.withPopular(ctx, b); err != nil {
			return nil, err
		}
		asked.Alpha, asked.Beta = 0, 0
	}
	return &RP3Beta{itemWeights{origin: x.origin.ofItems(), users: x.Users(), reaches: b, near: b}, asked}, nil
}

// walks returns the weights as products of pairs: what depends on one item alone
// comes out of the sum,
//
//	B[j, i] = (Σ_k x_kj)^-α · nᵢ^-β · Σ_u x_uj^α · x_ui^α·(Σ_v x_uv)^-α.
//
// Weights are taken relative to the largest, so that powers stay in range.
func walks(x *Interactions, penalty []float32, opt RP3BetaOptions) sparse.Pairs {
	items := x.byItem()
	w := &sparse.CSR{Rows: items.Rows, Cols: items.Cols, Ptr: items.Ptr, Col: items.Col, Val: make([]float32, len(items.Val))}
	left := make([]float32, len(items.Val))
	largest := 1.0
	if opt.UseWeights {
		largest = 0
		for _, v := range items.Val {
			largest = max(largest, float64(v))
		}
	}
	weight := func(v float32) float64 {
		switch {
		case v == 0:
			return 0
		case opt.UseWeights:
			return float64(v) / largest
		}
		return 1
	}
	// powers returns the sums of the rows of m to the power -α, 0 for 0.
	powers := func(m *sparse.CSR) []float64 {
		out := make([]float64, m.Rows)
		for r := range out {
			_, vals := m.Row(r)
			for _, v := range vals {
				out[r] += weight(v)
			}
			if out[r] > 0 {
				out[r] = math.Pow(out[r], -opt.Alpha)
			}
		}
		return out
	}
	byUser, byItem := powers(x.users), powers(items)
	for p, u := range items.Col {
		v := weight(items.Val[p])
		if v != 1 {
			v = math.Pow(v, opt.Alpha)
		}
		left[p], w.Val[p] = float32(v), float32(v*byUser[u])
	}
	row := make([]float32, len(byItem))
	for j, v := range byItem {
		row[j] = float32(v)
	}
	return sparse.Pairs{W: w, Left: left, Score: sparse.PairScore{Row: row, Col: penalty}}
}

// SparseScores is true: items no walk reaches score 0.
func (*RP3Beta) SparseScores() bool { return true }

// ReadsOrder is false: the history is a set.
func (*RP3Beta) ReadsOrder() bool { return false }

// AppendBinary appends the frame of m to dst.
func (m *RP3Beta) AppendBinary(dst []byte) ([]byte, error) {
	if m == nil || m.Items() == 0 {
		return dst, errUnfitted("RP3Beta")
	}
	return m.appendFrame(dst, codec.KindRP3Beta, m.reaches), nil
}

// MarshalBinary returns the frame of m.
func (m *RP3Beta) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary decodes a frame; m is unchanged when it fails. Payload of
// version 1, in the words of Persistent:
//
//	int      users
//	matrix   B, items×items: row j holds what history item j speaks for
//
// Anything else and bytes left over are ErrCorrupt, a newer version is ErrVersion, a
// frame of something else ErrMismatch.
func (m *RP3Beta) UnmarshalBinary(data []byte) error {
	users, b, of, err := openItemWeights(m, data, codec.KindRP3Beta, "RP3Beta")
	if err != nil {
		return err
	}
	m.itemWeights, m.asked = itemWeights{origin: of, users: users, reaches: b, near: b}, nil
	return nil
}
