package tree

import (
	"fmt"
	"slices"

	"github.com/aislekit/aisle/internal/check"
)

// Weights are the linear model of XGBoost's gblinear, as plain values.
type Weights struct {
	Names        []string    // of the columns, nil where the file has none
	Bias         []float64   // one an output, the base score within
	Coefficients [][]float64 // of each output, one a column
	Link         LinkKind    // makes predictions of margins
}

// ImportXGBoostLinear reads a model of the booster gblinear that XGBoost 1.7 to 3 has saved as JSON or
// UBJSON, of the objectives that ImportXGBoost covers. Errors: those of ImportXGBoost;
// ErrUnsupported for a file of trees.
func ImportXGBoostLinear(data []byte) (*Weights, error) {
	const where = "tree: ImportXGBoostLinear"
	m, err := readXGBoost(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	w, err := m.linear()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	return w, nil
}

// linear takes the weights apart: column after column, each for all outputs, and the biases behind them.
func (m *xgboost) linear() (*Weights, error) {
	if m.booster != "gblinear" {
		return nil, fmt.Errorf("booster %.40q, want gblinear: %w", m.booster, ErrUnsupported)
	}
	columns, outputs, err := m.shape()
	if err != nil {
		return nil, err
	}
	if got := len(m.weights); got%outputs != 0 || got/outputs != columns+1 {
		return nil, fmt.Errorf("weights has %d numbers for %d columns and %d outputs: %w", got, columns, outputs, check.ErrCorrupt)
	}
	base, err := m.margins(outputs)
	if err != nil {
		return nil, err
	}
	if len(m.names) > 0 {
		m.names = named(m.names)
		if err := checkNames(m.names, columns); err != nil {
			return nil, fmt.Errorf("feature_names: %w: %w", err, check.ErrCorrupt)
		}
	}
	for i, w := range m.weights {
		if !check.Finite(float64(w)) {
			return nil, fmt.Errorf("weights[%d] is %g: %w", i, w, check.ErrCorrupt)
		}
	}
	out := &Weights{Names: m.names, Link: xgboostLinks[m.objective]}
	for k := range outputs {
		// XGBoost adds the first base score to every output, also where there is one an output.
		bias := m.weights[columns*outputs+k] + float32(base[0])
		if !check.Finite(float64(bias)) {
			return nil, fmt.Errorf("base_score and bias %d sum to %g: %w", k, bias, check.ErrCorrupt)
		}
		out.Bias = append(out.Bias, float64(bias))
		c := make([]float64, columns)
		for j := range c {
			c[j] = float64(m.weights[j*outputs+k])
		}
		out.Coefficients = append(out.Coefficients, c)
	}
	return out, nil
}

// Margins appends to dst, for each row, one margin an output: the bias and the products of
// values and coefficients, added in float32 in order of the columns, where values are not missing (NaN).
// They equal XGBoost's own bit for bit. Errors: ErrEmpty for weights that are nil or none, ErrShape for rows or coefficients
// of other lengths, ErrRange for a Link that is none, ErrNotFinite for a margin beyond float32; dst comes back as it was.
func (m *Weights) Margins(dst []float64, rows [][]float64) ([]float64, error) {
	return m.margins("tree: Weights.Margins", dst, rows)
}

// margins is Margins under the name of who was called; what a caller has changed is checked.
func (m *Weights) margins(where string, dst []float64, rows [][]float64) ([]float64, error) {
	if err := check.Receiver(where, m); err != nil {
		return dst, err
	}
	if len(m.Bias) == 0 || len(m.Coefficients) == 0 {
		return dst, fmt.Errorf("%s: no weights: %w", where, ErrEmpty)
	}
	columns := len(m.Coefficients[0])
	if len(m.Coefficients) != len(m.Bias) {
		return dst, fmt.Errorf("%s: %d lists of Coefficients for %d of Bias: %w", where, len(m.Coefficients), len(m.Bias), ErrShape)
	}
	for k, c := range m.Coefficients {
		if len(c) != columns {
			return dst, fmt.Errorf("%s: Coefficients[%d] has length %d, want %d: %w", where, k, len(c), columns, ErrShape)
		}
	}
	if m.Link >= links {
		return dst, fmt.Errorf("%s: Link is %v: %w", where, m.Link, ErrRange)
	}
	for i, row := range rows {
		if len(row) != columns {
			return dst, fmt.Errorf("%s: rows[%d] has %d columns, want %d: %w", where, i, len(row), columns, ErrShape)
		}
	}
	out := slices.Grow(dst, len(rows)*len(m.Bias))
	for i, row := range rows {
		for k, c := range m.Coefficients {
			sum := float32(m.Bias[k])
			for j, x := range row {
				if x == x {
					sum += float32(float32(x) * float32(c[j]))
				}
			}
			if !check.Finite(float64(sum)) {
				return dst, fmt.Errorf("%s: rows[%d] has margin %g: %w", where, i, sum, ErrNotFinite)
			}
			out = append(out, float64(sum))
		}
	}
	return out, nil
}

// Predict is Margins through the link, within one unit in the last place of XGBoost's float32.
func (m *Weights) Predict(dst []float64, rows [][]float64) ([]float64, error) {
	out, err := m.margins("tree: Weights.Predict", dst, rows)
	if err != nil {
		return dst, err
	}
	e := Ensemble{link: m.Link, slope: 1, single: true}
	for i := len(dst); i < len(out); i += len(m.Bias) {
		e.through(out[i : i+len(m.Bias)])
	}
	return out, nil
}
