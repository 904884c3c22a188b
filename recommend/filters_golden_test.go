package recommend_test

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/recommend"
)

// The scores are those of the programs the authors published, for all items that a
// user does not have: the programs let an item speak for itself.
func TestFiltersGoldenAuthors(t *testing.T) {
	var g struct {
		Users, Items, Factors int
		Ptr                   []int64
		Col                   []int32
		Turbo                 []struct {
			Alpha, Power  float64
			First, Second []float64
		}
		GFCF, Linear []float64
	}
	testkit.Golden(t, "filters.json", &g)
	x, err := recommend.NewInteractions(g.Users, g.Items, g.Ptr, g.Col, nil)
	if err != nil {
		t.Fatal(err)
	}
	check := func(t *testing.T, m recommend.Model, err error, want []float64, tol float64) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		got := make([]float32, g.Items)
		compared := 0
		for u := range g.Users {
			if err := m.Score(got, x.Query(u)); err != nil {
				t.Fatal(err)
			}
			for i, s := range got {
				if x.Has(u, int32(i)) {
					continue
				}
				compared++
				if w := want[u*g.Items+i]; math.Abs(float64(s)-w) > tol*max(1, math.Abs(w)) {
					t.Errorf("user %d item %d: %v, want %v", u, i, s, w)
				}
			}
		}
		if compared < g.Users*g.Items/2 {
			t.Errorf("%d scores compared", compared)
		}
	}
	for _, c := range g.Turbo {
		opt := recommend.TurboCFOptions{Neighbors: g.Items, Alpha: c.Alpha, Power: c.Power}
		t.Run(fmt.Sprintf("turbocf/alpha=%v/power=%v", c.Alpha, c.Power), func(t *testing.T) {
			m, err := recommend.FitTurboCF(context.Background(), x, opt)
			check(t, m, err, c.First, 2e-6)
		})
		if c.Alpha != 0.5 || c.Power != 1 {
			continue // the authors' second order lets eigenvalues above 1 in: see TestTurboCFProp
		}
		t.Run(fmt.Sprintf("turbocf/order=2/alpha=%v/power=%v", c.Alpha, c.Power), func(t *testing.T) {
			opt.Order = 2
			m, err := recommend.FitTurboCF(context.Background(), x, opt)
			check(t, m, err, c.Second, 1e-5)
		})
	}
	t.Run("gfcf", func(t *testing.T) {
		m, err := recommend.FitGFCF(context.Background(), x, recommend.GFCFOptions{Factors: g.Factors, Alpha: 0.3, Neighbors: -1, Iterations: 30})
		check(t, m, err, g.GFCF, 1e-4)
	})
	t.Run("gfcf/linear", func(t *testing.T) {
		m, err := recommend.FitGFCF(context.Background(), x, recommend.GFCFOptions{Alpha: -1, Neighbors: -1})
		check(t, m, err, g.Linear, 2e-6)
	})
}
