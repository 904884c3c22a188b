package supply_test

import (
	"bytes"
	"encoding"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"reflect"
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
			return errors.Join(v.AddTicket(tk), v.AddSurvey(supply.NPS, int(r.n)), v.AddInvited(supply.NPS, 3), v.AddSold(1, r.n, 500), v.AddReturn(supply.Return{Units: r.n, Reason: r.category}),
				v.AddSoldAt(r.from, 1, 11, 500), v.AddReturn(supply.Return{Sold: r.from, At: r.to, Orders: r.n & 1, Units: r.n, Value: 7 * r.n, Reason: r.category}))
		}, func(a, b state) error { return a.(*supply.Service).Merge(b.(*supply.Service)) },
		func(s state) (any, error) { return s.(*supply.Service).Result() },
	},
	{"Inventory", func() state {
		return must(supply.NewInventory[string](supply.InventoryOptions{From: at(10), To: at(100)}))
	}, func(s state, r record) error {
		v := s.(*supply.Inventory[string])
		return errors.Join(v.AddLevel(r.id, r.from, r.to, r.n, 4*r.n), v.AddSale(r.id, r.from, r.n, 9, 4), v.AddReceipt(r.id, r.from, r.n), v.AddSpace(r.id, r.units+1))
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
	{
		"Expiry", func() state { return must(supply.NewExpiry[string](supply.ExpiryOptions{AsOf: at(60)})) },
		func(s state, r record) error {
			e := s.(*supply.Expiry[string])
			return errors.Join(e.Add(r.id, supply.Lot{Expires: r.to, Units: r.n, Value: 3 * r.n}), e.AddDemand(r.id, r.units))
		}, func(a, b state) error { return a.(*supply.Expiry[string]).Merge(b.(*supply.Expiry[string])) },
		func(s state) (any, error) { return s.(*supply.Expiry[string]).Result() },
	},
	{
		"CostToServe", func() state {
			return must(supply.NewCostToServe(supply.CostToServeOptions{Factors: map[string]float64{"": 0, "tea": 800, "jam": 20}}))
		}, func(s state, r record) error {
			c := s.(*supply.CostToServe)
			return errors.Join(c.AddOrders(1, 10*r.n), c.AddCost(r.id, r.n), c.AddParcel([]supply.Leg{{Mode: r.category, Meters: 1000 * r.n, Grams: int64(r.units)}}))
		}, func(a, b state) error { return a.(*supply.CostToServe).Merge(b.(*supply.CostToServe)) },
		func(s state) (any, error) { return s.(*supply.CostToServe).Result() },
	},
	{
		"Complaints", func() state { return &supply.Complaints[string]{} },
		func(s state, r record) error {
			return s.(*supply.Complaints[string]).Add(r.id, r.yes, []string{r.category, string(rune('a' + r.n%5)), r.category})
		}, func(a, b state) error { return a.(*supply.Complaints[string]).Merge(b.(*supply.Complaints[string])) },
		func(s state) (any, error) {
			c := s.(*supply.Complaints[string])
			out := []any{}
			for _, id := range c.IDs() {
				x, err := c.Terms(id, supply.ComplaintOptions{AgainstOthers: true, MinTexts: 1})
				out = append(out, x, fmt.Sprint(err))
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

// canonical tests that s, read from data, is written as it was read. What an older
// version says is written in the newest, which reads as the same.
func canonical(t *testing.T, s, again state, data []byte) {
	t.Helper()
	written := must(s.MarshalBinary())
	if binary.LittleEndian.Uint16(data[6:]) < binary.LittleEndian.Uint16(written[6:]) {
		ok(t, again.UnmarshalBinary(written))
		data, written = written, must(again.MarshalBinary())
	}
	if !bytes.Equal(written, data) {
		t.Fatal("accepted bytes that encode differently")
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
		if err := s.UnmarshalBinary(data); err == nil {
			canonical(t, s, k.fresh(), data)
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
		canonical(t, s, k.fresh(), data)
		_, _ = k.res(s) // must not panic
		_ = k.merge(k.fresh(), s)
	})
}

func FuzzAssortmentUnmarshal(f *testing.F)  { fuzz(f, 0) }
func FuzzFulfilmentUnmarshal(f *testing.F)  { fuzz(f, 1) }
func FuzzServiceUnmarshal(f *testing.F)     { fuzz(f, 2) }
func FuzzInventoryUnmarshal(f *testing.F)   { fuzz(f, 3) }
func FuzzDemandUnmarshal(f *testing.F)      { fuzz(f, 4) }
func FuzzExpiryUnmarshal(f *testing.F)      { fuzz(f, 5) }
func FuzzCostToServeUnmarshal(f *testing.F) { fuzz(f, 6) }
func FuzzComplaintsUnmarshal(f *testing.F)  { fuzz(f, 7) }

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
		"hours":      s(supply.ServiceOptions{AsOf: at(1)}).Merge(s(supply.ServiceOptions{AsOf: at(1), Hours: office(t)})),
		"stages":     f(supply.FulfilmentOptions{Hours: office(t)}).Merge(f(supply.FulfilmentOptions{})),
		"classes":    s(supply.ServiceOptions{AsOf: at(1)}).Merge(s(supply.ServiceOptions{AsOf: at(1), Ages: []time.Duration{1}})),
		"returns":    s(supply.ServiceOptions{AsOf: at(1)}).Merge(s(supply.ServiceOptions{AsOf: at(1), ReturnWindow: day})),
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
		{"zero Demand", zd.Add("x", at(1), 1), supply.ErrEmpty},
		{"zero Demand stock-out", zd.AddStockOut("x", at(1), at(2)), supply.ErrEmpty},
		{"zero Inventory", zv.AddSale("x", at(1), 1, 1, 1), supply.ErrEmpty},
		{"zero Fulfilment", zf.Add(supply.Delivery{Placed: at(1)}), supply.ErrEmpty},
		{"zero Service", zs.AddTicket(supply.Ticket{Opened: at(1)}), supply.ErrEmpty},
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
