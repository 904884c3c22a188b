package lifetime_test

import (
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/lifetime"
)

// TestCLVPublished: with the weekly factor the two customers of the quick start of lifetimes are
// worth this; the 140.096 and 1003.868 printed there take weeks for days.
func TestCLVPublished(t *testing.T) {
	cs := cdnow(t)
	m, g := get(lifetime.FitBGNBD(bg, summary(cs), lifetime.FitOptions{})), get(lifetime.FitGammaGamma(bg, spent(cs), lifetime.FitOptions{}))
	opt := lifetime.CLVOptions[weeks]{Steps: 12, Step: 4.345, Discount: .01}
	for row, want := range map[int]float64{0: 36.2785, 5: 283.5235} {
		testkit.Near(t, "CLV", get(lifetime.CLV(m, g, cs[row], opt)), want, .0005*want) // their laws were fitted to a looser tolerance
	}
	opt.Margin = .25
	testkit.Near(t, "CLV at a margin", get(lifetime.CLV(m, g, cs[0], opt)), 36.2785/4, .005)
	opt.Step = 30 // the same mistake, which a type of days would not have let pass
	opt.Margin = 0
	testkit.Near(t, "CLV, weeks taken for days", get(lifetime.CLV(m, g, cs[0], opt)), 140.096, .1)
}

// TestCLVIntervals: the true value of customers lies within bounds of 80 % in about that share of
// shops, and the bounds are the same bytes for permuted customers.
func TestCLVIntervals(t *testing.T) {
	l := laws[0]
	shop := func(seed uint64) lifetime.CLVBase[weeks] {
		cs, _ := l.customers(seed, 400, 0)
		r := rng.New(seed, 9, 0)
		for i := range cs {
			if x := cs[i].Repeats; x > 0 {
				rate, sum := r.Gamma(4)/12, 0.
				for range x {
					sum += r.Gamma(5) / rate
				}
				cs[i].Value = sum / float64(x)
			}
		}
		s, g := summary(cs), spent(cs)
		return lifetime.CLVBase[weeks]{
			Model: get(l.fit(bg, s, lifetime.FitOptions{})), Amounts: get(lifetime.FitGammaGamma(bg, g, lifetime.FitOptions{})), Orders: s, Spend: g,
		}
	}
	one := []customer{{Repeats: 4, AgeAtLast: 22, Age: 30, Value: 25}}
	opt := lifetime.CLVOptions[weeks]{Replicates: 20, Level: .8, Seed: 3, Discount: .01}
	truth := get(lifetime.CLV(l.given(l.params...), get(lifetime.NewGammaGamma(5, 4, 12)), one[0], opt))
	a, b := get(lifetime.CLVIntervals(bg, shop(1), one, opt)), get(lifetime.CLVIntervals(bg, shop(1), one, opt))
	if !slices.Equal(a, b) || !(a[0].Low < a[0].Value && a[0].Value < a[0].High) {
		t.Errorf("%+v and %+v", a, b)
	}
	opt.Workers = 1
	if c := get(lifetime.CLVIntervals(bg, shop(1), one, opt)); !slices.Equal(a, c) {
		t.Errorf("with one worker %+v, want %+v", c, a)
	}
	if testing.Short() || !long() {
		return
	}
	in, shops := 0, 100
	opt.Replicates = 100
	for seed := range shops {
		if v := get(lifetime.CLVIntervals(bg, shop(uint64(seed)), one, opt))[0]; v.Low <= truth && truth <= v.High {
			in++
		}
	}
	t.Logf("%d of %d shops", in, shops)
	if in < 68 || in > 92 {
		t.Errorf("bounds of 80 %% hold the truth in %d of %d shops", in, shops)
	}
}

func TestWinBack(t *testing.T) {
	m, g := get(lifetime.NewBGNBD[weeks](.5, 4.4, .8, 2.4)), get(lifetime.NewGammaGamma(6.25, 3.74, 15.44))
	cs := []customer{
		{Repeats: 20, AgeAtLast: 51.9, Age: 52, Value: 80}, // here, and good
		{Repeats: 20, AgeAtLast: 40, Age: 52, Value: 80},   // good, and silent for too long
		{Repeats: 1, AgeAtLast: 2, Age: 52, Value: 8},      // gone, and never worth much
		{Age: 52},
	}
	asOf := time.Date(2025, 3, 1, 0, 0, 0, 0, time.UTC)
	list := get(lifetime.WinBack(bg, m, g, cs, lifetime.WinBackOptions[weeks]{Cost: 2, Response: .1, Margin: .3, AsOf: asOf}))
	if list[0].Row != 1 || !list[0].Contact || list[len(list)-1].Worth > list[0].Worth {
		t.Errorf("%+v", list)
	}
	for _, r := range list {
		c := cs[r.Row]
		alive := get(m.Alive(c))
		orders := get(m.Expected(c, lifetime.Convert[weeks](lifetime.Years(1)))) / alive
		value := orders * get(g.Expected(c.Repeats, c.Value)) * .3
		for name, pair := range map[string][2]float64{
			"alive": {r.Alive, alive}, "value": {r.Value, value}, "at risk": {r.AtRisk, (1 - alive) * value},
			"worth": {r.Worth, (1-alive)*.1*value - 2}, "silence": {float64(r.Silence), float64(c.Age - c.AgeAtLast)},
		} {
			if math.Abs(pair[0]-pair[1]) > 1e-9*(1+math.Abs(pair[1])) {
				t.Errorf("row %d: %s is %v, want %v", r.Row, name, pair[0], pair[1])
			}
		}
		due := get(m.NextOrder(c, .5))
		if off := r.NextOrder.Sub(asOf).Hours() - float64(lifetime.Convert[lifetime.Hours](due)); math.Abs(off) > 1e-3 {
			t.Errorf("row %d: next order %v, due in %v", r.Row, r.NextOrder, due)
		}
		if r.Contact != (r.Worth > 0) || r.String() == "" {
			t.Errorf("row %d: contact %v at %v", r.Row, r.Contact, r.Worth)
		}
	}
	// Who is silent that long by chance: the fraction of drawn customers of his kind.
	silent := list[0]
	r, n, quiet := rng.New(5, 0, 0), 20_000, 0
	for range n {
		rate := r.Gamma(.5+20) / (4.4 + 40)
		if r.Exp()/rate > 12 {
			quiet++
		}
	}
	testkit.Near(t, "unusual", silent.Unusual, float64(quiet)/float64(n), .005)

	// Capacity, and uplift instead of response.
	list = get(lifetime.WinBack(bg, m, g, cs, lifetime.WinBackOptions[weeks]{Cost: .01, Capacity: 1, Uplift: func(i int) float64 { return []float64{.9, .1, 0, -.2}[i] }}))
	contacts := 0
	for _, r := range list {
		if r.Contact {
			contacts++
		}
		if rise := (r.Worth + .01) / r.Value; rise > 1-r.Alive+1e-9 {
			t.Errorf("row %d: the probability rises to %v", r.Row, r.Alive+rise)
		}
	}
	if contacts != 1 || !list[0].Contact {
		t.Errorf("%d contacts", contacts)
	}
	bad := lifetime.WinBackOptions[weeks]{Uplift: func(int) float64 { return math.NaN() }}
	if _, err := lifetime.WinBack(bg, m, g, cs, bad); !errors.Is(err, lifetime.ErrRange) {
		t.Errorf("an uplift that is none: %v", err)
	}
}

// TestOrdersCDNOW: the published summary is what comes of the purchases.
func TestOrdersCDNOW(t *testing.T) {
	want := cdnow(t)
	o := new(lifetime.Orders[int, weeks])
	for line := range strings.Lines(string(testkit.ReadShared(t, "data", "cdnow", "CDNOW_sample.txt.gz"))) {
		f := strings.Fields(line)
		at := get(time.Parse("20060102", f[2]))
		must(o.Add(get(strconv.Atoi(f[1])), at, int64(math.Round(100*get(strconv.ParseFloat(f[4], 64))))))
	}
	id, got, err := o.Customers(time.Date(1997, 10, 1, 0, 0, 0, 0, time.UTC))
	must(err)
	if len(got) != len(want) {
		t.Fatalf("%d customers", len(got))
	}
	off := 0
	for i, c := range got {
		w := want[id[i]-1]
		if c.Repeats != w.Repeats || math.Abs(float64(c.AgeAtLast-w.AgeAtLast)) > .0051 || math.Abs(float64(c.Age-w.Age)) > .0051 || math.Abs(c.Value/100-w.Value) > .0051 {
			off++
			t.Logf("customer %d: %+v, published %+v", id[i], c, w)
		}
	}
	if off > 0 {
		t.Errorf("%d customers differ", off)
	}
}

func TestOrders(t *testing.T) {
	day := func(d, h int) time.Time { return time.Date(2025, 1, d, h, 0, 0, 0, time.UTC) }
	o := new(lifetime.Orders[string, lifetime.Days])
	for _, p := range []struct {
		at    time.Time
		minor int64
	}{{day(3, 9), 100}, {day(3, 23), 50}, {day(10, 0), 700}, {day(10, 12), 300}, {day(20, 5), 400}, {day(28, 5), 9}} {
		must(o.Add("ann", p.at, p.minor))
	}
	must(o.Add("bob", day(21, 0), 5))
	who, cs, err := o.Customers(day(21, 0))
	must(err)
	if !slices.Equal(who, []string{"ann"}) || cs[0] != (lifetime.Customer[lifetime.Days]{Repeats: 2, AgeAtLast: 17, Age: 17, Value: 700}) {
		t.Errorf("%v %+v", who, cs)
	}
	weekly := get(lifetime.NewOrders[string, weeks](7))
	must(weekly.Add("ann", day(2, 0), 1)) // a Thursday, as was the first day of 1970
	must(weekly.Add("ann", day(8, 0), 1))
	must(weekly.Add("ann", day(9, 0), 1))
	_, ws, err := weekly.Customers(day(31, 0)) // a Friday: the last whole week ends with the 29th
	must(err)
	if ws[0].Repeats != 1 || ws[0].AgeAtLast != 1 || math.Abs(float64(ws[0].Age)-3) > 1e-12 {
		t.Errorf("%+v", ws)
	}
	_, ws, err = weekly.Customers(day(6, 0).AddDate(0, 1, 0))
	must(err)
	if ws[0].Repeats != 1 || ws[0].AgeAtLast != 1 || math.Abs(float64(ws[0].Age)-4) > 1e-12 {
		t.Errorf("%+v", ws)
	}
	if err := weekly.Merge(get(lifetime.NewOrders[string, weeks](1))); !errors.Is(err, lifetime.ErrMismatch) {
		t.Errorf("periods of other lengths: %v", err)
	}
	if err := o.Add("ann", day(3, 1), math.MaxInt64); !errors.Is(err, lifetime.ErrOverflow) {
		t.Errorf("too much money: %v", err)
	}
	if _, _, err := o.Customers(day(3, 0)); !errors.Is(err, lifetime.ErrEmpty) {
		t.Errorf("before the first order: %v", err)
	}
	// Of the period that asOf lies within nothing counts, whatever the hour.
	for _, at := range []time.Time{day(10, 0), day(10, 6), day(10, 23)} {
		if _, cs, err := o.Customers(at); err != nil || cs[0] != (lifetime.Customer[lifetime.Days]{Age: 6}) {
			t.Errorf("as of %v: %+v, %v", at, cs, err)
		}
	}
	if !o.Forget("ann") || o.Forget("ann") {
		t.Error("forgetting")
	}
	data := get(o.MarshalBinary())
	var other lifetime.Orders[int, lifetime.Days]
	if err := other.UnmarshalBinary(data); !errors.Is(err, lifetime.ErrMismatch) {
		t.Errorf("other ids: %v", err)
	}
	testkit.Laws[*lifetime.Orders[int, weeks]]{
		Empty: func() *lifetime.Orders[int, weeks] { return new(lifetime.Orders[int, weeks]) },
		Add: func(t *rapid.T) func(*lifetime.Orders[int, weeks]) {
			id, d, minor := rapid.IntRange(0, 3).Draw(t, "id"), rapid.IntRange(1, 9).Draw(t, "day"), rapid.Int64Range(0, 9).Draw(t, "minor")
			return func(o *lifetime.Orders[int, weeks]) { must(o.Add(id, day(d, 3), minor)) }
		},
		Merge: func(a, b *lifetime.Orders[int, weeks]) error { return a.Merge(b) },
		Result: func(o *lifetime.Orders[int, weeks]) (out []float64) {
			_, cs, _ := o.Customers(day(12, 0))
			for _, c := range cs {
				out = append(out, float64(c.Repeats), float64(c.AgeAtLast), float64(c.Age), c.Value)
			}
			return out
		},
	}.Check(t)
}
