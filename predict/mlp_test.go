package predict_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/predict"
)

// shops are rows of an id of many levels, each with an effect of its own, and a number.
func shops(n, levels int, seed uint64) (rows [][]float64, y []float64) {
	s, effects := rng.New(seed, 1, 0), rng.New(1, 2, 0)
	effect := make([]float64, levels)
	for i := range effect {
		effect[i] = effects.Normal()
	}
	for range n {
		id, x := s.Intn(levels), s.Normal()
		rows = append(rows, []float64{x, float64(id)})
		y = append(y, effect[id]+math.Abs(x)+.1*s.Normal())
	}
	return rows, y
}

// TestMLPLearns: what depends on an id of 200 levels, and on a number not along a line, is learned; the same rows in the same order are the same
// bytes, and codes that are new are answered.
func TestMLPLearns(t *testing.T) {
	ctx := context.Background()
	rows, y := shops(4000, 200, 1)
	columns := append(predict.Numbers("x"), predict.Column{Name: "id", Kind: predict.Categorical})
	opt := predict.MLPOptions{Columns: columns, Epochs: 30, Seed: 7}
	m := promised(predict.FitMLP(ctx, rows, y, opt))
	test, want := shops(1000, 200, 2)
	got := promised(m.Predict(nil, test))
	sum, all, mean := 0.0, 0.0, 0.0
	for _, v := range want {
		mean += v / float64(len(want))
	}
	for i, v := range want {
		sum += (got[i] - v) * (got[i] - v)
		all += (v - mean) * (v - mean)
	}
	if share := sum / all; share > .1 {
		t.Errorf("%.3f of the variance is left", share)
	}
	if again := promised(predict.FitMLP(ctx, rows, y, opt)); !slices.Equal(promised(m.MarshalBinary()), promised(again.MarshalBinary())) {
		t.Error("the same rows give other bytes")
	}
	fresh := promised(m.Predict(nil, [][]float64{{0, 1e6}, {0, math.NaN()}, {0, 1.5}}))
	if fresh[0] != fresh[1] || fresh[1] != fresh[2] {
		t.Errorf("new ids: %v", fresh)
	}
	if m.Epochs() > 30 || !(m.Loss() < .1) {
		t.Errorf("%d epochs, loss %v", m.Epochs(), m.Loss())
	}
}

func TestMLPRefuses(t *testing.T) {
	rows, y := [][]float64{{1}, {2}, {3}}, []float64{0, 1, 0}
	for name, c := range map[string]struct {
		rows [][]float64
		opt  predict.MLPOptions
		is   error
	}{
		"no rows":        {nil, predict.MLPOptions{}, predict.ErrEmpty},
		"nothing held":   {rows, predict.MLPOptions{}, predict.ErrUndefined},
		"a layer of 0":   {rows, predict.MLPOptions{Hidden: []int{0}}, predict.ErrOption},
		"NaN":            {[][]float64{{1}, {math.NaN()}, {2}}, predict.MLPOptions{}, predict.ErrNotFinite},
		"a code of 1.5":  {[][]float64{{1}, {1.5}, {2}}, predict.MLPOptions{Columns: []predict.Column{{Name: "id", Kind: predict.Categorical}}}, predict.ErrRange},
		"class weights":  {rows, predict.MLPOptions{ClassWeights: []float64{1, 2}}, predict.ErrOption},
		"balance":        {rows, predict.MLPOptions{Balanced: true}, predict.ErrOption},
		"offset":         {rows, predict.MLPOptions{Classes: 2, Offset: []float64{1, 2, 3}}, predict.ErrShape},
		"two validation": {rows, predict.MLPOptions{Validation: 1}, predict.ErrOption},
	} {
		n := len(c.rows)
		if _, err := predict.FitMLP(context.Background(), c.rows, y[:n], c.opt); !errors.Is(err, c.is) {
			t.Errorf("%s: %v, want %v", name, err, c.is)
		}
	}
}

// Class weights are weights of rows, balance is those of equal mass, and offsets of amounts are taken off them.
func TestMLPWeights(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var rows [][]float64
	var y, amounts, weights, balance, offset []float64
	for range 120 {
		x, c := r.NormFloat64(), float64(min(2, r.IntN(5)))
		rows, y, amounts = append(rows, []float64{x}), append(y, c), append(amounts, x+c)
		weights, offset = append(weights, float64(1+r.IntN(3))), append(offset, c)
	}
	mass := [3]float64{}
	for i, c := range y {
		mass[int(c)] += weights[i]
	}
	own := make([]float64, len(y))
	for i, c := range y {
		balance = append(balance, weights[i]*((mass[0]+mass[1]+mass[2])/(3*mass[int(c)])))
		own[i] = weights[i] * []float64{1, 4, 1}[int(c)]
	}
	fit := func(y []float64, opt predict.MLPOptions) []byte {
		opt.Epochs, opt.Hidden = 3, []int{3}
		return promised(promised(predict.FitMLP(context.Background(), rows, y, opt)).MarshalBinary())
	}
	same := func(name string, a, b []byte) {
		if !slices.Equal(a, b) {
			t.Errorf("%s: another model", name)
		}
	}
	same("class weights", fit(y, predict.MLPOptions{Classes: 3, Weights: weights, ClassWeights: []float64{0, 4, 1}}), fit(y, predict.MLPOptions{Classes: 3, Weights: own}))
	same("balance", fit(y, predict.MLPOptions{Classes: 3, Weights: weights, Balanced: true}), fit(y, predict.MLPOptions{Classes: 3, Weights: balance}))
	rest := make([]float64, len(y))
	for i := range rest {
		rest[i] = amounts[i] - offset[i]
	}
	same("offset", fit(amounts, predict.MLPOptions{Offset: offset}), fit(rest, predict.MLPOptions{}))
	// Log-odds that tell each class leave the network nothing to say.
	told := make([]float64, 3*len(y))
	for i, c := range y {
		told[3*i+int(c)] = 40
	}
	m := promised(predict.FitMLP(context.Background(), rows, y, predict.MLPOptions{Classes: 3, Offset: told, Epochs: 2}))
	if !(m.Loss() < 1e-9) {
		t.Errorf("loss %v beside offsets that know", m.Loss())
	}
}

// Purchases by product, of which there may be a hundred thousand: each has an embedding.
func ExampleFitMLP() {
	var rows [][]float64
	var bought []float64
	for i := range 400 {
		product, price := i%8, float64(i/8%10)
		rows = append(rows, []float64{price, float64(product)})
		if bought = append(bought, 0); product < 4 && price < 5 {
			bought[i] = 1
		}
	}
	var m *predict.MLP
	m, err := predict.FitMLP(context.Background(), rows, bought, predict.MLPOptions{
		Classes: 2, Columns: append(predict.Numbers("price"), predict.Column{Name: "product", Kind: predict.Categorical}), Embedding: 4, Seed: 1,
	})
	if err != nil {
		panic(err)
	}
	class, err := m.Predict(nil, [][]float64{{1, 2}, {8, 2}, {1, 6}})
	fmt.Println(class, err)
	// Output:
	// [1 0 0] <nil>
}
