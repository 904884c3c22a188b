package predict

import (
	"context"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
)

// TestMLPGradient: the slopes of the loss are those of finite differences, for amounts and classes, of weights, constants and embeddings.
func TestMLPGradient(t *testing.T) {
	s := rng.New(3, 1, 0)
	columns := append(Numbers("a", "b"), Column{Name: "id", Kind: Categorical}, Column{Name: "shop", Kind: Categorical, Levels: []string{"x", "y"}})
	for _, classes := range []int{0, 3} {
		var rows [][]float64
		var y []float64
		for i := range 12 {
			rows = append(rows, []float64{s.Normal(), 3 * s.Normal(), float64(i % 5), float64(i % 2)})
			y = append(y, float64(i%3))
		}
		rows[3][2] = math.NaN() // an id that is not known
		opt := MLPOptions{Columns: columns, Classes: classes, Hidden: []int{6, 4}, Embedding: 3, Validation: -1, Seed: 5}.withDefaults()
		m, kept, err := newMLP("", rows, y, opt)
		if err != nil {
			t.Fatal(err)
		}
		tr, err := m.trainer(context.Background(), "", rows, y, kept, opt)
		if err != nil {
			t.Fatal(err)
		}
		for i := range m.params { // away from 0, where the units have a corner
			m.params[i] += .05 * s.Normal()
		}
		loss := func() (sum float64) {
			for i, row := range rows {
				m.forward(tr.pass, row)
				sum += float64(i+1) * m.lossOf(tr.pass, y[i], tr.offset(i))
			}
			return sum
		}
		for i, row := range rows {
			m.forward(tr.pass, row)
			m.lossOf(tr.pass, y[i], tr.offset(i))
			m.backward(tr.pass, float64(i+1), tr.grad, nil)
		}
		const h = 1e-6
		for i := range m.params {
			old := m.params[i]
			m.params[i] = old + h
			up := loss()
			m.params[i] = old - h
			down := loss()
			m.params[i] = old
			if want := (up - down) / (2 * h); math.Abs(want-tr.grad[i]) > 1e-5*(1+math.Abs(want)) {
				t.Errorf("classes %d, parameter %d of %d: slope %v, finite differences have %v", classes, i, len(m.params), tr.grad[i], want)
			}
		}
	}
}
