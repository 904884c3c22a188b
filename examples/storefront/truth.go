package main

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/shop"
	"github.com/aislekit/aisle/metrics"
	"github.com/aislekit/aisle/profile/clean"
	"github.com/aislekit/aisle/recommend"
	"github.com/aislekit/aisle/supply"
	"github.com/aislekit/aisle/supply/reorder"
)

// tastes returns the planted share of each category in what a customer likes.
func tastes(s *shop.Shop) func(user string) map[string]float64 {
	return func(id string) map[string]float64 {
		taste := make(map[string]float64, len(s.Categories))
		for c, x := range userTruth(s, id).Taste {
			taste[clean.Canonical(s.Categories[c])] = x
		}
		return taste
	}
}

// lives returns the planted segment of a customer, and the state at a time as an index
// of stateNames.
func lives(s *shop.Shop, at time.Time) (group, state func(user string) int) {
	group = func(id string) int { return userTruth(s, id).Segment }
	state = func(id string) int {
		u, _ := s.UserIndex(id)
		return slices.Index(stateNames[:], string(s.StateAt(u, at)))
	}
	return group, state
}

// fates returns how strongly a customer is inclined to buy after a time, and whether
// the customer has left by then.
func fates(s *shop.Shop, at time.Time) (inclination func(user string) float64, gone func(user string) bool) {
	gone = func(id string) bool {
		u, _ := s.UserIndex(id)
		return s.StateAt(u, at) == shop.Churned
	}
	inclination = func(id string) float64 {
		if gone(id) {
			return 0
		}
		return userTruth(s, id).Rate
	}
	return inclination, gone
}

func userTruth(s *shop.Shop, id string) *shop.UserTruth {
	u, _ := s.UserIndex(id)
	return &s.Truth.Users[u]
}

// oracle recommends by planted tastes: the chance that the next product of a
// customer is this one, season and price aside.
func oracle(s *shop.Shop) func(*recommend.Dataset[string, string]) recommend.Model {
	return func(d *recommend.Dataset[string, string]) recommend.Model {
		n := d.Items.Len()
		return &oracleModel{users: d.Users.Len(), items: n, score: func(dst []float32, user int32) {
			u, _ := s.UserIndex(d.Users.ID(user))
			who := &s.Truth.Users[u]
			weight := make([]float64, len(s.Items))
			sum := make([]float64, len(s.Categories))
			for i := range s.Truth.Items {
				x := &s.Truth.Items[i]
				like := 0.0
				for k, v := range x.Style {
					like += v * who.Style[k]
				}
				weight[i] = x.Popularity * math.Exp(like)
				sum[x.Category] += weight[i]
			}
			for i := range dst {
				k, _ := s.ItemIndex(d.Items.ID(int32(i)))
				c := s.Truth.Items[k].Category
				dst[i] = float32(who.Taste[c] * weight[k] / sum[c])
			}
		}}
	}
}

// experiments are the shop's campaigns with their planted effects.
func experiments(s *shop.Shop) []campaign {
	var out []campaign
	coupons, sent := make(map[string]map[string]int64), make(map[string]map[string]bool)
	for i := range s.Orders {
		o := &s.Orders[i]
		if o.Coupon == "" {
			continue
		}
		if coupons[o.Coupon] == nil {
			coupons[o.Coupon] = make(map[string]int64)
		}
		for _, l := range o.Lines {
			coupons[o.Coupon][o.ID] += l.Discount
		}
	}
	for i := range s.Events {
		if e := &s.Events[i]; e.Kind == shop.CampaignSend {
			if sent[e.Campaign] == nil {
				sent[e.Campaign] = make(map[string]bool)
			}
			sent[e.Campaign][e.User] = true
		}
	}
	for i := range s.Campaigns {
		c, t := &s.Campaigns[i], &s.Truth.Campaigns[i]
		x := campaign{Name: c.ID + " " + c.Name, Start: c.Start, End: c.End, Cost: c.ContactCost, Coupons: coupons[c.ID], Sent: sent[c.ID], Planted: make(map[string]float64, len(t.Users))}
		for k, a := range c.Assigned {
			if a.Treated {
				x.Treated = append(x.Treated, a.User)
			} else {
				x.Control = append(x.Control, a.User)
			}
			x.Planted[a.User] = t.Uplift[k]
		}
		out = append(out, x)
	}
	return out
}

// wishes returns how many units of a product were wanted in [from, to), sold or
// not.
func wishes(s *shop.Shop) func(sku string, from, to time.Time) float64 {
	return func(sku string, from, to time.Time) float64 {
		i, ok := s.ItemIndex(sku)
		if !ok {
			return 0
		}
		sum := 0
		for d := max(int(from.Sub(s.Start)/day), 0); d < s.Config.Days && s.Start.AddDate(0, 0, d).Before(to); d++ {
			sum += s.Truth.Wanted(i, d)
		}
		return float64(sum)
	}
}

// shelves reads the stock at the cut, and how long suppliers took so far, off the
// shop's books.
func shelves(s *shop.Shop, cut time.Time) []position {
	lead := make(map[string]*metrics.Moments)
	var all metrics.Moments
	for i := range s.Replenishments {
		r := &s.Replenishments[i]
		if r.Received.IsZero() || !r.Received.Before(cut) {
			continue
		}
		m := lead[r.SKU]
		if m == nil {
			m = &metrics.Moments{}
			lead[r.SKU] = m
		}
		weeks := float64(r.Received.Sub(r.Ordered)) / float64(week)
		_, _ = m.Add(weeks), all.Add(weeks) // finite
	}
	mean, _ := all.Mean()
	variance, _ := all.Variance()
	if mean == 0 {
		mean = 1
	}
	var out []position
	for i := range s.Stock {
		d := &s.Stock[i]
		if !d.Day.Equal(cut.Add(-day)) {
			continue
		}
		p := position{SKU: d.SKU, OnHand: float64(d.OnHand), OnOrder: float64(d.OnOrder), Lead: mean, LeadSD: math.Sqrt(variance)}
		if m := lead[d.SKU]; m != nil && m.N() >= 3 {
			p.Lead, _ = m.Mean()
			v, _ := m.Variance()
			p.LeadSD = math.Sqrt(v)
		}
		out = append(out, p)
	}
	return out
}

// replayPlan serves the planted wishes after the cut by the plan, with deliveries
// as planted suppliers make them, and compares with what happened.
func replayPlan(s *shop.Shop, cut time.Time, dem *demanded, st *stocked, seed uint64) (*replay, error) {
	r := &replay{}
	first := int(cut.Sub(s.Start) / day)
	r.Days = s.Config.Days - first
	then := make(map[string][]*shop.StockDay)
	for i := range s.Stock {
		if d := &s.Stock[i]; !d.Day.Before(cut) {
			then[d.SKU] = append(then[d.SKU], d)
		}
	}
	open := underWay(s, cut)
	index := make(map[string]int, len(dem.SKUs))
	for i, sku := range dem.SKUs {
		index[sku] = i
	}
	for _, l := range st.Plan.Lines() {
		i, ok := s.ItemIndex(l.ID)
		if !ok {
			continue
		}
		p := &planned{
			sku: l.ID, hand: int(l.OnHand), onOrder: int(l.Position - l.OnHand), arriving: map[int]int{},
			point: l.Point, lot: max(1, st.lot[l.ID]), supplier: st.suppliers[l.ID], series: dem.Series[index[l.ID]], path: dem.Path[index[l.ID]],
		}
		maps.Copy(p.arriving, open[l.ID])
		p.series.Units, p.series.Censored = slices.Clone(p.series.Units), slices.Clone(p.series.Censored)
		source := rng.New(seed, 77, uint64(i))
		for d := first; d < s.Config.Days; d++ {
			if d > first && (d-first)%7 == 0 {
				if err := p.renew(st.Service); err != nil {
					return nil, err
				}
			}
			p.day(d, s, i, r)
			x := &s.Truth.Items[i]
			for float64(p.hand+p.onOrder) <= p.point {
				p.arriving[d+max(1, int(math.Round(x.LeadMean+x.LeadSD*source.Normal())))] += p.lot
				p.onOrder += p.lot
			}
		}
		for _, d := range then[l.ID] {
			if d.OnHand == 0 {
				r.DaysThen++
			}
			r.StockThen += float64(d.OnHand)
		}
	}
	r.StockNow /= float64(max(r.Days, 1))
	r.StockThen /= float64(max(r.Days, 1))
	return r, nil
}

// underWay returns the deliveries on their way at the cut, units by product and day.
func underWay(s *shop.Shop, cut time.Time) map[string]map[int]int {
	open := make(map[string]map[int]int)
	for i := range s.Replenishments {
		x := &s.Replenishments[i]
		if x.Ordered.Before(cut) && (x.Received.IsZero() || !x.Received.Before(cut)) {
			if open[x.SKU] == nil {
				open[x.SKU] = make(map[int]int)
			}
			if !x.Received.IsZero() {
				open[x.SKU][int(x.Received.Sub(s.Start)/day)] += x.Quantity
			}
		}
	}
	return open
}

// planned is a product that is served by the plan.
type planned struct {
	sku           string
	hand, onOrder int
	arriving      map[int]int // units by day
	point         float64
	lot           int
	supplier      position
	series        supply.Series // of weeks
	path          []float64     // units a week, as foreseen at the cut
	came, said    float64       // units of the weeks since, and as foreseen
	week          int           // weeks since the cut
	sold, seen    int           // this week: units sold, days with stock
}

// renew makes the plan anew for the coming week, the forecast moved by what was sold since the cut
// against what had been foreseen.
func (p *planned) renew(service float64) error {
	units := float64(p.sold) * 7 / float64(max(p.seen, 1))
	p.series.Units = append(p.series.Units, units)
	p.series.Censored = append(p.series.Censored, p.seen < 2)
	if p.seen >= 2 {
		p.came += units
		p.said += p.path[min(p.week, len(p.path)-1)]
	}
	p.sold, p.seen = 0, 0
	p.week++
	_, sd := trailing(&p.series, len(p.series.Units))
	mean := p.path[min(p.week, len(p.path)-1)] * (p.came + 3) / (p.said + 3)
	again, err := reorder.Point(reorder.PointOptions{Mean: mean, SD: sd, Lead: p.supplier.Lead, LeadSD: p.supplier.LeadSD, Review: 1. / 7, CycleService: service})
	if err != nil {
		return fmt.Errorf("%s: %w", p.sku, err)
	}
	p.point, p.lot = again.Point, max(1, int(math.Ceil(3*mean)))
	return nil
}

// day serves what was wanted of item on day d, and counts it beside what happened.
func (p *planned) day(d int, s *shop.Shop, item int, r *replay) {
	p.hand += p.arriving[d]
	p.onOrder -= p.arriving[d]
	want := s.Truth.Wanted(item, d)
	got := min(want, p.hand)
	if p.hand > 0 {
		p.seen++
	}
	p.hand -= got
	p.sold += got
	r.Wanted += want
	r.LostNow += want - got
	r.LostThen += s.Truth.Lost(item, d)
	if p.hand == 0 {
		r.DaysNow++
	}
	r.StockNow += float64(p.hand)
}
