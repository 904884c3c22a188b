package metrics

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/codec"
)

// kpiStates returns filled states of the accumulators over users, paths and
// windows, for FuzzUnmarshal.
func kpiStates(t testing.TB) []binaryForm {
	t.Helper()
	o := FunnelOptions{Steps: []string{"view", "buy"}, Window: time.Hour}
	f, err := NewFunnel(o)
	must(t, err)
	must(t, f.AddUser(minutes("ab", 0, 9)))
	must(t, f.AddUser(minutes("a", 0)))
	b, err := NewFunnelBuilder[string](o)
	must(t, err)
	must(t, b.Add("u", 0, day0))
	must(t, b.Add("u", 1, day0.Add(time.Minute)))
	var c Customers[int16]
	must(t, c.Add(-7, 100))
	must(t, c.Add(9, -100))
	var a Activity[string]
	must(t, a.Add("u", dayOf(1)))
	must(t, a.Add("u", dayOf(3)))
	must(t, a.Start("v", dayOf(2)))
	q := newCellCube(t, 9)
	s, err := q.Cell(cell{"mail", 3})
	must(t, err)
	must(t, s.Add(Counts{Clicks: 2}))
	p, err := NewAttribution(AttributionOptions{})
	must(t, err)
	must(t, p.Add([]Touch{{"x", dayOf(0)}, {"y", dayOf(1)}}, true, 9))
	must(t, p.AddPath([]string{"x"}, 0, 2, 0))
	var d Distinct
	var qs Quantiles
	for i := range 5 {
		d.AddUint64(uint64(i))
		must(t, qs.Add(float64(i-1)))
	}
	bins, err := NewBinned([]float64{1, 2, 3, 4}, 2)
	must(t, err)
	var cs CUSUM
	var ew EWMA
	var ph PageHinkley
	for _, det := range []Detector{&cs, &ew, &ph} {
		_, err := det.Add(1.5)
		must(t, err)
	}
	var ag Agreement
	ag.Add(1, 2)
	ag.Add(-1, 2)
	var fc Forecasts
	_, err = fc.Add([]float64{1, 2}, []float64{2, 2}, []float64{1, 3}, 1, 1)
	must(t, err)
	by, err := NewBeyond(BeyondOptions[string]{K: 3, Items: 9, Users: 5, Popularity: map[string]int64{"x": 4, "y": 1, "": 0}})
	must(t, err)
	must(t, by.AddRelevant([]string{"y", "new"}, map[string]float64{"y": 1}))
	must(t, by.Add([]string{"x", "y"}))
	must(t, by.Add(nil))
	en := Engagement{Reach: 9, Likes: 3, Seconds: 70}
	return []binaryForm{by, f, b, &c, &a, q, p, &d, &qs, bins, &cs, &ew, &ph, &ag, &fc, &en}
}

// Promised sizes must not make a decoder reserve memory.
func TestUnmarshalBombKPI(t *testing.T) {
	bombs := map[string]func() ([]byte, binaryForm){
		"ids": func() ([]byte, binaryForm) {
			var w codec.Writer
			w.Uint64(1 << 30)
			return w.AppendFrame(nil, codec.KindCustomers, 1), &Customers[int64]{}
		},
		"labels": func() ([]byte, binaryForm) {
			var w codec.Writer
			w.Uint64(1 << 40)
			return w.AppendFrame(nil, codec.KindAgreement, 1), &Agreement{}
		},
		"registers": func() ([]byte, binaryForm) {
			var w codec.Writer
			w.Uint64(1 << 40)
			return w.AppendFrame(nil, codec.KindDistinct, 1), &Distinct{}
		},
		"steps": func() ([]byte, binaryForm) {
			var w codec.Writer
			w.Uint64(1 << 40)
			return w.AppendFrame(nil, codec.KindFunnel, 1), &Funnel{}
		},
	}
	for name, bomb := range bombs {
		data, s := bomb()
		var a, b runtime.MemStats
		runtime.ReadMemStats(&a)
		err := s.UnmarshalBinary(data)
		runtime.ReadMemStats(&b)
		if got := b.TotalAlloc - a.TotalAlloc; got > 1<<20 || err == nil {
			t.Errorf("%s: %d bytes of input made it allocate %d (%v)", name, len(data), got, err)
		}
	}
}

// Ids of every kind with a natural order survive the binary form.
func TestIDKinds(t *testing.T) {
	type sku string
	type key struct {
		A sku
		B [2]uint16
		C bool
	}
	var c, back Customers[key]
	for i := range 20 {
		must(t, c.Add(key{sku("x"), [2]uint16{uint16(i % 3), uint16(i)}, i%2 == 0}, int64(i)))
	}
	data, err := c.MarshalBinary()
	must(t, err)
	must(t, back.UnmarshalBinary(data))
	for _, k := range c.ids.keys {
		if own(&c, k) != own(&back, k) {
			t.Errorf("%v: %v, read back %v", k, own(&c, k), own(&back, k))
		}
	}
	type hidden struct{ a int }
	var h Customers[hidden]
	must(t, h.Add(hidden{a: 1}, 1))
	if _, err := h.MarshalBinary(); err == nil {
		t.Error("hidden fields cannot be read back")
	}
	var wide Customers[int64]
	must(t, wide.Add(300, 1))
	data, err = wide.MarshalBinary()
	must(t, err)
	var narrow Customers[int8]
	if err := narrow.UnmarshalBinary(data); err == nil {
		t.Error("an id beyond its type was read")
	}
}

// Zero values of types that need a constructor say so and do not panic.
func TestZeroValuesKPI(t *testing.T) {
	var f, f2 Funnel
	var b FunnelBuilder[int]
	var c Cube[int, Counts]
	var a, a2 Attribution
	other, err := NewCube(CubeOptions[int, Counts]{Merge: (*Counts).Merge})
	must(t, err)
	for name, err := range map[string]error{
		"funnel":         f.AddUser(nil),
		"funnel merge":   f.Merge(&f2),
		"builder":        second(b.Funnel()),
		"builder add":    b.Add(1, 0, day0),
		"cube":           second(c.Cell(1)),
		"cube merge":     c.Merge(other),
		"attribution":    a.AddPath([]string{"x"}, 1, 0, 0),
		"attribution, 2": a.Merge(&a2),
		"credit":         second(a.Credit(AttributeFirst)),
		"no paths":       second(a.Channels()),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if f.Result() != nil || len(c.Cells()) != 0 || f.Outside() != 0 || f.Table() == nil {
		t.Error("zero values have content")
	}
	if s, err := c.Total(); err != nil || *s != (Counts{}) {
		t.Errorf("%v %v", s, err)
	}
	var act Activity[int]
	must(t, act.Add(1, day0))
	if got, err := act.Active(1, day0, dayOf(1)); err != nil || got[0].Users != 1 {
		t.Errorf("%v %v", got, err)
	}
}

// No two types share a frame kind.
func TestKindsDiffer(t *testing.T) {
	seen := map[uint16]string{}
	for _, s := range append(states(t), experimentStates(t)...) {
		data, err := s.MarshalBinary()
		must(t, err)
		kind := uint16(data[4]) | uint16(data[5])<<8
		name := fmt.Sprintf("%T", s)
		// A Ranking and a DenseRanking read each other's form.
		if old, ok := seen[kind]; ok && kind != codec.KindRanking {
			t.Errorf("%s and %s both have kind %#x", old, name, kind)
		}
		seen[kind] = name
	}
}
