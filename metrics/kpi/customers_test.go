package kpi

import (
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"pgregory.net/rapid"
)

func own[U comparable](c *Customers[U], u U) purchases {
	if i := c.ids.Index(u); i >= 0 {
		return c.of[i]
	}
	return purchases{}
}

func TestCustomersMerge(t *testing.T) {
	testkit.Laws[*Customers[int]]{
		Empty: func() *Customers[int] { return &Customers[int]{} },
		Add: func(t *rapid.T) func(*Customers[int]) {
			u, v := rapid.IntRange(0, 9).Draw(t, "user"), rapid.Int64Range(-100, 1000).Draw(t, "revenue")
			return func(c *Customers[int]) {
				if err := c.Add(u, v); err != nil {
					t.Fatal(err)
				}
			}
		},
		Merge: func(a, b *Customers[int]) error { return a.Merge(b) },
		Result: func(c *Customers[int]) []float64 {
			return testkit.Numbers(c.Buyers(), c.Orders(), c.Revenue(), c.RepeatPurchaseRate().Num(), own(c, 3).revenue, own(c, 4).orders)
		},
	}.Check(t)
}

func TestCustomersKPIs(t *testing.T) {
	var a, b Customers[string]
	for _, o := range []struct {
		to   *Customers[string]
		user string
		sum  int64
	}{{&a, "u", 100}, {&a, "u", 200}, {&a, "v", 300}, {&a, "w", 200}, {&a, "x", 400}, {&b, "v", 5}, {&b, "v", 5}, {&b, "z", 5}} {
		if err := o.to.Add(o.user, o.sum); err != nil {
			t.Fatal(err)
		}
	}
	testkit.Near(t, "repeat", a.RepeatPurchaseRate().Float(), 0.25, 0)
	testkit.Near(t, "repurchase", a.RepurchaseRate(&b).Float(), 0.25, 0)
	testkit.Near(t, "AOV", a.AOV().Float(), 240, 0)
	testkit.Near(t, "ARPPU", a.ARPPU().Float(), 300, 0)
	testkit.Near(t, "orders per buyer", a.OrdersPerBuyer().Float(), 1.25, 0)
	r := Retention([]string{"a", "b", "c", "a", "d"}, []string{"b", "b", "x", "d"})
	if r.Num() != 2 || r.Den() != 4 {
		t.Errorf("retention %v, want 2/4", r)
	}
	testkit.Near(t, "growth", Growth(200, 250).Float(), 0.25, 0)
}

func BenchmarkCustomersAdd(b *testing.B) {
	var c Customers[int32]
	b.ReportAllocs()
	i := int32(0)
	for b.Loop() {
		i = (i*5 + 7) & 8191
		if err := c.Add(i, 20); err != nil {
			b.Fatal(err)
		}
	}
}
