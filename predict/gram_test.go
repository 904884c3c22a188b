package predict_test

import (
	"bytes"
	"errors"
	"math"
	"testing"

	"github.com/aislekit/aisle/predict"
	"pgregory.net/rapid"
)

// TestGramProp: merging any split in any order equals one pass up to rounding,
// also far from 0, where sums of squares would lose everything.
func TestGramProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const d = 3
		var whole predict.Gram
		var shards [3]predict.Gram
		for range rapid.IntRange(8, 40).Draw(t, "rows") {
			row := make([]float64, d)
			for j := range row {
				row[j] = 1e8 + float64(rapid.IntRange(-9, 9).Draw(t, "x"))
			}
			y, w := float64(rapid.IntRange(-9, 9).Draw(t, "y")), float64(rapid.IntRange(0, 3).Draw(t, "w"))
			if whole.Add(row, y, w) != nil || shards[rapid.IntRange(0, 2).Draw(t, "shard")].Add(row, y, w) != nil {
				t.Fatal("Add")
			}
		}
		if whole.Len() == 0 {
			return
		}
		var sum predict.Gram
		for _, i := range rapid.Permutation([]int{0, 1, 2}).Draw(t, "order") {
			b, _ := shards[i].MarshalBinary()
			var back predict.Gram
			if err := back.UnmarshalBinary(b); err != nil {
				t.Fatal(err)
			}
			if err := sum.Merge(&back); err != nil {
				t.Fatal(err)
			}
		}
		a, err1 := whole.Fit(predict.LinearOptions{L2: 1})
		b, err2 := sum.Fit(predict.LinearOptions{L2: 1})
		if err1 != nil || err2 != nil || whole.Len() != sum.Len() {
			t.Fatal(err1, err2)
		}
		for j, c := range a.Coefficients() {
			if d := b.Coefficients()[j].Value - c.Value; math.Abs(d) > 1e-6 {
				t.Fatalf("coefficient %d: %v against %v", j, b.Coefficients()[j].Value, c.Value)
			}
		}
	})
	var a, b predict.Gram
	if a.Add([]float64{1}, 1, 1) != nil || b.Add([]float64{1, 2}, 1, 1) != nil {
		t.Fatal("Add")
	}
	before, _ := a.MarshalBinary()
	for name, err := range map[string]error{"itself": a.Merge(&a), "shape": a.Merge(&b)} {
		if !errors.Is(err, predict.ErrMismatch) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, c := range map[string]struct {
		row  []float64
		y, w float64
	}{"empty": {nil, 1, 1}, "shape": {[]float64{1, 2}, 1, 1}, "NaN": {[]float64{math.NaN()}, 1, 1}, "y": {[]float64{1}, math.Inf(1), 1}, "w": {[]float64{1}, 1, -1}} {
		if err := a.Add(c.row, c.y, c.w); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if after, _ := a.MarshalBinary(); !bytes.Equal(before, after) {
		t.Error("an error changed the state")
	}
	var none predict.Gram
	if _, err := none.Fit(predict.LinearOptions{}); !errors.Is(err, predict.ErrEmpty) {
		t.Error(err)
	}
	if err := a.Merge(&none); err != nil {
		t.Error(err)
	}
}
