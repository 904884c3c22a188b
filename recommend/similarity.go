package recommend

import (
	"math"

	"github.com/aislekit/aisle/internal/sparse"
)

// Similarity says how alike two rows of a weighted matrix are. With s the dot
// product, ‖·‖ the norms, c the number of common non-zeros, n the number of
// non-zeros of each row, N the number of columns with entries and h the
// Shrinkage, each constant has its formula beside it.
//
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
//
// Only positive similarities make neighbours, and the weights that the score adds
// up are those of the history and of the neighbours as they are, not centred.
//
// The zero Similarity is none of them: it leaves the choice to the model, as its
// options say.
type Similarity int

const (
	_                Similarity = iota // what the options say
	Cosine                             // s / (‖i‖‖j‖ + h)
	AsymmetricCosine                   // s / (‖i‖‖j‖ + h) · (‖i‖/‖j‖)^(1-2α), so s / (‖i‖^2α ‖j‖^2(1-α)) without h (Aiolli 2013)
	Dot                                // s, as BM25 weights are meant to be used; of weights beyond 1e±9 up to a power of two
	Jaccard                            // c / (nᵢ + nⱼ - c + h)
	Tversky                            // c / (c + α(nᵢ-c) + β(nⱼ-c) + h) (Tversky 1977)
	Lift                               // c·N / (nᵢnⱼ + h)
	LogLikelihood                      // Dunning's G² of the 2×2 table, as 1 - 1/(1+G²); 0 when c is below chance
	Pearson                            // Cosine of rows less their means, for ratings: see Similarity
	AdjustedCosine                     // Cosine of rows less the means of the columns (Sarwar et al. 2001)

	formerAsymmetric // s / (‖i‖^2α ‖j‖^2(1-α) + h): AsymmetricCosine in frames of version 1 of UserKNN; no option
)

// counts reports whether s is about common columns and not about weights.
func (s Similarity) counts() bool { return s >= Jaccard && s <= LogLikelihood }

// shrinks reports whether Shrinkage is counted in entries where it is left out.
func (s Similarity) shrinks() bool { return s == Cosine || s == AsymmetricCosine }

// centres reports whether s takes a mean off the weights.
func (s Similarity) centres() bool { return s == Pearson || s == AdjustedCosine }

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

// score says how the dot product of two rows becomes their similarity: a product
// of factors or a shrunk cosine where the measure is one, and value otherwise,
// which costs a call a pair.
func (o ItemKNNOptions) score(size []float64, columns int) sparse.PairScore {
	if o.Shrinkage > 0 && float32(o.Shrinkage) > 0 && (o.Similarity.shrinks() || o.Similarity.centres()) {
		return o.shrunk(size)
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

// shrunk is the score of a cosine with shrinkage. The asymmetric one is a symmetric
// cosine with a factor for each side, which is what lets one product of two rows serve
// both of their lists.
func (o ItemKNNOptions) shrunk(size []float64) sparse.PairScore {
	out := sparse.PairScore{Size: make([]float32, len(size)), Shrinkage: float32(o.Shrinkage)}
	for i, n := range size {
		out.Size[i] = float32(n)
	}
	if o.Similarity != AsymmetricCosine || o.Alpha == 0.5 {
		return out
	}
	out.Row, out.Col = make([]float32, len(size)), make([]float32, len(size))
	for i, n := range size {
		if n > 0 {
			out.Row[i], out.Col[i] = float32(math.Pow(n, 1-2*o.Alpha)), float32(math.Pow(n, 2*o.Alpha-1))
		}
	}
	return out
}

// value is the similarity of two rows with dot product s and sizes a and b (norms
// for the weighted measures, numbers of non-zeros for the counting ones).
func (o ItemKNNOptions) value(s, a, b, columns float64) float64 {
	num, den := s, 0.0
	switch o.Similarity {
	case Cosine, Pearson, AdjustedCosine:
		den = a * b
	case AsymmetricCosine:
		if a == 0 || b == 0 {
			return 0
		}
		num, den = s*math.Pow(a/b, 1-2*o.Alpha), a*b
	case formerAsymmetric:
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
