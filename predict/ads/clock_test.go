package ads_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
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

// TestClockAheadUser: somebody who was shown ads by a clock far ahead has caps in the present all the same, those of the ad and those of
// all ads, and they are kept there and then.
func TestClockAheadUser(t *testing.T) {
	capped := ads.Ad{ID: "capped", Creatives: []string{"x"}, Amount: 50, Caps: []ads.Cap{{N: 2, Per: time.Hour}}}
	catalogue := get(ads.NewCatalogue([]ads.Ad{capped, {ID: "free", Creatives: []string{"x"}, Amount: 5}}))
	s := get(ads.NewServer(catalogue, ads.ServerOptions[int]{Caps: []ads.Cap{{N: 4, Per: 2 * time.Hour}}}))
	ahead := 60 * 24 * time.Hour
	for k, c := range []struct {
		after time.Duration
		want  string
	}{{ahead, "capped"}, {0, "capped"}, {time.Minute, "capped"}, {2 * time.Minute, "free"}, {3 * time.Minute, "free"}, {4 * time.Minute, ""}, {ahead + time.Minute, "capped"}, {ahead - time.Minute, "free"}} {
		got := ""
		for _, x := range get(s.Serve(nil, ads.Request[int]{ID: uint64(k), User: 1, At: noon.Add(c.after)})) {
			got = x.Ad
		}
		if got != c.want {
			t.Errorf("page %d, after %v: %q, want %q", k, c.after, got, c.want)
		}
	}
}

// TestRecordClockAhead: an event far ahead, the very first or later, costs what it costs, and stops nothing of the present; events are known again on both
// sides, by whatever clock they are told the second time; what was forgotten is refused.
func TestRecordClockAhead(t *testing.T) {
	for _, first := range []bool{true, false} {
		s := get(ads.NewServer(get(ads.NewCatalogue([]ads.Ad{{ID: "tea", Creatives: []string{"x"}, Amount: 5}})), ads.ServerOptions[int]{Auction: ads.AuctionOptions{Reserve: 5}}))
		click := func(id int, at time.Time) error {
			_, err := s.Record(ads.Impression[int]{Request: uint64(id), Ad: "tea", Price: 5}, ads.Clicked, at)
			return err
		}
		clicks, wrong := int64(0), 0
		for day := range 60 {
			for k := range 40 {
				at := noon.Add(time.Duration(day)*24*time.Hour + time.Duration(k)*time.Minute)
				if (day == 0 && k == 0) == first && k == 0 && (first || day == 20) {
					wrong = day*1000 + 999
					must(click(wrong, at.Add(400*24*time.Hour)))
					clicks++
				}
				must(click(day*1000+k, at))
				clicks++
				for _, again := range []time.Time{at, at.Add(time.Hour), at.Add(500 * 24 * time.Hour)} {
					if err := click(day*1000+k, again); !errors.Is(err, ads.ErrDuplicate) {
						t.Fatalf("day %d, told twice: %v", day, err)
					}
				}
				if old := day - 6; old > 0 { // within Keep
					if err := click(old*1000+k, at); !errors.Is(err, ads.ErrDuplicate) {
						t.Fatalf("day %d, told a second time after six days: %v", day, err)
					}
				}
				if day*1000 >= wrong {
					if err := click(wrong, at); wrong > 0 && !errors.Is(err, ads.ErrDuplicate) {
						t.Fatalf("day %d, the one ahead told by a right clock: %v", day, err)
					}
				}
			}
		}
		if err := click(3, noon); !errors.Is(err, ads.ErrRange) {
			t.Errorf("an event of 60 days ago: %v", err)
		}
		if got := s.Ledger().Spent("tea"); got != clicks*5000 {
			t.Errorf("spent %d for %d clicks", got, clicks)
		}
		again := new(ads.Ledger[int])
		must(again.UnmarshalBinary(get(s.Ledger().MarshalBinary())))
		s = get(ads.NewServer(get(ads.NewCatalogue(nil)), ads.ServerOptions[int]{Ledger: again}))
		for id, want := range map[int]error{wrong: ads.ErrDuplicate, 59_005: ads.ErrDuplicate, 53_005: ads.ErrDuplicate, 60_000: nil} {
			if err := click(id, noon.Add(59*24*time.Hour)); !errors.Is(err, want) {
				t.Errorf("after a restart, event %d: %v, want %v", id, err, want)
			}
		}
	}
}

// level8 lets none of eight be far ahead of another, whatever runs when.
type level8 [8]atomic.Int64

// reach waits until the others are at most ten behind k; the largest number leaves.
func (l *level8) reach(w, k int) {
	l[w].Store(int64(k))
	for v := range l {
		for k != math.MaxInt && l[v].Load() < int64(k)-10 {
			runtime.Gosched()
		}
	}
}

// TestServersClockAhead: of eight servers one is a year ahead. All clicks are paid once, whoever tells them a second time, the budget is not overspent, and no cap is
// broken, in the present as in the year to come.
func TestServersClockAhead(t *testing.T) {
	ledger := get(ads.NewLedger[int](ads.LedgerOptions{Remember: 4 * time.Hour, Keep: 2 * time.Hour}))
	tea := ads.Ad{ID: "tea", Creatives: []string{"x"}, Amount: 10, Budget: 60_000, Caps: []ads.Cap{{N: 3, Per: time.Hour}}}
	catalogue := get(ads.NewCatalogue([]ads.Ad{tea, {ID: "mugs", Creatives: []string{"x"}, Amount: 7, Budget: 900}}))
	pages := 3000
	if testkit.Race {
		pages = 600
	}
	var ticks atomic.Int64
	var mu sync.Mutex
	var log []seen
	paid := map[string]int64{}
	var level level8
	told := make([]chan ads.Impression[int], 8)
	for w := range told {
		told[w] = make(chan ads.Impression[int], pages*2)
	}
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			s := get(ads.NewServer(catalogue, ads.ServerOptions[int]{Auction: ads.AuctionOptions{Examination: []float64{1, .5}, Payment: ads.FirstPrice}, Ledger: ledger}))
			r := rng.New(7, 21, uint64(w))
			defer level.reach(w, math.MaxInt)
			for k := range pages {
				level.reach(w, k)
				at := noon.Add(time.Duration(ticks.Add(1)) * 24 * time.Hour / time.Duration(8*pages)) // one time for all
				if w == 3 {
					at = at.Add(365 * 24 * time.Hour)
				}
				record := func(x ads.Impression[int], again bool) {
					cost, err := s.Record(x, ads.Clicked, at)
					if again && !errors.Is(err, ads.ErrDuplicate) || !again && err != nil {
						t.Errorf("server %d, page %d, told again %v: %d, %v", w, k, again, cost, err)
					}
					mu.Lock()
					paid[x.Ad] += cost
					mu.Unlock()
				}
				for _, x := range get(s.Serve(nil, ads.Request[int]{ID: uint64(w*1_000_000 + k), User: r.Intn(400), At: at})) {
					mu.Lock()
					log = append(log, seen{x.User, x.Ad, at.UnixNano()})
					mu.Unlock()
					if r.Bool(.3) {
						record(x, false)
						told[(w+1)%8] <- x
					}
				}
				for len(told[w]) > 0 {
					record(<-told[w], true)
				}
			}
		}()
	}
	wg.Wait()
	for _, ad := range []ads.Ad{tea, {ID: "mugs", Budget: 900}} {
		if spent := ledger.Spent(ad.ID); spent != paid[ad.ID] || spent > ad.Budget*1000 || spent == 0 {
			t.Errorf("%s has spent %d of %d, paid were %d", ad.ID, spent, ad.Budget*1000, paid[ad.ID])
		}
	}
	capped := slices.DeleteFunc(slices.Clone(log), func(s seen) bool { return s.ad != "tea" })
	if n := breaks(capped, func(s seen) string { return fmt.Sprint(s.user) }, 3, time.Hour); n > 0 || len(capped) < pages {
		t.Errorf("the cap is broken %d times in %d impressions", n, len(capped))
	}
}

// TestLedgerForgets: users who do not come back leave nothing behind, and events neither; a clock far ahead has no part in that.
func TestLedgerForgets(t *testing.T) {
	size := func(days int) int {
		ledger := get(ads.NewLedger[int](ads.LedgerOptions{Remember: 24 * time.Hour, Keep: 12 * time.Hour}))
		tea := ads.Ad{ID: "tea", Creatives: []string{"x"}, Amount: 10, Caps: []ads.Cap{{N: 3, Per: time.Hour}}}
		s := get(ads.NewServer(get(ads.NewCatalogue([]ads.Ad{tea})), ads.ServerOptions[int]{Ledger: ledger}))
		const pages = 20_000 // a day
		for k := range days * pages / 4 {
			at := noon.Add(time.Duration(k) * (4 * 24 * time.Hour / pages))
			if k%1000 == 0 {
				at = at.Add(300 * 24 * time.Hour)
			}
			for _, x := range get(s.Serve(nil, ads.Request[int]{ID: uint64(k), User: k, At: at})) {
				get(s.Record(x, ads.Clicked, at))
			}
		}
		return len(get(ledger.MarshalBinary()))
	}
	if few, many := size(6), size(24); float64(many) > 1.2*float64(few) || few < 10_000 {
		t.Errorf("%d bytes after 6 days and %d after 24", few, many)
	}
}

// TestHold: as many impressions wait at once as the budget could pay for, so that none is charged less than its price; what is not clicked comes back
// in time, and all of the budget is spent. Without it the last clicks are given away.
func TestHold(t *testing.T) {
	catalogue := get(ads.NewCatalogue([]ads.Ad{{ID: "tea", Creatives: []string{"x"}, Amount: 10, Budget: 300}, {ID: "mugs", Creatives: []string{"x"}, Amount: 900, Pricing: ads.CPM, Budget: 3}}))
	for _, hold := range []time.Duration{0, 30 * time.Minute} {
		ledger := get(ads.NewLedger[int](ads.LedgerOptions{}))
		given := make([]int, 8)
		var ticks atomic.Int64
		var level level8
		var wg sync.WaitGroup
		for w := range 8 {
			wg.Add(1)
			go func() {
				defer wg.Done()
				s := get(ads.NewServer(catalogue, ads.ServerOptions[int]{Auction: ads.AuctionOptions{Examination: []float64{1, .5}, Payment: ads.FirstPrice}, Ledger: ledger, Hold: hold}))
				r := rng.New(3, 3, uint64(w))
				type late struct {
					x  ads.Impression[int]
					at time.Time
				}
				var queue []late
				defer level.reach(w, math.MaxInt)
				for k := range 700 {
					level.reach(w, k)
					at := noon.Add(time.Duration(ticks.Add(1)) * time.Minute / 8)
					for _, x := range get(s.Serve(nil, ads.Request[int]{ID: uint64(w*10_000 + k), User: k, At: at})) {
						if r.Bool(.2) {
							queue = append(queue, late{x, at.Add(10 * time.Minute)})
						}
					}
					for len(queue) > 0 && !queue[0].at.After(at) {
						x := queue[0].x
						queue = queue[1:]
						outcome, price := ads.Clicked, x.Price*1000
						if x.Ad == "mugs" {
							outcome, price = ads.Viewed, x.Price
						}
						if cost := get(s.Record(x, outcome, at)); cost < price {
							given[w]++
						}
					}
				}
			}()
		}
		wg.Wait()
		sum := 0
		for _, n := range given {
			sum += n
		}
		if tea, mugs := ledger.Spent("tea"), ledger.Spent("mugs"); tea > 300_000 || mugs > 3000 || tea < 290_000 || mugs < 2100 || (sum == 0) != (hold > 0) {
			t.Errorf("hold %v: spent %d of 300000 and %d of 3000, %d events cost less than their price", hold, tea, mugs, sum)
		}
	}
}

// TestHoldReturns: what waits counts as spent, by one page after the other; a page by a clock that is wrong holds nothing for long.
func TestHoldReturns(t *testing.T) {
	catalogue := get(ads.NewCatalogue([]ads.Ad{{ID: "tea", Creatives: []string{"x"}, Amount: 10, Budget: 20}}))
	s := get(ads.NewServer(catalogue, ads.ServerOptions[int]{Auction: ads.AuctionOptions{Payment: ads.FirstPrice}, Hold: time.Hour}))
	serve := func(id int, after time.Duration) (page []ads.Impression[int]) {
		return get(s.Serve(nil, ads.Request[int]{ID: uint64(id), At: noon.Add(after)}))
	}
	one, two := serve(1, 0), serve(2, time.Minute)
	if len(one) != 1 || len(two) != 1 || len(serve(3, 2*time.Minute)) != 0 {
		t.Fatal("a budget for two clicks waits for", len(one)+len(two))
	}
	if cost := get(s.Record(one[0], ads.Clicked, noon.Add(3*time.Minute))); cost != 10_000 {
		t.Errorf("cost %d", cost)
	}
	if len(serve(4, 4*time.Minute)) != 0 || len(serve(5, 62*time.Minute)) != 1 {
		t.Error("what is not clicked comes back after an hour, and not before")
	}
	if cost := get(s.Record(two[0], ads.Clicked, noon.Add(63*time.Minute))); cost != 0 { // the fifth page waits for it
		t.Errorf("a click after its time costs %d", cost)
	}
	if len(serve(6, 1000*time.Hour)) != 1 || len(serve(7, 64*time.Minute)) != 1 {
		t.Error("a page far ahead holds what is left")
	}
}

// TestNothingLeft: a negative budget is none.
func TestNothingLeft(t *testing.T) {
	s := get(ads.NewServer(get(ads.NewCatalogue([]ads.Ad{{ID: "tea", Creatives: []string{"x"}, Amount: 10, Budget: -1}})), ads.ServerOptions[int]{}))
	if page := get(s.Serve(nil, ads.Request[int]{At: noon})); len(page) != 0 {
		t.Errorf("%+v", page)
	}
	if cost := get(s.Record(ads.Impression[int]{Ad: "tea", Price: 5}, ads.Clicked, noon)); cost != 0 {
		t.Errorf("cost %d", cost)
	}
	var again ads.Ledger[int]
	must(again.UnmarshalBinary(get(s.Ledger().MarshalBinary())))
}

// TestSmallOCPC: clicks that are worth less than a unit are charged for what they are worth; those of less than a thousandth of one are not sold.
func TestSmallOCPC(t *testing.T) {
	tea := ads.Ad{ID: "tea", Creatives: []string{"x"}, Amount: 40, Pricing: ads.OCPC, Budget: 3}
	action := .003
	opt := ads.ServerOptions[int]{Auction: ads.AuctionOptions{Payment: ads.FirstPrice}, Predict: func(*ads.Request[int], *ads.Ad, float64, float64) (float64, float64) { return .1, action }}
	s := get(ads.NewServer(get(ads.NewCatalogue([]ads.Ad{tea})), opt))
	sum := int64(0)
	for k := range 30 {
		for _, x := range get(s.Serve(nil, ads.Request[int]{ID: uint64(k), At: noon})) {
			if x.Price != 120 {
				t.Fatalf("a thousand clicks for %d, want 120", x.Price)
			}
			sum += get(s.Record(x, ads.Clicked, noon))
		}
	}
	if sum == 0 || sum > 3000 || s.Ledger().Spent("tea") != sum {
		t.Errorf("30 clicks cost %d", sum)
	}
	action = .00002
	if page := get(s.Serve(nil, ads.Request[int]{At: noon})); len(page) != 0 {
		t.Errorf("clicks for nothing: %+v", page)
	}
	// Two of them by VCG and GSP, against the same in clicks: a thousand times the price.
	for _, payment := range []ads.Payment{ads.GSP, ads.VCG} {
		opt := ads.AuctionOptions{Examination: []float64{1, .4}, Payment: payment, Reserve: 100, Increment: 2}
		a := places(opt, ads.Bid{Ad: 1, Amount: 900, Click: .1, Action: .5, Pricing: ads.OCPC, Reserve: 200}, ads.Bid{Ad: 2, Amount: 300, Click: .1})
		b := places(opt, ads.Bid{Ad: 1, Amount: 450, Click: .1}, ads.Bid{Ad: 2, Amount: 300, Click: .1})
		if math.Abs(a[0].Exact-1000*b[0].Exact) > 1e-6 || math.Abs(a[0].Expected-b[0].Expected) > .1 {
			t.Errorf("%v: %+v and %+v", payment, a[0], b[0])
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

// TestCapsClockWrong: neither the first pages of a shop, when they are by a clock that is ahead, nor a third of all by one that is behind make
// it forget what caps ask for.
func TestCapsClockWrong(t *testing.T) {
	tea := ads.Ad{ID: "tea", Creatives: []string{"x"}, Amount: 10, Caps: []ads.Cap{{N: 3, Per: time.Hour}}}
	const year = 365 * 24 * time.Hour
	for name, off := range map[string]func(k int) time.Duration{
		"ahead at first": func(k int) time.Duration {
			if k >= 3 && k < 40 {
				return year + time.Duration(k)*30*time.Minute
			}
			return 0
		},
		"a third behind": func(k int) time.Duration {
			if k > 200 && k%150 < 50 {
				return -year
			}
			return 0
		},
	} {
		s := get(ads.NewServer(get(ads.NewCatalogue([]ads.Ad{tea})), ads.ServerOptions[string]{Ledger: get(ads.NewLedger[string](ads.LedgerOptions{Remember: 2 * time.Hour}))}))
		var log []seen
		for k := range 2000 {
			at := noon.Add(time.Duration(k)*20*time.Second + off(k))
			for range get(s.Serve(nil, ads.Request[string]{ID: uint64(k), User: "ann", At: at})) {
				log = append(log, seen{0, "tea", at.UnixNano()})
			}
		}
		if n := breaks(log, func(seen) string { return "" }, 3, time.Hour); n > 0 || len(log) < 30 {
			t.Errorf("%s: the cap is broken %d times in %d impressions", name, n, len(log))
		}
	}
}
