package main

import (
	"context"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/rng"
)

// madeUp returns customers of whom a share buys without a message and gain more
// with it, each buyer for 100.00 with a margin of 40.00 before a coupon of 10.00.
func madeUp(n int, share, gain float64, seed uint64) []contact {
	r := rng.New(seed, 1, 1)
	out := make([]contact, n)
	for i := range out {
		x := &out[i]
		*x = contact{ID: fmt.Sprint(i), Treated: i%2 == 1, Planted: gain, Fresh: r.Float64(), PreSpend: 1000 * r.Float64()}
		chance := share
		if x.Treated {
			chance += gain
		}
		if x.Bought = r.Bool(chance); !x.Bought {
			continue
		}
		x.Visited, x.Revenue, x.Margin = true, 10_000+x.PreSpend, 4_000
		if x.Treated {
			x.Redeemed, x.Discount, x.Margin = true, 1_000, 3_000
		}
	}
	return out
}

// TestCampaignMoney compares the money of campaigns with what it must be.
func TestCampaignMoney(t *testing.T) {
	for _, c := range []struct {
		name        string
		share, gain float64
		want        verdict
		word        string
	}{
		// Profit a contact is 30·(share+gain) − 40·share − 1.
		{"pays", .10, .15, repeat, "Repeat it"},
		{"does not answer", .30, 0, stop, "Do not repeat it"},
		{"drives away", .30, -.10, stop, "costs more than it earns"},
		{"just pays", .10, .20 / 3, undecided, "Undecided"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cs := madeUp(20_000, c.share, c.gain, 5)
			a := &audited{Campaign: &campaign{Name: "x", Cost: 100}, Contacts: cs, Treated: 10_000}
			if err := a.ask(); err != nil {
				t.Fatal(err)
			}
			if err := a.count(); err != nil {
				t.Fatal(err)
			}
			m := &a.Money
			if math.Abs(m.Margin-4_000) > 1e-9 || math.Abs(m.Discount-1_000) > 1e-9 {
				t.Errorf("a buyer is worth %v less %v", m.Margin, m.Discount)
			}
			rate := c.share + c.gain
			if want := 100 + 1_000*rate; math.Abs(m.Contact-want) > 20 || math.Abs(m.BreakEven-m.Contact/4_000) > 1e-12 {
				t.Errorf("a contact costs %v, want %v; break-even %v", m.Contact, want, m.BreakEven)
			}
			want := 3_000*rate - 4_000*c.share - 100
			if math.Abs(m.Profit.Estimate-want) > 4*m.Profit.SE {
				t.Errorf("profit %v ± %v, want %v", m.Profit.Estimate, m.Profit.SE, want)
			}
			// Return on cost and profit are the same statement.
			if got := m.ROI * m.Contact; math.Abs(got-m.Profit.Estimate) > 1e-6 {
				t.Errorf("ROI × cost is %v, profit %v", got, m.Profit.Estimate)
			}
			if m.Verdict != c.want {
				t.Errorf("verdict %v, want %v; profit %v", m.Verdict, c.want, m.Profit)
			}
			var err error
			if a.Groups, err = breakdown(cs, []string{"all"}, func(*contact) int { return 0 }, m); err != nil {
				t.Fatal(err)
			}
			if got := a.Groups.Rows[0].Verdict; got != c.want {
				t.Errorf("verdict of the only group %v, want %v", got, c.want)
			}
			if d := a.decision("EUR"); !strings.Contains(d, c.word) {
				t.Errorf("decision %q", d)
			}
		})
	}
}

// TestCampaignParts: what pays for one half and not for the other is told apart,
// and the number of customers said to be missing is enough to tell.
func TestCampaignParts(t *testing.T) {
	cs := append(madeUp(6_000, .1, .15, 1), madeUp(6_000, .2, -.1, 2)...)
	for i := range cs {
		cs[i].Group = i / 6_000
		cs[i].ID = fmt.Sprint(i)
	}
	m, err := worth(cs, 100)
	if err != nil {
		t.Fatal(err)
	}
	p, err := breakdown(cs, []string{"a", "b", "nobody"}, func(x *contact) int { return x.Group }, &m)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Rows) != 2 || p.Rows[0].Verdict != repeat || p.Rows[1].Verdict != stop || p.Differ == nil || p.Differ.PValue > 1e-6 {
		t.Fatalf("%+v", p)
	}
	if got := whom(p.Rows); !strings.Contains(got, "again to “a”") || !strings.Contains(got, "stop sending it to “b”") {
		t.Error(got)
	}
	// A small test of a campaign that pays twice its cost is open; with as many
	// more as it asks for it is decided in most repetitions.
	decided, open := 0, 0
	for seed := uint64(10); seed < 60; seed++ {
		const share, gain = .1, .08
		small := madeUp(400, share, gain, seed)
		m, err := worth(small, 100)
		if err != nil {
			t.Fatal(err)
		}
		p, err := breakdown(small, []string{"all"}, func(*contact) int { return 0 }, &m)
		if err != nil {
			t.Fatal(err)
		}
		row := p.Rows[0]
		if row.Verdict != undecided || row.More < 0 {
			continue
		}
		open++
		cs := madeUp(400+int(row.More), share, 2*(100+1_000*share)/2_000, 1000+seed) // twice the break-even: g = 2(1+10(s+g))/40
		if m, err = worth(cs, 100); err != nil {
			t.Fatal(err)
		}
		if p, err = breakdown(cs, []string{"all"}, func(*contact) int { return 0 }, &m); err != nil {
			t.Fatal(err)
		}
		if p.Rows[0].Verdict == repeat {
			decided++
		}
	}
	if open < 20 || float64(decided) < .6*float64(open) {
		t.Errorf("%d of %d open questions were decided by as many customers as asked for", decided, open)
	}
}

// small is a shop that tests share; they only read it.
var small = sync.OnceValues(func() (*results, error) {
	return simulated(context.Background(), options{Seed: 3, K: 5, Users: 400}, nil)
})

// TestCampaignLot: an unfair lot stops everything else, and a customer in both
// arms is in neither.
func TestCampaignLot(t *testing.T) {
	r, err := small()
	if err != nil {
		t.Fatal(err)
	}
	good := r.measured.Audits[0]
	c := *good.Campaign
	c.Control = append(c.Control[:len(c.Control)/2:len(c.Control)/2], c.Treated[0])
	m, err := measure(context.Background(), r.records, r.segmented, []campaign{c}, options{})
	if err != nil {
		t.Fatal(err)
	}
	bad := m.Audits[0]
	if !bad.Balance.Alarm || bad.Twice != 1 || bad.Treated != len(c.Treated)-1 {
		t.Errorf("alarm %v, %d in both arms, %d treated of %d", bad.Balance.Alarm, bad.Twice, bad.Treated, len(c.Treated))
	}
	s := bad.section("CNY", true)
	if len(s.Tables)+len(s.Plots)+len(s.Checks) != 0 || !strings.Contains(s.Meaning, "Nothing can be said") {
		t.Errorf("an unfair lot is reported as %+v", s)
	}
	if m.Pooled != nil || len(m.Chosen) != 0 {
		t.Error("and counts in the sum")
	}
	if s := m.section(); !strings.Contains(s.Meaning, "No campaign can be judged") {
		t.Error(s.Meaning)
	}
}

// TestPlacebo: two halves that nobody addressed do not differ, and the page does
// not claim more.
func TestPlacebo(t *testing.T) {
	r, err := small()
	if err != nil {
		t.Fatal(err)
	}
	e, err := placebo(r.records, r.targeted, 14*24*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if e.Effect.PValue < .001 || !math.IsNaN(e.Planted) || e.Balance.Alarm {
		t.Errorf("an effect of nothing: %+v", e)
	}
	s := (&measured{Placebo: e}).section()
	if !strings.Contains(s.Meaning, "holds no campaign") || len(s.Checks) != 0 {
		t.Errorf("%+v", s)
	}
}
