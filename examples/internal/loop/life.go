package loop

import (
	"cmp"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/rng"
)

// receipt is an order on its way.
type receipt struct {
	day, placed int // day it arrives before opening; week it was ordered in
	units       int
}

// life is a shop that is being run: its stock and what it has recorded.
type life struct {
	w       *World
	onHand  []int
	due     [][]receipt // by article
	sold    [][]int     // by article, then day
	out     [][]bool    // by article, then day: the shelf was empty at the end
	leads   [][]float64 // by article: days that past orders took
	told    []telling   // campaigns and pilots
	out0    Outcome
	counted bool // whether costs are counted
}

// telling is a campaign or a pilot: which customers were told of which article in a week,
// and which were held out.
type telling struct {
	week      int
	customers []int
	articles  []int
	held      []bool
	bought    []float64 // units in the week
	day       []int     // of those who buy because they were told; -1
	expected  []float64 // by article, units that the shop expects of it; nil for pilots
}

// newLife starts a shop with stock for the time that orders take, twice over.
func newLife(w *World) *life {
	l := &life{w: w, onHand: make([]int, Articles), due: make([][]receipt, Articles), leads: make([][]float64, Articles)}
	l.sold, l.out = make([][]int, Articles), make([][]bool, Articles)
	for i := range l.onHand {
		l.onHand[i] = int(2 * w.Level[i] * (w.LeadMean[i]/7 + 1))
	}
	return l
}

// clone is the same shop, to be run by another arm.
func (l *life) clone() *life {
	c := *l
	c.onHand = slices.Clone(l.onHand)
	copies := func(in [][]int) [][]int {
		out := make([][]int, len(in))
		for i := range in {
			out[i] = slices.Clone(in[i])
		}
		return out
	}
	c.sold = copies(l.sold)
	c.due, c.out, c.leads = make([][]receipt, Articles), make([][]bool, Articles), make([][]float64, Articles)
	for i := range c.due {
		c.due[i], c.out[i], c.leads[i] = slices.Clone(l.due[i]), slices.Clone(l.out[i]), slices.Clone(l.leads[i])
	}
	c.told = slices.Clone(l.told)
	return &c
}

// order places an order on the Monday of a week.
func (l *life) order(article, week, units int) {
	if units <= 0 {
		return
	}
	lead := l.w.LeadDays(article, week)
	l.due[article] = append(l.due[article], receipt{7*week + lead, week, units})
	if l.counted {
		l.out0.OrderLines++
		l.out0.Margin -= OrderCost
	}
}

// receive takes in what arrives before opening of a day.
func (l *life) receive(day int) {
	for i := range l.due {
		l.due[i] = slices.DeleteFunc(l.due[i], func(r receipt) bool {
			if r.day == day {
				l.onHand[i] += r.units
				l.leads[i] = append(l.leads[i], float64(r.day-7*r.placed))
			}
			return r.day == day
		})
	}
}

// live runs the days of a week, after its orders and campaign; the receipts of Monday have come.
func (l *life) live(week int, told *telling) {
	for day := 7 * week; day < 7*week+7; day++ {
		if day > 7*week {
			l.receive(day)
		}
		more := make([]int, Articles)
		if told != nil {
			for k, d := range told.day {
				if d == day-7*week {
					more[told.articles[k]]++
				}
			}
		}
		for i := range l.onHand {
			wanted := l.w.Wanted(i, day) + more[i]
			units := min(wanted, l.onHand[i])
			l.onHand[i] -= units
			l.sold[i] = append(l.sold[i], units)
			l.out[i] = append(l.out[i], l.onHand[i] == 0)
			if l.counted {
				l.count(i, units, wanted-units)
			}
		}
	}
}

// count adds a day of an article to the outcome.
func (l *life) count(i, sold, lost int) {
	o := &l.out0
	o.Sold += sold
	o.Lost += lost
	if lost > 0 {
		o.StockOutDays++
	}
	holding := float64(l.onHand[i]) * l.w.Cost[i] * HoldingYear / 365
	o.Holding += holding
	o.Margin += float64(sold)*(l.w.Price[i]-l.w.Cost[i]) - holding - ShortageShare*l.w.Price[i]*float64(lost)
}

// tell contacts customers on the Monday of a week: who answers on which day is drawn.
func (l *life) tell(week int, customers, articles []int, held []bool) *telling {
	t := &telling{week: week, customers: customers, articles: articles, held: held, day: make([]int, len(customers)), bought: make([]float64, len(customers))}
	for k, u := range customers {
		t.day[k] = -1
		if held != nil && held[k] {
			continue
		}
		if l.counted {
			l.out0.Contacts++
			l.out0.Margin -= ContactCost
		}
		if d, buys := l.w.Answer(u, articles[k], week); buys {
			t.day[k] = d
			t.bought[k] = 1
		}
	}
	return t
}

// history runs the two years before the comparison: orders by the trailing mean, pilots.
func history(w *World) (*life, error) {
	l := newLife(w)
	for week := range HistoryWeeks {
		l.receive(7 * week)
		if week > 0 {
			orders, err := trailing(l, week, HistoryService)
			if err != nil {
				return nil, err
			}
			for i, units := range orders {
				l.order(i, week, units)
			}
		}
		pilot := (week - FirstPilot) / PilotEvery
		if week < FirstPilot || (week-FirstPilot)%PilotEvery != 0 || pilot >= Pilots {
			l.live(week, nil)
			continue
		}
		g := rng.New(w.Seed, stagePilot, uint64(pilot))
		customers := draw(g, Customers, PilotCustomers)
		articles, held := make([]int, len(customers)), make([]bool, len(customers))
		for k := range customers {
			articles[k] = w.Pilots[pilot][g.Intn(CampaignArticles)]
			held[k] = g.Bool(.5)
		}
		t := l.tell(week, customers, articles, held)
		l.live(week, t)
		l.known(t)
		l.told = append(l.told, *t)
	}
	return l, nil
}

// known adds to what the customers of a pilot bought the units of usual demand that were
// theirs.
func (l *life) known(t *telling) {
	for _, i := range l.w.Pilots[(t.week-FirstPilot)/PilotEvery] {
		at := map[int]int{}
		for k, u := range t.customers {
			if t.articles[k] == i {
				at[u] = k
			}
		}
		g := rng.New(l.w.Seed, stageKnown, uint64(t.week*Articles+i))
		for day := 7 * t.week; day < 7*t.week+7; day++ {
			for range l.w.Wanted(i, day) {
				if !g.Bool(KnownShare) {
					continue
				}
				if k, ok := at[g.Intn(Customers)]; ok {
					t.bought[k]++
				}
			}
		}
	}
}

// ranOut is whether an article ran out in a week.
func (l *life) ranOut(article, week int) bool {
	return slices.Contains(l.out[article][7*week:7*week+7], true)
}

// position is what is on hand and on its way.
func (l *life) position(article int) (onHand int, due []receipt) {
	due = slices.Clone(l.due[article])
	slices.SortFunc(due, func(a, b receipt) int { return cmp.Compare(a.day, b.day) })
	return l.onHand[article], due
}

// lead is the mean and standard deviation, in weeks, of the receipts of an article; of all
// orders of all articles, in relation to their means, where there are few.
func (l *life) lead(article int) (mean, sd float64) {
	x := l.leads[article]
	if len(x) < 2 {
		return l.w.LeadMean[article] / 7, .2 * l.w.LeadMean[article] / 7 // what the supplier says
	}
	for _, v := range x {
		mean += v / 7 / float64(len(x))
	}
	for _, v := range x {
		sd += (v/7 - mean) * (v/7 - mean) / float64(len(x)-1)
	}
	return mean, math.Sqrt(sd)
}
