package allocate_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/recommend/allocate"
)

// requests is a problem whose requests come one by one.
type requests struct {
	name   string
	each   [][]allocate.Proposal
	offers []allocate.Offer
	opt    allocate.StreamOptions
	plan   *allocate.Plan // of all that is known
}

// busy draws requests in random order: n offers of stock units, some far more popular, load
// times as many requests as units, values that differ by user, offer and pair, and with
// limited a budget of seven tenths of what the stock would use.
func busy(n, stock int, load float64, limited bool, seed uint64) requests {
	return market(n, stock, load, limited, false, seed)
}

// market is busy, or with same the like of it where each offer is worth the same to all.
func market(n, stock int, load float64, limited, same bool, seed uint64) requests {
	g := rng.New(seed, 7, 0)
	in := requests{name: fmt.Sprintf("%d offers of %d, %.1f requests a unit, budget %v, one worth to all %v", n, stock, load, limited, same)}
	quality := make([]float64, n)
	for o := range n {
		in.offers = append(in.offers, allocate.Offer{Stock: int64(stock)})
		quality[o] = .5 + g.Float64()
		if limited {
			in.offers[o].Uses = []allocate.Use{{0, int64(50 + g.Intn(100))}}
		}
	}
	if limited {
		in.opt.Limits = []int64{int64(70 * n * stock)}
	}
	for u := range int(load * float64(n*stock)) {
		taste := .5 + g.Float64()
		if same {
			taste = 1
		}
		var one []allocate.Proposal
		for len(one) < min(n/2, 8) {
			x := g.Float64()
			o := int32(x * x * float64(n))
			if !slices.ContainsFunc(one, func(c allocate.Proposal) bool { return c.Offer == o }) {
				v := taste * quality[o]
				if !same {
					v *= g.Exp()
				}
				one = append(one, allocate.Proposal{int32(u), o, v})
			}
		}
		in.each = append(in.each, one)
	}
	return in.known()
}

func (in requests) known() requests {
	plan, err := allocate.Solve(context.Background(), slices.Concat(in.each...), in.offers, allocate.Options{Limits: in.opt.Limits, Nodes: -1})
	if err != nil {
		panic(err)
	}
	in.plan, in.opt.Requests = plan, int64(len(in.each))
	return in
}

// triangle is the worst order for a policy that treats offers alike: first come those who
// would take any offer, then those who would take any but one, and so on. All get something
// from one who knows.
func triangle(n, stock int, weighted bool, seed uint64) requests {
	g := rng.New(seed, 8, 0)
	in := requests{name: fmt.Sprintf("triangle of %d offers of %d, weighted %v", n, stock, weighted), plan: &allocate.Plan{}}
	worth := make([]float64, n)
	for o := range worth {
		worth[o] = 1
		if weighted {
			worth[o] = .5 + g.Float64()
		}
		in.offers = append(in.offers, allocate.Offer{Stock: int64(stock)})
		in.plan.Bound += worth[o] * float64(stock)
	}
	order := g.Perm(n)
	for t := range n {
		var one []allocate.Proposal
		for _, o := range order[t:] {
			one = append(one, allocate.Proposal{0, o, worth[o]})
		}
		for range stock {
			in.each = append(in.each, one)
		}
	}
	in.opt.Requests = int64(len(in.each))
	return in
}

// crowds is another order by an adversary: crowds come, each of which would take a few offers only,
// of one worth to all.
func crowds(n, stock int, seed uint64) requests {
	g := rng.New(seed, 9, 0)
	in := requests{name: fmt.Sprintf("crowds for %d offers of %d", n, stock)}
	for range n {
		in.offers = append(in.offers, allocate.Offer{Stock: int64(stock)})
	}
	worth := make([]float64, n)
	for o := range worth {
		worth[o] = .5 + g.Float64()
	}
	for range n {
		var one []allocate.Proposal
		for _, o := range g.Perm(n)[:1+g.Intn(4)] {
			one = append(one, allocate.Proposal{0, o, worth[o]})
		}
		for range stock/2 + g.Intn(stock) {
			in.each = append(in.each, one)
		}
	}
	for u := range in.each {
		in.each[u] = slices.Clone(in.each[u])
		for k := range in.each[u] {
			in.each[u][k].User = int32(u)
		}
	}
	return in.known()
}

// share lets a stream answer the requests, sees that nothing is over a limit, and returns the value
// as a share of the bound.
func (in requests) share(t testing.TB, opt allocate.StreamOptions) float64 {
	t.Helper()
	s, err := allocate.NewStream(in.offers, opt)
	if err != nil {
		t.Fatal(err)
	}
	value, taken, used := 0.0, make([]int64, len(in.offers)), make([]int64, len(opt.Limits))
	var dst []allocate.Proposal
	for _, one := range in.each {
		if dst, err = s.Assign(dst[:0], one); err != nil {
			t.Fatal(err)
		}
		if len(dst) > max(1, opt.PerUser) {
			t.Fatalf("%d offers to one", len(dst))
		}
		for _, c := range dst {
			value += c.Value
			taken[c.Offer]++
			for _, u := range in.offers[c.Offer].Uses {
				used[u.Limit] += u.Amount
			}
		}
	}
	left, limits := s.AppendLeft(nil), s.AppendLimitsLeft(nil)
	for o, f := range in.offers {
		if f.Stock >= 0 && (taken[o] > f.Stock || left[o] != f.Stock-taken[o]) {
			t.Fatalf("%s: offer %d: %d of %d, %d left", in.name, o, taken[o], f.Stock, left[o])
		}
	}
	for l := range used {
		if used[l] > opt.Limits[l] || limits[l] != opt.Limits[l]-used[l] {
			t.Fatalf("%s: limit %d: %d of %d, %d left", in.name, l, used[l], opt.Limits[l], limits[l])
		}
	}
	return value / in.plan.Bound
}

// TestStreamRandomOrder: within 2 % of the best assignment that knows all requests, by its upper
// bound, with 100 units of each offer; on average over seeds. Settings were chosen on seeds 0 to 3.
//
// Not for each single order. With 8 offers of 100 the share has .981 or .982 on average and a standard deviation of .0042
// over orders, the least of 40 being .9734 with 2 requests a unit, .9647 with 1.5; with 50 offers .0010. What would be
// needed is a mean of .99. That is what TestStreamResolve reaches by knowing the law of requests beforehand, and its least of 6 is .984; the same
// rule that knows only the past, solved anew at each 2 % of requests and oftener at both ends, is no better than Stream, and 8 or 32
// times the lessons are not either (.9790 and .9787 beside .9784). So the
// first per cent is what the future hides from everybody, the second what 1,600 requests do not teach.
//
//	AISLE_LONG=1 go test -v -run Stream ./recommend/allocate
//
// has 16 seeds of each kind, and asks what prices to begin with change: right ones and wrong ones.
func TestStreamRandomOrder(t *testing.T) {
	kinds := []func(uint64) requests{
		func(s uint64) requests { return busy(20, 100, 1.5, false, s) },
		func(s uint64) requests { return busy(20, 100, .8, false, s) },
		func(s uint64) requests { return busy(8, 100, 2, false, s) },
		func(s uint64) requests { return market(20, 100, 1.5, false, true, s) },
		func(s uint64) requests { return busy(50, 100, 1.5, false, s) },
		func(s uint64) requests { return busy(30, 100, 3, true, s) },
		func(s uint64) requests { return busy(10, 400, 1.5, false, s) },
	}
	seeds := 2
	long := os.Getenv("AISLE_LONG") != ""
	switch {
	case long:
		seeds = 16
	case testkit.Race:
		kinds, seeds = kinds[2:3], 1
	default:
		kinds = kinds[:4]
	}
	for _, kind := range kinds {
		sum, squares, least, warm, wrong := 0.0, 0.0, 1.0, 0.0, 0.0
		name := ""
		for seed := range seeds {
			in := kind(1000 + uint64(seed))
			v := in.share(t, in.opt)
			sum, squares, least, name = sum+v, squares+v*v, min(least, v), in.name
			if long {
				opt := in.opt
				opt.StockPrice, opt.LimitPrice = in.plan.StockPrice, in.plan.LimitPrice
				warm += in.share(t, opt)
				opt.StockPrice = slices.Repeat([]float64{5}, len(in.offers))
				opt.LimitPrice = nil
				wrong += in.share(t, opt)
			}
		}
		n := float64(seeds)
		mean := sum / n
		se := math.Sqrt(max(0, squares/n-mean*mean) / n)
		t.Logf("%s: %.4f ± %.4f of the bound, least %.4f", name, mean, 2*se, least)
		if long {
			t.Logf("    with the prices of the plan %.4f, with prices of 5 for everything %.4f", warm/n, wrong/n)
		}
		if long && mean < .98 || mean < .97 {
			t.Errorf("%s: %.4f ± %.4f of the bound", name, mean, 2*se)
		}
	}
}

// resolved answers requests by prices of an exact plan, made anew as they come, of a sample of requests
// scaled to those to come and what is left: of the past (Agrawal, Wang and Ye 2014), or of others of the same law, which nobody
// has; and returns the value as a share of the bound.
func (in requests) resolved(t *testing.T, others [][]allocate.Proposal) float64 {
	t.Helper()
	all, next, value := len(in.each), 0, 0.0
	left, price := make([]int64, len(in.offers)), make([]float64, len(in.offers))
	for o, f := range in.offers {
		left[o] = f.Stock
	}
	if others == nil {
		next = all / 100
	}
	for i, one := range in.each {
		if i == next {
			sample, offers := others, slices.Clone(in.offers)
			if others == nil {
				sample = in.each[:i]
			}
			for o := range offers {
				offers[o].Stock = int64(math.Round(float64(left[o]) * float64(len(sample)) / float64(all-i)))
			}
			var proposals []allocate.Proposal
			for u, r := range sample {
				for _, c := range r {
					c.User = int32(u)
					proposals = append(proposals, c)
				}
			}
			plan, err := allocate.Solve(context.Background(), proposals, offers, allocate.Options{Nodes: -1})
			if err != nil {
				t.Fatal(err)
			}
			price, next = plan.StockPrice, i+max(1, min(i/12, (all-i)/12, all/50))
		}
		best, at := 0.0, -1
		for k, c := range one {
			if v := c.Value - price[c.Offer]; left[c.Offer] > 0 && v > best {
				best, at = v, k
			}
		}
		if at >= 0 {
			left[one[at].Offer]--
			value += one[at].Value
		}
	}
	return value / in.plan.Bound
}

// TestStreamResolve: prices solved anew from the past are not better than those that Stream
// learns, at some hundred times the cost; who knows the law of requests is 1 % better, and what that
// one loses nobody can have.
//
//	AISLE_LONG=1 go test -v -run StreamResolve ./recommend/allocate
func TestStreamResolve(t *testing.T) {
	testkit.Long(t)
	const seeds = 6
	var mean, least [3]float64
	for seed := range uint64(seeds) {
		in := busy(8, 100, 2, false, 5000+seed)
		others := busy(8, 100, 8, false, 5000+seed).each[len(in.each):]
		for k, v := range []float64{in.share(t, in.opt), in.resolved(t, nil), in.resolved(t, others)} {
			mean[k] += v / seeds
			if seed == 0 || v < least[k] {
				least[k] = v
			}
		}
	}
	t.Logf("Stream %.4f, least %.4f; of the past solved anew %.4f, %.4f; by the law %.4f, %.4f", mean[0], least[0], mean[1], least[1], mean[2], least[2])
	if mean[0] < mean[1]-.002 {
		t.Errorf("Stream has %.4f, prices solved anew %.4f", mean[0], mean[1])
	}
}

// TestStreamAdversarial: at least 1 − 1/e where each offer is worth the same to all, in orders known
// to be the worst, learning first or not.
func TestStreamAdversarial(t *testing.T) {
	seeds := uint64(2)
	if os.Getenv("AISLE_LONG") != "" {
		seeds = 30
	}
	least := map[string]float64{}
	for seed := range seeds {
		for _, in := range []requests{
			triangle(10, 100, false, seed), triangle(20, 100, true, seed), triangle(40, 100, false, seed), crowds(10, 100, seed), crowds(30, 100, seed),
		} {
			blind := in.opt
			blind.Requests = 0
			if testkit.Race && in.opt.Requests > 1000 {
				continue
			}
			for how, opt := range map[string]allocate.StreamOptions{"learning": in.opt, "balancing": blind} {
				v := in.share(t, opt)
				key := in.name + ", " + how
				if old, ok := least[key]; !ok || v < old {
					least[key] = v
				}
				if v < 1-1/math.E {
					t.Errorf("%s: seed %d: %.4f of the best", key, seed, v)
				}
			}
		}
		if testkit.Race {
			break
		}
	}
	for key, v := range least {
		t.Logf("%s: least %.4f", key, v)
	}
}

// TestStreamChanges: requests that change are noticed, those in random order are not.
func TestStreamChanges(t *testing.T) {
	for seed := range uint64(3) {
		random, worst := busy(8, 100, 1.5, false, seed), triangle(10, 100, false, seed)
		for _, c := range []struct {
			in   requests
			want bool
		}{{random, true}, {worst, false}} {
			s, err := allocate.NewStream(c.in.offers, c.in.opt)
			if err != nil {
				t.Fatal(err)
			}
			learning := false
			for _, one := range c.in.each {
				learning = s.Learning()
				if _, err := s.Assign(nil, one); err != nil {
					t.Fatal(err)
				}
			}
			if learning != c.want || s.Learning() {
				t.Errorf("seed %d: %s: learning %v, after the last %v", seed, c.in.name, learning, s.Learning())
			}
			if s.Requests() != int64(len(c.in.each)) {
				t.Errorf("%d requests counted of %d", s.Requests(), len(c.in.each))
			}
		}
	}
}

// TestStreamProp: whatever comes, nothing is over a limit, nobody gets what was not proposed, and a
// stream that was stored half-way goes on as the one that was not.
func TestStreamProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, limits := rapid.IntRange(1, 5).Draw(t, "offers"), rapid.IntRange(0, 2).Draw(t, "limits")
		offers := make([]allocate.Offer, n)
		left, all := make([]int64, n), make([]int64, limits)
		opt := allocate.StreamOptions{
			PerUser: rapid.IntRange(0, 3).Draw(t, "per user"), Requests: int64(rapid.IntRange(0, 30).Draw(t, "requests")),
			Memory: rapid.IntRange(1, 5).Draw(t, "memory"), Lessons: rapid.IntRange(1, 5).Draw(t, "lessons"), Seed: rapid.Uint64().Draw(t, "seed"),
		}
		for l := range all {
			all[l] = int64(rapid.IntRange(0, 40).Draw(t, "limit"))
		}
		opt.Limits = slices.Clone(all)
		for o := range offers {
			offers[o].Stock = int64(rapid.IntRange(-1, 6).Draw(t, "stock"))
			left[o] = offers[o].Stock
			for l := range limits {
				offers[o].Uses = append(offers[o].Uses, allocate.Use{l, int64(rapid.IntRange(0, 9).Draw(t, "amount"))})
			}
		}
		s, err := allocate.NewStream(offers, opt)
		if err != nil {
			t.Fatal(err)
		}
		other := &allocate.Stream{}
		count := rapid.IntRange(1, 40).Draw(t, "count")
		store := rapid.IntRange(0, count-1).Draw(t, "store")
		for i := range count {
			if i == store {
				frame, err := s.MarshalBinary()
				if err != nil {
					t.Fatal(err)
				}
				if err := other.UnmarshalBinary(frame); err != nil {
					t.Fatal(err)
				}
				if again, _ := other.MarshalBinary(); !bytes.Equal(again, frame) {
					t.Fatal("another frame after reading")
				}
			}
			if rapid.IntRange(0, 9).Draw(t, "restock") == 0 {
				o, units := rapid.IntRange(0, n-1).Draw(t, "offer"), int64(rapid.IntRange(0, 3).Draw(t, "units"))
				err := s.Restock(o, units)
				if i >= store {
					err = errors.Join(err, other.Restock(o, units))
				}
				if left[o] >= 0 {
					left[o] += units
				}
				if limits > 0 {
					err = errors.Join(err, s.RaiseLimit(0, units))
					if i >= store {
						err = errors.Join(err, other.RaiseLimit(0, units))
					}
					all[0] += units
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			var one []allocate.Proposal
			for o := range n {
				if rapid.Bool().Draw(t, "asks") {
					one = append(one, allocate.Proposal{int32(i), int32(o), rapid.Float64Range(-1, 9).Draw(t, "value")})
				}
			}
			got, err := s.Assign(nil, one)
			if err != nil {
				t.Fatal(err)
			}
			if i >= store {
				if again, err := other.Assign(nil, one); err != nil || !slices.Equal(again, got) {
					t.Fatalf("request %d: stored %v %v, not stored %v", i, again, err, got)
				}
			}
			if len(got) > max(1, opt.PerUser) {
				t.Fatalf("%d offers", len(got))
			}
			for k, c := range got {
				if !slices.Contains(one, c) || c.Value <= 0 || slices.Contains(got[:k], c) {
					t.Fatalf("%v of %v", got, one)
				}
				if left[c.Offer] == 0 {
					t.Fatalf("offer %d was sold out", c.Offer)
				}
				if left[c.Offer] > 0 {
					left[c.Offer]--
				}
				for _, u := range offers[c.Offer].Uses {
					if all[u.Limit] -= u.Amount; all[u.Limit] < 0 {
						t.Fatalf("limit %d by %d over", u.Limit, -all[u.Limit])
					}
				}
			}
			if !slices.Equal(s.AppendLeft(nil), left) || !slices.Equal(s.AppendLimitsLeft(nil), append([]int64(nil), all...)) {
				t.Fatalf("left %v and %v, want %v and %v", s.AppendLeft(nil), s.AppendLimitsLeft(nil), left, all)
			}
			for _, p := range append(s.AppendStockPrices(nil), s.AppendLimitPrices(nil)...) {
				if !(p >= 0) || math.IsInf(p, 0) {
					t.Fatalf("price %v", p)
				}
			}
		}
	})
}

// TestStreamConcurrent: many callers at once take no more than there is.
func TestStreamConcurrent(t *testing.T) {
	in := busy(8, 100, 1.5, true, 1)
	in.opt.Lessons = 4
	s, err := allocate.NewStream(in.offers, in.opt)
	if err != nil {
		t.Fatal(err)
	}
	taken := make([]map[int32]int64, 8)
	var wait sync.WaitGroup
	for w := range taken {
		taken[w] = map[int32]int64{}
		wait.Add(1)
		go func() {
			defer wait.Done()
			var dst []allocate.Proposal
			for i := w; i < len(in.each); i += len(taken) {
				var err error
				if dst, err = s.Assign(dst[:0], in.each[i]); err != nil {
					t.Error(err)
					return
				}
				for _, c := range dst {
					taken[w][c.Offer]++
				}
				if i%50 == w {
					s.AppendStockPrices(nil)
					if _, err := s.MarshalBinary(); err != nil {
						t.Error(err)
					}
				}
			}
		}()
	}
	wait.Wait()
	left, used := s.AppendLeft(nil), int64(0)
	for o, f := range in.offers {
		n := int64(0)
		for _, by := range taken {
			n += by[int32(o)]
		}
		if n > f.Stock || left[o] != f.Stock-n {
			t.Errorf("offer %d: %d of %d taken, %d left", o, n, f.Stock, left[o])
		}
		used += n * f.Uses[0].Amount
	}
	if limits := s.AppendLimitsLeft(nil); limits[0] != in.opt.Limits[0]-used || limits[0] < 0 {
		t.Errorf("%d used of %d, %d left", used, in.opt.Limits[0], limits[0])
	}
}

func TestStreamAllocs(t *testing.T) {
	in := busy(8, 100, 1.5, true, 2)
	in.opt.PerUser = 2
	s, err := allocate.NewStream(in.offers, in.opt)
	if err != nil {
		t.Fatal(err)
	}
	i, dst := 0, make([]allocate.Proposal, 0, 2)
	if n := testing.AllocsPerRun(200, func() {
		if dst, err = s.Assign(dst[:0], in.each[i]); err != nil {
			t.Fatal(err)
		}
		i++
	}); n != 0 && !testkit.Race {
		t.Errorf("%v allocations a request", n)
	}
}

// TestStreamRefuses: an error changes nothing, and names what is wrong.
func TestStreamRefuses(t *testing.T) {
	s, err := allocate.NewStream([]allocate.Offer{{Stock: 3}, {Stock: -1}}, allocate.StreamOptions{Limits: []int64{5}, Requests: 9})
	if err != nil {
		t.Fatal(err)
	}
	before, err := s.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		one  []allocate.Proposal
		want error
	}{
		{[]allocate.Proposal{{0, 0, 1}, {0, 2, 1}}, allocate.ErrRange},
		{[]allocate.Proposal{{0, 0, 1}, {0, -1, 1}}, allocate.ErrRange},
		{[]allocate.Proposal{{0, 0, 1}, {0, 0, 1}}, allocate.ErrDuplicate},
		{[]allocate.Proposal{{0, 0, math.NaN()}}, allocate.ErrNotFinite},
	} {
		if _, err := s.Assign(nil, c.one); !errors.Is(err, c.want) {
			t.Errorf("%v: %v, want %v", c.one, err, c.want)
		}
		if got, err := s.Assign(nil, nil); err != nil || len(got) > 0 {
			t.Errorf("an empty request: %v, %v", got, err)
		}
	}
	if err := s.Restock(0, math.MaxInt64); !errors.Is(err, allocate.ErrOverflow) {
		t.Errorf("%v, want ErrOverflow", err)
	}
	if err := s.Restock(1, 7); err != nil || s.AppendLeft(nil)[1] != -1 {
		t.Errorf("a stock without limit: %v, left %v", err, s.AppendLeft(nil))
	}
	if got, err := s.Assign(nil, []allocate.Proposal{{4, 0, 1}}); err != nil || len(got) != 1 || got[0].User != 4 {
		t.Errorf("after errors: %v, %v", got, err)
	}
	if len(before) == 0 || s.Requests() != 5 {
		t.Errorf("%d requests", s.Requests())
	}
}
