package causal

import (
	"fmt"
	"math"
	"os"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/metrics"
	"pgregory.net/rapid"
)

// hacLaw against the traces of dense matrices.
func TestHACLawProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(5, 24).Draw(t, "n")
		at := rapid.IntRange(2, n-2).Draw(t, "at")
		lags := rapid.IntRange(0, n-1).Draw(t, "lags")
		rho := rapid.Float64Range(-.9, .95).Draw(t, "rho")
		g := [4]float64{2: rapid.Float64Range(-1, 1).Draw(t, "level"), 3: 1}
		x := make([][4]float64, n)
		for i := range x {
			x[i] = [4]float64{1, float64(i-at) / float64(n)}
			if i >= at {
				x[i][2], x[i][3] = 1, x[i][1]
			}
		}
		inv := invert4(x)
		mul := func(a, b [][]float64) [][]float64 {
			c := make([][]float64, n)
			for i := range c {
				c[i] = make([]float64, n)
				for j := range c[i] {
					for k := range b {
						c[i][j] += a[i][k] * b[k][j]
					}
				}
			}
			return c
		}
		dense := func(f func(i, j int) float64) [][]float64 {
			c := make([][]float64, n)
			for i := range c {
				for j := range n {
					c[i] = append(c[i], f(i, j))
				}
			}
			return c
		}
		w := make([]float64, n)
		for i := range w {
			for j := range 4 {
				for k := range 4 {
					w[i] += x[i][j] * inv[j][k] * g[k]
				}
			}
		}
		v := dense(func(i, j int) float64 { return math.Pow(rho, math.Abs(float64(i-j))) })
		a := dense(func(i, j int) float64 {
			return math.Max(0, 1-math.Abs(float64(i-j))/float64(lags+1)) * w[i] * w[j]
		})
		m := dense(func(i, j int) float64 {
			h := 0.0
			if i == j {
				h = 1
			}
			for k := range 4 {
				for l := range 4 {
					h -= x[i][k] * inv[k][l] * x[j][l]
				}
			}
			return h
		})
		as := mul(a, mul(m, mul(v, m)))
		var e1, e2, wvw float64
		for i := range n {
			e1 += as[i][i]
			for j := range n {
				e2 += as[i][j] * as[j][i]
				wvw += w[i] * v[i][j] * w[j]
			}
		}
		factor, df := hacLaw(x, inv, g, lags, rho)
		if e1 < 1e-9*wvw || e1*e1/e2 < 1 {
			return // at its limits
		}
		tol := 1e-6 * math.Max(1, factor) // digits lost by subtraction, here and there
		if math.Abs(factor*e1/wvw-1) > tol || math.Abs(df*e2/(e1*e1)-1) > tol {
			t.Fatalf("factor %v, df %v, want %v, %v", factor, df, wvw/e1, e1*e1/e2)
		}
	})
}

func invert4(x [][4]float64) [4][4]float64 {
	var a [4][8]float64
	for _, r := range x {
		for i := range 4 {
			for j := range 4 {
				a[i][j] += r[i] * r[j]
			}
		}
	}
	for i := range 4 {
		a[i][4+i] = 1
	}
	for i := range 4 {
		p := i
		for r := i; r < 4; r++ {
			if math.Abs(a[r][i]) > math.Abs(a[p][i]) {
				p = r
			}
		}
		a[i], a[p] = a[p], a[i]
		d := a[i][i]
		for j := range 8 {
			a[i][j] /= d
		}
		for r := range 4 {
			if f := a[r][i]; r != i {
				for j := range 8 {
					a[r][j] -= f * a[i][j]
				}
			}
		}
	}
	var out [4][4]float64
	for i := range out {
		copy(out[i][:], a[i][4:])
	}
	return out
}

// TestInterruptedCovers measures coverage over a grid of lengths, events and
// autocorrelations, for the three effects of each run. With AISLE_LONG=1 10,000
// runs a cell, held to what the documentation says of each kind up to three and
// a half standard errors of the simulation; docs/coverage.md has the table.
func TestInterruptedCovers(t *testing.T) {
	long := os.Getenv("AISLE_LONG") != ""
	for _, errors := range []InterruptedErrors{ErrorsAR1, ErrorsNeweyWest} {
		for _, c := range []struct {
			n, at int
			slope float64 // what Newey-West keeps for the slope, at ρ up to .7
		}{{40, 20, .915}, {60, 30, .925}, {100, 50, .935}, {200, 100, .94}, {40, 30, .94}, {60, 20, .94}, {100, 80, .94}} {
			for _, rho := range []float64{0, .3, .5, .7} {
				if !long && (rho != .5 || c.n == 200) {
					continue
				}
				name := fmt.Sprintf("errors=%v/periods=%d/event=%d/rho=%v", [2]string{"AR1", "NeweyWest"}[errors], c.n, c.at, rho)
				t.Run(name, func(t *testing.T) {
					runs := 200
					if long {
						t.Parallel()
						runs = 10_000
					}
					r := rng.New(20261122, rng.HashString(name), 0)
					truth := [3]float64{5, -.1, 5 - .1*float64(c.n-c.at-1)/2}
					var covered [3]int
					for range runs {
						y := make([]float64, c.n)
						e := r.Normal() / math.Sqrt(1-rho*rho)
						for p := range y {
							e = rho*e + r.Normal()
							y[p] = 10 + .01*float64(p) + e
							if p >= c.at {
								y[p] += 5 - .1*float64(p-c.at)
							}
						}
						x, err := InterruptedSeries(y, c.at, InterruptedOptions{Errors: errors})
						if err != nil {
							t.Fatal(err)
						}
						for k, e := range []metrics.Effect{x.Level, x.Slope, x.Average} {
							if within(e, truth[k]) {
								covered[k]++
							}
						}
					}
					se := math.Sqrt(.05 * .95 / float64(runs))
					slack := 3.5 * se
					if !long {
						slack = 5 * se
					}
					var share [3]float64
					for k := range share {
						low, high := .945, .96
						switch {
						case errors == ErrorsNeweyWest && k == 1:
							low = c.slope
						case c.at != c.n/2:
							low = .94
						case errors == ErrorsNeweyWest:
							high = .955
						}
						share[k] = float64(covered[k]) / float64(runs)
						if share[k] < low-slack || share[k] > high+slack {
							t.Errorf("%s covers in %.2f%%, want %.1f%% to %.1f%%", [3]string{"level", "slope", "average"}[k], 100*share[k], 100*low, 100*high)
						}
					}
					t.Logf("| %s | %d | %d | %v | %.2f | %.2f | %.2f |", [2]string{"AR(1)", "Newey-West"}[errors], c.n, c.at, rho, 100*share[0], 100*share[1], 100*share[2])
				})
			}
		}
	}
}
