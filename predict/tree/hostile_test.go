package tree_test

import (
	"errors"
	"math"
	"runtime"
	"testing"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/predict/tree"
)

// TestFrameWideSchema: a short frame whose schema has millions of columns, of which it says nothing, is refused before there
// are names for them.
func TestFrameWideSchema(t *testing.T) {
	const columns = 1 << 24
	var s codec.Writer
	s.Int(columns)
	s.Strings(nil)
	s.Bytes(nil)
	s.Uint64(rng.Hash(0x5c3a, columns))
	var w codec.Writer
	w.Int(columns)
	w.Bytes(s.AppendFrame(nil, codec.KindModelSchema, 1))
	w.Int(0)
	w.Float64s([]float64{.5})
	w.Int(0)
	w.Float64(1)
	w.Bool(false)
	w.Bool(false)
	w.Int(1)
	w.Int32s([]int32{0})
	w.Int32s([]int32{-1})
	w.Bytes(nil)
	w.Float64s(nil)
	w.Int32s(nil)
	w.Int32s(nil)
	for range 4 {
		w.Float64s([]float64{0})
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	err := new(tree.Ensemble).UnmarshalBinary(w.AppendFrame(nil, codec.KindEnsemble, 2))
	runtime.ReadMemStats(&after)
	if grown := after.TotalAlloc - before.TotalAlloc; !errors.Is(err, check.ErrCorrupt) || grown > 1<<20 {
		t.Errorf("%v, %d bytes", err, grown)
	}
}

// TestAnswersOfFarCodes: one code of 2²⁶−1 beside splits whose answers would have more bytes than an int of 32 bits counts (this test
// is for GOARCH=386, too): the sets are asked.
func TestAnswersOfFarCodes(t *testing.T) {
	far := make([]uint32, 1<<21)
	far[len(far)-1] = 1 << 31
	var trees [][]tree.Node
	for k := range 256 { // as many splits
		set := []uint32{1 << (k % 32)}
		if k == 0 {
			set = far
		}
		trees = append(trees, []tree.Node{
			{Column: 0, Categories: set, Left: 1, Right: 2}, {Column: -1, Values: []float64{1}}, {Column: -1, Values: []float64{0}},
		})
	}
	m := must(tree.Assemble(trees, tree.AssembleOptions{}))
	for code, want := range map[float64]float64{1<<26 - 1: 1, 0: 7, 5: 8, 40: 0, math.NaN(): 0} {
		if got := must(m.Margins(nil, [][]float64{{code}}))[0]; got != want {
			t.Errorf("code %g is in %g sets, want %g", code, got, want)
		}
	}
}

// TestBoostCategoryScales: labels in whatever unit sort their categories, also where no float32 holds their slopes: the second split of a
// side is by the order of levels whose signs are the same.
func TestBoostCategoryScales(t *testing.T) {
	r := rng.New(3, 0, 0)
	means := []float64{4, -1, -4, 1, 4, -4, 1, -1, -4, 4, -1, 1}
	rows, units := make([][]float64, 1200), make([]float64, 1200)
	for i := range rows {
		rows[i] = []float64{float64(i % 12)}
		units[i] = means[i%12] + r.Normal()/10
	}
	for _, scale := range []float64{1e-60, 1e-40, 1, 1e29} {
		y := make([]float64, len(units))
		for i := range y {
			y[i] = scale * units[i]
		}
		m := must(tree.FitBoost(bg, rows, y, tree.BoostOptions{Loss: tree.LossSquared, Iterations: 1, Leaves: 4, LearningRate: 1, L2: -1, Categorical: []int{0}}))
		for i, p := range must(m.Margins(nil, rows[:12])) {
			if math.Abs(p/scale-means[i]) > .1 {
				t.Errorf("scale %g: category %d has %g, its labels are about %g", scale, i, p/scale, means[i])
			}
		}
	}
}
