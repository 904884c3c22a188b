package predict

import (
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
)

// BayesModel answers which class a row is of by naive Bayes: as if the columns, within a class, were independent. It is
// immutable and safe for concurrent use. NaiveBayes.Result and FitNaiveBayes make it; the zero value answers every call with
// an error, except UnmarshalBinary.
type BayesModel struct {
	sums   *NaiveBayes // what it was made from; never changed
	prior  []float64   // logarithms
	first  []float64   // classes×columns: mean, logarithm of the share or of the probability of not 0
	second []float64   // classes×columns: variance, or logarithm of the probability of 0
	base   []float64   // of the logarithms of the normal densities, by class
	levels [][]float64 // logarithms, by column levels×classes
}

// Result returns the model of the rows added so far, and leaves b as it is. Errors: ErrEmpty without rows, ErrUndefined for a
// class without a row and where normal columns do not vary at all, ErrOverflow where counts, with Alpha, or variances, with Smoothing, leave the range.
func (b *NaiveBayes) Result() (*BayesModel, error) {
	const where = "predict: NaiveBayes.Result"
	if b == nil || b.rows == 0 {
		return nil, fmt.Errorf("%s: no rows: %w", where, ErrEmpty)
	}
	m := &BayesModel{sums: b.clone(), prior: make([]float64, b.classes), base: make([]float64, b.classes), levels: make([][]float64, len(b.levels))}
	m.first, m.second = make([]float64, len(b.first)), make([]float64, len(b.second))
	total := 0.0
	for _, w := range b.weight {
		total += w
	}
	noise := b.smoothing * b.widest(total)
	for y, w := range b.weight {
		if !(w > 0) {
			return nil, fmt.Errorf("%s: class %d has no rows: %w", where, y, ErrUndefined)
		}
		m.prior[y] = math.Log(w) - math.Log(total)
		if b.priors != nil {
			m.prior[y] = math.Log(b.priors[y])
		}
		if err := m.class(y, noise); err != nil {
			return nil, fmt.Errorf("%s: %w", where, err)
		}
	}
	for j, counts := range b.levels {
		if b.laws[j] != bayesLevels {
			continue
		}
		m.levels[j] = make([]float64, len(counts))
		for y := range b.classes {
			sum := b.alpha * float64(len(counts)/b.classes)
			for at := y; at < len(counts); at += b.classes {
				sum += counts[at]
			}
			for at := y; at < len(counts); at += b.classes {
				m.levels[j][at] = math.Log(counts[at]+b.alpha) - math.Log(sum)
			}
		}
	}
	if !m.finite() {
		return nil, fmt.Errorf("%s: counts with Alpha, or variances with Smoothing: %w", where, ErrOverflow)
	}
	return m, nil
}

// clone copies what Add changes.
func (b *NaiveBayes) clone() *NaiveBayes {
	c := *b
	c.weight, c.first, c.second, c.levels = slices.Clone(b.weight), slices.Clone(b.first), slices.Clone(b.second), slices.Clone(b.levels)
	for j, l := range c.levels {
		c.levels[j] = slices.Clone(l)
	}
	return &c
}

// widest is the largest variance of a normal column over the rows of all classes.
func (b *NaiveBayes) widest(total float64) float64 {
	most := 0.0
	for j, law := range b.laws {
		if law != bayesNormal {
			continue
		}
		mean, square, weight := 0.0, 0.0, 0.0
		for y, w := range b.weight {
			if w == 0 {
				continue
			}
			d := b.first[y*b.schema.n+j] - mean
			f := weight / (weight + w)
			weight += w
			mean += d * (w / weight)
			square += b.second[y*b.schema.n+j] + w*f*d*d
		}
		most = math.Max(most, square/total)
	}
	return most
}

// class fills the parameters of one class.
func (m *BayesModel) class(y int, noise float64) error {
	b := m.sums
	sum, n := 0.0, 0
	for j, law := range b.laws {
		if law == bayesCount {
			sum += b.first[y*b.schema.n+j]
			n++
		}
	}
	sum += b.alpha * float64(n)
	for j, law := range b.laws {
		at := y*b.schema.n + j
		switch law {
		case bayesNormal:
			v := math.Max(0, b.second[at])/b.weight[y] + noise
			if !(v > 0) || !check.Finite(1/v) {
				return fmt.Errorf("column %d does not vary in class %d: leave it out, or set Smoothing: %w", j, y, ErrUndefined)
			}
			m.first[at], m.second[at] = b.first[at], v
			m.base[y] -= .5 * math.Log(2*math.Pi*v)
		case bayesCount:
			m.first[at] = math.Log(b.first[at]+b.alpha) - math.Log(sum)
		case bayesBinary:
			all := math.Log(b.weight[y] + 2*b.alpha)
			m.first[at] = math.Log(b.first[at]+b.alpha) - all
			m.second[at] = math.Log(math.Max(0, b.weight[y]-b.first[at])+b.alpha) - all
		}
	}
	return nil
}

func (m *BayesModel) fitted() bool { return m != nil && m.sums != nil }

// Classes returns the number of classes.
func (m *BayesModel) Classes() int {
	if !m.fitted() {
		return 0
	}
	return m.sums.classes
}

// Columns returns the number of columns the model expects.
func (m *BayesModel) Columns() int { return m.Schema().Len() }

// Schema returns the columns of the model, nil for one that was not fitted.
func (m *BayesModel) Schema() *Schema {
	if !m.fitted() {
		return nil
	}
	s := m.sums.schema
	return &s
}

// Bind finds the columns of the model among the caller's, as Schema.Bind does, with its
// errors. Bound.Append of a row appends its probabilities.
func (m *BayesModel) Bind(columns []Column) (*Bound, error) {
	return m.Schema().bindAll("predict: BayesModel.Bind", columns, func(dst, row []float64) []float64 {
		at := len(dst)
		dst = m.scores(dst, row)
		softmaxOf(dst[at:])
		return dst
	})
}

// scores appends the logarithm of prior times likelihood of each class.
func (m *BayesModel) scores(dst, row []float64) []float64 {
	d := len(row)
	for y, s := range m.prior {
		s += m.base[y]
		for j, v := range row {
			at := y*d + j
			switch m.sums.laws[j] {
			case bayesNormal:
				e := v - m.first[at]
				s -= .5 * e * e / m.second[at]
			case bayesCount:
				s += v * m.first[at]
			case bayesBinary:
				if v != 0 {
					s += m.first[at]
				} else {
					s += m.second[at]
				}
			case bayesLevels:
				if l := m.levels[j]; v >= 0 && v < float64(len(l)/len(m.prior)) {
					s += l[int(v)*len(m.prior)+y]
				}
			}
		}
		dst = append(dst, s)
	}
	return dst
}

// Score appends the logarithm of prior times likelihood of each class of each row to dst, Classes numbers a row. A NaN
// of a categorical column, and a code that was never added, say nothing. On an error, ErrShape, ErrNotFinite or ErrRange naming the row, ErrEmpty for a
// model that was not fitted, it returns dst as given. It allocates nothing where dst has room.
func (m *BayesModel) Score(dst []float64, rows [][]float64) ([]float64, error) {
	return m.each("predict: BayesModel.Score", dst, rows, itself)
}

// Prob appends the probabilities of the classes of each row to dst, Classes numbers a row, which add up to 1. They rank well and are
// too sure, for columns are not independent: calibrate them before use. Otherwise it is like Score.
func (m *BayesModel) Prob(dst []float64, rows [][]float64) ([]float64, error) {
	return m.each("predict: BayesModel.Prob", dst, rows, softmaxed)
}

// Predict appends the most probable class of each row to dst, the lowest of equal ones. Otherwise it is like
// Score, but for one slice.
func (m *BayesModel) Predict(dst []int, rows [][]float64) ([]int, error) {
	out := dst
	if _, err := m.each("predict: BayesModel.Predict", make([]float64, 0, m.Classes()), rows, func(z []float64) []float64 {
		out = append(out, mostProbable(z))
		return nil
	}); err != nil {
		return dst, err
	}
	return out, nil
}

// each appends what of makes of the scores of each row.
func (m *BayesModel) each(where string, dst []float64, rows [][]float64, of func(z []float64) []float64) ([]float64, error) {
	if !m.fitted() {
		return dst, notFitted(where)
	}
	out := dst
	for i, row := range rows {
		if len(row) != m.sums.schema.n {
			return dst, fmt.Errorf("%s: rows[%d]: %d columns, want %d: %w", where, i, len(row), m.sums.schema.n, ErrShape)
		}
		for j, v := range row {
			if err := m.sums.check(j, v); err != nil {
				return dst, fmt.Errorf("%s: rows[%d]: %w", where, i, err)
			}
		}
		at := len(out)
		out = m.scores(out, row)
		if err := check.Slice("score", out[at:]); err != nil {
			return dst, fmt.Errorf("%s: rows[%d]: %w", where, i, err)
		}
		out = append(out[:at], of(out[at:])...)
	}
	return out, nil
}
