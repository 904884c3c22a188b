package metrics

import (
	"fmt"
	"math"
	"os"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
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
		if math.Abs(factor*e1/wvw-1) > 1e-6 || math.Abs(df*e2/(e1*e1)-1) > 1e-6 {
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

// TestInterruptedCovers measures coverage over a grid of lengths and
// autocorrelations fixed before any method was tried, for the three effects of
// each run. With AISLE_LONG=1 10,000 runs a cell; docs/coverage.md has the table.
func TestInterruptedCovers(t *testing.T) {
	long := os.Getenv("AISLE_LONG") != ""
	for _, errors := range []InterruptedErrors{ErrorsAR1, ErrorsNeweyWest} {
		for i, n := range []int{40, 60, 100, 200} {
			for j, rho := range []float64{0, .3, .5, .7} {
				t.Run(fmt.Sprintf("errors=%v/periods=%d/rho=%v", [2]string{"AR1", "NeweyWest"}[errors], n, rho), func(t *testing.T) {
					runs := 60
					if long {
						t.Parallel()
						runs = 10_000
					}
					r := rng.New(20261122, 1+uint64(errors), uint64(10*i+j))
					truth := [3]float64{5, -.1, 5 - .1*float64(n/2-1)/2}
					var covered [3]int
					for range runs {
						y := make([]float64, n)
						e := r.Normal() / math.Sqrt(1-rho*rho)
						for p := range y {
							e = rho*e + r.Normal()
							y[p] = 10 + .01*float64(p) + e
							if p >= n/2 {
								y[p] += 5 - .1*float64(p-n/2)
							}
						}
						x, err := InterruptedSeries(y, n/2, InterruptedOptions{Errors: errors})
						if err != nil {
							t.Fatal(err)
						}
						for k, e := range []Effect{x.Level, x.Slope, x.Average} {
							if within(e, truth[k]) {
								covered[k]++
							}
						}
					}
					tol := .017 // the documented shortfall of the shortest, most correlated series is the worst cell
					if n >= 100 {
						tol = .012
					}
					if !long {
						tol = 4.5 * math.Sqrt(.05*.95/float64(runs))
					}
					var c [3]float64
					for k := range c {
						c[k] = float64(covered[k]) / float64(runs)
						if c[k] < .95-tol-.02*float64(errors) || c[k] > .95+tol {
							t.Errorf("%s covers in %.2f%%", [3]string{"level", "slope", "average"}[k], 100*c[k])
						}
					}
					t.Logf("| %d | %v | %v | %.2f | %.2f | %.2f |", n, rho, [2]string{"AR(1)", "Newey-West"}[errors], 100*c[0], 100*c[1], 100*c[2])
				})
			}
		}
	}
}
