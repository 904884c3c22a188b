package ads_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/ads"
)

var noon = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)

// seen is one impression, for a look at caps.
type seen struct {
	user int
	ad   string
	at   int64
}

// breaks returns how often more than n impressions fall within per of each other, by whatever key.
func breaks(log []seen, key func(s seen) string, n int, per time.Duration) (count int) {
	by := map[string][]int64{}
	for _, s := range log {
		by[key(s)] = append(by[key(s)], s.at)
	}
	for _, at := range by {
		slices.Sort(at)
		for i := n; i < len(at); i++ {
			if at[i]-at[i-n] < int64(per) {
				count++
			}
		}
	}
	return count
}

// TestConcurrentServers: eight servers of one ledger, each with a goroutine of its own, never spend more than a budget nor break a
// cap, whatever is swapped meanwhile; what they said adds up to what the ledger says.
func TestConcurrentServers(t *testing.T) {
	for seed := range testkit.Seeds(3) {
		ledger := get(ads.NewLedger[int](ads.LedgerOptions{Remember: 24 * time.Hour}))
		var booked []ads.Ad
		for i, pricing := range []ads.Pricing{ads.CPC, ads.CPM, ads.CPA, ads.OCPC, ads.CPC, ads.CPM} {
			booked = append(booked, ads.Ad{
				ID: fmt.Sprint("ad", i), Advertiser: fmt.Sprint(i % 3), Creatives: []string{"x", "y"}, Amount: int64(90 + 7*i), Pricing: pricing, Budget: int64(2500 - 350*i),
				From: noon, To: noon.Add(3 * time.Hour), Pace: ads.Pace(i % 3), Caps: []ads.Cap{{N: 2 + i%2, Per: 20 * time.Minute}, {N: 5, Per: 2 * time.Hour}},
			})
		}
		catalogue := get(ads.NewCatalogue(booked))
		less := get(catalogue.With(nil, []string{"ad2"}))
		everybody := []ads.Cap{{N: 9, Per: 30 * time.Minute}}
		var mu sync.Mutex
		var log []seen
		charged := map[string]int64{}
		var wg sync.WaitGroup
		for w := range 8 {
			wg.Add(1)
			go func() {
				defer wg.Done()
				server := get(ads.NewServer(catalogue, ads.ServerOptions[int]{
					Auction: ads.AuctionOptions{Examination: []float64{1, .7, .5}, Reserve: 10}, Caps: everybody, Ledger: ledger,
					Predict: func(_ *ads.Request[int], ad *ads.Ad, _, _ float64) (float64, float64) { return .3, .5 },
				}))
				r := rng.New(seed, 20, uint64(w))
				var page []ads.Impression[int]
				for k := range 1500 {
					at := noon.Add(time.Duration(k*7)*time.Second + time.Duration(r.Intn(60))*time.Second)
					page = get(server.Serve(page[:0], ads.Request[int]{ID: uint64(w*1_000_000 + k), User: r.Intn(120), At: at}))
					for _, x := range page {
						if r.Bool(.4) {
							for _, o := range []ads.Outcome{ads.Viewed, ads.Clicked, ads.Acted} {
								cost := get(server.Record(x, o, at))
								if again, err := server.Record(x, o, at); cost > 0 && (again != 0 || !errors.Is(err, ads.ErrDuplicate)) {
									t.Errorf("told twice: %v, %v", again, err)
								}
								mu.Lock()
								charged[x.Ad] += cost
								mu.Unlock()
							}
						}
						mu.Lock()
						log = append(log, seen{x.User, x.Ad, at.UnixNano()})
						mu.Unlock()
					}
					if w == 0 && k%100 == 50 {
						must(server.Swap(map[bool]*ads.Catalogue{true: less, false: catalogue}[k%200 == 50], nil, nil))
					}
				}
			}()
		}
		wg.Wait()
		full := 0
		for _, ad := range booked {
			spent := ledger.Spent(ad.ID)
			if spent > 1000*ad.Budget || spent != charged[ad.ID] {
				t.Errorf("seed %d: %s has spent %d of %d, and charged %d", seed, ad.ID, spent, 1000*ad.Budget, charged[ad.ID])
			}
			if spent > 900*ad.Budget {
				full++
			}
			for _, c := range ad.Caps {
				if n := breaks(slices.DeleteFunc(slices.Clone(log), func(s seen) bool { return s.ad != ad.ID }), func(s seen) string { return fmt.Sprint(s.user) }, c.N, c.Per); n > 0 {
					t.Errorf("seed %d: %s breaks its cap %v %d times", seed, ad.ID, c, n)
				}
			}
		}
		if n := breaks(log, func(s seen) string { return fmt.Sprint(s.user) }, everybody[0].N, everybody[0].Per); n > 0 {
			t.Errorf("seed %d: the cap of all ads is broken %d times", seed, n)
		}
		if len(log) < 2000 || full < 3 {
			t.Errorf("seed %d: %d impressions, %d budgets used: nothing is tested", seed, len(log), full)
		}
	}
}

// TestRestart: a ledger that was stored and a log, told from anywhere before, give what there was.
func TestRestart(t *testing.T) {
	catalogue := get(ads.NewCatalogue([]ads.Ad{
		{ID: "tea", Creatives: []string{"x"}, Amount: 100, Budget: 5000, Caps: []ads.Cap{{N: 3, Per: time.Hour}}},
		{ID: "mugs", Creatives: []string{"x"}, Amount: 150, Pricing: ads.CPM, Budget: 40},
	}))
	opt := ads.ServerOptions[string]{Auction: ads.AuctionOptions{Examination: []float64{1, .5}, Payment: ads.FirstPrice}}
	server := get(ads.NewServer(catalogue, opt))
	type line struct {
		x  ads.Impression[string]
		o  ads.Outcome
		at time.Time
	}
	var log []line
	var stored []byte
	serve := func(s *ads.Server[string], k int) (page []ads.Impression[string]) {
		return get(s.Serve(nil, ads.Request[string]{ID: uint64(k), User: fmt.Sprint(k % 7), At: noon.Add(time.Duration(k) * time.Minute)}))
	}
	for k := range 200 {
		for _, x := range serve(server, k) {
			log = append(log, line{x, ads.Shown, x.At})
			if k%2 == 0 {
				log = append(log, line{x, ads.Viewed, x.At}, line{x, ads.Clicked, x.At.Add(time.Second)})
				get(server.Record(x, ads.Viewed, x.At))
				get(server.Record(x, ads.Clicked, x.At.Add(time.Second)))
			}
		}
		if k == 120 {
			stored = get(server.Ledger().MarshalBinary())
		}
	}
	ledger := new(ads.Ledger[string])
	must(ledger.UnmarshalBinary(stored))
	opt.Ledger = ledger
	again := get(ads.NewServer(catalogue, opt))
	for range 2 { // the log may be told twice
		for _, l := range log {
			if _, err := again.Record(l.x, l.o, l.at); err != nil && !errors.Is(err, ads.ErrDuplicate) {
				t.Fatal(err)
			}
		}
	}
	for _, ad := range []string{"tea", "mugs"} {
		if a, b := server.Ledger().Spent(ad), ledger.Spent(ad); a != b || a == 0 {
			t.Errorf("%s has spent %d, after a restart %d", ad, a, b)
		}
	}
	for k := 200; k < 260; k++ {
		a, b := serve(server, k), serve(again, k)
		if !slices.Equal(a, b) {
			t.Fatalf("page %d: %+v, after a restart %+v", k, a, b)
		}
	}
	if server.Ledger().Spent("mugs") > 40_000 || server.Ledger().Spent("tea") > 5_000_000 {
		t.Error("overspent")
	}
}

// TestPace: both paces spread a budget over the day where there are pages enough for all of it by noon, and
// both spend it.
func TestPace(t *testing.T) {
	for _, pace := range []ads.Pace{ads.PaceNone, ads.PaceBucket, ads.PacePID} {
		from := time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC)
		catalogue := get(ads.NewCatalogue([]ads.Ad{{ID: "tea", Creatives: []string{"x"}, Amount: 100, Budget: 200_000, From: from, To: from.Add(24 * time.Hour), Pace: pace}}))
		server := get(ads.NewServer(catalogue, ads.ServerOptions[int]{Auction: ads.AuctionOptions{Payment: ads.FirstPrice}}))
		r := rng.New(5, uint64(pace), 0)
		var at [24]float64 // share spent at the end of each hour
		for k := range 100_000 {
			when := from.Add(time.Duration(k) * 24 * time.Hour / 100_000)
			for _, x := range get(server.Serve(nil, ads.Request[int]{ID: uint64(k), User: k, At: when})) {
				if r.Bool(.1) {
					get(server.Record(x, ads.Clicked, when))
				}
			}
			at[when.Hour()] = float64(server.Ledger().Spent("tea")) / 2e8
		}
		worst := 0.
		for h, share := range at {
			worst = max(worst, math.Abs(share-float64(h+1)/24))
		}
		t.Logf("pace %d: furthest from even %.4f, spent %.4f", pace, worst, at[23])
		if at[23] < .985 || pace != ads.PaceNone && worst > .06 || pace == ads.PaceNone && worst < .5 {
			t.Errorf("pace %d: %v", pace, at)
		}
	}
}

func TestServeChecks(t *testing.T) {
	tea := ads.Ad{ID: "tea", Creatives: []string{"x"}, Amount: 100, From: noon, To: noon.Add(time.Hour)}
	if got := get(get(ads.NewServer(get(ads.NewCatalogue(nil)), ads.ServerOptions[int]{})).Serve(nil, ads.Request[int]{At: noon})); len(got) != 0 {
		t.Errorf("an empty catalogue: %v", got)
	}
	catalogue := get(ads.NewCatalogue([]ads.Ad{tea}))
	s := get(ads.NewServer(catalogue, ads.ServerOptions[int]{}))
	for when, want := range map[time.Time]int{noon.Add(-1): 0, noon: 1, noon.Add(time.Hour - 1): 1, noon.Add(time.Hour): 0} {
		if got := get(s.Serve(nil, ads.Request[int]{At: when})); len(got) != want {
			t.Errorf("at %v: %d ads, want %d", when, len(got), want)
		}
	}
	if _, err := ads.NewServer(catalogue, ads.ServerOptions[int]{Caps: []ads.Cap{{N: 1, Per: 31 * 24 * time.Hour}}}); !errors.Is(err, ads.ErrOption) {
		t.Errorf("a cap longer than is remembered: %v", err)
	}
	bad := get(ads.NewServer(catalogue, ads.ServerOptions[int]{Predict: func(*ads.Request[int], *ads.Ad, float64, float64) (float64, float64) { return math.NaN(), 0 }}))
	if got, err := bad.Serve(nil, ads.Request[int]{At: noon}); !errors.Is(err, ads.ErrNotFinite) || got != nil {
		t.Errorf("a click rate that is none: %v, %v", got, err)
	}
	if _, err := s.Record(ads.Impression[int]{Ad: "mugs"}, ads.Clicked, noon); !errors.Is(err, ads.ErrUnknownID) {
		t.Errorf("an ad that nobody knows: %v", err)
	}
}

// TestOffPolicy: from the log of one way to choose creatives, with its propensities, comes what another
// would have earned, as the planted truth has it; the clicks of those that happened to be shown most do not tell.
func TestOffPolicy(t *testing.T) {
	creatives := []string{"a", "b", "c"}
	ad := ads.Ad{ID: "tea", Creatives: creatives, Amount: 100}
	world := ads.World{Examination: []float64{.8}, Click: map[ads.Path]float64{}, Seed: 3}
	for k, c := range creatives {
		world.Click[ads.Path{Ad: "tea", Creative: c}] = []float64{.05, .1, .2}[k]
	}
	shares := []float64{.7, .2, .1}
	s := get(ads.NewServer(get(ads.NewCatalogue([]ads.Ad{ad})), ads.ServerOptions[int]{Choose: func(_ *ads.Ad, request *ads.Request[int]) (int, float64, error) {
		u := rng.Unit(rng.Hash(request.ID, 77))
		for k, p := range shares {
			if u -= p; u < 0 {
				return k, p, nil
			}
		}
		return 2, shares[2], nil
	}}))
	var sum, weights, truth float64
	const n = 60_000
	for k := range n {
		for _, x := range get(s.Serve(nil, ads.Request[int]{ID: uint64(k), User: k, At: noon})) {
			_, clicked, _, _ := world.Draw(x.Request, x.Path(), x.Position)
			if x.Creative == "c" { // the policy that always shows c
				weights += 1 / x.Propensity
				if clicked {
					sum += 1 / x.Propensity
				}
			}
		}
		if _, clicked, _, _ := world.Draw(uint64(k), ads.Path{Ad: "tea", Creative: "c"}, 0); clicked {
			truth++
		}
	}
	if got := sum / n; math.Abs(got-truth/n) > .01 || math.Abs(truth/n-.16) > .01 || math.Abs(weights/n-1) > .05 {
		t.Errorf("estimate %v, truth %v, mean weight %v", got, truth/n, weights/n)
	}
}

func TestServeAllocations(t *testing.T) {
	if testkit.Race {
		t.Skip("allocations mean nothing under the race detector")
	}
	s, queries := get(ads.NewServer(get(ads.NewCatalogue(manyAds(5000))), ads.ServerOptions[int]{Auction: ads.AuctionOptions{Examination: []float64{1, .5, .3}, PerAdvertiser: 1}})), manyQueries()
	dst, i := make([]ads.Impression[int], 0, 3), 0
	if n := testing.AllocsPerRun(200, func() {
		dst = get(s.Serve(dst[:0], ads.Request[int]{ID: uint64(i), User: i % 8, At: noon, Query: queries[i%len(queries)]}))
		i++
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkServe(b *testing.B) {
	s, queries := get(ads.NewServer(get(ads.NewCatalogue(manyAds(100_000))), ads.ServerOptions[int]{Auction: ads.AuctionOptions{Examination: planted, Payment: ads.VCG, PerAdvertiser: 2}})), manyQueries()
	b.ReportAllocs()
	dst, i := []ads.Impression[int](nil), 0
	for b.Loop() {
		dst = get(s.Serve(dst[:0], ads.Request[int]{ID: uint64(i), User: i % 1000, At: noon, Query: queries[i%len(queries)]}))
		i++
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "pages/s")
}
