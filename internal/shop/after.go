package shop

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/aislekit/aisle/internal/rng"
)

// makeOrders turns baskets into orders of what the stock could give.
func (s *Shop) makeOrders(cat *catalogue, l *log) (basket []int32) {
	lines := 0
	for i := range l.wants {
		if l.wants[i].got > 0 {
			lines++
		}
	}
	all := make([]OrderLine, 0, lines)
	for k := range l.orders {
		w := &l.orders[k]
		from := len(all)
		total := int64(0)
		for i := w.from; i < w.to; i++ {
			x := &l.wants[i]
			if x.got == 0 {
				continue
			}
			line := OrderLine{SKU: s.Items[x.item].SKU, Quantity: int(x.got), Price: cat.price[int(x.item)*cat.days+int(w.sec/daySeconds)]}
			if w.campaign >= 0 {
				line.Discount = int64(s.Campaigns[w.campaign].Discount * float64(line.Price) * float64(line.Quantity))
			}
			total += line.Total()
			all = append(all, line)
		}
		if len(all) == from {
			continue
		}
		region := region(s.Truth.Users[w.user].Region)
		o := Order{
			ID: fmt.Sprintf("O%07d", len(s.Orders)+1), User: s.Users[w.user].ID, Time: s.at(w.sec), Region: region.name,
			Device: deviceWords[w.device].name, Lines: all[from:len(all):len(all)],
		}
		if w.campaign >= 0 {
			o.Coupon = s.Campaigns[w.campaign].ID
		}
		switch {
		case !region.chinese:
			o.Shipping = 6000
		case total < 9900:
			o.Shipping = 1000
		}
		s.Orders = append(s.Orders, o)
		basket = append(basket, int32(k))
	}
	return basket
}

const (
	cancelShare  = .025
	shortShare   = .05 // of parcels with two units or more
	addressShare = .985
)

// makeAfter does everything that follows an order.
func (s *Shop) makeAfter(l *log, basket []int32) {
	t := &s.Truth
	t.LateEffect, t.DamageEffect, t.ShortEffect, t.SlowReplyEffect = -.7, -1.2, -.8, -.8
	t.Carriers = slices.Clone(carrierWords)
	var r rng.Stream
	for k := range s.Orders {
		w := &l.orders[basket[k]]
		r.Reset(s.Config.Seed, stageAfter, rng.Hash(uint64(w.user), uint64(w.seq)))
		s.after(k, w, l, &r)
	}
	number(s.Refunds, func(x *Refund) (*string, time.Time) { return &x.ID, x.Time }, "R")
	number(s.Tickets, func(x *Ticket) (*string, time.Time) { return &x.ID, x.Opened }, "T")
	slices.SortStableFunc(s.Surveys, func(a, b Survey) int { return a.Sent.Compare(b.Sent) })
	renamed := make(map[string]string, len(s.Tickets))
	for i := range s.Tickets {
		renamed[s.Tickets[i].Order] = s.Tickets[i].ID // one ticket per order
	}
	for i := range s.Surveys {
		if s.Surveys[i].Kind != NPS {
			s.Surveys[i].Ticket = renamed[s.Surveys[i].Order]
		}
	}
}

// number sorts records by time and gives them ids in that order.
func number[T any](xs []T, of func(*T) (*string, time.Time), prefix string) {
	slices.SortStableFunc(xs, func(a, b T) int {
		_, x := of(&a)
		_, y := of(&b)
		return x.Compare(y)
	})
	for i := range xs {
		id, _ := of(&xs[i])
		*id = fmt.Sprintf("%s%07d", prefix, i+1)
	}
}

func hours(h float64) time.Duration { return time.Duration(h * float64(time.Hour)) }

// after draws what becomes of order k: it is cancelled, or a parcel goes out, and what
// follows from that. What lies beyond the end of the log has not happened yet.
func (s *Shop) after(k int, w *wantOrder, l *log, r *rng.Stream) {
	o, user := &s.Orders[k], &s.Truth.Users[w.user]
	// reached keeps a time that the log has seen, else zero.
	reached := func(t time.Time) time.Time {
		if t.Before(s.End) {
			return t.Truncate(time.Second)
		}
		return time.Time{}
	}
	units := o.units()
	if r.Bool(cancelShare) {
		if o.Cancelled = reached(o.Time.Add(hours(.2 + 3*r.Float64()))); !o.Cancelled.IsZero() {
			for i := range o.Lines {
				s.Refunds = append(s.Refunds, Refund{
					Order: o.ID, SKU: o.Lines[i].SKU, Quantity: o.Lines[i].Quantity,
					Amount: o.Lines[i].Total(), Time: o.Cancelled, Reason: "cancelled",
				})
			}
			return
		}
	}

	reg := region(o.Region)
	ci := pick(r, len(carrierWords), func(i int) float64 { return [...]float64{.5, .3, .2}[i] })
	carrier := &carrierWords[ci]
	d := Delivery{Order: o.ID, Carrier: carrier.Name, Region: o.Region, Ordered: units, Arrived: units}
	shipped := o.Time.Add(hours(4 + 6*r.Exp() + 6*r.Float64()))
	d.Promised = o.Time.Truncate(24*time.Hour).AddDate(0, 0, int(math.Ceil(reg.days))+3).Add(20 * time.Hour)
	if !shipped.Before(d.Promised.Add(-12 * time.Hour)) {
		shipped = d.Promised.Add(-12 * time.Hour)
	}
	room := d.Promised.Sub(shipped)
	arrived := shipped.Add(time.Duration(float64(room) * (.4 + .6*r.Float64())))
	late := !r.Bool(carrier.OnTime)
	if late {
		arrived = d.Promised.Add(hours(3 + 40*r.Exp()))
	}
	lost := r.Bool(carrier.Lost)
	d.Damaged = r.Bool(carrier.Damaged)
	d.RightAddress = r.Bool(addressShare)
	short := units > 1 && r.Bool(shortShare)
	if short {
		d.Arrived--
	}
	d.Shipped = reached(shipped)
	if !lost {
		d.Delivered = reached(arrived)
	}
	if d.Delivered.IsZero() {
		d.Damaged, short, d.Arrived = false, false, 0
	}
	s.Deliveries = append(s.Deliveries, d)

	if !d.Delivered.IsZero() {
		s.afterArrival(o, &d, w, user, l, r)
	}
	s.service(o, &d, late || lost, short, r)
}

// units returns the pieces of all lines.
func (o *Order) units() (n int) {
	for i := range o.Lines {
		n += o.Lines[i].Quantity
	}
	return n
}

// afterArrival: refunds and ratings of delivered lines, and the NPS survey.
func (s *Shop) afterArrival(o *Order, d *Delivery, w *wantOrder, user *UserTruth, l *log, r *rng.Stream) {
	for i := range o.Lines {
		line := &o.Lines[i]
		item := s.itemIndex[line.SKU]
		x := &s.Truth.Items[item]
		back := r.Bool(s.Truth.Categories[x.Category].RefundRate)
		reason := "did not like"
		switch {
		case d.Damaged && r.Bool(.5):
			back, reason = true, "damaged"
		case !d.RightAddress:
			reason = "wrong item"
		case d.Delivered.After(d.Promised):
			reason = "too late"
		}
		at := d.Delivered.Add(hours(24 + 100*r.Exp())).Truncate(time.Second)
		if back && at.Before(s.End) {
			q := line.Quantity
			if q > 1 && r.Bool(.4) {
				q = 1
			}
			s.Refunds = append(s.Refunds, Refund{
				Order: o.ID, SKU: line.SKU, Quantity: q,
				Amount: line.Total() * int64(q) / int64(line.Quantity), Time: at, Reason: reason,
			})
		}
		if !r.Bool(.3) {
			continue
		}
		mean := 3.8 + x.Quality + user.RatingBias + .45*dot(&user.Style, &x.Style)
		if d.Damaged {
			mean += s.Truth.DamageEffect
		}
		stars := int8(math.Min(5, math.Max(1, math.Round(mean+.6*r.Normal()))))
		e := event{
			sec: int64(d.Delivered.Add(hours(6+50*r.Exp())).Sub(s.Start) / time.Second), session: int64(w.user)<<20 + 1<<19,
			user: w.user, item: int32(item), text: -1, campaign: -1, kind: kRating, stars: stars,
		}
		l.events = append(l.events, e)
		if r.Bool(.4) {
			e.kind, e.text, e.stars = kComment, l.text(remark(int(stars), region(user.Region).chinese, r)), 0
			e.sec += 40
			l.events = append(l.events, e)
		}
	}
	if r.Bool(.35) {
		sent := d.Delivered.Add(48 * time.Hour)
		if sent.Before(s.End) {
			y := Survey{User: o.User, Order: o.ID, Kind: NPS, Sent: sent}
			mood := 4.35 + s.mood(d) + .9*r.Normal()
			if at := sent.Add(hours(1 + 20*r.Exp())).Truncate(time.Second); r.Bool(.3) && at.Before(s.End) {
				y.Answered, y.Score = at, int(math.Min(10, math.Max(0, math.Round((mood-1)*2.5))))
			}
			s.Surveys = append(s.Surveys, y)
		}
	}
}

// mood is the effect of a parcel on satisfaction.
func (s *Shop) mood(d *Delivery) float64 {
	m := 0.0
	if d.Delivered.IsZero() || d.Delivered.After(d.Promised) {
		m += s.Truth.LateEffect
	}
	if d.Damaged {
		m += s.Truth.DamageEffect
	}
	if !d.Delivered.IsZero() && d.Arrived < d.Ordered {
		m += s.Truth.ShortEffect
	}
	return m
}

// remark writes a comment that fits the stars.
func remark(stars int, chinese bool, r *rng.Stream) string {
	of := func(xs []string) string { return xs[r.Intn(len(xs))] }
	switch {
	case stars >= 4 && chinese:
		return of(praiseZH)
	case stars >= 4:
		return of(praiseEN)
	case stars == 3 && chinese:
		return of(middleZH)
	case stars == 3:
		return of(middleEN)
	case chinese:
		return of(blameZH)
	}
	return of(blameEN)
}

// service opens a ticket, mostly after a bad parcel, and asks about it.
func (s *Shop) service(o *Order, d *Delivery, late, short bool, r *rng.Stream) {
	topic, p := "question", .025
	switch {
	case d.Damaged:
		topic, p = "damaged", .6
	case short:
		topic, p = "short", .5
	case !d.RightAddress:
		topic, p = "address", .6
	case late:
		topic, p = "late", .35
	}
	open := r.Bool(p)
	base := d.Delivered
	if base.IsZero() || topic == "late" {
		base = d.Promised.Add(2 * time.Hour)
	}
	t := Ticket{User: o.User, Order: o.ID, Topic: topic, Contacts: 1 + r.Poisson(.35), Opened: base.Add(hours(.2 + 10*r.Exp())).Truncate(time.Second)}
	if topic == "question" {
		t.Opened = o.Time.Add(hours(1 + 20*r.Exp())).Truncate(time.Second)
	}
	if !open || !t.Opened.Before(s.End) {
		return
	}
	if r.Bool(.7) {
		t.AutoReply = t.Opened.Add(30 * time.Second)
	}
	wait := 3 * math.Exp(1.1*r.Normal())
	if day := t.Opened.Weekday(); day == time.Saturday || day == time.Sunday {
		wait *= 3
	}
	first := t.Opened.Add(hours(wait)).Truncate(time.Second)
	work := 14 * math.Exp(.9*r.Normal())
	solved := first.Add(hours(work)).Truncate(time.Second)
	again := solved.Add(hours(12 + 40*r.Exp())).Truncate(time.Second)
	answered, resolved, reopened := !r.Bool(.03), !r.Bool(.06), r.Bool(.08)
	if answered && first.Before(s.End) {
		t.FirstResponse = first
		if resolved && solved.Before(s.End) {
			t.Resolved = solved
			if reopened && again.Before(s.End) {
				t.Reopened = again
				t.Contacts++
			}
		}
	}
	s.Tickets = append(s.Tickets, t)
	if t.Resolved.IsZero() {
		return
	}
	sent := t.Resolved.Add(time.Hour)
	if !sent.Before(s.End) {
		return
	}
	s.survey(o, d, &t, sent, wait, r)
}

// survey asks after a ticket of the given wait, in hours, how it went and how hard it was.
func (s *Shop) survey(o *Order, d *Delivery, t *Ticket, sent time.Time, wait float64, r *rng.Stream) {
	mood := 4.4 + s.mood(d)
	if wait > 8 {
		mood += s.Truth.SlowReplyEffect
	}
	for _, kind := range [...]SurveyKind{CSAT, CES} {
		y := Survey{User: o.User, Order: o.ID, Kind: kind, Sent: sent}
		score := math.Min(5, math.Max(1, math.Round(mood+.6*r.Normal())))
		if kind == CES {
			score = math.Min(7, math.Max(1, math.Round(6.2-.9*float64(t.Contacts-1)+.8*r.Normal())))
		}
		if at := sent.Add(hours(.5 + 15*r.Exp())).Truncate(time.Second); r.Bool(.4) && at.Before(s.End) {
			y.Answered, y.Score = at, int(score)
		}
		s.Surveys = append(s.Surveys, y)
	}
}

// makeSends logs the messages of the campaigns.
func (s *Shop) makeSends(l *log) {
	for k := range s.Campaigns {
		from, _ := s.window(k)
		t := &s.Truth.Campaigns[k]
		for i, a := range s.Campaigns[k].Assigned {
			if a.Treated {
				u := int32(t.Users[i])
				l.events = append(l.events, event{sec: from + 9*3600 + int64(cmp.Or(u%600, 1)), user: u, item: -1, text: -1, campaign: int16(k), kind: kSend})
			}
			t.Mean += t.Uplift[i] / float64(len(t.Uplift))
		}
	}
}
