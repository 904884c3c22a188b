package loop

// The shop, its costs and the comparison, fixed before the loop was written. Money is in
// minor units, as in internal/shop.
const (
	// Articles and Customers are those of shop.Config.
	Articles  = 24
	Customers = 3000

	// HistoryWeeks are what the shop has lived through when the comparison begins: two years. In
	// them it ordered by the mean of the last TrailWeeks of sales, to HistoryService.
	HistoryWeeks   = 104
	TrailWeeks     = 8
	HistoryService = .80

	// Weeks is how long arms are compared: half a year. Every arm looks at its stock on Mondays
	// before the shop opens, and orders up to the same Service: the chance that lead time and
	// review pass without a stock-out. No arm chooses a target of its own.
	Weeks   = 26
	Service = .95

	// WeeklyUnits is the median of what an article of TypicalPrice sells in a week; others sell
	// in proportion to (TypicalPrice/price)^PriceSlope, spread by exp(UnitSpread·N(0, 1)).
	WeeklyUnits  = 60.0
	TypicalPrice = 20_000
	PriceSlope   = .7
	UnitSpread   = .4
	// Noise is the standard deviation of a Gamma factor of mean 1, drawn anew for each article
	// and week, by which the mean of the Poisson demand of its days is multiplied, beside the
	// season of its category and the weekday of internal/shop.
	Noise = .25

	// LeadTime stretches the lead times of internal/shop, 4 to 13 days on average: an order
	// arrives before the shop opens, LeadTime·N(LeadMean, LeadSD) days later, rounded, at least 1.
	LeadTime = 1.5

	// HoldingYear is the share of its cost that a unit on hand costs a year: capital, space,
	// ageing. OrderCost is of each article ordered. ShortageShare is the share of its price that
	// a wanted unit which is not there costs beside the lost margin. Demand is lost, not
	// backordered. ContactCost is of each customer contacted.
	HoldingYear   = .40
	OrderCost     = 3_000
	ShortageShare = .10
	ContactCost   = 200

	// FirstCampaign is the week of the comparison, 0 the first, of the first campaign;
	// another follows every CampaignEvery weeks. Which CampaignArticles it is for is known from
	// the beginning. Each of at most Contacts customers is told of one of them on Monday morning.
	FirstCampaign    = 3
	CampaignEvery    = 4
	CampaignArticles = 6
	Contacts         = 2000
	// Effect is the chance that a customer of answer 1 who is told of an article of TypicalPrice
	// buys one more unit of it within the week: times (TypicalPrice/price)^PriceSlope, at most 1,
	// times the Answers of the segment, times Near where the category is among those that the
	// segment prefers, else Far.
	Effect = .12
	Near   = 1.5
	Far    = .5

	// In Pilots of the history, one every PilotEvery weeks from week FirstPilot on, each of
	// PilotCustomers was told of one of CampaignArticles, or, by lot one in two, was held out.
	// What each of them has bought is known, which is how arms learn the uplift. One unit in two
	// of the usual demand is bought by a customer who is known, all of them alike.
	Pilots         = 8
	FirstPilot     = 54
	PilotEvery     = 6
	PilotCustomers = 1200
	KnownShare     = .5

	// Plenty is the stock at the beginning, in weeks of mean demand, where stock is plenty.
	Plenty = 60
)

// Answers are how the segments of internal/shop answer to being told, in its order:
// young fashion, tech fans, young parents, homemakers, outdoor people, elderly.
var Answers = [6]float64{1.5, .5, 1.2, 1.4, .6, 0}

// AnswerDays is on which day of the week, from Monday, those who buy because they were
// told do so.
var AnswerDays = [7]float64{.35, .2, .15, .1, .1, .05, .05}

// Seeds are those on which the comparison is made: 0 to 29. Nothing was tuned on them.
func Seeds() []uint64 { return seeds(0, 30) }

// DevSeeds are those on which the arms were built and settings chosen: 100 to 129.
func DevSeeds() []uint64 { return seeds(100, 30) }

func seeds(from, n uint64) []uint64 {
	out := make([]uint64, n)
	for i := range out {
		out[i] = from + uint64(i)
	}
	return out
}

// A Variation is a shop that differs from the one stated above.
type Variation struct {
	Name string
	// Lead, Effect and Noise multiply LeadTime, Effect and Noise.
	Lead, Effect, Noise float64
	Plenty              bool // of stock at the beginning
}

// Variations are the shop as stated, first, and again with lead time, effect of the
// campaign and noise each halved and doubled, without any effect, and with plenty of
// stock.
func Variations() []Variation {
	return []Variation{
		{Name: "as stated", Lead: 1, Effect: 1, Noise: 1},
		{Name: "lead time halved", Lead: .5, Effect: 1, Noise: 1},
		{Name: "lead time doubled", Lead: 2, Effect: 1, Noise: 1},
		{Name: "effect halved", Lead: 1, Effect: .5, Noise: 1},
		{Name: "effect doubled", Lead: 1, Effect: 2, Noise: 1},
		{Name: "noise halved", Lead: 1, Effect: 1, Noise: .5},
		{Name: "noise doubled", Lead: 1, Effect: 1, Noise: 2},
		{Name: "no effect", Lead: 1, Effect: 0, Noise: 1},
		{Name: "plenty of stock", Lead: 1, Effect: 1, Noise: 1, Plenty: true},
	}
}

// An Arm is a way to run the shop through the weeks of the comparison.
type Arm int

// Arms. All see the same wishes of the same customers: the demand of an article and day,
// the answer of a customer to a campaign and the lead time of an article's order of a
// week are the same draws whatever an arm does. Arms know the sales of the past, the
// days on which an article ran out, prices, costs, the dates and articles of campaigns, the
// orders still open, the lead times of past receipts, and what became of the pilots.
const (
	// Loop is the campaign with the loop: demand is corrected for stock-outs, forecast by
	// predict/forecast, the campaign's uplift, learned by predict/uplift, is in the plan of
	// orders (supply/reorder) by the time that it takes to arrive, and recommend/allocate
	// gives the offers to whom they gain most within what can be promised.
	Loop Arm = iota
	// Campaign (a) is the same campaign without the loop: the same forecasts, of sales as
	// recorded, order without regard to the campaign, and offers go to whom they gain most by
	// the same uplift, without regard to stock.
	Campaign
	// Trailing (b) is (a) with orders by the mean of the last TrailWeeks of sales.
	Trailing
	// NoCampaign (c) orders as (a) and contacts nobody.
	NoCampaign
	// Oracle is the loop that knows the truth instead of estimates: the means and spread of
	// demand, the laws of lead times and every customer's answer, not the draws. It is the
	// upper line.
	Oracle
	// Corrected is (a) with demand corrected for stock-outs, and Orders the loop with nobody
	// contacted: they say which part of the loop earns what. No criterion rests on them.
	Corrected
	Orders
)

// Outcome is what became of an arm in the weeks of the comparison.
type Outcome struct {
	// Margin is what was earned: units sold times price less cost, less holding, orders,
	// shortages and contacts. Units on hand at the end are worth what they cost.
	Margin float64
	// StockOutDays are days of an article on which a wanted unit was not there.
	StockOutDays int
	// Lost are wanted units that were not there, of a campaign's answers as well.
	Lost int

	Sold, Contacts, OrderLines int
	Holding                    float64 // what holding has cost
}

// The criteria. Of each seed an arm's margin is compared in relation to the other's, stock-out days
// by their difference; over the seeds the mean has Student's interval of level Level.
//
//   - As stated and with lead time, effect and noise each halved and doubled, Loop earns more
//     margin than Campaign, Trailing and NoCampaign, and has fewer stock-out days than each:
//     the interval is above 0, or below.
//   - With no effect Loop earns at least 1 − MostCost of what Campaign and NoCampaign earn, with
//     plenty of stock of what Campaign earns: the lower end of the interval is above −MostCost.
//   - Oracle earns at least as much as Loop: the upper line.
const (
	Level    = .95
	MostCost = .005
)
