package supply_test

import (
	"bytes"
	"encoding"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/supply"
)

const day = 24 * time.Hour

var t0 = time.Date(2025, 3, 1, 0, 0, 0, 0, time.UTC)

func at(days float64) time.Time { return t0.Add(time.Duration(days * float64(day))) }

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func ok(t testing.TB, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

type state interface {
	encoding.BinaryMarshaler
	encoding.BinaryUnmarshaler
	encoding.BinaryAppender
}

// kinds builds every accumulator and feeds it drawn records; whole units keep
// sums exact, so merged states must have equal bytes.
var kinds = []struct {
	name  string
	fresh func() state
	feed  func(s state, r record) error
	merge func(a, b state) error
	res   func(s state) (any, error)
}{
	{"Assortment", func() state {
		return must(supply.NewAssortment[string](supply.AssortmentOptions{Categories: []string{"tea", "jam", "tea"}}))
	}, func(s state, r record) error {
		a := s.(*supply.Assortment[string])
		return errors.Join(a.AddProduct(r.id, r.category, r.from), a.AddStock(r.id, r.from, r.to, r.yes), a.AddSales(r.id, r.units), a.AddForecast(r.id, r.units))
	}, func(a, b state) error {
		return a.(*supply.Assortment[string]).Merge(b.(*supply.Assortment[string]))
	}, func(s state) (any, error) { return s.(*supply.Assortment[string]).Result(at(500)) }},
	{
		"Fulfilment", func() state {
			return must(supply.NewFulfilment(supply.FulfilmentOptions{AsOf: at(120), Targets: map[string]float64{"tea": 2, "jam": 1}}))
		}, func(s state, r record) error {
			d := supply.Delivery{Placed: r.from, Promised: r.from.Add(3 * day), Region: r.category, Ordered: int64(r.units), Received: r.n, RightAddress: supply.Check(r.n % 3), Undamaged: supply.Pass, Cancelled: r.n%7 == 6}
			if r.yes {
				d.Shipped, d.Delivered = r.from.Add(time.Hour), r.to
			}
			return s.(*supply.Fulfilment).Add(d)
		}, func(a, b state) error { return a.(*supply.Fulfilment).Merge(b.(*supply.Fulfilment)) },
		func(s state) (any, error) { return s.(*supply.Fulfilment).Result() },
	},
	{
		"Service", func() state { return must(supply.NewService(supply.ServiceOptions{AsOf: at(120)})) },
		func(s state, r record) error {
			v := s.(*supply.Service)
			tk := supply.Ticket{Opened: r.from, Contacts: int(r.n)}
			if r.yes {
				tk.Replied, tk.Resolved = r.from.Add(time.Minute), r.to
			}
			return errors.Join(v.AddTicket(tk), v.AddSurvey(supply.NPS, int(r.n)), v.AddInvited(supply.NPS, 3), v.AddSold(1, r.n, 500), v.AddReturn(supply.Return{Units: r.n, Reason: r.category}))
		}, func(a, b state) error { return a.(*supply.Service).Merge(b.(*supply.Service)) },
		func(s state) (any, error) { return s.(*supply.Service).Result() },
	},
	{"Inventory", func() state {
		return must(supply.NewInventory[string](supply.InventoryOptions{From: at(10), To: at(100)}))
	}, func(s state, r record) error {
		v := s.(*supply.Inventory[string])
		return errors.Join(v.AddLevel(r.id, r.from, r.to, r.n, 4*r.n), v.AddSale(r.id, r.from, r.n, 9, 4), v.AddReceipt(r.id, r.from, r.n))
	}, func(a, b state) error {
		return a.(*supply.Inventory[string]).Merge(b.(*supply.Inventory[string]))
	}, func(s state) (any, error) { return s.(*supply.Inventory[string]).Result() }},
	{
		"Demand", func() state { return must(supply.NewDemand[string](supply.DemandOptions{Start: t0, Period: day})) },
		func(s state, r record) error {
			d := s.(*supply.Demand[string])
			return errors.Join(d.Add(r.id, r.from, r.units), d.AddStockOut(r.id, r.from, r.to), d.AddProduct(r.id, r.from))
		}, func(a, b state) error { return a.(*supply.Demand[string]).Merge(b.(*supply.Demand[string])) },
		func(s state) (any, error) {
			d := s.(*supply.Demand[string])
			out := []any{}
			for _, id := range d.IDs() {
				x, err := d.Series(id, supply.Scale)
				if err != nil {
					return nil, err
				}
				out = append(out, x)
			}
			if len(out) == 0 {
				return nil, supply.ErrEmpty
			}
			return out, nil
		},
	},
}

type record struct {
	id, category string
	from, to     time.Time
	yes          bool
	units        float64
	n            int64
}

func drawRecord(t *rapid.T) record {
	from := rapid.IntRange(0, 99*24).Draw(t, "hour")
	return record{
		id: rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "id"), category: rapid.SampledFrom([]string{"tea", "jam", ""}).Draw(t, "category"),
		// Whole days keep sums of days exact.
		from: t0.Add(time.Duration(from) * time.Hour), to: t0.Add(time.Duration(from+24*rapid.IntRange(1, 20).Draw(t, "days")) * time.Hour),
		yes: rapid.Bool().Draw(t, "yes"), units: float64(rapid.IntRange(0, 5).Draw(t, "units")), n: rapid.Int64Range(0, 10).Draw(t, "n"),
	}
}

func wire(t *rapid.T, s state) []byte {
	b, err := s.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The laws of merging: any split and any order give the bytes of one pass; an
// empty state is the identity; merging and results leave the operand alone; the
// binary form brings back an equal state.
func TestMergeLawsProp(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				rs := rapid.SliceOfN(rapid.Custom(drawRecord), 0, 25).Draw(t, "records")
				whole := k.fresh()
				parts := []state{k.fresh(), k.fresh(), k.fresh()}
				for _, r := range rs {
					if err := k.feed(whole, r); err != nil {
						t.Fatal(err)
					}
				}
				for _, r := range rapid.Permutation(rs).Draw(t, "order") {
					if err := k.feed(parts[rapid.IntRange(0, 2).Draw(t, "shard")], r); err != nil {
						t.Fatal(err)
					}
				}
				want, last := wire(t, whole), wire(t, parts[2])
				// (0 + 2) + (1 + 0): another association than that of one pass.
				left, right := k.fresh(), parts[1]
				for _, step := range [][2]state{{left, parts[2]}, {right, parts[0]}, {left, right}} {
					if err := k.merge(step[0], step[1]); err != nil {
						t.Fatal(err)
					}
				}
				if got := wire(t, left); !bytes.Equal(got, want) {
					t.Fatalf("merged shards differ from one pass:\n%x\n%x", got, want)
				}
				if !bytes.Equal(last, wire(t, parts[2])) {
					t.Fatal("Merge changed its operand")
				}
				if err := k.merge(left, k.fresh()); err != nil || !bytes.Equal(wire(t, left), want) {
					t.Fatalf("an empty state is not the identity (%v)", err)
				}
				if err := k.merge(left, left); !errors.Is(err, supply.ErrMismatch) || !bytes.Equal(wire(t, left), want) {
					t.Fatalf("merging a state with itself: %v", err)
				}
				back := reflect.New(reflect.TypeOf(whole).Elem()).Interface().(state)
				if err := back.UnmarshalBinary(want); err != nil || !bytes.Equal(wire(t, back), want) {
					t.Fatalf("round trip: %v", err)
				}
				a, errA := k.res(whole)
				b, errB := k.res(back)
				if fmt.Sprint(a, errA) != fmt.Sprint(b, errB) {
					t.Fatalf("results differ: %v, %v and %v, %v", a, errA, b, errB)
				}
				if len(rs) == 0 && !errors.Is(errA, supply.ErrEmpty) {
					t.Fatalf("result of nothing: %v", errA)
				}
				if !bytes.Equal(wire(t, whole), want) {
					t.Fatal("Result changed the state")
				}
				if again, err := k.res(whole); err == nil && fmt.Sprint(again) != fmt.Sprint(a) {
					t.Fatal("Result differs when asked again")
				}
				// States that came through the wire merge like their originals.
				double, want2 := k.fresh(), k.fresh()
				for _, s := range []state{whole, back} {
					if err := k.merge(double, s); err != nil {
						t.Fatal(err)
					}
				}
				for range 2 {
					for _, r := range rs {
						if err := k.feed(want2, r); err != nil {
							t.Fatal(err)
						}
					}
				}
				if !bytes.Equal(wire(t, double), wire(t, want2)) {
					t.Fatal("a decoded state merges differently")
				}
			})
		})
	}
}

func TestDecodeDamage(t *testing.T) {
	for _, k := range kinds {
		s := k.fresh()
		for i := range 6 {
			ok(t, k.feed(s, record{id: string(rune('a' + i%3)), category: "tea", from: at(float64(10 * i)), to: at(float64(10*i + 3)), yes: i%2 == 0, units: 2, n: int64(i)}))
		}
		data := must(s.MarshalBinary())
		victim := k.fresh()
		ok(t, k.feed(victim, record{id: "z", from: at(1), to: at(2)}))
		before := must(victim.MarshalBinary())
		for n := range data {
			bad := bytes.Clone(data)
			bad[n] ^= 0x10
			for _, b := range [][]byte{data[:n], bad} {
				if err := victim.UnmarshalBinary(b); !errors.Is(err, supply.ErrCorrupt) {
					t.Fatalf("%s: damage at byte %d: %v", k.name, n, err)
				}
			}
		}
		if !bytes.Equal(before, must(victim.MarshalBinary())) {
			t.Errorf("%s: a failed decode changed the receiver", k.name)
		}
		for _, other := range kinds {
			if err := other.fresh().UnmarshalBinary(data); (err == nil) != (other.name == k.name) {
				t.Errorf("%s read as %s: %v", k.name, other.name, err)
			}
		}
	}
	// Ids of another class are refused; of a narrower type, too.
	wide := must(supply.NewDemand[int64](supply.DemandOptions{Start: t0}))
	ok(t, wide.Add(1000, at(1), 1))
	data := must(wide.MarshalBinary())
	type sku int64
	if err := new(supply.Demand[sku]).UnmarshalBinary(data); err != nil {
		t.Errorf("named type: %v", err)
	}
	for _, bad := range []encoding.BinaryUnmarshaler{new(supply.Demand[int8]), new(supply.Demand[uint64]), new(supply.Demand[string])} {
		if err := bad.UnmarshalBinary(data); !errors.Is(err, supply.ErrCorrupt) {
			t.Errorf("%T: %v", bad, err)
		}
	}
}

func fuzz(f *testing.F, kind int) {
	k := kinds[kind]
	s := k.fresh()
	f.Add(must(s.MarshalBinary()))
	for i := range 4 {
		ok(f, k.feed(s, record{id: string(rune('a' + i)), category: "jam", from: at(float64(i)), to: at(float64(i + 9)), yes: i%2 == 0, units: 3, n: int64(i)}))
	}
	f.Add(must(s.MarshalBinary()))
	f.Fuzz(func(t *testing.T, data []byte) {
		s := k.fresh()
		before := must(s.MarshalBinary())
		if err := s.UnmarshalBinary(data); err == nil && !bytes.Equal(must(s.MarshalBinary()), data) {
			t.Fatal("accepted bytes that encode differently")
		}
		s, data = k.fresh(), testkit.Refit(data)
		if err := s.UnmarshalBinary(data); err != nil {
			if !errors.Is(err, supply.ErrCorrupt) && !errors.Is(err, supply.ErrVersion) && !errors.Is(err, supply.ErrMismatch) {
				t.Fatalf("unnamed error %v", err)
			}
			if !bytes.Equal(before, must(s.MarshalBinary())) {
				t.Fatal("a failed decode changed the receiver")
			}
			return
		}
		if !bytes.Equal(must(s.MarshalBinary()), data) {
			t.Fatal("accepted bytes that encode differently")
		}
		_, _ = k.res(s) // must not panic
		_ = k.merge(k.fresh(), s)
	})
}

func FuzzAssortmentUnmarshal(f *testing.F) { fuzz(f, 0) }
func FuzzFulfilmentUnmarshal(f *testing.F) { fuzz(f, 1) }
func FuzzServiceUnmarshal(f *testing.F)    { fuzz(f, 2) }
func FuzzInventoryUnmarshal(f *testing.F)  { fuzz(f, 3) }
func FuzzDemandUnmarshal(f *testing.F)     { fuzz(f, 4) }

func TestMismatch(t *testing.T) {
	f := func(o supply.FulfilmentOptions) *supply.Fulfilment {
		o.AsOf = at(9)
		return must(supply.NewFulfilment(o))
	}
	s := func(o supply.ServiceOptions) *supply.Service { return must(supply.NewService(o)) }
	v := func(o supply.InventoryOptions) *supply.Inventory[int] {
		o.From, o.To = t0, at(9)
		return must(supply.NewInventory[int](o))
	}
	d := func(o supply.DemandOptions) *supply.Demand[int] { return must(supply.NewDemand[int](o)) }
	a := func(o supply.AssortmentOptions) *supply.Assortment[int] { return must(supply.NewAssortment[int](o)) }
	for name, err := range map[string]error{
		"grace":      f(supply.FulfilmentOptions{}).Merge(f(supply.FulfilmentOptions{Grace: 1})),
		"criteria":   f(supply.FulfilmentOptions{}).Merge(f(supply.FulfilmentOptions{Perfect: supply.OnTime})),
		"targets":    f(supply.FulfilmentOptions{}).Merge(f(supply.FulfilmentOptions{Targets: map[string]float64{"x": 1}})),
		"nil":        f(supply.FulfilmentOptions{}).Merge(nil),
		"as of":      s(supply.ServiceOptions{AsOf: at(1)}).Merge(s(supply.ServiceOptions{AsOf: at(2)})),
		"window":     s(supply.ServiceOptions{AsOf: at(1)}).Merge(s(supply.ServiceOptions{AsOf: at(1), ReopenWindow: 1})),
		"currency":   v(supply.InventoryOptions{Currency: "EUR"}).Merge(v(supply.InventoryOptions{Currency: "USD"})),
		"ages":       v(supply.InventoryOptions{}).Merge(v(supply.InventoryOptions{Ages: []time.Duration{1}})),
		"period":     d(supply.DemandOptions{Start: t0}).Merge(d(supply.DemandOptions{Start: t0, Period: day})),
		"start":      d(supply.DemandOptions{Start: t0}).Merge(d(supply.DemandOptions{Start: at(1)})),
		"categories": a(supply.AssortmentOptions{}).Merge(a(supply.AssortmentOptions{Categories: []string{"x"}})),
	} {
		if !errors.Is(err, supply.ErrMismatch) {
			t.Errorf("%s: %v", name, err)
		}
	}
	var zero supply.Assortment[int]
	ok(t, zero.Merge(a(supply.AssortmentOptions{})), a(supply.AssortmentOptions{}).Merge(&zero))
}

func TestAccumulatorsBadInput(t *testing.T) {
	nan := math.NaN()
	a := must(supply.NewAssortment[string](supply.AssortmentOptions{}))
	f := must(supply.NewFulfilment(supply.FulfilmentOptions{AsOf: at(10)}))
	s := must(supply.NewService(supply.ServiceOptions{AsOf: at(10)}))
	v := must(supply.NewInventory[string](supply.InventoryOptions{From: t0, To: at(10)}))
	d := must(supply.NewDemand[string](supply.DemandOptions{Start: t0}))
	bytesOf := func() string {
		out := ""
		for _, x := range []state{a, f, s, v, d} {
			out += string(must(x.MarshalBinary()))
		}
		return out
	}
	before := bytesOf()
	var zd supply.Demand[string]
	var zv supply.Inventory[string]
	var zf supply.Fulfilment
	var zs supply.Service
	bad := func(_ any, err error) error { return err }
	for _, c := range []struct {
		name string
		err  error
		want error
	}{
		{"assortment time", a.AddProduct("x", "", time.Time{}), supply.ErrRange},
		{"assortment year", a.AddProduct("x", "", time.Date(3000, 1, 1, 0, 0, 0, 0, time.UTC)), supply.ErrRange},
		{"assortment interval", a.AddStock("x", at(2), at(1), true), supply.ErrRange},
		{"assortment sales", a.AddSales("x", -1), supply.ErrRange},
		{"assortment sales NaN", a.AddSales("x", nan), supply.ErrNotFinite},
		{"assortment forecast", a.AddForecast("x", math.Inf(1)), supply.ErrNotFinite},
		{"assortment absurd", a.AddSales("x", math.MaxFloat64), supply.ErrRange},
		{"not placed", f.Add(supply.Delivery{}), supply.ErrRange},
		{"future", f.Add(supply.Delivery{Placed: at(11)}), supply.ErrRange},
		{"future delivery", f.Add(supply.Delivery{Placed: at(1), Delivered: at(11)}), supply.ErrRange},
		{"delivered before shipped", f.Add(supply.Delivery{Placed: at(1), Shipped: at(3), Delivered: at(2)}), supply.ErrRange},
		{"shipped before placed", f.Add(supply.Delivery{Placed: at(1), Shipped: at(0)}), supply.ErrRange},
		{"promised before placed", f.Add(supply.Delivery{Placed: at(1), Promised: at(0)}), supply.ErrRange},
		{"units", f.Add(supply.Delivery{Placed: at(1), Ordered: -1}), supply.ErrRange},
		{"lines", f.Add(supply.Delivery{Placed: at(1), Lines: 1, LinesInFull: 2}), supply.ErrRange},
		{"check", f.Add(supply.Delivery{Placed: at(1), Undamaged: 9}), supply.ErrRange},
		{"not opened", s.AddTicket(supply.Ticket{}), supply.ErrRange},
		{"future ticket", s.AddTicket(supply.Ticket{Opened: at(11)}), supply.ErrRange},
		{"reply first", s.AddTicket(supply.Ticket{Opened: at(2), Replied: at(1)}), supply.ErrRange},
		{"reopened unresolved", s.AddTicket(supply.Ticket{Opened: at(2), Reopened: at(3)}), supply.ErrRange},
		{"contacts", s.AddTicket(supply.Ticket{Opened: at(2), Contacts: -1}), supply.ErrRange},
		{"CSAT 0", s.AddSurvey(supply.CSAT, 0), supply.ErrRange},
		{"CSAT 6", s.AddSurvey(supply.CSAT, 6), supply.ErrRange},
		{"NPS 11", s.AddSurvey(supply.NPS, 11), supply.ErrRange},
		{"NPS -1", s.AddSurvey(supply.NPS, -1), supply.ErrRange},
		{"CES 8", s.AddSurvey(supply.CES, 8), supply.ErrRange},
		{"survey kind", s.AddSurvey(9, 1), supply.ErrRange},
		{"invited", s.AddInvited(supply.CSAT, -1), supply.ErrRange},
		{"sold", s.AddSold(0, -1, 0), supply.ErrRange},
		{"returned", s.AddReturn(supply.Return{Value: -1}), supply.ErrRange},
		{"level", v.AddLevel("x", t0, at(1), -1, 0), supply.ErrRange},
		{"level interval", v.AddLevel("x", at(1), t0, 1, 0), supply.ErrRange},
		{"sale", v.AddSale("x", at(1), 1, -1, 0), supply.ErrRange},
		{"sale time", v.AddSale("x", time.Time{}, 1, 1, 0), supply.ErrRange},
		{"receipt", v.AddReceipt("x", at(1), -1), supply.ErrRange},
		{"demand before start", d.Add("x", at(-1), 1), supply.ErrRange},
		{"demand time", d.Add("x", time.Time{}, 1), supply.ErrRange},
		{"demand far", d.Add("x", time.Date(99999, 1, 1, 0, 0, 0, 0, time.UTC), 1), supply.ErrRange},
		{"demand units", d.Add("x", at(1), -2), supply.ErrRange},
		{"demand NaN", d.Add("x", at(1), nan), supply.ErrNotFinite},
		{"stock-out", d.AddStockOut("x", at(2), at(1)), supply.ErrRange},
		{"unknown id", bad(d.Series("x", supply.Scale)), supply.ErrUnknownID},
		{"extend", d.Extend(-1), supply.ErrRange},
		{"zero Demand", zd.Add("x", at(1), 1), supply.ErrOption},
		{"zero Demand stock-out", zd.AddStockOut("x", at(1), at(2)), supply.ErrOption},
		{"zero Inventory", zv.AddSale("x", at(1), 1, 1, 1), supply.ErrOption},
		{"zero Fulfilment", zf.Add(supply.Delivery{Placed: at(1)}), supply.ErrRange},
		{"zero Service", zs.AddTicket(supply.Ticket{Opened: at(1)}), supply.ErrRange},
		{"no AsOf", bad(supply.NewFulfilment(supply.FulfilmentOptions{})), supply.ErrOption},
		{"grace", bad(supply.NewFulfilment(supply.FulfilmentOptions{AsOf: t0, Grace: -1})), supply.ErrOption},
		{"target", bad(supply.NewFulfilment(supply.FulfilmentOptions{AsOf: t0, Targets: map[string]float64{"x": 0}})), supply.ErrOption},
		{"criteria", bad(supply.NewFulfilment(supply.FulfilmentOptions{AsOf: t0, Perfect: 64})), supply.ErrOption},
		{"no AsOf of service", bad(supply.NewService(supply.ServiceOptions{})), supply.ErrOption},
		{"empty window", bad(supply.NewInventory[string](supply.InventoryOptions{From: t0, To: t0})), supply.ErrOption},
		{"ages", bad(supply.NewInventory[string](supply.InventoryOptions{From: t0, To: at(1), Ages: []time.Duration{2, 1}})), supply.ErrOption},
		{"no start", bad(supply.NewDemand[string](supply.DemandOptions{})), supply.ErrOption},
		{"period", bad(supply.NewDemand[string](supply.DemandOptions{Start: t0, Period: 1})), supply.ErrOption},
		{"new within", bad(supply.NewAssortment[string](supply.AssortmentOptions{NewWithin: -1})), supply.ErrOption},
	} {
		if !errors.Is(c.err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, c.err, c.want)
		}
	}
	if bytesOf() != before {
		t.Error("a refused record changed a state")
	}
	// Money that does not fit is refused and changes nothing.
	ok(t, v.AddSale("x", at(1), 1, math.MaxInt64, 1), s.AddSold(0, 0, math.MaxInt64))
	before = bytesOf()
	for _, err := range []error{v.AddSale("x", at(2), 1, 1, 1), s.AddSold(1, 1, 1), v.Merge(must(copyOf(v))), s.Merge(must(copyService(s)))} {
		if !errors.Is(err, supply.ErrOverflow) {
			t.Errorf("overflow: %v", err)
		}
	}
	if bytesOf() != before {
		t.Error("an overflow changed a state")
	}
}

func copyOf(v *supply.Inventory[string]) (*supply.Inventory[string], error) {
	c := new(supply.Inventory[string])
	return c, c.UnmarshalBinary(must(v.MarshalBinary()))
}

func copyService(s *supply.Service) (*supply.Service, error) {
	c := new(supply.Service)
	return c, c.UnmarshalBinary(must(s.MarshalBinary()))
}

func TestAssortment(t *testing.T) {
	a := must(supply.NewAssortment[string](supply.AssortmentOptions{Categories: []string{"tea", "jam", "bread"}}))
	ok(t,
		a.AddProduct("a", "tea", at(0)), a.AddProduct("b", "tea", at(0)), a.AddProduct("c", "jam", at(80)),
		a.AddProduct("later", "bread", at(150)),
		a.AddStock("a", at(0), at(100), true),
		a.AddStock("b", at(0), at(50), true), a.AddStock("b", at(50), at(100), false),
		a.AddStock("c", at(80), at(90), false), a.AddStock("c", at(90), at(100), true),
		a.AddStock("later", at(150), at(160), true),
		a.AddSales("a", 50), a.AddSales("b", 50),
		a.AddForecast("a", 3), a.AddForecast("b", 1),
	)
	r := must(a.Result(at(100)))
	if r.Products != 3 || r.InStock != 2 {
		t.Errorf("%d products, %d in stock", r.Products, r.InStock)
	}
	for _, c := range []struct {
		name      string
		got, want float64
	}{
		{"coverage", r.CategoryCoverage.OrNaN(), 2. / 3},
		{"effective", r.Effective, 2},
		{"in stock", r.InStockRate.OrNaN(), 160. / 220},
		{"weighted", r.WeightedInStock.OrNaN(), (3 + .5) / 4},
		{"new", r.New.OrNaN(), 1. / 3},
		{"age", r.MeanAge.Hours() / 24, 220. / 3},
		{"refresh", r.RefreshInterval.Hours() / 24, 80},
	} {
		testkit.Near(t, c.name, c.got, c.want, 1e-9)
	}
	if _, err := a.Result(at(-1)); !errors.Is(err, supply.ErrEmpty) {
		t.Errorf("before the first listing: %v", err)
	}
	// A single product is its own effective number; no sales leave it undefined.
	b := new(supply.Assortment[int])
	ok(t, b.AddProduct(1, "x", at(0)))
	if r := must(b.Result(at(1))); !math.IsNaN(r.Effective) || r.CategoryCoverage.Den != 0 || r.RefreshInterval != supply.Beyond {
		t.Errorf("without sales: %+v", r)
	}
	ok(t, b.AddSales(1, 3))
	if r := must(b.Result(at(1))); r.Effective != 1 {
		t.Errorf("one product: %v", r.Effective)
	}
}

func TestFulfilment(t *testing.T) {
	f := must(supply.NewFulfilment(supply.FulfilmentOptions{AsOf: at(30), Grace: time.Hour, Targets: map[string]float64{"north": 3, "south": 1}}))
	whole := supply.Delivery{
		Placed: at(0), Shipped: at(1), Delivered: at(3), Promised: at(3), Region: "north",
		Ordered: 10, Received: 10, Lines: 2, LinesInFull: 2, RightAddress: supply.Pass, Undamaged: supply.Pass,
	}
	with := func(change func(*supply.Delivery)) supply.Delivery { d := whole; change(&d); return d }
	for _, d := range []supply.Delivery{
		whole,
		with(func(d *supply.Delivery) { d.Delivered = at(3).Add(time.Hour) }),                   // within grace
		with(func(d *supply.Delivery) { d.Delivered = at(4) }),                                  // late
		with(func(d *supply.Delivery) { d.Received, d.LinesInFull = 9, 1 }),                     // short
		with(func(d *supply.Delivery) { d.Received = 12 }),                                      // too much
		with(func(d *supply.Delivery) { d.Undamaged = supply.Unknown }),                         // nobody looked
		with(func(d *supply.Delivery) { d.Undamaged = supply.Fail }),                            // broken
		with(func(d *supply.Delivery) { d.Promised = time.Time{} }),                             // no promise
		with(func(d *supply.Delivery) { d.Shipped, d.Delivered = time.Time{}, time.Time{} }),    // overdue
		{Placed: at(29), Promised: at(33)},                                                      // has time
		with(func(d *supply.Delivery) { d.Cancelled = true }),                                   // does not count
		with(func(d *supply.Delivery) { d.Shipped, d.Ordered, d.Received = time.Time{}, 0, 0 }), // little known
	} {
		ok(t, f.Add(d))
	}
	r := must(f.Result())
	if r.Orders != 11 || r.Cancelled != 1 || r.Open != 2 || r.Overdue != 1 || r.NoPromise != 1 || r.OverDelivered != 1 {
		t.Errorf("counts: %+v", r)
	}
	for _, c := range []struct {
		name string
		got  supply.Ratio
		want supply.Ratio
	}{
		{"on time", r.OnTime, supply.Ratio{Num: 7, Den: 9}}, // late, overdue
		{"in full", r.InFull, supply.Ratio{Num: 7, Den: 8}},
		{"units", r.UnitFill, supply.Ratio{Num: 79, Den: 80}},
		{"lines", r.LineFill, supply.Ratio{Num: 17, Den: 18}},
		{"OTIF", r.OTIF, supply.Ratio{Num: 5, Den: 8}},       // not judged: no promise, unknown quantity
		{"perfect", r.Perfect, supply.Ratio{Num: 3, Den: 7}}, // fails: late, short, broken, overdue
		{"coverage", r.Coverage, supply.Ratio{Num: 3, Den: 4}},
	} {
		if c.got != c.want {
			t.Errorf("%s is %v, want %v", c.name, c.got, c.want)
		}
	}
	if r.OTIFUnknown != 2 || r.PerfectUnknown != 3 || !slices.Equal(r.Unserved, []string{"south"}) {
		t.Errorf("unknown %d, %d, unserved %v", r.OTIFUnknown, r.PerfectUnknown, r.Unserved)
	}
	if d := r.OrderToShip; d.Done != 8 || d.Open != 2 || d.Mean != day {
		t.Errorf("order to ship: %+v", d)
	}
	if d := r.OrderToDelivery; d.Done != 9 || d.Open != 2 || d.Max != 4*day {
		t.Errorf("order to delivery: %+v", d)
	}
	// Four independent criteria of 95 %: the estimate is .8145, the joint share
	// here .80, because every order fails at most one.
	g := must(supply.NewFulfilment(supply.FulfilmentOptions{AsOf: at(30)}))
	for i := range 100 {
		ok(t, g.Add(with(func(d *supply.Delivery) {
			switch {
			case i < 5:
				d.Delivered = at(9)
			case i < 10:
				d.Received = 1
			case i < 15:
				d.RightAddress = supply.Fail
			case i < 20:
				d.Undamaged = supply.Fail
			}
		})))
	}
	r = must(g.Result())
	testkit.Near(t, "joint", r.Perfect.OrNaN(), .8, 1e-12)
	testkit.Near(t, "estimate", r.PerfectEstimate, .81450625, 1e-12)
	if _, err := r.Coverage.Value(); !errors.Is(err, supply.ErrUndefined) {
		t.Error("coverage without targets is defined")
	}
}

func TestService(t *testing.T) {
	s := must(supply.NewService(supply.ServiceOptions{AsOf: at(30)}))
	for _, k := range []supply.Ticket{
		{Opened: at(0), Replied: at(0).Add(time.Hour), Resolved: at(1), Contacts: 1},
		{Opened: at(0), Replied: at(0).Add(2 * time.Hour), Resolved: at(2), Contacts: 2},
		{Opened: at(0), Replied: at(0).Add(2 * time.Hour), Resolved: at(2), Reopened: at(4), Contacts: 1},
		{Opened: at(0), Replied: at(0).Add(2 * time.Hour), Resolved: at(2), Reopened: at(14), Contacts: 1}, // after the window
		{Opened: at(0), Resolved: at(3)},                // contacts not recorded
		{Opened: at(27), Resolved: at(28), Contacts: 1}, // too fresh to judge
		{Opened: at(20)},                                // never answered
	} {
		ok(t, s.AddTicket(k))
	}
	for i := range 100 { // 50 promoters, 30 passive, 20 detractors
		score := 9 + i%2
		if i >= 80 {
			score = i % 7
		} else if i >= 50 {
			score = 7 + i%2
		}
		ok(t, s.AddSurvey(supply.NPS, score))
	}
	ok(t, s.AddInvited(supply.NPS, 400), s.AddSurvey(supply.CSAT, 5), s.AddSurvey(supply.CSAT, 4), s.AddSurvey(supply.CSAT, 1), s.AddSurvey(supply.CES, 7), s.AddSurvey(supply.CES, 4),
		s.AddSold(10, 40, 1000), s.AddReturn(supply.Return{Orders: 1, Units: 3, Value: 50, Reason: "size"}), s.AddReturn(supply.Return{Units: 1, Value: 50, Reason: "broken"}), s.AddReturn(supply.Return{Orders: 1, Units: 1, Reason: "late"}))
	r := must(s.Result())
	testkit.Near(t, "NPS", r.NPS.Value, 30, 1e-12)
	testkit.Near(t, "NPS SE", r.NPS.SE, 7.81, 5e-3)
	testkit.Near(t, "NPS response", r.NPS.Response.OrNaN(), .25, 1e-12)
	testkit.Near(t, "CSAT", r.CSAT.Value, 10./3, 1e-12)
	testkit.Near(t, "CES", r.CES.Value, 5.5, 1e-12)
	for _, c := range []struct {
		name string
		got  supply.Ratio
		want supply.Ratio
	}{
		{"satisfied", r.Satisfied, supply.Ratio{Num: 2, Den: 3}},
		{"resolved", r.Resolved, supply.Ratio{Num: 6, Den: 7}},
		{"reopened", r.Reopened, supply.Ratio{Num: 2, Den: 6}},
		{"first contact", r.FirstContact, supply.Ratio{Num: 2, Den: 4}},
		{"by order", r.ReturnsByOrder, supply.Ratio{Num: 2, Den: 10}},
		{"by unit", r.ReturnsByUnit, supply.Ratio{Num: 5, Den: 40}},
		{"by value", r.ReturnsByValue, supply.Ratio{Num: 100, Den: 1000}},
	} {
		if c.got != c.want {
			t.Errorf("%s is %v, want %v", c.name, c.got, c.want)
		}
	}
	if r.Backlog != 1 || r.Unjudged != 2 || r.FirstResponse.Done != 4 || r.FirstResponse.Open != 1 || r.BacklogAge.Max != 10*day {
		t.Errorf("%+v", r)
	}
	if !slices.Equal(r.Reasons, []supply.ReturnReason{{Name: "size", Units: 3}, {Name: "broken", Units: 1}, {Name: "late", Units: 1}}) {
		t.Errorf("reasons %v", r.Reasons)
	}
	// Never answered: nothing is known but that it takes longer.
	n := must(supply.NewService(supply.ServiceOptions{AsOf: at(30)}))
	ok(t, n.AddTicket(supply.Ticket{Opened: at(1)}))
	if r := must(n.Result()); r.FirstResponse.P50 != supply.Beyond || r.FirstResponse.Mean != supply.Beyond || !math.IsNaN(r.NPS.Value) {
		t.Errorf("%+v", r)
	}
}

func TestInventory(t *testing.T) {
	v := must(supply.NewInventory[string](supply.InventoryOptions{From: t0, To: at(365), DeadAfter: 90 * day}))
	ok(t,
		v.AddReceipt("a", at(-50), 100), v.AddReceipt("a", at(200), 60), v.AddReceipt("a", at(350), 20),
		v.AddLevel("a", at(-50), at(0), 100, 1000), // before the window
		v.AddLevel("a", at(0), at(182.5), 100, 1000), v.AddLevel("a", at(182.5), at(365), 50, 500),
		v.AddSale("a", at(300), 130, 4000, 3000), v.AddSale("a", at(-3), 99, 9, 9), v.AddSale("a", at(365), 99, 9, 9),
		v.AddReceipt("dead", at(100), 5), v.AddLevel("dead", at(100), at(400), 5, 50),
		v.AddReceipt("young", at(360), 5), v.AddLevel("young", at(360), at(365), 5, 50),
	)
	r := must(v.Result())
	if !slices.Equal(r.IDs, []string{"a", "dead", "young"}) {
		t.Fatal(r.IDs)
	}
	a := r.Products[0]
	for _, c := range []struct {
		name      string
		got, want float64
	}{
		{"average", a.AverageValue, 750},
		{"turnover", a.Turnover.OrNaN(), 4},
		{"days of supply", a.DaysOfSupply.OrNaN(), 91.25},
		{"GMROI", a.GMROI.OrNaN(), 1000. / 750},
		{"sell-through", a.SellThrough.OrNaN(), 130. / 80},
		{"total turnover", r.Total.Turnover.OrNaN(), 3000 / (750 + 50*265./365 + 50*5./365)},
	} {
		testkit.Near(t, c.name, c.got, c.want, 1e-9)
	}
	if a.Units != 50 || a.Sold != 130 || a.Margin != 1000 || a.Dead {
		t.Errorf("%+v", a)
	}
	// 50 left: the 20 of day 350, then 30 of the 60 of day 200.
	if !slices.Equal(a.AgedUnits, []int64{20, 0, 0, 30, 0}) {
		t.Errorf("ages %v", a.AgedUnits)
	}
	if !r.Products[1].Dead || r.Products[2].Dead || r.Total.DeadUnits != 5 || r.Total.DeadValue != 50 || r.Total.Units != 60 {
		t.Errorf("%+v", r.Total)
	}
	if _, err := r.Products[1].DaysOfSupply.Value(); !errors.Is(err, supply.ErrUndefined) {
		t.Error("days of supply of what does not sell are defined")
	}
}

func TestDemandSeries(t *testing.T) {
	d := must(supply.NewDemand[string](supply.DemandOptions{Start: t0, Period: day}))
	for p, u := range []float64{10, 12, 4, 0, 8, 3} {
		ok(t, d.Add("a", at(float64(p)+.5), u))
	}
	ok(t, d.AddStockOut("a", at(2.5), at(4)), d.AddStockOut("a", at(5), at(5.9)), d.AddProduct("b", at(3.5)), d.Add("b", at(3.6), 2), d.Add("b", at(5), 4))
	s := must(d.Series("a", supply.Scale))
	// Day 2 was half in stock; day 3 not at all and day 5 for a tenth: both get
	// the mean 34/3.5 of the days in stock.
	for i, want := range []float64{10, 12, 8, 34 / 3.5, 8, 34 / 3.5} {
		testkit.Near(t, fmt.Sprintf("day %d", i), s.Units[i], want, 1e-9)
	}
	if !slices.Equal(s.Censored, []bool{false, false, false, true, false, true}) {
		t.Errorf("flags %v", s.Censored)
	}
	mean, sd, n, err := s.Moments()
	if err != nil || n != 4 {
		t.Fatalf("%d periods, %v", n, err)
	}
	testkit.Near(t, "mean", mean, 9.5, 1e-12)
	testkit.Near(t, "sd", sd, math.Sqrt(11./3), 1e-12)

	s = must(d.Series("a", supply.Exclude))
	if !slices.Equal(s.Units, []float64{10, 12, 4, 0, 8, 3}) || !slices.Equal(s.Censored, []bool{false, false, true, true, false, true}) {
		t.Errorf("Exclude: %+v", s)
	}
	if mean, _, n, _ := s.Moments(); mean != 10 || n != 3 {
		t.Errorf("Exclude: mean %v of %d", mean, n)
	}
	s = must(d.Series("a", supply.Keep))
	if mean, _, n, _ := s.Moments(); n != 6 || math.Abs(mean-37./6) > 1e-12 {
		t.Errorf("Keep: mean %v of %d", mean, n)
	}
	// b was listed at noon of day 3: that half day sold 2.
	s = must(d.Series("b", supply.Scale))
	if s.First != 3 || !slices.Equal(s.Units, []float64{4, 0, 4}) || !slices.Equal(s.Sold, []float64{2, 0, 4}) {
		t.Errorf("b: %+v", s)
	}
	// Sold before it was listed: the listing is wrong.
	ok(t, d.AddProduct("c", at(4)), d.Add("c", at(1), 1))
	if s = must(d.Series("c", supply.Scale)); s.First != 1 || len(s.Units) != 5 {
		t.Errorf("c: %+v", s)
	}
	// Never in stock and never sold: nothing to learn, and no invention.
	ok(t, d.AddStockOut("none", at(0), at(6)))
	s = must(d.Series("none", supply.Scale))
	if mean, _, n, _ := s.Moments(); mean != 0 || n != 6 || slices.Contains(s.Censored, false) {
		t.Errorf("none: %+v", s)
	}
	ok(t, d.Extend(9))
	if s = must(d.Series("a", supply.Keep)); len(s.Units) != 9 || d.Periods() != 9 {
		t.Errorf("Extend: %d", len(s.Units))
	}
	if _, err := d.Series("a", 7); !errors.Is(err, supply.ErrOption) {
		t.Error(err)
	}
}
