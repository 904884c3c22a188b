package shop

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/aislekit/aisle/examples/backend/store"
	"github.com/aislekit/aisle/recommend/allocate"
	"github.com/aislekit/aisle/segment/audience"
)

// table is what rules may ask about customers, with their pseudonyms in the order of rows.
type table struct {
	ids  []string
	rows []Profile
	attr *audience.Attributes
}

// table is made anew for each question: one pass over the customers.
func (s *Shop) table() (*table, error) {
	now, m := s.opt.Clock(), s.models.Load()
	t := &table{}
	s.mu.RLock()
	t.ids = slices.Sorted(maps.Keys(s.people))
	t.rows = make([]Profile, len(t.ids))
	for i, id := range t.ids {
		t.rows[i] = m.profile(id, s.people[id], now)
	}
	s.mu.RUnlock()
	attr, err := audience.NewAttributes(len(t.ids))
	if err != nil {
		return nil, err
	}
	numbers := []struct {
		name string
		of   func(*Profile) float64
	}{
		{"orders", func(p *Profile) float64 { return float64(p.Orders) }},
		{"spent", func(p *Profile) float64 { return float64(p.Net) / 100 }},
		{"views", func(p *Profile) float64 { return float64(p.Views) }},
		{"carts", func(p *Profile) float64 { return float64(p.Carts) }},
		{"days_since_order", func(p *Profile) float64 { return days(now, p.Bought) }},
		{"days_since_seen", func(p *Profile) float64 { return days(now, p.Last) }},
		{"propensity", func(p *Profile) float64 { return orNaN(p.Propensity) }},
		{"value", func(p *Profile) float64 { return orNaN(p.Value) / 100 }},
		{"alive", func(p *Profile) float64 { return orNaN(p.Alive) }},
	}
	for _, n := range numbers {
		column := make([]float64, len(t.rows))
		for i := range t.rows {
			column[i] = n.of(&t.rows[i])
		}
		if err := attr.AddNumbers(n.name, column); err != nil {
			return nil, err
		}
	}
	segments, likes := make([]string, len(t.rows)), make([][]string, len(t.rows))
	for i, p := range t.rows {
		segments[i], likes[i] = p.Segment, []string{}
		for _, c := range p.Categories {
			if c.Share >= .2 && c.Name != "" {
				likes[i] = append(likes[i], c.Name)
			}
		}
	}
	if err := attr.AddTexts("segment", segments); err != nil {
		return nil, err
	}
	if err := attr.AddTextLists("likes", likes); err != nil {
		return nil, err
	}
	t.attr = attr
	return t, nil
}

func days(now, then time.Time) float64 {
	if then.IsZero() {
		return math.NaN()
	}
	return max(0, now.Sub(then).Hours()/24)
}

func orNaN(x *float64) float64 {
	if x == nil {
		return math.NaN()
	}
	return *x
}

// Audience is who a rule means.
type Audience struct {
	Rule  string `json:"rule"`  // as it was understood
	Count int    `json:"count"` // -1 where there are too few to tell (Small)
	Of    int    `json:"of"`
	Small bool   `json:"small"`
	Why   string `json:"why"` // nobody is in it
	ids   []string
	rows  []Profile
}

// Audience selects customers by the text of a rule, such as `orders >= 2 and segment in
// ("champions", "loyal")`. ErrInvalid with an audience.TextError that says where. The
// count is refused below 10 members (Small), so that nobody is singled out.
func (s *Shop) Audience(ctx context.Context, text string) (Audience, error) {
	rule, err := audience.ParseText(text)
	if err != nil {
		return Audience{}, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	t, err := s.table()
	if err != nil {
		return Audience{}, fmt.Errorf("shop: audience: %w", err)
	}
	program, err := audience.Compile(rule, t.attr, audience.Options{AsOf: s.opt.Clock(), MinSize: 10})
	if err != nil {
		return Audience{}, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	set, err := program.Select(ctx)
	if err != nil {
		return Audience{}, fmt.Errorf("shop: audience: %w", err)
	}
	a := Audience{Rule: fmt.Sprint(rule), Of: len(t.ids), Small: set.Small(), Why: set.Reason()}
	for i := range set.All {
		a.ids, a.rows = append(a.ids, t.ids[i]), append(a.rows, t.rows[i])
	}
	if a.Count = len(a.ids); a.Small && a.Count > 0 {
		a.Count = -1
	}
	return a, nil
}

// Export is who is in an audience, by the ids of the shop: for sending, so that it goes
// into the trail, for each of them.
func (s *Shop) Export(ctx context.Context, actor, text string) ([]string, error) {
	a, err := s.Audience(ctx, text)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, pseudonym := range a.ids {
		sealed, _, err := s.store.Sealed(ctx, pseudonym)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
		if sealed == nil {
			continue // deleted meanwhile
		}
		id, err := s.keys.Unseal(sealed)
		if err != nil {
			return nil, err
		}
		if err := s.note(ctx, actor, "export", id); err != nil {
			return nil, err
		}
		out = append(out, id)
	}
	return out, nil
}

// Segments are how many customers each segment has.
func (s *Shop) Segments() (map[string]int, int) {
	now, m, out := s.opt.Clock(), s.models.Load(), map[string]int{}
	s.mu.RLock()
	defer s.mu.RUnlock()
	for id, x := range s.people {
		out[m.profile(id, x, now).Segment]++
	}
	return out, len(s.people)
}

// OfferPlan is who gets which offer.
type OfferPlan struct {
	Chosen map[string][]string `json:"chosen"` // by offer: ids of the shop
	Taken  map[string]int64    `json:"taken"`
	Spent  int64               `json:"spent"` // of the budget
	Value  float64             `json:"value"` // expected margin less cost, minor units
	Bound  float64             `json:"bound"` // no plan has more
}

// PlanOffers gives each customer of an audience at most one offer, so that stock and
// budget hold and the most is expected: propensity times what the offered item earns and
// how much of the customer's interest its category has, less the cost.
func (s *Shop) PlanOffers(ctx context.Context, actor, text string, budget int64) (OfferPlan, error) {
	offers, err := s.store.Offers(ctx)
	if err != nil {
		return OfferPlan{}, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	a, err := s.Audience(ctx, text)
	if err != nil {
		return OfferPlan{}, err
	}
	plan := OfferPlan{Chosen: map[string][]string{}, Taken: map[string]int64{}}
	if len(offers) == 0 || len(a.ids) == 0 {
		return plan, nil
	}
	var proposals []allocate.Proposal
	goods := make([]allocate.Offer, len(offers))
	for k, o := range offers {
		goods[k] = allocate.Offer{Stock: o.Stock, Uses: []allocate.Use{{Amount: o.Cost}}}
		x, _ := s.item(o.Item)
		if o.Item != "" {
			if x.Stock < goods[k].Stock || goods[k].Stock < 0 {
				goods[k].Stock = x.Stock // no more than can be delivered
			}
		}
		for i, p := range a.rows {
			will := .05
			if p.Propensity != nil {
				will = *p.Propensity
			}
			earns, share := float64(x.Price-x.Cost), 0.
			for _, c := range p.Categories {
				if c.Name == x.Category {
					share = c.Share
				}
			}
			if o.Item == "" && p.Orders > 0 {
				earns, share = float64(p.Net)/float64(p.Orders)/3, 1
			}
			if v := will*share*earns - float64(o.Cost)*will; v > 0 {
				proposals = append(proposals, allocate.Proposal{User: int32(i), Offer: int32(k), Value: v})
			}
		}
	}
	if len(proposals) == 0 {
		return plan, nil
	}
	solved, err := allocate.Solve(ctx, proposals, goods, allocate.Options{Limits: []int64{budget}})
	if err != nil {
		return plan, fmt.Errorf("shop: offers: %w", err)
	}
	plan.Value, plan.Bound, plan.Spent = solved.Value, solved.Bound, solved.Used[0]
	for _, c := range solved.Chosen {
		sealed, _, err := s.store.Sealed(ctx, a.ids[c.User])
		if err != nil {
			return plan, fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
		if sealed == nil {
			continue
		}
		id, err := s.keys.Unseal(sealed)
		if err != nil {
			return plan, err
		}
		if err := s.note(ctx, actor, "export", id); err != nil {
			return plan, err
		}
		name := offers[c.Offer].ID
		plan.Chosen[name] = append(plan.Chosen[name], id)
		plan.Taken[name]++
	}
	return plan, nil
}

// PutOffers writes offers.
func (s *Shop) PutOffers(ctx context.Context, offers []store.Offer) error {
	if err := s.store.PutOffers(ctx, offers); err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return nil
}

// Attributes are the words of rules.
func Attributes() []string {
	return []string{"orders", "spent", "views", "carts", "days_since_order", "days_since_seen", "propensity", "value", "alive", "segment", "likes"}
}
