package recommend

import (
	"context"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/internal/sparse"
	"github.com/aislekit/aisle/internal/vec"
)

var (
	_ Persistent   = (*ItemKNN)(nil)
	_ Meaner       = (*ItemKNN)(nil)
	_ SparseScorer = (*ItemKNN)(nil)
	_ OrderReader  = (*ItemKNN)(nil)
	_ Similar      = (*ItemKNN)(nil)
	_ Explainer    = (*ItemKNN)(nil)
)

// ItemKNNOptions configures FitItemKNN. The zero value follows the data: where
// Similarity and Weighting are both left out, they are AsymmetricCosine with Alpha
// 0.4 and TFIDF, or Unweighted where the user of an entry has more than a quarter of
// the catalogue on average, which leaves TF-IDF nothing to tell users apart by. The
// defaults of Neighbors and Shrinkage then depend on the support s = entries /
// √(users·items), of users and items with entries. Where popularity is all (see
// Interactions.BeyondPopularity) they are 1000 and 10,000 entries, Alpha is 0.2 and
// Weighting Unweighted, and the fit adds to what each item speaks for what is popular,
// 5 times as much as it has on average.
type ItemKNNOptions struct {
	Neighbors  int        // neighbours kept an item; default 100, or 2000/s in [100, 200]
	Similarity Similarity // default: see above; Cosine beside a Weighting
	Weighting  Weighting  // default: see above; Unweighted beside a Similarity
	// Shrinkage is h >= 0, pulls similarities with little support to 0; negative means
	// 0. Default for Cosine and AsymmetricCosine: 20 times the mean square of the
	// entries after weighting, as if 20 more columns had one row but not the other, or
	// 400/s times in [20, 60]; otherwise 0.
	Shrinkage float64
	Alpha     float64 // of AsymmetricCosine (default 0.5, or 0.4) and Tversky (default 1); in [0, 1] and >= 0
	Beta      float64 // of Tversky, >= 0; default 1
	K1        float64 // of BM25, > 0; default 1.2
	B         float64 // of BM25, in (0, 1]; default 0.75, negative means 0
	Workers   int     // goroutines; default GOMAXPROCS. No influence on the result

	Progress func(Progress) // called on the caller's goroutine when the fit is done
}

// withDefaults fills in what does not depend on the data.
func (o ItemKNNOptions) withDefaults() ItemKNNOptions {
	o.Neighbors = check.Default(o.Neighbors, 100)
	o.Similarity = check.Default(o.Similarity, Cosine)
	o.Weighting = check.Default(o.Weighting, Unweighted)
	if o.Alpha == 0 {
		o.Alpha = 1
		if o.Similarity == AsymmetricCosine {
			o.Alpha = 0.5
		}
	}
	o.Beta = check.Default(o.Beta, 1)
	o.K1 = check.Default(o.K1, 1.2)
	o.B = check.OrOff(o.B, 0.75)
	return o
}

// automatic tells whether Shrinkage is left to the data, and returns o with a
// shrinkage that is not negative.
func (o ItemKNNOptions) automatic() (ItemKNNOptions, bool) {
	auto := o.Shrinkage == 0 && o.Similarity.shrinks()
	o.Shrinkage = check.OrOff(o.Shrinkage, 0)
	return o, auto
}

// byData chooses for x what is left out where both Similarity and Weighting are, and
// returns by how many entries similarities then shrink.
func (o ItemKNNOptions) byData(x *Interactions) (ItemKNNOptions, float64) {
	if o.Similarity != 0 || o.Weighting != 0 {
		return o, defaultShrinkage
	}
	o.Similarity, o.Weighting = AsymmetricCosine, TFIDF
	if x.breadth() > 0.25 {
		o.Weighting = Unweighted
	}
	if x.onlyPopular() {
		o.Weighting = Unweighted
		o.Alpha, o.Neighbors = check.Default(o.Alpha, 0.2), check.Default(o.Neighbors, 1000)
		return o, 10000
	}
	s := max(x.support(), 1)
	o.Alpha = check.Default(o.Alpha, 0.4)
	o.Neighbors = check.Default(o.Neighbors, int(min(max(2000/s, 100), 200)))
	return o, min(max(400/s, defaultShrinkage), 60)
}

// defaultShrinkage counts entries of usual weight.
const defaultShrinkage = 20

func (o ItemKNNOptions) validate(where string) error {
	var c check.Options
	check.Positive(&c, "Neighbors", o.Neighbors)
	c.Require(o.Similarity >= Cosine && o.Similarity <= AdjustedCosine, "Similarity", int(o.Similarity), "Cosine … AdjustedCosine")
	c.Require(o.Weighting >= Unweighted && o.Weighting <= BM25, "Weighting", int(o.Weighting), "Unweighted … BM25")
	c.Require(o.Weighting != Binary || !o.Similarity.centres(), "Weighting", "Binary", "graded weights for Pearson and AdjustedCosine")
	check.NonNegative(&c, "Shrinkage", o.Shrinkage)
	check.NonNegative(&c, "Alpha", o.Alpha)
	c.Require(o.Similarity != AsymmetricCosine || o.Alpha <= 1, "Alpha", o.Alpha, "in [0, 1]")
	check.NonNegative(&c, "Beta", o.Beta)
	check.Positive(&c, "K1", o.K1)
	c.Require(o.B >= 0 && o.B <= 1, "B", o.B, "in [0, 1]")
	return c.Err(where)
}

// ItemKNN recommends items like those in the history (Sarwar et al. 2001,
// Deshpande and Karypis 2004). The score of item i is Σ wⱼ·sim(i, j) over the
// history items j among the Neighbors nearest neighbours of i. Reasons are
// exact. Immutable, safe for concurrent use.
type ItemKNN struct {
	itemWeights
	asked *ItemKNNOptions // see Options; nil when read
}

// FitItemKNN computes the neighbours of all items.
//
// Cost: Σ over users of (items of the user)²/2 multiply-adds, about 1.3 ns each,
// and at most items²/2 sums scanned eight at a time, spread over Workers. Memory:
// 26 bytes a neighbour kept, and twice 2 KiB an item where the fit adds what is popular; 16 bytes an entry of x, 4 more when it is weighted
// and 4 more when its weights take over 256 different values, all but the 8 of the
// items×users form given back; 8 bytes an item and worker.
//
// Errors: ErrEmpty, ErrOption, ErrRange (a negative weight, by user and item).
func FitItemKNN(ctx context.Context, x *Interactions, opt ItemKNNOptions) (*ItemKNN, error) {
	if err := x.checkImplicit("FitItemKNN"); err != nil {
		return nil, err
	}
	plain := opt.Similarity == 0 && opt.Weighting == 0
	opt, entries := opt.byData(x)
	opt, auto := opt.withDefaults().automatic()
	if err := opt.validate("recommend: FitItemKNN"); err != nil {
		return nil, err
	}
	w := weigh(x.byItemOn(opt.Workers), opt)
	if n := w.Len(); auto && n > 0 {
		opt.Shrinkage = entries * vec.Norm2(w.Val) / float64(n)
	}
	near, err := neighbors(ctx, w, opt)
	if err != nil {
		return nil, err
	}
	if opt.Progress != nil {
		opt.Progress(Progress{Iteration: 1, Iterations: 1, Loss: math.NaN()})
	}
	reaches, err := near.TransposeUntil(ctx, opt.Workers)
	if err != nil {
		return nil, err
	}
	asked := opt.told()
	if plain && x.onlyPopular() {
		if reaches, err = x.withPopular(ctx, reaches); err != nil {
			return nil, err
		}
		if near, err = reaches.TransposeUntil(ctx, opt.Workers); err != nil {
			return nil, err
		}
		asked.Similarity, asked.Weighting = 0, 0
	}
	return &ItemKNN{itemWeights{origin: x.origin.ofItems(), users: x.Users(), near: near, reaches: reaches}, asked}, nil
}

// neighbors returns, for each weighted row of w, the most similar other rows.
func neighbors(ctx context.Context, w *sparse.CSR, opt ItemKNNOptions) (*sparse.CSR, error) {
	size := make([]float64, w.Rows) // ‖row‖, or its number of non-zeros
	err := parallel.For(ctx, w.Rows, 256, opt.Workers, func(_, lo, hi int) error {
		for r := lo; r < hi; r++ {
			_, vals := w.Row(r)
			size[r] = opt.size(vals)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	w, scale := opt.even(w, size)
	opt.Shrinkage *= scale * scale
	return sparse.Pairs{W: w, Score: opt.score(size, len(columnsOf(w)))}.Top(ctx, opt.Neighbors, opt.Workers)
}

// SparseScores is true: items that are no neighbours of the history score 0.
func (*ItemKNN) SparseScores() bool { return true }

// ReadsOrder is false: the history is a set.
func (*ItemKNN) ReadsOrder() bool { return false }

// AppendBinary appends the frame of m to dst.
func (m *ItemKNN) AppendBinary(dst []byte) ([]byte, error) {
	if m == nil || m.Items() == 0 {
		return dst, errUnfitted("ItemKNN")
	}
	return m.appendFrame(dst, codec.KindItemKNN, m.near), nil
}

// MarshalBinary returns the frame of m.
func (m *ItemKNN) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary decodes a frame; m is unchanged when it fails. Payload of
// version 1, in the words of Persistent:
//
//	int      users
//	matrix   neighbours, items×items: row i holds those of item i
//
// Anything else and bytes left over are ErrCorrupt, a newer version is ErrVersion, a
// frame of something else ErrMismatch.
func (m *ItemKNN) UnmarshalBinary(data []byte) error {
	users, near, of, err := openItemWeights(m, data, codec.KindItemKNN, "ItemKNN")
	if err != nil {
		return err
	}
	m.itemWeights, m.asked = itemWeights{origin: of, users: users, near: near, reaches: near.Transpose()}, nil
	return nil
}
