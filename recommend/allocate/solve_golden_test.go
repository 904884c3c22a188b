package allocate_test

import (
	"context"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/recommend/allocate"
)

// TestSolveGoldenHiGHS holds Bound against the linear programme solved by HiGHS. No plan is worth more than
// its optimum, and the lowest dual value is not below it; the search for prices stops at 1e-4 of
// the bound, which is how near it comes.
func TestSolveGoldenHiGHS(t *testing.T) {
	var golden struct {
		Cases []struct {
			Users, Offers, Each, Salt int
			Optimum                   float64
		}
	}
	testkit.Golden(t, "highs.json", &golden)
	for _, c := range golden.Cases {
		var cand []allocate.Proposal
		for u := range c.Users {
			seen := map[int]bool{}
			for k := range c.Each {
				o := (u*17 + k*k*5 + k*(c.Salt+1)) % c.Offers
				if !seen[o] {
					seen[o] = true
					cand = append(cand, allocate.Proposal{int32(u), int32(o), 1 + float64((u*7919+o*104729+13*u*o+c.Salt)%9973)/997.3})
				}
			}
		}
		offers, limit := make([]allocate.Offer, c.Offers), 0
		for o := range offers {
			stock, amount := 3+(o*37+c.Salt)%9, 100+(o*53)%400
			offers[o] = allocate.Offer{Stock: int64(stock), Uses: []allocate.Use{{0, int64(amount)}}}
			limit += stock * amount
		}
		plan, err := allocate.Solve(context.Background(), cand, offers, allocate.Options{Limits: []int64{int64(limit * 8 / 10)}, Nodes: -1})
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%d proposals: optimum %.3f, bound %.5f of it, value %.5f", len(cand), c.Optimum, plan.Bound/c.Optimum, plan.Value/c.Optimum)
		if plan.Bound < c.Optimum*(1-1e-9) || plan.Bound > c.Optimum*1.003 {
			t.Errorf("bound %v, optimum of the programme %v", plan.Bound, c.Optimum)
		}
		if plan.Value > c.Optimum*(1+1e-9) || plan.Value < .99*c.Optimum {
			t.Errorf("value %v, optimum of the programme %v", plan.Value, c.Optimum)
		}
	}
}
