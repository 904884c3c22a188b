package identity

import (
	"encoding"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

var (
	_ encoding.BinaryAppender    = (*Graph)(nil)
	_ encoding.BinaryMarshaler   = (*Graph)(nil)
	_ encoding.BinaryUnmarshaler = (*Graph)(nil)
)

// maxGrain keeps times of records within what a time.Time can hold.
const maxGrain = math.MaxInt64 / int64(time.Second)

// AppendBinary appends the binary form of g to dst, canonical: equal sets of evidence under equal Options have equal bytes.
func (g *Graph) AppendBinary(dst []byte) ([]byte, error) {
	if err := check.Receiver("identity: Graph.AppendBinary", g); err != nil {
		return dst, err
	}
	opt := g.opt
	if !g.ready {
		opt = Options{}.withDefaults()
	}
	var w codec.Writer
	w.Int(len(opt.Kinds))
	for _, kind := range slices.Sorted(maps.Keys(opt.Kinds)) {
		w.String(kind)
		w.Bool(opt.Kinds[kind].Person)
		w.Int64(int64(opt.Kinds[kind].Gap))
	}
	w.Int64(int64(opt.Grain))
	w.Float64(opt.Weight)
	w.Float64(opt.Threshold)
	w.Float64(opt.Dominant)
	w.Int(opt.MaxPartners)
	w.Int(opt.Limit)
	w.Int(len(g.seen))
	for _, r := range g.sorted() {
		for _, s := range []string{r.a.Kind, r.a.Value, r.b.Kind, r.b.Value, r.source} {
			w.String(s)
		}
		w.Int64(r.grain)
		w.Float64(r.weight)
		w.Int64(g.seen[r])
	}
	return w.AppendFrame(dst, codec.KindIdentity, 1), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (g *Graph) MarshalBinary() ([]byte, error) { return g.AppendBinary(nil) }

// UnmarshalBinary replaces g, Options included. Payload of version 1, little-endian, strings after their length:
//
//	int    number of kinds, then for each, ascending: string name, bool Person, i64 Gap in nanoseconds
//	i64    Grain in nanoseconds; 3×f64 Weight, Threshold, Dominant; 2×int MaxPartners, Limit, all as Options wants them
//	int    number of pieces of evidence, at most Limit, then for each, ascending: 5 strings kind and value of
//	       the lesser and of the greater identifier, source; i64 time in grains; f64 weight in (0, 1]; i64 count, > 0
//
// Any other length or value is ErrCorrupt, a frame of another type ErrMismatch, a newer version ErrVersion; g is then unchanged. Memory grows
// with the bytes given.
func (g *Graph) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("identity: Graph.UnmarshalBinary", g); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindIdentity, 1)
	if err != nil {
		return fmt.Errorf("identity: Graph.UnmarshalBinary: %w", err)
	}
	x := Graph{opt: Options{Kinds: make(map[string]Rule)}, seen: make(map[record]int64), ready: true}
	x.getOptions(r)
	n := r.Int()
	if r.Err() == nil && n > x.opt.Limit {
		r.Fail("has more evidence than its limit")
	}
	var last record
	for i := 0; i < n && r.Err() == nil; i++ {
		e := record{a: ID{r.String(), r.String()}, b: ID{r.String(), r.String()}, source: r.String(), grain: r.Int64(), weight: r.Float64()}
		count := r.Int64()
		short := e.a.Kind == "" || e.a.Value == "" || e.b.Kind == "" || e.b.Value == ""
		seconds := int64(x.opt.Grain / time.Second)
		late := seconds > 0 && (e.grain > maxGrain/seconds || e.grain < -maxGrain/seconds-1)
		if r.Err() == nil && (short || late || e.a.compare(e.b) >= 0 || !(e.weight > 0 && e.weight <= 1) || count < 1 || i > 0 && last.compare(e) >= 0) {
			r.Fail("has evidence that is none, or out of order")
		}
		x.seen[e], last = count, e
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("identity: Graph.UnmarshalBinary: %w", err)
	}
	*g = x
	return nil
}

// getOptions reads the options, or fails r.
func (g *Graph) getOptions(r *codec.Reader) {
	n, last := r.Int(), ""
	for i := 0; i < n && r.Err() == nil; i++ {
		kind := r.String()
		if r.Err() == nil && kind <= last {
			r.Fail("has kinds out of order")
		}
		g.opt.Kinds[kind] = Rule{Person: r.Bool(), Gap: time.Duration(r.Int64())}
		last = kind
	}
	g.opt.Grain = time.Duration(r.Int64())
	g.opt.Weight, g.opt.Threshold, g.opt.Dominant = r.Float64(), r.Float64(), r.Float64()
	g.opt.MaxPartners, g.opt.Limit = r.Int(), r.Int()
	if r.Err() == nil && g.opt.validate("") != nil {
		r.Fail("has options out of range")
	}
}
