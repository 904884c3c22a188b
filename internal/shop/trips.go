package shop

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"sort"

	"github.com/aislekit/aisle/internal/rng"
)

// trip is a visit with the intent to buy.
type trip struct {
	sec      int64
	campaign int  // whose coupon is used, −1
	extra    bool // made because of the campaign
}

const (
	campaignDays = 14
	couponShare  = .6 // of treated users' own trips
)

// window of campaign k in seconds since Start.
func (s *Shop) window(k int) (from, to int64) {
	d := s.Config.Days * (k + 1) / (s.Config.Campaigns + 1)
	return int64(d) * daySeconds, int64(min(d+campaignDays, s.Config.Days)) * daySeconds
}

func (s *Shop) makeCampaigns() {
	names := []string{"Spring coupon", "Member day", "Double points week", "Autumn sale", "Welcome back"}
	for k := 0; k < s.Config.Campaigns; k++ {
		from, to := s.window(k)
		s.Campaigns = append(s.Campaigns, Campaign{
			ID: fmt.Sprintf("CMP%02d", k+1), Name: names[k%len(names)],
			Start: s.at(from), End: s.at(to), ContactCost: 60, Discount: .10,
		})
	}
	s.Truth.Campaigns = make([]CampaignTruth, s.Config.Campaigns)
}

// clock is a user's own time: the integral of season and weekday factors, in
// which trips are a Poisson process of constant rate.
type clock struct{ h []float64 } // h[d] = integral up to day d

func (c *clock) set(s *Shop, taste []float64) {
	c.h = append(c.h[:0], 0)
	first := int(s.Start.Weekday())
	g := 0.0
	for d := 0; d < s.Config.Days; d++ {
		if d%7 == 0 {
			g = 0
			for k, x := range taste {
				g += x * s.Truth.Categories[k].Season[d/7]
			}
		}
		c.h = append(c.h, c.h[d]+g*s.Truth.Weekday[(first+d)%7])
	}
}

// dayShape maps the share of a day's demand to the hour at which it is reached.
var dayShape = [...]struct{ p, hour float64 }{{0, 0}, {.04, 7}, {.34, 12}, {.62, 18}, {.97, 23}, {1, 24}}

// at returns the second at which the clock shows h, or −1 after the end.
func (c *clock) at(h float64) int64 {
	n := len(c.h) - 1
	if !(h < c.h[n]) {
		return -1
	}
	d := sort.Search(n, func(i int) bool { return c.h[i+1] > h })
	f := (h - c.h[d]) / (c.h[d+1] - c.h[d])
	k := 0
	for k < len(dayShape)-2 && dayShape[k+1].p <= f {
		k++
	}
	a, b := dayShape[k], dayShape[k+1]
	hour := a.hour + (b.hour-a.hour)*(f-a.p)/(b.p-a.p)
	return int64(d)*daySeconds + min(int64(hour*3600), daySeconds-1)
}

// read is the inverse of at.
func (c *clock) read(sec int64) float64 {
	d := int(sec / daySeconds)
	if d >= len(c.h)-1 {
		return c.h[len(c.h)-1]
	}
	hour, k := float64(sec%daySeconds)/3600, 0
	for k < len(dayShape)-2 && dayShape[k+1].hour <= hour {
		k++
	}
	a, b := dayShape[k], dayShape[k+1]
	f := a.p + (b.p-a.p)*(hour-a.hour)/(b.hour-a.hour)
	return c.h[d] + f*(c.h[d+1]-c.h[d])
}

// A life is one user on the way through time.
type life struct {
	s   *Shop
	u   int
	x   *UserTruth
	seg *SegmentTruth
	c   *clock

	camp            rng.Stream // of the running campaign
	running         int        // campaign in which u is treated; -1 for none
	runFrom, runEnd int64
	extras          []trip // made because of campaigns
	next            int    // first campaign that has not been assigned
	churn           int64  // -1 while the user is alive
}

// makeTrips runs the life of user u: first trip, repeat trips, campaigns,
// departure. It appends to dst.
func (s *Shop) makeTrips(u int, c *clock, dst []trip) []trip {
	x := &s.Truth.Users[u]
	c.set(s, x.Taste)
	end := int64(s.Config.Days) * daySeconds
	r := rng.New(s.Config.Seed, stageTrip, uint64(u))

	reg := int64(s.Users[u].Registered.Sub(s.Start).Seconds())
	wait := 4.0
	if reg < 0 {
		wait = 25
	}
	first := max(reg, 0) + 2*3600 + int64(wait*daySeconds*r.Exp())
	if !r.Bool(buysEver) || first >= end {
		return dst
	}
	x.First = s.at(first)
	dst = append(dst, trip{sec: first, campaign: -1})

	l := &life{s: s, u: u, x: x, seg: &s.Truth.Segments[x.Segment], c: c, running: -1, churn: -1}
	for h := c.read(first); l.churn < 0; {
		h += r.Exp() / x.Rate
		next := c.at(h)
		l.campaigns(first, next, h, r)
		if next < 0 {
			break
		}
		leave := r.Float64() < x.Dropout
		if t, made := l.own(next); made {
			dst = append(dst, t)
		} else {
			continue
		}
		if leave {
			l.churn = next
			x.Churn = s.at(next)
		}
	}
	l.campaigns(first, -1, 0, r)
	last := end
	if l.churn >= 0 {
		last = l.churn
	}
	for _, e := range l.extras {
		if e.sec < last {
			dst = append(dst, e)
			x.ExtraTrips++
		}
	}
	x.Exposure = c.read(last) - c.read(first)
	slices.SortFunc(dst, func(a, b trip) int { return cmp.Compare(a.sec, b.sec) })
	x.Trips = len(dst)
	return dst
}

// campaigns enrols the user in those that begin before the next own trip, -1 for
// none, which is drawn at h of the user's clock and after which the stream is r.
func (l *life) campaigns(first, next int64, h float64, r *rng.Stream) {
	for ; l.next < l.s.Config.Campaigns; l.next++ {
		from, _ := l.s.window(l.next)
		if next >= 0 && from > next {
			break
		}
		if from > first {
			l.assign(l.next, next, h, *r)
		}
	}
}

// own returns the trip of the user's own accord at second next, which a running
// campaign may prevent or give a coupon.
func (l *life) own(next int64) (t trip, made bool) {
	t = trip{sec: next, campaign: -1}
	if l.running >= 0 && next >= l.runFrom && next < l.runEnd {
		if l.camp.Bool(l.seg.Loss) {
			l.x.SkippedTrip++
			return t, false
		}
		// The coupon draw must not disturb the skips, which the potential
		// outcome has looked at in advance.
		if rng.Unit(rng.Hash(l.s.Config.Seed, stageCampaign, uint64(l.u), uint64(next))) < couponShare {
			t.campaign = l.running
		}
	}
	return t, true
}

// assign enrols the user in campaign k and plants what it does. next is the next own
// trip (−1 = none) and peek the state of the trip stream just after next was drawn,
// so that both potential outcomes can be looked up without drawing from it.
func (l *life) assign(k int, next int64, h float64, peek rng.Stream) {
	s, seg, x := l.s, l.seg, l.x
	from, to := s.window(k)
	l.camp.Reset(s.Config.Seed, stageCampaign+uint64(k), uint64(l.u))
	treated := l.camp.Bool(.5)
	extra := l.camp.Bool(seg.Gain)
	extraAt := from + 10*3600 + int64(float64(to-from-10*3600)*l.camp.Float64())
	t := &s.Truth.Campaigns[k]
	s.Campaigns[k].Assigned = append(s.Campaigns[k].Assigned, Assignment{s.Users[l.u].ID, treated})
	t.Users = append(t.Users, l.u)
	base, uplift, y0, y1 := 0.0, 0.0, false, false
	if l.churn < 0 {
		load := x.Rate * (l.c.read(to) - l.c.read(from))
		base = -math.Expm1(-load)
		uplift = math.Exp(-load) - (1-seg.Gain)*math.Exp(-load*(1-seg.Loss))
		y0 = next >= 0 && next < to
		y1 = extra
		skips := l.camp
		for n := next; !y1 && n >= 0 && n < to; {
			y1 = !skips.Bool(seg.Loss)
			peek.Float64()
			h += peek.Exp() / x.Rate
			n = l.c.at(h)
		}
		if treated {
			l.running, l.runFrom, l.runEnd = k, from, to
			if extra {
				l.extras = append(l.extras, trip{extraAt, k, true})
			}
		}
	}
	t.Base, t.Uplift = append(t.Base, base), append(t.Uplift, uplift)
	t.IfControl, t.IfTreated = append(t.IfControl, y0), append(t.IfTreated, y1)
}
