package allocate_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/recommend/allocate"
)

// checkPlan fails unless a keeps every limit and says the truth about
// itself.
func checkPlan(t interface {
	Helper()
	Fatalf(string, ...any)
}, a *allocate.Plan, cand []allocate.Proposal, offers []allocate.Offer, opt allocate.Options,
) {
	t.Helper()
	taken, used := make([]int64, len(offers)), make([]int64, len(opt.Limits))
	byUser := map[int32]int32{}
	sum := 0.0
	for i, c := range a.Chosen {
		if !slices.Contains(cand, c) || c.Value <= 0 {
			t.Fatalf("%v was no proposal", c)
		}
		if i > 0 && (c.User < a.Chosen[i-1].User || c.User == a.Chosen[i-1].User && c.Offer <= a.Chosen[i-1].Offer) {
			t.Fatalf("%v out of order or twice", c)
		}
		byUser[c.User]++
		taken[c.Offer]++
		for _, u := range offers[c.Offer].Uses {
			used[u.Limit] += u.Amount
		}
		sum += c.Value
	}
	for u, n := range byUser {
		most := int32(max(opt.PerUser, 1))
		if opt.UserMost != nil {
			most = opt.UserMost[u]
		}
		if n > most {
			t.Fatalf("user %d gets %d of %d", u, n, most)
		}
	}
	for o, n := range taken {
		if s := offers[o].Stock; s >= 0 && n > s || n != a.Taken[o] {
			t.Fatalf("offer %d goes to %d of %d, Taken says %d", o, n, s, a.Taken[o])
		}
	}
	for l, n := range used {
		if n > opt.Limits[l] || n != a.Used[l] {
			t.Fatalf("limit %d: %d of %d, Used says %d", l, n, opt.Limits[l], a.Used[l])
		}
	}
	if !testkit.Close(a.Value, sum, 1e-9, 1e-9) || a.Bound < a.Value || !(a.Gap() >= 0 && a.Gap() <= 1) || a.Optimal && a.Gap() != 0 {
		t.Fatalf("value %v, sum %v, bound %v, gap %v, optimal %v", a.Value, sum, a.Bound, a.Gap(), a.Optimal)
	}
	for _, p := range slices.Concat(a.StockPrice, a.LimitPrice) {
		if !(p >= 0) || math.IsInf(p, 0) {
			t.Fatalf("price %v", p)
		}
	}
}

// bruteSolve tries all subsets.
func bruteSolve(cand []allocate.Proposal, offers []allocate.Offer, opt allocate.Options) float64 {
	best := 0.0
	taken, used, count := make([]int64, len(offers)), make([]int64, len(opt.Limits)), map[int32]int32{}
	var try func(i int, value float64)
	try = func(i int, value float64) {
		best = max(best, value)
		if i == len(cand) {
			return
		}
		try(i+1, value)
		c := cand[i]
		most := int32(max(opt.PerUser, 1))
		if opt.UserMost != nil {
			most = opt.UserMost[c.User]
		}
		ok := c.Value > 0 && count[c.User] < most && (offers[c.Offer].Stock < 0 || taken[c.Offer] < offers[c.Offer].Stock)
		for _, u := range offers[c.Offer].Uses {
			ok = ok && used[u.Limit]+u.Amount <= opt.Limits[u.Limit]
		}
		if !ok {
			return
		}
		count[c.User]++
		taken[c.Offer]++
		for _, u := range offers[c.Offer].Uses {
			used[u.Limit] += u.Amount
		}
		try(i+1, value+c.Value)
		count[c.User]--
		taken[c.Offer]--
		for _, u := range offers[c.Offer].Uses {
			used[u.Limit] -= u.Amount
		}
	}
	try(0, 0)
	return best
}

// TestSolveBrute compares with all subsets of small problems, with stocks,
// budgets and several offers a user, in any order of proposals.
func TestSolveBrute(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := rng.New(rapid.Uint64().Draw(t, "seed"), 0, 0)
		users, n := 1+g.Intn(6), 1+g.Intn(4)
		opt := allocate.Options{PerUser: 1 + g.Intn(2), Gap: -1}
		if g.Bool(0.3) {
			for range users {
				opt.UserMost = append(opt.UserMost, int32(g.Intn(3)))
			}
		}
		for range g.Intn(3) {
			opt.Limits = append(opt.Limits, int64(g.Intn(12)))
		}
		offers := make([]allocate.Offer, n)
		for o := range offers {
			offers[o].Stock = int64(g.Intn(4) - 1)
			for l := range opt.Limits {
				if g.Bool(0.6) {
					offers[o].Uses = append(offers[o].Uses, allocate.Use{l, int64(g.Intn(6))})
				}
			}
		}
		var cand []allocate.Proposal
		for u := range users {
			for o := range n {
				if g.Bool(0.7) && len(cand) < 14 {
					v := float64(g.Intn(8) - 1) // ties, zeros and losses
					if g.Bool(0.5) {
						v = 3 * g.Float64()
					}
					cand = append(cand, allocate.Proposal{int32(u), int32(o), v})
				}
			}
		}
		a, err := allocate.Solve(context.Background(), cand, offers, opt)
		if err != nil {
			t.Fatal(err)
		}
		checkPlan(t, a, cand, offers, opt)
		if want := bruteSolve(cand, offers, opt); !a.Optimal || !testkit.Close(a.Value, want, 1e-9, 1e-9) {
			t.Fatalf("value %v (optimal %v), want %v", a.Value, a.Optimal, want)
		}
		g.Shuffle(len(cand), func(i, j int) { cand[i], cand[j] = cand[j], cand[i] })
		b, err := allocate.Solve(context.Background(), cand, offers, opt)
		if err != nil || fmt.Sprint(*a) != fmt.Sprint(*b) {
			t.Fatalf("order matters: %v %v %v", *a, *b, err)
		}
	})
}

// flowValue is the largest value of an assignment under stocks and users' limits
// alone, by successive longest paths (Bellman-Ford): the min-cost flow oracle.
func flowValue(users int, cand []allocate.Proposal, offers []allocate.Offer, perUser int) float64 {
	type edge struct {
		to, back int
		cap      int64
		value    float64
	}
	n := users + len(offers) + 2
	src, sink := n-2, n-1
	g := make([][]edge, n)
	add := func(a, b int, c int64, v float64) {
		g[a] = append(g[a], edge{b, len(g[b]), c, v})
		g[b] = append(g[b], edge{a, len(g[a]) - 1, 0, -v})
	}
	for u := range users {
		add(src, u, int64(perUser), 0)
	}
	for o := range offers {
		add(users+o, sink, offers[o].Stock, 0)
	}
	for _, c := range cand {
		if c.Value > 0 {
			add(int(c.User), users+int(c.Offer), 1, c.Value)
		}
	}
	total := 0.0
	for {
		dist := make([]float64, n)
		from := make([][2]int, n)
		for i := range dist {
			dist[i] = math.Inf(-1)
		}
		dist[src] = 0
		for changed := true; changed; {
			changed = false
			for a := range g {
				for k, e := range g[a] {
					if e.cap > 0 && dist[a]+e.value > dist[e.to]+1e-12 {
						dist[e.to], from[e.to], changed = dist[a]+e.value, [2]int{a, k}, true
					}
				}
			}
		}
		if !(dist[sink] > 1e-12) {
			return total
		}
		total += dist[sink]
		for v := sink; v != src; v = from[v][0] {
			e := &g[from[v][0]][from[v][1]]
			e.cap--
			g[v][e.back].cap++
		}
	}
}

// TestSolveFlow: problems too large to try all, against min-cost flow.
func TestSolveFlow(t *testing.T) {
	worst := 0.0
	for seed := range uint64(25) {
		g := rng.New(seed, 1, 0)
		users, n := 20+g.Intn(60), 3+g.Intn(8)
		opt := allocate.Options{PerUser: 1 + g.Intn(3)}
		offers := make([]allocate.Offer, n)
		for o := range offers {
			offers[o].Stock = int64(1 + g.Intn(users/2))
		}
		var cand []allocate.Proposal
		for u := range users {
			for o := range n {
				cand = append(cand, allocate.Proposal{int32(u), int32(o), g.Float64() + float64(o)/10})
			}
		}
		a, err := allocate.Solve(context.Background(), cand, offers, opt)
		if err != nil {
			t.Fatal(err)
		}
		checkPlan(t, a, cand, offers, opt)
		want := flowValue(users, cand, offers, opt.PerUser)
		if a.Value > want+1e-9*want || a.Bound < want-1e-9*want || a.Optimal && a.Value < want-1e-8*want {
			t.Errorf("seed %d: value %v, bound %v, optimal %v, want %v", seed, a.Value, a.Bound, a.Optimal, want)
		}
		worst = max(worst, (want-a.Value)/want)
	}
	t.Logf("largest distance from the optimum: %.5f", worst)
	if worst > 0.005 {
		t.Errorf("%v below the optimum", worst)
	}
}

// bigCampaign is a campaign: every user has some offers, stocks and a budget
// are short.
func bigCampaign(users, n, each int, seed uint64) ([]allocate.Proposal, []allocate.Offer, allocate.Options) {
	g := rng.New(seed, 2, 0)
	offers := make([]allocate.Offer, n)
	for o := range offers {
		offers[o] = allocate.Offer{Stock: int64(1 + g.Intn(2*users/n)), Uses: []allocate.Use{{0, int64(100 + g.Intn(900))}, {1 + o%3, 1}}}
	}
	var cand []allocate.Proposal
	for u := range users {
		taste := g.Exp()
		for _, o := range g.Perm(n)[:each] {
			cand = append(cand, allocate.Proposal{int32(u), o, taste * g.Exp()})
		}
	}
	return cand, offers, allocate.Options{PerUser: 2, Limits: []int64{int64(users) * 200, int64(users) / 4, int64(users) / 5, int64(users) / 3}}
}

func TestSolveLarge(t *testing.T) {
	cand, offers, opt := bigCampaign(5000, 40, 10, 1)
	a, err := allocate.Solve(context.Background(), cand, offers, opt)
	if err != nil {
		t.Fatal(err)
	}
	checkPlan(t, a, cand, offers, opt)
	t.Logf("value %.1f, bound %.1f, gap %.5f", a.Value, a.Bound, a.Gap())
	if a.Gap() > 0.005 {
		t.Errorf("gap %v", a.Gap())
	}
	if value := greedy(cand, offers, opt); value > a.Value {
		t.Errorf("greedy gives %v, Solve %v", value, a.Value)
	} else {
		t.Logf("greedy without prices: %.1f", value)
	}
}

// greedy assigns the proposals of largest value first, as far as the limits allow.
func greedy(cand []allocate.Proposal, offers []allocate.Offer, opt allocate.Options) (value float64) {
	cand = slices.Clone(cand)
	slices.SortStableFunc(cand, func(a, b allocate.Proposal) int { return cmp.Compare(b.Value, a.Value) })
	taken, used, count := make([]int64, len(offers)), make([]int64, len(opt.Limits)), map[int32]int{}
next:
	for _, c := range cand {
		if c.Value <= 0 || count[c.User] == opt.PerUser || offers[c.Offer].Stock >= 0 && taken[c.Offer] == offers[c.Offer].Stock {
			continue
		}
		for _, u := range offers[c.Offer].Uses {
			if used[u.Limit]+u.Amount > opt.Limits[u.Limit] {
				continue next
			}
		}
		for _, u := range offers[c.Offer].Uses {
			used[u.Limit] += u.Amount
		}
		taken[c.Offer]++
		count[c.User]++
		value += c.Value
	}
	return value
}

func TestSolveConformance(t *testing.T) {
	cand, offers, opt := bigCampaign(9000, 10, 3, 2)
	opt.Iterations = 40
	testkit.AtGOMAXPROCS(t, func() []byte {
		a, err := allocate.Solve(context.Background(), cand, offers, opt)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Append(nil, *a)
	})
}

func TestSolveBadInput(t *testing.T) {
	ctx := context.Background()
	one := []allocate.Proposal{{0, 0, 1}}
	free := []allocate.Offer{{Stock: -1}}
	for name, tc := range map[string]struct {
		cand   []allocate.Proposal
		offers []allocate.Offer
		opt    allocate.Options
		want   error
	}{
		"NaN":            {[]allocate.Proposal{{0, 0, math.NaN()}}, free, allocate.Options{}, allocate.ErrNotFinite},
		"Inf":            {[]allocate.Proposal{{0, 0, math.Inf(1)}}, free, allocate.Options{}, allocate.ErrNotFinite},
		"offer":          {[]allocate.Proposal{{0, 1, 1}}, free, allocate.Options{}, allocate.ErrRange},
		"negative offer": {[]allocate.Proposal{{0, -1, 1}}, free, allocate.Options{}, allocate.ErrRange},
		"negative user":  {[]allocate.Proposal{{-1, 0, 1}}, free, allocate.Options{}, allocate.ErrRange},
		"user":           {[]allocate.Proposal{{3, 0, 1}}, free, allocate.Options{UserMost: []int32{1}}, allocate.ErrRange},
		"twice":          {[]allocate.Proposal{{0, 0, 1}, {0, 0, 2}}, free, allocate.Options{}, allocate.ErrDuplicate},
		"per user":       {one, free, allocate.Options{PerUser: -1}, allocate.ErrOption},
		"user most":      {one, free, allocate.Options{UserMost: []int32{-1}}, allocate.ErrOption},
		"limit negative": {one, free, allocate.Options{Limits: []int64{-1}}, allocate.ErrOption},
		"gap":            {one, free, allocate.Options{Gap: math.NaN()}, allocate.ErrOption},
		"iterations":     {one, free, allocate.Options{Iterations: -1}, allocate.ErrOption},
		"limit unknown":  {one, []allocate.Offer{{Uses: []allocate.Use{{0, 1}}}}, allocate.Options{}, allocate.ErrRange},
		"amount":         {one, []allocate.Offer{{Uses: []allocate.Use{{0, -1}}}}, allocate.Options{Limits: []int64{1}}, allocate.ErrRange},
		"limit twice":    {one, []allocate.Offer{{Uses: []allocate.Use{{0, 1}, {0, 1}}}}, allocate.Options{Limits: []int64{1}}, allocate.ErrDuplicate},
	} {
		if a, err := allocate.Solve(ctx, tc.cand, tc.offers, tc.opt); a != nil || !errors.Is(err, tc.want) {
			t.Errorf("%s: %v, %v", name, a, err)
		}
	}
	for name, tc := range map[string]struct {
		cand   []allocate.Proposal
		offers []allocate.Offer
		opt    allocate.Options
		value  float64
	}{
		"nothing":      {nil, nil, allocate.Options{}, 0},
		"no stock":     {one, []allocate.Offer{{}}, allocate.Options{}, 0},
		"too dear":     {one, []allocate.Offer{{Stock: -1, Uses: []allocate.Use{{0, 2}}}}, allocate.Options{Limits: []int64{1}}, 0},
		"losses":       {[]allocate.Proposal{{0, 0, -1}, {1, 0, 0}}, free, allocate.Options{}, 0},
		"no patience":  {one, free, allocate.Options{UserMost: []int32{0}}, 0},
		"enough":       {one, free, allocate.Options{}, 1},
		"huge amounts": {[]allocate.Proposal{{0, 0, 1}, {1, 0, 1}}, []allocate.Offer{{Stock: -1, Uses: []allocate.Use{{0, math.MaxInt64}}}}, allocate.Options{Limits: []int64{math.MaxInt64}}, 1},
	} {
		a, err := allocate.Solve(ctx, tc.cand, tc.offers, tc.opt)
		if err != nil || a.Value != tc.value || !a.Optimal {
			t.Errorf("%s: %+v, %v", name, a, err)
		}
	}
	done, cancel := context.WithCancelCause(ctx)
	why := errors.New("enough")
	cancel(why)
	if a, err := allocate.Solve(done, one, free, allocate.Options{}); a != nil || !errors.Is(err, why) {
		t.Errorf("cancelled: %v, %v", a, err)
	}
}

// TestSolvePermuted: the order of the proposals does not matter, to the bit, nor does
// the number of workers.
func TestSolvePermuted(t *testing.T) {
	cand, offers, opt := bigCampaign(600, 12, 4, 5)
	opt.Nodes = 2000
	want, err := allocate.Solve(context.Background(), cand, offers, opt)
	if err != nil {
		t.Fatal(err)
	}
	r := rng.New(9, 0, 0)
	for workers := range 4 {
		shuffled := make([]allocate.Proposal, len(cand))
		for i, at := range r.Perm(len(cand)) {
			shuffled[i] = cand[at]
		}
		before := slices.Clone(shuffled)
		opt.Workers = workers
		got, err := allocate.Solve(context.Background(), shuffled, offers, opt)
		if err != nil {
			t.Fatal(err)
		}
		if fmt.Sprint(*got) != fmt.Sprint(*want) {
			t.Errorf("%d workers, permuted: value %v, want %v", workers, got.Value, want.Value)
		}
		if !slices.Equal(shuffled, before) {
			t.Error("the caller's proposals were moved")
		}
	}
}

// TestSolvePrices: where there is enough the price is 0; where not, one unit more is
// worth about its price.
func TestSolvePrices(t *testing.T) {
	var cand []allocate.Proposal
	for u := range int32(100) {
		cand = append(cand, allocate.Proposal{User: u, Offer: 0, Value: float64(100 - u)}, allocate.Proposal{User: u, Offer: 1, Value: 0.5})
	}
	value := func(stock int64) *allocate.Plan {
		offers := []allocate.Offer{{Stock: stock}, {Stock: -1}}
		a, err := allocate.Solve(context.Background(), cand, offers, allocate.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	a, more := value(40), value(41)
	if gain := more.Value - a.Value; math.Abs(a.StockPrice[0]-gain) > 1.5 || a.StockPrice[1] != 0 {
		t.Errorf("prices %v, one more is worth %v", a.StockPrice, gain)
	}
	if all := value(1000); all.StockPrice[0] != 0 || !all.Optimal || all.Value != 5050 {
		t.Errorf("with enough: %+v", all)
	}
}

// TestSolveAllocs: memory is taken once, not by iteration.
func TestSolveAllocs(t *testing.T) {
	cand, offers, opt := bigCampaign(300, 10, 3, 3)
	opt.Nodes, opt.Workers = -1, 1
	count := func(iterations int) float64 {
		opt.Iterations = iterations
		return testing.AllocsPerRun(3, func() {
			if _, err := allocate.Solve(context.Background(), cand, offers, opt); err != nil {
				t.Fatal(err)
			}
		})
	}
	few, many := count(20), count(120)
	if per := (many - few) / 100; per > 20 {
		t.Errorf("%v allocations an iteration", per)
	}
}
