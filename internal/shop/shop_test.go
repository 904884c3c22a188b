package shop_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/shop"
	"github.com/aislekit/aisle/internal/testkit"
)

func simulate(t testing.TB, cfg shop.Config) *shop.Shop {
	t.Helper()
	s, err := shop.Simulate(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// The default shop, a large one for effects that need many records, and one where
// stock never ends, so that orders show demand.
var (
	usual   = sync.OnceValues(func() (*shop.Shop, error) { return shop.Simulate(shop.Config{}) })
	large   = sync.OnceValues(func() (*shop.Shop, error) { return shop.Simulate(shop.Config{Users: 3000, Seed: 5}) })
	endless = sync.OnceValues(func() (*shop.Shop, error) {
		return shop.Simulate(shop.Config{Users: 3000, Tight: -1, Browse: -1, Seed: 8})
	})
)

func get(t testing.TB, f func() (*shop.Shop, error)) *shop.Shop {
	t.Helper()
	s, err := f()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func bytesOf(t testing.TB, s *shop.Shop) []byte {
	t.Helper()
	raw, truth := s.RawEvents()
	b, err := json.Marshal([]any{s, raw, truth})
	if err != nil {
		t.Fatal(err)
	}
	for i := range s.Items {
		for d := range s.Config.Days {
			b = fmt.Appendf(b, "%d,%d;", s.Truth.Wanted(i, d), s.Truth.Lost(i, d))
		}
	}
	return b
}

func TestDefaults(t *testing.T) {
	s := get(t, usual)
	if len(s.Users) != 2000 || len(s.Items) != 600 || s.Config.Days != 540 || len(s.Categories) != 20 || len(s.Campaigns) != 3 {
		t.Errorf("users %d items %d days %d categories %d campaigns %d", len(s.Users), len(s.Items), s.Config.Days, len(s.Categories), len(s.Campaigns))
	}
	if n := len(s.Events); n < 200_000 || n > 500_000 {
		t.Errorf("%d events, want a few hundred thousand", n)
	}
	if n := len(s.Orders); n < 8000 || n > 40_000 {
		t.Errorf("%d orders", n)
	}
	if s.Start.Weekday() != time.Monday || !s.End.Equal(s.Start.AddDate(0, 0, 540)) {
		t.Errorf("from %v to %v", s.Start, s.End)
	}
}

func TestSimulateBadConfig(t *testing.T) {
	for name, tc := range map[string]struct {
		cfg  shop.Config
		want []string
	}{
		"several at once":    {shop.Config{Users: -1, Days: 3, Dirt: 2}, []string{"Users", "Days", "Dirt"}},
		"too many users":     {shop.Config{Users: 20_000_000}, []string{"Users"}},
		"fewer items":        {shop.Config{Items: 7}, []string{"Items"}},
		"categories":         {shop.Config{Categories: 21}, []string{"Categories"}},
		"one category":       {shop.Config{Categories: 1}, []string{"Categories"}},
		"campaigns":          {shop.Config{Campaigns: 20}, []string{"Campaigns"}},
		"start not midnight": {shop.Config{Start: time.Date(2024, 1, 1, 5, 0, 0, 0, time.UTC)}, []string{"Start"}},
		"year":               {shop.Config{Start: time.Date(1, 1, 2, 0, 0, 0, 0, time.UTC)}, []string{"Start"}},
		"NaN":                {shop.Config{Missing: math.NaN(), Dirt: math.NaN(), Tight: math.NaN(), Browse: math.NaN()}, []string{"Missing", "Dirt", "Tight", "Browse"}},
		"shares":             {shop.Config{Missing: 1.5, Tight: 2, Browse: math.Inf(1)}, []string{"Missing", "Tight", "Browse"}},
	} {
		s, err := shop.Simulate(tc.cfg)
		if s != nil || !errors.Is(err, check.ErrOption) {
			t.Errorf("%s: got %v, %v", name, s != nil, err)
			continue
		}
		for _, f := range tc.want {
			if !strings.Contains(err.Error(), f+" is ") {
				t.Errorf("%s: %q does not name %s", name, err, f)
			}
		}
	}
}

func TestSmallAndOdd(t *testing.T) {
	for name, cfg := range map[string]shop.Config{
		"one user":       {Users: 1, Items: 20, Days: 30, Campaigns: 1},
		"few items":      {Users: 50, Items: 2, Categories: 2, Days: 60, Campaigns: -1},
		"all missing":    {Users: 50, Items: 40, Days: 60, Missing: 1},
		"no extras":      {Users: 50, Items: 40, Days: 60, Campaigns: -1, Browse: -1, Missing: -1, Dirt: -1, Tight: -1},
		"all tight":      {Users: 100, Items: 40, Days: 90, Tight: 1, Dirt: .5},
		"leap, long":     {Users: 40, Items: 40, Days: 1000, Start: time.Date(2023, 2, 28, 0, 0, 0, 0, time.UTC)},
		"few categories": {Users: 100, Items: 60, Categories: 3, Days: 60},
	} {
		s := simulate(t, cfg)
		if len(s.Users) != cfg.Users {
			t.Errorf("%s: %d users", name, len(s.Users))
		}
		sound(t, name, s)
	}
	s := simulate(t, shop.Config{Users: 50, Items: 40, Days: 60, Campaigns: -1, Browse: -1, Missing: -1, Dirt: -1, Tight: -1})
	for _, x := range s.Truth.RawLines {
		if x.Dirt != 0 {
			t.Fatal("dirt though switched off")
		}
	}
	for i, x := range s.Users {
		if x.Age != s.Truth.Users[i].Age || x.Sex == "" || x.Region == "" || x.Channel == "" {
			t.Fatal("missing values though switched off")
		}
	}
	if len(s.Campaigns) != 0 || len(s.StockOuts) != 0 {
		t.Fatal("campaigns or stock-outs though switched off")
	}
}

func TestSameSeedSameBytes(t *testing.T) {
	cfg := shop.Config{Users: 150, Items: 80, Days: 120, Seed: 11}
	testkit.AtGOMAXPROCS(t, func() []byte { return bytesOf(t, simulate(t, cfg)) })
	a := bytesOf(t, simulate(t, cfg))
	cfg.Seed = 12
	if slices.Equal(a, bytesOf(t, simulate(t, cfg))) {
		t.Error("another seed gives the same shop")
	}
	if slices.Equal(bytesOf(t, simulate(t, shop.Config{Users: 150, Items: 80, Days: 120})), a) {
		t.Error("seed 0 gives the shop of seed 11")
	}
}

// Without limits of stock, users do not influence one another: the first users
// of a larger shop do exactly what they do in the smaller one.
func TestUsersIndependent(t *testing.T) {
	cfg := shop.Config{Users: 200, Items: 100, Days: 200, Tight: -1, Seed: 3}
	small := simulate(t, cfg)
	cfg.Users = 320
	big := simulate(t, cfg)
	lines := func(s *shop.Shop) []string {
		var out []string
		for i := range s.Orders {
			o := s.Orders[i]
			if o.User <= "U000200" {
				o.ID = ""
				out = append(out, fmt.Sprintf("%+v", o))
			}
		}
		for _, e := range s.Events {
			if e.User <= "U000200" {
				e.ID = 0
				out = append(out, fmt.Sprintf("%+v", e))
			}
		}
		slices.Sort(out)
		return out
	}
	a, b := lines(small), lines(big)
	if len(a) < 5000 || !slices.Equal(a, b) {
		t.Errorf("%d and %d records of the first 200 users, or they differ", len(a), len(b))
	}
	if !slices.EqualFunc(small.Truth.Users, big.Truth.Users[:200], func(x, y shop.UserTruth) bool { return fmt.Sprint(x) == fmt.Sprint(y) }) {
		t.Error("truth of users depends on their number")
	}
}

func TestLinear(t *testing.T) {
	count := func(users int) [4]float64 {
		s := simulate(t, shop.Config{Users: users, Items: 100, Days: 300, Seed: 2})
		return [4]float64{float64(len(s.Events)), float64(len(s.Orders)), float64(len(s.RawLines)), float64(len(s.Deliveries))}
	}
	a, b := count(500), count(2000)
	for i := range a {
		if r := b[i] / a[i]; r < 3.5 || r > 4.5 {
			t.Errorf("record kind %d grows by %.2f for four times the users", i, r)
		}
	}
	s := simulate(t, shop.Config{Users: 100, Items: 1200, Days: 100})
	if len(s.Items) != 1200 || len(s.Stock) < 1200*60 || len(s.Stock) > 1200*100 {
		t.Errorf("%d items, %d stock days", len(s.Items), len(s.Stock))
	}
}

// sound checks what must hold for every shop: order of time, references, money
// and stock.
func sound(t *testing.T, name string, s *shop.Shop) {
	t.Helper()
	bad := map[string]int{}
	flag := func(ok bool, what string) {
		if !ok {
			bad[what]++
		}
	}
	inLog := func(x time.Time) bool { return !x.Before(s.Start) && x.Before(s.End) }

	var last time.Time
	for i := range s.Events {
		e := &s.Events[i]
		u, ok := s.UserIndex(e.User)
		flag(ok && inLog(e.Time) && !e.Time.Before(last) && e.ID == int64(i+1), "event user, time, order or id")
		flag(!e.Time.Before(s.Users[u].Registered), "event before registration")
		if e.SKU != "" {
			k, ok := s.ItemIndex(e.SKU)
			flag(ok && !e.Time.Before(s.Items[k].Launch), "event of unknown or unlaunched item")
		}
		flag((e.Kind == shop.Rating) == (e.Stars >= 1 && e.Stars <= 5), "stars")
		flag((e.Kind == shop.Search) == (e.Query != ""), "query")
		flag((e.Kind == shop.Comment) == (e.Text != ""), "comment")
		last = e.Time
	}
	price := map[string][]shop.PriceChange{}
	for _, p := range s.Prices {
		price[p.SKU] = append(price[p.SKU], p)
	}
	sold := map[string]int{}
	orders := map[string]*shop.Order{}
	last = time.Time{}
	for i := range s.Orders {
		o := &s.Orders[i]
		orders[o.ID] = o
		u, ok := s.UserIndex(o.User)
		flag(ok && inLog(o.Time) && !o.Time.Before(last) && !o.Time.Before(s.Users[u].Registered), "order user or time")
		flag(len(o.Lines) > 0, "empty order")
		for j := range o.Lines {
			l := &o.Lines[j]
			p := price[l.SKU]
			k := len(p) - 1
			for k >= 0 && p[k].From.After(o.Time) {
				k--
			}
			flag(k >= 0 && p[k].Price == l.Price, "price is not the list price of the day")
			flag(l.Quantity > 0 && l.Discount >= 0 && l.Total() > 0, "line")
			flag((l.Discount > 0) == (o.Coupon != ""), "discount without coupon or the reverse")
			sold[l.SKU] += l.Quantity
		}
		last = o.Time
	}
	back := map[string]int64{}
	for i := range s.Refunds {
		f := &s.Refunds[i]
		o := orders[f.Order]
		flag(o != nil && !f.Time.Before(o.Time) && inLog(f.Time), "refund order or time")
		k := slices.IndexFunc(o.Lines, func(l shop.OrderLine) bool { return l.SKU == f.SKU })
		flag(k >= 0 && f.Quantity <= o.Lines[k].Quantity && f.Amount <= o.Lines[k].Total() && f.Amount > 0, "refund line")
		flag((f.Reason == "cancelled") == !o.Cancelled.IsZero(), "cancelled")
		back[f.Order+f.SKU] += f.Amount
		flag(back[f.Order+f.SKU] <= o.Lines[k].Total(), "refunded more than paid")
	}
	k := 0
	for i := range s.Orders {
		if !s.Orders[i].Cancelled.IsZero() {
			continue
		}
		if k >= len(s.Deliveries) || s.Deliveries[k].Order != s.Orders[i].ID {
			flag(false, "deliveries not parallel")
			break
		}
		d := &s.Deliveries[k]
		k++
		flag(d.Promised.After(s.Orders[i].Time), "promise")
		flag(d.Shipped.IsZero() || d.Shipped.After(s.Orders[i].Time), "shipped before ordered")
		flag(d.Delivered.IsZero() || !d.Shipped.IsZero() && d.Delivered.After(d.Shipped), "delivered before shipped")
		flag(d.Arrived <= d.Ordered, "over-delivery")
	}
	flag(k == len(s.Deliveries), "number of deliveries")
	for i := range s.Tickets {
		x := &s.Tickets[i]
		flag(orders[x.Order] != nil && orders[x.Order].User == x.User && x.Contacts >= 1 && inLog(x.Opened), "ticket")
		flag(x.FirstResponse.IsZero() || !x.FirstResponse.Before(x.Opened), "response before ticket")
		flag(x.Resolved.IsZero() || !x.FirstResponse.IsZero() && !x.Resolved.Before(x.FirstResponse), "resolved before response")
		flag(x.Reopened.IsZero() || !x.Resolved.IsZero() && x.Reopened.After(x.Resolved), "reopened before resolved")
	}
	tickets := map[string]bool{}
	for i := range s.Tickets {
		tickets[s.Tickets[i].ID] = true
	}
	for i := range s.Surveys {
		x := &s.Surveys[i]
		flag(orders[x.Order] != nil && (x.Kind == shop.NPS || tickets[x.Ticket]), "survey reference")
		lo, hi := 1, map[shop.SurveyKind]int{shop.CSAT: 5, shop.CES: 7, shop.NPS: 10}[x.Kind]
		if x.Kind == shop.NPS {
			lo = 0
		}
		flag(x.Answered.IsZero() && x.Score == 0 || x.Answered.After(x.Sent) && x.Score >= lo && x.Score <= hi, "survey score")
	}
	hand, inStock := map[string]int{}, map[string]int{}
	for i := range s.Stock {
		x := &s.Stock[i]
		before, seen := hand[x.SKU]
		flag(x.OnHand >= 0 && x.OnOrder >= 0, "negative stock")
		flag(!seen || x.OnHand == before+x.Received-x.Sold, "stock does not add up")
		hand[x.SKU] = x.OnHand
		inStock[x.SKU] += x.Sold
	}
	for sku, n := range sold {
		flag(inStock[sku] == n, "units sold by orders and by stock differ")
	}
	for i := range s.StockOuts {
		x := &s.StockOuts[i]
		flag(x.To.IsZero() || x.To.After(x.From), "stock-out times")
	}
	flag(len(s.RawLines) == len(s.Truth.RawLines), "raw lines")
	for i := range s.Truth.Users {
		sum := 0.0
		for _, x := range s.Truth.Users[i].Taste {
			sum += x
		}
		flag(math.Abs(sum-1) < 1e-9, "taste")
	}
	for i := range s.Campaigns {
		x, y := &s.Campaigns[i], &s.Truth.Campaigns[i]
		n := len(x.Assigned)
		flag(len(y.Users) == n && len(y.Uplift) == n && len(y.Base) == n && len(y.IfControl) == n && len(y.IfTreated) == n, "campaign truth not parallel")
	}
	for what, n := range bad {
		t.Errorf("%s: %s: %d times", name, what, n)
	}
}

func TestSound(t *testing.T) {
	sound(t, "default", get(t, usual))
	sound(t, "large", get(t, large))
}

func ExampleSimulate() {
	s, err := shop.Simulate(shop.Config{Users: 100, Items: 60, Days: 90, Seed: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = shop.Simulate(shop.Config{Days: -5})
	fmt.Println(len(s.Users), len(s.Items), s.Categories[0], s.Truth.Segments[0].Name)
	fmt.Println(err)
	// Output:
	// 100 60 Phones young fashion
	// shop: Simulate: Days is -5, want 30 to 3650: invalid option
}
