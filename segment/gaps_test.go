package segment_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/segment"
)

// Quantiles of Kaplan and Meier of lifelines, pause by pause: each as a customer of its own.
// Those of the pauses that ended alone are shorter.
func TestGapsGolden(t *testing.T) {
	var g moneyFile
	testkit.Golden(t, "money.json", &g)
	var s segment.Gaps
	start := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	days := func(n float64) time.Duration { return time.Duration(n * float64(24*time.Hour)) }
	ended := int64(0)
	for i, gap := range g.Gaps {
		bought, end := []time.Time{start}, start.Add(days(gap))
		if g.Ended[i] {
			ended++
			for range 10 { // the second order, and a tenth pause: nothing is left open
				bought = append(bought, end)
			}
			end = end.Add(1)
		}
		must(s.Add(bought, end))
	}
	r, err := s.Result()
	must(err)
	if !testkit.Close(r.Returning, g.Returning, 2e-3, 0) || r.Ended != ended || r.Customers != int64(len(g.Gaps)) {
		t.Errorf("%+v; want %v of %d ended, returning %v", r, ended, len(g.Gaps), g.Returning)
	}
	for i, got := range []time.Duration{r.Median, r.Thresholds.Sleep, r.Thresholds.Churn} {
		if want := days(g.Quantiles[i]); !testkit.Close(float64(got), float64(want), 0, .02) {
			t.Errorf("quantile %d: %v, want %v", i, got, want)
		}
	}
	if g.Naive[2] >= g.Quantiles[2] {
		t.Errorf("censoring does not matter here: %v and %v", g.Naive, g.Quantiles)
	}
}

// customersOf draws customers who come back with probability p after a pause of mean days,
// watched for as long as drawn.
func customersOf(r *rng.Stream, n int, mean, p, least, most float64, add func(bought []time.Time, asOf time.Time)) {
	asOf := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for range n {
		watched := least + r.Float64()*(most-least)
		var bought []time.Time
		for at := 0.0; at < watched; at -= mean * math.Log(1-r.Float64()) {
			bought = append(bought, asOf.Add(-time.Duration((watched-at)*24*float64(time.Hour))))
			if r.Float64() >= p {
				break
			}
		}
		add(bought, asOf)
	}
}

// The thresholds follow the shop: pauses drawn from a law are found again, whatever share of
// the customers never returns, where what ended alone would say less.
func TestGapsFollowTheShop(t *testing.T) {
	for seed := range uint64(3) {
		for _, mean := range []float64{10, 90} {
			var s segment.Gaps
			var naive []float64
			customersOf(rng.New(seed, 0, 7), 4000, mean, .7, 0, 12*mean, func(bought []time.Time, asOf time.Time) {
				must(s.Add(bought, asOf))
				for i := 1; i < len(bought); i++ {
					naive = append(naive, bought[i].Sub(bought[i-1]).Hours()/24)
				}
			})
			r, err := s.Result()
			must(err)
			for name, c := range map[string]struct {
				got  time.Duration
				q, e float64
			}{"median": {r.Median, .5, .05}, "sleep": {r.Thresholds.Sleep, .8, .05}, "churn": {r.Thresholds.Churn, .95, .08}} {
				if want := -mean * math.Log(1-c.q); !testkit.Close(c.got.Hours()/24, want, 0, c.e) {
					t.Errorf("seed %d, mean %v: %s %v days, want %v", seed, mean, name, c.got.Hours()/24, want)
				}
			}
			if !testkit.Close(r.Returning, .7, .02, 0) {
				t.Errorf("returning %v", r.Returning)
			}
			cuts, err := segment.FitCuts(naive, 20)
			must(err)
			if got := cuts.Points()[18]; got > -mean*math.Log(.05)*.97 {
				t.Errorf("mean %v: what ended alone says %v", mean, got)
			}
			if _, err := segment.NewLifecycle(r.Thresholds); err != nil {
				t.Error(err)
			}
		}
	}
}

// One reseller with thousands of orders does not set the thresholds.
func TestGapsReseller(t *testing.T) {
	var s segment.Gaps
	asOf := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	hourly := make([]time.Time, 5000)
	for i := range hourly {
		hourly[i] = asOf.Add(-time.Duration(5000-i) * time.Hour)
	}
	must(s.Add(hourly, asOf))
	customersOf(rng.New(1, 0, 7), 500, 30, .8, 0, 400, func(bought []time.Time, asOf time.Time) { must(s.Add(bought, asOf)) })
	if r, err := s.Result(); err != nil || r.Median < 15*24*time.Hour {
		t.Errorf("%+v, %v", r, err)
	}
}

// What cannot be known is not made up: one order each, a short watch, few customers; and
// pauses that are all alike.
func TestGapsUndefined(t *testing.T) {
	asOf := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	ago := func(days ...int) (out []time.Time) {
		for _, d := range days {
			out = append(out, asOf.AddDate(0, 0, -d))
		}
		return out
	}
	state := func(n int, bought ...[]time.Time) *segment.Gaps {
		s := new(segment.Gaps)
		for range n {
			for _, b := range bought {
				must(s.Add(b, asOf))
			}
		}
		return s
	}
	for name, c := range map[string]struct {
		s    *segment.Gaps
		want error
	}{
		"nobody":                    {new(segment.Gaps), segment.ErrEmpty},
		"no orders yet":             {state(80, nil, ago(0, -3)), segment.ErrEmpty},
		"one order each":            {state(80, ago(300)), segment.ErrUndefined},
		"the same instant":          {state(80, ago(30, 30, 30)), segment.ErrUndefined},
		"a short watch":             {state(80, ago(60, 30)), segment.ErrUndefined},
		"few customers":             {state(49, ago(300, 270)), segment.ErrPrivacy},
		"shares in the wrong order": {&segment.Gaps{Sleep: .9, Churn: .8}, segment.ErrOption},
		"no share":                  {&segment.Gaps{Sleep: 1}, segment.ErrOption},
		"below no floor":            {&segment.Gaps{MinAudience: -2}, segment.ErrOption},
	} {
		if _, err := c.s.Result(); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	r, err := state(80, ago(300, 270, 240, 210, 180, 150)).Result()
	if h := r.Thresholds; err != nil || math.Abs(h.Sleep.Hours()/24-30) > .2 || h.Churn != 2*h.Sleep {
		t.Errorf("%+v, %v", r, err)
	}
	s := new(segment.Gaps)
	if err := s.Add(ago(10, 20), asOf); !errors.Is(err, segment.ErrRange) {
		t.Error(err)
	}
	if err := s.Add([]time.Time{{}}, asOf); !errors.Is(err, segment.ErrRange) {
		t.Error(err)
	}
	if err := s.Add(ago(10), time.Time{}); !errors.Is(err, segment.ErrRange) {
		t.Error(err)
	}
}

// Shards merge to what one state counts.
func TestGapsMergeProp(t *testing.T) {
	asOf := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	testkit.Laws[*segment.Gaps]{
		Empty: func() *segment.Gaps { return &segment.Gaps{MinAudience: -1} },
		Add: func(t *rapid.T) func(*segment.Gaps) {
			bought, day := []time.Time{}, 400
			for range rapid.IntRange(0, 12).Draw(t, "orders") {
				day -= rapid.IntRange(0, 40).Draw(t, "days")
				bought = append(bought, asOf.AddDate(0, 0, -day))
			}
			return func(s *segment.Gaps) { must(s.Add(bought, asOf)) }
		},
		Merge: func(a, b *segment.Gaps) error { return a.Merge(b) },
		Result: func(s *segment.Gaps) []float64 {
			b, err := s.MarshalBinary()
			must(err)
			out := make([]float64, len(b))
			for i, v := range b {
				out[i] = float64(v)
			}
			return out
		},
	}.Check(t)
}

// Of a customer of twelve orders ten pauses count, and no open one; and a watch that is longer
// than Churn, but not twice as long, is too short where pauses are open.
func TestGapsEnds(t *testing.T) {
	start, day := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), 24*time.Hour
	for open, want := range map[time.Duration]error{30 * day: segment.ErrUndefined, 45 * day: nil} {
		var g segment.Gaps
		var often []time.Time
		for i := range 12 {
			often = append(often, start.Add(time.Duration(i)*10*day))
		}
		for range 60 {
			must(g.Add(often, often[11].Add(open)))
		}
		r, err := g.Result()
		if err != nil || r.Ended != 600 || r.Open != 0 {
			t.Errorf("%+v, %v", r, err)
		}
		for range 60 {
			must(g.Add(often[:2], often[1].Add(open)))
		}
		if r, err = g.Result(); !errors.Is(err, want) || err == nil && (r.Ended != 660 || r.Open != 60) {
			t.Errorf("open for %v: %+v, %v", open, r, err)
		}
	}
}
