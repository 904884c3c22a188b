package feature_test

import (
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/profile/feature"
)

type (
	field = testkit.Field
	puts  = []func(w *codec.Writer)
)

func on(name string, put func(*codec.Writer)) field { return field{Name: name, Put: put} }

func i64(x int64) func(*codec.Writer)   { return func(w *codec.Writer) { w.Int64(x) } }
func f64(x float64) func(*codec.Writer) { return func(w *codec.Writer) { w.Float64(x) } }
func str(x string) func(*codec.Writer)  { return func(w *codec.Writer) { w.String(x) } }
func yes(x bool) func(*codec.Writer)    { return func(w *codec.Writer) { w.Bool(x) } }

func list(xs ...float64) func(*codec.Writer) { return func(w *codec.Writer) { w.Float64s(xs) } }

func names(xs ...string) func(*codec.Writer) { return func(w *codec.Writer) { w.Strings(xs) } }

func TestColumnsRefuses(t *testing.T) {
	nan := math.NaN()
	decode := func(data []byte) error { return new(feature.Columns).UnmarshalBinary(data) }
	testkit.Payload{Kind: codec.KindColumns, Decode: decode, Fields: []field{on("names", names("a", "b")), on("rows", i64(3)), on("a", list(1, 2)), on("b", list(0, 0, 5))}}.Refuse(t, feature.ErrCorrupt, map[string]puts{
		"names": {names(), names("a", "a"), names("a")},
		"rows":  {i64(2), i64(-1)},
		"a":     {list(2, 1), list(1, math.Inf(1)), list(nan, 1), list(math.Copysign(0, -1))},
	})
}

func TestScalerRefuses(t *testing.T) {
	decode := func(data []byte) error { return new(feature.Scaler).UnmarshalBinary(data) }
	testkit.Payload{Kind: codec.KindScaler, Decode: decode, Fields: []field{
		on("names", names("a")), on("method", i64(int64(feature.MinMax))), on("shift", list(2)), on("scale", list(3)), on("lo", f64(0)), on("hi", f64(1)), on("clip", yes(true)),
	}}.Refuse(t, feature.ErrCorrupt, map[string]puts{
		"names":  {names(), names("a", "b")},
		"method": {i64(5), i64(-1)},
		"shift":  {list(), list(math.NaN()), list(1, 2)},
		"scale":  {list(), list(-1), list(math.Inf(1))},
		"lo":     {f64(1), f64(math.Inf(-1)), f64(math.NaN())},
		"hi":     {f64(math.Inf(1))},
	})
}

func TestImputerRefuses(t *testing.T) {
	decode := func(data []byte) error { return new(feature.Imputer).UnmarshalBinary(data) }
	testkit.Payload{Kind: codec.KindImputer, Decode: decode, Fields: []field{
		on("names", names("a")),
		on("method", i64(int64(feature.GroupMean))),
		on("fill", f64(2)),
		on("marked", yes(true)),
		on("groups", i64(2)),
		on("group 1", str("g")),
		on("mean 1", f64(1)),
		on("group 2", str("h")),
		on("mean 2", f64(3)),
	}}.Refuse(t, feature.ErrCorrupt, map[string]puts{
		"names":   {names(), names("a", "b")},
		"method":  {i64(6), i64(int64(feature.Mean))}, // groups are of GroupMean only
		"fill":    {f64(math.NaN())},
		"groups":  {i64(1), i64(3), i64(1 << 40)},
		"group 1": {str("h"), str("i")},
		"mean 2":  {f64(math.Inf(1))},
	})
}

func ints(xs ...int64) func(*codec.Writer) { return func(w *codec.Writer) { w.Int64s(xs) } }

func TestEncoderPayloadRefused(t *testing.T) {
	decode := func(data []byte) error { return new(feature.Encoder).UnmarshalBinary(data) }
	testkit.Payload{Kind: codec.KindEncoder, Decode: decode, Fields: []field{
		on("buckets", i64(3)), on("columns", i64(1)), on("name", str("a")), on("method", i64(int64(feature.TargetMean))), on("levels", names("x", "y")),
		on("values", list(1, 2)), on("unseen", f64(1.5)),
	}}.Refuse(t, feature.ErrCorrupt, map[string]puts{
		"buckets": {i64(0), i64(-1), i64(1<<20 + 1)},
		"columns": {i64(0), i64(2), i64(1 << 40)},
		"method":  {i64(5), i64(-1), i64(int64(feature.Hashing)), i64(int64(feature.LevelCount)), i64(int64(feature.OneHot))},
		"levels":  {names("x", "x"), names("x")},
		"values":  {list(1), list(1, math.NaN())},
		"unseen":  {f64(math.Inf(1))},
	})
}

func TestBinsPayloadRefused(t *testing.T) {
	decode := func(data []byte) error { return new(feature.Bins).UnmarshalBinary(data) }
	testkit.Payload{Kind: codec.KindFeatureBins, Decode: decode, Fields: []field{
		on("woe", yes(true)), on("columns", i64(1)), on("name", str("a")), on("method", i64(2)), on("edges", list(1, 2)), on("good", ints(1, 2, 3, 0)), on("bad", ints(0, 0, 1, 0)),
	}}.Refuse(t, feature.ErrCorrupt, map[string]puts{
		"columns": {i64(0), i64(2), i64(1 << 40)},
		"method":  {i64(4), i64(-1)},
		"edges":   {list(2, 1), list(1, 1), list(1), list(1, math.Inf(1))},
		"good":    {ints(1, 2), ints(-1, 2, 3, 0), ints(0, 0, 0, 0)},
		"bad":     {ints(1, 2), ints(0, 0, 0, 0)},
	})
}
