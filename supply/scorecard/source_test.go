package scorecard_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/supply/scorecard"
)

type (
	order    = scorecard.Order[int, string]
	line     = scorecard.Line[string]
	store    = scorecard.Store[string]
	sourcing = scorecard.Sourcing[int, string]
)

type sourceCase struct {
	orders []order
	stores []store
	lanes  []scorecard.Lane
	split  bool
}

// drawSource draws a small problem in which stock and departures are scarce.
func drawSource(t *rapid.T) sourceCase {
	c := sourceCase{split: rapid.Bool().Draw(t, "split")}
	items := []string{"a", "b", "c"}[:rapid.IntRange(1, 3).Draw(t, "items")]
	regions := []string{"north", "south"}[:rapid.IntRange(1, 2).Draw(t, "regions")]
	many := rapid.Int64Range(1, 3).Draw(t, "units")
	limits := rapid.Bool().Draw(t, "limits")
	for s := range rapid.IntRange(1, 3).Draw(t, "stores") {
		st := store{Name: fmt.Sprint("s", s), Stock: map[string]int64{}}
		for _, item := range items {
			st.Stock[item] = rapid.Int64Range(0, 4).Draw(t, "stock")
		}
		c.stores = append(c.stores, st)
		for _, region := range regions {
			for k := range rapid.IntRange(0, 2).Draw(t, "carriers") {
				l := scorecard.Lane{Store: st.Name, Carrier: fmt.Sprint("c", k), Region: region, Days: rapid.IntRange(0, 2).Draw(t, "days"), Cost: rapid.Int64Range(0, 9).Draw(t, "cost"), UnitCost: rapid.Int64Range(0, 2).Draw(t, "unit cost")}
				if limits && rapid.Bool().Draw(t, "limited") {
					l.Capacity = rapid.SliceOfN(rapid.Int64Range(0, 2), 0, 2).Draw(t, "capacity")
					if l.Capacity == nil {
						l.Capacity = []int64{}
					}
				}
				c.lanes = append(c.lanes, l)
			}
		}
	}
	lines := 0
	for id := range rapid.IntRange(1, 5).Draw(t, "orders") {
		o := order{ID: id, Region: rapid.SampledFrom(regions).Draw(t, "region"), Promise: rapid.IntRange(0, 3).Draw(t, "promise")}
		if rapid.IntRange(0, 3).Draw(t, "worth") == 0 {
			o.Loss = rapid.Int64Range(1, 8).Draw(t, "loss")
		}
		for _, item := range items {
			if (len(o.Lines) == 0 || rapid.IntRange(0, 2).Draw(t, "another") == 0) && lines < 7 {
				o.Lines = append(o.Lines, line{item, rapid.Int64Range(1, many).Draw(t, "units")})
				lines++
			}
		}
		if len(o.Lines) > 0 {
			c.orders = append(c.orders, o)
		}
	}
	return c
}

// brute tries every assignment of parcels to lanes and days.
func (c sourceCase) brute() (left int, cost int64) {
	type parcel struct {
		o     order
		lines []line
	}
	var parcels []parcel
	for _, o := range c.orders {
		if !c.split {
			parcels = append(parcels, parcel{o, o.Lines})
			continue
		}
		for _, l := range o.Lines {
			parcels = append(parcels, parcel{o, []line{l}})
		}
	}
	stock, used := map[string]int64{}, map[string]int64{}
	for _, s := range c.stores {
		for item, n := range s.Stock {
			stock[s.Name+item] = n
		}
	}
	left, cost = math.MaxInt, 0
	var try func(k, leaves int, sum int64)
	try = func(k, leaves int, sum int64) {
		if leaves > left || leaves == left && sum >= cost {
			return
		}
		if k == len(parcels) {
			left, cost = leaves, sum
			return
		}
		p := parcels[k]
		for i, l := range c.lanes {
			if l.Region != p.o.Region {
				continue
			}
			price, ok := l.Cost, true
			for _, x := range p.lines {
				price += l.UnitCost * x.Units
				ok = ok && stock[l.Store+x.Item] >= x.Units
			}
			days := 1
			if l.Capacity != nil {
				days = len(l.Capacity)
			}
			for day := 0; ok && day < days && day+l.Days <= p.o.Promise; day++ {
				departure := fmt.Sprint(i, "/", day)
				if l.Capacity != nil && used[departure] >= l.Capacity[day] {
					continue
				}
				used[departure]++
				for _, x := range p.lines {
					stock[l.Store+x.Item] -= x.Units
				}
				try(k+1, leaves, sum+price)
				used[departure]--
				for _, x := range p.lines {
					stock[l.Store+x.Item] += x.Units
				}
			}
		}
		if p.o.Loss == 0 {
			leaves++
		}
		try(k+1, leaves, sum+p.o.Loss)
	}
	try(0, 0, 0)
	return left, cost
}

// valid fails unless a plan keeps to stock, departures and promises and speaks of every line
// once; it returns the parcels with no loss that are left.
func (c sourceCase) valid(t interface{ Fatalf(string, ...any) }, p *sourcing) (left int) {
	lanes, stock, used, seen := map[string]scorecard.Lane{}, map[string]int64{}, map[string]int64{}, map[string]int{}
	orders := map[int]order{}
	for _, l := range c.lanes {
		lanes[l.Store+"/"+l.Carrier+"/"+l.Region] = l
	}
	for _, s := range c.stores {
		for item, n := range s.Stock {
			stock[s.Name+"/"+item] = n
		}
	}
	for _, o := range c.orders {
		orders[o.ID] = o
		for _, l := range o.Lines {
			seen[fmt.Sprint(o.ID, l)]++
		}
	}
	var cost int64
	for _, s := range p.Shipments {
		o, l := orders[s.Order], lanes[s.Store+"/"+s.Carrier+"/"+s.Region]
		if s.Region != o.Region || s.Arrives != s.Day+l.Days || s.Arrives > o.Promise || !c.split && len(s.Lines) != len(o.Lines) {
			t.Fatalf("shipment %+v of %+v by %+v", s, o, l)
		}
		used[s.Store+"/"+s.Carrier+"/"+s.Region+fmt.Sprint(s.Day)]++
		if l.Capacity == nil && s.Day != 0 || l.Capacity != nil && used[s.Store+"/"+s.Carrier+"/"+s.Region+fmt.Sprint(s.Day)] > l.Capacity[s.Day] {
			t.Fatalf("departures of %+v", s)
		}
		price := l.Cost
		for _, x := range s.Lines {
			seen[fmt.Sprint(o.ID, x)]--
			price += l.UnitCost * x.Units
			if stock[s.Store+"/"+x.Item] -= x.Units; stock[s.Store+"/"+x.Item] < 0 {
				t.Fatalf("more than the stock of %s at %s", x.Item, s.Store)
			}
		}
		if price != s.Cost {
			t.Fatalf("%+v costs %d", s, price)
		}
		cost += price
	}
	for _, s := range p.Shipments {
		for day := range s.Day {
			if lane := s.Store + "/" + s.Carrier + "/" + s.Region; used[lane+fmt.Sprint(day)] < lanes[lane].Capacity[day] {
				t.Fatalf("%+v could leave on day %d", s, day)
			}
		}
	}
	whole := map[int]bool{}
	var lost int64
	for _, u := range p.Unserved {
		seen[fmt.Sprint(u.Order, u.Line)]--
		if c.split || !whole[u.Order] {
			if whole[u.Order] = true; orders[u.Order].Loss == 0 {
				left++
			}
			lost += orders[u.Order].Loss
		}
	}
	for l, n := range seen {
		if n != 0 {
			t.Fatalf("line %s is spoken of %d times too few", l, n)
		}
	}
	if cost != p.Cost || lost != p.Lost {
		t.Fatalf("cost %d and %d lost, the plan says %d and %d", cost, lost, p.Cost, p.Lost)
	}
	return left
}

// R73: the plan equals brute force, and does not depend on the order of its input.
func TestSourceProp(t *testing.T) {
	searched := false
	testkit.Until(t, "an optimum that the flow alone did not find", func() bool { return searched }, func(r *rapid.T) {
		c := drawSource(r)
		ctx := context.Background()
		p, err := scorecard.Source(ctx, c.orders, c.stores, c.lanes, scorecard.SourceOptions{Split: c.split})
		if err != nil {
			r.Fatal(err)
		}
		left := c.valid(r, p)
		wantLeft, wantCost := c.brute()
		if left != wantLeft || p.Cost+p.Lost != wantCost || !p.Optimal || p.LeastLeft != left || p.LeastCost != wantCost {
			r.Fatalf("left %d at %d+%d (%v, at least %d at %d), brute force %d at %d", left, p.Cost, p.Lost, p.Optimal, p.LeastLeft, p.LeastCost, wantLeft, wantCost)
		}
		// Without a search the bound still holds.
		q, err := scorecard.Source(ctx, c.orders, c.stores, c.lanes, scorecard.SourceOptions{Split: c.split, MaxNodes: -1})
		if err != nil {
			r.Fatal(err)
		}
		c.valid(r, q)
		if q.LeastLeft > wantLeft || q.LeastLeft == wantLeft && q.LeastCost > wantCost || q.Optimal && q.Cost+q.Lost != wantCost {
			r.Fatalf("without a search %+v, brute force %d at %d", q, wantLeft, wantCost)
		}
		searched = searched || !q.Optimal
		turned := sourceCase{slices.Clone(c.orders), slices.Clone(c.stores), slices.Clone(c.lanes), c.split}
		slices.Reverse(turned.orders)
		slices.Reverse(turned.stores)
		slices.Reverse(turned.lanes)
		again, err := scorecard.Source(ctx, turned.orders, turned.stores, turned.lanes, scorecard.SourceOptions{Split: c.split})
		if err != nil || !reflect.DeepEqual(p, again) {
			r.Fatalf("in another order %+v, not %+v: %v", again, p, err)
		}
	})
}

// Every obstacle by name.
func TestUnserved(t *testing.T) {
	stores := []store{{"berlin", map[string]int64{"tea": 3, "mug": 1}}, {"ulm", map[string]int64{"cup": 5}}}
	lanes := []scorecard.Lane{
		{Store: "berlin", Carrier: "van", Region: "north", Days: 1, Cost: 5, Capacity: []int64{1}},
		{Store: "berlin", Carrier: "bike", Region: "city", Days: 0, Cost: 2},
		{Store: "ulm", Carrier: "van", Region: "city", Days: 3, Cost: 2},
	}
	one := func(id int, region string, promise int, loss int64, item string, units int64) order {
		return order{ID: id, Region: region, Promise: promise, Loss: loss, Lines: []line{{item, units}}}
	}
	both := one(1, "city", 3, 0, "tea", 1)
	both.Lines = append(both.Lines, line{"cup", 1}) // no store has the whole
	p := must(scorecard.Source(context.Background(), []order{
		both,
		one(2, "city", 1, 0, "cup", 1),  // three days
		one(3, "north", 9, 0, "cup", 1), // nobody goes there from ulm
		one(4, "city", 0, 0, "mug", 1),
		one(5, "city", 0, 9, "mug", 1), // the only one goes to order 4
		one(6, "north", 1, 0, "tea", 1),
		one(7, "north", 1, 9, "tea", 1), // the van takes one
		one(8, "city", 0, 1, "tea", 1),  // 2 to ship, 1 to lose
		one(9, "city", 0, 0, "tea", 7),
	}, stores, lanes, scorecard.SourceOptions{}))
	want := []string{"1 tea no stock", "1 cup no stock", "2 cup too late", "3 cup no lane", "5 mug stock taken", "7 tea capacity full", "8 tea not worth it", "9 tea no stock"}
	var got []string
	for _, u := range p.Unserved {
		got = append(got, fmt.Sprint(u.Order, " ", u.Line.Item, " ", u.Why))
	}
	if !slices.Equal(got, want) || p.Cost != 7 || p.Lost != 19 || !p.Optimal {
		t.Errorf("%q, cost %d, lost %d, want %q", got, p.Cost, p.Lost, want)
	}
	// In parcels of their own both lines of order 1 go.
	p = must(scorecard.Source(context.Background(), []order{both}, stores, lanes, scorecard.SourceOptions{Split: true}))
	if len(p.Shipments) != 2 || p.Cost != 4 || p.Shipments[0].Store != "berlin" || p.Shipments[1].Store != "ulm" {
		t.Errorf("split: %+v", p)
	}
	// One unit and two departures: it leaves today, though the flow has once put it off for the other.
	c := sourceCase{
		orders: []order{one(0, "north", 2, 0, "tea", 1), one(1, "north", 1, 0, "tea", 1)}, stores: []store{{"berlin", map[string]int64{"tea": 1}}},
		lanes: []scorecard.Lane{{Store: "berlin", Carrier: "van", Region: "north", Days: 1, Capacity: []int64{1, 1}}},
	}
	p = must(scorecard.Source(context.Background(), c.orders, c.stores, c.lanes, scorecard.SourceOptions{}))
	if c.valid(t, p); len(p.Shipments) != 1 || p.Shipments[0].Day != 0 {
		t.Errorf("leaves late: %+v", p)
	}
	if s := scorecard.Obstacle(99).String(); s != "Obstacle(99)" {
		t.Error(s)
	}
}

func TestSourceRefuses(t *testing.T) {
	stores, lanes := []store{{"s", map[string]int64{"a": 1}}}, []scorecard.Lane{{Store: "s", Carrier: "c", Region: "r", Cost: 1}}
	good := order{ID: 1, Region: "r", Lines: []line{{"a", 1}}}
	with := func(change func(o *order)) []order {
		o := good
		o.Lines = slices.Clone(o.Lines)
		change(&o)
		return []order{o}
	}
	lane := func(change func(l *scorecard.Lane)) []scorecard.Lane {
		l := lanes[0]
		change(&l)
		return []scorecard.Lane{l}
	}
	for _, c := range []struct {
		name   string
		orders []order
		stores []store
		lanes  []scorecard.Lane
		want   error
		text   string
	}{
		{"no orders", nil, stores, lanes, scorecard.ErrEmpty, ""},
		{"no lines", with(func(o *order) { o.Lines = nil }), stores, lanes, scorecard.ErrEmpty, "order 1"},
		{"twice", []order{good, good}, stores, lanes, scorecard.ErrDuplicate, "order 1"},
		{"an item twice", with(func(o *order) { o.Lines = append(o.Lines, o.Lines[0]) }), stores, lanes, scorecard.ErrDuplicate, "item a"},
		{"no units", with(func(o *order) { o.Lines[0].Units = 0 }), stores, lanes, scorecard.ErrRange, "order 1"},
		{"promised for yesterday", with(func(o *order) { o.Promise = -1 }), stores, lanes, scorecard.ErrRange, "order 1"},
		{"a negative loss", with(func(o *order) { o.Loss = -1 }), stores, lanes, scorecard.ErrRange, "order 1"},
		{"losses beyond int64", with(func(o *order) { o.Loss = math.MaxInt64 }), stores, lanes, scorecard.ErrOverflow, ""},
		{"negative stock", []order{good}, []store{{"s", map[string]int64{"a": -1}}}, lanes, scorecard.ErrRange, `store "s"`},
		{"a store twice", []order{good}, append(slices.Clone(stores), stores...), lanes, scorecard.ErrDuplicate, `store "s"`},
		{"a lane twice", []order{good}, stores, append(slices.Clone(lanes), lanes...), scorecard.ErrDuplicate, `lane of "c"`},
		{"no such store", []order{good}, stores, lane(func(l *scorecard.Lane) { l.Store = "x" }), scorecard.ErrUnknownID, `"x"`},
		{"negative days", []order{good}, stores, lane(func(l *scorecard.Lane) { l.Days = -1 }), scorecard.ErrRange, `lane of "c"`},
		{"negative capacity", []order{good}, stores, lane(func(l *scorecard.Lane) { l.Capacity = []int64{-1} }), scorecard.ErrRange, "day 0"},
		{"a cost beyond int64", with(func(o *order) { o.Lines[0].Units = 1 }), []store{{"s", map[string]int64{"a": 9}}}, lane(func(l *scorecard.Lane) { l.Cost, l.UnitCost = math.MaxInt64, math.MaxInt64 }), scorecard.ErrOverflow, "order 1"},
	} {
		if p, err := scorecard.Source(context.Background(), c.orders, c.stores, c.lanes, scorecard.SourceOptions{}); !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) || p != nil {
			t.Errorf("%s: %v, want %v with %s", c.name, err, c.want, c.text)
		}
	}
}

// city draws n orders of one to three lines over some stores; limited lanes have departures on
// three days, tight stock is what the orders ask for and no more.
func city(n, stores int, limited, tight bool) sourceCase {
	r := rng.New(5, 0, 0)
	var c sourceCase
	asked := map[string]int64{}
	for id := range n {
		o := order{ID: id, Region: fmt.Sprint("region ", r.Intn(10)), Promise: 1 + r.Intn(4)}
		for k := range 1 + r.Intn(2)*r.Intn(3) {
			l := line{fmt.Sprint("item ", k, "/", r.Intn(100)), 1}
			asked[l.Item]++
			o.Lines = append(o.Lines, l)
		}
		c.orders = append(c.orders, o)
	}
	for s := range stores {
		st := store{Name: fmt.Sprint("store ", s), Stock: map[string]int64{}}
		for k := range 3 {
			for i := range 100 {
				item := fmt.Sprint("item ", k, "/", i)
				st.Stock[item] = 1000
				if tight {
					st.Stock[item] = (asked[item]*5/4 + int64(r.Intn(stores))) / int64(stores)
				}
			}
		}
		c.stores = append(c.stores, st)
		for region := range 10 {
			for k := range 2 {
				l := scorecard.Lane{Store: st.Name, Carrier: fmt.Sprint("carrier ", k), Region: fmt.Sprint("region ", region), Days: 1 + k, Cost: int64(300 + r.Intn(600) - 100*k)}
				if limited {
					l.Capacity = []int64{int64(n/stores/10 + 1), int64(n/stores/20 + 1), int64(n/stores/20 + 1)}
				}
				c.lanes = append(c.lanes, l)
			}
		}
	}
	return c
}

func BenchmarkSource(b *testing.B) {
	for _, k := range []struct {
		name                  string
		limited, tight, split bool
	}{
		{"scarce=departures", true, false, false}, {"scarce=stock/split=true", false, true, true}, {"scarce=stock", false, true, false}, {"scarce=both", true, true, false},
	} {
		c := city(5000, 30, k.limited, k.tight)
		b.Run("orders=5k/stores=30/"+k.name, func(b *testing.B) {
			b.ReportAllocs()
			var p *sourcing
			for b.Loop() {
				p = must(scorecard.Source(context.Background(), c.orders, c.stores, c.lanes, scorecard.SourceOptions{Split: k.split}))
			}
			b.ReportMetric(float64(len(p.Unserved)), "unserved")
			b.ReportMetric(float64(p.LeastLeft), "least")
		})
	}
}
