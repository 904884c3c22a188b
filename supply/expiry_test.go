package supply_test

import (
	"errors"
	"math"
	"math/big"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/supply"
)

func TestExpiry(t *testing.T) {
	e := must(supply.NewExpiry[string](supply.ExpiryOptions{AsOf: at(10), Soon: []time.Duration{5 * day, 20 * day}}))
	ok(t,
		e.Add("milk", supply.Lot{Expires: at(10), Units: 4, Value: 400}),   // at AsOf it has expired
		e.Add("milk", supply.Lot{Expires: at(15), Units: 10, Value: 1000}), // five days: the first class
		e.Add("milk", supply.Lot{Expires: at(20), Units: 10, Value: 800}),
		e.Add("milk", supply.Lot{Expires: at(20), Units: 5, Value: 400}), // of the same lot
		e.Add("milk", supply.Lot{Expires: at(60), Units: 1, Value: 100}),
		e.AddDemand("milk", 1), e.AddDemand("milk", .5),
		e.Add("rice", supply.Lot{Expires: at(400), Units: 7, Value: 70}),
		e.Add("rice", supply.Lot{Expires: at(3), Units: 1, Value: 10}))
	r := must(e.Result())
	m := r.Products[0]
	if m.Units != 30 || m.Expired != 4 || m.ExpiredValue != 400 || m.ExpiredShare != (supply.Ratio{Num: 400, Den: 2700}) || !slices.Equal(m.Soon, []int64{10, 15, 1}) || !slices.Equal(m.SoonValue, []int64{1000, 1200, 100}) {
		t.Errorf("%+v", m)
	}
	// 7.5 of the first ten in five days, then 7.5 of 15 in the next five, and the last one.
	testkit.Near(t, "at risk", m.AtRisk, 2.5+7.5, 1e-12)
	testkit.Near(t, "its value", m.AtRiskValue, 250+600, 1e-12)
	if r.Total.Unjudged != 7 || r.Products[1].Unjudged != 7 || r.Total.Expired != 5 || r.Total.AtRisk != m.AtRisk {
		t.Errorf("%+v", r.Total)
	}
	lots, short, err := e.Pick(nil, "milk", 13)
	if err != nil || short != 0 || !slices.Equal(lots, []supply.Lot{{Expires: at(15), Units: 10, Value: 1000}, {Expires: at(20), Units: 3, Value: 240}}) {
		t.Errorf("%v, %d, %v", lots, short, err)
	}
	if lots, short, err := e.Pick(lots[:0], "milk", 30); err != nil || short != 4 || len(lots) != 3 {
		t.Errorf("%v, %d, %v", lots, short, err)
	}
}

// In the order of expiry less is wasted than in any other, and just what the figures say: demand
// served unit by unit in small steps, by every order of the lots.
func TestExpiryFEFOProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 4).Draw(t, "lots")
		demand := float64(rapid.IntRange(0, 6).Draw(t, "demand"))
		e := must(supply.NewExpiry[int](supply.ExpiryOptions{AsOf: at(0)}))
		ends, units := make([]int, n), make([]float64, n)
		for i := range n {
			ends[i] = 1 + 3*i + rapid.IntRange(0, 2).Draw(t, "end")
			units[i] = float64(rapid.IntRange(1, 15).Draw(t, "units"))
			if err := e.Add(1, supply.Lot{Expires: at(float64(ends[i])), Units: int64(units[i]), Value: int64(units[i])}); err != nil {
				t.Fatal(err)
			}
		}
		if err := e.AddDemand(1, demand); err != nil {
			t.Fatal(err)
		}
		waste := func(order []int) float64 {
			left := slices.Clone(units)
			for d := 0; d < 20; d++ { // day by day: lots expire at its beginning
				want := demand
				for _, i := range order {
					if ends[i] > d {
						take := min(want, left[i])
						want, left[i] = want-take, left[i]-take
					}
				}
			}
			sum := 0.0
			for _, x := range left {
				sum += x
			}
			return sum
		}
		first := make([]int, n)
		for i := range first {
			first[i] = i
		}
		got := must(e.Result()).Total.AtRisk
		if want := waste(first); math.Abs(got-want) > 1e-9 {
			t.Fatalf("%v at risk, want %v", got, want)
		}
		if other := waste(rapid.Permutation(first).Draw(t, "order")); other < got-1e-9 {
			t.Fatalf("another order wastes %v, less than %v", other, got)
		}
	})
}

func TestExpiryBadInput(t *testing.T) {
	e := must(supply.NewExpiry[string](supply.ExpiryOptions{AsOf: at(10)}))
	var zero supply.Expiry[string]
	bad := func(_ any, err error) error { return err }
	pick := func(id string, n int64) error { _, _, err := e.Pick(nil, id, n); return err }
	option := func(o supply.ExpiryOptions) error { return bad(supply.NewExpiry[string](o)) }
	before := string(must(e.MarshalBinary()))
	for _, x := range []struct {
		name string
		err  error
		want error
	}{
		{"no products", bad(e.Result()), supply.ErrEmpty},
		{"zero value", zero.Add("a", supply.Lot{Expires: at(1)}), supply.ErrEmpty},
		{"no date", e.Add("a", supply.Lot{Units: 1}), supply.ErrRange},
		{"negative stock", e.Add("a", supply.Lot{Expires: at(1), Units: -1}), supply.ErrRange},
		{"negative value", e.Add("a", supply.Lot{Expires: at(1), Value: -1}), supply.ErrRange},
		{"demand", e.AddDemand("a", -1), supply.ErrRange},
		{"demand NaN", e.AddDemand("a", math.NaN()), supply.ErrNotFinite},
		{"unknown", pick("a", 1), supply.ErrUnknownID},
		{"negative units", pick("a", -1), supply.ErrRange},
		{"no AsOf", option(supply.ExpiryOptions{}), supply.ErrOption},
		{"classes down", option(supply.ExpiryOptions{AsOf: at(1), Soon: []time.Duration{2, 1}}), supply.ErrOption},
		{"another day", e.Merge(must(supply.NewExpiry[string](supply.ExpiryOptions{AsOf: at(9)}))), supply.ErrMismatch},
		{"other classes", e.Merge(must(supply.NewExpiry[string](supply.ExpiryOptions{AsOf: at(10), Soon: []time.Duration{1}}))), supply.ErrMismatch},
		{"currency", e.Merge(must(supply.NewExpiry[string](supply.ExpiryOptions{AsOf: at(10), Currency: "EUR"}))), supply.ErrMismatch},
	} {
		if !errors.Is(x.err, x.want) {
			t.Errorf("%s: %v", x.name, x.err)
		}
	}
	if string(must(e.MarshalBinary())) != before {
		t.Error("a refused record changed the state")
	}
	full := supply.Lot{Expires: at(20), Units: math.MaxInt64}
	other := must(supply.NewExpiry[string](supply.ExpiryOptions{AsOf: at(10)}))
	ok(t, e.Add("a", full), other.Add("a", full))
	if err := e.Add("a", full); !errors.Is(err, supply.ErrOverflow) {
		t.Error(err)
	}
	if err := e.Merge(other); !errors.Is(err, supply.ErrOverflow) {
		t.Error(err)
	}
	ok(t, e.Add("b", full))
	if _, err := e.Result(); !errors.Is(err, supply.ErrOverflow) {
		t.Error(err)
	}
}

// The value of a part of a lot is its share, rounded down, in whole numbers of any size.
func TestExpiryPickShareProp(t *testing.T) {
	share := func(t rapid.TB, value, units, n int64) {
		e := must(supply.NewExpiry[int](supply.ExpiryOptions{AsOf: at(0)}))
		if err := e.Add(1, supply.Lot{Expires: at(1), Units: units, Value: value}); err != nil {
			t.Fatal(err)
		}
		lots, short, err := e.Pick(nil, 1, n)
		if err != nil || short != 0 || len(lots) != 1 {
			t.Fatalf("%v, %d short, %v", lots, short, err)
		}
		want := new(big.Int).Mul(big.NewInt(value), big.NewInt(n))
		if want.Div(want, big.NewInt(units)); want.Int64() != lots[0].Value {
			t.Errorf("%d of %d units worth %d: %d, want %v", n, units, value, lots[0].Value, want)
		}
	}
	share(t, 100, 100, 29) // .29·100 is 28.999… in floats
	share(t, math.MaxInt64, 1<<53+1, 1<<53)
	rapid.Check(t, func(t *rapid.T) {
		units := rapid.Int64Range(1, math.MaxInt64).Draw(t, "units")
		share(t, rapid.Int64Range(0, math.MaxInt64).Draw(t, "value"), units, rapid.Int64Range(1, units).Draw(t, "n"))
	})
}
