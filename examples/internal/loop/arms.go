package loop

import (
	"context"
	"fmt"
	"math"

	"github.com/aislekit/aisle/recommend/allocate"
	"github.com/aislekit/aisle/supply/reorder"
)

// refitEvery is after how many weeks demand is learned anew: level and season move little.
const refitEvery = 4

// maxRisk is the chance of a stock-out by a campaign above which less is promised. Chosen, as were
// refitEvery and the penalties of learn.go, on DevSeeds.
const maxRisk = 1 - Service

// runner runs one arm through the comparison.
type runner struct {
	arm     Arm
	life    *life
	effects effects
	demand  *demand // as corrected or recorded
	view    []outlook
	plans   [][]allocate.Proposal // by campaign, who would be told if there were enough
}

// run lets an arm live through the weeks of the comparison. before is the shop at its end of
// history, which is not changed.
func run(ctx context.Context, arm Arm, before *life, e effects, past *demand) (Outcome, error) {
	l := before.clone()
	l.counted = true
	r := &runner{arm: arm, life: l, effects: e, demand: past.of(arm), view: make([]outlook, Articles)}
	if w := l.w; w.Variation.Plenty {
		for i := range l.onHand {
			l.onHand[i] = int(Plenty * w.Level[i])
		}
	}
	if r.campaigns() {
		for _, articles := range l.w.Campaigns {
			plan, err := r.audience(ctx, articles, nil)
			if err != nil {
				return Outcome{}, err
			}
			r.plans = append(r.plans, plan)
		}
	}
	for week := HistoryWeeks; week < HistoryWeeks+Weeks; week++ {
		l.receive(7 * week)
		if err := r.look(ctx, week); err != nil {
			return Outcome{}, err
		}
		held, err := r.orders(week)
		if err != nil {
			return Outcome{}, err
		}
		var told *telling
		if c := campaignOf(week); c >= 0 && r.campaigns() {
			if told, err = r.campaign(ctx, week, c, held); err != nil {
				return Outcome{}, err
			}
		}
		l.live(week, told)
		if told != nil {
			l.told = append(l.told, *told)
		}
	}
	return l.out0, nil
}

// campaignOf is the campaign of a week, -1 for none.
func campaignOf(week int) int {
	k := week - HistoryWeeks - FirstCampaign
	if k < 0 || k%CampaignEvery != 0 {
		return -1
	}
	return k / CampaignEvery
}

// campaigns is whether the arm tells anybody: where the pilots have shown no effect, none does.
func (r *runner) campaigns() bool {
	return r.arm != NoCampaign && r.arm != Orders && r.effects.proven
}

// closed is whether what the campaign does is in the orders and the audience.
func (r *runner) closed() bool { return r.arm == Loop || r.arm == Oracle || r.arm == Orders }

// look renews what the arm believes of demand.
func (r *runner) look(ctx context.Context, week int) error {
	if r.arm == Trailing || (week-HistoryWeeks)%refitEvery != 0 && r.arm != Oracle {
		return nil
	}
	if r.arm != Oracle {
		if err := r.demand.extend(ctx, r.life, week); err != nil {
			return err
		}
	}
	for i := range r.view {
		if r.arm == Oracle {
			r.view[i] = truth(r.life.w, i, week)
			continue
		}
		var err error
		if r.view[i], err = foresee(ctx, r.demand.weeks[i], week); err != nil {
			return fmt.Errorf("loop: article %d: %w", i, err)
		}
	}
	return nil
}

// orders places the orders of a week, and returns the promotions of this week that
// stock cannot serve as planned, by article.
func (r *runner) orders(week int) (map[int]reorder.HoldBack[int], error) {
	l := r.life
	if r.arm == Trailing {
		units, err := trailing(l, week, Service)
		for i, n := range units {
			l.order(i, week, n)
		}
		return nil, err
	}
	stocks := make([]reorder.Stock[int], Articles)
	for i := range stocks {
		means, sds := r.view[i].at(week)
		lead, leadSD := l.lead(i)
		if r.arm == Oracle {
			lead, leadSD = l.w.LeadMean[i]/7, l.w.LeadSD[i]/7
		}
		onHand, due := l.position(i)
		s := reorder.Stock[int]{ID: i, Forecast: means, SDs: sds, OnHand: float64(onHand), Lead: lead, LeadSD: leadSD, Multiple: 1, Price: int64(l.w.Price[i]), UnitCost: int64(l.w.Cost[i])}
		if r.closed() {
			for _, d := range due {
				// A late order is expected any day.
				s.Due = append(s.Due, reorder.Receipt{At: max(1, float64(d.placed)*7+7*lead-float64(7*week)) / 7, Units: float64(d.units)})
			}
			s.Promotions = r.promotions(i, week, means)
		} else {
			for _, d := range due {
				s.OnOrder += float64(d.units)
			}
		}
		stocks[i] = s
	}
	plan, err := reorder.Plan(stocks, reorder.PlanOptions{CycleService: Service, Review: 1, MaxRisk: maxRisk})
	if err != nil {
		return nil, err
	}
	for _, line := range plan.Lines() {
		if line.Reorder {
			l.order(line.ID, week, int(math.Ceil(line.Quantity)))
		}
	}
	held := map[int]reorder.HoldBack[int]{}
	for _, h := range plan.HoldBacks() {
		if stocks[h.ID].Promotions[h.Promotion].From == 0 {
			held[h.ID] = h
		}
	}
	return held, nil
}

// promotions are what the campaigns to come are expected to add to an article, relative to its
// demand: the units of those who would be told, with what is not known of the effect and the
// chance of their answers.
func (r *runner) promotions(article, week int, means []float64) []reorder.Promotion {
	var out []reorder.Promotion
	if !r.campaigns() {
		return nil
	}
	for c := range r.life.w.Campaigns {
		from := HistoryWeeks + FirstCampaign + c*CampaignEvery - week
		if from < 0 || from >= len(means) {
			continue
		}
		units := r.expected(r.plans[c])[article]
		if units == 0 {
			continue
		}
		lift, sd := units/means[from], math.Sqrt(units+units*r.effects.rel*units*r.effects.rel)/means[from]
		out = append(out, reorder.Promotion{From: from, Until: from + 1, Lift: lift, Low: max(0, lift-1.96*sd), High: lift + 1.96*sd})
	}
	return out
}

// expected is how many units an audience is expected to buy of each article.
func (r *runner) expected(audience []allocate.Proposal) []float64 {
	out := make([]float64, Articles)
	for _, c := range audience {
		out[c.Offer] += r.effects.of[c.User][c.Offer]
	}
	return out
}

// audience chooses who is told of which article: whom it gains most, within Contacts and, where
// units are given, within as many expected units of each article.
func (r *runner) audience(ctx context.Context, articles []int, units map[int]float64) ([]allocate.Proposal, error) {
	w := r.life.w
	offers := make([]allocate.Offer, Articles)
	for i := range offers {
		offers[i] = allocate.Offer{Stock: -1, Uses: []allocate.Use{{Limit: 0, Amount: 1}}}
	}
	var proposals []allocate.Proposal
	for u := range Customers {
		for _, i := range articles {
			if v := r.effects.of[u][i]*(w.Price[i]-w.Cost[i]) - ContactCost; v > 0 {
				proposals = append(proposals, allocate.Proposal{User: int32(u), Offer: int32(i), Value: v})
			}
		}
	}
	// A unit that is promised is a chance for each customer: as many are told as are expected to
	// buy what there is. Who is told decides how many that are, which two rounds settle.
	for round := range 3 {
		plan, err := allocate.Solve(ctx, proposals, offers, allocate.Options{Limits: []int64{Contacts}, Gap: .001, Nodes: -1, Workers: 1})
		if err != nil {
			return nil, err
		}
		expected, over := r.expected(plan.Chosen), false
		for i, most := range units {
			if expected[i] > most+.5 {
				over = true
				offers[i].Stock = int64(float64(plan.Taken[i]) * most / expected[i])
			}
		}
		if !over || round == 2 {
			return plan.Chosen, nil
		}
	}
	return nil, nil
}

// campaign tells customers, the loop within what can be promised.
func (r *runner) campaign(ctx context.Context, week, c int, held map[int]reorder.HoldBack[int]) (*telling, error) {
	plan := r.plans[c]
	if r.closed() && len(held) > 0 {
		units := map[int]float64{}
		for i, h := range held {
			units[i] = float64(h.Units)
		}
		var err error
		if plan, err = r.audience(ctx, r.life.w.Campaigns[c], units); err != nil {
			return nil, err
		}
	}
	customers, articles := make([]int, len(plan)), make([]int, len(plan))
	for k, p := range plan {
		customers[k], articles[k] = int(p.User), int(p.Offer)
	}
	t := r.life.tell(week, customers, articles, nil)
	t.expected = r.expected(plan)
	return t, nil
}

// trailing are orders up to a service, by mean and spread of the last weeks' sales.
func trailing(l *life, week int, service float64) ([]int, error) {
	stocks := make([]reorder.Stock[int], Articles)
	for i := range stocks {
		from := max(0, week-TrailWeeks)
		n, mean, ss := float64(week-from), 0.0, 0.0
		sales := make([]float64, 0, TrailWeeks)
		for t := from; t < week; t++ {
			s := 0.0
			for _, v := range l.sold[i][7*t : 7*t+7] {
				s += float64(v)
			}
			sales = append(sales, s)
			mean += s / n
		}
		for _, s := range sales {
			ss += (s - mean) * (s - mean)
		}
		onHand, due := l.position(i)
		lead, leadSD := l.lead(i)
		stocks[i] = reorder.Stock[int]{ID: i, Forecast: []float64{mean}, SD: math.Sqrt(ss / max(1, n-1)), OnHand: float64(onHand), Lead: lead, LeadSD: leadSD, Multiple: 1}
		for _, d := range due {
			stocks[i].OnOrder += float64(d.units)
		}
	}
	plan, err := reorder.Plan(stocks, reorder.PlanOptions{CycleService: service, Review: 1})
	if err != nil {
		return nil, err
	}
	units := make([]int, Articles)
	for _, line := range plan.Lines() {
		if line.Reorder {
			units[line.ID] = int(math.Ceil(line.Quantity))
		}
	}
	return units, nil
}
