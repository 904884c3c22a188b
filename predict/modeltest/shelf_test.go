package modeltest_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"slices"

	"github.com/aislekit/aisle/predict/modeltest"
)

var errData = errors.New("bad data")

// marginal is a learner that does what is asked: the sum of one regression a column, on rows in an order of their
// own, with the mean of each category instead.
type marginal struct {
	Classes int
	Counts  bool
	Missing bool
	Mean    float64
	Slopes  []float64
	Codes   []map[string]float64 // by column
}

// exact is what faults change.
type exact struct {
	of       marginal
	missing  bool
	ordered  bool
	changes  func(d modeltest.Data)
	accepts  func(d modeltest.Data) bool
	forgets  bool
	monotone bool
}

func (x exact) fit(ctx context.Context, d modeltest.Data) (*marginal, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	if err := x.check(d); err != nil && (x.accepts == nil || !x.accepts(d)) {
		return nil, err
	}
	m := x.of
	m.Missing = x.missing
	n, width := min(len(d.Rows), len(d.Y)), 0
	if n > 0 {
		width = len(d.Rows[0])
	}
	weight := func(i int) float64 {
		if d.Weights == nil || x.forgets {
			return 1
		}
		return d.Weights[i]
	}
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	if !x.ordered {
		slices.SortFunc(order, func(i, j int) int {
			return cmp.Or(slices.Compare(d.Rows[i], d.Rows[j]), cmp.Compare(d.Y[i], d.Y[j]), cmp.Compare(weight(i), weight(j)))
		})
	}
	total := 0.0
	for k, i := range order {
		w := weight(i)
		if x.ordered {
			w *= 1 + float64(k)/100
		}
		total += w
		m.Mean += w * d.Y[i]
	}
	m.Mean /= total
	m.Slopes, m.Codes = make([]float64, width), make([]map[string]float64, width)
	for j := range width {
		if slices.Contains(d.Categorical, j) {
			m.Codes[j] = map[string]float64{}
			held := map[string]float64{}
			for _, i := range order {
				code := fmt.Sprint(d.Rows[i][j])
				held[code] += weight(i)
				m.Codes[j][code] += weight(i) * (d.Y[i] - m.Mean)
			}
			for code := range held {
				m.Codes[j][code] /= held[code] + 1
			}
			continue
		}
		xy, xx := 0.0, 1e-9
		for _, i := range order {
			if v := d.Rows[i][j]; v == v {
				xy += weight(i) * v * (d.Y[i] - m.Mean)
				xx += weight(i) * v * v
			}
		}
		if m.Slopes[j] = xy / xx; j == 0 && x.monotone {
			m.Slopes[j] = max(m.Slopes[j], 0)
		}
	}
	if x.changes != nil {
		x.changes(d)
	}
	return &m, nil
}

func (x exact) check(d modeltest.Data) error {
	if len(d.Rows) == 0 || len(d.Y) != len(d.Rows) || d.Weights != nil && len(d.Weights) != len(d.Rows) {
		return errData
	}
	for i, row := range d.Rows {
		if len(row) != len(d.Rows[0]) || d.Y[i]-d.Y[i] != 0 {
			return errData
		}
		if x.of.Classes > 0 && d.Y[i] != math.Trunc(d.Y[i]) || (x.of.Classes > 0 || x.of.Counts) && d.Y[i] < 0 {
			return errData
		}
		for _, v := range row {
			if math.IsInf(v, 0) || v != v && !x.missing {
				return errData
			}
		}
	}
	for _, w := range d.Weights {
		if !(w >= 0) || math.IsInf(w, 0) {
			return errData
		}
	}
	return nil
}

func (m *marginal) Predict(dst []float64, rows [][]float64) ([]float64, error) {
	out := dst
	for _, row := range rows {
		if len(row) != len(m.Slopes) {
			return dst, errData
		}
		p := m.Mean
		for j, v := range row {
			if m.Codes[j] != nil {
				p += m.Codes[j][fmt.Sprint(v)]
			} else if v == v || !m.Missing {
				p += m.Slopes[j] * v
			}
		}
		switch {
		case m.Classes == 2:
			p = 1 / (1 + math.Exp(-4*(p-.5)))
		case m.Counts:
			p = max(p, 0)
		}
		if m.Classes < 3 {
			out = append(out, p)
			continue
		}
		sum := 0.0
		for c := range m.Classes {
			sum += math.Exp(-(p - float64(c)) * (p - float64(c)))
		}
		for c := range m.Classes {
			out = append(out, math.Exp(-(p-float64(c))*(p-float64(c)))/sum)
		}
	}
	return out, nil
}

func (m *marginal) MarshalBinary() ([]byte, error) {
	data, err := json.Marshal(m)
	return fmt.Appendf(data, "%08x", crc32.ChecksumIEEE(data)), err
}

func decode(data []byte) (*marginal, error) {
	k := len(data) - 8
	if k < 0 || fmt.Sprintf("%08x", crc32.ChecksumIEEE(data[:k])) != string(data[k:]) {
		return nil, errData
	}
	m := new(marginal)
	return m, json.Unmarshal(data[:k], m)
}

func fitted(m *marginal, err error) (modeltest.Fitted, error) {
	if err != nil {
		return modeltest.Fitted{}, err
	}
	return modeltest.Fitted{Predict: m.Predict, State: m}, nil
}

func (x exact) caseOf() modeltest.Case {
	return modeltest.Case{
		Fit:     func(ctx context.Context, d modeltest.Data) (modeltest.Fitted, error) { return fitted(x.fit(ctx, d)) },
		Decode:  func(data []byte) (modeltest.Fitted, error) { return fitted(decode(data)) },
		Classes: x.of.Classes, Counts: x.of.Counts, Missing: x.missing, Weighted: 1e-9, Monotone: x.monotone, Ordered: x.ordered,
	}
}
