package profile

import (
	"math"
)

func totalsFeature(days []int) Feature {
	return &sums{
		name: "totals", days: days, width: 3, columns: []string{"order_count", "order_units", "order_money", "order_mean"},
		add: func(s []int64, r *Record) {
			if r.Source == FromOrder {
				s[0], s[1], s[2] = saturate(s[0], 1), saturate(s[1], r.Quantity), saturate(s[2], r.Money)
			}
		},
		value: func(s []int64, _ Clock) []float64 {
			return []float64{float64(s[0]), float64(s[1]), float64(s[2]), ratio(s[2], s[0])}
		},
	}
}

// basketFeature counts orders and lines apart: prices are means over lines.
func basketFeature(days []int) Feature {
	return &sums{
		name: "basket", days: days, width: 6, most: []int{5}, columns: []string{"basket_lines", "basket_units", "item_price", "item_price_most"},
		add: func(s []int64, r *Record) {
			switch r.Source {
			case FromOrder:
				s[0], s[1], s[2] = saturate(s[0], 1), saturate(s[1], r.Lines), saturate(s[2], r.Quantity)
			case FromLine:
				s[3], s[4], s[5] = saturate(s[3], 1), saturate(s[4], r.Price), max(s[5], min(r.Price, math.MaxInt64-1)+1)
			}
		},
		value: func(s []int64, _ Clock) []float64 {
			return []float64{ratio(s[1], s[0]), ratio(s[2], s[0]), ratio(s[4], s[3]), extreme(s[5])}
		},
	}
}

func discountFeature(days []int) Feature {
	return &sums{
		name: "discount", days: days, width: 4, columns: []string{"discount_share", "discount_orders"},
		add: func(s []int64, r *Record) {
			if r.Source == FromOrder {
				s[0], s[1] = saturate(s[0], 1), saturate(s[1], one(r.Discount > 0))
				s[2], s[3] = saturate(s[2], r.Discount), saturate(s[3], r.Money)
			}
		},
		value: func(s []int64, _ Clock) []float64 { return []float64{share(s[2], s[3]), ratio(s[1], s[0])} },
	}
}

// refundFeature keeps what was paid too, to which what came back is compared.
func refundFeature(days []int) Feature {
	return &sums{
		name: "refunds", days: days, width: 4, columns: []string{"refund_count", "refund_share", "refund_orders"},
		add: func(s []int64, r *Record) {
			switch r.Source {
			case FromRefund:
				s[0], s[1] = saturate(s[0], 1), saturate(s[1], r.Money)
			case FromOrder:
				s[2], s[3] = saturate(s[2], 1), saturate(s[3], r.Money)
			}
		},
		value: func(s []int64, _ Clock) []float64 {
			return []float64{float64(s[0]), ratio(s[1], s[3]), ratio(s[0], s[2])}
		},
	}
}
