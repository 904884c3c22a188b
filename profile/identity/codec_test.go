package identity_test

import (
	"math"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/profile/identity"
)

type puts = []func(w *codec.Writer)

func on(name string, put func(*codec.Writer)) testkit.Field {
	return testkit.Field{Name: name, Put: put}
}

func i64(x int64) func(*codec.Writer)   { return func(w *codec.Writer) { w.Int64(x) } }
func f64(x float64) func(*codec.Writer) { return func(w *codec.Writer) { w.Float64(x) } }
func str(x string) func(*codec.Writer)  { return func(w *codec.Writer) { w.String(x) } }
func yes(x bool) func(*codec.Writer)    { return func(w *codec.Writer) { w.Bool(x) } }

// TestGraphRefuses: each check of the decoder of a graph by name.
func TestGraphRefuses(t *testing.T) {
	nan, second := math.NaN(), int64(time.Second)
	evidence := func(n string, a, b string, grain int64) []testkit.Field {
		return []testkit.Field{
			on("kind a"+n, str("cookie")), on("a"+n, str(a)), on("kind b"+n, str("login")), on("b"+n, str(b)), on("source"+n, str("web")), on("grain"+n, i64(grain)), on("weight"+n, f64(.9)), on("count"+n, i64(2)),
		}
	}
	fields := append([]testkit.Field{
		on("kinds", i64(2)),
		on("first", str("cookie")), on("person", yes(false)), on("gap", i64(0)),
		on("second", str("login")), on("person 2", yes(true)), on("gap 2", i64(-1)),
		on("grain", i64(3600*second)), on("weight", f64(.5)), on("threshold", f64(.5)), on("dominant", f64(.8)), on("partners", i64(4)), on("limit", i64(9)),
		on("evidence", i64(2)),
	}, append(evidence(" 1", "x", "ann", 5), evidence(" 2", "y", "ann", 5)...)...)
	testkit.Payload{Kind: codec.KindIdentity, Fields: fields, Decode: func(data []byte) error { return new(identity.Graph).UnmarshalBinary(data) }}.Refuse(t, identity.ErrCorrupt, map[string]puts{
		"kinds":     {i64(1), i64(3), i64(-1), i64(1 << 40)},
		"first":     {str(""), str("login"), str("zebra")},
		"second":    {str("cookie"), str("a")},
		"grain":     {i64(0), i64(-second), i64(second + 1), i64(366 * 24 * 3600 * second)},
		"weight":    {f64(0), f64(nan), f64(1.1), f64(-1)},
		"threshold": {f64(0), f64(nan), f64(2)},
		"dominant":  {f64(.5), f64(nan), f64(1.01)},
		"partners":  {i64(0), i64(1 << 31)},
		"limit":     {i64(0), i64(1), i64(1 << 31)},
		"evidence":  {i64(1), i64(3), i64(10), i64(-1), i64(1 << 40)},
		"kind a 1":  {str(""), str("phone")},
		"a 1":       {str(""), str("z"), str("y")},
		"b 1":       {str("")},
		"kind b 2":  {str(""), str("beacon")},
		"grain 1":   {i64(math.MaxInt64), i64(math.MinInt64)},
		"weight 1":  {f64(0), f64(nan), f64(1.5), f64(-.5)},
		"count 2":   {i64(0), i64(-1)},
	})
}

// TestTrafficRefuses: each check of the decoder of traffic by name.
func TestTrafficRefuses(t *testing.T) {
	fields := []testkit.Field{
		on("visitors", i64(2)),
		on("kind", str("cookie")), on("value", str("a")), on("bought", i64(1)), on("timed", i64(3)), on("dwell", i64(900)),
		on("hours", i64(2)), on("hour", i64(-4)), on("hits", i64(2)), on("hour 2", i64(7)), on("hits 2", i64(1)),
		on("kind 2", str("cookie")), on("value 2", str("b")), on("bought 2", i64(0)), on("timed 2", i64(0)), on("dwell 2", i64(0)),
		on("hours 2", i64(1)), on("hour 3", i64(0)), on("hits 3", i64(1)),
	}
	testkit.Payload{Kind: codec.KindTraffic, Fields: fields, Decode: func(data []byte) error { return new(identity.Traffic).UnmarshalBinary(data) }}.Refuse(t, identity.ErrCorrupt, map[string]puts{
		"visitors": {i64(1), i64(3), i64(-1), i64(1 << 40)},
		"kind":     {str(""), str("phone")},
		"value":    {str(""), str("b"), str("c")},
		"bought":   {i64(-1), i64(4)},
		"timed":    {i64(-1), i64(4)},
		"dwell":    {i64(-1)},
		"hours":    {i64(0), i64(1), i64(3), i64(1 << 40)},
		"hour":     {i64(7), i64(8), i64(math.MinInt64)},
		"hour 2":   {i64(math.MaxInt64)},
		"hits":     {i64(0), i64(-1), i64(math.MaxInt64)},
		"hours 2":  {i64(0), i64(2)},
	})
}
