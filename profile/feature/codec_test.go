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

func TestImputerOfGroupsRefuses(t *testing.T) {
	decode := func(data []byte) error { return new(feature.Imputer).UnmarshalBinary(data) }
	testkit.Payload{Kind: codec.KindImputer, Version: 2, Decode: decode, Fields: []field{
		on("names", names("a")), on("method", i64(int64(feature.GroupMode))), on("fill", f64(2)), on("marked", yes(true)), on("groups", i64(1)), on("group", str("g")), on("mode", f64(1)),
	}}.Refuse(t, feature.ErrCorrupt, map[string]puts{
		"method": {i64(8), i64(-1), i64(int64(feature.GroupMean)), i64(int64(feature.Mode))}, // a mean is of version 1
		"fill":   {f64(math.Inf(1))},
		"groups": {i64(0), i64(2)},
		"mode":   {f64(math.NaN())},
	})
}

func TestSelectorRefuses(t *testing.T) {
	decode := func(data []byte) error { return new(feature.Selector).UnmarshalBinary(data) }
	testkit.Payload{Kind: codec.KindSelector, Decode: decode, Fields: []field{on("names", names("a", "b", "c")), on("kept", i64(2)), on("first", i64(0)), on("second", i64(2))}}.Refuse(t, feature.ErrCorrupt, map[string]puts{
		"names":  {names(), names("a", "b")},
		"kept":   {i64(0), i64(1), i64(3), i64(-1), i64(1 << 40)},
		"first":  {i64(2), i64(3), i64(-1)},
		"second": {i64(0), i64(3)},
	})
}

func TestCovarianceRefuses(t *testing.T) {
	nan := math.NaN()
	decode := func(data []byte) error { return new(feature.Covariance).UnmarshalBinary(data) }
	testkit.Payload{Kind: codec.KindCovariance, Decode: decode, Fields: []field{on("names", names("a", "b")), on("rows", i64(3)), on("mean", list(1, 2)), on("moments", list(4, -1, 3))}}.Refuse(t, feature.ErrCorrupt, map[string]puts{
		"names":   {names(), names("a", "a"), names("a"), names("a", "b", "c")},
		"rows":    {i64(-1), i64(0), i64(1)},
		"mean":    {list(1), list(1, nan), list(math.Inf(1), 2)},
		"moments": {list(4, -1), list(4, -1, -3), list(4, nan, 3), list(-1, 0, 3), list(4, -1, 3, 0)},
	})
}

func TestProjectionRefuses(t *testing.T) {
	decode := func(data []byte) error { return new(feature.Projection).UnmarshalBinary(data) }
	testkit.Payload{Kind: codec.KindProjection, Decode: decode, Fields: []field{on("shift", list(1, 2)), on("weights", list(1, 0, 0, 1)), on("shares", list(.7, .3))}}.Refuse(t, feature.ErrCorrupt, map[string]puts{
		"shift":   {list(), list(1, math.NaN()), list(1, 2, 3)},
		"weights": {list(), list(1, 0, 0), list(1, 0, 0, math.Inf(-1))},
		"shares":  {list(.7), list(.7, -.1), list(.7, 1.1), list(.7, math.NaN()), list(.5, .3, .2)},
	})
}

func TestCrossesRefuses(t *testing.T) {
	decode := func(data []byte) error { return new(feature.Crosses).UnmarshalBinary(data) }
	testkit.Payload{Kind: codec.KindCrosses, Decode: decode, Fields: []field{
		on("names", names("a", "b")), on("crosses", i64(1)), on("kind", i64(int64(feature.HashedCross))), on("a", str("a")), on("b", str("b")), on("edges", list(1, 2)), on("edges b", list(3)), on("buckets", i64(16)),
	}}.Refuse(t, feature.ErrCorrupt, map[string]puts{
		"names":   {names(), names("a", "a"), names("a")},
		"crosses": {i64(0), i64(2), i64(-1), i64(1 << 40)},
		"kind":    {i64(4), i64(-1), i64(1 << 40)},
		"a":       {str(""), str("c")},
		"edges":   {list(2, 1), list(1, 1), list(math.NaN()), list(1, math.Inf(1))},
		"buckets": {i64(0), i64(-1), i64(1<<30 + 1), i64(1 << 40)},
	})
}

func TestNeighborsFrameRefuses(t *testing.T) {
	decode := func(data []byte) error { return new(feature.Neighbors).UnmarshalBinary(data) }
	testkit.Payload{Kind: codec.KindNeighbors, Decode: decode, Fields: []field{on("k", i64(2)), on("mean", list(1, 2)), on("rows", list(1, 2, math.NaN(), 4))}}.Refuse(t, feature.ErrCorrupt, map[string]puts{
		"k":    {i64(0), i64(1001), i64(-1)},
		"mean": {list(), list(1, math.NaN()), list(1, 2, 3)},
		"rows": {list(), list(1, 2, 3), list(1, math.Inf(1)), list(1, math.Copysign(0, -1)), list(1, math.Float64frombits(math.Float64bits(math.NaN())^1<<20))},
	})
}

// TestPipelineFrameRefuses: stages that are no frames, or of other widths than what comes before.
func TestPipelineFrameRefuses(t *testing.T) {
	frame := func(kind codec.Kind, fields ...func(*codec.Writer)) func(*codec.Writer) {
		var w codec.Writer
		for _, put := range fields {
			put(&w)
		}
		return func(out *codec.Writer) { out.Bytes(w.AppendFrame(nil, kind, 1)) }
	}
	none := func(w *codec.Writer) { w.Bytes(nil) }
	imputer := func(method int64, of ...string) func(*codec.Writer) {
		fields := []func(*codec.Writer){names(of...)}
		for range of {
			fields = append(fields, i64(method), f64(2), yes(false), i64(0))
		}
		return frame(codec.KindImputer, fields...)
	}
	selector := func(of ...string) func(*codec.Writer) { return frame(codec.KindSelector, names(of...), i64(1), i64(1)) }
	encoder := frame(codec.KindEncoder, i64(3), i64(1), str("c"), i64(int64(feature.Ordinal)), names("x", "y"), list(), f64(0))
	decode := func(data []byte) error { return new(feature.Pipeline).UnmarshalBinary(data) }
	testkit.Payload{Kind: codec.KindPipeline, Decode: decode, Fields: []field{
		on("numbers", names("a", "b")), on("categories", names()), on("impute", imputer(int64(feature.Median), "a", "b")), on("cross", none), on("encode", none), on("scale", none), on("select", selector("a", "b")),
		on("project", frame(codec.KindProjection, list(0), list(1), list())),
	}}.Refuse(t, feature.ErrCorrupt, map[string]puts{
		"numbers":    {names(), names("a"), names("a", "b", "c")},
		"categories": {names("c")}, // without an encoder
		"impute":     {imputer(int64(feature.Median), "a"), imputer(int64(feature.LastObservation), "a", "b"), imputer(int64(feature.GroupMean), "a", "b"), func(w *codec.Writer) { w.Bytes([]byte("no frame")) }, selector("a", "b")},
		"cross":      {selector("a", "b")},
		"encode":     {encoder, imputer(int64(feature.Median), "a")},
		"scale":      {frame(codec.KindScaler, names("a"), i64(0), list(0), list(1), f64(0), f64(1), yes(false))},
		"select":     {selector("a", "b", "c"), none},
		"project":    {frame(codec.KindProjection, list(0, 0), list(1, 1), list()), imputer(0, "a", "b")},
	})
}

// TestPipelineOfBinsRefuses: version 2 has bins, of the columns that come before them.
func TestPipelineOfBinsRefuses(t *testing.T) {
	bins := func(of ...string) func(*codec.Writer) {
		var w codec.Writer
		yes(false)(&w)
		i64(int64(len(of)))(&w)
		for _, name := range of {
			str(name)(&w)
			i64(int64(feature.EqualCount))(&w)
			list(1)(&w)
			ints(1, 2, 3)(&w)
			ints(3, 2, 1)(&w)
		}
		return func(out *codec.Writer) { out.Bytes(w.AppendFrame(nil, codec.KindFeatureBins, 1)) }
	}
	none := func(w *codec.Writer) { w.Bytes(nil) }
	decode := func(data []byte) error { return new(feature.Pipeline).UnmarshalBinary(data) }
	testkit.Payload{Kind: codec.KindPipeline, Version: 2, Decode: decode, Fields: []field{
		on("numbers", names("a", "b")), on("categories", names()), on("impute", none), on("cross", none), on("encode", none), on("scale", none), on("select", none), on("project", none), on("bins", bins("a", "b")),
	}}.Refuse(t, feature.ErrCorrupt, map[string]puts{"bins": {none, bins("a"), bins("a", "b", "c"), func(w *codec.Writer) { w.Bytes([]byte("no frame")) }}})
}
