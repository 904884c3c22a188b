package allocate

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
)

// checkPlan fails unless a keeps every limit and says the truth about
// itself.
func checkPlan(t interface {
	Helper()
	Fatalf(string, ...any)
}, a *Plan, cand []Proposal, offers []Offer, opt Options,
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
func bruteSolve(cand []Proposal, offers []Offer, opt Options) float64 {
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
		opt := Options{PerUser: 1 + g.Intn(2), Gap: -1}
		if g.Bool(0.3) {
			for range users {
				opt.UserMost = append(opt.UserMost, int32(g.Intn(3)))
			}
		}
		for range g.Intn(3) {
			opt.Limits = append(opt.Limits, int64(g.Intn(12)))
		}
		offers := make([]Offer, n)
		for o := range offers {
			offers[o].Stock = int64(g.Intn(4) - 1)
			for l := range opt.Limits {
				if g.Bool(0.6) {
					offers[o].Uses = append(offers[o].Uses, Use{l, int64(g.Intn(6))})
				}
			}
		}
		var cand []Proposal
		for u := range users {
			for o := range n {
				if g.Bool(0.7) && len(cand) < 14 {
					v := float64(g.Intn(8) - 1) // ties, zeros and losses
					if g.Bool(0.5) {
						v = 3 * g.Float64()
					}
					cand = append(cand, Proposal{int32(u), int32(o), v})
				}
			}
		}
		a, err := Solve(context.Background(), cand, offers, opt)
		if err != nil {
			t.Fatal(err)
		}
		checkPlan(t, a, cand, offers, opt)
		if want := bruteSolve(cand, offers, opt); !a.Optimal || !testkit.Close(a.Value, want, 1e-9, 1e-9) {
			t.Fatalf("value %v (optimal %v), want %v", a.Value, a.Optimal, want)
		}
		g.Shuffle(len(cand), func(i, j int) { cand[i], cand[j] = cand[j], cand[i] })
		b, err := Solve(context.Background(), cand, offers, opt)
		if err != nil || fmt.Sprint(*a) != fmt.Sprint(*b) {
			t.Fatalf("order matters: %v %v %v", *a, *b, err)
		}
	})
}

// flowValue is the largest value of an assignment under stocks and users' limits
// alone, by successive longest paths (Bellman-Ford): the min-cost flow oracle.
func flowValue(users int, cand []Proposal, offers []Offer, perUser int) float64 {
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
		opt := Options{PerUser: 1 + g.Intn(3)}
		offers := make([]Offer, n)
		for o := range offers {
			offers[o].Stock = int64(1 + g.Intn(users/2))
		}
		var cand []Proposal
		for u := range users {
			for o := range n {
				cand = append(cand, Proposal{int32(u), int32(o), g.Float64() + float64(o)/10})
			}
		}
		a, err := Solve(context.Background(), cand, offers, opt)
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
func bigCampaign(users, n, each int, seed uint64) ([]Proposal, []Offer, Options) {
	g := rng.New(seed, 2, 0)
	offers := make([]Offer, n)
	for o := range offers {
		offers[o] = Offer{Stock: int64(1 + g.Intn(2*users/n)), Uses: []Use{{0, int64(100 + g.Intn(900))}, {1 + o%3, 1}}}
	}
	var cand []Proposal
	for u := range users {
		taste := g.Exp()
		for _, o := range g.Perm(n)[:each] {
			cand = append(cand, Proposal{int32(u), o, taste * g.Exp()})
		}
	}
	return cand, offers, Options{PerUser: 2, Limits: []int64{int64(users) * 200, int64(users) / 4, int64(users) / 5, int64(users) / 3}}
}

func TestSolveLarge(t *testing.T) {
	cand, offers, opt := bigCampaign(5000, 40, 10, 1)
	a, err := Solve(context.Background(), cand, offers, opt)
	if err != nil {
		t.Fatal(err)
	}
	checkPlan(t, a, cand, offers, opt)
	t.Logf("value %.1f, bound %.1f, gap %.5f", a.Value, a.Bound, a.Gap())
	if a.Gap() > 0.005 {
		t.Errorf("gap %v", a.Gap())
	}
	// What greedy by value gives, for comparison: it must not be better.
	p, err := newProblem(cand, offers, opt.withDefaults())
	if err != nil {
		t.Fatal(err)
	}
	p.repair()
	if p.value > a.Value {
		t.Errorf("greedy gives %v, Solve %v", p.value, a.Value)
	}
	t.Logf("greedy without prices: %.1f", p.value)
}

func TestSolveConformance(t *testing.T) {
	cand, offers, opt := bigCampaign(9000, 10, 3, 2)
	opt.Iterations = 40
	testkit.AtGOMAXPROCS(t, func() []byte {
		a, err := Solve(context.Background(), cand, offers, opt)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Append(nil, *a)
	})
}

func TestSolveBadInput(t *testing.T) {
	ctx := context.Background()
	one := []Proposal{{0, 0, 1}}
	free := []Offer{{Stock: -1}}
	for name, tc := range map[string]struct {
		cand   []Proposal
		offers []Offer
		opt    Options
		want   error
	}{
		"NaN":            {[]Proposal{{0, 0, math.NaN()}}, free, Options{}, ErrNotFinite},
		"Inf":            {[]Proposal{{0, 0, math.Inf(1)}}, free, Options{}, ErrNotFinite},
		"offer":          {[]Proposal{{0, 1, 1}}, free, Options{}, ErrRange},
		"negative offer": {[]Proposal{{0, -1, 1}}, free, Options{}, ErrRange},
		"negative user":  {[]Proposal{{-1, 0, 1}}, free, Options{}, ErrRange},
		"user":           {[]Proposal{{3, 0, 1}}, free, Options{UserMost: []int32{1}}, ErrRange},
		"twice":          {[]Proposal{{0, 0, 1}, {0, 0, 2}}, free, Options{}, ErrDuplicate},
		"per user":       {one, free, Options{PerUser: -1}, ErrOption},
		"user most":      {one, free, Options{UserMost: []int32{-1}}, ErrOption},
		"limit negative": {one, free, Options{Limits: []int64{-1}}, ErrOption},
		"gap":            {one, free, Options{Gap: math.NaN()}, ErrOption},
		"iterations":     {one, free, Options{Iterations: -1}, ErrOption},
		"limit unknown":  {one, []Offer{{Uses: []Use{{0, 1}}}}, Options{}, ErrRange},
		"amount":         {one, []Offer{{Uses: []Use{{0, -1}}}}, Options{Limits: []int64{1}}, ErrRange},
		"limit twice":    {one, []Offer{{Uses: []Use{{0, 1}, {0, 1}}}}, Options{Limits: []int64{1}}, ErrDuplicate},
	} {
		if a, err := Solve(ctx, tc.cand, tc.offers, tc.opt); a != nil || !errors.Is(err, tc.want) {
			t.Errorf("%s: %v, %v", name, a, err)
		}
	}
	for name, tc := range map[string]struct {
		cand   []Proposal
		offers []Offer
		opt    Options
		value  float64
	}{
		"nothing":      {nil, nil, Options{}, 0},
		"no stock":     {one, []Offer{{}}, Options{}, 0},
		"too dear":     {one, []Offer{{Stock: -1, Uses: []Use{{0, 2}}}}, Options{Limits: []int64{1}}, 0},
		"losses":       {[]Proposal{{0, 0, -1}, {1, 0, 0}}, free, Options{}, 0},
		"no patience":  {one, free, Options{UserMost: []int32{0}}, 0},
		"enough":       {one, free, Options{}, 1},
		"huge amounts": {[]Proposal{{0, 0, 1}, {1, 0, 1}}, []Offer{{Stock: -1, Uses: []Use{{0, math.MaxInt64}}}}, Options{Limits: []int64{math.MaxInt64}}, 1},
	} {
		a, err := Solve(ctx, tc.cand, tc.offers, tc.opt)
		if err != nil || a.Value != tc.value || !a.Optimal {
			t.Errorf("%s: %+v, %v", name, a, err)
		}
	}
	done, cancel := context.WithCancelCause(ctx)
	why := errors.New("enough")
	cancel(why)
	if a, err := Solve(done, one, free, Options{}); a != nil || !errors.Is(err, why) {
		t.Errorf("cancelled: %v, %v", a, err)
	}
}

func BenchmarkSolve(b *testing.B) {
	cand, offers, opt := bigCampaign(2000, 40, 10, 1)
	opt.Nodes = -1
	b.Run("users=2k/offers=40/proposals=20k", func(b *testing.B) {
		b.ReportAllocs()
		gap := 0.0
		for b.Loop() {
			a, err := Solve(context.Background(), cand, offers, opt)
			if err != nil {
				b.Fatal(err)
			}
			gap = a.Gap()
		}
		b.ReportMetric(gap, "gap")
	})
}
