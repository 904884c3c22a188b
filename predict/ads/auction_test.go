package ads_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/ads"
)

// places runs an auction.
func places(opt ads.AuctionOptions, bids ...ads.Bid) []ads.Place {
	return get(get(ads.NewAuction(opt)).AppendPlaces(nil, bids))
}

// TestAuctionKnown are auctions that can be found in print or worked out by hand, in micros.
func TestAuctionKnown(t *testing.T) {
	sure := func(ad int32, amount int64, quality float64) ads.Bid {
		return ads.Bid{Ad: ad, Amount: amount, Click: 1, Quality: quality}
	}
	three := []ads.Bid{sure(0, 550_000, 1.7), sure(1, 650_000, 1), sure(2, 300_000, 1.5)}
	four := []ads.Bid{sure(0, 10_000_000, 0), sure(1, 8_000_000, 0), sure(2, 5_000_000, 0), sure(3, 2_000_000, 0)}
	rates := []float64{.5, .3, .1}
	for _, c := range []struct {
		name          string
		opt           ads.AuctionOptions
		bids          []ads.Bid
		order, prices []int64
		expected      []float64
	}{
		{"quality", ads.AuctionOptions{Examination: []float64{1, 1, 1}}, three, []int64{0, 1, 2}, []int64{382_353, 450_000, 0}, nil},
		{"quality, increment", ads.AuctionOptions{Examination: []float64{1, 1}, Increment: 10_000}, three, []int64{0, 1}, []int64{392_353, 460_000}, nil},
		{"quality, reserve", ads.AuctionOptions{Examination: []float64{1, 1, 1}, Reserve: 400_000}, three, []int64{0, 1}, []int64{400_000, 400_000}, nil},
		{"least score", ads.AuctionOptions{Examination: []float64{1, 1, 1}, MinScore: 500_000}, three, []int64{0, 1}, []int64{382_353, 500_000}, nil},
		{"GSP", ads.AuctionOptions{Examination: rates}, four, []int64{0, 1, 2}, []int64{8_000_000, 5_000_000, 2_000_000}, []float64{4e6, 1.5e6, .2e6}},
		{"VCG", ads.AuctionOptions{Examination: rates, Payment: ads.VCG}, four, []int64{0, 1, 2}, []int64{5_600_000, 4_000_000, 2_000_000}, []float64{2.8e6, 1.2e6, .2e6}},
		{"first price", ads.AuctionOptions{Examination: rates, Payment: ads.FirstPrice}, four, []int64{0, 1, 2}, []int64{10_000_000, 8_000_000, 5_000_000}, nil},
		{"nobody", ads.AuctionOptions{}, nil, nil, nil, nil},
		{"all below the reserve", ads.AuctionOptions{Reserve: 20_000_000}, four, nil, nil, nil},
		{"no click to be had", ads.AuctionOptions{}, []ads.Bid{{Amount: 5}}, nil, nil, nil},
		{"equal", ads.AuctionOptions{Examination: []float64{1, 1}}, []ads.Bid{sure(7, 100, 0), sure(3, 100, 0), sure(5, 100, 0)}, []int64{3, 5}, []int64{100, 100}, nil},
		{"own reserve", ads.AuctionOptions{}, []ads.Bid{{Ad: 1, Amount: 100, Click: .1, Reserve: 60}, {Ad: 2, Amount: 50, Click: .1}}, []int64{1}, []int64{60}, nil},
		{ // 2.50 a thousand against .05 a click at 6 %, 3 a thousand
			"pricings",
			ads.AuctionOptions{Examination: []float64{1, .5, .25, .125}},
			[]ads.Bid{
				{Ad: 0, Amount: 2_500_000, Pricing: ads.CPM},
				{Ad: 1, Amount: 50_000, Click: .06},
				{Ad: 2, Amount: 1_000_000, Click: .1, Action: .02, Pricing: ads.CPA},
				{Ad: 3, Amount: 1_000_000, Click: .09, Action: .02, Pricing: ads.OCPC},
			},
			[]int64{1, 0, 2, 3},
			[]int64{41_667, 2_000_000, 900_000, 0},
			nil,
		},
	} {
		got := places(c.opt, c.bids...)
		var order, prices []int64
		for k, p := range got {
			order, prices = append(order, int64(p.Ad)), append(prices, p.Price)
			if p.Ad != c.bids[p.Index].Ad || p.Position != k {
				t.Errorf("%s: %+v", c.name, p)
			}
			if c.expected != nil {
				testkit.Near(t, c.name, p.Expected, c.expected[k], 1e-12)
			}
		}
		if !slices.Equal(order, c.order) || !slices.Equal(prices, c.prices) {
			t.Errorf("%s: ads %v for %v, want %v for %v", c.name, order, prices, c.order, c.prices)
		}
	}
	// The caller's positions need not be in the order in which they are looked at.
	got := places(ads.AuctionOptions{Examination: []float64{.2, .7}}, four...)
	if got[0].Position != 1 || got[0].Ad != 0 || got[1].Position != 0 || got[1].Ad != 1 {
		t.Errorf("the better position is the second: %+v", got)
	}
}

// assignments yields every way to give n ads to k positions, -1 for none, the ads of one
// advertiser at most limit times.
func assignments(by []int32, k, limit int, yield func(at []int)) {
	at, used := make([]int, k), make([]bool, len(by))
	var fill func(p int)
	fill = func(p int) {
		if p == k {
			yield(at)
			return
		}
		at[p] = -1
		fill(p + 1)
		for i := range by {
			n := 0
			for _, j := range at[:p] {
				if j >= 0 && by[j] == by[i] {
					n++
				}
			}
			if !used[i] && (limit == 0 || n < limit) {
				used[i], at[p] = true, i
				fill(p + 1)
				used[i], at[p] = false, -1
			}
		}
	}
	fill(0)
}

// bestWithout is the greatest sum of scores times examination without ad i, of all assignments.
func bestWithout(i int, scores []float64, by []int32, seen []float64, limit int, none float64) (best float64) {
	assignments(by, len(seen), limit, func(at []int) {
		sum := 0.0
		for p, j := range at {
			if j == i {
				return
			}
			if j < 0 {
				sum += seen[p] * none
			} else {
				sum += seen[p] * scores[j]
			}
		}
		best = max(best, sum)
	})
	return best
}

// TestVCGBruteForce: what an ad pays is what the others lose by it, by all assignments there are, also
// where advertisers are held to a number of positions and scores to a least one.
func TestVCGBruteForce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, k, limit := rapid.IntRange(0, 5).Draw(t, "n"), rapid.IntRange(1, 3).Draw(t, "k"), rapid.IntRange(0, 2).Draw(t, "limit")
		opt := ads.AuctionOptions{Payment: ads.VCG, PerAdvertiser: limit, MinScore: float64(rapid.SampledFrom([]int{0, 0, 3000}).Draw(t, "least"))}
		for range k {
			opt.Examination = append(opt.Examination, rapid.Float64Range(.05, 1).Draw(t, "seen"))
		}
		slices.Sort(opt.Examination)
		slices.Reverse(opt.Examination)
		var bids []ads.Bid
		var scores []float64
		var by []int32
		for i := range n {
			b := ads.Bid{Ad: int32(i), Advertiser: int32(rapid.IntRange(0, 2).Draw(t, "by")), Amount: rapid.Int64Range(1, 1e6).Draw(t, "amount"), Click: rapid.Float64Range(.001, .2).Draw(t, "click"), Quality: rapid.Float64Range(.5, 2).Draw(t, "quality")}
			bids, scores, by = append(bids, b), append(scores, float64(b.Amount)*b.Click*b.Quality), append(by, b.Advertiser)
			if scores[i] < opt.MinScore {
				scores[i] = 0
			}
		}
		got := places(opt, bids...)
		all := bestWithout(-2, scores, by, opt.Examination, limit, opt.MinScore)
		sum := 0.0
		for p := range opt.Examination {
			if p < len(got) {
				sum += opt.Examination[p] * got[p].Score
			} else {
				sum += opt.Examination[p] * opt.MinScore
			}
		}
		if !testkit.Close(sum, all, 1e-9, 1e-9) {
			t.Fatalf("the assignment is worth %v, the best %v", sum, all)
		}
		for p, x := range got {
			b := bids[x.Index]
			others := all - opt.Examination[p]*x.Score
			want := (bestWithout(x.Index, scores, by, opt.Examination, limit, opt.MinScore) - others) / (opt.Examination[p] * b.Click * b.Quality)
			if !testkit.Close(x.Exact, want, 1e-6, 1e-9) {
				t.Fatalf("position %d pays %v, want %v", p, x.Exact, want)
			}
			if x.Price < int64(math.Floor(want-1e-6)) || float64(x.Price) > want+1+1e-6 || x.Price > b.Amount {
				t.Fatalf("price %d of %v", x.Price, want)
			}
		}
	})
}

// TestTruthful: with VCG no bid pays better than the value, in a thousand drawn auctions with reserves, quality and limits; with
// GSP some do.
func TestTruthful(t *testing.T) {
	gains := map[ads.Payment]int{}
	r := rng.New(1, 2, 3)
	for range 1000 {
		n, k := 1+r.Intn(6), 1+r.Intn(4)
		opt := ads.AuctionOptions{PerAdvertiser: r.Intn(3), Reserve: int64(r.Intn(2) * r.Intn(40000)), MinScore: float64(r.Intn(2)) * 2000 * r.Float64()}
		for range k {
			opt.Examination = append(opt.Examination, .05+.95*r.Float64())
		}
		bids := make([]ads.Bid, n)
		for i := range bids {
			bids[i] = ads.Bid{Ad: int32(i), Advertiser: int32(r.Intn(3)), Amount: int64(1 + r.Intn(100_000)), Click: .01 + .2*r.Float64(), Quality: .5 + r.Float64(), Reserve: int64(r.Intn(2) * r.Intn(30000))}
		}
		who := r.Intn(n)
		value := float64(bids[who].Amount)
		for _, payment := range []ads.Payment{ads.GSP, ads.VCG} {
			opt.Payment = payment
			profit := func(bid int64) float64 {
				own := slices.Clone(bids)
				own[who].Amount = bid
				for _, p := range places(opt, own...) {
					if p.Ad == int32(who) {
						return opt.Examination[p.Position] * bids[who].Click * (value - p.Exact)
					}
				}
				return 0
			}
			honest := profit(bids[who].Amount)
			for range 25 {
				if profit(int64(1+r.Intn(150_000))) > honest*(1+1e-9)+1e-9 {
					gains[payment]++
					break
				}
			}
		}
	}
	if gains[ads.VCG] > 0 || gains[ads.GSP] < 20 {
		t.Errorf("auctions in which another bid pays better: %v", gains)
	}
}

// TestAuctionPermuted: the order of bids does not matter, ties included, and dst is kept.
func TestAuctionPermuted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var bids []ads.Bid
		for i := range rapid.IntRange(0, 12).Draw(t, "n") {
			bids = append(bids, ads.Bid{Ad: int32(i), Advertiser: int32(rapid.IntRange(0, 2).Draw(t, "by")), Amount: rapid.Int64Range(1, 4).Draw(t, "amount"), Click: .5})
		}
		opt := ads.AuctionOptions{Examination: []float64{1, .5, .5, .2}, Payment: ads.Payment(rapid.IntRange(0, 2).Draw(t, "payment")), PerAdvertiser: rapid.IntRange(0, 2).Draw(t, "limit")}
		want := places(opt, bids...)
		mixed := rapid.Permutation(bids).Draw(t, "mixed")
		got := get(get(ads.NewAuction(opt)).AppendPlaces(make([]ads.Place, 1), mixed))[1:]
		for k := range want {
			want[k].Index, got[k].Index = 0, 0
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%+v\n%+v", got, want)
		}
		for _, p := range want {
			if p.Price < 0 || p.Price > bids[p.Ad].Amount {
				t.Fatalf("price %d", p.Price)
			}
		}
	})
}

func TestAuctionRefuses(t *testing.T) {
	a := get(ads.NewAuction(ads.AuctionOptions{}))
	good := ads.Bid{Ad: 1, Amount: 10, Click: .1}
	for name, c := range map[string]struct {
		change func(b *ads.Bid)
		want   error
	}{
		"bid 0":           {func(b *ads.Bid) { b.Amount = 0 }, ads.ErrRange},
		"bid below 0":     {func(b *ads.Bid) { b.Amount = -5 }, ads.ErrRange},
		"no click rate":   {func(b *ads.Bid) { b.Click = math.NaN() }, ads.ErrNotFinite},
		"click rate of 2": {func(b *ads.Bid) { b.Click = 2 }, ads.ErrRange},
		"quality":         {func(b *ads.Bid) { b.Quality = math.Inf(1) }, ads.ErrNotFinite},
		"twice":           {func(b *ads.Bid) { b.Ad = 1 }, ads.ErrDuplicate},
	} {
		bad := good
		bad.Ad = 0
		c.change(&bad)
		if got, err := a.AppendPlaces(nil, []ads.Bid{good, bad}); !errors.Is(err, c.want) || got != nil {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

func TestAuctionAllocations(t *testing.T) {
	if testkit.Race {
		t.Skip("allocations mean nothing under the race detector")
	}
	bids := manyBids(200)
	for _, payment := range []ads.Payment{ads.GSP, ads.VCG} {
		a := get(ads.NewAuction(ads.AuctionOptions{Examination: planted, Payment: payment, PerAdvertiser: 2}))
		dst := make([]ads.Place, 0, 10)
		if n := testing.AllocsPerRun(200, func() { dst = get(a.AppendPlaces(dst[:0], bids)) }); n != 0 {
			t.Errorf("payment %v: %v allocations", payment, n)
		}
	}
}

func manyBids(n int) []ads.Bid {
	r := rng.New(4, 4, 4)
	bids := make([]ads.Bid, n)
	for i := range bids {
		bids[i] = ads.Bid{Ad: int32(i), Advertiser: int32(r.Intn(1 + n/3)), Amount: int64(1 + r.Intn(1_000_000)), Click: .2 * r.Float64()}
	}
	return bids
}

func BenchmarkAuction(b *testing.B) {
	for _, n := range []int{20, 200} {
		for payment, name := range []string{"gsp", "vcg"} {
			b.Run(fmt.Sprintf("payment=%s/bids=%d/positions=10", name, n), func(b *testing.B) {
				b.ReportAllocs()
				a := get(ads.NewAuction(ads.AuctionOptions{Examination: planted, Payment: ads.Payment(payment), PerAdvertiser: 2}))
				bids, dst := manyBids(n), []ads.Place(nil)
				for b.Loop() {
					dst = get(a.AppendPlaces(dst[:0], bids))
				}
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "auctions/s")
			})
		}
	}
}
