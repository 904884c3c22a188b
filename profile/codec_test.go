package profile_test

import (
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/profile"
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

func TestMomentsRefuses(t *testing.T) {
	decode := func(data []byte) error { return new(profile.Moments).UnmarshalBinary(data) }
	p := testkit.Payload{Kind: codec.KindProfileMoments, Version: 2, Decode: decode, Fields: []field{
		on("missing", i64(1)), on("n", i64(2)), on("origin", f64(3)), on("mean", f64(.5)), on("squares", f64(.5)), on("min", f64(3)), on("max", f64(4)),
	}}
	nan, inf := math.NaN(), math.Inf(1)
	p.Refuse(t, profile.ErrCorrupt, map[string]puts{
		"missing": {i64(-1)}, "n": {i64(-1), i64(1), i64(0)}, "origin": {f64(inf)}, "mean": {f64(nan)}, "squares": {f64(-1), f64(inf)}, "min": {f64(5), f64(nan)}, "max": {f64(inf)},
	})
	p.Version = 1
	p.Fields = []field{on("n", i64(2)), on("missing", i64(1)), on("mean", f64(3.5)), on("squares", f64(.5)), on("min", f64(3)), on("max", f64(4))}
	p.Refuse(t, profile.ErrCorrupt, map[string]puts{
		"missing": {i64(-1)}, "n": {i64(-1), i64(1), i64(0)}, "mean": {f64(nan)}, "squares": {f64(-1), f64(inf)}, "min": {f64(5)}, "max": {f64(inf), func(*codec.Writer) {}},
	})
}

func TestGroupByRefuses(t *testing.T) {
	moments := func(n int64, min float64) func(w *codec.Writer) {
		return func(w *codec.Writer) {
			w.Int64(0)
			w.Int64(n)
			for _, x := range []float64{3, .5, .5, min, 4} {
				w.Float64(x)
			}
		}
	}
	decode := func(data []byte) error { return new(profile.GroupBy[int8]).UnmarshalBinary(data) }
	p := testkit.Payload{Kind: codec.KindGroupBy, Decode: decode, Fields: []field{
		on("class", i64(1)), on("groups", i64(2)), on("key 1", i64(-3)), on("key 2", i64(5)), on("state 1", moments(2, 3)), on("state 2", moments(2, 3)),
	}}
	p.Refuse(t, profile.ErrCorrupt, map[string]puts{
		"groups": {i64(1), i64(3), i64(1 << 40), i64(-1)}, "key 1": {i64(5), i64(6)}, "key 2": {i64(128)}, "state 2": {moments(-1, 3), moments(2, 5)},
	})
	p.Refuse(t, profile.ErrMismatch, map[string]puts{"class": {i64(0), i64(2)}})
}

func TestDecayedRefuses(t *testing.T) {
	decode := func(data []byte) error { return new(profile.Decayed).UnmarshalBinary(data) }
	testkit.Payload{Kind: codec.KindDecayed, Decode: decode, Fields: []field{
		on("half-life", i64(1e9)), on("any", yes(true)), on("at", i64(cut.UnixNano())), on("value", f64(-2)),
	}}.Refuse(t, profile.ErrCorrupt, map[string]puts{
		"half-life": {i64(0), i64(-1)}, "any": {yes(false)}, "at": {i64(math.MinInt64)}, "value": {f64(math.NaN()), f64(math.Inf(-1))},
	})
}

func TestBuilderRefuses(t *testing.T) {
	at, week := cut.UnixNano(), cut.Add(-7*day).UnixNano()
	words := func(xs ...string) func(*codec.Writer) { return func(w *codec.Writer) { w.Strings(xs) } }
	longs := func(xs ...int64) func(*codec.Writer) { return func(w *codec.Writer) { w.Int64s(xs) } }
	ints := func(xs ...int64) func(*codec.Writer) {
		return func(w *codec.Writer) {
			for _, x := range xs {
				w.Int64(x)
			}
		}
	}
	weights := func(first float64) func(*codec.Writer) {
		return func(w *codec.Writer) {
			for k := range 10 {
				w.Float64(first + float64(k))
			}
		}
	}
	// One user, seen once, with one order of 5, and an affinity to category x.
	state := func(registered, firstSeen, lastSeen, firstOrder, lastOrder, dwell, dwells int64) func(*codec.Writer) {
		return ints(registered, firstSeen, lastSeen, firstOrder, lastOrder, dwell, dwells, 0, 0, 1, -5, 1, 0, 0)
	}
	good := state(math.MaxInt64, week, week, week, week, 3, 1)
	decode := func(data []byte) error { return new(profile.Builder[string, int]).UnmarshalBinary(data) }
	p := testkit.Payload{Kind: codec.KindBuilder, Decode: decode, Fields: []field{
		on("as of", i64(at)),
		on("from", longs(week)),
		on("windows", ints(1, 7)),
		on("half-life", i64(0)),
		on("weights", weights(0)),
		on("bands", longs(1, 2)),
		on("currency", str("EUR")),
		on("late", i64(0)),
		on("categories", words("x", "y")),
		on("brands", words()),
		on("price bands", words()),
		on("class", i64(0)),
		on("users", i64(1)),
		on("id", str("ann")),
		on("state", good),
		on("counts", ints(1, 0, 4)),
		on("flows", ints(2, 0, 1, 4, 5)),
		on("affinities", ints(2, 0, 1, 0, 1, 0, 7)),
	}}
	p.Refuse(t, profile.ErrCorrupt, map[string]puts{
		"as of":      {i64(math.MinInt64)},
		"from":       {longs(), longs(at), longs(week - 3*int64(day))},
		"windows":    {ints(1, 0), ints(2, 7, 7), ints(8, 1, 2, 3, 4, 5, 6, 7, 8)},
		"half-life":  {i64(-1)},
		"weights":    {weights(-1), weights(math.NaN())},
		"bands":      {longs(2, 2)},
		"late":       {i64(-1)},
		"categories": {words("y", "x"), words("", "y"), words("x", "x"), words("x"), words("x", "y", "z")},
		"brands":     {words("nobody's")},
		"users":      {i64(0), i64(2), i64(-1)},
		"state": {
			state(at, week, week, week, week, 3, 1), state(math.MaxInt64, week, at, week, week, 3, 1), state(math.MaxInt64, week, week-1, week, week, 3, 1),
			state(math.MaxInt64, math.MaxInt64, math.MinInt64, week, week, 3, 1), state(math.MaxInt64, week, week, week, at, 3, 1),
			state(math.MaxInt64, week, week, week, week, -3, 1), state(math.MaxInt64, week, week, week, week, 3, -1),
		},
		"counts":     {ints(1, 0, 0), ints(1, 20, 1), ints(2, 3, 1, 3, 1), ints(1, 0, 1<<32), ints(2, 0, 1<<31, 1, 1<<31)},
		"flows":      {ints(1, 0, -1), ints(1, 8, 1), ints(1, 0, 1<<59), ints(2, 2, 1<<58, 3, 1<<58)},
		"affinities": {ints(1, 0, 0, 1), ints(2, 1, 0, 1, 0, 0, 7), ints(2, 0, 0, 0, 1, 0, 7), ints(2, 0, 0, 1, 2, 0, 7)},
	})
	p.Refuse(t, profile.ErrMismatch, map[string]puts{"class": {i64(1), i64(2)}})

	// Version 2: changes of the clock instead of begins, and days.
	p = testkit.Payload{Kind: codec.KindBuilder, Version: 2, Decode: decode, Fields: []field{
		on("as of", i64(at)),
		on("clock", ints(2, 3, 3600, 200, 0)),
		on("windows", ints(1, 7)),
		on("half-life", i64(0)),
		on("weights", weights(0)),
		on("bands", longs(1, 2)),
		on("currency", str("EUR")),
		on("late", i64(0)),
		on("rolling", yes(true)),
		on("categories", words("x", "y")),
		on("brands", words()),
		on("price bands", words()),
		on("class", i64(0)),
		on("users", i64(1)),
		on("id", str("ann")),
		on("state", good),
		on("counts", ints(1, 0, 4)),
		on("flows", ints(2, 0, 1, 4, 5)),
		on("affinities", ints(2, 0, 1, 0, 1, 0, 7)),
		on("days", ints(4, 5, 0, 1, 5, 10, 1, 6, 0, 3, 6, 12, 5)),
	}}
	p.Refuse(t, profile.ErrCorrupt, map[string]puts{
		"as of":   {i64(math.MinInt64)},
		"clock":   {ints(1, 0, 3600), ints(2, 3, 3600, 3, 0), ints(1, 3, 0), ints(1, 3, 200_000), ints(1, 3, 90_000), ints(1, 1<<40, 60), ints(-1)},
		"rolling": {i64(2)},
		"days": {
			ints(0), ints(3, 5, 0, 1, 5, 10, 1, 6, 0, 3), ints(4, 5, 0, 1, 5, 10, 1, 6, 0, 2, 6, 12, 5), ints(4, 5, 0, 1, 5, 10, 1, 7, 0, 3, 7, 12, 5),
			ints(4, 6, 0, 3, 5, 0, 1, 5, 10, 1, 6, 12, 5), ints(5, 5, 0, 1, 5, 10, 1, 6, 0, 3, 6, 12, 5, 6, 14, 1), ints(5, 5, 0, 1, 5, 10, 1, 6, 0, 3, 6, 2, 0, 6, 12, 5), ints(-1),
		},
		"windows":    {ints(1, 0), ints(2, 7, 7), ints(8, 1, 2, 3, 4, 5, 6, 7, 8)},
		"half-life":  {i64(-1)},
		"weights":    {weights(-1), weights(math.NaN())},
		"bands":      {longs(2, 2)},
		"late":       {i64(-1)},
		"categories": {words("y", "x"), words("", "y"), words("x", "x"), words("x"), words("x", "y", "z")},
		"brands":     {words("nobody's")},
		"users":      {i64(0), i64(2), i64(-1)},
		"state": {
			state(at, week, week, week, week, 3, 1), state(math.MaxInt64, week, at, week, week, 3, 1), state(math.MaxInt64, week, week-1, week, week, 3, 1),
			state(math.MaxInt64, math.MaxInt64, math.MinInt64, week, week, 3, 1), state(math.MaxInt64, week, week, week, at, 3, 1),
			state(math.MaxInt64, week, week, week, week, -3, 1), state(math.MaxInt64, week, week, week, week, 3, -1),
		},
		"counts":     {ints(1, 0, 0), ints(1, 20, 1), ints(2, 3, 1, 3, 1), ints(1, 0, 1<<32), ints(2, 0, 1<<31, 1, 1<<31)},
		"flows":      {ints(1, 0, -1), ints(1, 8, 1), ints(1, 0, 1<<59), ints(2, 2, 1<<58, 3, 1<<58)},
		"affinities": {ints(1, 0, 0, 1), ints(2, 1, 0, 1, 0, 0, 7), ints(2, 0, 0, 0, 1, 0, 7), ints(2, 0, 0, 1, 2, 0, 7)},
	})
	p.Refuse(t, profile.ErrMismatch, map[string]puts{"class": {i64(1), i64(2)}})
}

// A weight of -0 is that of no canonical frame.
func TestWeightZeroRefused(t *testing.T) {
	weights := func(first float64) func(*codec.Writer) {
		return func(w *codec.Writer) {
			w.Float64(first)
			for range 9 {
				w.Float64(1)
			}
		}
	}
	none := func(w *codec.Writer) { w.Strings(nil) }
	zero := map[string]puts{"weights": {weights(math.Copysign(0, -1))}}
	builder := testkit.Payload{Kind: codec.KindBuilder, Version: 4, Decode: func(data []byte) error { return new(profile.Builder[string, int]).UnmarshalBinary(data) }, Fields: []field{
		on("as of", i64(cut.UnixNano())),
		on("clock", i64(0)),
		on("ahead", i64(0)),
		on("windows", i64(0)),
		on("half-life", i64(0)),
		on("weights", weights(0)),
		on("bands", func(w *codec.Writer) { w.Int64s(nil) }),
		on("currency", str("")),
		on("late", i64(0)),
		on("rolling", yes(false)),
		on("features", i64(0)),
		on("labels", func(w *codec.Writer) {
			for range 7 {
				none(w)
			}
		}),
		on("class", i64(0)),
		on("users", i64(0)),
	}}
	builder.Refuse(t, profile.ErrCorrupt, zero)
	builder.Refuse(t, profile.ErrCorrupt, map[string]puts{"ahead": {i64(2*86400 + 1), i64(-2*86400 - 1), i64(math.MaxInt64), i64(math.MinInt64 + 1)}})
	schema := testkit.Payload{Kind: codec.KindSchema, Version: 1, Decode: func(data []byte) error { return new(profile.Schema).UnmarshalBinary(data) }, Fields: []field{
		on("columns", func(w *codec.Writer) { w.Strings([]string{"paid"}) }),
		on("windows", i64(0)),
		on("half-life", i64(0)),
		on("weights", weights(0)),
		on("bands", func(w *codec.Writer) { w.Int64s(nil) }),
		on("currency", str("")),
		on("features", none),
	}}
	schema.Refuse(t, profile.ErrCorrupt, zero)
}
