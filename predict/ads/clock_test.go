package ads_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/predict/ads"
)

// TestPaceClockAhead: one page whose clock was ahead neither lets all of the budget go at once nor stops it, and servers
// whose clocks differ all day are paced.
func TestPaceClockAhead(t *testing.T) {
	const pages = 20_000
	from := time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC)
	for _, pace := range []ads.Pace{ads.PaceBucket, ads.PacePID} {
		for name, wrong := range map[string]func(k int, at time.Time) time.Time{
			"the first page": func(k int, at time.Time) time.Time {
				if k == 0 {
					return from.Add(24*time.Hour - time.Second)
				}
				return at
			},
			"a page at six": func(k int, at time.Time) time.Time {
				if k == pages/4 {
					return from.Add(20 * time.Hour)
				}
				return at
			},
			"one of two servers": func(k int, at time.Time) time.Time { return at.Add(time.Duration(k%2) * 40 * time.Minute) },
		} {
			catalogue := get(ads.NewCatalogue([]ads.Ad{{ID: "tea", Creatives: []string{"x"}, Amount: 100, Budget: 40_000, From: from, To: from.Add(24 * time.Hour), Pace: pace}}))
			server := get(ads.NewServer(catalogue, ads.ServerOptions[int]{Auction: ads.AuctionOptions{Payment: ads.FirstPrice}}))
			r := rng.New(5, uint64(pace), 0)
			var at [24]float64
			for k := range pages {
				when := from.Add(time.Duration(k) * 24 * time.Hour / pages)
				for _, x := range get(server.Serve(nil, ads.Request[int]{ID: uint64(k), User: k, At: wrong(k, when)})) {
					if r.Bool(.1) {
						get(server.Record(x, ads.Clicked, when))
					}
				}
				at[when.Hour()] = float64(server.Ledger().Spent("tea")) / 4e7
			}
			worst := 0.
			for h, share := range at {
				worst = max(worst, math.Abs(share-float64(h+1)/24))
			}
			if worst > .12 || at[23] < .95 {
				t.Errorf("pace %d, %s ahead: furthest from even %.3f, spent %.3f", pace, name, worst, at[23])
			}
		}
	}
}

// TestLateClicks: what an ad may still cost is known after a restart, too, when no catalogue has it any more.
func TestLateClicks(t *testing.T) {
	tea := ads.Ad{ID: "tea", Creatives: []string{"x"}, Amount: 5, Budget: 10}
	opt := ads.ServerOptions[int]{Auction: ads.AuctionOptions{Payment: ads.FirstPrice}}
	s := get(ads.NewServer(get(ads.NewCatalogue([]ads.Ad{tea, {ID: "mugs", Creatives: []string{"x"}, Amount: 1}})), opt))
	var log []ads.Impression[int]
	for k := range 4 {
		log = append(log, get(s.Serve(nil, ads.Request[int]{ID: uint64(k), User: k, At: noon}))...)
	}
	get(s.Record(log[0], ads.Clicked, noon))
	ledger := new(ads.Ledger[int])
	must(ledger.UnmarshalBinary(get(s.Ledger().MarshalBinary())))
	opt.Ledger = ledger
	again := get(ads.NewServer(get(ads.NewCatalogue(nil)), opt))
	for _, x := range log[1:] {
		get(again.Record(x, ads.Clicked, noon.Add(time.Minute)))
	}
	if len(log) != 4 || ledger.Spent("tea") != 10_000 {
		t.Errorf("%d impressions, spent %d of 10000", len(log), ledger.Spent("tea"))
	}
	mugs := ads.Impression[int]{Request: 9, Ad: "mugs", Price: 1e15}
	if cost := get(again.Record(mugs, ads.Clicked, noon)); cost != 1e18 { // an ad without a bound still has none
		t.Errorf("cost %d", cost)
	}
}

// TestSameInstant: pages of one user at one instant are two impressions, in the log too: a ledger that is made from it has caps
// that are as full.
func TestSameInstant(t *testing.T) {
	tea := ads.Ad{ID: "tea", Creatives: []string{"x"}, Amount: 5, Caps: []ads.Cap{{N: 3, Per: time.Hour}}}
	catalogue := get(ads.NewCatalogue([]ads.Ad{tea}))
	s, again := get(ads.NewServer(catalogue, ads.ServerOptions[int]{})), get(ads.NewServer(catalogue, ads.ServerOptions[int]{}))
	var log []ads.Impression[int]
	serve := func(s *ads.Server[int], id uint64, at time.Time) (n int) {
		page := get(s.Serve(nil, ads.Request[int]{ID: id, User: 1, At: at}))
		log = append(log, page...)
		return len(page)
	}
	for id := range uint64(5) {
		serve(s, id, noon)
	}
	if len(log) != 3 {
		t.Fatalf("%d impressions, want 3", len(log))
	}
	for range 2 {
		for _, x := range log {
			if _, err := again.Record(x, ads.Shown, x.At); err != nil && !errors.Is(err, ads.ErrDuplicate) {
				t.Fatal(err)
			}
		}
	}
	for name, s := range map[string]*ads.Server[int]{"the server": s, "one from the log": again} {
		if early, late := serve(s, 10, noon.Add(time.Hour-time.Second)), serve(s, 11, noon.Add(time.Hour)); early != 0 || late != 1 {
			t.Errorf("%s shows %d before the hour is over and %d then", name, early, late)
		}
	}
}

// TestClockAheadUser: an ad whose cap cannot be kept, since somebody has seen one far ahead, leaves its place to another.
func TestClockAheadUser(t *testing.T) {
	capped := ads.Ad{ID: "capped", Creatives: []string{"x"}, Amount: 50, Caps: []ads.Cap{{N: 9, Per: time.Hour}}}
	s := get(ads.NewServer(get(ads.NewCatalogue([]ads.Ad{capped, {ID: "free", Creatives: []string{"x"}, Amount: 5}})), ads.ServerOptions[int]{}))
	for _, c := range []struct {
		user int
		at   time.Time
		want string
	}{{1, noon.Add(60 * 24 * time.Hour), "capped"}, {1, noon, "free"}, {2, noon, "capped"}} {
		if got := get(s.Serve(nil, ads.Request[int]{User: c.user, At: c.at})); len(got) != 1 || got[0].Ad != c.want {
			t.Errorf("user %d at %v: %+v, want %s", c.user, c.at, got, c.want)
		}
	}
}

// TestSwapAtOnce: whatever swaps meet, the budgets are those of the catalogue in use; rates that were not fitted are refused.
func TestSwapAtOnce(t *testing.T) {
	budgets := []int64{10, 1000}
	var catalogues []*ads.Catalogue
	for _, budget := range budgets {
		booked := []ads.Ad{{ID: "a", Creatives: []string{fmt.Sprint(budget)}, Amount: 5, Budget: budget}}
		for i := range 3000 {
			booked = append(booked, ads.Ad{ID: fmt.Sprint("b", i), Creatives: []string{"x"}, Amount: 1, Categories: []string{"none"}})
		}
		catalogues = append(catalogues, get(ads.NewCatalogue(booked)))
	}
	for round := range 25 {
		s := get(ads.NewServer(catalogues[0], ads.ServerOptions[int]{Auction: ads.AuctionOptions{Payment: ads.FirstPrice}}))
		var wg sync.WaitGroup
		for _, c := range catalogues {
			wg.Add(1)
			go func() {
				defer wg.Done()
				must(s.Swap(c, nil, nil))
			}()
		}
		wg.Wait()
		page := get(s.Serve(nil, ads.Request[int]{At: noon}))
		page[0].Price = 5000 // more than either has
		if cost := get(s.Record(page[0], ads.Clicked, noon)); fmt.Sprint(cost/1000) != page[0].Creative {
			t.Fatalf("round %d: the catalogue in use has a budget of %s, the ledger %d", round, page[0].Creative, cost/1000)
		}
	}
	for _, rates := range [][2]*ads.Rates{{{}, nil}, {nil, {}}} {
		s := get(ads.NewServer(catalogues[0], ads.ServerOptions[int]{}))
		if err := s.Swap(catalogues[0], rates[0], rates[1]); !errors.Is(err, ads.ErrOption) {
			t.Errorf("rates that were not fitted: %v", err)
		}
	}
}

// TestPriceLarge: a price is rounded up by less than a unit, however large it is.
func TestPriceLarge(t *testing.T) {
	for _, c := range []struct{ first, second, reserve, want int64 }{
		{1e15, 1e15 - 1, 0, 1e15 - 1},
		{9e12, 1, 7_000_000_000_001, 7_000_000_000_001},
		{9e14, 8e14 + 3, 5, 8e14 + 3},
		{5e12 + 7, 5e12 + 7, 0, 5e12 + 7},
	} {
		got := places(ads.AuctionOptions{Reserve: c.reserve}, ads.Bid{Ad: 1, Amount: c.first, Click: 1}, ads.Bid{Ad: 2, Amount: c.second, Click: 1})
		if len(got) != 1 || got[0].Ad != 1 || got[0].Price != c.want {
			t.Errorf("%+v: %+v", c, got)
		}
	}
}

// TestLearnerAnswers: a learner that rules out what has happened is refused, and the row of features may be one
// that is filled again.
func TestLearnerAnswers(t *testing.T) {
	never := func(context.Context, [][]float64, []bool, []float64) (func([]float64) float64, error) {
		return func(row []float64) float64 { return max(row[0], 0) / 10 }, nil
	}
	var clicks ads.Clicks[int]
	var actions ads.Actions[int]
	for key := range 4 {
		for p := range 2 {
			must(clicks.AddCounts(key, p, 1000, int64(100+40*key-50*p)))
		}
		for i := range 50 {
			must(actions.AddActed(key, time.Duration(i+1)*time.Minute))
			must(actions.AddOpen(key, time.Duration(i+1)*time.Hour))
		}
	}
	if _, err := ads.FitExamination(bg, &clicks, ads.ExaminationOptions[int]{Features: func(k int) []float64 { return []float64{float64(k) - 1} }, Learner: never}); !errors.Is(err, ads.ErrDiverged) {
		t.Errorf("clicks at a rate of 0: %v", err)
	}
	if _, err := ads.FitDelay(bg, &actions, ads.DelayOptions[int]{Features: func(k int) []float64 { return []float64{float64(k) - 1} }, Learner: never}); !errors.Is(err, ads.ErrDiverged) {
		t.Errorf("actions at a rate of 0: %v", err)
	}
	buffer := make([]float64, 1)
	fit := func(features func(k int) []float64) []float64 {
		return get(ads.FitExamination(bg, &clicks, ads.ExaminationOptions[int]{Features: features, Learner: steps})).Positions()
	}
	own := fit(func(k int) []float64 { return []float64{float64(k) / 3} })
	if again := fit(func(k int) []float64 { buffer[0] = float64(k) / 3; return buffer }); !slices.Equal(own, again) {
		t.Errorf("%v, with one row that is filled again %v", own, again)
	}
}
