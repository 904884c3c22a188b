package ads_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/aislekit/aisle/predict"
	"github.com/aislekit/aisle/predict/ads"
)

// A page with two places, served, and what came of it.
func Example() {
	noon := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	catalogue, err := ads.NewCatalogue([]ads.Ad{
		{
			ID: "tea", Advertiser: "acme", Creatives: []string{"pot", "cup"}, Amount: 350_000, Budget: 20_000_000, // .35 a click, 20 in all, in micros
			Categories: []string{"kitchen"}, Target: []ads.Clause{{{Field: "region", In: []string{"north", "east"}}, {Field: "segment", In: []string{"lost"}, Not: true}}},
			Caps: []ads.Cap{{N: 2, Per: 24 * time.Hour}},
		},
		{ID: "mugs", Advertiser: "zenith", Creatives: []string{"blue"}, Amount: 4_000_000, Pricing: ads.CPM}, // 4 a thousand
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	server, err := ads.NewServer(catalogue, ads.ServerOptions[string]{Auction: ads.AuctionOptions{Examination: []float64{1, .6}, Reserve: 1000}})
	if err != nil {
		fmt.Println(err)
		return
	}
	page, err := server.Serve(nil, ads.Request[string]{
		ID: 1, User: "ann", At: noon,
		Query: ads.Query{Categories: []string{"kitchen"}, Values: []ads.Value{{Field: "region", Value: "north"}, {Field: "segment", Value: "loyal"}}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, x := range page {
		fmt.Println(x.Position, x.Ad, x.Creative, x.Pricing, x.Price)
	}
	cost, err := server.Record(page[1], ads.Clicked, noon.Add(time.Second))
	fmt.Println(cost, err)
	fmt.Println(server.Ledger().Spent("tea"))
	// Output:
	// 0 mugs blue CPM 3500000
	// 1 tea pot CPC 1000
	// 1000000 <nil>
	// 1000000
}

// Who sees an ad: lists of values, exclusions, and several ways to qualify.
func ExampleCatalogue() {
	catalogue, err := ads.NewCatalogue([]ads.Ad{
		{ID: "all", Creatives: []string{"x"}, Amount: 1},
		{ID: "north", Creatives: []string{"x"}, Amount: 1, Target: []ads.Clause{{ads.Term{Field: "region", In: []string{"north"}}}}},
		{ID: "not-north", Creatives: []string{"x"}, Amount: 1, Target: []ads.Clause{{ads.Term{Field: "region", In: []string{"north"}, Not: true}}}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	show := func(c *ads.Catalogue, q ads.Query) {
		found, err := c.AppendMatches(nil, q)
		if err != nil {
			fmt.Println(err)
			return
		}
		for _, i := range found {
			ad, _ := c.Ad(i)
			fmt.Print("/", ad.ID)
		}
		fmt.Println()
	}
	north := ads.Query{Values: []ads.Value{{Field: "region", Value: "north"}}}
	show(catalogue, north)
	show(catalogue, ads.Query{}) // a region that is not known is neither north nor not
	catalogue, err = catalogue.With([]ads.Ad{{ID: "new", Creatives: []string{"x"}, Amount: 1}}, []string{"all"})
	if err != nil {
		fmt.Println(err)
		return
	}
	show(catalogue, north)
	// Output:
	// /all/north
	// /all
	// /new/north
}

// A budget for a day, spread by a token bucket, that survives a restart; the log is told again.
func ExampleLedger() {
	from := time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC)
	catalogue, _ := ads.NewCatalogue([]ads.Ad{{
		ID: "tea", Creatives: []string{"pot"}, Amount: 100, Reserve: 100, Budget: 24_000, From: from, To: from.Add(24 * time.Hour), Pace: ads.PaceBucket,
	}})
	ledger, err := ads.NewLedger[string](ads.LedgerOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	server, err := ads.NewServer(catalogue, ads.ServerOptions[string]{Ledger: ledger})
	if err != nil {
		fmt.Println(err)
		return
	}
	var log []ads.Impression[string]
	for minute := range 12 * 60 { // a click a minute until noon
		at := from.Add(time.Duration(minute) * time.Minute)
		page, err := server.Serve(nil, ads.Request[string]{ID: uint64(minute), User: "ann", At: at})
		if err != nil {
			fmt.Println(err)
			return
		}
		for _, x := range page {
			if _, err := server.Record(x, ads.Clicked, at); err != nil {
				fmt.Println(err)
				return
			}
			log = append(log, x)
		}
	}
	stored, err := ledger.MarshalBinary()
	if err != nil {
		fmt.Println(err)
		return
	}
	var read ads.Ledger[string]
	if err := read.UnmarshalBinary(stored); err != nil {
		fmt.Println(err)
		return
	}
	server, _ = ads.NewServer(catalogue, ads.ServerOptions[string]{Ledger: &read})
	for _, x := range log {
		if _, err := server.Record(x, ads.Clicked, x.At); !errors.Is(err, ads.ErrDuplicate) {
			fmt.Println("counted twice")
		}
	}
	fmt.Println(len(log), "clicks,", read.Spent("tea")/1000, "of 24000 at noon")
	// Output: 121 clicks, 12100 of 24000 at noon
}

// Creatives by a policy, here any with equal probability, in a world whose truth is known: what the log says of each.
func ExampleWorld() {
	path := func(creative string) ads.Path {
		return ads.Path{Advertiser: "acme", Ad: "tea", Creative: creative}
	}
	world := ads.World{Examination: []float64{.8}, Click: map[ads.Path]float64{path("pot"): .1, path("cup"): .3}, Seed: 1}
	catalogue, _ := ads.NewCatalogue([]ads.Ad{{ID: "tea", Advertiser: "acme", Creatives: []string{"pot", "cup"}, Amount: 100}})
	server, err := ads.NewServer(catalogue, ads.ServerOptions[int]{
		Choose: func(ad *ads.Ad, request *ads.Request[int]) (creative int, propensity float64, err error) {
			return int(request.ID % 2), .5, nil
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	value := map[string]float64{}
	const pages = 50_000
	for id := range uint64(pages) {
		page, _ := server.Serve(nil, ads.Request[int]{ID: id, User: int(id), At: time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)})
		for _, x := range page {
			if _, clicked, _, _ := world.Draw(x.Request, x.Path(), x.Position); clicked {
				value[x.Creative] += 1 / x.Propensity / pages // what causal.OffPolicy calls IPS
			}
		}
	}
	fmt.Printf("always pot %.2f, always cup %.2f\n", value["pot"], value["cup"])
	// Output: always pot 0.08, always cup 0.24
}

// Three ads and two places: A bids less than B, and is clicked more.
func ExampleAuction() {
	bids := []ads.Bid{
		{Ad: 0, Amount: 550_000, Click: .17}, // .55 a click, in micros
		{Ad: 1, Amount: 650_000, Click: .10},
		{Ad: 2, Amount: 300_000, Click: .15},
	}
	for _, payment := range []ads.Payment{ads.GSP, ads.VCG} {
		auction, err := ads.NewAuction(ads.AuctionOptions{Examination: []float64{1, .5}, Payment: payment})
		if err != nil {
			fmt.Println(err)
			return
		}
		places, err := auction.AppendPlaces(nil, bids)
		if err != nil {
			fmt.Println(err)
			return
		}
		for _, p := range places {
			fmt.Printf("position %d: ad %d pays %.6f a click\n", p.Position, p.Ad, float64(p.Price)/1e6)
		}
	}
	// Output:
	// position 0: ad 0 pays 0.382353 a click
	// position 1: ad 1 pays 0.450000 a click
	// position 0: ad 0 pays 0.323530 a click
	// position 1: ad 1 pays 0.450000 a click
}

// A bid for a thousand impressions, and one for an action.
func ExamplePricing() {
	auction, _ := ads.NewAuction(ads.AuctionOptions{})
	places, err := auction.AppendPlaces(nil, []ads.Bid{
		{Ad: 0, Amount: 2_000_000, Pricing: ads.CPM},                          // 2 a thousand
		{Ad: 1, Amount: 9_000_000, Pricing: ads.CPA, Click: .02, Action: .05}, // 9 an action, which comes of one in 1000
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(ads.CPA, places[0].Ad, places[0].Price)
	// Output: CPA 1 2000000
}

// Where the better ad has always stood on top more often, the share of clicks of a position misleads.
func ExampleFitExamination() {
	var clicks ads.Clicks[string]
	_ = clicks.AddCounts("good", 0, 9000, 1800) // 20 % of those who look
	_ = clicks.AddCounts("good", 1, 1000, 100)  // half of them look
	_ = clicks.AddCounts("poor", 0, 1000, 40)   // 4 %
	_ = clicks.AddCounts("poor", 1, 9000, 180)
	for cell := range clicks.Result() {
		var c ads.Cell[string] = cell
		fmt.Printf("%s %d: %.3f\n", c.Key, c.Position, float64(c.Clicked)/float64(c.Shown))
	}
	e, err := ads.FitExamination(context.Background(), &clicks, ads.ExaminationOptions[string]{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("share of clicks %.2f, examination %.2f ± %.2f\n", (280./10000)/(1840./10000), e.Positions()[1], e.SE()[1])
	// Output:
	// good 0: 0.200
	// good 1: 0.100
	// poor 0: 0.040
	// poor 1: 0.020
	// share of clicks 0.15, examination 0.50 ± 0.04
}

// Keys that are hardly ever shown are compared by what they have in common, with a logistic
// regression of package predict.
func ExampleLearner() {
	var learner ads.Learner = func(ctx context.Context, rows [][]float64, y []bool, weights []float64) (func([]float64) float64, error) {
		m, err := predict.FitLogistic(ctx, rows, y, predict.LogisticOptions{Weights: weights, L2: 1e-6})
		if err != nil {
			return nil, err
		}
		return func(row []float64) float64 {
			p, err := m.Prob(nil, [][]float64{row})
			if err != nil {
				return math.NaN()
			}
			return p[0]
		}, nil
	}
	var clicks ads.Clicks[int] // a thousand ads of two brands, each shown at one position only
	for ad := range 1000 {
		position, rate := ad/2%2, []float64{.2, .04}[ad%2]
		shown := int64(100)
		_ = clicks.AddCounts(ad, position, shown, int64(math.Round(float64(shown)*rate/float64(1+position))))
	}
	brand := func(ad int) []float64 { return []float64{float64(ad % 2)} }
	e, err := ads.FitExamination(context.Background(), &clicks, ads.ExaminationOptions[int]{Features: brand, Learner: learner})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.2f\n", e.Positions())
	// Output: [1.00 0.50]
}

// An examination that is known, as of a page of ten places that was tried out at random.
func ExampleNewExamination() {
	e, err := ads.NewExamination([]float64{1, .5})
	if err != nil {
		fmt.Println(err)
		return
	}
	var clicks ads.Clicks[ads.Path]
	tea := ads.Path{Advertiser: "acme", Ad: "tea"}
	_ = clicks.AddCounts(tea, 0, 1000, 100)
	_ = clicks.AddCounts(tea, 1, 1000, 50)
	trials, err := e.Trials(&clicks)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, row := range trials {
		fmt.Println(row.Path.Ad, row.S, row.N) // 1500 of 2000 were looked at
	}
	// Output: tea 150 1500
}

// Of the clicks of the last ten days, those of today have not had the time to become orders.
func ExampleFitDelay() {
	const day = 24 * time.Hour
	var actions ads.Actions[ads.Path]
	old, young := ads.Path{Advertiser: "acme", Ad: "old"}, ads.Path{Advertiser: "acme", Ad: "young"}
	for i := range 1000 {
		for _, path := range []ads.Path{old, young} {
			age := 10 * day // both will sell to one in five, after two days on average
			if path == young {
				age = time.Duration(i/5%10+1) * day / 10
			}
			after := time.Duration(-2 * math.Log(1-(float64(i/5*37%200)+.5)/200) * float64(day))
			if i%5 == 0 && after <= age {
				_ = actions.AddActed(path, after)
			} else {
				_ = actions.AddOpen(path, age)
			}
		}
	}
	d, err := ads.FitDelay(context.Background(), &actions, ads.DelayOptions[ads.Path]{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.0f %% come within a day\n", 100*d.Share(day))
	trials, err := d.Trials(&actions)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, row := range trials {
		clicked, acted := actions.Result(row.Path)
		fmt.Printf("%s: %.3f so far, %.2f in the end\n", row.Path.Ad, float64(acted)/float64(clicked), row.S/row.N)
	}
	// Output:
	// 39 % come within a day
	// old: 0.199 so far, 0.20 in the end
	// young: 0.046 so far, 0.20 in the end
}

// A creative that was hardly shown is judged by its ad, a new ad by its advertiser.
func ExampleFitRates() {
	path := func(ad, creative string) ads.Path {
		return ads.Path{Advertiser: "acme", Ad: ad, Creative: creative}
	}
	rows := []ads.Trials{
		{Path: path("tea", "pot"), S: 300, N: 10000},
		{Path: path("tea", "cup"), S: 280, N: 10000},
		{Path: path("tea", "new"), S: 2, N: 20},
		{Path: path("mugs", "red"), S: 100, N: 10000},
		{Path: path("mugs", "blue"), S: 120, N: 10000},
		{Path: ads.Path{Advertiser: "zenith", Ad: "lamps"}, S: 500, N: 8000},
	}
	rates, err := ads.FitRates(rows, ads.RatesOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	var b ads.Belief = rates.Of(path("tea", "new"))
	fmt.Printf("tea/new %.4f, as it stands %.4f\n", b.Mean, 2./20)
	fmt.Printf("a new ad of acme %.4f, of anybody %.4f\n", rates.Of(path("caps", "")).Mean, rates.Of(ads.Path{}).Mean)
	// Output:
	// tea/new 0.0293, as it stands 0.1000
	// a new ad of acme 0.0201, of anybody 0.0412
}
