package recommend

import (
	"math"

	"github.com/aislekit/aisle/internal/sparse"
)

// Weighting says what becomes of the weights before similarities are taken.
// Rows are the things compared ("documents"), columns what they have in common
// ("terms"); rows without entries count neither in N nor in the mean. The zero Weighting leaves the choice to the model, as its options say.
type Weighting int

const (
	_          Weighting = iota // what the options say
	Unweighted                  // as they are
	Binary                      // 1 each
	TFIDF                       // √w · ln(N/(1+dⱼ)), dⱼ the number of rows of column j, N the number of rows
	BM25                        // w(k₁+1)/(k₁·L + w) · ln(N/(1+dⱼ)), L = 1-b + b·(row sum / mean row sum)
)

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
	rows := float64(rowsOf(m))
	for c, d := range idf {
		idf[c] = math.Log(rows) - math.Log1p(d)
	}
	mean := 0.0
	for _, v := range m.Val {
		mean += float64(v)
	}
	mean /= rows
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
