package main

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/aislekit/aisle/examples/internal/report"
	"github.com/aislekit/aisle/recommend/allocate"
	"github.com/aislekit/aisle/segment/offer"
)

// granted is who gets which offer of the next campaign.
type granted struct {
	Currency  string
	Offers    []offer.Offer[string]
	Book      *offer.Book[string, string]
	Prospects []offer.Prospect[string, string]
	Rows      *offer.Candidates
	Kept      []int // rows chosen
	Budget    int64
	Used      int64   // of it, if everybody uses the offer
	Cost      float64 // that is expected
	Value     float64 // margin that is expected beyond that without offers
	Everybody float64 // the same if everybody gets the offer that is worth most on the whole, whatever it costs
	Gap       float64 // how far below the best plan this one can be
	HeldOut   int
	Assumed   string
}

// grant plans the offers of the next campaign for the customers to be addressed: the coupon of
// the earlier campaigns, half of it, and a full reduction. What a message with that coupon did
// to each group is known; a smaller discount is taken to do proportionally less, a larger one
// no more, since nothing larger was ever tried. Nil where no campaign was measured.
func (r *results) grant(ctx context.Context, seed uint64) (*granted, error) {
	rec, t, m := r.records, r.targeted, r.measured
	tried := m.Worth.Discount
	if len(m.Groups.Rows) == 0 || tried < 2 || len(t.Target) == 0 {
		return nil, nil
	}
	usual := usualOrders(rec, r.profiled)
	var amounts []int64
	for _, id := range t.Target {
		if o, ok := usual[id]; ok {
			amounts = append(amounts, listPrice(&o))
		}
	}
	if len(amounts) == 0 {
		return nil, nil
	}
	slices.Sort(amounts)
	coupon, typical := int64(math.Round(tried)), amounts[len(amounts)/2]
	g := &granted{Currency: rec.Currency, Budget: coupon * int64(len(amounts)) / 4}
	g.Offers = []offer.Offer[string]{
		{ID: "coupon", Off: coupon, Group: "next campaign", Campaign: "next campaign", HoldOut: .1, Contact: int64(m.Worth.Message)},
		{ID: "half a coupon", Off: coupon / 2, Group: "next campaign", Campaign: "next campaign", HoldOut: .1, Contact: int64(m.Worth.Message)},
		{ID: "full reduction", Every: max(typical, coupon), Off: coupon, Group: "next campaign", Campaign: "next campaign", HoldOut: .1, Contact: int64(m.Worth.Message)},
	}
	g.Assumed = "A smaller discount than that of the earlier campaigns is taken to raise the chance to buy proportionally less, a larger one no more than they did."
	var err error
	if g.Book, err = offer.New[string](g.Offers, offer.Options{Currency: rec.Currency, Budget: g.Budget, Seed: seed}); err != nil {
		return nil, err
	}
	effect := m.groupEffects()
	for _, id := range t.Target {
		o, ok := usual[id]
		if !ok {
			continue
		}
		o.At = rec.Cut
		if out, err := g.Book.HeldOut(id, "coupon"); err != nil {
			return nil, err
		} else if out {
			g.HeldOut++
		}
		p := offer.Prospect[string, string]{Order: o, Base: r.predicted.Purchase.Prob[id]}
		lift := effect(r.segmented.Clusters, id)
		price := listPrice(&o)
		for _, x := range g.Offers {
			off := min(x.Off, price)
			if x.Every > 0 {
				off = price / x.Every * x.Off
			}
			p.With = append(p.With, min(max(p.Base+lift*min(1, float64(off)/tried), 0), 1))
		}
		g.Prospects = append(g.Prospects, p)
	}
	return g, g.assign(ctx)
}

// groupEffects returns by how much a message raised the chance to buy of a customer's group;
// a small group is drawn to the mean.
func (m *measured) groupEffects() func(of map[string]int, id string) float64 {
	all, n := 0.0, 0.0
	by := map[int]slice{}
	for _, r := range m.Groups.Rows {
		all, n = all+r.Effect.Estimate*float64(r.Effect.N), n+float64(r.Effect.N)
		by[r.Key] = r
	}
	all /= n
	return func(of map[string]int, id string) float64 {
		if k, ok := of[id]; ok {
			if r, ok := by[k]; ok {
				return (r.Effect.Estimate*float64(r.Effect.N) + all*100) / float64(r.Effect.N+100)
			}
		}
		return all
	}
}

// usualOrders takes the last order of each customer as what the next one will be like.
func usualOrders(rec *records, now *profiled) map[string]offer.Order[string, string] {
	out := make(map[string]offer.Order[string, string])
	for i := range now.Orders {
		s := &now.Orders[i]
		if prev, ok := out[s.Order.User]; s.Order.User == "" || s.Cancelled || ok && prev.At.After(s.Order.At) {
			continue
		}
		o := offer.Order[string, string]{User: s.Order.User, At: s.Order.At, Currency: rec.Currency}
		for _, l := range s.Order.Lines {
			x := offer.Line[string]{Item: l.Item, Quantity: l.Quantity, Price: l.Price, Brand: l.Brand}
			if l.Category != "" {
				x.Categories = []string{l.Category}
			}
			if p := rec.product(l.Item); p != nil {
				x.Cost = p.Cost
			}
			o.Lines = append(o.Lines, x)
		}
		out[o.User] = o
	}
	return out
}

func listPrice(o *offer.Order[string, string]) (sum int64) {
	for _, l := range o.Lines {
		sum += l.Price * l.Quantity
	}
	return sum
}

// assign shares the budget out. segment/offer says what each offer is worth to each customer,
// recommend/allocate who gets which; they meet here, in plain values. An offer costs different
// customers' orders differently, so that each cost of an offer is a kind of its own to allocate,
// and all of them take from the one budget.
func (g *granted) assign(ctx context.Context) error {
	var err error
	if g.Rows, err = g.Book.Propose(ctx, g.Prospects, nil); err != nil {
		return err
	}
	kinds, proposals := g.kinds()
	plan, err := allocate.Solve(ctx, proposals, kinds, allocate.Options{PerUser: 1, Limits: []int64{g.Budget}})
	if err != nil {
		return err
	}
	row := make(map[allocate.Proposal]int, len(proposals))
	for r, p := range proposals {
		row[p] = r
	}
	chosen := make([]int, len(plan.Chosen))
	for i, p := range plan.Chosen {
		chosen[i] = row[p]
	}
	if g.Kept, err = g.Book.Settle(g.Rows, chosen); err != nil {
		return err
	}
	for _, r := range g.Kept {
		g.Used, g.Cost, g.Value = g.Used+g.Rows.Cost[r], g.Cost+g.Rows.Expected[r], g.Value+g.Rows.Value[r]
	}
	g.Gap = plan.Gap()
	byOffer := make([]float64, len(g.Offers))
	for r, v := range g.Rows.Value {
		byOffer[g.Rows.Offer[r]] += v
	}
	g.Everybody = slices.Max(byOffer)
	return nil
}

// kinds turns rows into the proposals of allocate, one for each row, and its offers, one for
// each cost of an offer.
func (g *granted) kinds() ([]allocate.Offer, []allocate.Proposal) {
	type kind struct {
		offer int32
		cost  int64
	}
	number := make(map[kind]int32)
	var kinds []allocate.Offer
	proposals := make([]allocate.Proposal, len(g.Rows.User))
	for r := range proposals {
		k := kind{g.Rows.Offer[r], g.Rows.Cost[r]}
		n, ok := number[k]
		if !ok {
			n = int32(len(kinds))
			number[k] = n
			kinds = append(kinds, allocate.Offer{Stock: -1, Uses: []allocate.Use{{Limit: 0, Amount: k.cost}}})
		}
		proposals[r] = allocate.Proposal{User: g.Rows.User[r], Offer: n, Value: g.Rows.Value[r]}
	}
	return kinds, proposals
}

// section reports who gets what.
func (g *granted) section() report.Section {
	s := report.Section{
		Title: "Which offer for whom",
		Meaning: fmt.Sprintf("With %s for discounts and messages, %s of %s customers get an offer; %s more margin is expected from them than without one, after what the offers cost.",
			money(g.Budget, g.Currency), count(len(g.Kept)), count(len(g.Prospects)), money(int64(math.Round(g.Value)), g.Currency)),
		Action: fmt.Sprintf("Send each customer the offer below, and none to the %s held out.", count(g.HeldOut)),
		Terms:  []report.Term{{Word: "Margin expected", Meaning: "chance to buy with the offer, times margin less discount, less chance to buy without it, times margin, less the message."}},
		Figures: []report.Figure{
			{Label: "offers given", Value: count(len(g.Kept))},
			{Label: "margin expected", Value: money(int64(math.Round(g.Value)), g.Currency), Note: "for everybody the one best offer: " + money(int64(math.Round(g.Everybody)), g.Currency)},
			{Label: "cost expected", Value: money(int64(math.Round(g.Cost)), g.Currency), Note: "at most " + money(g.Used, g.Currency)},
		},
		Notes: []string{g.Assumed, fmt.Sprintf("No plan within the budget is expected to bring more than %s more.", percent(g.Gap))},
	}
	t := report.Table{Caption: "The offers", Columns: []string{"offer", "customers", "margin expected", "most it can cost"}}
	for k, o := range g.Offers {
		n, value, cost := 0, 0.0, int64(0)
		for _, r := range g.Kept {
			if int(g.Rows.Offer[r]) == k {
				n, value, cost = n+1, value+g.Rows.Value[r], cost+g.Rows.Cost[r]
			}
		}
		t.Rows = append(t.Rows, []string{strings.ToUpper(o.ID[:1]) + o.ID[1:], count(n), money(int64(math.Round(value)), g.Currency), money(cost, g.Currency)})
	}
	s.Tables = append(s.Tables, t)
	return s
}
