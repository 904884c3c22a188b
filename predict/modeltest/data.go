package modeltest

import (
	"encoding/binary"
	"math"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
)

// planted draws about n rows of five columns that tell something of y: what a learner does not read is not there.
func (s *subject) planted(n int, seed uint64) Data {
	const query = 10
	r := rng.New(seed, 0x7e57, 0)
	effect := [4]float64{-1, .5, 0, 1}
	var d Data
	for i := range n / query * query {
		row := make([]float64, 5)
		for j := range row {
			row[j] = math.Round(r.Normal()*100) / 100
		}
		m := row[0] + .5*row[1] - .5*row[2]
		if s.Categorical {
			code := r.Intn(len(effect))
			row[4] = float64(code)
			m += effect[code]
		}
		if s.Missing {
			for j := 1; j < 4; j++ {
				if r.Bool(.1) {
					row[j] = math.NaN()
				}
			}
		}
		d.Rows, d.Y = append(d.Rows, row), append(d.Y, s.label(r, m))
		if s.Groups {
			d.Groups = append(d.Groups, i/query)
		}
	}
	if s.Categorical {
		d.Categorical = []int{4}
	}
	return d
}

// label draws y of a row by its margin.
func (s *subject) label(r *rng.Stream, m float64) float64 {
	switch {
	case s.Groups:
		return min(4, max(0, math.Round(m+1+.5*r.Normal())))
	case s.Classes == 2:
		if r.Bool(1 / (1 + math.Exp(-2*m))) {
			return 1
		}
		return 0
	case s.Classes > 2:
		return min(float64(s.Classes-1), max(0, math.Floor(float64(s.Classes)/2+m+.5*r.Normal())))
	case s.Counts:
		return float64(r.Poisson(math.Exp(m)))
	}
	return m + .5*r.Normal()
}

// take returns the data of the rows in order, each as often as it stands there.
func (d Data) take(order []int32) Data {
	out := Data{Categorical: d.Categorical}
	for _, i := range order {
		out.Rows, out.Y = append(out.Rows, d.Rows[i]), append(out.Y, d.Y[i])
		if d.Weights != nil {
			out.Weights = append(out.Weights, d.Weights[i])
		}
		if d.Groups != nil {
			out.Groups = append(out.Groups, d.Groups[i])
		}
	}
	return out
}

// copied returns data that share nothing with d.
func (d Data) copied() Data {
	out := Data{Y: slices.Clone(d.Y), Weights: slices.Clone(d.Weights), Groups: slices.Clone(d.Groups), Categorical: slices.Clone(d.Categorical)}
	for _, row := range d.Rows {
		out.Rows = append(out.Rows, slices.Clone(row))
	}
	return out
}

// equal compares data bit for bit.
func (d Data) equal(e Data) bool {
	return slices.EqualFunc(d.Rows, e.Rows, func(a, b []float64) bool { return slices.EqualFunc(a, b, same) }) && slices.EqualFunc(d.Y, e.Y, same) &&
		slices.EqualFunc(d.Weights, e.Weights, same) && slices.Equal(d.Groups, e.Groups) && slices.Equal(d.Categorical, e.Categorical)
}

func same(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) }

func finite(x float64) bool { return x-x == 0 }

// predict returns the predictions of rows, which there must be.
func predict(t testing.TB, m Fitted, rows [][]float64) []float64 {
	t.Helper()
	p, err := m.Predict(nil, rows)
	if err != nil {
		t.Fatalf("Predict fails: %v", err)
	}
	return p
}

// print is what tells two models apart: the bytes of the binary form, or the bits of predictions.
func (s *subject) print(t testing.TB, m Fitted) string {
	t.Helper()
	if m.State != nil {
		data, err := m.State.MarshalBinary()
		if err != nil {
			t.Fatalf("MarshalBinary fails: %v", err)
		}
		return string(data)
	}
	var out []byte
	for _, p := range predict(t, m, s.test.Rows) {
		out = binary.LittleEndian.AppendUint64(out, math.Float64bits(p))
	}
	return string(out)
}

// apart returns the largest difference of predictions as a share of their standard deviation.
func apart(a, b []float64) float64 {
	if len(a) != len(b) {
		return math.Inf(1)
	}
	mean, variance, most := 0.0, 0.0, 0.0
	for i := range a {
		mean += a[i] / float64(len(a))
		most = max(most, math.Abs(a[i]-b[i])) // NaN stays NaN
	}
	for i := range a {
		variance += (a[i] - mean) * (a[i] - mean) / float64(len(a))
	}
	if most == 0 {
		return 0
	}
	return most / math.Sqrt(variance)
}
