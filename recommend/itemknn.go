package recommend

import (
	"context"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/internal/sparse"
	"github.com/aislekit/aisle/internal/topk"
	"github.com/aislekit/aisle/internal/vec"
)

// Similarity says how alike two rows of a weighted matrix are. With s the dot
// product, ‖·‖ the norms, c the number of common non-zeros, n the number of
// non-zeros of each row, N the number of columns and h the Shrinkage:
type Similarity int

const (
	Cosine           Similarity = iota // s / (‖i‖‖j‖ + h)
	AsymmetricCosine                   // s / (‖i‖^2α ‖j‖^2(1-α) + h) (Aiolli 2013)
	Dot                                // s, as BM25 weights are meant to be used; of weights beyond 1e±9 up to a power of two
	Jaccard                            // c / (nᵢ + nⱼ - c + h)
	Tversky                            // c / (c + α(nᵢ-c) + β(nⱼ-c) + h) (Tversky 1977)
	Lift                               // c·N / (nᵢnⱼ + h)
	LogLikelihood                      // Dunning's G² of the 2×2 table, as 1 - 1/(1+G²); 0 when c is below chance
	Pearson                            // Cosine of rows less their means, for ratings: see below
	AdjustedCosine                     // Cosine of rows less the means of the columns (Sarwar et al. 2001)
)

// Pearson and AdjustedCosine are for graded data. Pearson takes the mean of each
// row from its weights, of an item for FitItemKNN (what an item is rated on the
// whole does not matter) and of a user for FitUserKNN; AdjustedCosine takes the
// mean of each column, of a user for FitItemKNN (how generous a user is does not
// matter) and of an item for FitUserKNN. Both are then the cosine over all
// columns, as LensKit and recpack define it and unlike the textbook's sums over
// common columns alone: a missing entry counts as the mean, so few common columns
// make a small similarity. Means are over the entries of weight above 0; an entry
// of weight 0 is a missing one, here as everywhere, so shift a scale that starts
// at 0. What differs from its mean by less than a millionth of it does not differ.
// A row without differences is like nothing: on binary data Pearson and
// AdjustedCosine are undefined and give no neighbours at all, and Weighting Binary
// with them is ErrOption.
// Only positive similarities make neighbours, and the weights that the score adds
// up are those of the history and of the neighbours as they are, not centred.

// counts reports whether s is about common columns and not about weights.
func (s Similarity) counts() bool { return s >= Jaccard && s <= LogLikelihood }

// centres reports whether s takes a mean off the weights.
func (s Similarity) centres() bool { return s == Pearson || s == AdjustedCosine }

// Weighting says what becomes of the weights before similarities are taken.
// Rows are the things compared ("documents"), columns what they have in common
// ("terms").
type Weighting int

const (
	Unweighted Weighting = iota // as they are
	Binary                      // 1 each
	TFIDF                       // √w · ln(N/(1+dⱼ)), dⱼ the number of rows of column j, N the number of rows
	BM25                        // w(k₁+1)/(k₁·L + w) · ln(N/(1+dⱼ)), L = 1-b + b·(row sum / mean row sum)
)

// ItemKNNOptions configures FitItemKNN. The zero value is the cosine, shrunk, over
// the 100 nearest neighbours.
type ItemKNNOptions struct {
	Neighbors  int        // neighbours kept an item; default 100
	Similarity Similarity // default Cosine
	Weighting  Weighting  // default Unweighted
	// Shrinkage is h >= 0, pulls similarities with little support to 0; negative means
	// 0. Default for Cosine and AsymmetricCosine: 20 times the mean square of the
	// entries after weighting, as if 20 more columns had one row but not the other;
	// otherwise 0.
	Shrinkage float64
	Alpha     float64 // of AsymmetricCosine (default 0.5) and Tversky (default 1); in [0, 1] and >= 0
	Beta      float64 // of Tversky, >= 0; default 1
	K1        float64 // of BM25, > 0; default 1.2
	B         float64 // of BM25, in (0, 1]; default 0.75, negative means 0
	Workers   int     // goroutines; default GOMAXPROCS. No influence on the result

	Progress func(Progress) // called on the caller's goroutine when the fit is done
}

func (o ItemKNNOptions) withDefaults() ItemKNNOptions {
	o.Neighbors = check.Default(o.Neighbors, 100)
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
	auto := o.Shrinkage == 0 && (o.Similarity == Cosine || o.Similarity == AsymmetricCosine)
	o.Shrinkage = check.OrOff(o.Shrinkage, 0)
	return o, auto
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

// Progress tells how far a fit is.
type Progress struct {
	Iteration  int     // iterations done, from 1
	Iterations int     // iterations planned
	Loss       float64 // training objective, NaN unless the options asked for it
}

// ItemKNN recommends items like those in the history (Sarwar et al. 2001,
// Deshpande and Karypis 2004). The score of item i is Σ wⱼ·sim(i, j) over the
// history items j among the Neighbors nearest neighbours of i. Reasons are
// exact. Immutable, safe for concurrent use.
type ItemKNN struct{ itemWeights }

// FitItemKNN computes the neighbours of all items.
//
// Cost: Σ over users of (items of the user)²/2 multiply-adds, about 1.3 ns each,
// and at most items²/2 sums scanned eight at a time, spread over Workers. Memory:
// 26 bytes a neighbour kept; 16 bytes an entry of x, 4 more when it is weighted
// and 4 more when its weights take over 256 different values, all but the 8 of the
// items×users form given back; 8 bytes an item and worker.
//
// Errors: ErrEmpty, ErrOption, ErrRange (a negative weight, by user and item).
func FitItemKNN(ctx context.Context, x *Interactions, opt ItemKNNOptions) (*ItemKNN, error) {
	opt, auto := opt.withDefaults().automatic()
	if err := opt.validate("recommend: FitItemKNN"); err != nil {
		return nil, err
	}
	if err := x.checkImplicit("FitItemKNN"); err != nil {
		return nil, err
	}
	near, err := neighbors(ctx, x.byItemOn(opt.Workers), opt, auto)
	if err != nil {
		return nil, err
	}
	if opt.Progress != nil {
		opt.Progress(Progress{Iteration: 1, Iterations: 1, Loss: math.NaN()})
	}
	return &ItemKNN{itemWeights{users: x.Users(), near: near, reaches: near.TransposeOn(opt.Workers)}}, nil
}

// weigh returns m with its values weighted.
func weigh(m *sparse.CSR, opt ItemKNNOptions) *sparse.CSR {
	if opt.Similarity.centres() {
		rows := opt
		rows.Similarity = Cosine
		return centre(weigh(m, rows), opt.Similarity == AdjustedCosine)
	}
	if opt.Weighting == Unweighted && !opt.Similarity.counts() {
		return m
	}
	out := &sparse.CSR{Rows: m.Rows, Cols: m.Cols, Ptr: m.Ptr, Col: m.Col, Val: make([]float32, len(m.Val))}
	if opt.Weighting == Binary || opt.Similarity.counts() {
		for p, v := range m.Val {
			if v != 0 {
				out.Val[p] = 1
			}
		}
		return out
	}
	idf := make([]float64, m.Cols)
	for _, c := range m.Col {
		idf[c]++
	}
	for c, d := range idf {
		idf[c] = math.Log(float64(m.Rows)) - math.Log1p(d)
	}
	mean := 0.0
	for _, v := range m.Val {
		mean += float64(v)
	}
	mean /= float64(m.Rows)
	for r := range m.Rows {
		cols, vals := m.Row(r)
		sum := 0.0
		for _, v := range vals {
			sum += float64(v)
		}
		length := 1 - opt.B
		if mean > 0 {
			length += opt.B * sum / mean
		}
		dst := out.Val[m.Ptr[r]:]
		for k, v := range vals {
			w := float64(v)
			if opt.Weighting == BM25 {
				w = w * (opt.K1 + 1) / (opt.K1*length + w)
			} else {
				w = math.Sqrt(w)
			}
			dst[k] = float32(w * idf[cols[k]])
		}
	}
	return out
}

// centre returns m with the mean of the row, or of the column, taken off each
// value that is not 0.
func centre(m *sparse.CSR, byColumn bool) *sparse.CSR {
	out := &sparse.CSR{Rows: m.Rows, Cols: m.Cols, Ptr: m.Ptr, Col: m.Col, Val: make([]float32, len(m.Val))}
	var means []float64
	if byColumn {
		means = columnMeans(m)
	}
	for r := range m.Rows {
		cols, vals := m.Row(r)
		mean := 0.0
		if !byColumn {
			mean = meanOf(vals)
		}
		dst := out.Val[m.Ptr[r]:]
		for k, v := range vals {
			if byColumn {
				mean = means[cols[k]]
			}
			dst[k] = deviation(v, mean)
		}
	}
	return out
}

// deviation is v less its mean, 0 for no value and for a difference that may be
// one of rounding alone.
func deviation(v float32, mean float64) float32 {
	d := float64(v) - mean
	if v == 0 || math.Abs(d) <= 1e-6*math.Abs(mean) {
		return 0
	}
	return float32(d)
}

// meanOf is the mean of the values that are not 0, and 0 of none.
func meanOf(vals []float32) float64 {
	sum, n := 0.0, 0
	for _, v := range vals {
		if v != 0 {
			sum += float64(v)
			n++
		}
	}
	return sum / float64(max(n, 1))
}

// columnMeans is meanOf of each column.
func columnMeans(m *sparse.CSR) []float64 {
	means, n := make([]float64, m.Cols), make([]int, m.Cols)
	for p, c := range m.Col {
		if m.Val[p] != 0 {
			means[c] += float64(m.Val[p])
			n[c]++
		}
	}
	for c := range means {
		means[c] /= float64(max(n[c], 1))
	}
	return means
}

// neighbors returns, for each row of m, the most similar other rows, with the
// default shrinkage when auto.
func neighbors(ctx context.Context, m *sparse.CSR, opt ItemKNNOptions, auto bool) (*sparse.CSR, error) {
	w := weigh(m, opt)
	if n := w.Len(); auto && n > 0 {
		opt.Shrinkage = defaultShrinkage * vec.Norm2(w.Val) / float64(n)
	}
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
	return sparse.Pairs{W: w, Score: opt.score(size, w.Cols)}.Top(ctx, opt.Neighbors, opt.Workers)
}

// size is the norm of a row, or its number of non-zeros where all are 1.
func (o ItemKNNOptions) size(vals []float32) float64 {
	sum := 0.0
	for _, v := range vals {
		sum += float64(v) * float64(v)
	}
	if !o.Similarity.counts() {
		sum = math.Sqrt(sum)
	}
	return sum
}

// ownScale reports whether the similarity does not depend on the scale of a row.
func (o ItemKNNOptions) ownScale() bool {
	return (o.Similarity == Cosine || o.Similarity.centres()) && o.Shrinkage == 0
}

// Rows with norms in [1/evenMost, evenMost] have products that float32 holds.
const evenMost = 1 << 30

// toOne returns the power of two that takes a norm to [0.5, 1), and 1 for 0.
func toOne(norm float64) float64 {
	_, e := math.Frexp(norm)
	return math.Ldexp(1, -e)
}

// even returns w as it is where its products fit float32, and otherwise by powers
// of two: each row by its own where the similarity does not depend on it, all
// by one, which is returned, otherwise; rows that are nothing beside the largest
// become 0 then. size, the sizes of the rows, follows.
func (o ItemKNNOptions) even(w *sparse.CSR, size []float64) (*sparse.CSR, float64) {
	lo, hi := math.Inf(1), 0.0
	for _, n := range size {
		if hi = max(hi, n); n > 0 {
			lo = min(lo, n)
		}
	}
	if o.Similarity.counts() || hi == 0 || lo >= 1.0/evenMost && hi <= evenMost {
		return w, 1
	}
	out := &sparse.CSR{Rows: w.Rows, Cols: w.Cols, Ptr: w.Ptr, Col: w.Col, Val: make([]float32, len(w.Val))}
	scale := toOne(hi)
	for r := range w.Rows {
		f := scale
		if o.ownScale() {
			f = toOne(size[r])
		} else if size[r]*f < 0x1p-60 {
			f = 0
		}
		_, vals := w.Row(r)
		dst := out.Val[w.Ptr[r]:w.Ptr[r+1]]
		for k, v := range vals {
			dst[k] = float32(float64(v) * f)
		}
		size[r] = o.size(dst)
	}
	if o.ownScale() {
		scale = 1
	}
	return out, scale
}

// score says how the dot product of two rows becomes their similarity: a product
// of factors or a shrunk cosine where the measure is one, and value otherwise,
// which costs a call a pair.
func (o ItemKNNOptions) score(size []float64, columns int) sparse.PairScore {
	if o.Shrinkage > 0 && float32(o.Shrinkage) > 0 && (o.Similarity == Cosine || o.Similarity.centres()) {
		norms := make([]float32, len(size))
		for i, n := range size {
			norms[i] = float32(n)
		}
		return sparse.PairScore{Size: norms, Shrinkage: float32(o.Shrinkage)}
	}
	product := !o.Similarity.counts() || o.Similarity == Lift
	if !product || o.Shrinkage != 0 && o.Similarity != Dot {
		return sparse.PairScore{Value: func(i, j int32, s float32) float32 {
			return float32(o.value(float64(s), size[i], size[j], float64(columns)))
		}}
	}
	row, col := make([]float32, len(size)), make([]float32, len(size))
	inverse := func(x float64) float32 {
		if x == 0 {
			return 0
		}
		return float32(1 / x)
	}
	for i, n := range size {
		switch o.Similarity {
		case Dot:
			row[i], col[i] = 1, 1
		case Cosine, Pearson, AdjustedCosine:
			row[i], col[i] = inverse(n), inverse(n)
		case AsymmetricCosine:
			row[i], col[i] = inverse(math.Pow(n, 2*o.Alpha)), inverse(math.Pow(n, 2-2*o.Alpha))
		case Lift:
			row[i], col[i] = inverse(n)*float32(columns), inverse(n)
		}
	}
	return sparse.PairScore{Row: row, Col: col}
}

// value is the similarity of two rows with dot product s and sizes a and b (norms
// for the weighted measures, numbers of non-zeros for the counting ones).
func (o ItemKNNOptions) value(s, a, b, columns float64) float64 {
	num, den := s, 0.0
	switch o.Similarity {
	case Cosine, Pearson, AdjustedCosine:
		den = a * b
	case AsymmetricCosine:
		den = math.Pow(a, 2*o.Alpha) * math.Pow(b, 2-2*o.Alpha)
	case Dot:
		return s
	case Jaccard:
		den = a + b - s
	case Tversky:
		den = s + o.Alpha*(a-s) + o.Beta*(b-s)
	case Lift:
		num, den = s*columns, a*b
	case LogLikelihood:
		return dunning(s, a, b, columns)
	}
	if den += o.Shrinkage; den > 0 {
		return num / den
	}
	return 0
}

// dunning is the log-likelihood ratio of a 2×2 table with c common columns out
// of n, row totals a and b (Dunning 1993), squashed into [0, 1).
func dunning(c, a, b, n float64) float64 {
	if c*n <= a*b {
		return 0
	}
	xlogx := func(x float64) float64 {
		if x <= 0 {
			return 0
		}
		return x * math.Log(x)
	}
	g := 2 * (xlogx(c) + xlogx(a-c) + xlogx(b-c) + xlogx(n-a-b+c) -
		xlogx(a) - xlogx(n-a) - xlogx(b) - xlogx(n-b) + xlogx(n))
	if g <= 0 {
		return 0
	}
	return 1 - 1/(1+g)
}

// fromTop builds a matrix from the best columns of each row.
func fromTop(found [][]topk.Item, cols int) *sparse.CSR {
	m := &sparse.CSR{Rows: len(found), Cols: cols, Ptr: make([]int64, len(found)+1)}
	for r, items := range found {
		m.Ptr[r+1] = m.Ptr[r] + int64(len(items))
	}
	m.Col, m.Val = make([]int32, m.Ptr[m.Rows]), make([]float32, m.Ptr[m.Rows])
	for r, items := range found {
		slices.SortFunc(items, func(a, b topk.Item) int { return int(a.ID) - int(b.ID) })
		for k, it := range items {
			m.Col[m.Ptr[r]+int64(k)], m.Val[m.Ptr[r]+int64(k)] = it.ID, it.Score
		}
		found[r] = nil
	}
	return m
}

// SparseScores is true: items that are no neighbours of the history score 0.
func (*ItemKNN) SparseScores() bool { return true }

// ReadsOrder is false: the history is a set.
func (*ItemKNN) ReadsOrder() bool { return false }

// AppendBinary appends the frame of m to dst.
func (m *ItemKNN) AppendBinary(dst []byte) ([]byte, error) {
	return m.appendFrame(dst, codec.KindItemKNN, m.near), nil
}

// MarshalBinary returns the frame of m.
func (m *ItemKNN) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary decodes a frame; m is unchanged when it fails.
func (m *ItemKNN) UnmarshalBinary(data []byte) error {
	users, near, err := openItemWeights(data, codec.KindItemKNN, "ItemKNN")
	if err != nil {
		return err
	}
	m.itemWeights = itemWeights{users: users, near: near, reaches: near.Transpose()}
	return nil
}
