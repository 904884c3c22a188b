package allocate_test

import (
	"context"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/recommend/allocate"
)

// TestShadowPrices holds the dual prices of Solve against the worth of one unit more and one
// less of each stock, each solved exactly. Where every user gets one offer and nothing but stocks is
// scarce, the optimum is concave in each stock and prices at the optimum lie between
// the two; several prices may do where the two differ. A shared limit that assignments
// take unequal amounts of has no such law: one more unit may buy nothing and the next a whole offer.
func TestShadowPrices(t *testing.T) {
	ctx := context.Background()
	checked, binding := 0, 0
	for seed := range uint64(40) {
		g := rng.New(seed, 4, 0)
		offers := make([]allocate.Offer, 3)
		for o := range offers {
			offers[o].Stock = int64(1 + g.Intn(3))
		}
		var cand []allocate.Proposal
		for u := range 9 {
			for o := range offers {
				if g.Float64() < .8 {
					cand = append(cand, allocate.Proposal{int32(u), int32(o), 1 + 9*g.Float64()})
				}
			}
		}
		value := func(o int, more int64) float64 {
			changed := append([]allocate.Offer(nil), offers...)
			changed[o].Stock += more
			plan, err := allocate.Solve(ctx, cand, changed, allocate.Options{Gap: -1, Iterations: 4000})
			if err != nil || !plan.Optimal {
				t.Fatal(err, plan)
			}
			return plan.Value
		}
		plan, err := allocate.Solve(ctx, cand, offers, allocate.Options{Gap: -1, Iterations: 4000})
		if err != nil || !plan.Optimal {
			t.Fatal(err, plan)
		}
		for o, p := range plan.StockPrice {
			more, less := value(o, 1)-plan.Value, plan.Value-value(o, -1)
			checked++
			if more > .01 {
				binding++
			}
			if p < more-.02 || p > less+.02 {
				t.Errorf("seed %d: offer %d: price %.4f, one more is worth %.4f, one less %.4f", seed, o, p, more, less)
			}
		}
	}
	t.Logf("%d prices, %d of stocks of which one more unit is worth something", checked, binding)
	if binding < checked/2 {
		t.Errorf("%d of %d stocks are scarce", binding, checked)
	}
}

// TestStreamShadowPrices: when half of the requests have come, the prices of a stream are near to
// what one more unit of each stock adds to the best assignment of all, by ten units more.
func TestStreamShadowPrices(t *testing.T) {
	ctx := context.Background()
	in := busy(8, 200, 1.5, false, 5)
	s, err := allocate.NewStream(in.offers, in.opt)
	if err != nil {
		t.Fatal(err)
	}
	var all []allocate.Proposal
	for i, one := range in.each {
		all = append(all, one...)
		if i < len(in.each)/2 {
			if _, err := s.Assign(nil, one); err != nil {
				t.Fatal(err)
			}
		}
	}
	for o, p := range s.AppendStockPrices(nil) {
		changed := append([]allocate.Offer(nil), in.offers...)
		changed[o].Stock += 10
		plan, err := allocate.Solve(ctx, all, changed, allocate.Options{Nodes: -1, Gap: 1e-5})
		if err != nil {
			t.Fatal(err)
		}
		worth := (plan.Value - in.plan.Value) / 10
		t.Logf("offer %d: price %.3f, one more is worth %.3f", o, p, worth)
		if math.Abs(p-worth) > .15*max(worth, .5) {
			t.Errorf("offer %d: price %.3f, one more is worth %.3f", o, p, worth)
		}
	}
}
