package ads_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/ads"
)

// TestRatesLevels: planted rates of advertisers, ads and creatives come nearer by smoothing in
// levels than as they stand and than towards the overall rate, and the laws of the levels are found.
func TestRatesLevels(t *testing.T) {
	for _, moments := range []bool{false, true} {
		var raw, flat, smooth float64
		for seed := range uint64(3) {
			r := rng.New(seed, 7, 0)
			var rows []ads.Trials
			truth := map[ads.Path]float64{}
			const strong, ad, part = 60., 200., 800.
			for a := range 150 {
				top := r.Beta(.1*strong, .9*strong)
				for b := range 5 {
					mid := r.Beta(ad*top, ad*(1-top))
					for c := range 4 {
						p := ads.Path{Advertiser: fmt.Sprint(a), Ad: fmt.Sprint(b), Creative: fmt.Sprint(c)}
						truth[p] = r.Beta(part*mid, part*(1-mid))
						n := 20 + r.Intn(1000)
						rows = append(rows, ads.Trials{Path: p, N: float64(n), S: float64(r.Binomial(n, truth[p]))})
					}
				}
			}
			m := get(ads.FitRates(rows, ads.RatesOptions{Moments: moments}))
			x, y, z := m.Strengths()
			for name, ratio := range map[string]float64{"advertiser": x / strong, "ad": y / ad, "creative": z / part} {
				if ratio < .6 || ratio > 1.7 {
					t.Errorf("moments %v, seed %d: strength of %s is %v times the planted one", moments, seed, name, ratio)
				}
			}
			for _, row := range rows {
				want := truth[row.Path]
				raw += square(row.S/row.N - want)
				flat += square((row.S+60*.1)/(row.N+60) - want)
				smooth += square(m.Of(row.Path).Mean - want)
			}
			slices.Reverse(rows)
			if again := get(ads.FitRates(rows, ads.RatesOptions{Moments: moments})); !slices.Equal(get(again.MarshalBinary()), get(m.MarshalBinary())) || again.Of(rows[5].Path) != m.Of(rows[5].Path) {
				t.Error("the order of rows matters")
			}
		}
		if t.Logf("squared errors: raw %.4f, to the overall rate %.4f, in levels %.4f", raw, flat, smooth); smooth > .7*flat || flat > raw {
			t.Errorf("moments %v: squared errors %v as they stand, %v towards the overall rate, %v in levels", moments, raw, flat, smooth)
		}
	}
}

func square(x float64) float64 { return x * x }

// TestRatesKnown: levels that hold no data are those above, and what is smoothed is (S + m·above)/(N + m).
func TestRatesKnown(t *testing.T) {
	path := func(a, b, c string) ads.Path { return ads.Path{Advertiser: a, Ad: b, Creative: c} }
	rows := []ads.Trials{
		{Path: path("a", "1", "x"), S: 30, N: 200},
		{Path: path("a", "1", "y"), S: 8, N: 210},
		{Path: path("a", "2", "x"), S: 5, N: 300},
		{Path: path("a", "2", "y"), S: 20, N: 150},
		{Path: path("b", "1", "x"), S: 70, N: 250},
		{Path: path("b", "1", "z"), S: 30, N: 250},
		{Path: path("b", "2", "z"), S: 0, N: 0},
		{Path: path("c", "", ""), S: 1, N: 100},
	}
	m := get(ads.FitRates(rows, ads.RatesOptions{}))
	top, ad, part := m.Strengths()
	overall := m.Of(ads.Path{Advertiser: "nobody"})
	a := m.Of(path("a", "", ""))
	testkit.Near(t, "advertiser", a.Mean, (63+top*overall.Mean)/(860+top), 1e-12)
	testkit.Near(t, "its strength", a.Strength, 860+top, 1e-12)
	one := m.Of(path("a", "1", ""))
	testkit.Near(t, "ad", one.Mean, (38+ad*a.Mean)/(410+ad), 1e-12)
	testkit.Near(t, "creative", m.Of(path("a", "1", "x")).Mean, (30+part*one.Mean)/(200+part), 1e-12)
	for name, c := range map[string]struct {
		got, want float64
	}{
		"a new creative":                {m.Of(path("a", "1", "new")).Mean, one.Mean},
		"a new ad":                      {m.Of(path("a", "new", "new")).Mean, a.Mean},
		"an ad that was never shown":    {m.Of(path("b", "2", "z")).Mean, m.Of(path("b", "", "")).Mean},
		"an advertiser without its ads": {m.Of(path("c", "7", "")).Mean, m.Of(path("c", "", "")).Mean},
	} {
		testkit.Near(t, name, c.got, c.want, 1e-12)
	}
	// One level by itself is the beta-binomial of package kpi; the numbers are those of its golden file.
	var g struct {
		Cases []struct {
			S, N        []float64
			ML, Moments []float64
		}
	}
	testkit.Golden(t, "../../../metrics/kpi/testdata/prior.json", &g)
	for _, c := range g.Cases {
		var rows []ads.Trials
		for i := range c.S {
			rows = append(rows, ads.Trials{Path: path(fmt.Sprintf("%03d", i), "", ""), S: c.S[i], N: c.N[i]})
		}
		for moments, want := range map[bool][]float64{false: c.ML, true: c.Moments} {
			m := get(ads.FitRates(rows, ads.RatesOptions{Moments: moments}))
			got := m.Of(ads.Path{})
			testkit.Near(t, "alpha", got.Mean*got.Strength/want[0], 1, 1e-6)
			testkit.Near(t, "beta", (1-got.Mean)*got.Strength/want[1], 1, 1e-6)
		}
	}
}

func TestRatesRefuse(t *testing.T) {
	one := ads.Path{Advertiser: "a", Ad: "1"}
	for name, c := range map[string]struct {
		rows []ads.Trials
		want error
	}{
		"nothing":          {nil, ads.ErrEmpty},
		"no trials":        {[]ads.Trials{{Path: one}}, ads.ErrEmpty},
		"no success":       {[]ads.Trials{{Path: one, N: 10}}, ads.ErrUndefined},
		"no failure":       {[]ads.Trials{{Path: one, S: 10, N: 10}}, ads.ErrUndefined},
		"more than trials": {[]ads.Trials{{Path: one, S: 11, N: 10}}, ads.ErrRange},
		"NaN":              {[]ads.Trials{{Path: one, S: math.NaN(), N: 10}}, ads.ErrNotFinite},
	} {
		if _, err := ads.FitRates(c.rows, ads.RatesOptions{}); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	// One advertiser, whose ads are alike: its rate is that of all.
	m := get(ads.FitRates([]ads.Trials{{Path: one, S: 10, N: 100}}, ads.RatesOptions{}))
	testkit.Near(t, "one advertiser", m.Of(one).Mean, .1, 1e-12)
}

// delayed draws clicks of two keys: those of b come to less, and are young, those of a are old.
func delayed(seed uint64, n int, delay func(r *rng.Stream) float64) *ads.Actions[ads.Path] {
	c, r := new(ads.Actions[ads.Path]), rng.New(seed, 8, 0)
	for k := range n {
		path, rate, window := ads.Path{Advertiser: "a"}, .2, 30.
		if k%2 == 1 {
			path, rate, window = ads.Path{Advertiser: "b"}, .1, 4
		}
		age := window * r.Float64()
		d := delay(r)
		if r.Bool(rate) && d <= age {
			must(c.AddActed(path, days(d)))
		} else {
			must(c.AddOpen(path, days(age)))
		}
	}
	return c
}

func days(x float64) time.Duration { return time.Duration(x * 24 * float64(time.Hour)) }

// TestDelayPlanted: rates and the law of delays come out of clicks that are half as old as they should be, while
// the share of actions so far falls short.
func TestDelayPlanted(t *testing.T) {
	for name, c := range map[string]struct {
		delay func(r *rng.Stream) float64
		share func(d float64) float64
		edges []time.Duration
	}{
		"exponential": {func(r *rng.Stream) float64 { return 3 * r.Exp() }, func(d float64) float64 { return 1 - math.Exp(-d/3) }, nil},
		"in parts": { // fast on the first day, slow thereafter
			func(r *rng.Stream) float64 {
				if d := 2 * r.Exp(); d < 1 {
					return d
				}
				return 1 + 5*r.Exp()
			},
			func(d float64) float64 {
				if d < 1 {
					return 1 - math.Exp(-d/2)
				}
				return 1 - math.Exp(-.5-(d-1)/5)
			},
			[]time.Duration{days(1)},
		},
	} {
		for seed := range uint64(3) {
			actions := delayed(seed, 100_000, c.delay)
			d := get(ads.FitDelay(bg, actions, ads.DelayOptions[ads.Path]{Edges: c.edges}))
			for _, at := range []float64{.5, 2, 5, 12} {
				if got := d.Share(days(at)); math.Abs(got-c.share(at)) > .02 {
					t.Errorf("%s, seed %d: %v have come after %v days, want %v", name, seed, got, at, c.share(at))
				}
			}
			for _, row := range get(d.Trials(actions)) {
				want := map[string]float64{"a": .2, "b": .1}[row.Path.Advertiser]
				clicked, acted := actions.Result(row.Path)
				plain := float64(acted) / float64(clicked)
				if math.Abs(row.S/row.N/want-1) > .06 || plain > .93*want {
					t.Errorf("%s, seed %d, %s: %v, as it stands %v, want %v", name, seed, row.Path.Advertiser, row.S/row.N, plain, want)
				}
			}
		}
	}
}

// TestDelayByFeatures: the rate may be learnt from features.
func TestDelayByFeatures(t *testing.T) {
	actions := delayed(5, 100_000, func(r *rng.Stream) float64 { return 3 * r.Exp() })
	young := func(p ads.Path) []float64 {
		if p.Advertiser == "b" {
			return []float64{1}
		}
		return []float64{0}
	}
	plain := get(ads.FitDelay(bg, actions, ads.DelayOptions[ads.Path]{}))
	d := get(ads.FitDelay(bg, actions, ads.DelayOptions[ads.Path]{Features: young, Learner: steps, Tol: 1e-7}))
	testkit.Near(t, "share", d.Share(days(3)), plain.Share(days(3)), 1e-4) // which here are a name for the key
}

// TestClicksLaws and TestActionsLaws: shards merge in any order.
func TestClicksLaws(t *testing.T) {
	testkit.Laws[*ads.Clicks[ads.Path]]{
		Empty: func() *ads.Clicks[ads.Path] { return new(ads.Clicks[ads.Path]) },
		Add: func(t *rapid.T) func(*ads.Clicks[ads.Path]) {
			p := ads.Path{Advertiser: rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "advertiser"), Creative: rapid.SampledFrom([]string{"", "c"}).Draw(t, "creative")}
			at, clicked := rapid.IntRange(0, 3).Draw(t, "position"), rapid.Bool().Draw(t, "clicked")
			return func(c *ads.Clicks[ads.Path]) { must(c.Add(p, at, clicked)) }
		},
		Merge: (*ads.Clicks[ads.Path]).Merge,
		Result: func(c *ads.Clicks[ads.Path]) (out []float64) {
			for cell := range c.Result() {
				// Keys come in the order of their arrival: sums by key tell all the same.
				h := float64(len(cell.Key.Advertiser)*7 + len(cell.Key.Creative)*3 + cell.Position)
				if len(out) == 0 {
					out = make([]float64, 4)
				}
				out[0] += float64(cell.Shown)
				out[1] += float64(cell.Clicked)
				out[2] += h * float64(cell.Shown)
				out[3] += h * h * float64(cell.Clicked)
			}
			return out
		},
	}.Check(t)
}

func TestActionsLaws(t *testing.T) {
	testkit.Laws[*ads.Actions[string]]{
		Empty: func() *ads.Actions[string] { return new(ads.Actions[string]) },
		Add: func(t *rapid.T) func(*ads.Actions[string]) {
			key, after, acted := rapid.SampledFrom([]string{"a", "b", ""}).Draw(t, "key"), time.Duration(rapid.Int64Range(0, int64(90*24*time.Hour)).Draw(t, "after")), rapid.Bool().Draw(t, "acted")
			return func(c *ads.Actions[string]) {
				if acted {
					must(c.AddActed(key, after))
				} else {
					must(c.AddOpen(key, after))
				}
			}
		},
		Merge: (*ads.Actions[string]).Merge,
		Result: func(c *ads.Actions[string]) []float64 {
			out := []float64{float64(c.Clicked())}
			for _, key := range []string{"a", "b", ""} {
				clicked, acted := c.Result(key)
				out = append(out, float64(clicked), float64(acted))
			}
			return out
		},
	}.Check(t)
}

func BenchmarkFitExamination(b *testing.B) {
	c := newPage(1000, 1).impressions(200_000, true, 1)
	b.ReportAllocs()
	for b.Loop() {
		get(ads.FitExamination(bg, c, ads.ExaminationOptions[int32]{}))
	}
}

func BenchmarkFitDelay(b *testing.B) {
	c := delayed(1, 50_000, func(r *rng.Stream) float64 { return 3 * r.Exp() })
	b.ReportAllocs()
	for b.Loop() {
		get(ads.FitDelay(bg, c, ads.DelayOptions[ads.Path]{}))
	}
}

func BenchmarkFitRates(b *testing.B) {
	r := rng.New(1, 9, 0)
	var rows []ads.Trials
	for i := range 10_000 {
		n := 1 + r.Intn(500)
		rows = append(rows, ads.Trials{Path: ads.Path{Advertiser: fmt.Sprint(i % 100), Ad: fmt.Sprint(i % 1000), Creative: fmt.Sprint(i)}, N: float64(n), S: float64(r.Binomial(n, .05))})
	}
	b.ReportAllocs()
	for b.Loop() {
		get(ads.FitRates(rows, ads.RatesOptions{}))
	}
}
