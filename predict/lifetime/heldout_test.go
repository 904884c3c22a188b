package lifetime_test

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/lifetime"
)

// bought is an order of a data set.
type bought struct {
	who   string
	at    time.Time
	minor int64
}

// retail returns the invoices of online-retail of known customers, cancellations left out.
func retail(t testing.TB) (out []bought) {
	rows := get(csv.NewReader(bytes.NewReader(testkit.ReadShared(t, "data", "online-retail", "online_retail.csv.gz"))).ReadAll())
	for _, r := range rows[1:] {
		q, price := get(strconv.ParseFloat(r[3], 64)), get(strconv.ParseFloat(r[5], 64))
		if r[6] != "" && !strings.HasPrefix(r[0], "C") && q > 0 && price > 0 {
			out = append(out, bought{r[6], get(time.Parse("2006-01-02 15:04:05", r[4])), int64(math.Round(100 * q * price))})
		}
	}
	return out
}

// discs returns the purchases of the sample of cdnow.
func discs(t testing.TB) (out []bought) {
	for line := range strings.Lines(string(testkit.ReadShared(t, "data", "cdnow", "CDNOW_sample.txt.gz"))) {
		f := strings.Fields(line)
		out = append(out, bought{f[1], get(time.Parse("20060102", f[2])), int64(math.Round(100 * get(strconv.ParseFloat(f[4], 64))))})
	}
	return out
}

// TestHeldOut: of the tenth of customers with the highest expectation more come back in time that
// was held out, and with more money, than of the tenth that bought last. Run it with
//
//	AISLE_LONG=1 go test -v -run HeldOut ./predict/lifetime
func TestHeldOut(t *testing.T) {
	testkit.Long(t)
	for _, c := range []struct {
		name     string
		orders   []bought
		cut, end time.Time
	}{
		{"cdnow", discs(t), time.Date(1997, 10, 1, 0, 0, 0, 0, time.UTC), time.Date(1998, 7, 1, 0, 0, 0, 0, time.UTC)},
		{"online-retail", retail(t), time.Date(2011, 7, 1, 0, 0, 0, 0, time.UTC), time.Date(2011, 12, 10, 0, 0, 0, 0, time.UTC)},
	} {
		o := new(lifetime.Orders[string, weeks])
		back, money := map[string]bool{}, map[string]float64{}
		for _, b := range c.orders {
			must(o.Add(b.who, b.at, b.minor))
			if !b.at.Before(c.cut) && b.at.Before(c.end) {
				back[b.who] = true
				money[b.who] += float64(b.minor) / 100
			}
		}
		who, cs, err := o.Customers(c.cut)
		must(err)
		s, spend := new(lifetime.Summary[weeks]), new(lifetime.Spend)
		for _, x := range cs {
			must(s.Add(x))
			if x.Value > 0 {
				must(spend.Add(x.Repeats, x.Value))
			}
		}
		ahead := weeks(c.end.Sub(c.cut).Hours() / 24 / 7)
		g := get(lifetime.FitGammaGamma(bg, spend, lifetime.FitOptions{}))
		top := func(score func(i int) float64) (came, spent float64) {
			order := make([]int, len(cs))
			for i := range order {
				order[i] = i
			}
			slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(score(b), score(a)) })
			n := len(order) / 10
			for _, i := range order[:n] {
				if back[who[i]] {
					came++
				}
				spent += money[who[i]]
			}
			return came / float64(n), spent
		}
		all := 0.
		for _, id := range who {
			if back[id] {
				all++
			}
		}
		recent, recentMoney := top(func(i int) float64 { return -float64(cs[i].Age - cs[i].AgeAtLast) })
		t.Logf("%s: %d customers, %.3f come back; by recency alone %.3f, %.0f", c.name, len(cs), all/float64(len(cs)), recent, recentMoney)
		for _, p := range peers[:2] {
			m := get(p.fit(bg, s, lifetime.FitOptions{}))
			come, _ := top(func(i int) float64 { return 1 - get(m.ProbGiven(cs[i], 0, ahead)) })
			_, worth := top(func(i int) float64 {
				x := cs[i]
				if x.Value == 0 {
					x.Repeats = 0 // amounts of free orders say nothing
				}
				return get(m.Expected(cs[i], ahead)) * get(g.Expected(x.Repeats, x.Value))
			})
			expected, came := 0., 0.
			for i := range cs {
				expected += 1 - get(m.ProbGiven(cs[i], 0, ahead))
				if back[who[i]] {
					came++
				}
			}
			t.Logf("%s: %s: %.3f come back, %.0f spent; expected %.0f to come back, came %.0f; %+v", c.name, p.name, come, worth, expected, came, m.Report().Params)
			if come < recent || worth < recentMoney {
				t.Errorf("%s: %s: %.3f come back with %.0f, by recency alone %.3f with %.0f", c.name, p.name, come, worth, recent, recentMoney)
			}
		}
	}
}
