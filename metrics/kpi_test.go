package metrics

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
)

func TestCounts(t *testing.T) {
	var c Counts
	for range 2 {
		if err := c.Add(Counts{
			Impressions: 10_000, Reach: 4000, Clicks: 500, Sessions: 450, Bounces: 90, Visitors: 400, Registrations: 40, Carts: 100,
			CartOrders: 25, Orders: 25, Buyers: 20, NewCustomers: 8, Units: 60, Revenue: 250_000, Refunds: 20_000, Discounts: 5_000,
			GrossMargin: 90_000, Cost: 50_000, CouponsIssued: 1000, CouponsUsed: 30, Engagements: 700, Followers: 7000,
		}); err != nil {
			t.Fatal(err)
		}
	}
	for name, x := range map[string]struct {
		r    Ratio
		want float64
	}{
		"CTR": {c.CTR(), .05}, "CVR": {c.CVR(), .05}, "CTCVR": {c.CTCVR(), .0025}, "purchase": {c.PurchaseConversion(), .05},
		"registration": {c.RegistrationConversion(), .1}, "AOV": {c.AOV(), 10_000}, "net AOV": {c.NetAOV(), 9000}, "ARPU": {c.ARPU(), 625},
		"ARPPU": {c.ARPPU(), 12_500}, "orders per buyer": {c.OrdersPerBuyer(), 1.25}, "units": {c.UnitsPerOrder(), 2.4},
		"refunds": {c.RefundRate(), .08}, "CPC": {c.CPC(), 100}, "CPA": {c.CPA(), 2000}, "CPL": {c.CPL(), 1250}, "CAC": {c.CAC(), 6250},
		"ROAS": {c.ROAS(), 5}, "net ROAS": {c.NetROAS(), 4.5}, "ROI": {c.ROI(), .8}, "bounce": {c.BounceRate(), .2},
		"abandonment": {c.CartAbandonment(), .75}, "coupons": {c.CouponRedemption(), .03}, "frequency": {c.Frequency(), 2.5},
		"by reach": {c.EngagementByReach(), .175}, "by followers": {c.EngagementByFollowers(), .1},
	} {
		v, err := x.r.Value()
		if err != nil {
			t.Fatal(err)
		}
		testkit.Near(t, name, v, x.want, 1e-12)
	}
	cpm, err := c.CPM()
	if err != nil {
		t.Fatal(err)
	}
	testkit.Near(t, "CPM", cpm, 5000, 1e-9)
	if r := c.CTR(); r.Num() != 1000 || r.Den() != 20_000 {
		t.Errorf("CTR is %v", r)
	}
	x, err := NewRatio(1, 3).Smoothed(2, 94)
	if err != nil {
		t.Fatal(err)
	}
	testkit.Near(t, "smoothed", x, 3.0/99, 1e-15)
	// CTCVR is the product of its steps.
	testkit.Near(t, "CTR·CVR", c.CTR().Float()*c.CVR().Float(), c.CTCVR().Float(), 1e-15)
	if len(c.Warnings()) != 0 {
		t.Error(c.Warnings())
	}
	bad := Counts{Impressions: 1, Clicks: 2, Orders: 3, Revenue: 5, Refunds: 4, Discounts: 2}
	if w := bad.Warnings(); !slices.Equal(w, []Warning{WarnClicksExceed, WarnOrdersExceed, WarnRefundsExceed}) {
		t.Error(w)
	}
}

func TestKPIBadInput(t *testing.T) {
	c := Counts{Revenue: maxCount - 1}
	before := c
	var r Ratio
	if err := r.Add(math.MaxInt64, 1); err != nil {
		t.Fatal(err)
	}
	var u Customers[string]
	if err := u.Add("a", math.MaxInt64); err != nil {
		t.Fatal(err)
	}
	var v Customers[string]
	if err := v.Add("b", 1); err != nil {
		t.Fatal(err)
	}
	val := func(_ float64, err error) error { return err }
	for name, x := range map[string]struct{ got, want error }{
		"money overflows":         {c.Add(Counts{Orders: 1, Revenue: 10}), ErrOverflow},
		"int64 overflows":         {c.Add(Counts{Orders: 1, Revenue: math.MaxInt64}), ErrOverflow},
		"negative refunds":        {c.Add(Counts{Orders: 1, Refunds: -1}), ErrRange},
		"ratio overflows":         {r.Add(1, 1), ErrOverflow},
		"customer overflows":      {u.Add("a", 1), ErrOverflow},
		"customers overflow":      {u.Merge(&v), ErrOverflow},
		"CTR without impressions": {val(Counts{Clicks: 3}.CTR().Value()), ErrUndefined},
		"CPM without impressions": {val(Counts{Cost: 3}.CPM()), ErrUndefined},
		"smoothed by -1":          {val(r.Smoothed(-1, 2)), ErrRange},
		"smoothed by NaN":         {val(r.Smoothed(math.NaN(), 2)), ErrRange},
		"smoothed by nothing":     {val(Ratio{}.Smoothed(0, 0)), ErrUndefined},
		"growth from 0":           {val(Growth(0, 3).Value()), ErrUndefined},
		"nobody retained of none": {val(Retention(nil, []int{1}).Value()), ErrUndefined},
		"no customers":            {val((&Customers[int]{}).RepeatPurchaseRate().Value()), ErrUndefined},
	} {
		if !errors.Is(x.got, x.want) {
			t.Errorf("%s: %v, want %v", name, x.got, x.want)
		}
	}
	if c != before || r != NewRatio(math.MaxInt64, 1) || u.Orders() != 1 || u.Buyers() != 1 {
		t.Errorf("something changed: %+v %v %d", c, r, u.Orders())
	}
	if err := c.Add(Counts{GrossMargin: -3}); err != nil {
		t.Errorf("a loss is allowed: %v", err)
	}
	if !math.IsNaN((Ratio{}).Float()) || (Ratio{}).String() != "n/a (0/0)" {
		t.Error("an undefined ratio must say so")
	}
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

func TestTable(t *testing.T) {
	tab := NewTable("名称 name", "value", "n")
	tab.AddRow("a|b", 0.123456789, 12)
	tab.AddRow("长名字的商品", math.NaN(), int64(3), "dropped")
	tab.AddRow("line\nbreak", 1234567.0)
	var text, md strings.Builder
	if err := tab.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	if err := tab.WriteMarkdown(&md); err != nil {
		t.Fatal(err)
	}
	wantText := "" +
		"名称 name        value    n\n" +
		"------------  --------  ---\n" +
		"a|b           0.123457   12\n" +
		"长名字的商品       n/a    3\n" +
		"line break     1234567\n"
	wantMD := "" +
		"| 名称 name    |    value |   n |\n" +
		"| ------------ | -------: | --: |\n" +
		"| a\\|b         | 0.123457 |  12 |\n" +
		"| 长名字的商品 |      n/a |   3 |\n" +
		"| line break   |  1234567 |     |\n"
	if text.String() != wantText {
		t.Errorf("text:\n%s\nwant:\n%s", text.String(), wantText)
	}
	if md.String() != wantMD {
		t.Errorf("markdown:\n%s\nwant:\n%s", md.String(), wantMD)
	}
	if err := tab.WriteText(failing{}); !errors.Is(err, errFull) {
		t.Errorf("a failing writer: %v", err)
	}
}

var errFull = errors.New("full")

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errFull }

func BenchmarkRatioAdd(b *testing.B) {
	var r Ratio
	b.ReportAllocs()
	for b.Loop() {
		if err := r.Add(1, 20); err != nil {
			b.Fatal(err)
		}
	}
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
