package online_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/online"
)

// What Learn returns, and Progressive adds up, is what a server that stores a snapshot after each example would have answered:
// of numbers beyond all before, too.
func TestServed(t *testing.T) {
	s := small(10)
	for name, m := range map[string]online.Learner{
		"ftrl": get(online.NewFTRL(s, online.FTRLOptions{})), "unscaled": get(online.NewFTRL(s, online.FTRLOptions{NoScale: true})),
		"squared": get(online.NewFTRL(s, online.FTRLOptions{Loss: online.Squared})), "negatives": get(online.NewFTRL(s, online.FTRLOptions{Negatives: .5})),
		"fm": get(online.NewFM(s, online.FMOptions{Normalize: true})), "fieldfm": get(online.NewFieldFM(s, online.FMOptions{})),
	} {
		r, row, loss, wider := rand.New(rand.NewPCG(7, 1)), s.Row(), 0.0, 0
		top := 0.0
		for k := range 500 {
			row.Reset()
			row.Add("user", fmt.Sprint(r.IntN(9)), 1)
			price := math.Exp(r.NormFloat64())
			if top < price {
				top = price
				wider++
			}
			row.Add("ad", "price", price)
			y := float64(k % 2)
			p, served := get(m.Predict(row)), get(m.Snapshot().Predict(row))
			if told := get(m.Learn(row, y, 1)); told != p || math.Abs(served-p) > 1e-5*(1+math.Abs(p)) {
				t.Fatalf("%s: example %d: Learn tells %v, Predict %v, the snapshot %v", name, k, told, p, served)
			}
			if name == "squared" {
				loss += (p - y) * (p - y)
			} else {
				loss += truthLoss(y, p)
			}
		}
		testkit.Near(t, name, m.Progressive().Loss, loss, 1e-6*(1+loss))
		if wider < 3 {
			t.Fatalf("%d prices are beyond all before", wider)
		}
	}
}

// A cross of two amounts may be the square of what a value may be; what learnt it can be stored.
func TestLargeCrosses(t *testing.T) {
	s := get(online.NewSpace(online.SpaceOptions{Bits: 6, Namespaces: []string{"a", "b"}, Crosses: [][2]string{{"a", "b"}}}))
	m, row := get(online.NewFTRL(s, online.FTRLOptions{})), s.Row()
	row.Add("a", "x", 1e9)
	row.Add("b", "y", -1e9)
	for range 3 {
		get(m.Learn(row, 1, 1))
	}
	var again online.FTRL
	must(again.UnmarshalBinary(get(m.MarshalBinary())))
	if a, b := get(m.Predict(row)), get(again.Predict(row)); a != b {
		t.Errorf("decoded %v, was %v", b, a)
	}
}

// Values too small for the float32 of weights are none, and what is next to them is served all the same.
func TestSmallValues(t *testing.T) {
	s := get(online.NewSpace(online.SpaceOptions{Bits: 6, Namespaces: []string{"a", "b"}, Crosses: [][2]string{{"a", "b"}}}))
	plain := get(online.NewSpace(online.SpaceOptions{Bits: 6, Namespaces: []string{"a", "b"}}))
	for name, m := range map[string]online.Learner{
		"ftrl": get(online.NewFTRL(s, online.FTRLOptions{})), "fm": get(online.NewFM(plain, online.FMOptions{Normalize: true})),
		"fieldfm": get(online.NewFieldFM(plain, online.FMOptions{})),
	} {
		for _, v := range []float64{5e-324, 1e-300, 1e-160, 1e-40, 1e-20, 1.1e-12, -1.1e-12} {
			row := m.Space().Row()
			row.Add("a", "x", v)
			row.Add("b", "y", v)
			for range 20 {
				get(m.Learn(row, 1, 1))
			}
			p, served := get(m.Predict(row)), get(m.Snapshot().Predict(row))
			if math.Abs(p-served) > 1e-5 || !(p > .5) {
				t.Errorf("%s: value %v: %v, served %v", name, v, p, served)
			}
			var again online.Snapshot
			must(again.UnmarshalBinary(get(m.Snapshot().MarshalBinary())))
		}
	}
}

// Rows of weight 0 are as good as not there: they do not move the order of others.
func TestAbsentRows(t *testing.T) {
	s := small(8)
	r := rand.New(rand.NewPCG(3, 3))
	var with, without online.Rows
	for k := range 60 {
		row := s.Row()
		row.Add("user", fmt.Sprint(r.IntN(6)), 1)
		row.Add("ad", fmt.Sprint(r.IntN(6)), 1)
		y, weight := float64(r.IntN(2)), float64(k%4)
		must(with.Add(row, y, weight))
		if weight > 0 {
			must(without.Add(row, y, weight))
		}
	}
	for _, inOrder := range []bool{false, true} {
		a, b := get(online.NewFM(s, online.FMOptions{})), get(online.NewFM(s, online.FMOptions{}))
		get(online.Fit(bg, a, &with, nil, online.FitOptions{Epochs: 3, InOrder: inOrder}))
		get(online.Fit(bg, b, &without, nil, online.FitOptions{Epochs: 3, InOrder: inOrder}))
		if !sameBytes(a, b) {
			t.Errorf("in order %v: rows of weight 0 make another model", inOrder)
		}
	}
}

// A machine of one field would be one that its own frame cannot hold.
func TestOneNamespace(t *testing.T) {
	for _, opt := range []online.SpaceOptions{{Bits: 4}, {Bits: 4, Namespaces: []string{"user"}}} {
		if m, err := online.NewFieldFM(get(online.NewSpace(opt)), online.FMOptions{}); !errors.Is(err, online.ErrOption) {
			t.Errorf("%v: %v, %v", opt, m, err)
		}
	}
	if _, err := online.NewFTRL(small(4), online.FTRLOptions{Alpha: 1e-320}); !errors.Is(err, online.ErrOption) {
		t.Errorf("a rate that no number has: %v", err)
	}
	far := small(4).Row()
	far.Add("user", "u", 1e9)
	_, err := get(online.NewFM(small(4), online.FMOptions{})).Learn(far, 1, 1e9)
	if !errors.Is(err, online.ErrDiverged) {
		t.Errorf("a step that leaves float32: %v", err)
	}
}

// A decoder looks at no more names than a space may have, where comparing each with each would take minutes, and promises no weights that
// 32 bits cannot count.
func TestHostileSpaces(t *testing.T) {
	frame := func(bits, names, crosses int, rest func(w *codec.Writer)) []byte {
		var w codec.Writer
		w.Int(bits)
		w.Uint64(1)
		list := make([]string, names)
		for i := range list {
			list[i] = fmt.Sprint(i)
		}
		w.Strings(list)
		w.Int(crosses)
		for i := range crosses {
			w.Int(i % names)
			w.Int(names - 1)
		}
		w.Int(0) // loss
		w.Float64(0)
		rest(&w)
		return w.AppendFrame(nil, codec.KindOnlineSnapshot, 1)
	}
	weights := func(factors, fields, numbers int) func(w *codec.Writer) {
		return func(w *codec.Writer) {
			w.Int(factors)
			w.Int(fields)
			w.Bool(false)
			w.Float32s(make([]float32, numbers))
		}
	}
	var s online.Snapshot
	must(s.UnmarshalBinary(frame(3, 5, 5, weights(0, 0, 8))))
	for name, data := range map[string][]byte{
		"names":         frame(3, 500_000, 0, weights(0, 0, 8)),
		"crosses":       frame(3, 5, 500_000, weights(0, 0, 8)),
		"crosses twice": frame(3, 5, 6, weights(0, 0, 8)),
		"2^32 numbers":  frame(28, 5, 0, weights(3, 5, 0)),
	} {
		if err := s.UnmarshalBinary(data); !errors.Is(err, online.ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Fit looks at its context often, where a row is dear, too.
func TestCancels(t *testing.T) {
	wide := get(online.NewSpace(online.SpaceOptions{Bits: 8, Namespaces: []string{"a", "b"}}))
	fit := func(features, rows int, make func() online.Learner) func(ctx context.Context, size int) error {
		return func(ctx context.Context, size int) error {
			var x online.Rows
			row := wide.Row()
			for k := range rows * size {
				row.Reset()
				for j := range features {
					row.Add("a", fmt.Sprint(j), 1)
				}
				row.Add("b", fmt.Sprint(k%50), 1)
				must(x.Add(row, float64(k%2), 1))
			}
			testkit.Start(ctx)
			_, err := online.Fit(ctx, make(), &x, &x, online.FitOptions{Epochs: 1})
			return err
		}
	}
	testkit.Cancels(t, []testkit.Cancel{
		{Name: "online.Fit, FTRL", Looks: 5, Do: fit(10, 20_000, func() online.Learner { return get(online.NewFTRL(wide, online.FTRLOptions{})) })},
		{Name: "online.Fit, FM", Looks: 5, Do: fit(20, 2000, func() online.Learner { return get(online.NewFM(wide, online.FMOptions{Factors: 64})) })},
		{Name: "online.Fit, field-aware FM", Looks: 5, Do: fit(60, 30, func() online.Learner { return get(online.NewFieldFM(wide, online.FMOptions{Factors: 32})) })},
	})
}

// A basket of a visitor's making does not cross itself beyond measure; the row serves on when it is filled anew.
func TestManyCrosses(t *testing.T) {
	s := get(online.NewSpace(online.SpaceOptions{Bits: 4, Namespaces: []string{"item"}, Crosses: [][2]string{{"item", "item"}}}))
	m, row := get(online.NewFTRL(s, online.FTRLOptions{})), s.Row()
	fill := func(n int) {
		row.Reset()
		for k := range n {
			row.Add("item", fmt.Sprint(k), 1)
		}
	}
	fill(1448) // 1448·1447/2 = 1,047,628
	get(m.Predict(row))
	fill(1449)
	for range 2 {
		if p, err := m.Predict(row); !errors.Is(err, online.ErrRange) || row.Len() != 1449 {
			t.Errorf("%v, %v, %d features", p, err, row.Len())
		}
	}
	fill(3)
	get(m.Predict(row))
	if row.Len() != 6 {
		t.Errorf("%d features, want 3 and 3 crosses", row.Len())
	}
}
