package profile

import (
	"fmt"
	"slices"
	"sync"
)

// ratio is a/b of two sums, NaN for b = 0.
func ratio(a, b int64) float64 { return over(a, b) }

// share is a/(a+b).
func share(a, b int64) float64 { return over(a, saturate(a, b)) }

// FeatureNames returns the names that Features takes, ascending.
func FeatureNames() []string {
	var names []string
	for name := range builtIn() {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Features returns the built-in features of the given names, all but base where none is given, in that
// order; days are the lengths of the windows of those that have them, nil means none. Each
// is made of the interface Feature alone, and CheckFeature holds for it. Money is in minor
// units, days are calendar days of the business time zone unless said otherwise; columns with
// * come for each window too, as name_<w>d, and what has nothing to divide by is NaN:
//
//	base        base_<name> of each base column of Builder.Table but tenure_days and age_years, which
//	            come from AddUser; equal to them to the last bit
//	activity    active_days*: days with a record; last_active_day: whole days since
//	basket      basket_lines*, basket_units*: of an order; item_price*: mean, item_price_most*
//	clicks      click_position*: mean of clicks that have one; click_top3*: share at 1 to 3; click_rate*: clicks / views
//	clock       weekday=mon … weekday=sun, hour=0 … hour=23: share of records
//	discount    discount_share*: discount / (discount + paid); discount_orders*: share of orders with one
//	distinct    distinct_items*, distinct_categories*, distinct_brands*: of events and order lines
//	dwell       dwell_mean*, dwell_sd*, dwell_most*: seconds, of events that have a dwell, to the millisecond
//	funnel      search_cart*: carts / searches; view_cart*: carts / views; cart_order*: orders / carts; view_order*: orders / views
//	gaps        gap_mean, gap_sd, gap_cv, gap_most: days of 24 hours between one order and the next
//	opinion     rating_mean*, rating_least*, rating_sd*, sentiment_mean*, sentiment_negative*: share below 0
//	pages       pages_mean*: of events that have any; pages_most*
//	recency     event_days, order_days, refund_days: days of 24 hours since the last one
//	refunds     refund_count*, refund_share*: refunded / paid; refund_orders*: refunds / orders
//	totals      order_count*, order_units*, order_money*, order_mean*
//	trend       trend_events_<w>d, trend_orders_<w>d, trend_money_<w>d: (a-b)/(a+b) of the window and the one before it
//
// A customer with 20 events and 3 orders over 120 days, by windows of 7, 30 and 90 days, costs bytes beside
// those of the Builder (BenchmarkFeatureBytes): recency 75, gaps 80, pages, totals 270, discount, funnel,
// refunds 300, clock, clicks, dwell 330, basket, trend 385, opinion 440, activity 720, base 1040, distinct 1260; by
// Rolling once more for each day with records.
//
// An unknown name is ErrUnknownID, days that are not ascending in 1 to 18250 ErrOption.
func Features(days []int, names ...string) ([]Feature, error) {
	for i, d := range days {
		if d < 1 || d > maxWindowDays/2 || i > 0 && d <= days[i-1] || len(days) > maxFeatureDays/2 {
			return nil, fmt.Errorf("profile: Features: days[%d] is %d, want 1 to 18250, ascending, at most 32: %w", i, d, ErrOption)
		}
	}
	if len(names) == 0 {
		names = slices.DeleteFunc(FeatureNames(), func(name string) bool { return name == "base" }) // which every Table has
	}
	var out []Feature
	for _, name := range names {
		f := builtIn()[name]
		if f == nil {
			return nil, fmt.Errorf("profile: Features: feature %q: %w", name, ErrUnknownID)
		}
		out = append(out, f(slices.Clone(days)))
	}
	return out, nil
}

// builtIn is the registry: what makes a feature of its windows, by name.
var builtIn = sync.OnceValue(func() map[string]func(days []int) Feature {
	return map[string]func(days []int) Feature{
		"activity": activity, "base": newBaseFeature, "basket": basketFeature, "clicks": clickFeature, "clock": clockFeature, "discount": discountFeature,
		"distinct": distinctFeature, "dwell": dwellFeature, "funnel": funnelFeature, "gaps": gapFeature, "opinion": opinionFeature,
		"pages": pageFeature, "recency": recencyFeature, "refunds": refundFeature, "totals": totalsFeature, "trend": trendFeature,
	}
})

// one is 1 where something is so.
func one(is bool) int64 {
	if is {
		return 1
	}
	return 0
}

// whole reports whether a record is one act: order lines are parts of one.
func (r *Record) whole() bool { return r.Source != FromLine }
