package shop

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/aislekit/aisle/examples/backend/store"
	"github.com/aislekit/aisle/predict"
	"github.com/aislekit/aisle/predict/lifetime"
	"github.com/aislekit/aisle/segment"
)

// person is what is counted of a customer, by pseudonym, event by event.
type person struct {
	first, last, bought time.Time // events, and the last order; zero for none
	views, carts        int64
	orders              map[string]bool // by purchase
	units, spent        int64
	returned            int64
	questions           int64
	categories          map[string]int64 // what was viewed, put in a cart and ordered
}

type people map[string]*person

// add counts an event. Sums do not depend on the order of events.
func (p people) add(e store.Event, category string) {
	x := p[e.Customer]
	if x == nil {
		x = &person{first: e.At, last: e.At, orders: map[string]bool{}, categories: map[string]int64{}}
		p[e.Customer] = x
	}
	if e.At.Before(x.first) {
		x.first = e.At
	}
	if e.At.After(x.last) {
		x.last = e.At
	}
	switch e.Kind {
	case "view":
		x.views++
	case "cart":
		x.carts++
	case store.KindOrder:
		purchase := e.Purchase
		if purchase == "" {
			purchase = "\x00" + e.ID // an order of its own
		}
		x.orders[purchase] = true
		x.units += e.Quantity
		x.spent += e.Amount
		if e.At.After(x.bought) {
			x.bought = e.At
		}
	case "return":
		x.returned += e.Amount
	case "question":
		x.questions++
	}
	if weights[e.Kind] > 0 {
		x.categories[category]++
	}
}

// net is what was paid and not given back.
func (x *person) net() int64 { return x.spent - x.returned }

// features are the columns of the model of propensity, as of a moment.
func (x *person) features(asOf time.Time) []float64 {
	since := func(t time.Time) float64 { return math.Log1p(max(0, asOf.Sub(t).Hours()/24)) }
	bought := math.Log1p(3650)
	if !x.bought.IsZero() {
		bought = since(x.bought)
	}
	return []float64{
		since(x.last), since(x.first), bought, math.Log1p(float64(len(x.orders))), math.Log1p(float64(x.views)), math.Log1p(float64(x.carts)),
		math.Log1p(math.Max(0, float64(x.net()))),
	}
}

var featureNames = []string{"days since seen", "days known", "days since order", "orders", "views", "carts", "net spend"}

// models are what segments, propensity and value come from. Each is nil where the data
// did not suffice.
type models struct {
	rfm      *segment.RFM
	names    *segment.Map
	will     *predict.Logistic
	alive    *lifetime.Model[lifetime.Days]
	amounts  *lifetime.GammaGamma
	asOf     time.Time
	horizon  time.Duration
	lifetime map[string]lifetime.Customer[lifetime.Days]
}

// training gathers what the models of customers are fitted on, in one pass over the log.
type training struct {
	asOf, cut time.Time
	now, then people // up to asOf, and up to cut
	buys      map[string]bool
	orders    lifetime.Orders[string, lifetime.Days]
	fault     error
}

// horizon is for how long ahead the propensity speaks.
const horizon = 30 * 24 * time.Hour

func newTraining(asOf time.Time) *training {
	return &training{asOf: asOf, cut: asOf.Add(-horizon), now: people{}, then: people{}, buys: map[string]bool{}}
}

// add takes an event into the pass. What lies ahead of the clock has not happened yet.
func (t *training) add(e store.Event, category string) {
	if e.At.After(t.asOf) {
		return
	}
	t.now.add(e, category)
	if e.At.Before(t.cut) {
		t.then.add(e, category)
	} else if e.Kind == store.KindOrder {
		t.buys[e.Customer] = true
	}
	if e.Kind == store.KindOrder && t.fault == nil {
		t.fault = t.orders.Add(e.Customer, e.At, e.Amount)
	}
}

// fit fits the models of customers. What cannot be fitted is left out and reported.
func (t *training) fit(ctx context.Context, report *Refit) (*models, error) {
	m := &models{asOf: t.asOf, horizon: horizon, lifetime: map[string]lifetime.Customer[lifetime.Days]{}}
	problem := func(what string, err error) {
		if err != nil {
			report.Problems = append(report.Problems, what+": "+err.Error())
		}
	}
	var recency, frequency, monetary []float64
	for _, id := range slices.Sorted(maps.Keys(t.now)) {
		if x := t.now[id]; len(x.orders) > 0 {
			r, f, money := x.rfm(t.asOf)
			recency, frequency, monetary = append(recency, r), append(frequency, f), append(monetary, money)
		}
	}
	var err error
	if m.rfm, err = segment.FitRFM(recency, frequency, monetary, 5); err != nil {
		m.rfm = nil
		problem("segments", err)
	}
	m.names = segment.DefaultMap()
	var rows [][]float64
	var y []bool
	yes := 0
	for _, id := range slices.Sorted(maps.Keys(t.then)) {
		rows, y = append(rows, t.then[id].features(t.cut)), append(y, t.buys[id])
		if t.buys[id] {
			yes++
		}
	}
	if yes < 10 || len(y)-yes < 10 {
		report.Problems = append(report.Problems, fmt.Sprintf("propensity: %d of %d bought in the last 30 days: too few to learn from", yes, len(y)))
	} else if m.will, err = predict.FitLogistic(ctx, rows, y, predict.LogisticOptions{Standardize: true, Names: featureNames}); err != nil {
		m.will = nil
		problem("propensity", err)
	}
	if t.fault == nil {
		t.fault = t.value(ctx, m)
	}
	problem("value", t.fault)
	return m, ctx.Err()
}

// value fits the laws of repeat buying and of what is spent.
func (t *training) value(ctx context.Context, m *models) error {
	ids, customers, err := t.orders.Customers(t.asOf)
	if err != nil {
		return err
	}
	var summary lifetime.Summary[lifetime.Days]
	var spend lifetime.Spend
	for i, c := range customers {
		if err := summary.Add(c); err != nil {
			return err
		}
		if c.Repeats > 0 && c.Value > 0 {
			if err := spend.Add(c.Repeats, c.Value); err != nil {
				return err
			}
		}
		m.lifetime[ids[i]] = c
	}
	alive, err := lifetime.FitBGNBD(ctx, &summary, lifetime.FitOptions{})
	if err != nil {
		return err
	}
	amounts, err := lifetime.FitGammaGamma(ctx, &spend, lifetime.FitOptions{})
	if err != nil {
		return err
	}
	m.alive, m.amounts = alive, amounts
	return nil
}

// rfm are days since the last order, orders and net spend.
func (x *person) rfm(asOf time.Time) (recency, frequency, monetary float64) {
	return max(0, asOf.Sub(x.bought).Hours()/24), float64(len(x.orders)), float64(x.net())
}

// Profile is what is thought of a customer. Pointers are nil where no model says.
type Profile struct {
	Pseudonym  string    `json:"pseudonym"`
	Known      bool      `json:"known"`
	First      time.Time `json:"first"`
	Last       time.Time `json:"last"`
	Bought     time.Time `json:"bought"`
	Views      int64     `json:"views"`
	Carts      int64     `json:"carts"`
	Orders     int64     `json:"orders"`
	Units      int64     `json:"units"`
	Net        int64     `json:"net"`
	Segment    string    `json:"segment"`
	RFM        string    `json:"rfm"`
	Propensity *float64  `json:"propensity"` // to order within 30 days
	Value      *float64  `json:"value"`      // money to be expected in twelve months, minor units
	Alive      *float64  `json:"alive"`
	Categories []Share   `json:"categories"`
}

// Share is a part of a whole.
type Share struct {
	Name  string  `json:"name"`
	Share float64 `json:"share"`
}

// Profile is the profile of a customer, by the id of the shop.
func (s *Shop) Profile(id string) Profile {
	pseudonym := s.keys.Pseudonym(id)
	now, m := s.opt.Clock(), s.models.Load()
	s.mu.RLock()
	defer s.mu.RUnlock()
	return m.profile(pseudonym, s.people[pseudonym], now)
}

// profile scores one customer.
func (m *models) profile(id string, x *person, now time.Time) Profile {
	p := Profile{Pseudonym: id, Segment: "stranger", Categories: []Share{}}
	if x == nil {
		return p
	}
	p.Known, p.First, p.Last, p.Bought = true, x.first, x.last, x.bought
	p.Views, p.Carts, p.Orders, p.Units, p.Net = x.views, x.carts, int64(len(x.orders)), x.units, x.net()
	p.Segment = "visitor"
	if p.Orders > 0 {
		p.Segment = "customer"
		if m.rfm != nil {
			if score, err := m.rfm.Score(x.rfm(now)); err == nil {
				p.RFM = score.String()
				if name, err := m.names.Name(score); err == nil {
					p.Segment = name
				}
			}
		}
	}
	if m.will != nil {
		if prob, err := m.will.Prob(nil, [][]float64{x.features(now)}); err == nil {
			p.Propensity = &prob[0]
		}
	}
	if c, ok := m.lifetime[id]; ok && m.alive != nil {
		if v, err := lifetime.CLV(m.alive, m.amounts, c, lifetime.CLVOptions[lifetime.Days]{Step: 30}); err == nil {
			p.Value = &v
		}
		if v, err := m.alive.Alive(c); err == nil {
			p.Alive = &v
		}
	}
	total := int64(0)
	for _, n := range x.categories {
		total += n
	}
	for name, n := range x.categories {
		p.Categories = append(p.Categories, Share{name, float64(n) / float64(total)})
	}
	slices.SortFunc(p.Categories, func(a, b Share) int {
		return cmp.Or(cmp.Compare(b.Share, a.Share), cmp.Compare(a.Name, b.Name))
	})
	return p
}
