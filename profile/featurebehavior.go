package profile

import (
	"math"
)

// funnelFeature counts the steps; ratios of them may be above 1, for steps are left out.
func funnelFeature(days []int) Feature {
	return &sums{
		name: "funnel", days: days, width: 4, columns: []string{"search_cart", "view_cart", "cart_order", "view_order"},
		add: func(s []int64, r *Record) {
			s[3] = saturate(s[3], one(r.Source == FromOrder))
			if r.Source == FromEvent {
				s[0] = saturate(s[0], one(r.Kind == View))
				s[1] = saturate(s[1], one(r.Kind == Search))
				s[2] = saturate(s[2], one(r.Kind == Cart))
			}
		},
		value: func(s []int64, _ Clock) []float64 {
			return []float64{ratio(s[2], s[1]), ratio(s[2], s[0]), ratio(s[3], s[2]), ratio(s[3], s[0])}
		},
	}
}

// clickFeature takes positions of clicks only: those of views say what was shown.
func clickFeature(days []int) Feature {
	return &sums{
		name: "clicks", days: days, width: 5, columns: []string{"click_position", "click_top3", "click_rate"},
		add: func(s []int64, r *Record) {
			if r.Source == FromEvent && r.Kind == View {
				s[0] = saturate(s[0], 1)
			}
			if r.Source == FromEvent && r.Kind == Click {
				s[1] = saturate(s[1], 1)
				if r.Position > 0 {
					s[2], s[3], s[4] = saturate(s[2], 1), saturate(s[3], int64(r.Position)), saturate(s[4], one(r.Position <= 3))
				}
			}
		},
		value: func(s []int64, _ Clock) []float64 {
			return []float64{ratio(s[3], s[2]), ratio(s[4], s[2]), ratio(s[1], s[0])}
		},
	}
}

func pageFeature(days []int) Feature {
	return &sums{
		name: "pages", days: days, width: 3, most: []int{2}, columns: []string{"pages_mean", "pages_most"},
		add: func(s []int64, r *Record) {
			if r.Pages > 0 {
				s[0], s[1], s[2] = saturate(s[0], 1), saturate(s[1], int64(r.Pages)), max(s[2], int64(r.Pages)+1)
			}
		},
		value: func(s []int64, _ Clock) []float64 { return []float64{ratio(s[1], s[0]), extreme(s[2])} },
	}
}

func dwellFeature(days []int) Feature {
	return &squares{sums{
		name: "dwell", days: days, width: 5, most: []int{4}, columns: []string{"dwell_mean", "dwell_sd", "dwell_most"},
		add: func(s []int64, r *Record) {
			if ms := r.Dwell.Milliseconds(); r.Dwell > 0 {
				s[0], s[1], s[4] = saturate(s[0], 1), saturate(s[1], ms), max(s[4], ms+1)
				addSquare(s[2:], ms)
			}
		},
		value: func(s []int64, _ Clock) []float64 {
			return []float64{ratio(s[1], s[0]) / 1e3, deviation(s[0], s[1], s[2], s[3]) / 1e3, extreme(s[4]) / 1e3}
		},
	}, []int{2}}
}

// opinionFeature keeps ratings and sentiments in millionths above the least, so that no sum
// is below 0.
func opinionFeature(days []int) Feature {
	up := func(x float64) int64 { return int64(math.Round(x*micro)) + maxScore*micro }
	mean := func(sum, n int64) float64 { return ratio(sum, n)/micro - maxScore }
	return &squares{sums{
		name: "opinion", days: days, width: 8, least: []int{4},
		columns: []string{"rating_mean", "rating_least", "rating_sd", "sentiment_mean", "sentiment_negative"},
		add: func(s []int64, r *Record) {
			if !math.IsNaN(r.Rating) {
				x := up(r.Rating)
				s[0], s[1], s[4] = saturate(s[0], 1), saturate(s[1], x), least(s[4], x+1)
				addSquare(s[2:], x)
			}
			if !math.IsNaN(r.Sentiment) {
				s[5], s[6], s[7] = saturate(s[5], 1), saturate(s[6], up(r.Sentiment)), saturate(s[7], one(r.Sentiment < 0))
			}
		},
		value: func(s []int64, _ Clock) []float64 {
			return []float64{mean(s[1], s[0]), extreme(s[4])/micro - maxScore, deviation(s[0], s[1], s[2], s[3]) / micro, mean(s[6], s[5]), ratio(s[7], s[5])}
		},
	}, []int{2}}
}
