package clean_test

import (
	"math"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/profile/clean"
)

// TestMonitorRefuses: each check of the decoder of a monitor by name.
func TestMonitorRefuses(t *testing.T) {
	nan := math.NaN()
	f64 := func(x float64) func(*codec.Writer) { return func(w *codec.Writer) { w.Float64(x) } }
	list := func(xs ...float64) func(*codec.Writer) { return func(w *codec.Writer) { w.Float64s(xs) } }
	names := func(xs ...string) func(*codec.Writer) { return func(w *codec.Writer) { w.Strings(xs) } }
	counts := func(xs ...int64) func(*codec.Writer) { return func(w *codec.Writer) { w.Int64s(xs) } }
	raw := func(data []byte) func(*codec.Writer) { return func(w *codec.Writer) { w.Bytes(data) } }
	quality := func(rows int) []byte {
		var q clean.Quality
		for range rows {
			q.Keep(time.Unix(0, 0))
		}
		data, err := q.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	fields := []field{
		on("columns", i64(2)),
		on("name", str("price")), on("text", yes(false)), on("edges", list(1, 5)), on("categories", names()), on("closed", yes(false)), on("bounded", yes(true)), on("lo", f64(0)), on("hi", f64(9)), on("complete", f64(.9)), on("valid", f64(.5)), on("unique", yes(true)),
		on("name 2", str("city")), on("text 2", yes(true)), on("edges 2", list()), on("categories 2", names("bonn", "ulm")), on("closed 2", yes(true)), on("bounded 2", yes(false)), on("complete 2", f64(.9)), on("valid 2", f64(1)), on("unique 2", yes(false)),
		on("stale", i64(int64(time.Hour))), on("level", f64(.01)), on("max keys", i64(5)),
		on("quality", raw(quality(3))),
		on("days", i64(2)), on("day", i64(-3)), on("rows", i64(1)), on("day 2", i64(20000)), on("rows 2", i64(2)),
		on("bins", counts(1, 0, 1, 1)), on("broken", i64(1)), on("keys", i64(1)), on("key", i64(7)), on("n", i64(2)),
		on("bins 2", counts(0, 2, 0, 1)), on("broken 2", i64(1)),
	}
	decode := func(data []byte) error { return new(clean.Monitor).UnmarshalBinary(data) }
	testkit.Payload{Kind: codec.KindMonitor, Fields: fields, Decode: decode}.Refuse(t, clean.ErrCorrupt, map[string]puts{
		"columns":      {i64(0), i64(1), i64(3), i64(-1), i64(1 << 40)},
		"name":         {str(""), str("city")},
		"edges":        {list(5, 1), list(1, 1), list(nan, 1), list(1, math.Inf(1)), list(1)},
		"categories 2": {names("ulm", "bonn"), names("ulm", "ulm"), names("ulm")},
		"lo":           {f64(10), f64(nan), f64(math.Inf(1))},
		"complete":     {f64(-1), f64(1.5), f64(nan)},
		"valid":        {f64(0), f64(1.5), f64(nan)},
		"stale":        {i64(-1)},
		"level":        {f64(0), f64(1), f64(nan), f64(-.1)},
		"max keys":     {i64(0), i64(-1)},
		"quality":      {raw(nil), raw([]byte("no frame")), raw(quality(2))},
		"days":         {i64(1), i64(3), i64(-1), i64(1 << 40)},
		"day":          {i64(20000), i64(20001), i64(math.MinInt64)},
		"day 2":        {i64(math.MaxInt64)},
		"rows":         {i64(0), i64(-1), i64(2), i64(math.MaxInt64)},
		"bins":         {counts(1, 0, 1), counts(1, 0, 1, 2), counts(-1, 2, 1, 1), counts(1, 0, 1, 1, 0), counts(3, 0, 0, 0), counts(math.MaxInt64, 1, 1, 1)},
		"broken":       {i64(-1), i64(3)},
		"keys":         {i64(0), i64(2), i64(1 << 40)},
		"n":            {i64(0), i64(1), i64(3)},
		"bins 2":       {counts(0, 2, 0), counts(0, 2, 0, 2)},
		"broken 2":     {i64(4)},
	})
}
